"""Where rows come from, as it is named on a command line: files, a stream, a data set's name."""

import difflib
import os
import shutil
import sys
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sklearn_zcore._words import shorten

from ._errors import Setting, TableError, Words
from ._packed import PACKED

TABLE_FORMATS = (".csv", ".parquet", ".jsonl")
ARRAY_FORMATS = (".npy", ".npz", ".zarr")
NAMED = ("openml", "hf")
STDIN = "-"

_TEXTS = {".csv": ".csv", ".tsv": ".csv", ".jsonl": ".jsonl", ".ndjson": ".jsonl"}
_SUFFIXES = {
    **{text + pack: kind for text, kind in _TEXTS.items() for pack in ("", *PACKED)},
    ".parquet": ".parquet",
    ".pq": ".parquet",
    ".npy": ".npy",
    ".npz": ".npz",
    ".zarr": ".zarr",
}


def file_format(path: Path) -> str | None:
    """Return the format that a file's name stands for, or None."""
    name = path.name.lower()
    matching = [s for s in _SUFFIXES if name.endswith(s) and len(name) > len(s)]
    return _SUFFIXES[max(matching, key=len)] if matching else None


@dataclass(frozen=True)
class Origin:
    """An input that has been found, and not been read.

    Attributes
    ----------
    shown : str
        As it was named.
    kind : str
        ``.csv``, ``.parquet``, ``.jsonl``, ``.npy``, ``.npz``, ``openml`` or ``hf``.
    paths : tuple of Path
        Its files; none of a data set that has a name.
    spool : object or None
        Keeps the copy of a stream, for as long as this lives.
    """

    shown: str
    kind: str
    paths: tuple[Path, ...] = ()
    spool: Any = None

    @property
    def name(self) -> str:
        """The name of a data set."""
        return self.shown.partition(":")[2]

    @property
    def base(self) -> Path:
        """The folder that paths in the table are relative to."""
        return self.paths[0].absolute().parent if self.paths and not self.spool else Path.cwd()


def find_origin(given: Sequence[str | os.PathLike[str]]) -> Origin:
    """Find an input, or say what is wrong with it.

    Parameters
    ----------
    given : sequence of str or path-like
        Files of one kind; a folder of such files; ``-``, what comes in by stdin; ``openml:NAME``;
        or ``hf:NAME``.

    Returns
    -------
    origin : Origin

    Raises
    ------
    TableError
        If it is not there, or of no kind that is read.
    """
    names = [os.fspath(name) for name in given]
    special = [n for n in names if n == STDIN or (_scheme(n) and not os.path.exists(n))]
    if special and len(names) > 1:
        raise TableError(
            f"{special[0]} stands beside other inputs.",
            "Several inputs are files of one kind; give it alone.",
        )
    if names == [STDIN]:
        return _spooled(sys.stdin.buffer)
    if special:
        return Origin(names[0], _scheme(names[0]))
    paths = [path for name in names for path in _files_of(Path(name))]
    kinds = {path: check_table(path) for path in paths}
    if len(set(kinds.values())) > 1:
        other = next(path for path in paths if kinds[path] != kinds[paths[0]])
        raise TableError(
            f"The inputs are of several kinds: {paths[0]} is {kinds[paths[0]]}, and {other} is "
            f"{kinds[other]}.",
            "Several inputs are parts of one table, and files of one kind.",
        )
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        twice = [str(path) for path in paths if paths.count(path) > 1]
        raise TableError(f"An input was given twice: {shorten(dict.fromkeys(twice or names))}.")
    return Origin(" ".join(names), kinds[paths[0]], tuple(paths))


def _scheme(name: str) -> str:
    scheme = name.partition(":")[0]
    return scheme if scheme in NAMED and ":" in name else ""


def is_folder_of_tables(path: Path) -> bool:
    """Tell whether a folder is a store of rows, or holds the files of a Parquet data set."""
    return is_store(path) or _is_parquet(path)


def _is_parquet(path: Path) -> bool:
    return path.is_dir() and any(file_format(found) == ".parquet" for found in path.iterdir())


def is_store(path: Path) -> bool:
    """Tell whether a folder is a Zarr array or group, as a column store is."""
    return path.is_dir() and any((path / f).exists() for f in ("zarr.json", ".zarray", ".zgroup"))


def _files_of(path: Path) -> list[Path]:
    """Return the files of a folder that holds those of one table; else the file itself."""
    if is_store(path) or not _is_parquet(path):
        return [path]
    return sorted(found for found in path.iterdir() if file_format(found) == ".parquet")


class Spool:
    """A folder that is removed when nobody uses it any more, at the latest at the end."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="zcore-")
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


def _spooled(stream: IO[bytes]) -> Origin:
    """Copy a stream to a file of the kind that it begins as: it is read more than once."""
    if stream.isatty():
        raise TableError("- reads from stdin, and nothing comes in there.", "Pipe a table into it.")
    spool = Spool()
    start = stream.read(512)
    suffix, kind = _kind_of_bytes(start)
    path = Path(spool.folder, f"stdin{suffix}")
    with path.open("wb") as file:
        file.write(start)
        shutil.copyfileobj(stream, file, 2**20)
    if not start:
        raise TableError("The input - is empty: nothing came in by stdin.")
    return Origin(STDIN, kind, (path,), spool)


def _kind_of_bytes(start: bytes) -> tuple[str, str]:
    """Return the extension and the format of a file that begins with some bytes."""
    marks = {b"PAR1": ".parquet", b"\x93NUMPY": ".npy", b"PK\x03\x04": ".npz"}
    for mark, suffix in marks.items():
        if start.startswith(mark):
            return suffix, suffix
    packs = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ": ".xz"}
    pack = next((suffix for mark, suffix in packs.items() if start.startswith(mark)), "")
    # Of packed text, CSV is the usual one.
    text = ".jsonl" if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else ".csv"
    return text + pack, text


def check_table(path: Path) -> str:
    """Return the format of an input file, or say what is wrong with it.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    format : str
        ``.csv``, ``.parquet``, ``.jsonl``, ``.npy``, ``.npz`` or ``.zarr``.
    """
    if is_store(path):
        return ".zarr"
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
            "Write what comes out of it to a file first; or pipe it in, with - as the input.",
        )
    kind = file_format(path)
    if kind is None:
        raise TableError(
            f"The input {path} has an extension that zcore does not read.",
            f"It reads {', '.join(s for s in _SUFFIXES if not s.endswith(PACKED))}; text also "
            f"packed as {', '.join(PACKED)}.",
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
