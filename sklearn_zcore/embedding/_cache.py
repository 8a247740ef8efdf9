"""Where embeddings are kept: one SQLite database a folder.

SQLite survives a kill at any moment and lets several processes write (write-ahead log); it comes
with Python, and is tested against databases that were made to do harm. LMDB reads faster, but maps
its file into memory and trusts it, so that a damaged or tampered one crashes the process, and it
wants its largest size in advance. diskcache is SQLite with pickles around, and is no longer
maintained. What is stored here are rows of float32, with a checksum: there is no code in it.
"""

import hashlib
import json
import os
import sqlite3
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE_NAME = "embeddings.sqlite3"
_FORMAT = 1  # of the tables; another one is refused
_LOCKS = 64
_WAIT = 300.0  # seconds for another process's write, which takes milliseconds
_ASKED_AT_ONCE = 500  # SQLite takes at least 999 values in a statement
_CHECKSUM = 8  # bytes

_TABLES = """
CREATE TABLE models (
    id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, name TEXT NOT NULL, width INTEGER
);
CREATE TABLE embeddings (
    model INTEGER NOT NULL, item BLOB NOT NULL, vector BLOB NOT NULL, checksum BLOB NOT NULL,
    UNIQUE (model, item)
);
"""


class CacheError(OSError):
    """A cache that cannot be read or written; the message says why and what to do."""


class EmbeddingCache:
    """The embeddings of one model in a folder's database.

    Parameters
    ----------
    folder : str or path-like
        Made if it is not there.
    identity : dict
        All that an embedding depends on besides the item.
    name : str
        The model's, for people.

    Raises
    ------
    CacheError
        If the folder cannot be written to, or holds something else.
    """

    def __init__(self, folder: str | os.PathLike[str], identity: dict[str, Any], name: str) -> None:
        self.folder = Path(folder).expanduser()
        _make_folder(self.folder)
        self.path = self.folder / FILE_NAME
        with self._lock("open"), self._explained():
            self._database = open_database(self.path)
        self._text = json.dumps(identity, sort_keys=True)
        try:
            self._register(name)
        except BaseException:
            self.close()
            raise

    def _register(self, name: str) -> None:
        with self._explained(), self._writing():
            self._database.execute(
                "INSERT OR IGNORE INTO models (identity, name) VALUES (?, ?)", (self._text, name)
            )
            query = "SELECT id, width FROM models WHERE identity = ?"
            self._model, self.width = self._database.execute(query, (self._text,)).fetchone()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> "EmbeddingCache":
        """Return the cache, which is closed at the end."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the database."""
        self.close()

    def get(self, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Look items up.

        Parameters
        ----------
        digests : sequence of bytes
            Content hashes.

        Returns
        -------
        dict
            The embedding of each that is there. One whose bytes are not those that were stored
            is left out, with a warning.
        """
        found = {}
        for start in range(0, len(digests), _ASKED_AT_ONCE):
            some = digests[start : start + _ASKED_AT_ONCE]
            query = (
                "SELECT item, vector, checksum FROM embeddings WHERE model = ? AND item IN "
                f"({','.join('?' * len(some))})"
            )
            with self._explained():
                rows = self._database.execute(query, (self._model, *some)).fetchall()
            for item, vector, checksum in rows:
                if self._is_whole(item, vector, checksum):
                    found[item] = np.frombuffer(vector, "<f4").astype(np.float32, copy=False)
        return found

    def _is_whole(self, item: Any, vector: Any, checksum: Any) -> bool:
        if isinstance(vector, bytes) and checksum == _checksum(self._text, item, vector):
            return True
        warnings.warn(
            f"An embedding in the cache {self.path} is damaged; it is computed again.",
            RuntimeWarning,
            stacklevel=2,
        )
        return False

    def put(self, digests: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Store the embeddings of a batch: all of them or, if the process dies, none.

        Parameters
        ----------
        digests : sequence of bytes
        vectors : ndarray of shape (n_samples, n_features), float32
        """
        rows = []
        for digest, vector in zip(digests, vectors, strict=True):
            data = vector.astype("<f4").tobytes()
            rows.append((self._model, digest, data, _checksum(self._text, digest, data)))
        with self._explained(), self._writing():
            self._database.executemany(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)", rows
            )
            if self.width is None:
                self.width = vectors.shape[1]
                update = "UPDATE models SET width = ? WHERE id = ?"
                self._database.execute(update, (self.width, self._model))

    @contextmanager
    def computing(self, digest: bytes) -> Iterator[None]:
        """Wait while another process computes the batch that begins with this item."""
        number = int.from_bytes(
            hashlib.blake2b(self._text.encode() + digest, digest_size=8).digest(), "big"
        )
        with self._lock(f"batch-{number % _LOCKS:02d}"):
            yield

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        """Hold a lock of the operating system, which goes when its process dies."""
        from filelock import FileLock

        try:
            lock = FileLock(self.folder / f"{name}.lock")
            lock.acquire()
        except OSError as error:
            raise _not_writable(self.folder, error) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        # Immediate: a transaction that turns from reading to writing cannot wait for another.
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explain(self.path, error) from error


def _checksum(identity: str, item: bytes, vector: bytes) -> bytes:
    hasher = hashlib.blake2b(digest_size=_CHECKSUM, key=hashlib.sha256(identity.encode()).digest())
    hasher.update(item)
    hasher.update(vector)
    return hasher.digest()


def _make_folder(folder: Path) -> None:
    probe = folder / f".{os.getpid()}.{time.monotonic_ns()}.probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _not_writable(folder, error) from error


def _not_writable(folder: Path, error: OSError) -> CacheError:
    return CacheError(
        f"The cache directory {folder} cannot be written to: {error.strerror or error}. Pass "
        f"another cache_dir, or None for no cache."
    )


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database, and make its tables if it is new."""
    database = sqlite3.connect(
        path, timeout=_WAIT, isolation_level=None, check_same_thread=False, cached_statements=16
    )
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        # Before there are tables: a row of most models then fits one page.
        database.execute("PRAGMA page_size = 16384")
        # In the write-ahead log a commit survives a kill at once; a power cut may take the last
        # ones, and leaves the rest whole.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            database.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {_FORMAT};COMMIT;")
        elif version != _FORMAT:
            raise CacheError(
                f"The cache {path} was written by another version of sklearn-zcore (format "
                f"{version}, not {_FORMAT}). Pass another cache_dir, or clear it: "
                f"zcore cache clear --cache-dir {path.parent}"
            )
    except BaseException:
        database.close()
        raise
    return database


def explain(path: Path, error: sqlite3.Error) -> CacheError:
    """Say what an error of SQLite means, and what to do about it."""
    text, folder = str(error), path.parent
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
        return CacheError(
            f"The cache {path} is damaged, or not a cache: {text}. Clear it: zcore cache clear "
            f"--cache-dir {folder}"
        )
    return CacheError(f"The cache {path} failed: {text} ({code or type(error).__name__}).")
