"""Packed files: .gz, .bz2 and .xz, read and written as what is in them."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ._errors import TableError

PACKED = (".gz", ".bz2", ".xz")


def packing(path: Path) -> str:
    """Return how a file is packed, by its name: one of `PACKED`, or nothing."""
    suffix = path.suffix.lower()
    return suffix if suffix in PACKED else ""


def _unpacked(file: IO[bytes], how: str) -> Any:
    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    return openers[how](file, "rb") if how else file


@contextmanager
def open_unpacked(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open a file for reading what is in it.

    Parameters
    ----------
    path : Path
        The file; its name says how it is packed.

    Yields
    ------
    plain, raw : binary file
        What is in it; and the file itself, whose position says how much of it has been read.

    Raises
    ------
    TableError
        If it is not packed as its name says, or ends too soon.
    """
    how = packing(path)
    with path.open("rb") as raw, _unpacked(raw, how) as plain:
        try:
            yield plain, raw
        except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
            if not how or getattr(error, "errno", None) is not None:
                raise  # The system could not read the file; what it says is told as it is.
            kind = {".gz": "gzip"}.get(how, how[1:])
            raise TableError(f"The input {path} is not a readable {kind} file: {error}.") from error


@contextmanager
def packed(file: IO[bytes], path: Path) -> Iterator[Any]:
    """Pack what is written to a file, as its name says.

    Parameters
    ----------
    file : binary file
        Where to.
    path : Path
        What it will be called.

    Yields
    ------
    file : binary file
        To write to. The same rows give the same bytes: there is neither a time nor a name in them.
    """
    how = packing(path)
    if not how:
        yield file
        return
    openers: dict[str, Any] = {
        ".gz": lambda: gzip.GzipFile("", "wb", fileobj=file, mtime=0),
        ".bz2": lambda: bz2.BZ2File(file, "wb"),
        ".xz": lambda: lzma.LZMAFile(file, "wb"),
    }
    with openers[how]() as plain:
        yield plain
