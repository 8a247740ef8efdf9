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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore._escape import written
from sklearn_zcore._warnings import warn_user
from sklearn_zcore.embedding._claims import PATIENCE, Claims, Patience, is_full, key_of
from sklearn_zcore.embedding._database import (
    FILE_NAME,
    CacheError,
    check_files,
    damaged,
    explain,
    open_database,
)
from sklearn_zcore.embedding._files import expand_home

_ASKED_AT_ONCE = 500  # SQLite takes at least 999 values in a statement
_CHECKSUM = 8  # bytes
_WIDEST = 2**20  # of an embedding that is believed
_LONGEST_WRITE = 300.0  # seconds; another process's takes milliseconds


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
        self.folder = expand_home(folder)
        _make_folder(self.folder)
        self.path = self.folder / FILE_NAME
        check_files(self.path)
        self._text = json.dumps(identity, sort_keys=True)
        self._has_given = False
        with self._explained():
            self._open(name)

    def _open(self, name: str) -> None:
        if self.path.exists() and not self.path.with_name(f"{FILE_NAME}.lock").exists():
            # Before anything is put beside it: it may be something else's.
            open_database(self.path).close()
        self._claims = Claims(self.path)
        try:
            with self._claims.alone():
                self._database = open_database(self.path)
            try:
                self._database.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000:.0f}")
                self._register(name)
            except BaseException:
                self._database.close()
                raise
        except BaseException:
            self._claims.close()
            raise

    def _register(self, name: str) -> None:
        with self._writing():
            self._database.execute(
                "INSERT OR IGNORE INTO models (identity, name) VALUES (?, ?)",
                (self._text, written(name)),
            )
            query = "SELECT id, width FROM models WHERE identity = ?"
            self._model, width = self._database.execute(query, (self._text,)).fetchone()
            is_possible = isinstance(width, int) and 0 < width <= _WIDEST
            self.width: int | None = width if is_possible else None

    def close(self) -> None:
        """Close the database, and give up what was claimed."""
        self._database.close()
        self._claims.close()

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
                    self.width = found[item].size
                    continue
                warn_user(
                    f"An embedding in the cache {self.path} is damaged; it is computed again.",
                    RuntimeWarning,
                )
        self._has_given = self._has_given or bool(found)
        return found

    def _is_whole(self, item: Any, vector: Any, checksum: Any) -> bool:
        """Return whether a row is what could have been stored; a checksum can be made up, too."""
        if not isinstance(vector, bytes) or checksum != _checksum(self._text, item, vector):
            return False
        if not vector or len(vector) % 4 or len(vector) != 4 * (self.width or len(vector) // 4):
            return False
        return bool(np.isfinite(np.frombuffer(vector, "<f4")).all())

    def put(self, digests: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Store the embeddings of a batch: all of them or, if the process dies, none.

        Parameters
        ----------
        digests : sequence of bytes
        vectors : ndarray of shape (n_samples, n_features), float32

        Raises
        ------
        CacheError
            If the cache has given embeddings of another width.
        """
        width = vectors.shape[1]
        if self._has_given and width != self.width:
            raise damaged(
                self.path,
                f"it has embeddings of {self.width} features, and the model gives {width}",
            )
        rows = []
        for digest, vector in zip(digests, vectors, strict=True):
            data = vector.astype("<f4").tobytes()
            rows.append((self._model, digest, data, _checksum(self._text, digest, data)))
        with self._explained(), self._writing():
            self._database.executemany(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)", rows
            )
            update = "UPDATE models SET width = ? WHERE id = ? AND width IS NOT ?"
            self._database.execute(update, (width, self._model, width))
        self.width = width

    def claim(
        self, digests: Sequence[bytes]
    ) -> tuple[dict[bytes, NDArray[np.float32]], set[bytes]]:
        """Claim items before they are computed.

        Parameters
        ----------
        digests : sequence of bytes

        Returns
        -------
        known : dict
            The embeddings of those that have been stored by now.
        mine : set of bytes
            Those to be computed here, and stored and released soon. Another thread or process is
            computing the rest.
        """
        keys = {digest: key_of(self._text, digest) for digest in digests}
        with self._explained(), self._claims.alone():
            # In this order: others give items up after they have stored them.
            taken = self._claims.taken()
            known = self.get(digests)
            mine = {d for d in digests if d not in known and keys[d] not in taken}
            self._claims.hold([keys[digest] for digest in mine])
        return known, mine

    def release(self, digests: Iterable[bytes]) -> None:
        """Give up claims, of items that have been stored."""
        with self._explained():
            self._claims.release([key_of(self._text, digest) for digest in digests])

    def wait(self, digests: Sequence[bytes]) -> list[bytes]:
        """Wait until others have stored or given up some items that they have claimed.

        Parameters
        ----------
        digests : sequence of bytes

        Returns
        -------
        list of bytes
            Those that nobody is computing any more, of which there is at least one.
        """
        keys = {digest: key_of(self._text, digest) for digest in digests}
        blocked: dict[bytes, str] = {}

        def tell(seconds: float) -> None:
            self._claims.tell(seconds, len(blocked), set(blocked.values()))

        patience = Patience(tell)
        while True:
            with self._explained():
                blocked = self._claims.blocked(keys.values())
            free = [digest for digest in digests if keys[digest] not in blocked]
            if free:
                return free
            patience.wait()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._begin()
        try:
            yield
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _begin(self) -> None:
        begin, told = time.monotonic(), False
        while True:
            try:
                # Immediate: a transaction that turns from reading to writing cannot wait for
                # another.
                self._database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                waited = time.monotonic() - begin
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or waited > _LONGEST_WRITE:
                    raise
                if not told:
                    self._claims.tell(waited)
                told = True
            else:
                return

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explain(self.path, error) from error
        except CacheError:
            raise
        except OSError as error:
            if is_full(error):
                raise explain(self.path, sqlite3.OperationalError("disk is full")) from error
            raise _not_writable(self.folder, error) from error


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
