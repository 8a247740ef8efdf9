"""Where rows come from."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

_BLOCK_VALUES = 2**16  # half a MB at a time: what looks at all rows must not copy a big X


def row_blocks(n_samples: int, n_features: int) -> Iterator[slice]:
    """Cut rows into small pieces, none if there are none.

    Parameters
    ----------
    n_samples, n_features : int

    Yields
    ------
    slice
    """
    if n_samples:
        yield from gen_batches(n_samples, max(1, _BLOCK_VALUES // max(1, n_features)))


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """View an array, or what a process backend made of it, as read-only.

    Kernels are compiled once for each type of argument, and read-only arrays are a type.
    """
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


class RowSource(Protocol):
    """Rows of real, finite numbers, of which a part is looked at at a time.

    Attributes
    ----------
    shape : tuple of int
        (n_samples, n_features)
    dtype : dtype
    """

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n_samples, n_features)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of the values."""

    def blocks(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Yield all rows in order, some at a time, with their numbers."""

    def take(self, rows: NDArray[np.integer[Any]] | slice) -> NDArray[Any]:
        """Return some rows, by number."""

    def columns(self, features: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Return some features of all rows: of shape (n_columns, n_samples), contiguous."""


class ArraySource:
    """Rows in an array, in memory or mapped into it.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Only a reference is kept.
    """

    def __init__(self, X: NDArray[Any]) -> None:
        self.X = X

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n_samples, n_features)."""
        n, d = self.X.shape
        return n, d

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of the values."""
        return self.X.dtype

    def blocks(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Yield all rows in order, some at a time, with their numbers."""
        for block in row_blocks(*self.shape):
            yield block, self.X[block]

    def take(self, rows: NDArray[np.integer[Any]] | slice) -> NDArray[Any]:
        """Return some rows, by number."""
        return self.X[rows]

    def columns(self, features: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Return some features of all rows: of shape (n_columns, n_samples), contiguous."""
        X = self.X
        if X.dtype.itemsize > 8:  # long double: the kernel copies up to 8 bytes
            return np.ascontiguousarray(X[:, features].T)
        out = np.empty((features.size, X.shape[0]), X.dtype)
        gather_columns(X, features, np.arange(features.size), out)
        return out


def gather_columns(
    X: NDArray[Any],
    features: NDArray[np.integer[Any]],
    rows: NDArray[np.integer[Any]],
    out: NDArray[Any],
) -> None:
    """Copy columns of X into rows of ``out``, which has the same dtype.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Of at most 8 bytes a value.
    features, rows : ndarray of shape (n_columns,), int
        Which columns, and where each goes.
    out : ndarray of shape (n_rows, n_samples)
    """
    from sklearn_zcore.rows._kernels import copy_columns

    # As bits, so that the copy is compiled for item sizes rather than for dtypes.
    bits = f"u{X.dtype.itemsize}"
    columns, targets = frozen(features.astype(np.int64)), frozen(rows.astype(np.int64))
    copy_columns(frozen(X.view(bits)), columns, targets, out.view(bits))


# --- integers that float64 cannot tell apart ----------------------------------------------------

_EXACT = 2**53  # up to here float64 holds every integer


def is_beyond_float(X: NDArray[Any]) -> bool:
    """Return whether some integers of X would be rounded as float64."""
    if X.dtype.kind not in "iu" or X.dtype.itemsize < 8 or X.size == 0:
        return False
    return int(X.max()) > _EXACT or int(X.min()) < -_EXACT


def rebased(X: NDArray[Any], lowest: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return rows as float64 less the smallest of every feature, where they would be rounded.

    Nanoseconds since 1970, and ids: as float64 they are multiples of 256, say. What matters are
    their differences, and these are taken as integers. All other rows are returned as they are.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    lowest : ndarray of shape (n_features,) or None, default=None
        Integers to subtract; None is the smallest of X.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
    """
    if lowest is None:
        if not is_beyond_float(X):
            return X
        lowest = X.min(axis=0)
    if X.dtype.kind == "f":
        return X - lowest.astype(np.float64)
    # Differences of 64-bit integers need 64 bits and a sign: up from the smallest, none is needed.
    # Rows below it, which may be asked for later, are taken down from it.
    unsigned, base = X.astype(np.uint64), lowest.astype(np.uint64)
    above = (X >= lowest).astype(bool)
    with np.errstate(over="ignore"):
        up, down = unsigned - base, base - unsigned
    return np.where(above, up.astype(np.float64), -(down.astype(np.float64)))
