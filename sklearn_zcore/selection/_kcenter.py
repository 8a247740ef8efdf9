"""KCenterSelector: farthest first."""

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import InvalidParameterError, StrOptions

from sklearn_zcore._progress import Silent, progress_bar
from sklearn_zcore.rows import DistinctRows, SparseSource, square_norms
from sklearn_zcore.selection._blocks import BlockRows, BlockSelector, Progress
from sklearn_zcore.selection._distance import directions
from sklearn_zcore.selection._parameters import ABOVE_ZERO, BUDGET_CONSTRAINT, CAMPAIGN_CONSTRAINTS

_ROUNDING = 1e-5  # of squares in float32: within the radius is what is so in float64


class KCenterSelector(BlockSelector):
    """Coreset selection by k-center: leave no row far from the coreset.

    Farthest-first traversal [1]_: the first choice is the row nearest to the mean, and every
    further one is the row that is farthest from all before it. The largest distance of any row to
    the coreset is at most twice the smallest possible one. Known to active learning as the core-set
    approach [2]_. It visits outliers first: where these are noise, a random draw is better.

    Parameters
    ----------
    budget : int, float or str, default=0.1
        How many rows to select: an int is a number of rows, a float in (0, 1] a fraction
        (rounded down, at least one row; 1.0 is every row), and ``"10%"`` a percentage. None is as
        many as ``radius`` takes.
    metric : {"euclidean", "cosine"}, default="euclidean"
        The distance; ``"cosine"`` is that of rows scaled to length 1, none of which may be 0.
    radius : float or None, default=None
        Where to stop: when no row is farther than this from the coreset, or from what was selected
        before. With a budget, whichever comes first. For ``"cosine"``, it is a cosine distance,
        1 - cos.
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
        neighbour. None keeps none. It is of ``metric``.

    Attributes
    ----------
    scores_ : ndarray of shape (n_samples,)
        Share of the rows that each row comes before in the ranking, itself included.
    ranking_ : ndarray of shape (n_samples,)
        Row indices from most to least valuable. Where n_samples ** 2 * n_features is above 4e9,
        the traversal ends with the budget of ``fit`` (`set_budget` takes none that is larger), and
        the other rows are ordered by their distance to the coreset.
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
    FacilityLocationSelector : Rows that stand for all others best, on average.
    RandomSelector : The yardstick.

    Notes
    -----
    Deterministic; ties go to the lower row. The time is of order n_selected * n_samples *
    n_features, the memory that of a float32 copy of X, or of none
    where X is float32, without copies of rows, and the median of every feature is 0.

    Distances compare features, so these should be on one scale: put a `StandardScaler` before,
    or embed.

    References
    ----------
    .. [1] T. F. Gonzalez, "Clustering to minimize the maximum intercluster distance", Theoretical
       Computer Science 38, 1985.
    .. [2] O. Sener, S. Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set
       Approach", ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_zcore import KCenterSelector
    >>> X = np.array([[0.0], [1.0], [2.0], [10.0]])
    >>> KCenterSelector(budget=2).fit(X).get_support(indices=True)
    array([2, 3])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BlockSelector._parameter_constraints,
        **CAMPAIGN_CONSTRAINTS,
        "budget": [*BUDGET_CONSTRAINT, None],
        "metric": [StrOptions({"euclidean", "cosine"})],
        "radius": [ABOVE_ZERO, None],
        "verbose": ["verbose"],
    }

    budget: Any

    def __init__(
        self,
        budget: float | str | None = 0.1,
        *,
        metric: Literal["euclidean", "cosine"] = "euclidean",
        radius: float | None = None,
        verbose: int = 0,
        group_budget: Any = "proportional",
        min_distance: float | str | None = None,
    ) -> None:
        self.budget = budget
        self.metric = metric
        self.radius = radius
        self.verbose = verbose
        self.group_budget = group_budget
        self.min_distance = min_distance

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: Any = None,
        *,
        selected: Any = None,
        groups: Any = None,
        **others: Any,
    ) -> Self:
        """Rank the rows of X and select the best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of finite numbers: array, data frame, memory map; any real dtype.
        y : None
            Ignored: selection uses no labels.
        selected, groups : array-like, default=None
            As for `FacilityLocationSelector.fit`.
        **others : None
            ``sample_weight`` of other selectors is refused: no row may be far away, however
            little it counts.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        TypeError, ValueError
            As `FacilityLocationSelector.fit` does.
        """
        self._refuse(others)
        if groups is not None and self.radius is not None:
            raise ValueError(
                f"radius={self.radius} asks for as many rows as it takes, and groups for shares of "
                f"a budget: leave one of them out."
            )
        return self._fit_rows(X, selected=selected, groups=groups)

    def _budget_rows(self, n_samples: int, n_taken: int = 0) -> int:
        if self.budget is not None:
            return super()._budget_rows(n_samples, n_taken)
        if self.radius is None:
            raise InvalidParameterError(
                "The 'budget' parameter of KCenterSelector may be None, as many rows as it takes, "
                "with a radius only: KCenterSelector(budget=None, radius=1.5). Got no radius "
                "instead."
            )
        return n_samples - n_taken

    def _as_compared(self, rows: NDArray[Any]) -> NDArray[Any]:
        return directions(rows, type(self).__name__) if self.metric == "cosine" else rows

    def __sklearn_tags__(self) -> Any:
        """Return the tags: sparse rows, too."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _order_rows(self, distinct: DistinctRows, n_selected: int) -> NDArray[np.intp]:
        from sklearn_zcore.facility import distance_to_nearest

        values, taken = distinct.values(), distinct.taken_values()
        is_sparse = isinstance(distinct.source, SparseSource)
        rows: _Rows | _SparseRows = _SparseRows(values) if is_sparse else _Rows(values)
        near = np.full(rows.shape[0], np.inf, np.float32)
        if taken.shape[0]:
            near = (rows.scale * distance_to_nearest(values, taken, "euclidean")) ** 2
        chosen = np.empty(self._n_steps(rows.shape, n_selected), np.intp)
        least = self._least_square(distinct.scale / rows.scale)
        with progress_bar(self.verbose, "k-center", "rows") as progress:
            progress.add_total(chosen.size)
            chosen = self._choose(rows, distinct.weights, near, least, chosen, progress)
        if self.radius is not None and self._n_most is None and near.max() <= least:
            self._n_most = chosen.size
        rest = np.argsort(-near, kind="stable")[: near.size - chosen.size]
        return np.concatenate([chosen, rest])

    def _choose(
        self,
        rows: "_Rows | _SparseRows",
        weights: NDArray[np.float32],
        near: NDArray[np.float32],
        least: float,
        chosen: NDArray[np.intp],
        progress: Silent,
    ) -> NDArray[np.intp]:
        """Choose the farthest row again and again; ``near`` is brought up to date."""
        for k in range(chosen.size):
            if near.max() <= least and self._n_most is None:
                self._n_most = k
                if self._n_ranked is not None or self.budget is None:
                    self._n_ranked = k
                    return chosen[:k]
            if np.isinf(near[0]):  # nothing has been chosen
                chosen[k] = rows.nearest_to_mean(weights)
            else:
                chosen[k] = near.argmax()
            np.minimum(near, rows.square_distances(int(chosen[k])), out=near)
            near[chosen[: k + 1]] = -1  # not again, though copies as float32 are at distance 0
            progress.advance()
        return chosen

    _n_passes = 2

    def _rank_blocks(
        self, rows: BlockRows, n_selected: int, seed: int, progress: Progress
    ) -> NDArray[np.intp]:
        from sklearn_zcore.selection._block_clustering import farthest_of_blocks, nearest_points

        chosen = farthest_of_blocks(rows, n_selected, None, progress)
        self._n_ranked = n_selected
        points = rows.overview.centred(rows.take(np.concatenate([chosen, rows.taken])))[:]
        _, distance = nearest_points(rows, points, None, progress)
        is_left = np.ones(distance.size, bool) if rows.is_free is None else rows.is_free.copy()
        is_left[chosen] = False
        left = np.flatnonzero(is_left)
        return np.concatenate([chosen, left[np.argsort(-distance[left], kind="stable")]])

    def _least_square(self, scale: float) -> float:
        """Return the squared distance at which a row is covered; below 0 is none."""
        if self.radius is None:
            return -2.0
        square = 2 * self.radius if self.metric == "cosine" else self.radius**2
        return square * (1 - _ROUNDING) / scale**2


class _Rows:
    """The distinct rows, and their squared distances to one of them."""

    def __init__(self, values: Any) -> None:
        self.X, self.scale = values.matrix()
        self.squares = np.einsum("ij,ij->i", self.X, self.X)
        self.shape: tuple[int, ...] = self.X.shape

    def square_distances(self, row: int) -> NDArray[np.float32]:
        """Return the squared distances of all rows to one of them."""
        from sklearn_zcore.facility import square_distances_from

        return np.asarray(square_distances_from(self.X, self.squares, row))

    def nearest_to_mean(self, weights: NDArray[np.float32]) -> int:
        """Return the row that is nearest to the mean of all of them."""
        mean = np.average(self.X, axis=0, weights=weights).astype(np.float32)
        return int(np.argmin(self.squares - 2 * (self.X @ mean)))


class _SparseRows:
    """The same of sparse rows, in float64, which is right for what is not far off."""

    def __init__(self, values: Any) -> None:
        self.X, self.scale = values[:].astype(np.float64), 1.0
        self.squares = square_norms(self.X)
        self.shape: tuple[int, ...] = self.X.shape
        self._columns = self.X.tocsc()

    def square_distances(self, row: int) -> NDArray[np.float32]:
        """Return the squared distances of all rows to one of them."""
        # By column, as few values as rows share with it are looked at; the sums keep their order.
        one = self.X[[row]]
        products = self._columns[:, one.indices] @ one.data
        squares = self.squares + self.squares[row] - 2 * products
        return np.asarray(np.maximum(squares, 0), np.float32)

    def nearest_to_mean(self, weights: NDArray[np.float32]) -> int:
        """Return the row that is nearest to the mean of all of them."""
        mean = weights.astype(np.float64) @ self.X / weights.sum(dtype=np.float64)
        return int(np.argmin(self.squares - 2 * (self.X @ mean)))
