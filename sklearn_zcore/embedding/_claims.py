"""Who computes what, where several threads or processes embed into one cache at once.

Every user of a cache claims the items of a batch before it computes them, one by one, so that runs
that share some of their items compute each of those once. A claim ends with its user: a user holds
a lock of the operating system as long as it lives, and what a dead one has claimed is free.
"""

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sklearn_zcore._warnings import warn_user
from sklearn_zcore.embedding._files import NotAFile, read_regular

PATIENCE = 5.0  # seconds to wait for others in silence
_POLL = 0.005  # seconds between two attempts to get a lock that is held for a millisecond
_KEY = 16  # bytes of a claim


class Claims:
    """What one user of a cache is computing, and what the others are.

    Parameters
    ----------
    database : Path
        The cache's. The files are put beside it, under names that begin with its own.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._mutex = database.with_name(f"{database.name}.lock")
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._held: set[bytes] = set()
        from filelock import FileLock  # not with the package: it is for who has a cache

        self._lock = FileLock(self._path(self._name, "lock"), thread_local=False)
        with self.alone():
            self._lock.acquire(timeout=0)

    def _path(self, user: str, kind: str) -> Path:
        return self._database.with_name(f"{self._database.name}.{user}.{kind}")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of all users."""
        from filelock import FileLock, Timeout

        lock = FileLock(self._mutex)
        try:
            lock.acquire(timeout=PATIENCE, poll_interval=_POLL)
        except Timeout:
            self.tell(PATIENCE)
            lock.acquire(poll_interval=_POLL)
        try:
            yield
        finally:
            lock.release()

    def taken(self) -> dict[bytes, str]:
        """Return what the others are computing, and who; to be called in `alone`."""
        return self._claimed_by_others(clean=True)

    def hold(self, keys: Collection[bytes]) -> None:
        """Claim items, of which none is taken; to be called in `alone`.

        Parameters
        ----------
        keys : collection of bytes
            From `key_of`.
        """
        if not self._held.issuperset(keys):
            self._write(self._held.union(keys))

    def release(self, keys: Collection[bytes]) -> None:
        """Give items up, which are in the cache by now."""
        if not self._held.isdisjoint(keys):
            with self.alone():
                self._write(self._held.difference(keys))

    def blocked(self, keys: Collection[bytes]) -> dict[bytes, str]:
        """Return which of some items another user is computing, and who."""
        others = self._claimed_by_others(clean=False)
        return {key: others[key] for key in keys if key in others}

    def close(self) -> None:
        """Give up all claims."""
        self._remove(self._name)
        self._lock.release()

    def _write(self, keys: set[bytes]) -> None:
        self._path(self._name, "claims").write_bytes(b"".join(sorted(keys)))
        self._held = keys

    def _claimed_by_others(self, *, clean: bool) -> dict[bytes, str]:
        claimed = {}
        for user in self._users():
            if not self._is_alive(user, clean=clean):
                continue
            try:
                data = read_regular(self._path(user, "claims"))
            except (FileNotFoundError, NotAFile):
                continue
            claimed.update({data[i : i + _KEY]: user for i in range(0, len(data), _KEY)})
        return claimed

    def _users(self) -> list[str]:
        """Return the names of all other users that there are files of."""
        start = f"{self._database.name}."
        names = {
            file.name.removeprefix(start).rpartition(".")[0]
            for file in self._database.parent.glob(f"{start}*-*.*")
        }
        return sorted(names - {self._name})

    def _is_alive(self, user: str, *, clean: bool) -> bool:
        path = self._path(user, "lock")
        if not path.exists():
            return False
        from filelock import FileLock, Timeout

        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        if clean:  # nobody else is looking
            self._remove(user)
        lock.release()
        return False

    def _remove(self, user: str) -> None:
        for kind in ("claims", "lock"):
            with suppress(OSError):
                self._path(user, kind).unlink(missing_ok=True)

    def tell(self, seconds: float, n_items: int = 0, users: Collection[str] = ()) -> None:
        """Warn that others are waited for, and name them."""
        users = users or [user for user in self._users() if self._is_alive(user, clean=False)]
        numbers = sorted({int(user.partition("-")[0]) for user in users})
        who = " and ".join(f"process {number}" for number in numbers) or "another process"
        what = f" to finish {n_items:,} items that both need" if n_items else ""
        warn_user(
            f"The cache {self._database.parent}: waiting since {seconds:.0f} s for {who}{what}. If "
            f"it has been stopped, continue or end it; what it has not finished is then computed "
            f"here.",
            RuntimeWarning,
        )


def key_of(identity: str, item: bytes) -> bytes:
    """Return what stands for an item and a model among the claims."""
    return hashlib.blake2b(identity.encode() + b"\0" + item, digest_size=_KEY).digest()


class Patience:
    """Wait for others, a little longer each time; say so once after some seconds.

    Parameters
    ----------
    tell : callable
        Is given the seconds.
    """

    def __init__(self, tell: Callable[[float], None]) -> None:
        self._tell = tell
        self._begin, self._told, self._pause = time.monotonic(), False, 0.01

    def wait(self) -> None:
        """Wait up to half a second."""
        waited = time.monotonic() - self._begin
        if waited >= PATIENCE and not self._told:
            self._told = True
            self._tell(waited)
        time.sleep(self._pause)
        self._pause = min(2 * self._pause, 0.5)


def is_full(error: OSError) -> bool:
    """Return whether an error says that a disk is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
