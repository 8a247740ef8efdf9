"""How a selector ranks rows of which every group is owed a share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.selection._groups import Groups, group_counts, merge, shares_of, turns

Ranked = tuple[NDArray[np.intp], int | None]  # rows, and how far their ranking goes; None: all


class GroupRanking:
    """What a selector needs for groups: it ranks each by its own, and takes them in turns."""

    group_budget: Any = "proportional"
    scores_: NDArray[np.float64]
    ranking_: NDArray[np.intp]
    _taken: NDArray[np.intp]

    def _score_rows(
        self, X: NDArray[Any], hashes: NDArray[np.uint64], n_selected: int
    ) -> NDArray[np.float64]:
        raise NotImplementedError

    def _rank_rows(self, scores: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the rows from most to least valuable; ties go to the lower row."""
        return np.argsort(-scores, kind="stable")

    def _taken_last(self, ranking: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return a ranking with the rows that have been selected before at its end."""
        if not self._taken.size:
            return ranking
        is_taken = np.zeros(ranking.size, bool)
        is_taken[self._taken] = True
        return np.concatenate([ranking[~is_taken[ranking]], ranking[is_taken[ranking]]])

    def _rank_groups(
        self, X: NDArray[Any], hashes: NDArray[np.uint64], n_selected: int, groups: Groups
    ) -> NDArray[np.intp]:
        """Rank the rows so that of any number of them, every group has its share.

        Returns
        -------
        ndarray of shape (n_free,), int
            Which group every place of the ranking belongs to.
        """
        free = np.setdiff1d(np.arange(X.shape[0]), self._taken)
        sizes = groups.sizes(free)
        shares = shares_of(self.group_budget, groups, n_selected, sizes)
        counts = group_counts(sizes, shares, n_selected)
        rankings = self._rank_each(X, hashes, n_selected, groups, counts)
        order = turns(sizes, shares, n_selected)
        self._n_ranked = _merged_length(order, [ranked for _, ranked in rankings])
        ranking = merge(order, [ranking for ranking, _ in rankings])
        self.ranking_ = np.concatenate([ranking, self._taken])
        self.scores_ = self._scores_of_ranking()
        return order

    def _rank_each(
        self,
        X: NDArray[Any],
        hashes: NDArray[np.uint64],
        n_selected: int,
        groups: Groups,
        counts: NDArray[np.intp],
    ) -> list[Ranked]:
        """Return for every group its rows that can be selected, ranked, and how far that goes.

        The value of a row is its own here, so that one ranking of all is split among the groups.
        """
        self.scores_ = self._score_rows(X, hashes, n_selected)
        ranking = self._taken_last(self._rank_rows(self.scores_))
        ranking = ranking[: ranking.size - self._taken.size]
        by_group = ranking[np.argsort(groups.number[ranking], kind="stable")]
        ends = np.cumsum(groups.sizes(ranking))
        return [(rows, None) for rows in np.split(by_group, ends[:-1])]

    def _scores_of_ranking(self) -> NDArray[np.float64]:
        """Return the scores of a ranking by groups or distances: those of the rows without."""
        return self.scores_


def _merged_length(order: NDArray[np.intp], lengths: list[int | None]) -> int | None:
    """Return how far a merged ranking goes if those of the groups end; None is to the end."""
    ends: list[int] = []
    for group, length in enumerate(lengths):
        if length is None:
            continue
        places = np.flatnonzero(order == group)
        if length < places.size:
            ends.append(int(places[length]))
    return min(ends, default=None)
