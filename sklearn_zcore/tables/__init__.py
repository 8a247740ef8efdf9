"""From a messy table to numbers: reading files, the roles of columns, and the preparation."""

from typing import TYPE_CHECKING, Any

from sklearn_zcore.tables._errors import Setting, TableError, Words, spelled
from sklearn_zcore.tables._labels import read_labels
from sklearn_zcore.tables._lists import lists_to_matrix, shortened, spread_lists
from sklearn_zcore.tables._read import (
    ARRAY_FORMATS,
    TABLE_FORMATS,
    check_table,
    file_format,
    read_table,
)
from sklearn_zcore.tables._roles import Roles, resolve_roles, split_names
from sklearn_zcore.tables._table import Table

if TYPE_CHECKING:
    from sklearn_zcore.tables._preparation import TablePreparation
    from sklearn_zcore.tables._raw import RawNumbers, raw_numbers, too_few_complete_rows
    from sklearn_zcore.tables._report import (
        PreparedColumn,
        dropped_rows,
        missing_by_kind,
        sentences,
    )

__all__ = [
    "ARRAY_FORMATS",
    "TABLE_FORMATS",
    "PreparedColumn",
    "RawNumbers",
    "Roles",
    "Setting",
    "Table",
    "TableError",
    "TablePreparation",
    "Words",
    "check_table",
    "dropped_rows",
    "file_format",
    "lists_to_matrix",
    "missing_by_kind",
    "raw_numbers",
    "read_labels",
    "read_table",
    "resolve_roles",
    "sentences",
    "shortened",
    "spelled",
    "split_names",
    "spread_lists",
    "too_few_complete_rows",
]

# Where those names are that need scikit-learn, which a command can do without for its help.
_MODULES = {
    "PreparedColumn": "_report",
    "RawNumbers": "_raw",
    "TablePreparation": "_preparation",
    "dropped_rows": "_report",
    "missing_by_kind": "_report",
    "raw_numbers": "_raw",
    "sentences": "_report",
    "too_few_complete_rows": "_raw",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
