"""KMeansSelector: the row nearest to the centre of each cluster."""

import warnings
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions

from sklearn_zcore._progress import Silent, progress_bar
from sklearn_zcore.rows import DistinctRows, SparseSource, square_norms
from sklearn_zcore.selection._blocks import BlockRows, BlockSelector, Progress
from sklearn_zcore.selection._clustering import Clusters, cluster_beside, cluster_in_parts
from sklearn_zcore.selection._parameters import CAMPAIGN_CONSTRAINTS
from sklearn_zcore.selection._swaps import swap_rows

_MINIBATCH_ABOVE = 10**8  # distances in one step of k-means
_SPLIT_ABOVE = 2 * 10**8  # products of sparse values with centres in one step of k-means
_SHARE_LOST = 1e-5  # of the largest square: forty times the rounding errors of float32


class KMeansSelector(BlockSelector):
    """Coreset selection by k-means: the row nearest to the centre of each of k clusters.

    As many clusters as rows are to be selected; scikit-learn does the clustering. Selecting the
    prototypes of clusters is good at the small budgets of active learning's cold start [1]_, [2]_.

    Clusters belong to one number of rows: unlike with other selectors, coresets of several budgets
    are several fits. `set_budget` keeps the clusters. A smaller budget takes the prototypes of
    the largest ones, a larger one goes on with the second nearest row of each cluster.

    Rows passed as ``selected`` are centres that stay where they are: what the clusters minimise is
    the squared distance of all rows to the nearest centre, fixed or not. The rows nearest to the
    other centres are then swapped for others while that lowers the squared distance of all rows to
    the nearest selected one, as local search for k-means does [3]_.

    Parameters
    ----------
    budget : int, float or str, default=0.1
        How many rows to select: an int is a number of rows, a float in (0, 1] a fraction
        (rounded down, at least one row; 1.0 is every row), and ``"10%"`` a percentage.
    minibatch : bool or "auto", default="auto"
        Whether to cluster with `MiniBatchKMeans` instead of `KMeans`. ``"auto"`` does so where
        n_samples * n_selected is above 1e8, and clusters sparse rows in parts, see the notes.
    random_state : int, RandomState instance or None, default=None
        Seed of the clustering.
    verbose : int, default=0
        Whether to show a progress bar, with rate and time left, on stderr.
    group_budget : {"proportional", "equal", "sqrt"} or dict, default="proportional"
        Shares of the ``groups`` that ``fit`` is given: in proportion to their rows, equal, or in
        proportion to the root of their rows. A dictionary gives a group's rows (25) or share of
        the budget (0.25); groups that it does not name share the rest in proportion to theirs.
        Groups with fewer rows than their share give the rest to the others.
    min_distance : float, "auto" or None, default=None
        The distance that no selected row is nearer than to another, or to one selected before, so
        that near-copies are passed over. Fewer rows than the budget may come out: ``n_selected_``
        says how many, and a warning. ``"auto"`` is half the median distance of a row to its nearest
        neighbour. None keeps none. It is Euclidean.

    Attributes
    ----------
    scores_ : ndarray of shape (n_samples,)
        Share of the rows that each row comes before in the ranking, itself included.
    ranking_ : ndarray of shape (n_samples,)
        Row indices from most to least valuable: the rows nearest to the centres, those of the
        largest clusters first, then the second nearest, and so on.
    support_ : ndarray of shape (n_samples,), bool
        Mask of the selected rows.
    indices_ : ndarray of shape (n_selected,)
        The selected rows, in row order.
    n_selected_ : int
        Number of selected rows.
    weights_ : ndarray of shape (n_selected,)
        How many rows each selected row stands for, in row order: those nearest to it, by Euclidean
        distance. Worked out when first asked for, as ``gains_`` is.
    gains_ : ndarray of shape (n_selected,)
        By how much each selected row, in the order of ``ranking_``, lowers the sum of the
        distances of all rows to the coreset.
    min_distance_ : float
        The distance that selected rows keep; only with ``min_distance``.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where X has string column names.

    See Also
    --------
    FacilityLocationSelector : One ranking for all budgets, of at least the same quality.
    RandomSelector : The yardstick.

    Notes
    -----
    The time is of order n_selected * n_samples * n_features for every step of k-means. Copies of
    rows are merged, and weigh as many times in the clustering.

    Swaps try every row, or as many as take 1e10 multiplications for one look at each, at most five
    times; where n_selected * n_samples * n_features is above 1e10, or rows are not in memory, there
    are none.

    Centres are dense. Where sparse rows have more than 2e8 / n_selected values that are not 0, they
    are split into parts of near rows first, of some 16 clusters each (a part has 256 rows or more),
    and each is clustered by itself: no dense copy, and time of order n_samples.

    Distances compare features, so these should be on one scale: put a `StandardScaler` before,
    or embed.

    References
    ----------
    .. [1] B. Sorscher et al., "Beyond neural scaling laws: beating power law scaling via data
       pruning", NeurIPS 2022.
    .. [2] G. Hacohen, A. Dekel, D. Weinshall, "Active Learning on a Budget: Opposite Strategies
       Suit High and Low Budgets", ICML 2022.
    .. [3] S. Lattanzi, C. Sohler, "A Better k-means++ Algorithm via Local Search", ICML 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_zcore import KMeansSelector
    >>> X = np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]])
    >>> KMeansSelector(budget=2, random_state=0).fit(X).get_support(indices=True)
    array([1, 4])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BlockSelector._parameter_constraints,
        **CAMPAIGN_CONSTRAINTS,
        "minibatch": ["boolean", StrOptions({"auto"})],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    nested_budgets = False

    def __init__(
        self,
        budget: float | str = 0.1,
        *,
        minibatch: Any = "auto",
        random_state: Any = None,
        verbose: int = 0,
        group_budget: Any = "proportional",
        min_distance: float | str | None = None,
    ) -> None:
        self.budget = budget
        self.group_budget = group_budget
        self.min_distance = min_distance
        self.minibatch = minibatch
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        """Return the tags: sparse rows, too."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _order_rows(self, distinct: DistinctRows, n_selected: int) -> NDArray[np.intp]:
        n_clusters = min(n_selected, max(1, int(np.count_nonzero(distinct.weights))))
        with (
            progress_bar(self.verbose, "k-means", "steps") as progress,
            warnings.catch_warnings(),
        ):
            # Rows that differ by less than float32 can tell: the second nearest rows step in.
            warnings.simplefilter("ignore", ConvergenceWarning)
            if distinct.taken_counts.size or self._is_split(distinct, n_clusters):
                found = self._cluster_beside(distinct, n_clusters, progress)
            else:
                found = self._cluster_all(distinct, n_clusters, progress)
        return _rank(found, distinct.weights, n_clusters)

    _n_passes = 11  # at most

    def _rank_blocks(
        self, rows: BlockRows, n_selected: int, seed: int, progress: Progress
    ) -> NDArray[np.intp]:
        from sklearn_zcore.selection._block_clustering import cluster_blocks, nearest_points

        n = rows.source.shape[0]
        able = np.arange(n) if rows.is_free is None else np.flatnonzero(rows.is_free)
        weights = np.ones(able.size) if rows.weights is None else rows.weights[able]
        n_clusters = min(n_selected, max(1, int(np.count_nonzero(weights))))
        centres, fixed = cluster_blocks(rows, n_clusters, seed, None, progress)
        nearest, distance = nearest_points(rows, np.concatenate([centres, fixed]), None, progress)
        cluster, is_covered = nearest[able].astype(np.intp), nearest[able] >= n_clusters
        size = np.bincount(cluster, weights, minlength=n_clusters + fixed.shape[0])
        return able[_by_cluster(cluster, distance[able], size.astype(float), is_covered)]

    def _kind(self, n_distances: int) -> Any:
        """Return the k-means of scikit-learn for so many distances in one step."""
        from sklearn.cluster import KMeans, MiniBatchKMeans  # slow to import

        minibatch = self.minibatch
        if minibatch == "auto":
            minibatch = n_distances > _MINIBATCH_ABOVE
        return MiniBatchKMeans if minibatch else KMeans

    def _is_split(self, distinct: DistinctRows, n_clusters: int) -> bool:
        """Return whether rows are clustered in parts: sparse ones, whose centres are dense."""
        if not isinstance(distinct.source, SparseSource) or self.minibatch != "auto":
            return False
        return int(distinct.source.X.nnz) * n_clusters > _SPLIT_ABOVE

    def _cluster_all(self, distinct: DistinctRows, n_clusters: int, progress: Silent) -> Clusters:
        """Cluster all rows at once."""
        X, weights = distinct.values()[:], distinct.weights
        kind = self._kind(X.shape[0] * n_clusters)
        progress.add_total(1)
        clusters = self._cluster(kind, X, weights, n_clusters)
        distance = _distance_to_centre(X, clusters)
        if not issparse(X) and _is_drowned(distance, X):
            # Clusters so far apart that squares of float32 drown what lies between their rows.
            X = X.astype(np.float64)
            clusters = self._cluster(kind, X, weights, n_clusters)
            distance = _distance_to_centre(X, clusters)
        progress.advance()
        return Clusters(clusters.labels_, distance, np.zeros(X.shape[0], bool))

    def _cluster_beside(
        self, distinct: DistinctRows, n_clusters: int, progress: Silent
    ) -> Clusters:
        """Cluster beside the rows that have been selected before, or in parts, or both."""
        from sklearn_zcore.facility import distance_to_nearest  # compiles kernels

        rng = check_random_state(self.random_state)

        def make(kind: Any, n_clusters: int, centres: NDArray[Any]) -> Any:
            return kind(n_clusters, init=centres, n_init=1, random_state=rng)

        X, fixed = distinct.values()[:], distinct.taken_values()
        weights = distinct.weights.astype(np.float64)
        if self._is_split(distinct, n_clusters):
            make_one = partial(make, self._kind(0))
            far = None
            if fixed.shape[0]:
                far = distance_to_nearest(X, fixed, "euclidean").astype(np.float64)
            return cluster_in_parts(X, weights, far, make_one, n_clusters, rng, progress)
        make_one = partial(make, self._kind(X.shape[0] * n_clusters))
        X, fixed = X.astype(np.float64), fixed.astype(np.float64)
        near = pairwise_distances_argmin_min(X, fixed)[1]
        found = cluster_beside(X, weights, near, make_one, n_clusters, rng, progress)
        rows = _rank(found, weights, n_clusters)[:n_clusters]
        rows = swap_rows(X, weights, near**2, rows, rng, progress)
        cluster, distance = pairwise_distances_argmin_min(X, X[rows])
        is_covered = distance >= near
        # They come first in their clusters, and are in no other: not even of a row that is as near.
        cluster[rows], distance[rows], is_covered[rows] = np.arange(n_clusters), -1, False
        return Clusters(cluster, distance, is_covered)

    def _cluster(self, kind: Any, X: NDArray[Any], weights: NDArray[Any], n_clusters: int) -> Any:
        counts = weights > 0
        clusters = kind(n_clusters, n_init=1, random_state=self.random_state)
        if counts.all():
            return clusters.fit(X, sample_weight=weights)
        # Rows that do not count make no clusters, and lie in one.
        clusters.fit(X[counts], sample_weight=weights[counts])
        clusters.labels_ = clusters.predict(X)
        return clusters


def _rank(found: Clusters, weights: NDArray[Any], n_clusters: int) -> NDArray[np.intp]:
    counted = np.where(found.is_covered, 0, weights)
    size = np.bincount(found.cluster, counted, minlength=n_clusters).astype(np.float64)
    return _by_cluster(found.cluster, found.distance, size, found.is_covered)


def _by_cluster(
    cluster: NDArray[np.intp],
    distance: NDArray[Any],
    size: NDArray[np.float64],
    is_covered: NDArray[np.bool_],
) -> NDArray[np.intp]:
    """Rank rows: those nearest to the centres, of the largest clusters first; covered ones last."""
    by_cluster = np.lexsort((distance, cluster))
    starts = np.searchsorted(cluster[by_cluster], np.arange(size.size))
    place = np.empty(cluster.size, np.intp)  # within the cluster
    place[by_cluster] = np.arange(cluster.size) - starts[cluster[by_cluster]]
    return np.lexsort((cluster, -size[cluster], place, is_covered))


def _is_drowned(distance: NDArray[Any], X: NDArray[Any]) -> bool:
    return bool(np.median(distance) ** 2 < _SHARE_LOST * np.einsum("ij,ij->i", X, X).max())


def _distance_to_centre(X: Any, clusters: Any) -> NDArray[Any]:
    if issparse(X):
        by_cluster = np.argsort(clusters.labels_, kind="stable")
        ends = np.cumsum(np.bincount(clusters.labels_, minlength=clusters.n_clusters))
        squares = square_norms(X)
        members = np.split(by_cluster, ends[:-1])
        for rows, centre in zip(members, clusters.cluster_centers_, strict=True):
            squares[rows] += centre @ centre - 2 * (X[rows] @ centre)
        return np.sqrt(np.maximum(squares, 0))
    return np.asarray(np.linalg.norm(X - clusters.cluster_centers_[clusters.labels_], axis=1))
