"""Opening an input: one `Table` whatever its format."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from sklearn_zcore._progress import progress_bar

from ._errors import Setting, TableError, Words
from ._origin import Origin, find_origin
from ._read_array import read_array
from ._read_csv import read_csv
from ._read_jsonl import read_jsonl
from ._read_named import read_hf, read_openml
from ._read_parquet import read_parquet
from ._table import Table

# Smaller files are read before anybody looks.
_LARGE = 2**26  # bytes


def read_table(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Origin,
    *,
    key: str | None = None,
    sep: str | None = None,
    encoding: str | None = None,
    na_values: Iterable[str] = (),
    decimal: str = "auto",
    header: bool = True,
    split: str | None = None,
    data_home: str | os.PathLike[str] | None = None,
    values: bool = True,
    verbose: int = 0,
) -> Table:
    r"""Read rows from files or from a data set, strictly: nothing is mended in silence.

    Parameters
    ----------
    path : str, path-like, or list of them
        A file: ``.csv``, ``.tsv``, ``.jsonl`` (also packed: ``.csv.gz``, ``.csv.bz2``,
        ``.csv.xz``), ``.parquet``, ``.npy`` or ``.npz``. Several, or a folder of Parquet files:
        their rows in that order; their columns have the same names. Or a data set:
        ``openml:credit-g``, ``openml:31`` by `sklearn.datasets.fetch_openml`, and ``hf:NAME`` or
        ``hf:NAME:CONFIG`` by the package datasets, from its cache if it is there. ``-`` is
        stdin.
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
    split : str or None, default=None
        Which rows of a data set of Hugging Face: ``"train"``, ``"train[:10%]"``. None if there is
        one split only.
    data_home : str, path-like or None, default=None
        Where scikit-learn keeps data sets of OpenML; None is its own folder, or that of the
        variable ``SCIKIT_LEARN_DATA``.
    values : bool, default=True
        Whether to read the values of CSV and Parquet files. Otherwise their rows are checked and
        counted, a part of the file at a time, and can be read again by number.
    verbose : int, default=0
        Show a progress bar for large files.

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
    if isinstance(path, Origin):
        origin = path
    else:
        origin = find_origin([path] if isinstance(path, str | os.PathLike) else path)
    given: dict[str, tuple[bool, tuple[str, ...]]] = {
        "key": (key is not None, (".npz",)),
        "sep": (sep is not None, (".csv",)),
        "encoding": (encoding is not None, (".csv",)),
        "na_values": (bool(na_values), (".csv",)),
        "header": (not header, (".csv",)),
        "split": (split is not None, ("hf",)),
        "data_home": (data_home is not None, ("openml",)),
    }
    _refuse_foreign(given, origin.kind)
    paths = list(origin.paths)
    large = sum(file.stat().st_size for file in paths) > _LARGE
    try:
        with progress_bar(verbose if large else 0, "Reading", "bytes") as progress:
            if origin.kind == ".csv":
                table = read_csv(
                    paths,
                    sep=sep,
                    encoding=encoding,
                    na_values=tuple(na_values),
                    decimal=decimal,
                    header=header,
                    values=values,
                    progress=progress,
                )
            elif origin.kind == ".parquet":
                table = read_parquet(paths, values=values, progress=progress)
            elif origin.kind == ".jsonl":
                table = read_jsonl(paths, progress=progress)
            elif origin.kind == "openml":
                table = read_openml(origin.name, None if data_home is None else str(data_home))
            elif origin.kind == "hf":
                table = read_hf(origin.name, split)
            elif origin.kind == ".zarr":
                table = _one_store(paths)
            else:
                table = read_array(paths, origin.kind, key)
    except TableError as error:
        if origin.spool is None or str(paths[0]) not in error.message:
            raise
        # The copy of a stream is no file that anybody knows.
        raise TableError(error.message.replace(str(paths[0]), origin.shown), error.hint) from error
    return replace(table, origin=origin)


def _one_store(paths: list[Path]) -> Table:
    """Open a store; its reader needs scikit-learn, which the command's help does without."""
    from ._read_store import read_store

    if len(paths) > 1:
        raise TableError("Several stores are not one table.", "Name one of them.")
    return read_store(paths[0])


_WHICH = {".csv": "CSV files", ".npz": ".npz files", "hf": "data sets of Hugging Face (hf:)"}
_WHICH["openml"] = "data sets of OpenML (openml:)"


def _refuse_foreign(given: dict[str, tuple[bool, tuple[str, ...]]], kind: str) -> None:
    """Refuse settings that mean nothing to a format, all at once."""
    for meant in _WHICH:
        names = [name for name, (is_given, kinds) in given.items() if is_given and meant in kinds]
        if names and kind != meant:
            settings = {n: Setting(n, False if n == "header" else None) for n in names}
            listed = ", ".join(f"{{{name}}}" for name in names)
            verb = "is" if len(names) == 1 else "are"
            raise TableError(
                Words(f"{listed} {verb} for {_WHICH[meant]} only.", **settings), "Leave it out."
            )
