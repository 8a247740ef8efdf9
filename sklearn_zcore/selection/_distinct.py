"""What a set of rows looks like to a selector that compares rows: distinct ones, on one scale."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from sklearn_zcore.selection._validation import row_chunks

_LARGEST_SPREAD = 1e37  # as for ZCore's arithmetic: the same rows are refused
_COLUMNS_AT_ONCE = 2**22  # values


def _centre(X: NDArray[Any]) -> tuple[NDArray[np.float64], float]:
    """Return every feature's median and the largest distance of a value from it.

    Raises
    ------
    ValueError
        If a feature spans too much for float32, or none varies.
    """
    n, d = X.shape
    median, largest = np.empty(d), 0.0
    for block in gen_batches(d, max(1, _COLUMNS_AT_ONCE // n)):
        columns = X[:, block].astype(np.float64)
        low, high = columns.min(axis=0), columns.max(axis=0)
        with np.errstate(over="ignore"):
            spread = high - low
        if not (spread <= _LARGEST_SPREAD).all():
            f = int(np.argmin(spread <= _LARGEST_SPREAD))
            raise ValueError(
                f"Feature {block.start + f} spans {spread[f]:.3g}, too wide for float32 "
                f"arithmetic: rescale it, e.g. with StandardScaler, or take its logarithm."
            )
        median[block] = np.median(columns, axis=0, overwrite_input=True)
        largest = max(largest, *(high - median[block]), *(median[block] - low))
    if largest == 0:
        raise ValueError(
            f"All {d} feature(s) of X are constant (n_features = {d}): "
            f"there is nothing to tell the rows apart by."
        )
    return median, largest


def _first_equal(X: NDArray[Any], fingerprints: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return the first of the rows that equal each row."""
    _, first, group, counts = np.unique(
        fingerprints, return_index=True, return_inverse=True, return_counts=True
    )
    several = np.flatnonzero(counts[group] > 1)
    for part in row_chunks(X[:1], several.size):
        rows = several[part]
        if not np.array_equal(X[rows], X[first[group[rows]]]):
            # Fingerprints of different rows agree: so rare that it may take its time.
            _, first, group = np.unique(X, axis=0, return_index=True, return_inverse=True)
            break
    return np.asarray(first[group.ravel()])


class DistinctRows:
    """The distinct rows of X that can still be selected, centred and on one scale.

    Copies are merged, so that none is chosen before every distinct row has been, and rounding
    cannot tell them apart.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Real and finite. Only a reference is kept.
    fingerprints : ndarray of shape (n_samples,), uint64
        Equal for equal rows.
    taken : ndarray of shape (n_samples,), bool
        Which rows have been selected before.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
    rows : ndarray of shape (n_distinct,), int
        Where each distinct row stands first in X. None of them equals a taken one.
    weights : ndarray of shape (n_distinct,), float32
        How many rows of X equal it.
    scale : float
        What values are divided by.

    Raises
    ------
    ValueError
        If a feature spans too much for float32, or none varies.
    """

    def __init__(
        self, X: NDArray[Any], fingerprints: NDArray[np.uint64], taken: NDArray[np.bool_]
    ) -> None:
        self.X = X
        self._median, self.scale = _centre(X)
        self._taken = taken
        self._first = _first_equal(X, fingerprints)
        free = np.ones(taken.size, bool)
        free[self._first[taken]] = False
        counts = np.bincount(self._first, minlength=taken.size)
        self.rows = np.flatnonzero((counts > 0) & free)
        self.weights = counts[self.rows].astype(np.float32)

    def values(self, order: NDArray[np.intp] | None = None) -> NDArray[np.float32]:
        """Return the features of the distinct rows, in an order of theirs.

        Shifted by the median in float64, so that timestamps and ids keep their digits, and
        divided by the largest value of all features, so that no square overflows.

        Parameters
        ----------
        order : ndarray of shape (n,), int, or None
            Positions in ``rows``; None is all, as they stand.

        Returns
        -------
        ndarray of shape (n, n_features), float32
        """
        return self._values_of(self.rows if order is None else self.rows[order])

    def taken_values(self) -> NDArray[np.float32]:
        """Return the same of the distinct rows that have been selected before."""
        return self._values_of(np.unique(self._first[self._taken]))

    def _values_of(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        values = np.empty((rows.size, self.X.shape[1]), np.float32)
        for chunk in row_chunks(values):
            shifted = self.X[rows[chunk]] - self._median
            values[chunk] = shifted / self.scale
        return values

    def ranking(self, order: NDArray[np.intp]) -> NDArray[np.intp]:
        """Rank all rows of X: distinct ones as ordered, second copies, third ones, taken ones.

        Parameters
        ----------
        order : ndarray of shape (n_distinct,), int
            Positions in ``rows``, from most to least valuable.

        Returns
        -------
        ndarray of shape (n_samples,), int
        """
        n = self._first.size
        place = np.full(n, n)  # of every distinct row; copies of taken ones come last
        place[self.rows[order]] = np.arange(order.size)
        by_group = np.lexsort((np.arange(n), self._taken, self._first))
        is_start = np.r_[True, np.diff(self._first[by_group]) > 0]
        starts = np.flatnonzero(is_start)
        number = np.empty(n, np.intp)  # which copy a row is
        number[by_group] = np.arange(n) - starts[np.cumsum(is_start) - 1]
        number += place[self._first] == n
        return np.lexsort((np.arange(n), place[self._first], number, self._taken))
