"""k-means beside centres that stand where they are, and of sparse rows in parts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.metrics import pairwise_distances_argmin_min

from sklearn_zcore._progress import Silent
from sklearn_zcore.rows import square_norms
from sklearn_zcore.selection._groups import group_counts

_ROUNDS = 20  # most settle after five
_CLUSTERS_A_PART = 16
_LEAST_PART = 256  # rows


def seeds(
    X: Any,
    weights: NDArray[np.float64],
    near: NDArray[np.float64],
    n_clusters: int,
    rng: np.random.RandomState,
) -> NDArray[Any]:
    """Draw centres as greedy k-means++ does.

    Each is the best of a few rows that are drawn in proportion to the squared distance to those
    before; without that, three rounds of 1 % end up to 10 % behind 3 % at once.
    """
    near = near.copy()
    norms = square_norms(X) if issparse(X) else np.einsum("ij,ij->i", X, X)
    n_trials = 2 + int(np.log(n_clusters))
    centres = np.empty((n_clusters, X.shape[1]), X.dtype)
    for k in range(n_clusters):
        below = np.cumsum(weights * near)
        if below[-1] > 0:
            drawn = np.searchsorted(below, rng.uniform(size=n_trials) * below[-1], side="right")
            rows = np.unique(np.minimum(drawn, near.size - 1))
        else:  # what counts is covered
            rows = np.array([near.argmax()])
        nearer = np.minimum(near[:, None], _squares_to(X, norms, rows))
        best = (weights @ nearer).argmin()
        near, row = np.ascontiguousarray(nearer[:, best]), rows[best]
        centres[k] = X[[row]].toarray()[0] if issparse(X) else X[row]
        near[row] = 0
    return centres


def _squares_to(X: Any, norms: NDArray[np.float64], rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the squared distances of all rows to some, of shape (n_samples, n_rows)."""
    products = X @ X[rows].T
    products = products.toarray() if issparse(products) else products
    return np.asarray(np.maximum(norms[:, None] + norms[rows] - 2 * products, 0))


@dataclass(frozen=True)
class Clusters:
    """Which cluster every row is in.

    Attributes
    ----------
    cluster : ndarray of shape (n_samples,), int
        The nearest of the centres that may move.
    distance : ndarray of shape (n_samples,)
        To it.
    is_covered : ndarray of shape (n_samples,), bool
        Whether a fixed centre is nearer.
    """

    cluster: NDArray[np.intp]
    distance: NDArray[Any]
    is_covered: NDArray[np.bool_]


def cluster_beside(
    X: Any,
    weights: NDArray[np.float64],
    near: NDArray[np.float64],
    make: Any,
    n_clusters: int,
    rng: np.random.RandomState,
    progress: Silent,
) -> Clusters:
    """Cluster rows around some centres that stand where they are, and some that may move.

    In turns, rows that are nearer to a fixed centre are left to it, and k-means improves the other
    centres on the rest: no turn makes the sum of the squared distances to the nearest centre
    larger.

    Parameters
    ----------
    X : ndarray or csr of shape (n_samples, n_features)
    weights : ndarray of shape (n_samples,)
    near : ndarray of shape (n_samples,)
        Distance of every row to the nearest fixed centre.
    make : callable
        Returns a k-means for a number of clusters and where these begin.
    n_clusters : int
        Centres that may move, at most n_samples.
    rng : RandomState
    progress : Silent

    Returns
    -------
    Clusters
    """
    centres = seeds(X, weights, near**2, n_clusters, rng)
    before = np.zeros(X.shape[0], bool)
    for _ in range(_ROUNDS):
        distance = pairwise_distances_argmin_min(X, centres)[1]
        free = (distance < near) & (weights > 0)
        if (free == before).all() or np.count_nonzero(free) < n_clusters:
            break
        progress.add_total(1)
        clusters = make(n_clusters, centres).fit(X[free], sample_weight=weights[free])
        centres, before = clusters.cluster_centers_, free
        progress.advance()
    cluster, distance = pairwise_distances_argmin_min(X, centres)
    return Clusters(cluster, distance, distance >= near)


def cluster_in_parts(
    X: Any,
    weights: NDArray[np.float64],
    near: NDArray[np.float64] | None,
    make: Any,
    n_clusters: int,
    rng: np.random.RandomState,
    progress: Silent,
) -> Clusters:
    """Cluster sparse rows in parts of near ones, each by itself.

    Centres are dense: of all rows at once, they would take n_clusters * n_features numbers, and a
    step of k-means n_clusters products with every row. A part has some sixteen clusters, by the
    squared distances within it, and no features but those of its rows.

    Parameters
    ----------
    X : csr of shape (n_samples, n_features), float32
    weights, near, make, n_clusters, rng, progress
        As for `cluster_beside`; near is None if there are no fixed centres.

    Returns
    -------
    Clusters
        Of rows that do not count, where no others are near, the distance is infinite.
    """
    from sklearn_zcore.facility import split_rows  # compiles kernels

    n = X.shape[0]
    part_size = max(_LEAST_PART, -(-n * _CLUSTERS_A_PART // n_clusters))
    order, bounds = split_rows(X, part_size)
    parts = [np.sort(rows) for rows in np.split(order, bounds[1:-1])]
    sizes = np.array([np.count_nonzero(weights[rows]) for rows in parts])
    costs = np.array([_spread(X[rows], weights[rows], near, rows) for rows in parts])
    counts = _counts(sizes, costs, n_clusters)
    cluster, distance = np.zeros(n, np.intp), np.full(n, np.inf)
    is_covered = np.ones(n, bool)
    progress.add_total(n)
    first = 0
    for rows, count in zip(parts, counts.tolist(), strict=True):
        if count:
            part = X[rows].astype(np.float64)
            part = part[:, np.unique(part.indices)]
            found = _cluster_part(
                part, weights[rows], None if near is None else near[rows], make, count, rng
            )
            cluster[rows] = first + found.cluster
            distance[rows], is_covered[rows] = found.distance, found.is_covered
        first += count
        progress.advance(rows.size)
    return Clusters(cluster, distance, is_covered)


def _spread(
    X: Any, weights: NDArray[np.float64], near: NDArray[np.float64] | None, rows: NDArray[np.intp]
) -> float:
    """Return the weighted squares of the distances to the mean, or to fixed centres if less."""
    total = weights.sum()
    if not total:
        return 0.0
    mean = weights @ X / total
    cost = max(0.0, float(weights @ square_norms(X) - total * (mean @ mean)))
    return cost if near is None else min(cost, float(weights @ near[rows] ** 2))


def _counts(
    sizes: NDArray[np.intp], costs: NDArray[np.float64], n_clusters: int
) -> NDArray[np.intp]:
    """Share the clusters among parts: one each, the others by what these have to gain."""
    counts = (sizes > 0).astype(np.intp)
    costs = np.where(sizes > 0, np.maximum(costs, 1e-9 * max(costs.max(), 1e-300)), 0)
    return counts + group_counts(sizes - counts, costs / costs.sum(), n_clusters - counts.sum())


def _cluster_part(
    X: Any,
    weights: NDArray[np.float64],
    near: NDArray[np.float64] | None,
    make: Any,
    n_clusters: int,
    rng: np.random.RandomState,
) -> Clusters:
    if near is not None:
        return cluster_beside(X, weights, near, make, n_clusters, rng, Silent())
    counts = weights > 0
    centres = (
        make(n_clusters, "k-means++").fit(X[counts], sample_weight=weights[counts]).cluster_centers_
    )
    cluster, distance = pairwise_distances_argmin_min(X, centres)
    return Clusters(cluster, distance, np.zeros(X.shape[0], bool))
