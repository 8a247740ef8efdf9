"""What the set-aware selectors share: distinct rows, scores from ranks, rows selected before."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context, clone

from sklearn_zcore._progress import progress_bar
from sklearn_zcore.rows import DistinctRows, refuse_constant, source_of
from sklearn_zcore.selection._base import BaseCoresetSelector
from sklearn_zcore.selection._group_ranking import Ranked
from sklearn_zcore.selection._groups import Groups

_ALL_STEPS = 4e9  # multiplications: about a second
# Of a selector that needs rows in memory: told where they are not.
NEEDS_MEMORY = (
    " If it does not: FacilityLocationSelector, KMeansSelector, KCenterSelector and "
    "RandomSelector take it as it is."
)


class SetAwareSelector(BaseCoresetSelector):
    """Base class of selectors for which the value of a row depends on the rows before it.

    A subclass orders distinct rows; copies of rows come after all of these. A score is the share
    of the rows that a row comes before, itself included: 1 for the first, 1 / n_samples for the
    last.
    """

    @abstractmethod
    def _order_rows(self, distinct: DistinctRows, n_selected: int) -> NDArray[np.intp]:
        """Return positions in ``distinct.rows``, from most to least valuable."""

    def _score_rows(
        self, X: NDArray[Any], hashes: NDArray[np.uint64], n_selected: int
    ) -> NDArray[np.float64]:
        n = X.shape[0]
        distinct = DistinctRows(source_of(X), hashes, self._taken, self._sample_weight)
        order, self._n_ranked = np.empty(0, np.intp), None
        if distinct.rows.size:
            order = self._order_rows(distinct, min(n_selected, distinct.rows.size))
        scores = np.empty(n)
        scores[distinct.ranking(order)] = np.arange(n, 0, -1) / n
        return scores

    def _n_steps(self, shape: tuple[int, ...], n_selected: int) -> int:
        """Return how far to go where every choice looks at all rows: to the end if that is cheap.

        ``shape`` is that of the array which a step multiplies.
        """
        n_rows = shape[0]
        n_steps = n_rows if n_rows * shape[0] * shape[1] <= _ALL_STEPS else n_selected
        self._n_ranked = None if n_steps == n_rows else n_steps
        return n_steps

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: Any = None,
        *,
        selected: Any = None,
        groups: Any = None,
        sample_weight: Any = None,
        **others: None,
    ) -> Self:
        """Rank the rows of X and select the best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of finite numbers: array, data frame, memory map; any real dtype.
        y : None
            Ignored: selection uses no labels.
        selected : array-like of shape (n_samples,), bool, or (n_rows,), int, default=None
            Rows that have been selected before, as a mask or by number: labelled ones, say. They
            count as covered and are not selected again; they come last in ``ranking_``. ``budget``
            is the number of further rows; a fraction still is one of all rows, at most those that
            are left.
        groups : array-like of shape (n_samples,) or (n_samples, n_columns), default=None
            The group of every row, such as its site: each gets its share of the coreset, see
            ``group_budget``, and its rows are selected among its own. Of several columns, every
            combination is a group. Rows whose group is missing (None, NaN) are a group of their
            own.
        sample_weight : array-like of shape (n_samples,), default=None
            As how many rows each counts in what is to be covered: whole numbers are the same as
            copies of the row. A row of weight 0 need not be covered, and may be selected.
        **others : None
            There are no others: refused by name.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        TypeError
            If ``selected`` is neither boolean nor integer; if there is another keyword.
        ValueError
            If X is not made of finite real numbers, has fewer than 2 rows or no feature that
            varies, or has fewer rows left than the budget; if ``selected`` names rows that X does
            not have, or all of them; if ``groups`` or ``group_budget`` do not fit X; if
            weights are negative, not finite, all 0, or not as many as there are rows.
        """
        self._refuse(others)
        return self._fit_rows(X, selected=selected, groups=groups, sample_weight=sample_weight)

    def _rank_each(
        self,
        X: NDArray[Any],
        hashes: NDArray[np.uint64],
        n_selected: int,
        groups: Groups,
        counts: NDArray[np.intp],
    ) -> list[Ranked]:
        """Return for every group its rows that can be selected, ranked, and how far that goes.

        What a row is worth depends on the others: each group is one fit of its own.
        """
        if (hashes == hashes[0]).all():
            refuse_constant(X.shape[1])
        rankings: list[Ranked] = []
        by_group = np.argsort(groups.number, kind="stable")
        members = np.split(by_group, np.cumsum(groups.sizes())[:-1])
        owner = type(self).__name__.removesuffix("Selector")
        with progress_bar(getattr(self, "verbose", 0), owner, "groups") as progress:
            progress.add_total(len(members))
            for rows, count in zip(members, counts.tolist(), strict=True):
                rankings.append(self._rank_group(X, hashes, rows, count))
                progress.advance()
        return rankings

    def _rank_group(
        self, X: NDArray[Any], hashes: NDArray[np.uint64], rows: NDArray[np.intp], count: int
    ) -> Ranked:
        """Return the rows of one group that can be selected, ranked, and how far that goes."""
        before = np.isin(rows, self._taken, assume_unique=True)
        n_free = int(np.count_nonzero(~before))
        if n_free <= 1 or (hashes[rows] == hashes[rows[0]]).all():
            return rows[~before], None
        keywords: dict[str, Any] = {"selected": before} if before.any() else {}
        # If none of a group counts, all of it counts alike: it is owed its share.
        if self._sample_weight is not None and self._sample_weight[rows].any():
            keywords["sample_weight"] = self._sample_weight[rows]
        alone = clone(self).set_params(budget=max(1, count), **self._no_groups())
        alone.fit(X[rows], **keywords)
        return rows[alone.ranking_[:n_free]], alone._n_ranked

    def _no_groups(self) -> dict[str, Any]:
        """Return the parameters of a fit within one group."""
        plain: dict[str, Any] = {"group_budget": "proportional", "min_distance": None, "verbose": 0}
        if getattr(self, "metric", None) == "cosine":
            plain["metric"] = "euclidean"  # rows are of length 1 already
        known = self.get_params(deep=False)
        return {name: value for name, value in plain.items() if name in known}

    def _scores_of_ranking(self) -> NDArray[np.float64]:
        """Return the scores of a ranking by groups or distances: from the ranks, as without."""
        n = self.ranking_.size
        scores = np.empty(n)
        scores[self.ranking_] = np.arange(n, 0, -1) / n
        return scores
