"""How well some rows cover others: the nearest of them, and the distance to it."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from sklearn_zcore.rows._source import is_beyond_float, rebased

_ROWS_AT_ONCE = 4096  # a big X must not be copied to float64


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

    lowest = points.min(axis=0) if is_beyond_float(points) else None
    points = rebased(points)
    points = points.astype(np.float64)
    # Squares of large numbers, such as timestamps, would drown the distances between them.
    centre = np.median(points, axis=0)
    points -= centre

    def measure(rows: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[Any]]:
        if lowest is not None:
            rows = rebased(rows, lowest)
        nearest, distance = pairwise_distances_argmin_min(rows - centre, points)
        return nearest, distance

    return measure


class _Rows(Protocol):
    @property
    def shape(self) -> tuple[int, int]: ...

    def take(self, rows: slice, /) -> NDArray[Any]: ...


def cover(source: _Rows, measure: Measure, *, rows_at_once: int = _ROWS_AT_ONCE) -> Coverage:
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
    n = source.shape[0]
    parts = [measure(source.take(rows)) for rows in gen_batches(n, rows_at_once)]
    nearest, distance = zip(*parts, strict=True)
    return Coverage(np.concatenate(nearest), np.concatenate(distance))
