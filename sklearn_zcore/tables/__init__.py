"""From a messy table to numbers: reading files, the roles of columns, and the preparation."""

from typing import TYPE_CHECKING, Any

from sklearn_zcore.tables._errors import Setting, TableError, Words, spelled
from sklearn_zcore.tables._lists import lists_to_matrix, shortened, spread_lists
from sklearn_zcore.tables._read import (
    ARRAY_FORMATS,
    TABLE_FORMATS,
    check_table,
    file_format,
    read_table,
)
from sklearn_zcore.tables._roles import Roles, resolve_roles, shown_columns, split_names
from sklearn_zcore.tables._table import Table

if TYPE_CHECKING:
    from sklearn_zcore.tables._campaign import Campaign, goes_on, read_campaign
    from sklearn_zcore.tables._column_values import (
        column_numbers,
        column_text,
        joined,
        rows_in_file,
        rows_not_empty,
    )
    from sklearn_zcore.tables._features import Features, build_features
    from sklearn_zcore.tables._preparation import TablePreparation
    from sklearn_zcore.tables._raw import RawNumbers, raw_numbers, too_few_complete_rows
    from sklearn_zcore.tables._report import (
        PreparedColumn,
        dropped_rows,
        missing_by_kind,
        sentences,
    )
    from sklearn_zcore.tables._shares import parse_distance, parse_shares
    from sklearn_zcore.tables._stream import TableStream

__all__ = [
    "ARRAY_FORMATS",
    "TABLE_FORMATS",
    "Campaign",
    "Features",
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
    "check_table",
    "column_numbers",
    "column_text",
    "dropped_rows",
    "file_format",
    "goes_on",
    "joined",
    "lists_to_matrix",
    "missing_by_kind",
    "parse_distance",
    "parse_shares",
    "raw_numbers",
    "read_campaign",
    "read_table",
    "resolve_roles",
    "rows_in_file",
    "rows_not_empty",
    "sentences",
    "shortened",
    "shown_columns",
    "spelled",
    "split_names",
    "spread_lists",
    "too_few_complete_rows",
]

# Where those names are that need scikit-learn, which a command can do without for its help.
_MODULES = {
    "Campaign": "_campaign",
    "Features": "_features",
    "PreparedColumn": "_report",
    "RawNumbers": "_raw",
    "TablePreparation": "_preparation",
    "TableStream": "_stream",
    "build_features": "_features",
    "column_numbers": "_column_values",
    "column_text": "_column_values",
    "dropped_rows": "_report",
    "goes_on": "_campaign",
    "joined": "_column_values",
    "missing_by_kind": "_report",
    "parse_distance": "_shares",
    "parse_shares": "_shares",
    "raw_numbers": "_raw",
    "read_campaign": "_campaign",
    "rows_in_file": "_column_values",
    "rows_not_empty": "_column_values",
    "sentences": "_report",
    "too_few_complete_rows": "_raw",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
