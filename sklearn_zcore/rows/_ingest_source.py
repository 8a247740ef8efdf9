"""Rows to be written to a store that no source of blocks reads: in memory, or in a stream."""

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.validation import _get_feature_names

from sklearn_zcore.rows._blocks import block_source
from sklearn_zcore.rows._pieces import Pieces, check_table, even_bounds, rows_of_block


class ArrayBlocks(Pieces):
    """Rows in memory."""

    def __init__(self, X: NDArray[Any], feature_names: Any = None) -> None:
        super().__init__(even_bounds(X.shape[0], X.shape[1] * X.itemsize), X.shape[1], X.dtype)
        self._X, self.feature_names = X, feature_names

    def part(self, piece: int) -> Pieces:
        """Return what a worker needs to read this piece."""
        first, end = self.bounds[piece : piece + 2].tolist()
        own = object.__new__(ArrayBlocks)
        vars(own).update(vars(self), _X=self._X[first:end], _first=first)
        return own

    def read(self, piece: int) -> Iterator[NDArray[Any]]:
        """Yield the one block of a piece."""
        first, end = self.bounds[piece : piece + 2] - getattr(self, "_first", 0)
        yield self._X[first:end]


class RowStream:
    """A generator of blocks of rows that says how many rows there will be, and shows its progress.

    Parameters
    ----------
    blocks : generator of ndarray of shape (n_rows, n_features)
    n_samples : int
        At most.
    """

    is_shown = True

    def __init__(self, blocks: Generator[NDArray[Any], None, None], n_samples: int) -> None:
        self._blocks, self.n_samples = blocks, n_samples

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return self

    def __next__(self) -> NDArray[Any]:
        return next(self._blocks)

    def close(self) -> None:
        """End the work."""
        self._blocks.close()


class StreamBlocks:
    """Blocks that can be read once, in order, joined to blocks of a useful size.

    Parameters
    ----------
    blocks : iterator of array-like of shape (n_rows, n_features)
        An attribute ``n_samples`` says how many rows there will be, at most, and ``is_shown`` that
        a progress bar of them is shown.
    """

    feature_names: Any = None

    def __init__(self, blocks: Iterator[Any]) -> None:
        self.n_expected: int | None = getattr(blocks, "n_samples", None)
        self.is_shown = bool(getattr(blocks, "is_shown", False))
        self._blocks = self._checked(blocks)
        first = next(self._blocks, None)
        if first is None:
            raise ValueError("X has no rows.")
        self._waiting = [first]
        self.shape, self.dtype = (-1, first.shape[1]), first.dtype

    def _checked(self, blocks: Iterator[Any]) -> Iterator[NDArray[Any]]:
        d: int | None = None
        for block in blocks:
            array = np.asarray(block)
            check_table("block", array.shape, array.dtype)
            if d is not None and array.shape[1] != d:
                raise ValueError(
                    f"The blocks of X have {d} and {array.shape[1]} features; all need as many."
                )
            d = array.shape[1]
            if array.shape[0]:
                yield array

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the rows in blocks of an even size."""
        size = rows_of_block(self.shape[1] * self.dtype.itemsize)
        waiting, n_waiting = self._waiting, self._waiting[0].shape[0]
        self._waiting = []
        for block in self._blocks:
            if not np.can_cast(block.dtype, self.dtype, "safe"):
                raise TypeError(
                    f"The blocks of X hold {self.dtype} and {block.dtype}; all need one type."
                )
            waiting.append(block)
            n_waiting += block.shape[0]
            while n_waiting >= size:
                joined = np.concatenate(waiting).astype(self.dtype, copy=False)
                yield joined[:size]
                waiting, n_waiting = [joined[size:]], n_waiting - size
        joined = np.concatenate(waiting).astype(self.dtype, copy=False)
        for first in range(0, n_waiting, size):
            yield joined[first : first + size]


def source_of(X: Any, columns: Sequence[str] | None) -> Any:
    """Return the blocks of whatever holds rows; of a stream, the number of rows is -1."""
    source = block_source(X, columns=columns)
    if source is not None:
        if not source.shape[0] or not source.shape[1]:
            raise ValueError(f"X has no rows, or no features: its shape is {source.shape}.")
        return source
    if hasattr(X, "__next__"):
        return StreamBlocks(X)
    if columns is not None:
        X = X[list(columns)]
    rows = check_array(X, dtype="numeric", ensure_all_finite=False, input_name="X")
    check_table("array", rows.shape, rows.dtype)
    return ArrayBlocks(rows, _get_feature_names(X))
