"""Files that come from outside: opened only if there is an end to them.

A named pipe waits for somebody to write, a device such as /dev/zero never ends, and both may lie in
a folder under an image's or a model's name, or behind a link.
"""

import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

_TO_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS = [
    (stat.S_ISDIR, "directory"),
    (stat.S_ISFIFO, "named pipe"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
]


class FileState(NamedTuple):
    """What changes when a file is written to.

    Attributes
    ----------
    path : str
    size : int
    modified, changed : int
        In nanoseconds; the second one nobody can set back.
    inode : int
    """

    path: str
    size: int
    modified: int
    changed: int
    inode: int


class NotAFile(OSError):
    """Something that is no regular file.

    Attributes
    ----------
    kind : str
        What it is.
    """

    def __init__(self, path: str | os.PathLike[str], kind: str) -> None:
        super().__init__(f"{os.fspath(path)} is a {kind}, not a regular file")
        self.kind = kind


def kind_of(mode: int) -> str | None:
    """Return what lies at a path, by its mode; None if it is a regular file."""
    if stat.S_ISREG(mode):
        return None
    return next((kind for test, kind in _KINDS if test(mode)), "special file")


def check_regular(path: str | os.PathLike[str]) -> os.stat_result:
    """Refuse what is no regular file, by what a link points to.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    stat_result

    Raises
    ------
    NotAFile
    OSError
        If there is nothing.
    """
    found = os.stat(path)
    if kind := kind_of(found.st_mode):
        raise NotAFile(path, kind)
    return found


def open_regular(path: str | os.PathLike[str]) -> BufferedReader:
    """Open a file to read bytes, if it is a regular one.

    Raises
    ------
    NotAFile
    OSError
        If it cannot be opened.
    """
    number, _ = _open(path)
    return os.fdopen(number, "rb")


def read_regular(path: str | os.PathLike[str]) -> bytes:
    """Return what a regular file holds.

    As much as its size says: one that grows while it is read is not followed.
    """
    number, left = _open(path)
    parts = []
    try:
        while left and (part := os.read(number, left)):
            parts.append(part)
            left -= len(part)
    finally:
        os.close(number)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _open(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Return the number of an open file, and its size."""
    check_regular(path)  # before it is opened: some devices act on that
    number = os.open(path, _TO_READ)
    try:
        found = os.fstat(number)
        # It may have been put in another's place since.
        if kind := kind_of(found.st_mode):
            raise NotAFile(path, kind)
    except BaseException:
        os.close(number)
        raise
    return number, found.st_size


def state_of(path: str | os.PathLike[str]) -> FileState:
    """Return the state of a regular file.

    Raises
    ------
    NotAFile
    OSError
        If there is nothing.
    """
    found = check_regular(path)
    return FileState(
        os.fspath(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
    )


def expand_home(path: str | os.PathLike[str]) -> Path:
    """Put the user's home in the place of a leading ``~``, as shells do.

    ``./~`` is a folder of that name, and so is a Path("~") where there is one: a Path does not keep
    the ``./``.

    Raises
    ------
    FileNotFoundError
        If there is no such user, lest a folder of that name be made.
    """
    text = os.fspath(path)
    if not text.startswith("~") or (isinstance(path, os.PathLike) and os.path.lexists(text)):
        return Path(text)
    expanded = os.path.expanduser(text)
    if expanded == text:
        raise FileNotFoundError(
            f"The home directory in {text!r} is not known. A folder of that name is ./{text}."
        )
    return Path(expanded)
