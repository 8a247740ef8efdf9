"""Work in parallel, few results held, on every backend of joblib."""

import itertools
import warnings
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from joblib import Parallel, effective_n_jobs
from joblib.parallel import get_active_backend

# Calls that are begun before the first result is taken: far more than there are workers, so that
# these seldom wait at the end of a window, and few enough results to hold.
_LOOK_AHEAD = 64

_Prefer = Literal["threads", "processes"] | None


def in_order(
    calls: Iterable[Any],
    *,
    n_jobs: int | None = None,
    prefer: _Prefer = None,
    require: Literal["sharedmem"] | None = None,
    look_ahead: int = _LOOK_AHEAD,
) -> Iterator[Any]:
    """Run calls and yield their results in the order of the calls.

    Calls are taken from the iterable as they are due, so that their arguments need not exist all
    at once, and at most ``look_ahead`` results wait for being taken. Who stops taking them, or is
    interrupted, ends the work.

    Parameters
    ----------
    calls : iterable
        Of what ``joblib.delayed(function)(...)`` returns.
    n_jobs : int or None, default=None
    prefer : {"threads", "processes"} or None, default=None
        What to use unless `joblib.parallel_config` says otherwise.
    require : {"sharedmem"} or None, default=None
        Threads, whatever `joblib.parallel_config` says: for calls that write to shared arrays.
    look_ahead : int, default=64
        How many calls may be begun whose results have not been taken; at least 4 for each worker.

    Yields
    ------
    object
    """
    options: dict[str, Any] = {"n_jobs": n_jobs, "prefer": prefer, "require": require}
    if _gives_generators(prefer, require):
        options["return_as"] = "generator"
    waiting = iter(calls)
    with Parallel(**options) as parallel:
        size = max(look_ahead, 4 * effective_n_jobs(parallel.n_jobs))
        for first in waiting:
            yield from _taken(
                parallel(itertools.chain([first], itertools.islice(waiting, size - 1)))
            )


def as_completed(
    calls: Iterable[Any], *, n_jobs: int | None = None, prefer: _Prefer = None
) -> Iterator[Any]:
    """Run calls and yield their results as they come, in any order.

    For large results that are taken at once: none of them waits for one before it. Otherwise like
    `in_order`; a call is begun when another has ended, whether its result has been taken or not.

    Parameters
    ----------
    calls : iterable
    n_jobs : int or None, default=None
    prefer : {"threads", "processes"} or None, default=None

    Yields
    ------
    object
    """
    if not _gives_generators(prefer, None):
        yield from in_order(calls, n_jobs=n_jobs, prefer=prefer, look_ahead=1)
        return
    with Parallel(n_jobs=n_jobs, prefer=prefer, return_as="generator_unordered") as parallel:
        yield from _taken(parallel(calls))


def _gives_generators(prefer: _Prefer, require: Literal["sharedmem"] | None) -> bool:
    """Return whether the backend hands over results one by one.

    The others, multiprocessing among them, hand over a window when all of it is done.
    """
    backend, _ = get_active_backend(prefer=prefer, require=require)
    return bool(backend.supports_return_generator)


def _taken(results: Any) -> Iterator[Any]:
    try:
        # Not yield from: it would close the results itself, and joblib warn of it.
        for result in results:  # noqa: UP028
            yield result
    finally:
        # Who stops taking results knows: joblib need not warn of those that are not taken.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            getattr(results, "close", lambda: None)()
