"""A table as it was read, whatever the format of its file."""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sklearn_zcore._words import shorten

from ._errors import TableError


@dataclass
class Table:
    """A file of rows that has been read.

    Attributes
    ----------
    path : Path
        Where it was read from.
    format : str
        ``.csv``, ``.parquet``, ``.npy`` or ``.npz``.
    names : list of str
        The columns; of an array: f0, f1, ...
    n_rows : int
        Number of rows.
    array : ndarray or None
        The array, where the input is one.
    table : pyarrow.Table or None
        The table with a type for each column, where the input is one.
    verbatim : pyarrow.Table or None
        The cells of a CSV file as they were written.
    carried : dict
        Columns that are never features, with the reason.
    csv : dict
        Separator and encoding of a CSV file.
    warnings : list of str
        What may be wrong with how it was read.
    """

    path: Path
    format: str
    names: list[str]
    n_rows: int
    array: Any = None
    table: Any = None
    verbatim: Any = None
    carried: dict[str, str] = field(default_factory=dict)
    csv: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def select(self, names: list[str]) -> "Table":
        """Return the columns of some names, in that order."""
        if self.array is None:
            return replace(self, names=names, table=self.table.select(names), verbatim=None)
        if names == self.names:
            return self  # A memory-mapped array is not copied.
        place = {name: i for i, name in enumerate(self.names)}
        return replace(self, names=names, array=self.array[:, [place[name] for name in names]])

    def take(self, rows: Any) -> "Table":
        """Return some of the rows, by number."""
        if self.array is not None:
            return replace(self, n_rows=len(rows), array=self.array[rows])
        return replace(self, n_rows=len(rows), table=self.table.take(rows), verbatim=None)


def refuse_duplicates(path: Path, names: list[str]) -> None:
    """Refuse a table in which a column's name does not say which column."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise TableError(
            f"The input {path} has more than one column named {shorten(twice)}.",
            "Give each column its own name.",
        )
