"""Sparse rows: looked at without a dense copy."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import gen_batches

from sklearn_zcore.rows._pieces import is_block_source
from sklearn_zcore.rows._source import ArraySource, RowSource

_ROWS_AT_ONCE = 4096


class SparseSource:
    """Rows in a sparse matrix of scipy, by rows.

    Parameters
    ----------
    X : csr_matrix or csr_array of shape (n_samples, n_features)
        Only a reference is kept.
    """

    def __init__(self, X: Any) -> None:
        self.X = X

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n_samples, n_features)."""
        n, d = self.X.shape
        return n, d

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of the values."""
        dtype: np.dtype[Any] = self.X.dtype
        return dtype

    def blocks(self) -> Iterator[tuple[slice, Any]]:
        """Yield all rows in order, some at a time, with their numbers."""
        for block in gen_batches(self.shape[0], _ROWS_AT_ONCE):
            yield block, self.X[block]

    def take(self, rows: NDArray[np.integer[Any]] | slice) -> Any:
        """Return some rows, by number."""
        return self.X[rows]

    def columns(self, features: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Return some features of all rows: dense, of shape (n_columns, n_samples)."""
        return np.ascontiguousarray(self.X[:, features].toarray().T)


def source_of(rows: Any) -> RowSource:
    """Return where rows come from, dense or sparse; what is a source of blocks is that already."""
    if is_block_source(rows):
        return rows  # type: ignore[no-any-return]
    return SparseSource(rows) if issparse(rows) else ArraySource(rows)


def rows_equal(A: Any, B: Any) -> bool:
    """Return whether two arrays, dense or sparse, hold equal values."""
    return (A != B).nnz == 0 if issparse(A) else np.array_equal(A, B)


def square_norms(X: Any) -> NDArray[np.float64]:
    """Return the squared lengths of sparse rows, in float64."""
    squares = X.astype(np.float64).power(2).sum(axis=1)
    return np.asarray(squares, np.float64).ravel()


class ScaledSparseRows:
    """Some sparse rows as float32, divided by a scale: what `CentredRows` are for dense ones.

    Parameters
    ----------
    X : csr_matrix or csr_array of shape (n_rows, n_features)
    scale : float
    """

    def __init__(self, X: Any, scale: float) -> None:
        self._X = (X.astype(np.float64) / scale).astype(np.float32)
        self.shape = self._X.shape

    def __getitem__(self, index: Any) -> Any:
        """Return some of the rows, by slice, mask or numbers."""
        return self._X[index]

    def take(self, rows: Any) -> Any:
        """Return some of the rows, as a source of rows does."""
        return self._X[rows]
