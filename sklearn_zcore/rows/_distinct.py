"""What a set of rows looks like to a selector that compares rows: distinct ones, on one scale."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.rows._source import ArraySource, RowSource, row_blocks
from sklearn_zcore.rows._sparse import ScaledSparseRows, SparseSource, rows_equal
from sklearn_zcore.rows._statistics import feature_ranges, refuse_constant

Floats = NDArray[np.float32]
_SAFE = 1e15  # sums of squares of such values are float32, too


def first_equal(source: RowSource, hashes: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return the first of the rows that equal each row.

    Parameters
    ----------
    source : RowSource
    hashes : ndarray of shape (n_samples,), uint64
        Fingerprints: equal for equal rows.

    Returns
    -------
    ndarray of shape (n_samples,), int
    """
    _, first, group, counts = np.unique(
        hashes, return_index=True, return_inverse=True, return_counts=True
    )
    several = np.flatnonzero(counts[group] > 1)
    is_sparse = isinstance(source, SparseSource)
    for part in row_blocks(several.size, 64 if is_sparse else source.shape[1]):
        rows = several[part]
        if not rows_equal(source.take(rows), source.take(first[group[rows]])):
            # Fingerprints of different rows agree: so rare that it may take its time.
            X: Any = source.take(slice(None))
            X = X.toarray() if is_sparse else X
            _, first, group = np.unique(X, axis=0, return_index=True, return_inverse=True)
            break
    return np.asarray(first[group.ravel()])


class CentredRows:
    """Some rows, shifted and scaled to float32: copied once, or worked out where they are.

    Shifted by the median in float64, so that timestamps and ids keep their digits, and divided by
    the largest value of all features, so that no square overflows.

    Parameters
    ----------
    source : RowSource
    rows : ndarray of shape (n_rows,), int
        Which rows, in which order.
    median : ndarray of shape (n_features,), float64
    scale : float
    copy : bool, default=True
        Whether to keep a copy of them: for rows that are read more than once. Rows of float32
        whose medians are all 0 are read where they are, whatever it says.
    """

    def __init__(
        self,
        source: RowSource,
        rows: NDArray[np.intp],
        median: NDArray[np.float64],
        scale: float,
        *,
        copy: bool = True,
    ) -> None:
        self.shape = (rows.size, source.shape[1])
        self._source, self._rows, self._median, self._scale = source, rows, median, scale
        self._as_they_are = source.dtype == np.float32 and not median.any()
        self._copy: Floats | None = None
        if copy and not self._as_they_are:
            values = np.empty(self.shape, np.float32)
            for block in row_blocks(*self.shape):
                values[block] = self._work_out(rows[block])
            self._copy = values

    def _work_out(self, rows: NDArray[np.intp]) -> Floats:
        if self._as_they_are:
            # The scale is one of the values: dividing in float32 gives the bits of dividing in
            # float64 and rounding then.
            return np.asarray(self._source.take(rows) / np.float32(self._scale))
        shifted = self._source.take(rows) - self._median
        return np.asarray(shifted / self._scale, np.float32)

    def __getitem__(self, index: Any) -> Floats:
        """Return some of the rows, by slice, mask or numbers."""
        if self._copy is not None:
            return np.asarray(self._copy[index])
        return self._work_out(self._rows[index])

    def matrix(self) -> tuple[Floats, float]:
        """Return all of the rows as one array, and what it is still to be divided by.

        That is not 1 where rows are float32 in memory, all of them wanted, and need no shift: then
        the array is theirs.
        """
        if (
            self._as_they_are
            and isinstance(self._source, ArraySource)
            and self.shape == self._source.shape
            and np.array_equal(self._rows, np.arange(self._rows.size))
            and 1 / _SAFE < self._scale < _SAFE
        ):
            return self._source.X, self._scale
        return self[:], 1.0

    def take(self, rows: Any) -> Floats:
        """Return some of the rows, as a source of rows does."""
        return self[rows]


class DistinctRows:
    """The distinct rows of X that can still be selected, centred and on one scale.

    Copies are merged, so that none is chosen before every distinct row has been, and rounding
    cannot tell them apart.

    Parameters
    ----------
    source : RowSource
        Real and finite. Only a reference is kept.
    hashes : ndarray of shape (n_samples,), uint64
        Fingerprints: equal for equal rows.
    taken : ndarray of int
        Numbers of the rows that have been selected before.
    sample_weight : ndarray of shape (n_samples,) or None, default=None
        As how many rows each counts.

    Attributes
    ----------
    rows : ndarray of shape (n_distinct,), int
        Where each distinct row stands first in X. None of them equals a taken one.
    weights : ndarray of shape (n_distinct,), float32
        How many rows of X equal it, or the sum of their weights.
    taken_rows : ndarray of shape (n_distinct_taken,), int
        Where each distinct row that has been selected before stands first in X.
    taken_weights : ndarray of shape (n_distinct_taken,), float32
        As how many rows each of them counts.
    taken_counts : ndarray of shape (n_distinct_taken,), int
        How many of the rows that have been selected before equal it.
    scale : float
        What values are divided by.

    Raises
    ------
    ValueError
        If a feature spans too much for float32, or none varies.
    """

    def __init__(
        self,
        source: RowSource,
        hashes: NDArray[np.uint64],
        taken: NDArray[np.intp],
        sample_weight: NDArray[np.float64] | None = None,
    ) -> None:
        n = source.shape[0]
        if sample_weight is not None and not 2.0**-20 <= sample_weight.max() <= 2.0**40:
            # Sums of them must fit a float32, and a power of two changes no digit.
            sample_weight = np.ldexp(sample_weight, -int(np.frexp(sample_weight.max())[1]))
        self.source = source
        if isinstance(source, SparseSource):
            self._median = np.empty(0)  # a shift would leave no zeros
            self.scale = float(np.abs(source.X.data).max(initial=0))
            if (hashes == hashes[0]).all():
                refuse_constant(source.shape[1])
            if not self.scale <= 1e37:
                raise ValueError(
                    f"X holds values up to {self.scale:.3g}, too wide for float32 arithmetic: "
                    f"rescale its features, e.g. with MaxAbsScaler."
                )
        else:
            self._median, low, high = feature_ranges(source, sample_weight)
            self.scale = float(np.maximum(high - self._median, self._median - low).max())
        self._taken = np.zeros(n, bool)
        self._taken[taken] = True
        self._first = first_equal(source, hashes)
        free = np.ones(n, bool)
        free[self._first[self._taken]] = False
        counts = np.bincount(self._first, minlength=n)
        self.rows = np.flatnonzero((counts > 0) & free)
        weights = np.bincount(self._first, sample_weight, minlength=n)
        self.weights = weights[self.rows].astype(np.float32)
        self.taken_rows, self.taken_counts = np.unique(self._first[taken], return_counts=True)
        self.taken_weights = weights[self.taken_rows].astype(np.float32)

    def values(self, order: NDArray[np.intp] | None = None, *, copy: bool = True) -> Any:
        """Return the features of the distinct rows, in an order of theirs.

        Parameters
        ----------
        order : ndarray of shape (n,), int, or None
            Positions in ``rows``; None is all, as they stand.
        copy : bool, default=True
            See `CentredRows`.

        Returns
        -------
        CentredRows or ScaledSparseRows of shape (n, n_features)
        """
        rows = self.rows if order is None else self.rows[order]
        return self._values_of(self.source, rows, copy)

    def taken_values(self) -> Any:
        """Return the same of the distinct rows that have been selected before."""
        return self._values_of(self.source, self.taken_rows, copy=False)[:]

    def values_of_others(self, others: RowSource) -> Any:
        """Return other rows than those of X, shifted and scaled as these are."""
        return self._values_of(others, np.arange(others.shape[0]), copy=False)[:]

    def _values_of(self, source: RowSource, rows: NDArray[np.intp], copy: bool) -> Any:
        if isinstance(source, SparseSource):
            return ScaledSparseRows(source.take(rows), self.scale)
        return CentredRows(source, rows, self._median, self.scale, copy=copy)

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
        return rank_with_copies(self.rows[order], self._first, self._taken)


def rank_with_copies(
    ordered: NDArray[np.intp], first: NDArray[np.intp], is_taken: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Rank all rows: distinct ones as ordered, second copies, third ones, taken ones.

    Parameters
    ----------
    ordered : ndarray of shape (n_distinct,), int
        The distinct rows that can be selected, from most to least valuable.
    first : ndarray of shape (n_samples,), int
        The first of the rows that equal each row.
    is_taken : ndarray of shape (n_samples,), bool
        Which rows have been selected before.

    Returns
    -------
    ndarray of shape (n_samples,), int
    """
    n = first.size
    place = np.full(n, n)  # of every distinct row; copies of taken ones come last
    place[ordered] = np.arange(ordered.size)
    by_group = np.lexsort((np.arange(n), is_taken, first))
    is_start = np.r_[True, np.diff(first[by_group]) > 0]
    starts = np.flatnonzero(is_start)
    number = np.empty(n, np.intp)  # which copy a row is
    number[by_group] = np.arange(n) - starts[np.cumsum(is_start) - 1]
    number += place[first] == n
    return np.lexsort((np.arange(n), place[first], number, is_taken))
