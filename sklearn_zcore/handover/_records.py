"""Columns as the plain values of JSON, which has neither dates nor NaN."""

import datetime
import math
from decimal import Decimal
from typing import Any

from sklearn_zcore.tables import Setting, TableError, Words


def plain_columns(columns: Any) -> dict[str, list[Any]]:
    """Return columns as lists of values that JSON holds.

    Parameters
    ----------
    columns : dict of str to sequence, or pyarrow.Table
        Arrays, columns of a table, or lists of plain values.

    Returns
    -------
    columns : dict of str to list
        Missing values, NaN and infinities are None; dates and decimals are text.

    Raises
    ------
    TableError
        If a column holds something else, such as bytes.
    """
    names = list(columns) if isinstance(columns, dict) else columns.column_names
    return {name: _plain_column(name, columns[name]) for name in names}


def _plain_column(name: str, values: Any) -> list[Any]:
    for method in ("to_pylist", "tolist"):  # of pyarrow, of NumPy
        if hasattr(values, method):
            values = getattr(values, method)()
            break
    try:
        return [_plain(value) for value in values]
    except TypeError as error:
        raise TableError(
            f"Column {name!r} holds {error}, which JSON cannot.",
            Words("Write .parquet instead, or leave it out: {ignore}.", ignore=Setting("ignore")),
        ) from None


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Decimal | datetime.timedelta):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    raise TypeError(type(value).__name__)


def records(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Return columns row by row."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
