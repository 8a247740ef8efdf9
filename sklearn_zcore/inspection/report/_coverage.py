"""How near the coreset is to all rows, beside random draws, and along the ranking."""

import itertools
from typing import Any, NamedTuple

import numpy as np
from joblib import delayed
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from sklearn_zcore._blas import one_blas_thread
from sklearn_zcore._parallel import in_order
from sklearn_zcore.rows import ArraySource, Coverage, cover, euclidean_to

Rows = NDArray[np.intp]

# Multiplications that a part of the report may take: some seconds on two cores. What would take
# more looks at a random sample of the rows, as many as that allows.
_ASSIGN_COST = 5e10
_CURVE_COST = 4e10
_BOUND_COST = 3e10
_CANDIDATE_COST = 2e10
_LEAST_SAMPLE = 1000
_N_SIZES = 40
_AT_ONCE = 4096  # rows that are compared with anchors
_POINTS_AT_ONCE, _ROWS_AT_ONCE = 256, 512  # a product that stays in the cache


class Space(NamedTuple):
    """The rows that a coreset was chosen from.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        Finite numbers.
    rng : Generator
        For samples.
    """

    X: NDArray[Any]
    rng: np.random.Generator

    @property
    def n_samples(self) -> int:
        """Return the number of rows."""
        return int(self.X.shape[0])

    def sample(self, n_comparisons: float, cost: float) -> Rows | None:
        """Return rows that may be compared with so many others, in order; None if that is all."""
        affordable = int(cost / max(1.0, n_comparisons * self.X.shape[1]))
        size = max(_LEAST_SAMPLE, affordable)
        if size >= self.n_samples:
            return None
        return np.sort(self.rng.choice(self.n_samples, size, replace=False)).astype(np.intp)


class Assignment(NamedTuple):
    """Which coreset row is nearest to each row.

    Attributes
    ----------
    rows : ndarray of shape (n_rows,), int
        Rows that were looked at, in order: all, or a random sample.
    nearest : ndarray of shape (n_rows,), int
        Rank of the nearest coreset row, from 0.
    distance : ndarray of shape (n_rows,)
    is_complete : bool
        Whether all rows were looked at.
    """

    rows: Rows
    nearest: Rows
    distance: NDArray[np.float64]
    is_complete: bool


def assign(space: Space, coreset: Rows) -> Assignment:
    """Find the nearest coreset row of every row, or of as many as time allows.

    Parameters
    ----------
    space : Space
    coreset : ndarray of shape (n_selected,), int
        By rank.

    Returns
    -------
    Assignment
    """
    rows = space.sample(coreset.size, _ASSIGN_COST)
    found = _nearest(space, space.X if rows is None else space.X[rows], coreset)
    is_complete = rows is None
    rows = np.arange(space.n_samples) if rows is None else rows
    return Assignment(rows, found.nearest, found.distance, is_complete)


def _nearest(space: Space, rows: NDArray[Any], points: Rows) -> Coverage:
    chosen = space.X[points]
    found = cover(ArraySource(rows), euclidean_to(chosen))
    # The search multiplies matrices and leaves rows a little off themselves.
    return Coverage(found.nearest, exact_distances(rows, chosen, found.nearest))


def exact_distances(
    rows: NDArray[Any], points: NDArray[Any], nearest: Rows, rows_at_once: int = 8192
) -> NDArray[np.float64]:
    """Return the distance from every row to its point, by subtraction.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    points : ndarray of shape (n_points, n_features)
    nearest : ndarray of shape (n_rows,), int
        Which point belongs to each row.
    rows_at_once : int, default=8192

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    distance = np.empty(nearest.size)
    for start in range(0, nearest.size, rows_at_once):
        part = slice(start, start + rows_at_once)
        gap = rows[part].astype(np.float64) - points[nearest[part]]
        distance[part] = np.sqrt(np.einsum("ij,ij->i", gap, gap))
    return distance


class Missed(NamedTuple):
    """The rows that are farthest from the coreset.

    Attributes
    ----------
    rows, nearest : ndarray of shape (n_missed,), int
        The farthest first, and the coreset row that is nearest to each.
    distance : ndarray of shape (n_missed,)
    is_complete : bool
        Whether no other row can be farther than these.
    """

    rows: Rows
    nearest: Rows
    distance: NDArray[np.float64]
    is_complete: bool


def find_missed(
    space: Space,
    coreset: Rows,
    assignment: Assignment,
    bounds: NDArray[np.float64] | None,
    n_missed: int,
) -> Missed:
    """Find the rows farthest from the coreset.

    Where not all rows have been assigned, those with the largest ``bounds`` are looked at.

    Parameters
    ----------
    space : Space
    coreset : ndarray of shape (n_selected,), int
    assignment : Assignment
    bounds : ndarray of shape (n_samples,) or None
        Of `distance_bounds`; not needed where all rows have been assigned.
    n_missed : int

    Returns
    -------
    Missed
        None of them is in the coreset, or equal to a row of it.
    """
    rows, nearest, distance = assignment.rows, assignment.nearest, assignment.distance
    beyond = -np.inf
    if not assignment.is_complete and bounds is not None:
        n_candidates = int(_CANDIDATE_COST / (coreset.size * space.X.shape[1]))
        rows, beyond = largest(bounds, max(10 * n_missed, n_candidates))
        found = _nearest(space, space.X[rows], coreset)
        nearest, distance = found.nearest, found.distance
    order = np.lexsort((rows, -distance))[:n_missed]
    order = order[distance[order] > 0]
    last = distance[order[-1]] if order.size else np.inf
    return Missed(rows[order], coreset[nearest[order]], distance[order], bool(last >= beyond))


def largest(values: NDArray[Any], size: int) -> tuple[Rows, float]:
    """Return where the largest values stand, and the largest of the others."""
    if size >= values.size:
        return np.arange(values.size), -np.inf
    order = np.argpartition(-values, size)
    return order[:size], float(values[order[size]])


def distance_bounds(space: Space, order: Rows) -> tuple[NDArray[np.float64], Rows]:
    """Return how far every row is at most from the first of the coreset that is not itself.

    Parameters
    ----------
    space : Space
    order : ndarray of shape (n_selected,), int
        The coreset, by rank.

    Returns
    -------
    bounds : ndarray of shape (n_samples,)
        An upper bound of the distance to the coreset, and to the nearest other row; infinite for
        the rows that it was taken to.
    anchors : ndarray of int
        These rows.
    """
    n, d = space.X.shape
    anchors = order[: max(100, int(_BOUND_COST / (n * d)))]
    points = space.X[anchors]
    bounds = np.empty(n)
    for block in gen_batches(n, _AT_ONCE):
        bounds[block] = squared_distances(space.X[block], points).min(axis=1)
    # Upper bounds, though squares of float32 may have been rounded down.
    return np.sqrt(bounds) * (1 + 1e-3), anchors


def squared_distances(rows: NDArray[Any], points: NDArray[Any]) -> NDArray[Any]:
    """Return squared distances, in float32 where the rows are: twice as fast, and less precise.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    points : ndarray of shape (n_points, n_features)

    Returns
    -------
    ndarray of shape (n_rows, n_points)
    """
    dtype = np.float32 if rows.dtype == np.float32 else np.float64
    centre = np.median(points[:1000], axis=0).astype(dtype)
    rows, points = (rows - centre).astype(dtype), (points - centre).astype(dtype)
    found: NDArray[Any] = rows @ (-2 * points.T)
    found += np.einsum("ij,ij->i", points, points)
    found += np.einsum("ij,ij->i", rows, rows)[:, None]
    np.maximum(found, 0, out=found)
    return found


class Curve(NamedTuple):
    """Distances to the nearest coreset row for growing coresets.

    Attributes
    ----------
    sizes : ndarray of shape (n_sizes,), int
    mean, p95 : ndarray of shape (n_sizes,)
        Along the ranking.
    random_mean, random_p95 : ndarray of shape (n_draws, n_sizes)
        Of random draws.
    n_rows : int
        How many rows were looked at.
    """

    sizes: Rows
    mean: NDArray[np.float64]
    p95: NDArray[np.float64]
    random_mean: NDArray[np.float64]
    random_p95: NDArray[np.float64]
    n_rows: int


def trace_curve(space: Space, order: Rows, n_selected: int, n_draws: int) -> Curve:
    """Follow the coverage along the ranking, and along random orders of the rows, once each.

    Parameters
    ----------
    space : Space
    order : ndarray of shape (n_ranked,), int
        The coreset by rank, and what would come next.
    n_selected : int
        The coreset's size: one of the sizes.
    n_draws : int

    Returns
    -------
    Curve
    """
    sizes = np.union1d(
        np.unique(np.geomspace(1, order.size, _N_SIZES).round().astype(np.intp)),
        [n_selected, order.size],
    )
    rows = space.sample((n_draws + 1) * order.size, _CURVE_COST)
    looked_at = space.X if rows is None else space.X[rows]
    some = looked_at[:: max(1, looked_at.shape[0] // 1000)]
    centre = np.median(some, axis=0).astype(np.float64)
    centred = looked_at - centre
    orders = [order]
    for _ in range(n_draws):
        orders.append(space.rng.permutation(space.n_samples)[: order.size])
    calls = (delayed(_along)(centred, space.X[order] - centre, sizes) for order in orders)
    # One thread for each order: many small products gain nothing from more.
    with one_blas_thread():
        found = list(in_order(calls, n_jobs=-1, require="sharedmem", look_ahead=1))
    means, p95s = (np.array(part) for part in zip(*found, strict=True))
    return Curve(sizes, means[0], p95s[0], means[1:], p95s[1:], looked_at.shape[0])


def _along(
    rows: NDArray[np.float64], points: NDArray[np.float64], sizes: Rows
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take up the points of one size after the other: each is compared with each row once."""
    squares = np.einsum("ij,ij->i", rows, rows)
    nearest = np.full(rows.shape[0], np.inf)  # squared distance, less the row's own square
    mean, p95 = np.empty(sizes.size), np.empty(sizes.size)
    for place, (start, end) in enumerate(itertools.pairwise([0, *sizes.tolist()])):
        for first in range(start, end, _POINTS_AT_ONCE):
            part = points[first : min(end, first + _POINTS_AT_ONCE)]
            part_squares, factor = np.einsum("ij,ij->i", part, part), -2 * part.T
            for rows_part in gen_batches(rows.shape[0], _ROWS_AT_ONCE):
                found = rows[rows_part] @ factor
                found += part_squares
                np.minimum(nearest[rows_part], found.min(axis=1), out=nearest[rows_part])
        distance = np.sqrt(np.maximum(nearest + squares, 0))
        mean[place], p95[place] = distance.mean(), np.percentile(distance, 95)
    return mean, p95


def flattens_at(sizes: NDArray[Any], mean: NDArray[Any]) -> int | None:
    """Return the size from which on more rows gain little: the knee of the curve.

    That is where the curve lies deepest below the straight line from its first to its last point.

    Parameters
    ----------
    sizes, mean : ndarray of shape (n_sizes,)

    Returns
    -------
    int or None
        None where the curve does not bend downwards.

    References
    ----------
    .. [1] V. Satopää, J. Albrecht, D. Irwin, B. Raghavan, "Finding a 'Kneedle' in a Haystack:
       Detecting Knee Points in System Behavior", 2011.
    """
    drop = mean[0] - mean[-1]
    if sizes.size < 3 or not drop > 0:
        return None
    along = (sizes - sizes[0]) / (sizes[-1] - sizes[0])
    below = 1 - along - (mean - mean[-1]) / drop
    deepest = int(np.argmax(below))
    return int(sizes[deepest]) if below[deepest] > 0 else None
