"""Rows of files that are read again: those that are written, and no others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FileRows:
    """The rows of one or more files, to be read when they are wanted.

    Attributes
    ----------
    blocks : callable
        Takes names of columns; returns the rows from the first on, some at a time, as tables of
        pyarrow.
    infer : callable or None, default=None
        For CSV files, whose blocks hold text: gives a column of text the narrowest type that all
        its values have.
    """

    blocks: Callable[[list[str]], Iterable[Any]]
    infer: Callable[[Any], Any] | None = None

    def column(self, name: str) -> Any:
        """Return one column of all rows, with the type that it has, a pyarrow.ChunkedArray."""
        import pyarrow as pa

        column = pa.concat_tables(list(self.blocks([name])))[name]
        return column if self.infer is None else self.infer(column)

    def take(self, rows: Any, names: list[str]) -> Any:
        """Return some rows of some columns.

        Parameters
        ----------
        rows : array-like of int
            Their numbers, from 0, in any order.
        names : list of str
            The columns.

        Returns
        -------
        pyarrow.Table
            In the order of ``rows``.
        """
        import numpy as np  # Not with the command, which answers --help at once.
        import pyarrow as pa

        rows = np.asarray(rows, dtype=np.int64)
        order = np.argsort(rows, kind="stable")
        wanted, start = rows[order], 0
        parts: list[Any] = []
        for block in self.blocks(names):
            first, last = np.searchsorted(wanted, [start, start + block.num_rows])
            if first < last or not parts:
                # An empty part has the types of the columns, too.
                parts.append(block.take(pa.array(wanted[first:last] - start)))
            start += block.num_rows
            if last == len(wanted):
                break
        place = np.empty(len(rows), dtype=np.int64)
        place[order] = np.arange(len(rows))
        return pa.concat_tables(parts).select(names).take(pa.array(place))
