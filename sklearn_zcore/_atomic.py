"""Files and folders that appear whole or not at all."""

import errno
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

STDOUT = Path("-")


class FileAppeared(FileExistsError):
    """A file that must not be replaced was made by another program in the meantime."""


class NewFiles:
    """Files and folders on their way to their names; made by `new_files`.

    Parameters
    ----------
    force : bool
        Replace the files that are there.
    """

    def __init__(self, *, force: bool) -> None:
        self._force = force
        self._files: list[tuple[Path, Path, IO[bytes]]] = []
        self._folders: list[tuple[Path, Path]] = []
        self._stream: IO[bytes] | None = None
        self._undo = ExitStack()

    def file(self, path: Path) -> IO[bytes]:
        """Return a file to write to, that will be ``path``; of ``-``, what goes to stdout."""
        if path == STDOUT:
            self._stream = self._undo.enter_context(tempfile.TemporaryFile())
            return self._stream
        path = Path(os.path.realpath(path))  # Replace what a link points to, not the link.
        handle, temporary = create_beside(path)
        self._undo.callback(temporary.unlink, missing_ok=True)
        file = self._undo.enter_context(os.fdopen(handle, "wb"))
        self._files.append((temporary, path, file))
        return file

    def folder(self, path: Path) -> Path:
        """Return an empty folder to fill, that will be ``path``."""
        _remove_leftovers(path)
        temporary = _temporary_name(path)
        temporary.mkdir()
        self._undo.callback(shutil.rmtree, temporary, ignore_errors=True)
        handle = _lock(temporary, wait=True)
        if handle is not None:
            self._undo.callback(os.close, handle)
        self._folders.append((temporary, path))
        return temporary

    def publish(self) -> None:
        """Give all of them their names, once every byte is on disk."""
        for _, _, file in self._files:
            file.flush()
            os.fsync(file.fileno())
        for temporary, path, _ in self._files:
            if not path.exists():
                continue
            if not self._force:
                raise FileAppeared(
                    errno.EEXIST, "Made by another program in the meantime", str(path)
                )
            os.chmod(temporary, path.stat().st_mode & 0o7777)
        for temporary, path in self._folders:
            temporary.rename(path)
        for temporary, path, file in self._files:
            file.close()
            os.replace(temporary, path)
        if self._stream is not None:
            self._stream.seek(0)
            shutil.copyfileobj(self._stream, sys.stdout.buffer)
            sys.stdout.flush()

    def clean(self) -> None:
        """Remove what was not published; after `publish` there is nothing left."""
        self._undo.close()


@contextmanager
def new_files(*, force: bool) -> Iterator[NewFiles]:
    """Write several files and folders that appear together, when all of them are whole.

    Also after Ctrl-C and on a full disk nothing is left of them; what a killed process left is
    removed when the same name is written again.

    Parameters
    ----------
    force : bool
        Replace the files that are there.

    Yields
    ------
    new : NewFiles
        Where to ask for them.
    """
    new = NewFiles(force=force)
    try:
        yield new
        new.publish()
    finally:
        new.clean()


@contextmanager
def atomic(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Open one file that appears under its name only when it is whole and on disk.

    Parameters
    ----------
    path : Path
        The final name.
    force : bool
        Replace what is there.

    Yields
    ------
    file : binary file
        To write to.
    """
    with new_files(force=force) as new:
        yield new.file(path)


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Make a folder beside a path, for as long as the context lasts.

    What a killed process left of such a folder is removed when the same path is asked for again.

    Parameters
    ----------
    path : Path
        Nothing is made at the path itself.

    Yields
    ------
    folder : Path
        Empty.
    """
    _remove_leftovers(path)
    temporary = _temporary_name(path)
    temporary.mkdir(parents=True)
    handle = _lock(temporary, wait=True)
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def create_beside(path: Path) -> tuple[int, Path]:
    """Create a file of a new name in the same directory, with the usual permissions."""
    _remove_leftovers(path)
    while True:
        temporary = _temporary_name(path)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        _lock_handle(handle, wait=True)
        # Before it was locked, another process may have taken it for a leftover.
        if temporary.exists():
            return handle, temporary
        os.close(handle)


def _temporary_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def _remove_leftovers(path: Path) -> None:
    """Remove what processes left that were killed while they wrote this file or folder."""
    name = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.tmp")
    try:
        with os.scandir(path.parent) as entries:
            found = [entry for entry in entries if name.fullmatch(entry.name)]
    except OSError:
        return  # A directory that cannot be read is told of when it cannot be written to.
    for entry in found:
        leftover, is_folder = Path(entry.path), entry.is_dir(follow_symlinks=False)
        if not is_folder and not entry.is_file(follow_symlinks=False):
            continue
        handle = _lock(leftover, wait=False)
        if handle is None:
            continue  # Somebody writes it.
        if is_folder:
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
        os.close(handle)


def _lock(path: Path, *, wait: bool) -> int | None:
    """Open and lock a file or folder; None where another process has it, or it has no locks."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    if _lock_handle(handle, wait=wait):
        return handle
    os.close(handle)
    return None


def _lock_handle(handle: int, *, wait: bool) -> bool:
    """Lock an open file until it is closed or its process ends; say whether that worked."""
    try:
        import fcntl  # Not on Windows, where open files cannot be removed anyway.
    except ImportError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True
