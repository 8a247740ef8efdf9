"""Work that is cached, and done once even where several processes ask for it at a time.

What is stored are arrays behind a checksum, never a pickle. A damaged file costs a computation, and
no file runs code; who may write to the folder could still forge a result.
"""

import hashlib
import io
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from sklearn_zcore._warnings import warn_user

_MAGIC = b"sklearn-zcore memory 1\n"
_BITS = 2  # to be raised whenever the same arguments give other bits
_PATIENCE = 5.0  # seconds to wait for another process in silence

Arrays = list[NDArray[Any]]


def call_cached(
    memory: Any,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    ignored: dict[str, Any],
    *,
    dump: Callable[[Any], Arrays],
    load: Callable[[Arrays], Any],
    key: tuple[Any, ...] | None = None,
) -> Any:
    """Call a function, or return what an equal call has returned before.

    While one process computes, others that make an equal call wait and then find its result: in a
    parallel search over budgets, workers would otherwise score the same training fold at a time.

    Parameters
    ----------
    memory : str, path-like, joblib.Memory or None
        Where results are stored; None stores nothing. A Memory with another backend than that of
        local files stores them in its own way.
    function : callable
    arguments : tuple
        What the result depends on.
    ignored : dict
        Keyword arguments that it does not depend on.
    dump, load : callable
        From a result to arrays, and back; ``load`` raises ValueError if they cannot be a result.
    key : tuple or None, default=None
        What stands for the arguments, where some of them are elsewhere; None is the arguments.

    Returns
    -------
    object
    """
    if memory is None:
        return function(*arguments, **ignored)
    folder = _folder_of(memory)
    if folder is None:
        return memory.cache(function, ignore=list(ignored))(*arguments, **ignored)
    name = joblib.hash((_BITS, function.__name__, key or arguments))
    path = folder / function.__name__.strip("_") / f"{name}.arrays"
    path.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(path):
        try:
            if (arrays := _read(path)) is not None:
                return load(arrays)
        except (ValueError, IndexError, TypeError):
            warn_user(f"memory: {path} is damaged; what it held is computed anew.")
        result = function(*arguments, **ignored)
        _write(path, dump(result))
        return result


def _folder_of(memory: Any) -> Path | None:
    """Return where to keep files, or None where ``memory`` is to do it in its own way."""
    if isinstance(memory, str | os.PathLike):
        return Path(memory) / "sklearn_zcore"
    backend = getattr(memory, "store_backend", None)
    if getattr(memory, "backend", None) != "local" or backend is None:
        return None
    return Path(backend.location) / "sklearn_zcore"  # where Memory.clear finds it


def _read(path: Path) -> Arrays | None:
    """Return the arrays of a file, None if there is none; raise ValueError if it is damaged."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    digest, body = content[len(_MAGIC) : len(_MAGIC) + 32], content[len(_MAGIC) + 32 :]
    if not content.startswith(_MAGIC) or hashlib.sha256(body).digest() != digest:
        raise ValueError("checksum")
    with np.load(io.BytesIO(body), allow_pickle=False) as kept:
        return [kept[name] for name in kept.files]


def _write(path: Path, arrays: Arrays) -> None:
    """Write arrays behind their checksum: under their name they are whole, or not there."""
    file = io.BytesIO()
    np.savez(file, *arrays, allow_pickle=False)
    body = file.getvalue()
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "wb") as out:
            out.write(_MAGIC + hashlib.sha256(body).digest() + body)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    except OSError as error:
        # The work is done: a full disk, or a folder that can only be read, must not lose it.
        warn_user(f"memory: the result could not be stored in {path.parent}: {error.strerror}.")
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Hold the lock of a file for as long as the context lasts; the system frees a dead one's."""
    from filelock import FileLock, Timeout

    holder = path.with_suffix(".pid")
    lock = FileLock(path.with_suffix(".lock"))
    try:
        try:
            lock.acquire(timeout=_PATIENCE)
        except Timeout:
            warn_user(
                f"memory: waiting for {_name_of(holder)}, which computes the same. If it has been "
                f"stopped, let it go on, or end it."
            )
            lock.acquire()
        holder.write_text(str(os.getpid()))
    except (OSError, NotImplementedError):
        # A read-only cache, or a file system without locks: equal work may then be done twice.
        yield
        return
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _name_of(holder: Path) -> str:
    try:
        return f"process {int(holder.read_text())}"
    except (OSError, ValueError):
        return "another process"
