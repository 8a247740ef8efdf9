"""Reading arrays: matrices of real numbers from .npy and .npz files, never unpickled."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from sklearn_zcore._words import close_match, plural, shorten

from ._errors import Setting, TableError, Words
from ._table import Table, check_same_columns


def read_array(paths: list[Path], kind: str, key: str | None) -> Table:
    """Read a matrix of numbers; an .npy file is mapped into memory, not loaded.

    Parameters
    ----------
    paths : list of Path
        The files, of one width; the rows of several are copied into memory.
    kind : {".npy", ".npz"}
        Its format.
    key : str or None
        The array to take from an .npz file.

    Returns
    -------
    table : Table
        With columns f0, f1, ...
    """
    loaded = [_load_npy(path) if kind == ".npy" else _load_npz(path, key) for path in paths]
    tables = [_array_table(path, kind, array) for path, array in zip(paths, loaded, strict=True)]
    if len(tables) == 1:
        return tables[0]
    import numpy as np

    check_same_columns({table.path: table.names for table in tables})
    array = np.concatenate(loaded)
    return replace(tables[0], n_rows=len(array), array=array)


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
                raise TableError(f"The input {path} is an .npy file by another name.", "Rename it.")
            names = archive.files
            if key is None and len(names) != 1:
                raise TableError(
                    f"The input {path} holds {plural(len(names), 'array')}: {shorten(names)}.",
                    Words(
                        "Name the one to use: {key}.",
                        key=Setting("key", "X" if "X" in names else "NAME"),
                    ),
                )
            if key is not None and key not in names:
                raise TableError(
                    f"The input {path} has no array {key!r}{close_match(key, names)}",
                    f"It holds: {shorten(names)}.",
                )
            return archive[key or names[0]]
    except TableError:
        raise
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable_array(path, error) from error


def _unreadable_array(path: Path, error: Exception) -> TableError:
    """Say why NumPy could not load a file."""
    if "Object arrays" in str(error):
        return TableError(
            f"The input {path} holds an array of Python objects, which could run code when loaded.",
            "Save it with a numeric dtype: np.save(path, array.astype(np.float32)).",
        )
    reason = str(error) or type(error).__name__
    if "pickle" in reason:
        # NumPy takes whatever has no .npy header for a pickle.
        reason = "it does not begin as a NumPy file does"
    return TableError(f"The input {path} is not a readable {path.suffix} file: {reason}.")


def _array_table(path: Path, kind: str, array: Any) -> Table:
    """Check that an array is a matrix of real numbers."""
    shape = "x".join(map(str, array.shape)) or "a single number"
    if array.dtype.kind not in "biuf":
        kinds = {"c": "complex numbers", "U": "text", "S": "bytes", "M": "dates", "m": "durations"}
        held = kinds.get(array.dtype.kind, f"values of type {array.dtype}")
        raise TableError(
            f"The input {path} holds {held}, not real numbers.",
            "Convert it to float32, or save it as a table (.csv, .parquet).",
        )
    if array.ndim != 2:
        how = "X.reshape(-1, 1)" if array.ndim < 2 else "X.reshape(len(X), -1)"
        raise TableError(
            f"The input {path} is {array.ndim}-dimensional ({shape}), not rows x features.",
            f"Reshape it in Python, for instance {how}.",
        )
    if 0 in array.shape:
        raise TableError(f"The input {path} is empty ({shape}).")
    names = [f"f{i}" for i in range(array.shape[1])]
    return Table(path, kind, names, array.shape[0], array=array)
