"""A coreset as rows to write: which they are, and what is known of each."""

from dataclasses import dataclass
from typing import Any

ADDED = ("zcore_row", "zcore_score", "zcore_rank", "zcore_weight")


@dataclass
class Coreset:
    """The selected rows, in the order in which they are written.

    Attributes
    ----------
    rows : ndarray of int64
        Row numbers in the input, from 0.
    scores : ndarray
        Their scores.
    ranks : ndarray of int64
        Their ranks; 1 is the most valuable row.
    weights : ndarray or None
        How many rows each stands for, if that is asked for.
    """

    rows: Any
    scores: Any
    ranks: Any
    weights: Any = None

    def added(self) -> dict[str, Any]:
        """Return the columns that zcore adds."""
        values = (self.rows, self.scores, self.ranks, self.weights)
        return {n: v for n, v in zip(ADDED, values, strict=True) if v is not None}

    def beside(self, columns: Any) -> Any:
        """Return columns, a dict or a pyarrow.Table, with those that are added."""
        if isinstance(columns, dict):
            return columns | self.added()
        import pyarrow as pa

        for name, values in self.added().items():
            columns = columns.append_column(name, pa.array(values))
        return columns


def make_coreset(
    selector: Any, kept: Any, order: str, *, before: Any = (), weights: bool = False
) -> Coreset:
    """Collect the selected rows with scores and ranks.

    Parameters
    ----------
    selector : estimator
        A fitted selector.
    kept : ndarray or None
        The input's row of each row that the selector saw; None if they are the same.
    order : {"row", "rank"}
        How to sort the coreset.
    before : sequence of int, default=()
        Rows selected before that stay in the coreset, by rank: they come before the new ones.
    weights : bool, default=False
        Whether to count the rows that each stands for.

    Returns
    -------
    coreset : Coreset
        The rows, numbered as in the input.
    """
    import numpy as np  # not with the command, which answers --help at once

    ranking = np.asarray(selector.ranking_)
    n_before = len(before)
    if n_before:  # the selector ranks them last
        ranking = np.concatenate([before, ranking[:-n_before]])
    chosen = ranking[: n_before + selector.n_selected_].astype(np.int64)
    in_order = np.argsort(chosen, kind="stable")
    chosen, ranks = chosen[in_order], in_order + 1
    counts = selector.count_represented(chosen) if weights else None
    if order == "rank":
        by_rank = np.argsort(ranks, kind="stable")
        chosen, ranks = chosen[by_rank], ranks[by_rank]
        counts = None if counts is None else counts[by_rank]
    rows = chosen if kept is None else np.asarray(kept, dtype=np.int64)[chosen]
    return Coreset(rows, np.asarray(selector.scores_)[chosen], ranks, counts)
