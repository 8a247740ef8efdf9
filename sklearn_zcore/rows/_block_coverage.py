"""How well some rows cover rows that stay where they are."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from sklearn_zcore.rows._coverage import (
    DISTANCES_AT_ONCE,
    ROWS_AT_ONCE,
    Coverage,
    distances_to,
    euclidean_to,
    gains,
)
from sklearn_zcore.rows._pieces import BlockSource
from sklearn_zcore.rows._statistics import NotFinite, UnusableRows

Compared = Callable[[NDArray[Any]], NDArray[Any]]


class _Covered(NamedTuple):
    nearest: NDArray[np.int32]
    distance: NDArray[Any]
    not_finite: NotFinite | None
    unusable: UnusableRows | None


@dataclass(frozen=True)
class _Cover:
    """Find the nearest of some points to every row of a block."""

    points: NDArray[Any]
    compared: Compared | None

    def __call__(self, block: NDArray[Any], first: int) -> _Covered:
        n = block.shape[0]
        nearest, distance = np.empty(n, np.int32), np.empty(n)
        not_finite = NotFinite.of(block, first)
        if not_finite is not None:
            return _Covered(nearest[:0], distance[:0], not_finite, None)
        try:
            rows = block if self.compared is None else self.compared(block)
        except UnusableRows as error:
            return _Covered(nearest[:0], distance[:0], None, error.with_traceback(None))
        measure = euclidean_to(self.points)
        for some in gen_batches(n, ROWS_AT_ONCE):
            nearest[some], distance[some] = measure(rows[some])
        return _Covered(nearest, distance, None, None)


def cover_blocks(
    source: BlockSource,
    points: NDArray[Any],
    *,
    owner: str,
    feature_names: NDArray[Any] | None = None,
    compared: Compared | None = None,
    n_jobs: int | None = None,
) -> Coverage:
    """Find the nearest point of every row by Euclidean distance, where the rows are.

    Parameters
    ----------
    source : BlockSource
    points : ndarray of shape (n_points, n_features)
        As they are compared.
    owner : str
        Name of the estimator, for messages.
    feature_names : ndarray of shape (n_features,) or None, default=None
    compared : callable or None, default=None
        Makes of rows what is compared.
    n_jobs : int or None, default=None

    Returns
    -------
    Coverage

    Raises
    ------
    ValueError
        If there are NaN or infinite values: how many, and the first one's row and column; if rows
        cannot be compared.
    """
    n = source.shape[0]
    found = Coverage(np.empty(n, np.intp), np.empty(n))
    bad, unusable = [], []
    for rows, block in source.map(_Cover(points, compared), n_jobs=n_jobs):
        bad.append(block.not_finite)
        unusable.append((rows.start, block.unusable))
        if block.nearest.size:
            found.nearest[rows], found.distance[rows] = block.nearest, block.distance
    NotFinite.refuse(bad, feature_names, owner)
    UnusableRows.refuse(unusable)
    return found


@dataclass(frozen=True)
class _Saved:
    """Sum the distances of the rows of a block to the nearest of ever more points."""

    points: NDArray[Any]
    compared: Compared | None
    weights: NDArray[np.float64]
    first: int = 0

    def part(self, first: int, end: int) -> "_Saved":
        own = self.weights[first - self.first : end - self.first]
        return replace(self, weights=own, first=first)

    def __call__(self, block: NDArray[Any], first: int) -> tuple[NDArray[np.float64], float]:
        measure, near, farthest = distances_to(self.points), np.zeros(self.points.shape[0]), 0.0
        weights = self.weights[first - self.first :]
        for rows in gen_batches(block.shape[0], max(1, DISTANCES_AT_ONCE // near.size)):
            some = block[rows] if self.compared is None else self.compared(block[rows])
            distances = measure(some)
            farthest = max(farthest, float(distances[:, 0].max()))
            near += weights[rows] @ np.minimum.accumulate(distances, axis=1)
        return near, farthest


def saved_by_blocks(
    source: BlockSource,
    points: NDArray[Any],
    n_before: int,
    sample_weight: NDArray[Any] | None = None,
    *,
    compared: Compared | None = None,
    n_jobs: int | None = None,
) -> NDArray[np.float64]:
    """Return by how much each of some points brings the rows nearer to them, where the rows are.

    Parameters
    ----------
    source : BlockSource
    points : ndarray of shape (n_points, n_features)
        In the order in which they come, as they are compared.
    n_before : int
        How many of them are there from the start.
    sample_weight : ndarray of shape (n_samples,) or None, default=None
    compared : callable or None, default=None
        Makes of rows what is compared.
    n_jobs : int or None, default=None

    Returns
    -------
    ndarray of shape (n_points - n_before,)
        See `saved_by`.
    """
    weights = np.ones(source.shape[0]) if sample_weight is None else sample_weight
    near, farthest = np.zeros(points.shape[0]), 0.0
    for _, (own, far) in source.map(_Saved(points, compared, weights), n_jobs=n_jobs):
        near, farthest = near + own, max(farthest, far)
    return gains(near, n_before, weights.sum() * farthest)
