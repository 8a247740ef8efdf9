"""How well some rows cover others: the nearest of them, and the distance to it."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import gen_batches

from sklearn_zcore.rows._source import RowSource, is_beyond_float, rebased

ROWS_AT_ONCE = 4096  # a big X must not be copied to float64
DISTANCES_AT_ONCE = 2**22  # 32 MB


class Coverage(NamedTuple):
    """What covers each row.

    Attributes
    ----------
    nearest : ndarray of shape (n_samples,), int
        Which of the points is nearest; ties go to the first.
    distance : ndarray of shape (n_samples,)
        How far it is.
    """

    nearest: NDArray[np.intp]
    distance: NDArray[Any]


Measure = Callable[[NDArray[Any]], tuple[NDArray[np.intp], NDArray[Any]]]


def euclidean_to(points: NDArray[Any]) -> Measure:
    """Return what finds the nearest of some points by Euclidean distance, in float64.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features)

    Returns
    -------
    callable
        Takes rows, returns which point is nearest to each, and how far it is.
    """
    from sklearn.metrics import pairwise_distances_argmin_min

    shift, points = _centred(points)

    def measure(rows: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[Any]]:
        nearest, distance = pairwise_distances_argmin_min(shift(rows), points)
        return nearest, distance

    return measure


def distances_to(points: NDArray[Any]) -> Callable[[NDArray[Any]], NDArray[np.float64]]:
    """Return what finds the Euclidean distances of rows to all of some points, in float64.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features)

    Returns
    -------
    callable
        Takes rows, returns an array of shape (n_rows, n_points).
    """
    from sklearn.metrics import euclidean_distances

    shift, points = _centred(points)
    return lambda rows: np.asarray(euclidean_distances(shift(rows), points))


def _centred(points: Any) -> tuple[Callable[[Any], Any], Any]:
    """Return points as float64 around 0, where that keeps zeros, and what does it to rows."""
    if issparse(points):
        return lambda rows: rows.astype(np.float64), points.astype(np.float64)
    lowest = points.min(axis=0) if is_beyond_float(points) else None
    points = rebased(points)
    points = points.astype(np.float64)
    # Squares of large numbers, such as timestamps, would drown the distances between them.
    centre = np.median(points, axis=0)
    points -= centre
    return lambda rows: (rows if lowest is None else rebased(rows, lowest)) - centre, points


class _Rows(Protocol):
    @property
    def shape(self) -> tuple[int, int]: ...

    def take(self, rows: slice, /) -> NDArray[Any]: ...


def cover(source: _Rows, measure: Measure, *, rows_at_once: int = ROWS_AT_ONCE) -> Coverage:
    """Find the nearest point of every row, some rows at a time.

    Parameters
    ----------
    source : RowSource or CentredRows
    measure : callable
        Such as `euclidean_to` returns.
    rows_at_once : int, default=4096

    Returns
    -------
    Coverage
    """
    batches = gen_batches(source.shape[0], rows_at_once)
    nearest, distance = zip(*(measure(source.take(rows)) for rows in batches), strict=True)
    return Coverage(np.concatenate(nearest), np.concatenate(distance))


def represented_by(
    source: RowSource, points: NDArray[np.intp], sample_weight: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """Return how many rows some of them are nearest to: their Voronoi weights.

    Parameters
    ----------
    source : RowSource
    points : ndarray of shape (n_points,), int
        Which of the rows.
    sample_weight : ndarray of shape (n_samples,) or None, default=None
        Weights of the rows; None counts each as 1.

    Returns
    -------
    ndarray of shape (n_points,)
        Sum of the weights of the rows that are nearest to each, by Euclidean distance: all
        together, the sum over all rows. A point is its own nearest, whatever its copies; other
        ties go to the first.
    """
    if not points.size:
        return np.empty(0)
    nearest = cover(source, euclidean_to(source.take(points))).nearest
    nearest[points] = np.arange(points.size)
    return np.bincount(nearest, sample_weight, minlength=points.size).astype(np.float64)


def saved_by(
    source: _Rows,
    points: NDArray[Any],
    n_before: int,
    sample_weight: NDArray[Any] | None = None,
) -> NDArray[np.float64]:
    """Return by how much each of some points, one after the other, brings the rows nearer to them.

    Parameters
    ----------
    source : RowSource
    points : ndarray of shape (n_points, n_features)
        In the order in which they come.
    n_before : int
        How many of them are there from the start.
    sample_weight : ndarray of shape (n_samples,) or None, default=None
        Weights of the rows; None counts each as 1.

    Returns
    -------
    ndarray of shape (n_points - n_before,)
        Sum over the rows of the Euclidean distances to the nearest point before less those with
        it. If none is there from the start, the first counts from the largest distance to it.
    """
    n_points, n = points.shape[0], source.shape[0]
    near, farthest = np.zeros(n_points), 0.0
    weights = np.ones(n) if sample_weight is None else sample_weight
    measure = distances_to(points)
    for rows in gen_batches(n, max(1, DISTANCES_AT_ONCE // max(1, n_points))):
        distances = measure(source.take(rows))
        farthest = max(farthest, float(distances[:, 0].max()))
        near += weights[rows] @ np.minimum.accumulate(distances, axis=1)
    return gains(near, n_before, weights.sum() * farthest)


def gains(near: NDArray[np.float64], n_before: int, most: float) -> NDArray[np.float64]:
    """Return by how much every sum of distances is less than the one before it.

    Parameters
    ----------
    near : ndarray of shape (n_points,)
        Sums of the distances to the nearest of ever more points.
    n_before : int
        How many of the points are there from the start.
    most : float
        What the first counts from, if none is.

    Returns
    -------
    ndarray of shape (n_points - n_before,)
    """
    return -np.diff(near[n_before:], prepend=near[n_before - 1] if n_before else most)
