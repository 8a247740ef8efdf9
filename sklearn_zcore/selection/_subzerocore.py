"""SubZeroCoreSelector: facility location in which rows of typical density stand for more."""

from math import ceil
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack
from sklearn.utils import gen_batches
from sklearn.utils._param_validation import Interval

from sklearn_zcore._progress import Silent, progress_bar
from sklearn_zcore.rows import DistinctRows, row_blocks
from sklearn_zcore.selection._distance import unit_rows
from sklearn_zcore.selection._parameters import CAMPAIGN_CONSTRAINTS
from sklearn_zcore.selection._set_aware import NEEDS_MEMORY, SetAwareSelector

_LEAST_SPREAD = 1e-6  # of radii: what is below is rounding of float32
_FIRST_LOOK = 8  # candidates that are looked at together, before twice as many are
_LAST_LOOK = 256
_AT_ONCE = 2**22  # cosines: 16 MB


def n_neighbors_for(coverage: float, n_rows: float, n_selected: int) -> int:
    """Return how many neighbours a row needs to have one in a random coreset, as often as wanted.

    Of K neighbours, none is among M rows that are drawn from the N - 1 others in a share of
    (N-M-1)...(N-M-K) / (N-1)...(N-K) of the draws.

    Parameters
    ----------
    coverage : float
        The share of draws, in (0, 1), in which one is.
    n_rows : float
        N, or the sum of the rows' weights.
    n_selected : int
        M.

    Returns
    -------
    int
        The smallest K, at least 1.
    """
    k = np.arange(1, max(2, ceil(n_rows - n_selected) + 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        missed = np.cumprod(np.maximum(n_rows - n_selected - k, 0) / np.maximum(n_rows - k, 1))
    return int(k[np.argmax(1 - missed >= coverage)])


def density_weights(radii: NDArray[np.float64], weights: NDArray[np.floating]) -> NDArray[Any]:
    """Return a Gaussian of the radii around their mean: 1 for a typical one.

    Parameters
    ----------
    radii : ndarray of shape (n,)
    weights : ndarray of shape (n,)
        As how many rows each counts.

    Returns
    -------
    ndarray of shape (n,)
    """
    mean = np.average(radii, weights=weights)
    variance = np.average((radii - mean) ** 2, weights=weights)
    if variance <= _LEAST_SPREAD**2:
        return np.ones_like(radii)
    return np.asarray(np.exp(-((radii - mean) ** 2) / (2 * variance)))


def _directions(distinct: DistinctRows) -> tuple[Any, NDArray[np.float64]]:
    """Return the distinct rows as directions, those selected before after them, and weights."""
    rows = np.concatenate([distinct.rows, distinct.taken_rows])
    source = distinct.source
    parts = [
        unit_rows(source.take(rows[block])).astype(np.float32, copy=False)
        for block in row_blocks(rows.size, source.shape[1])
    ]
    X = vstack(parts, format="csr") if issparse(parts[0]) else np.concatenate(parts)
    weights = np.concatenate([distinct.weights, distinct.taken_weights]).astype(np.float64)
    # Shares are as good as counts, and fewer rows than there are cannot be counted to.
    mean = weights[weights > 0].mean()
    return X, weights / mean if mean < 1 else weights


def _similarities(X: Any, some: Any) -> NDArray[np.float32]:
    """Return the cosines of some of the rows (those of the result) with all of them."""
    found = X[some] @ X.T
    return np.asarray(found.toarray() if issparse(found) else found)


def _nearest_in_turn(
    cosines: NDArray[np.float32], rows: NDArray[np.intp], weights: NDArray[Any], n_neighbors: int
) -> NDArray[np.float32]:
    """Return the cosine of the K-th nearest other row, where a row counts as its weight says."""
    n = weights.size
    # So few nearest rows, the row itself among them, make K others in every case.
    enough = 1 + int(np.searchsorted(np.cumsum(np.sort(weights)), n_neighbors + 1))
    enough = min(n, enough)
    nearest = np.argpartition(-cosines, enough - 1, axis=1)[:, :enough]
    near = np.take_along_axis(cosines, nearest, axis=1)
    order = np.argsort(-near, axis=1)
    nearest = np.take_along_axis(nearest, order, axis=1)
    counts = weights[nearest]
    itself = nearest == rows[:, None]
    counts[itself] = np.maximum(counts[itself] - 1, 0)  # its copies, at distance 0
    reached = np.cumsum(counts, axis=1) >= n_neighbors
    last = np.where(reached.any(axis=1), reached.argmax(axis=1), enough - 1)
    return np.asarray(np.take_along_axis(near, order, axis=1)[np.arange(rows.size), last])


def _look_around(
    X: Any, weights: NDArray[np.float64], n_neighbors: int, progress: Silent
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return every row's distance to the K-th nearest other row, and how much it is like all rows.

    Copies are neighbours at distance 0.
    """
    n = X.shape[0]
    radii, alike = np.empty(n), np.empty(n)
    no_copies = bool((weights == 1).all())
    for block in gen_batches(n, max(1, _AT_ONCE // n)):
        rows = np.arange(n)[block]
        cosines = _similarities(X, block)
        alike[block] = np.maximum(cosines, 0) @ weights
        if no_copies:  # ten times as fast
            cosines[np.arange(rows.size), rows] = 2  # the row itself comes before all others
            place = max(0, n - 1 - n_neighbors)
            cosines.partition(place, axis=1)
            radii[block] = 1.0 - cosines[:, place]
        else:
            radii[block] = 1.0 - _nearest_in_turn(cosines, rows, weights, n_neighbors)
        progress.advance(rows.size)
    return radii, alike


def _choose(
    X: Any,
    weights: NDArray[np.float64],
    density: NDArray[np.float64],
    covered: NDArray[np.float32],
    bounds: NDArray[np.float64],
    n_chosen: int,
    progress: Silent,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Choose greedily, and look only at candidates that may be the best: gains never grow.

    ``bounds`` holds of every candidate at least what it gains.
    """
    chosen = np.empty(n_chosen, np.intp)
    seen_at = np.full(bounds.size, -1)
    counts = weights.astype(np.float32)
    most = max(1, min(_LAST_LOOK, _AT_ONCE // X.shape[0]))
    for step in range(n_chosen):
        n_looked = min(_FIRST_LOOK, most)
        while True:
            best = int(bounds.argmax())
            if seen_at[best] == step or bounds[best] <= 0:
                break
            known = bounds[seen_at == step].max(initial=-np.inf)
            rivals = np.flatnonzero((seen_at < step) & (bounds > 0) & (bounds >= known))
            if rivals.size > n_looked:
                rivals = rivals[np.argpartition(-bounds[rivals], n_looked - 1)[:n_looked]]
            cosines = _similarities(X, rivals) * density[rivals, None].astype(np.float32)
            bounds[rivals] = np.maximum(cosines - covered, 0) @ counts
            seen_at[rivals] = step
            n_looked = min(2 * n_looked, most)
        if bounds[best] <= 0:  # all is covered as well as it can be
            chosen = chosen[:step]
            progress.advance(n_chosen - step)
            break
        chosen[step] = best
        reached = _similarities(X, [best])[0] * np.float32(density[best])
        np.maximum(covered, reached, out=covered)
        bounds[best] = -np.inf
        progress.advance()
    return chosen, bounds


class SubZeroCoreSelector(SetAwareSelector):
    r"""Coreset selection by SubZeroCore: facility location with a weight for typical density.

    A greedy search maximises

    .. math:: f(S) = \sum_t \max_{s \in S} w_s \cos(t, s),

    where t runs over all rows [1]_. The weight of a row, :math:`w_s = \exp(-(r_s - \mu)^2 / 2
    \sigma^2)`, is that of its radius, the cosine distance to its K-th nearest neighbour, among
    the radii of all rows, with their mean and standard deviation: rows where it is unusually
    sparse, outliers, and unusually dense, near-copies, stand for less. K follows from the budget
    and from ``coverage``.

    As K depends on the budget, coresets of several budgets are several fits. `set_budget` keeps
    the ranking of the budget of ``fit``.

    Parameters
    ----------
    budget : int, float or str, default=0.1
        How many rows to select: an int is a number of rows, a float in (0, 1] a fraction
        (rounded down, at least one row; 1.0 is every row), and ``"10%"`` a percentage.
    coverage : float, default=0.6
        Called gamma in the paper, in (0, 1). K is the smallest number of neighbours of which at
        least one is in a random coreset of the budget's size with this probability.
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
        Row indices from most to least valuable. Where n_samples ** 2 * n_features is above 4e9,
        the search ends with the budget of ``fit`` (`set_budget` takes none that is larger), and
        the other rows are ordered by what they were last seen to gain.
    support_ : ndarray of shape (n_samples,), bool
        Mask of the selected rows.
    indices_ : ndarray of shape (n_selected,)
        The selected rows, in row order.
    n_selected_ : int
        Number of selected rows.
    n_neighbors_ : int
        K; with ``groups``, there is none of all rows.
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
    FacilityLocationSelector : Without the weight; one ranking for all budgets, and faster.
    RandomSelector : The yardstick.

    Notes
    -----
    Written after descriptions of the paper, not after its authors' code, which we have not seen.
    What these leave open is decided so: a cosine below 0 covers nothing, nor does a row of
    zeros; weights count in the mean, the standard deviation and among the neighbours as copies
    would; rows selected before count as covered, and in the coreset's size that gives K. Once all
    rows are covered as well as they can be, which weights below 1 make so before all are chosen,
    those of the largest weights are next. Ties go to the lower row.

    The time is of order n_samples ** 2 * n_features for the radii, and n_samples * n_features for
    every row that the greedy search looks at again, a few for every choice. The memory is a float32
    copy of X and some 200 MB.

    Cosines compare directions from the origin: centre tables first, with a `StandardScaler`.

    References
    ----------
    .. [1] B. B. Moser et al., "SubZeroCore: A Submodular Approach with Zero Training for Coreset
       Selection", arXiv:2509.21748, 2025.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_zcore import SubZeroCoreSelector
    >>> X = StandardScaler().fit_transform(load_iris().data)
    >>> selector = SubZeroCoreSelector(budget=15).fit(X)
    >>> selector.transform(X).shape
    (15, 4)
    >>> selector.n_neighbors_
    9
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SetAwareSelector._parameter_constraints,
        **CAMPAIGN_CONSTRAINTS,
        "coverage": [Interval(Real, 0, 1, closed="neither")],
        "verbose": ["verbose"],
    }

    nested_budgets = False
    _instead = NEEDS_MEMORY

    def __init__(
        self,
        budget: float | str = 0.1,
        *,
        coverage: float = 0.6,
        verbose: int = 0,
        group_budget: Any = "proportional",
        min_distance: float | str | None = None,
    ) -> None:
        self.budget = budget
        self.coverage = coverage
        self.verbose = verbose
        self.group_budget = group_budget
        self.min_distance = min_distance

    def __sklearn_tags__(self) -> Any:
        """Return the tags: sparse rows, too."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _order_rows(self, distinct: DistinctRows, n_selected: int) -> NDArray[np.intp]:
        X, weights = _directions(distinct)
        n, n_taken = distinct.rows.size, int(distinct.taken_counts.sum())
        self.n_neighbors_ = n_neighbors_for(self.coverage, weights.sum(), n_selected + n_taken)
        with progress_bar(self.verbose, "SubZeroCore", "rows") as progress:
            n_chosen = self._n_steps((n, X.shape[1]), n_selected)
            progress.add_total(X.shape[0] + n_chosen)
            radii, alike = _look_around(X, weights, self.n_neighbors_, progress)
            density = density_weights(radii, weights)
            covered = np.zeros(X.shape[0], np.float32)
            for row in range(n, X.shape[0]):
                reached = _similarities(X, [row])[0] * np.float32(density[row])
                np.maximum(covered, reached, out=covered)
            bounds = (density * alike)[:n]
            chosen, bounds = _choose(X, weights, density, covered, bounds, n_chosen, progress)
        bounds[chosen] = -np.inf
        rest = np.lexsort((-density[:n], weights[:n] == 0, -bounds))[: n - chosen.size]
        return np.concatenate([chosen, rest])
