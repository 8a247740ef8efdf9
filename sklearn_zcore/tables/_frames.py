"""Frames of all makes as columns of Arrow, the one form in which they are looked at."""

from typing import Any

from sklearn_zcore._words import shorten

from ._errors import TableError, require
from ._table import Table


def is_frame(X: Any) -> bool:
    """Tell whether X is a table with named columns: of pandas, polars or pyarrow."""
    module = type(X).__module__.partition(".")[0]
    return module in ("pandas", "polars", "pyarrow") and hasattr(X, "columns")


def as_columns(X: Any) -> dict[str, Any]:
    """Return the columns of a frame.

    Parameters
    ----------
    X : pandas.DataFrame, polars.DataFrame, pyarrow.Table or Table
        The frame.

    Returns
    -------
    columns : dict of str to pyarrow.ChunkedArray
        Missing values are null; in columns of floats they may be NaN.

    Raises
    ------
    TableError
        Two columns have one name, or a column holds what Arrow has no type for.
    """
    (pa,) = require("pyarrow", why="TablePreparation of a frame")
    if isinstance(X, Table):
        X = X.table
    if isinstance(X, pa.Table):
        table = X
    elif type(X).__module__.startswith("polars"):
        table = X.to_arrow()
    else:
        return _pandas_columns(pa, X)
    names = [str(name) for name in table.column_names]
    _refuse_duplicates(names)
    return {name: _plain(pa, table.column(i)) for i, name in enumerate(names)}


def _refuse_duplicates(names: list[str]) -> None:
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise TableError(
            f"X has more than one column named {shorten(twice)}.", "Give each column its own name."
        )


def _pandas_columns(pa: Any, frame: Any) -> dict[str, Any]:
    """Convert a pandas frame column by column, so that a message can name the one at fault."""
    names = [str(name) for name in frame.columns]
    _refuse_duplicates(names)
    columns = {}
    for i, name in enumerate(names):
        series = frame.iloc[:, i]
        dtype = series.dtype
        if getattr(dtype, "kind", "") == "c":
            # The words that scikit-learn has for it.
            raise TableError(f"Complex data not supported: column {name!r}.")
        if type(dtype).__name__ == "PeriodDtype":
            series = series.dt.to_timestamp()
        elif type(dtype).__name__ == "SparseDtype":
            series = series.sparse.to_dense()
        try:
            column = pa.array(series, from_pandas=True)
        except (pa.ArrowException, OverflowError):
            column = pa.array(_as_strings(name, series), pa.string())
        if not isinstance(column, pa.ChunkedArray):
            column = pa.chunked_array([column])
        columns[name] = _plain(pa, column)
    return columns


def _as_strings(name: str, series: Any) -> list[str | None]:
    """Write values of several types as text; containers and objects have no text that counts."""
    import numbers

    whole: list[str | None] = []
    for value, missing in zip(series, series.isna(), strict=True):
        if missing:
            whole.append(None)
        elif isinstance(value, str | bytes | numbers.Number):
            whole.append(str(value))
        else:
            raise TableError(
                f"Column {name!r} holds objects of type {type(value).__name__}: an argument must "
                f"be a string or a number."
            )
    return whole


def _plain(pa: Any, column: Any) -> Any:
    """Return a column whose rows pyarrow can take and compare."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
        kind = column.type
    if kind == pa.string_view():
        return column.cast(pa.large_string())
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    return column


def cell_text(column: Any) -> Any:
    """Return a column's values as text, whatever its type.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Text, booleans, numbers, or a dictionary of values.

    Returns
    -------
    text : pyarrow.ChunkedArray of strings
        With nulls for missing values.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return pc.cast(column, pa.large_string())


def distinct(text: Any) -> tuple[list[str], Any]:
    """Return the different values of a column of text, and which of them each row has.

    Parameters
    ----------
    text : pyarrow.ChunkedArray of strings
        The column.

    Returns
    -------
    values : list of str
        In the order in which they come.
    codes : ndarray of int
        -1 where the value is missing.
    """
    import pyarrow.compute as pc

    encoded = text.combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return encoded.dictionary.to_pylist(), codes
