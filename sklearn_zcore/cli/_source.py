"""Opening the input: one `Source` whatever the file's format."""

import difflib
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._errors import CliError, close_match, plural, require, shorten

TABLE_FORMATS = (".csv", ".parquet")
ARRAY_FORMATS = (".npy", ".npz")
_SUFFIXES = {
    ".csv": ".csv",
    ".csv.gz": ".csv",
    ".tsv": ".csv",
    ".tsv.gz": ".csv",
    ".parquet": ".parquet",
    ".pq": ".parquet",
    ".npy": ".npy",
    ".npz": ".npz",
}


@dataclass
class Source:
    """An input file that has been read.

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


def file_format(path: Path) -> str | None:
    """Return the format that a file's name stands for, or None."""
    name = path.name.lower()
    matching = [s for s in _SUFFIXES if name.endswith(s) and len(name) > len(s)]
    return _SUFFIXES[max(matching, key=len)] if matching else None


def check_input(path: Path) -> str:
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
        raise CliError(
            f"The input {path} is a directory.",
            "Name one file in it; or, if it holds images, the model to embed them: --model clip.",
        )
    if not path.exists():
        raise CliError(f"The input {path} does not exist{_neighbour(path)}")
    kind = file_format(path)
    if kind is None:
        raise CliError(
            f"The input {path} has an extension that zcore does not read.",
            f"It reads {', '.join(_SUFFIXES)}.",
        )
    if path.stat().st_size == 0:
        raise CliError(f"The input {path} is empty (0 bytes).")
    return kind


def _neighbour(path: Path) -> str:
    """Suggest a file of a similar name in the same directory."""
    try:
        present = os.listdir(path.parent)
    except OSError:
        return f" (nor does a directory {path.parent} that can be read)."
    found = difflib.get_close_matches(path.name, present, n=1, cutoff=0.75)
    return f"; did you mean {path.parent / found[0]}?" if found else "."


def read_source(
    path: Path,
    *,
    key: str | None = None,
    sep: str | None = None,
    encoding: str | None = None,
    na_values: tuple[str, ...] = (),
) -> Source:
    """Read an input file.

    Parameters
    ----------
    path : Path
        The file.
    key : str or None
        The array to take from an .npz file.
    sep, encoding, na_values : str, str, tuple of str
        How to read a CSV file.

    Returns
    -------
    source : Source
        What was read; it has at least one row and one column.
    """
    kind = check_input(path)
    if key is not None and kind != ".npz":
        raise CliError("--key is for .npz files only.", "Leave it out.")
    if kind != ".csv" and (sep is not None or encoding is not None or na_values):
        raise CliError("--sep, --encoding and --na-values are for CSV files only.", "Leave it out.")
    if kind == ".csv":
        from ._read_csv import read_csv

        return read_csv(path, sep=sep, encoding=encoding, na_values=na_values)
    if kind == ".parquet":
        return _read_parquet(path)
    array = _load_npy(path) if kind == ".npy" else _load_npz(path, key)
    return _array_source(path, kind, array)


def _load_npy(path: Path) -> Any:
    """Map an .npy file into memory; never unpickle."""
    import numpy as np

    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise _unreadable_array(path, error) from error


def _load_npz(path: Path, key: str | None) -> Any:
    """Take one array out of an .npz file."""
    import zipfile
    import zlib

    import numpy as np

    try:
        # Opened here: NumPy would leave a file open that is no archive.
        with open(path, "rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise CliError(f"The input {path} is an .npy file by another name.", "Rename it.")
            names = archive.files
            if key is None and len(names) != 1:
                raise CliError(
                    f"The input {path} holds {plural(len(names), 'array')}: {shorten(names)}.",
                    "Name the one to use: --key NAME.",
                )
            if key is not None and key not in names:
                raise CliError(
                    f"The input {path} has no array {key!r}{close_match(key, names)}",
                    f"It holds: {shorten(names)}.",
                )
            return archive[key or names[0]]
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable_array(path, error) from error


def _unreadable_array(path: Path, error: Exception) -> CliError:
    """Say why NumPy could not load a file."""
    if "Object arrays" in str(error):
        return CliError(
            f"The input {path} holds an array of Python objects, which could run code when loaded.",
            "Save it with a numeric dtype: np.save(path, array.astype(np.float32)).",
        )
    reason = str(error) or type(error).__name__
    if "pickle" in reason:
        # NumPy takes whatever has no .npy header for a pickle.
        reason = "it does not begin as a NumPy file does"
    return CliError(f"The input {path} is not a readable {path.suffix} file: {reason}.")


def _array_source(path: Path, kind: str, array: Any) -> Source:
    """Check that an array is a matrix of real numbers."""
    shape = "x".join(map(str, array.shape)) or "a single number"
    if array.dtype.kind not in "biuf":
        kinds = {"c": "complex numbers", "U": "text", "S": "bytes", "M": "dates", "m": "durations"}
        held = kinds.get(array.dtype.kind, f"values of type {array.dtype}")
        raise CliError(
            f"The input {path} holds {held}, not real numbers.",
            "Convert it to float32, or save it as a table (.csv, .parquet).",
        )
    if array.ndim != 2:
        how = "X.reshape(-1, 1)" if array.ndim < 2 else "X.reshape(len(X), -1)"
        raise CliError(
            f"The input {path} is {array.ndim}-dimensional ({shape}), not rows x features.",
            f"Reshape it in Python, for instance {how}.",
        )
    if 0 in array.shape:
        raise CliError(f"The input {path} is empty ({shape}).")
    names = [f"f{i}" for i in range(array.shape[1])]
    return Source(path, kind, names, array.shape[0], array=array)


def _read_parquet(path: Path) -> Source:
    """Read a Parquet file with the types it has."""
    pa, parquet, _ = require("pyarrow", "pyarrow.parquet", "pandas", why="Reading .parquet")
    try:
        # ParquetFile reads this one file; read_table would take directory names for columns.
        with parquet.ParquetFile(path) as file:
            table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise CliError(f"The input {path} is not a readable Parquet file: {error}.") from error
    names = list(table.column_names)
    refuse_duplicates(path, names)
    table = _without_views(pa, table)
    if not names or table.num_rows == 0:
        raise CliError(f"The input {path} has {len(names)} columns and {table.num_rows} rows.")
    index = (table.schema.pandas_metadata or {}).get("index_columns", [])
    carried = {name: "the DataFrame's index" for name in index if name in names}
    return Source(path, ".parquet", names, table.num_rows, table=table, carried=carried)


def _without_views(pa: Any, table: Any) -> Any:
    """Convert string and binary views, whose rows pyarrow cannot take; on disk they are equal."""
    plain = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    for i, field_ in enumerate(table.schema):
        if field_.type in plain:
            column = table.column(i).cast(plain[field_.type])
            table = table.set_column(i, field_.name, column)
    return table


def refuse_duplicates(path: Path, names: list[str]) -> None:
    """Refuse a table in which a column's name does not say which column."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise CliError(
            f"The input {path} has more than one column named {shorten(twice)}.",
            "Give each column its own name.",
        )
