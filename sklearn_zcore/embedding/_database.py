"""The database of a cache: opened, told from others, and its errors explained."""

import os
import re
import sqlite3
from pathlib import Path
from urllib.parse import quote

from sklearn_zcore.embedding._files import NotAFile, check_regular

FILE_NAME = "embeddings.sqlite3"
_FORMAT = 1  # of the tables; another one is refused
_BESIDE = ("-wal", "-shm", "-journal", ".lock")  # what SQLite adds, and the lock of all users
# A user's own lock and what it is computing, see `Claims`.
_OF_USERS = re.compile(re.escape(FILE_NAME) + r"\.\d+-[0-9a-f]{8}\.(lock|claims)")
_WAIT = 300  # seconds for another process that makes the tables, which takes milliseconds

_TABLES = """
CREATE TABLE models (
    id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, name TEXT NOT NULL, width INTEGER
);
CREATE TABLE embeddings (
    model INTEGER NOT NULL, item BLOB NOT NULL, vector BLOB NOT NULL, checksum BLOB NOT NULL,
    UNIQUE (model, item)
);
"""
_TABLE_NAMES = {"models", "embeddings"}


class CacheError(OSError):
    """A cache that cannot be read or written; the message says why and what to do."""


def list_cache_files(path: Path) -> list[Path]:
    """Return the files of the cache with this database: itself and those beside it."""
    known = [path, *(path.with_name(path.name + end) for end in _BESIDE)]
    folder = path.parent
    users = sorted(folder.iterdir()) if folder.is_dir() else []
    known += [file for file in users if _OF_USERS.fullmatch(file.name)]
    return [file for file in known if os.path.lexists(file)]


def check_files(path: Path) -> None:
    """Refuse a cache of whose files one is a pipe, a device or the like."""
    for file in list_cache_files(path):
        try:
            check_regular(file)
        except NotAFile as error:
            raise CacheError(f"{error}. Pass another cache_dir, or remove it.") from None
        except FileNotFoundError:
            continue  # of a process that has just ended


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database, and make its tables if it is new."""
    database = sqlite3.connect(
        path, timeout=_WAIT, isolation_level=None, check_same_thread=False, cached_statements=16
    )
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        is_new = _check_own(path, database)
        # Before there are tables: a row of most models then fits one page.
        database.execute("PRAGMA page_size = 16384")
        # In the write-ahead log a commit survives a kill at once; a power cut may take the last
        # ones, and leaves the rest whole.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        if is_new:
            database.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {_FORMAT};COMMIT;")
    except BaseException:
        database.close()
        raise
    return database


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the database of a folder that may be on a disk that nobody can write to."""
    log = path.with_name(f"{path.name}-wal")
    # Without a log nobody writes, and SQLite needs none of the files that it would make for others.
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    place = quote(os.fsencode(os.path.abspath(path)))
    database = sqlite3.connect(f"file:{place}?{how}", uri=True, isolation_level=None)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        _check_own(path, database)
    except BaseException:
        database.close()
        raise
    return database


def _check_own(path: Path, database: sqlite3.Connection) -> bool:
    """Refuse a database that is not a cache of this version; return whether it is still empty."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    tables = _tables(database)
    if tables and not tables & _TABLE_NAMES:
        raise _foreign(path)
    if version != _FORMAT and (version or tables):
        raise CacheError(
            f"The cache {path} was written by another version of sklearn-zcore (format "
            f"{version}, not {_FORMAT}). Pass another cache_dir, or clear it: "
            f"zcore cache clear --cache-dir {path.parent}"
        )
    return not tables and version == 0


def _tables(database: sqlite3.Connection) -> set[str]:
    rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {name for (name,) in rows if not str(name).startswith("sqlite_")}


def _foreign(path: Path) -> CacheError:
    return CacheError(
        f"{path} is a database of something else, not a cache of sklearn-zcore; it is left alone. "
        f"Pass another cache_dir."
    )


def check_may_clear(path: Path) -> None:
    """Refuse to delete a database that was not made here.

    A damaged one cannot be asked; the lock beside it then tells that it was in use here.
    """
    if not path.exists():
        return
    check_files(path)
    try:
        database = open_to_read(path)
    except CacheError as error:
        if "another version" in str(error):
            return
        raise
    except sqlite3.Error:
        tables = set()
    else:
        tables = _tables(database)
        database.close()
    if not tables and not path.with_name(f"{path.name}.lock").exists():
        raise CacheError(
            f"{path} cannot be told for a cache of sklearn-zcore: it is damaged, or of something "
            f"else, and left alone. If it is one, delete it yourself."
        )


def explain(path: Path, error: sqlite3.Error) -> CacheError:
    """Say what an error of SQLite means, and what to do about it."""
    text = str(error)
    code = getattr(error, "sqlite_errorname", "")
    if code.startswith("SQLITE_FULL") or "disk is full" in text:
        return CacheError(
            f"The disk of the cache {path} is full. What is in the cache stays; free some space, "
            f"or pass a cache_dir on another disk, and run again: it goes on from there."
        )
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return CacheError(
            f"The cache {path} cannot be written to: {text}. Pass another cache_dir, or None for "
            f"no cache."
        )
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "no such" in text:
        return damaged(path, text)
    return CacheError(f"The cache {path} failed: {text} ({code or type(error).__name__}).")


def damaged(path: Path, reason: str) -> CacheError:
    """Return the error of a cache that cannot be understood."""
    return CacheError(
        f"The cache {path} is damaged, or not a cache: {reason}. Clear it: zcore cache clear "
        f"--cache-dir {path.parent}"
    )
