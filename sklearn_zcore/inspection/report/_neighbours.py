"""Rows that are nearly the same, and rows that are far from all others."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils import gen_batches

from sklearn_zcore.inspection.report._coverage import (
    Space,
    exact_distances,
    largest,
    squared_distances,
)
from sklearn_zcore.inspection.report._hashing import near_pairs
from sklearn_zcore.rows import row_blocks

Rows = NDArray[np.intp]

_ALL_PAIRS_COST = 8e10  # multiplications: some seconds on two cores
_N_QUERIES = 250  # rows whose neighbours are found where not all can be
_AT_ONCE = 8192  # rows that they are compared with at once
_PAIRS_AT_ONCE = 2**21
NEAR = 0.1  # of the median distance between neighbours
_FAR = 3.0  # interquartile ranges above the third quartile


class Neighbours(NamedTuple):
    """How far rows are from the nearest other row.

    Attributes
    ----------
    distinct : ndarray of shape (n_distinct,), int
        The first of every set of equal rows.
    rows : ndarray of shape (n_rows,), int
        Those of them that were looked at: all, or a random sample.
    distance : ndarray of shape (n_rows,)
        From each to the nearest row that is not equal.
    is_complete : bool
        Whether all were looked at.
    """

    distinct: Rows
    rows: Rows
    distance: NDArray[np.float64]
    is_complete: bool


def measure_neighbours(space: Space, first: Rows) -> Neighbours:
    """Find the distance to the nearest other row, for all rows or a sample.

    Parameters
    ----------
    space : Space
    first : ndarray of shape (n_samples,), int
        The first of the rows that equal each row.

    Returns
    -------
    Neighbours
    """
    distinct = np.unique(first)
    if distinct.size < 2:
        return Neighbours(distinct, distinct[:0], np.empty(0), True)
    if float(distinct.size) ** 2 * space.X.shape[1] <= _ALL_PAIRS_COST:
        return Neighbours(distinct, distinct, _all_nearest(space.X[distinct]), True)
    rows = np.sort(space.rng.choice(distinct, min(distinct.size, _N_QUERIES), replace=False))
    distance = nearest_others(space, rows, first)
    return Neighbours(distinct, rows, distance, False)


def _centred(X: NDArray[Any]) -> NDArray[np.float64]:
    """Shift rows by their median, so that squares of large numbers drown no distance."""
    shifted = X.astype(np.float64)
    shifted -= np.median(shifted, axis=0)
    return shifted


def _all_nearest(X: NDArray[Any]) -> NDArray[np.float64]:
    from sklearn.neighbors import NearestNeighbors

    shifted = _centred(X)
    found = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(shifted)
    both = found.kneighbors(shifted, return_distance=False)
    itself = np.arange(X.shape[0])
    # Rounding may put a near row before the row itself.
    other = np.where(both[:, 0] == itself, both[:, 1], both[:, 0])
    return exact_distances(X, X, other)


def nearest_others(space: Space, rows: Rows, first: Rows) -> NDArray[np.float64]:
    """Return the distance of some rows to the nearest of all rows that is not equal.

    Parameters
    ----------
    space : Space
    rows : ndarray of shape (n_rows,), int
    first : ndarray of shape (n_samples,), int

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    queries = space.X[rows]
    best = np.full(rows.size, np.inf)
    place = np.zeros(rows.size, np.intp)
    for block in gen_batches(space.n_samples, _AT_ONCE):
        found = squared_distances(space.X[block], queries)
        found[first[block][:, None] == first[rows]] = np.inf
        nearest = found.argmin(axis=0)
        value = found[nearest, np.arange(rows.size)]
        better = value < best
        best[better], place[better] = value[better], nearest[better] + block.start
    return exact_distances(queries, space.X[place], np.arange(rows.size))


class Repeats(NamedTuple):
    """Groups of rows that are nearly the same.

    Attributes
    ----------
    threshold : float
    is_complete : bool
        Whether all pairs of rows were compared; otherwise nearly all near ones were found.
    groups : list of ndarray of int
        The largest first; rows in order.
    """

    threshold: float
    is_complete: bool
    groups: list[Rows]


def default_threshold(neighbours: Neighbours) -> float:
    """Return a tenth of the median distance of a row to the nearest that is not equal."""
    return NEAR * float(np.median(neighbours.distance)) if neighbours.distance.size else 0.0


def find_repeats(space: Space, first: Rows, neighbours: Neighbours, threshold: float) -> Repeats:
    """Group rows that are equal, or nearer than a threshold to one of their group.

    Parameters
    ----------
    space : Space
    first : ndarray of shape (n_samples,), int
        The first of the rows that equal each row.
    neighbours : Neighbours
    threshold : float

    Returns
    -------
    Repeats
    """
    label = first.copy()
    if neighbours.is_complete:
        close = neighbours.rows[neighbours.distance <= threshold]
        a, b = _pairs_of(space.X[close], threshold)
    else:
        close = neighbours.distinct
        a, b = near_pairs(space.X, close, threshold, space.rng)
    if a.size:
        _, group = _components(a, b, close.size)
        head = np.full(close.size, space.n_samples)
        np.minimum.at(head, group, close)
        at = np.full(space.n_samples, -1)
        at[close] = head[group]
        label = np.where(at[first] >= 0, at[first], first)
    size = np.bincount(label, minlength=space.n_samples)
    inside = np.flatnonzero(size[label] > 1)
    inside = inside[np.argsort(label[inside], kind="stable")]
    starts = np.flatnonzero(np.diff(label[inside], prepend=-1))
    groups = np.split(inside, starts[1:]) if inside.size else []
    groups.sort(key=lambda rows: (-rows.size, rows[0]))
    return Repeats(threshold, neighbours.is_complete, groups)


def _components(a: Rows, b: Rows, n: int) -> tuple[int, Rows]:
    graph = coo_array((np.ones(a.size, bool), (a, b)), shape=(n, n))
    count, labels = connected_components(graph, directed=False)
    return int(count), labels


def _pairs_of(X: NDArray[Any], threshold: float) -> tuple[Rows, Rows]:
    """Return pairs that join all rows within the threshold of each other, not all such pairs."""
    n = X.shape[0]
    heads = members = np.empty(0, np.intp)
    if n < 2:
        return heads, members
    shifted, limit = _centred(X), threshold**2
    # Products round; what is this near to the threshold is measured again, by subtraction.
    slack = 1e-12 * float(np.einsum("ij,ij->i", shifted, shifted).max())
    for block in gen_batches(n, max(1, _PAIRS_AT_ONCE // n)):
        squares = euclidean_distances(shifted[block], shifted, squared=True)
        a, b = np.nonzero(squares <= limit + slack)
        unsure = squares[a, b] > limit - slack
        a = a + block.start
        near = np.ones(a.size, bool)
        near[unsure] = _measure(X, a[unsure], b[unsure]) <= threshold
        # All pairs of a dense heap would fill the memory: keep one edge for each of its rows.
        a, b = np.concatenate([heads, a[near]]), np.concatenate([members, b[near]])
        _, group = _components(a, b, n)
        head = np.full(n, n)
        np.minimum.at(head, group, np.arange(n))
        members = np.flatnonzero(head[group] < np.arange(n))
        heads = head[group][members]
    return heads, members


def _measure(X: NDArray[Any], a: Rows, b: Rows) -> NDArray[np.float64]:
    """Return the distance of pairs of rows, some at a time."""
    distance = np.empty(a.size)
    for part in row_blocks(a.size, X.shape[1]):
        one = X[a[part]]
        distance[part] = exact_distances(one, X[b[part]], np.arange(one.shape[0]))
    return distance


class Outliers(NamedTuple):
    """Rows far from all others.

    Attributes
    ----------
    threshold : float
    rows : ndarray of shape (n_outliers,), int
        The farthest first.
    distance : ndarray of shape (n_outliers,)
        To the nearest other row.
    is_complete : bool
        Whether no other row can be beyond the threshold.
    """

    threshold: float
    rows: Rows
    distance: NDArray[np.float64]
    is_complete: bool


def find_outliers(
    space: Space,
    first: Rows,
    neighbours: Neighbours,
    bounds: NDArray[np.float64] | None,
    anchors: Rows,
) -> Outliers:
    """Find rows whose nearest other row is farther than that of nearly all others.

    Farther than the third quartile of these distances and three times the range between the
    quartiles: what Tukey calls far out. A row that has a copy is no outlier.

    Parameters
    ----------
    space : Space
    first : ndarray of shape (n_samples,), int
    neighbours : Neighbours
    bounds : ndarray of shape (n_samples,) or None
        Upper bounds of the distance to the nearest other row; not needed where ``neighbours`` are
        complete.
    anchors : ndarray of int
        Rows that the bounds say nothing of.

    Returns
    -------
    Outliers
    """
    if not neighbours.distance.size:
        return Outliers(0.0, neighbours.rows, neighbours.distance, True)
    lower, upper = np.percentile(neighbours.distance, [25, 75])
    threshold = float(upper + _FAR * (upper - lower))
    rows, distance, beyond = neighbours.rows, neighbours.distance, -np.inf
    copies = np.bincount(first, minlength=space.n_samples)
    if not neighbours.is_complete and bounds is not None:
        bounds = bounds.copy()
        bounds[anchors] = _between(space, anchors)
        bounds[copies[first] > 1] = 0
        rows, beyond = largest(bounds, _N_QUERIES)
        distance = nearest_others(space, rows, first)
    far = (distance > threshold) & (copies[rows] == 1)
    order = np.lexsort((rows[far], -distance[far]))
    return Outliers(threshold, rows[far][order], distance[far][order], bool(beyond <= threshold))


def _between(space: Space, anchors: Rows) -> NDArray[np.float64]:
    if anchors.size < 2:
        return np.full(anchors.size, np.inf)
    return _all_nearest(space.X[anchors])
