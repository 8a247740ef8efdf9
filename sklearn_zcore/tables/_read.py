"""Opening a file: one `Table` whatever its format."""

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

from ._errors import Setting, TableError, Words
from ._read_array import read_array
from ._read_csv import read_csv
from ._read_jsonl import read_jsonl
from ._read_parquet import read_parquet
from ._table import Table

TABLE_FORMATS = (".csv", ".parquet", ".jsonl")
ARRAY_FORMATS = (".npy", ".npz")
_SUFFIXES = {
    ".csv": ".csv",
    ".csv.gz": ".csv",
    ".tsv": ".csv",
    ".tsv.gz": ".csv",
    ".parquet": ".parquet",
    ".pq": ".parquet",
    ".jsonl": ".jsonl",
    ".jsonl.gz": ".jsonl",
    ".ndjson": ".jsonl",
    ".npy": ".npy",
    ".npz": ".npz",
}


def file_format(path: Path) -> str | None:
    """Return the format that a file's name stands for, or None."""
    name = path.name.lower()
    matching = [s for s in _SUFFIXES if name.endswith(s) and len(name) > len(s)]
    return _SUFFIXES[max(matching, key=len)] if matching else None


def check_table(path: Path) -> str:
    """Return the format of an input file, or say what is wrong with it.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    format : str
        ``.csv``, ``.parquet``, ``.npy`` or ``.npz``.
    """
    if path.is_dir():
        raise TableError(
            f"The input {path} is a directory.",
            Words(
                "Name one file in it; or, if it holds images, the model to embed them: {model}.",
                model=Setting("model", "clip"),
            ),
        )
    if not path.exists():
        raise TableError(f"The input {path} does not exist{_neighbour(path)}")
    if not path.is_file():
        raise TableError(
            f"The input {path} is a pipe or a device, and not a file.",
            "Write what comes out of it to a file first.",
        )
    kind = file_format(path)
    if kind is None:
        raise TableError(
            f"The input {path} has an extension that zcore does not read.",
            f"It reads {', '.join(_SUFFIXES)}.",
        )
    if path.stat().st_size == 0:
        raise TableError(f"The input {path} is empty (0 bytes).")
    return kind


def _neighbour(path: Path) -> str:
    """Suggest a file of a similar name in the same directory."""
    try:
        present = os.listdir(path.parent)
    except OSError:
        return f" (nor does a directory {path.parent} that can be read)."
    found = difflib.get_close_matches(path.name, present, n=1, cutoff=0.75)
    return f"; did you mean {path.parent / found[0]}?" if found else "."


def read_table(
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    sep: str | None = None,
    encoding: str | None = None,
    na_values: Iterable[str] = (),
    decimal: str = "auto",
    header: bool = True,
) -> Table:
    r"""Read a file of rows, strictly: nothing is mended in silence.

    Parameters
    ----------
    path : str or path-like
        The file: ``.csv``, ``.csv.gz``, ``.tsv``, ``.tsv.gz``, ``.parquet``, ``.jsonl``,
        ``.jsonl.gz``, ``.npy`` or ``.npz``.
    key : str or None, default=None
        The array to take from an .npz file.
    sep : str or None, default=None
        The separator of a CSV file; None is a tab for .tsv and a comma otherwise.
    encoding : str or None, default=None
        The encoding of a CSV file; None is UTF-8.
    na_values : iterable of str, default=()
        What stands for a missing value in a CSV file, besides what pandas takes for one.
    decimal : {"auto", ".", ","}, default="auto"
        The decimal separator of a CSV file. With ",", a number with a point in it stays text, for
        `TablePreparation` to read: 1.234 is more than a thousand.
    header : bool, default=True
        Whether the first line of a CSV file holds the names of its columns; otherwise they are
        called f0, f1, ... A first line that looks like a row is told of in ``warnings``.

    Returns
    -------
    table : Table
        What was read; it has at least one row and one column.

    Raises
    ------
    TableError
        The file is not what its name says, or a line of it is broken: the message says which.
    ImportError
        A package that the format needs is missing; it names the extra.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_zcore.tables import read_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "people.csv")
    ...     _ = path.write_text("age,city\n31,Ulm\n,Bonn\n")
    ...     table = read_table(path)
    >>> table.n_rows, table.names
    (2, ['age', 'city'])
    >>> table.table["age"].to_pylist()
    [31, None]
    """
    path = Path(path)
    kind = check_table(path)
    if key is not None and kind != ".npz":
        raise TableError(
            Words("{key} is for .npz files only.", key=Setting("key")), "Leave it out."
        )
    if kind != ".csv" and (sep is not None or encoding is not None or na_values):
        raise TableError(
            Words(
                "{sep}, {encoding} and {na_values} are for CSV files only.",
                sep=Setting("sep"),
                encoding=Setting("encoding"),
                na_values=Setting("na_values"),
            ),
            "Leave it out.",
        )
    if kind != ".csv" and not header:
        raise TableError(
            Words("{header} is for CSV files only.", header=Setting("header", False)),
            "Leave it out.",
        )
    if kind == ".csv":
        return read_csv(
            path,
            sep=sep,
            encoding=encoding,
            na_values=tuple(na_values),
            decimal=decimal,
            header=header,
        )
    if kind == ".parquet":
        return read_parquet(path)
    if kind == ".jsonl":
        return read_jsonl(path)
    return read_array(path, kind, key)
