"""From a messy table to numbers: reading files, the roles of columns, and the preparation."""

from typing import TYPE_CHECKING, Any

from sklearn_zcore.tables._errors import Setting, TableError, Words, merged, require, spelled
from sklearn_zcore.tables._lists import lists_to_matrix, shortened, spread_lists
from sklearn_zcore.tables._origin import (
    ARRAY_FORMATS,
    TABLE_FORMATS,
    Origin,
    file_format,
    find_origin,
    is_folder_of_tables,
)
from sklearn_zcore.tables._packed import packed, packing
from sklearn_zcore.tables._read import read_table
from sklearn_zcore.tables._roles import (
    Roles,
    resolve_roles,
    shown_columns,
    split_names,
)
from sklearn_zcore.tables._table import Table

if TYPE_CHECKING:
    from sklearn_zcore.tables._campaign import Campaign, goes_on, read_campaign
    from sklearn_zcore.tables._cluster import on_cluster
    from sklearn_zcore.tables._column_values import (
        cells_to_embed,
        column_numbers,
        column_text,
        joined,
        rows_in_file,
        rows_not_empty,
    )
    from sklearn_zcore.tables._features import (
        Features,
        build_features,
        embedded_features,
        find_features,
        preparation_of,
        uncounted_features,
    )
    from sklearn_zcore.tables._on_disk import (
        LargeTable,
        fit_rows,
        is_beyond,
        refuse_on_disk,
    )
    from sklearn_zcore.tables._preparation import TablePreparation
    from sklearn_zcore.tables._raw import RawNumbers, raw_numbers, too_few_complete_rows
    from sklearn_zcore.tables._read_store import store_features
    from sklearn_zcore.tables._report import (
        PreparedColumn,
        dropped_rows,
        missing_by_kind,
        names_by_kind,
        sentences,
    )
    from sklearn_zcore.tables._shares import (
        parse_bytes,
        parse_distance,
        parse_draws,
        parse_shares,
    )
    from sklearn_zcore.tables._stored import columns_of_numbers, stored_rows
    from sklearn_zcore.tables._stream import TableStream

__all__ = [
    "ARRAY_FORMATS",
    "TABLE_FORMATS",
    "Campaign",
    "Features",
    "LargeTable",
    "Origin",
    "PreparedColumn",
    "RawNumbers",
    "Roles",
    "Setting",
    "Table",
    "TableError",
    "TablePreparation",
    "TableStream",
    "Words",
    "build_features",
    "cells_to_embed",
    "column_numbers",
    "column_text",
    "columns_of_numbers",
    "dropped_rows",
    "embedded_features",
    "file_format",
    "find_features",
    "find_origin",
    "fit_rows",
    "goes_on",
    "is_beyond",
    "is_folder_of_tables",
    "joined",
    "lists_to_matrix",
    "merged",
    "missing_by_kind",
    "names_by_kind",
    "on_cluster",
    "packed",
    "packing",
    "parse_bytes",
    "parse_distance",
    "parse_draws",
    "parse_shares",
    "preparation_of",
    "raw_numbers",
    "read_campaign",
    "read_table",
    "refuse_on_disk",
    "require",
    "resolve_roles",
    "rows_in_file",
    "rows_not_empty",
    "sentences",
    "shortened",
    "shown_columns",
    "spelled",
    "split_names",
    "spread_lists",
    "store_features",
    "stored_rows",
    "too_few_complete_rows",
    "uncounted_features",
]

# Where those names are that need scikit-learn, which a command can do without for its help.
_MODULES = {
    "Campaign": "_campaign",
    "Features": "_features",
    "PreparedColumn": "_report",
    "RawNumbers": "_raw",
    "LargeTable": "_on_disk",
    "fit_rows": "_on_disk",
    "TablePreparation": "_preparation",
    "TableStream": "_stream",
    "build_features": "_features",
    "cells_to_embed": "_column_values",
    "column_numbers": "_column_values",
    "column_text": "_column_values",
    "columns_of_numbers": "_stored",
    "dropped_rows": "_report",
    "embedded_features": "_features",
    "find_features": "_features",
    "goes_on": "_campaign",
    "is_beyond": "_on_disk",
    "joined": "_column_values",
    "missing_by_kind": "_report",
    "names_by_kind": "_report",
    "on_cluster": "_cluster",
    "parse_bytes": "_shares",
    "parse_distance": "_shares",
    "parse_draws": "_shares",
    "parse_shares": "_shares",
    "preparation_of": "_features",
    "raw_numbers": "_raw",
    "read_campaign": "_campaign",
    "refuse_on_disk": "_on_disk",
    "rows_in_file": "_column_values",
    "rows_not_empty": "_column_values",
    "sentences": "_report",
    "store_features": "_read_store",
    "stored_rows": "_stored",
    "too_few_complete_rows": "_raw",
    "uncounted_features": "_features",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
