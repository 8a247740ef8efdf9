"""Blocks of dask arrays and frames: functions go to where the blocks are."""

import itertools
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.rows._pieces import OnBlock, by_piece, check_table, joined, part_of, pieces_left

T = TypeVar("T")
_SMALL_BYTES = 4 * 2**20  # neighbours that are smaller are looked at together
_RETRIES = 3  # of a block whose worker has died


class DaskBlocks:
    """A dask array or frame.

    Blocks are computed anew whenever they are asked for, as those of any dask collection: persist
    it where that is dear.

    Parameters
    ----------
    X : dask.array.Array or dask.dataframe.DataFrame
    columns : sequence of str or None
        Of a frame.

    Attributes
    ----------
    feature_names : sequence of str or None
        Of a frame.
    """

    feature_names: Any = None

    def __init__(self, X: Any, columns: Sequence[str] | None = None) -> None:
        if hasattr(X, "map_partitions"):
            blocks, sizes = self._of_frame(X, columns)
        else:
            blocks, sizes = self._of_array(X)
        itemsize = self.dtype.itemsize
        rows_of_small = max(1, _SMALL_BYTES // max(1, self._n_features * itemsize))
        self._blocks, sizes = joined(blocks, sizes, rows_of_small)
        self.bounds = np.cumsum([0, *sizes]).astype(np.intp)
        self.shape = (int(self.bounds[-1]), self._n_features)

    def _of_frame(self, X: Any, columns: Sequence[str] | None) -> tuple[list[Any], list[int]]:
        if columns is not None:
            X = X[list(columns)]
        dtypes = getattr(X, "dtypes", None)
        if getattr(X, "ndim", 0) != 2 or dtypes is None:
            raise ValueError(
                f"X is a dask {type(X).__name__}, and rows of numbers need two dimensions: pass a "
                f"DataFrame, or an array."
            )
        for name, dtype in dtypes.items():
            if getattr(dtype, "kind", "O") not in "biuf":
                raise TypeError(
                    f"Column {name!r} of X holds {dtype}, and real numbers are needed. Choose "
                    f"those of numbers by X[[...]]."
                )
        plain = [getattr(dtype, "numpy_dtype", dtype) for dtype in dtypes]
        self.dtype = np.result_type(*plain)
        self._n_features = len(plain)
        self.feature_names = [str(name) for name in dtypes.index]
        return X.to_delayed(), list(_run((len, part) for part in X.to_delayed()))

    def _of_array(self, X: Any) -> tuple[list[Any], list[int]]:
        check_table("dask array", X.shape, X.dtype)
        self.dtype, (_, d) = X.dtype, X.shape
        grid = X.to_delayed()
        if np.isnan(d):
            (d,) = {sum(widths) for widths in [tuple(_run((_width, block) for block in grid[0]))]}
        self._n_features = int(d)
        sizes = X.chunks[0]
        if np.isnan(sizes).any():
            sizes = _run((len, row[0]) for row in grid)
        # Chunks beside each other are joined where they are looked at, a row of chunks at a time.
        return [list(row) for row in grid], [int(size) for size in sizes]

    def map(
        self,
        function: OnBlock[T],
        *,
        n_jobs: int | None = None,
        done: Sequence[tuple[int, int]] = (),
    ) -> Iterator[tuple[slice, T]]:
        """Call a function of every block, see `BlockSource`."""
        pieces = pieces_left(self.bounds, done)
        ends = [self.bounds[p : p + 2].tolist() for p in pieces]
        calls = (
            (_on_blocks, part_of(function, first, end), self._blocks[p], self.dtype, first)
            for p, (first, end) in zip(pieces, ends, strict=True)
        )
        for (first, end), found in zip(ends, _run(calls), strict=True):
            yield slice(first, end), found

    def take(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Return some rows, by number, in the order that they are asked for."""
        numbers, order, cuts = by_piece(rows, self.bounds)
        out = np.empty((numbers.size, self.shape[1]), self.dtype)
        pieces = np.flatnonzero(np.diff(cuts))
        own = [order[cuts[p] : cuts[p + 1]] for p in pieces]
        calls = (
            (_pick, self._blocks[p], self.dtype, numbers[some] - self.bounds[p])
            for p, some in zip(pieces, own, strict=True)
        )
        for some, found in zip(own, _run(calls), strict=True):
            out[some] = found
        return out


def _width(block: Any) -> int:
    return int(block.shape[1])


def _as_array(block: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    if isinstance(block, list):
        block = np.concatenate([np.asarray(part) for part in block], axis=1)
    try:
        return np.ascontiguousarray(block, dtype)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"X is said to hold {dtype} values, and a block does not: {error}"
        ) from None


def _stacked(blocks: list[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    arrays = [_as_array(block, dtype) for block in blocks]
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _on_blocks(function: Any, blocks: list[Any], dtype: np.dtype[Any], first: int) -> Any:
    return function(_stacked(blocks, dtype), first)


def _pick(blocks: list[Any], dtype: np.dtype[Any], rows: NDArray[np.intp]) -> NDArray[Any]:
    return _stacked(blocks, dtype)[rows]


def _run(calls: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
    """Compute (function, arguments) by the scheduler at hand; yield in order, few at a time."""
    from dask.base import compute
    from dask.delayed import delayed

    tasks = (delayed(function, pure=False)(*arguments) for function, *arguments in iter(calls))
    client = client_at_hand()
    if client is not None:
        yield from _run_by(client, tasks)
        return
    size = max(4, 2 * (os.cpu_count() or 1))
    while window := list(itertools.islice(tasks, size)):
        yield from compute(*window)  # type: ignore[no-untyped-call]


def client_at_hand() -> Any:
    """Return the client of the cluster that dask computes on; None if it is this process."""
    from dask.base import get_scheduler

    client = getattr(get_scheduler(), "__self__", None)  # type: ignore[no-untyped-call]
    return client if hasattr(client, "nthreads") else None


def _run_by(client: Any, tasks: Iterator[Any]) -> Iterator[Any]:
    """Do the same on a cluster: under way is twice what it can do at a time."""
    waiting: deque[Any] = deque()
    try:
        while True:
            size = max(4, 2 * sum(client.nthreads().values()))
            waiting += [
                client.compute(task, retries=_RETRIES)
                for task in itertools.islice(tasks, size - len(waiting))
            ]
            if not waiting:
                return
            yield waiting[0].result()
            waiting.popleft().release()
    finally:
        for future in waiting:
            future.cancel()
