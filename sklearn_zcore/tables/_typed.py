"""Cells of text as columns with types, also where they come block by block."""

from collections.abc import Callable
from typing import Any

# What pandas.read_csv takes for missing, so that both read a file alike.
NA_VALUES = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip


_AT_ONCE = 2**25  # bytes of cells: types of a few rows take as long to find as those of many


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
        self._kinds: dict[str, Any] = {}
        self._negative: set[str] = set()
        self._waiting: list[Any] = []

    def add(self, block: Any) -> None:
        """Add the cells of some more rows, a table of strings."""
        self._waiting.append(block)
        if sum(waiting.nbytes for waiting in self._waiting) > _AT_ONCE:
            self._add_waiting()

    def _add_waiting(self) -> None:
        import pyarrow as pa

        if not self._waiting:
            return
        block = pa.concat_tables(self._waiting)
        self._waiting = []
        for name, chunks in self._chunks.items():
            if chunks is None:
                continue
            column = infer(block[name], *self._rules)
            chunks.extend(column.chunks)
            kind = self._kinds[name] = self._widened(name, column)
            if kind is None:
                self._chunks[name] = None

    def _widened(self, name: str, column: Any) -> Any:
        """Return the type that a column has together with more of it, None if that is not clear."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if column.type == pa.int64() and pc.min(column).as_py() < 0:
            self._negative.add(name)
        kinds = {self._kinds.get(name, pa.null()), column.type}
        if len(kinds - {pa.null()}) <= 1:
            return max(kinds, key=lambda kind: not pa.types.is_null(kind))
        if not kinds <= {pa.int64(), pa.uint64(), pa.float64()}:
            return None
        if pa.float64() in kinds or name in self._negative:
            return pa.float64()
        return pa.uint64()

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

        self._add_waiting()
        unclear = [name for name, chunks in self._chunks.items() if chunks is None]
        whole = read_again(unclear) if unclear else {}
        columns = {}
        for name, chunks in self._chunks.items():
            if chunks is None:
                columns[name] = infer(whole[name], *self._rules)
                continue
            kind = self._kinds.get(name, pa.null())
            columns[name] = pa.chunked_array([_as(chunk, kind) for chunk in chunks], kind)
            self._chunks[name] = []
        return pa.table(columns)


def _as(chunk: Any, kind: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_null(chunk.type):
        return pa.nulls(len(chunk), kind)
    # Text to float64 by way of an integer is rounded once, as it is on the way from text.
    return pc.cast(chunk, kind, safe=False)
