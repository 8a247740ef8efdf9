"""Cells of text as columns with types, also where they come block by block."""

from collections.abc import Callable
from typing import Any

# What pandas.read_csv takes for missing, so that both read a file alike.
NA_VALUES = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip


def infer(text: Any, na_values: tuple[str, ...] = (), decimal: str = "auto") -> Any:
    """Give a column of text the narrowest type that all its values have.

    Parameters
    ----------
    text : pyarrow.ChunkedArray of strings
        The cells as written.
    na_values : tuple of str
        What stands for a missing value besides `NA_VALUES`.
    decimal : {"auto", ".", ","}, default="auto"
        The decimal separator; with ",", text with a point in it is no float.

    Returns
    -------
    column : pyarrow.ChunkedArray
        Integers, floats, booleans, timestamps or text, with nulls for missing values.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(text)
    missing = pc.is_in(trimmed, value_set=pa.array([*NA_VALUES, *na_values], pa.string()))
    trimmed = pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)
    if trimmed.null_count == len(trimmed):
        return pa.chunked_array([pa.nulls(len(trimmed))])
    # 007 is a code, not a number: as a number it could not be written back.
    codes = pc.match_substring_regex(trimmed, r"^[+-]?0[0-9]+$|^[+-]?0[xX]")
    points = decimal == "," and pc.any(pc.match_substring(trimmed, ".")).as_py()
    if not pc.any(codes).as_py():
        for kind in _types():
            if points and pa.types.is_floating(kind):
                continue
            try:
                return pc.cast(trimmed, kind)
            except pa.ArrowInvalid:
                continue
    return pc.if_else(missing, pa.scalar(None, pa.string()), text)


def _types() -> list[Any]:
    """Return the types to try, narrowest first."""
    import pyarrow as pa

    # bool last but for time: 0 and 1 would pass for it.
    times = [pa.timestamp("us"), pa.timestamp("us", "UTC")]
    return [pa.int64(), pa.uint64(), pa.float64(), pa.bool_(), *times]


class GrowingColumns:
    """Columns of text that come block by block, each with the type that `infer` would give it.

    Only one block is there as text: a file need not fit in memory twice.

    Parameters
    ----------
    names : list of str
        The columns.
    na_values, decimal : tuple of str, str
        As `infer` takes them.
    """

    def __init__(self, names: list[str], na_values: tuple[str, ...], decimal: str) -> None:
        self._rules = na_values, decimal
        # None where the blocks do not say what the whole column is.
        self._chunks: dict[str, list[Any] | None] = {name: [] for name in names}

    def add(self, block: Any) -> None:
        """Add the cells of some more rows, a table of strings."""
        for name, chunks in self._chunks.items():
            if chunks is None:
                continue
            chunks.extend(infer(block[name], *self._rules).chunks)
            if _common_type(chunks) is None:
                self._chunks[name] = None

    def finish(self, read_again: Callable[[list[str]], Any]) -> Any:
        """Return the columns.

        Parameters
        ----------
        read_again : callable
            Takes names; returns the cells of these columns, of all rows: some types can only be
            told from all of them, such as text after numbers.

        Returns
        -------
        pyarrow.Table
        """
        import pyarrow as pa

        unclear = [name for name, chunks in self._chunks.items() if chunks is None]
        whole = read_again(unclear) if unclear else {}
        columns = {}
        for name, chunks in self._chunks.items():
            if chunks is None:
                columns[name] = infer(whole[name], *self._rules)
                continue
            kind = _common_type(chunks)
            columns[name] = pa.chunked_array([_as(chunk, kind) for chunk in chunks], kind)
            self._chunks[name] = []
        return pa.table(columns)


def _common_type(chunks: list[Any]) -> Any:
    """Return the type that all values of some chunks have together, None if that is not clear."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = {chunk.type for chunk in chunks} - {pa.null()}
    if len(kinds) <= 1:
        return kinds.pop() if kinds else pa.null()
    if not kinds <= {pa.int64(), pa.uint64(), pa.float64()}:
        return None
    if pa.float64() in kinds:
        return pa.float64()
    small = [pc.min(chunk).as_py() for chunk in chunks if chunk.type == pa.int64()]
    return pa.float64() if min(x for x in small if x is not None) < 0 else pa.uint64()


def _as(chunk: Any, kind: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_null(chunk.type):
        return pa.nulls(len(chunk), kind)
    # Text to float64 by way of an integer is rounded once, as it is on the way from text.
    return pc.cast(chunk, kind, safe=False)
