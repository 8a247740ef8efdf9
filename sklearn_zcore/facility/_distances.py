"""Distances between rows, in float32."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from joblib import delayed
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import gen_batches

from sklearn_zcore._blas import one_blas_thread
from sklearn_zcore._parallel import in_order
from sklearn_zcore.facility._kernels import (
    add_mean_differences,
    mend_near,
    write_manhattan,
    write_manhattan_among,
)
from sklearn_zcore.rows import CentredRows, cover, frozen, source_of, square_norms

Metric = Literal["euclidean", "manhattan"]
Floats = NDArray[np.float32]

_BLOCK_VALUES = 2**22  # 16 MB of distances at a time
_ROWS_AT_ONCE = 4096
_NOTHING = 1e-12  # a mean distance that is but rounding, as a share of the largest
_SHARE_LOST = np.float32(1e-5)  # of the rows' squares: a hundred times the rounding errors


@dataclass(frozen=True)
class Rows:
    """Some rows and what they stand for.

    Attributes
    ----------
    X : ndarray or CentredRows of shape (n_rows, n_features), float32
    weights : ndarray of shape (n_rows,), float32
        How many rows of the data each stands for.
    near : ndarray of shape (n_rows,), float32, or None
        Distance of each to the nearest row that had been selected before.
    scale : ndarray of shape (n_rows,), float32, or None
        What a distance is multiplied by, for either of its rows.
    """

    X: Floats | CentredRows
    weights: Floats
    near: Floats | None = None
    scale: Floats | None = None

    def take(self, rows: Any) -> "Rows":
        """Return some of them, by slice, mask or numbers; their X is an array."""
        near = None if self.near is None else self.near[rows]
        scale = None if self.scale is None else self.scale[rows]
        return Rows(self.X[rows], self.weights[rows], near, scale)


def cross_distances(A: Floats, B: Floats, metric: Metric, *, mend: bool = True) -> Floats:
    """Return the distances of the rows of A to those of B.

    Euclidean ones come from one matrix product of centred rows. It leaves errors of about 1e-7 of
    the rows' squares, so that distances that are small beside these are worked out anew, from
    differences: what is left cannot move a choice, however far clusters lie apart.

    Parameters
    ----------
    A : ndarray of shape (n_a, n_features), float32
    B : ndarray of shape (n_b, n_features), float32
    metric : {"euclidean", "manhattan"}
    mend : bool, default=True
        Whether to work out small distances anew; means over many rows need none of it.

    Returns
    -------
    ndarray of shape (n_a, n_b), float32
    """
    if metric == "manhattan":
        out = np.empty((A.shape[0], B.shape[0]), np.float32)
        write_manhattan(np.ascontiguousarray(A), np.ascontiguousarray(B.T), out)
        return out
    if issparse(A):
        return _sparse_distances(A, B)
    centre = B.mean(axis=0)
    A, B = A - centre, B - centre
    squares_a, squares_b = np.einsum("ij,ij->i", A, A), np.einsum("ij,ij->i", B, B)
    squares = _square_distances(A, B, squares_a, squares_b)
    if mend:
        mend_near(frozen(A), frozen(B), squares_a, squares_b, _SHARE_LOST, squares)
    np.maximum(squares, 0, out=squares)
    return np.sqrt(squares, out=squares)


def _sparse_distances(A: Any, B: Any) -> Floats:
    """Return Euclidean distances of sparse rows; a product of theirs is short of no shift."""
    squares = np.asarray((A @ B.T).toarray(), np.float32)
    squares *= -2
    squares += square_norms(A).astype(np.float32)[:, None]
    squares += square_norms(B).astype(np.float32)
    np.maximum(squares, 0, out=squares)
    return np.asarray(np.sqrt(squares, out=squares))


def _square_distances(A: Floats, B: Floats, squares_a: Floats, squares_b: Floats) -> Floats:
    squares: Floats = A @ B.T
    squares *= -2
    squares += squares_a[:, None]
    squares += squares_b
    return squares


def square_distances_from(X: Floats, squares: Floats, row: int) -> Floats:
    """Return the squared Euclidean distances of all rows of X to one of them.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), float32
    squares : ndarray of shape (n_samples,), float32
        Sums of squares of the rows of X.
    row : int

    Returns
    -------
    ndarray of shape (n_samples,), float32
    """
    one = slice(row, row + 1)
    found: Floats = squares - 2 * (X @ X[row]) + squares[row]
    mend_near(frozen(X), frozen(X[one]), squares, squares[one], _SHARE_LOST, found[:, None])
    return found


def scaled_distances(rows: Rows, others: Rows, metric: Metric) -> Floats:
    """Return the distances between rows, multiplied by the scales of both.

    Parameters
    ----------
    rows, others : Rows
    metric : {"euclidean", "manhattan"}

    Returns
    -------
    ndarray of shape (n_rows, n_others), float32
    """
    distances = cross_distances(rows.X[:], others.X[:], metric)
    _multiply(distances, rows.scale, others.scale)
    return distances


def _multiply(distances: Floats, scale: Floats | None, others: Floats | None) -> None:
    """Multiply distances by the scales of both their rows, in place."""
    if scale is not None and others is not None:
        distances *= scale[:, None]
        distances *= others


def distance_matrix(rows: Rows, metric: Metric) -> Floats:
    """Return the scaled distances between all rows, with zeros on the diagonal.

    Parameters
    ----------
    rows : Rows
    metric : {"euclidean", "manhattan"}

    Returns
    -------
    ndarray of shape (n_rows, n_rows), float32
    """
    if metric == "manhattan":
        X = np.ascontiguousarray(rows.X[:])
        distances = np.empty((X.shape[0], X.shape[0]), np.float32)
        write_manhattan_among(X, np.ascontiguousarray(X.T), distances)
        _multiply(distances, rows.scale, rows.scale)
    else:
        distances = scaled_distances(rows, rows, metric)
    np.fill_diagonal(distances, 0)
    return distances


def hub_scale(
    X: Floats | CentredRows, sample: Floats, weights: Floats, metric: Metric, n_jobs: int | None
) -> Floats:
    """Return the scale that makes all rows equally near to the others on average.

    It is the mean distance to the sample, to the power of -1/2: a distance is divided by the
    geometric mean of both rows' mean distances.

    Parameters
    ----------
    X : ndarray or CentredRows of shape (n_samples, n_features), float32
    sample : ndarray of shape (n_sampled, n_features), float32
    weights : ndarray of shape (n_sampled,), float32
        How many rows each of the sample stands for.
    metric : {"euclidean", "manhattan"}
    n_jobs : int or None

    Returns
    -------
    ndarray of shape (n_samples,), float32
    """
    if metric == "manhattan":
        along = [_Along.feature(values, weights) for values in sample.T]
        batches = gen_batches(X.shape[0], max(1, _BLOCK_VALUES // sample.shape[1]))
        calls = (delayed(_mean_differences)(X[rows], along) for rows in batches)
    else:
        batches = gen_batches(X.shape[0], max(1, _BLOCK_VALUES // sample.shape[0]))
        calls = (delayed(_mean_distances)(X[rows], sample, weights, metric) for rows in batches)
    mean = np.concatenate(list(in_order(calls, n_jobs=n_jobs, prefer="threads")))
    mean[mean <= _NOTHING * mean.max()] = 1
    return np.asarray(1 / np.sqrt(mean), np.float32)


class _Along(NamedTuple):
    """The sample along one feature, see `add_mean_differences`."""

    values: Floats
    below: NDArray[np.float64]
    sums: NDArray[np.float64]

    @classmethod
    def feature(cls, values: Floats, weights: Floats) -> "_Along":
        """Return it for the values of one feature."""
        order = np.argsort(values)
        share = weights[order].astype(np.float64) / weights.sum(dtype=np.float64)
        size = 2 ** int(values.size).bit_length() - 1
        more = (0, size - values.size)
        below, sums = np.cumsum(share), np.cumsum(share * values[order])
        below /= below[-1]
        return cls(
            np.pad(values[order], more, constant_values=np.inf),
            np.pad(np.r_[0, below], more, mode="edge"),
            np.pad(np.r_[0, sums], more, mode="edge"),
        )


def _mean_differences(X: Floats, along: list[_Along]) -> NDArray[np.float64]:
    """Return mean L1 distances to a sample: the sum over features of a mean that is one's own.

    What takes a look at the whole sample in other metrics takes a search in its sorted values here.
    """
    mean = np.zeros(X.shape[0])
    for rows in gen_batches(X.shape[0], _ROWS_AT_ONCE):
        columns = np.ascontiguousarray(X[rows].T)
        for column, (values, below, sums) in zip(columns, along, strict=True):
            add_mean_differences(column, values, below, sums, mean[rows])
    return mean


def _mean_distances(X: Floats, sample: Floats, weights: Floats, metric: Metric) -> Floats:
    with one_blas_thread():
        return np.asarray(
            cross_distances(X, sample, metric, mend=False) @ (weights / weights.sum())
        )


def distance_to_nearest(
    X: Floats | CentredRows, others: Floats, metric: Metric, scale: Floats | None = None
) -> Floats:
    """Return every row's distance to the nearest of some other rows.

    Parameters
    ----------
    X : ndarray or CentredRows of shape (n_samples, n_features), float32
    others : ndarray of shape (n_others, n_features), float32
        At least one.
    metric : {"euclidean", "manhattan"}
    scale : ndarray of shape (n_others,), float32, or None
        What the distances from the others are multiplied by.

    Returns
    -------
    ndarray of shape (n_samples,), float32
    """
    side = int(_BLOCK_VALUES**0.5)

    def measure(rows: Floats) -> tuple[NDArray[np.intp], Floats]:
        nearest = np.zeros(rows.shape[0], np.intp)
        near = np.full(rows.shape[0], np.inf, np.float32)
        for columns in gen_batches(others.shape[0], side):
            block: NDArray[Any] = cross_distances(rows, others[columns], metric)
            if scale is not None:
                block *= scale[columns]
            closer = block.min(axis=1) < near
            nearest[closer] = columns.start + block[closer].argmin(axis=1)
            np.minimum(near, block.min(axis=1), out=near)
        return nearest, near

    source = source_of(X) if isinstance(X, np.ndarray) or issparse(X) else X
    return cover(source, measure, rows_at_once=side).distance
