"""Work that is cached, and done once even where several processes ask for it at a time."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib

from sklearn_zcore.rows import RowSource

_SAMPLED_ROWS = 64  # of a big array: a lock is wanted at once, and one too few only makes wait


def call_cached(
    memory: Any,
    function: Callable[..., Any],
    source: RowSource,
    arguments: tuple[Any, ...],
    ignored: dict[str, Any],
) -> Any:
    """Call a function, or return what an equal call has returned before.

    While one process computes, others that make an equal call wait and then find its result: in a
    parallel search over budgets, workers would otherwise score the same training fold at a time.

    Parameters
    ----------
    memory : str, path-like, joblib.Memory or None
        Where results are stored; None stores nothing.
    function : callable
    source : RowSource
        What the work is on.
    arguments : tuple
        What the result depends on; the first one holds the rows.
    ignored : dict
        Keyword arguments that it does not depend on.

    Returns
    -------
    object
    """
    if memory is None:
        return function(*arguments, **ignored)
    if isinstance(memory, str | os.PathLike):
        memory = joblib.Memory(os.fspath(memory), verbose=0)
    cached = memory.cache(function, ignore=list(ignored))
    with _one_at_a_time(memory, (function.__name__, *arguments[1:]), source):
        return cached(*arguments, **ignored)


@contextmanager
def _one_at_a_time(memory: Any, call: tuple[Any, ...], source: RowSource) -> Iterator[None]:
    """Hold a lock of a call for as long as the context lasts; the system frees a dead one's."""
    from filelock import FileLock

    location = getattr(memory, "location", None)
    if location is None or getattr(memory, "backend", None) != "local":
        yield
        return
    step = max(1, source.shape[0] // _SAMPLED_ROWS)
    some = source.take(slice(None, None, step))
    key = joblib.hash((call, source.shape, source.dtype, some))
    path = Path(location) / "sklearn_zcore_locks" / f"{key}.lock"
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (OSError, NotImplementedError):
        # A read-only cache, or a file system without locks: equal work may then be done twice. If
        # the cache cannot be used at all, joblib will say so.
        yield
        return
    try:
        yield
    finally:
        lock.release()
