"""What scores of a comparison say: means, ranks, wins against random draws, and p values.

`scores_by_set` turns the records of a comparison, as a data frame, into one score for each data
set (or fold), budget and selector; the tables take these. They are data frames with a row for
each selector and a column for each budget.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wilcoxon

from sklearn_zcore.inspection._score_selector import ALL_ROWS

RANDOM = "random"


def scores_by_set(frame: Any, metric: str = "macro_f1", by: str = "data") -> Any:
    """Return the mean score of every selector on every data set.

    Parameters
    ----------
    frame : DataFrame
        Records, with columns ``selector``, ``budget``, ``metric`` and ``by``.
    metric : str, default="macro_f1"
        Column of the scores.
    by : str, default="data"
        Column that tells the data sets apart; ``"fold"`` for the folds of one.

    Returns
    -------
    DataFrame
        A row for each (data set, budget), a column for each selector: the mean over everything
        else, such as classifiers and draws. Without those rows on which a selector has no score,
        because the budget is out of reach or a fit has failed.
    """
    part = frame[frame["selector"] != ALL_ROWS]
    groups = part.groupby([by, "budget", "selector"], sort=False)[metric]
    means = groups.mean().where(groups.count() == groups.size())
    return means.unstack().dropna()


def mean_table(by_set: Any, budgets: Sequence[str]) -> Any:
    """Return the mean over data sets.

    Parameters
    ----------
    by_set : DataFrame
        As of `scores_by_set`.
    budgets : sequence of str
        Columns; those that no data set has are left out.

    Returns
    -------
    DataFrame
    """
    return _by_budget(by_set, budgets)


def rank_table(by_set: Any, budgets: Sequence[str]) -> Any:
    """Return the mean rank over data sets, 1 for the best selector.

    Parameters
    ----------
    by_set, budgets
        See `mean_table`.

    Returns
    -------
    DataFrame
    """
    return _by_budget(by_set.rank(axis=1, ascending=False), budgets)


def win_table(by_set: Any, budgets: Sequence[str]) -> Any:
    """Return the share of data sets on which each selector beats random draws; a tie is half.

    Parameters
    ----------
    by_set, budgets
        See `mean_table`.

    Returns
    -------
    DataFrame
    """
    ahead = ahead_of_random(by_set)
    return _by_budget((ahead > 0).astype(float) + 0.5 * (ahead == 0), budgets)


def p_table(by_set: Any, budgets: Sequence[str]) -> Any:
    """Return p values of each selector against random draws.

    Wilcoxon's signed-rank test over data sets, two-sided, adjusted for the number of tests by
    Holm's method. It is not for folds, whose training rows are shared.

    Parameters
    ----------
    by_set, budgets
        See `mean_table`.

    Returns
    -------
    DataFrame
        NaN where all scores are equal.
    """
    ahead = ahead_of_random(by_set)
    present = [b for b in budgets if b in ahead.index.get_level_values("budget")]
    table = _by_budget(ahead, budgets) * np.nan
    for budget in present:
        for selector in ahead:
            differences = ahead.xs(budget, level="budget")[selector].to_numpy()
            if np.any(differences != 0):
                table.loc[selector, budget] = wilcoxon(differences).pvalue
    known = table.notna().to_numpy()
    values = table.to_numpy(copy=True)
    values[known] = _holm(values[known])
    return type(table)(values, table.index, table.columns)


def ahead_of_random(by_set: Any) -> Any:
    """Return how far each selector is ahead of random draws, on every data set.

    Parameters
    ----------
    by_set : DataFrame
        As of `scores_by_set`.

    Returns
    -------
    DataFrame
        Of the same rows, without the column of the random draws.
    """
    return by_set.drop(columns=RANDOM).sub(by_set[RANDOM], axis=0)


def _by_budget(values: Any, budgets: Sequence[str]) -> Any:
    means = values.groupby(level="budget", sort=False).mean().T
    return means[[budget for budget in budgets if budget in means]]


def _holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p values for their number (Holm 1979)."""
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(p_values.size, 0, -1)
    adjusted = np.empty(p_values.size)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def as_markdown(table: Any, digits: int = 1) -> str:
    """Format a table as Markdown, as it stands; what is NaN stays empty.

    Parameters
    ----------
    table : DataFrame
    digits : int, default=1
        Behind the point.

    Returns
    -------
    str
    """
    head = ["selector", *table.columns]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for name, row in table.iterrows():
        cells = ["" if np.isnan(value) else f"{value:.{digits}f}" for value in row]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)
