"""A table as it was read, whatever the format of its file."""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sklearn_zcore._words import shorten

from ._errors import TableError
from ._file_rows import FileRows
from ._origin import Origin


@dataclass
class Table:
    """A file of rows that has been read.

    Attributes
    ----------
    path : Path
        Where it was read from: the first of its files.
    format : str
        ``.csv``, ``.parquet``, ``.jsonl``, ``.npy``, ``.npz``, ``openml`` or ``hf``.
    names : list of str
        The columns; of an array: f0, f1, ...
    n_rows : int
        Number of rows.
    array : ndarray or None
        The array, where the input is one.
    table : pyarrow.Table or None
        The table with a type for each column, where the input is one; without rows if its values
        were not read.
    file_rows : FileRows or None
        Reads rows of the file again: of a CSV file, the cells as they were written.
    carried : dict
        Columns that are never features, with the reason.
    csv : dict
        Separator and encoding of a CSV file.
    target : str or None
        The column of labels, where a data set says which it is.
    origin : Origin or None
        What was read.
    warnings : list of str
        What may be wrong with how it was read.
    """

    path: Path
    format: str
    names: list[str]
    n_rows: int
    array: Any = None
    table: Any = None
    file_rows: FileRows | None = None
    carried: dict[str, str] = field(default_factory=dict)
    csv: dict[str, str] = field(default_factory=dict)
    target: str | None = None
    origin: Origin | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def has_values(self) -> bool:
        """Whether the values were read, and not only counted."""
        return self.table is None or self.table.num_rows == self.n_rows

    @property
    def verbatim(self) -> Any:
        """The cells of a CSV file as they were written, a pyarrow.Table; None of other files."""
        if not self.csv or self.file_rows is None:
            return None
        return self.file_rows.take(range(self.n_rows), self.names)

    def select(self, names: list[str]) -> "Table":
        """Return the columns of some names, in that order."""
        if self.array is None:
            return replace(self, names=names, table=self.table.select(names))
        if names == self.names:
            return self  # A memory-mapped array is not copied.
        place = {name: i for i, name in enumerate(self.names)}
        return replace(self, names=names, array=self.array[:, [place[name] for name in names]])

    def take(self, rows: Any) -> "Table":
        """Return some of the rows, by number."""
        if self.array is not None:
            return replace(self, n_rows=len(rows), array=self.array[rows], file_rows=None)
        return replace(self, n_rows=len(rows), table=self.table.take(rows), file_rows=None)


def refuse_duplicates(path: Path, names: list[str]) -> None:
    """Refuse a table in which a column's name does not say which column."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise TableError(
            f"The input {path} has more than one column named {shorten(twice)}.",
            "Give each column its own name.",
        )


def check_same_columns(names: dict[Path, list[str]]) -> None:
    """Refuse files that are not parts of one table.

    Parameters
    ----------
    names : dict of Path to list of str
        The columns of each file; their order may differ.
    """
    first, *others = names
    wanted = names[first]
    told = []
    for path in others:
        missing = [name for name in wanted if name not in names[path]]
        new = [name for name in names[path] if name not in wanted]
        differ = [f"lacks {shorten(missing)}"] if missing else []
        differ += [f"also has {shorten(new)}"] if new else []
        if differ:
            told.append(f"{path} {' and '.join(differ)}")
    if told:
        more = f"; and {len(told) - 4:,} more files" if len(told) > 4 else ""
        raise TableError(
            f"The inputs are not parts of one table. Beside {first}: {'; '.join(told[:4])}{more}.",
            "Files that are given together have columns of the same names.",
        )
