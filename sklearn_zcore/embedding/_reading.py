"""Images read ahead of the model, by workers, and no more of them than memory should hold."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sklearn.utils import gen_batches

from sklearn_zcore.embedding._images import LoadedImage, UnreadableImage, load_image, size_of

WINDOW = 64  # items whose files are read, and looked up, at once
_WINDOW_BYTES = 2**26  # of them together; there are two windows at a time
_MEASURED = 16  # that a worker asks the disk about at once

_Window = list[tuple[int, Future[LoadedImage]]]


class Immediate(Executor):
    """No worker: what is submitted is done at once, by the caller."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function, and return a future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def workers(n: int) -> Iterator[Executor]:
    """Give threads that read and decode, or for 0 an executor that does it in between."""
    if n == 0:
        yield Immediate()
        return
    pool = ThreadPoolExecutor(n, thread_name_prefix="zcore-decode")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def read_ahead(values: Sequence[Any], rows: Sequence[int], pool: Executor) -> Iterator[_Window]:
    """Have images read, one window ahead of what is asked for.

    Parameters
    ----------
    values : sequence
        See `FoundationEmbedder.transform`.
    rows : sequence of int
        Which of them.
    pool : Executor

    Yields
    ------
    list of (row, future of LoadedImage)
        Some tens of them, or one if it is large. Its future raises UnreadableImage where there is
        nothing to read.
    """
    waiting: _Window | None = None
    for window in _windows(values, rows, pool):
        if waiting is not None:
            yield waiting
        waiting = window
    if waiting is not None:
        yield waiting


def _windows(values: Sequence[Any], rows: Sequence[int], pool: Executor) -> Iterator[_Window]:
    window: _Window = []
    n_bytes = 0
    for row, value, size in _measured(values, rows, pool):
        if window and n_bytes + size > _WINDOW_BYTES:
            yield window
            window, n_bytes = [], 0
        window.append((row, pool.submit(_load, value)))
        n_bytes += size
        if len(window) == WINDOW:
            yield window
            window, n_bytes = [], 0
    if window:
        yield window


def _measured(
    values: Sequence[Any], rows: Sequence[int], pool: Executor
) -> Iterator[tuple[int, Any, int]]:
    """Yield items with their sizes, for which workers ask the disk ahead."""
    if isinstance(pool, Immediate) or not isinstance(values, list | tuple):
        for row in rows:
            try:
                value = values[row]
            except Exception as error:  # the column of a data set decodes it, too
                value = UnreadableImage(f"is broken: {error}")
            yield row, value, size_of(value)
        return
    ahead: deque[tuple[Sequence[int], Future[list[int]]]] = deque()
    for group in gen_batches(len(rows), _MEASURED):
        some = rows[group]
        ahead.append((some, pool.submit(_sizes_of, [values[row] for row in some])))
        if len(ahead) * _MEASURED > WINDOW:
            yield from _with_sizes(values, *ahead.popleft())
    for some, sizes in ahead:
        yield from _with_sizes(values, some, sizes)


def _sizes_of(some: list[Any]) -> list[int]:
    return [size_of(value) for value in some]


def _with_sizes(
    values: Sequence[Any], rows: Sequence[int], sizes: Future[list[int]]
) -> Iterator[tuple[int, Any, int]]:
    for row, size in zip(rows, sizes.result(), strict=True):
        yield row, values[row], size


def _load(value: Any) -> LoadedImage:
    if isinstance(value, UnreadableImage):
        raise value
    return load_image(value)
