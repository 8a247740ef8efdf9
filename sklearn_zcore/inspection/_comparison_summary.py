"""What a comparison of selectors says: means, ranks, wins against random, and their picture.

Everything here takes the records of a comparison as a data frame: columns ``selector``,
``budget``, ``macro_f1`` and others, and ``data`` where there are several data sets.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wilcoxon

from sklearn_zcore.inspection._comparison import ALL_ROWS

RANDOM = "random"


def scores_by_set(frame: Any, metric: str = "macro_f1") -> Any:
    """Return the mean score of every selector on every data set, in per cent.

    Parameters
    ----------
    frame : DataFrame
        Records.
    metric : str, default="macro_f1"

    Returns
    -------
    DataFrame
        A row for each (data, budget), a column for each selector; the mean over classifiers,
        folds and draws. Without those data sets on which a budget is out of reach.
    """
    part = frame[frame["selector"] != ALL_ROWS]
    means = part.groupby(["data", "budget", "selector"], sort=False)[metric].mean().unstack()
    return 100 * means.dropna()


def mean_table(by_set: Any, budgets: Sequence[str]) -> Any:
    """Return the mean over data sets: a row for each selector, a column for each budget."""
    return _by_budget(by_set, budgets)


def rank_table(by_set: Any, budgets: Sequence[str]) -> Any:
    """Return the mean rank over data sets, 1 for the best selector."""
    return _by_budget(by_set.rank(axis=1, ascending=False), budgets)


def win_table(by_set: Any, budgets: Sequence[str]) -> Any:
    """Return the share of data sets on which each selector beats a random draw; a tie is half."""
    return _by_budget(_wins(by_set), budgets)


def _wins(by_set: Any) -> Any:
    ahead = by_set.drop(columns=RANDOM).sub(by_set[RANDOM], axis=0)
    return (ahead > 0).astype(float) + 0.5 * (ahead == 0)


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


def p_table(by_set: Any, budgets: Sequence[str]) -> Any:
    """Return p values of each selector against a random draw.

    Wilcoxon's signed-rank test over data sets, two-sided, adjusted for the number of tests by
    Holm's method.
    """
    ahead = by_set.drop(columns=RANDOM).sub(by_set[RANDOM], axis=0)
    present = [b for b in budgets if b in ahead.index.get_level_values("budget")]
    table = ahead.groupby(level="budget", sort=False).mean().T[present] * np.nan
    for budget in present:
        for selector in ahead:
            differences = ahead.xs(budget, level="budget")[selector].to_numpy()
            if np.any(differences != 0):
                table.loc[selector, budget] = wilcoxon(differences).pvalue
    known = table.notna().to_numpy()
    values = table.to_numpy(copy=True)
    values[known] = _holm(values[known])
    return type(table)(values, table.index, table.columns)


def as_markdown(table: Any, digits: int = 1) -> str:
    """Format a table as Markdown, the best of a column first in no way: as it stands."""
    head = ["selector", *table.columns]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for name, row in table.iterrows():
        cells = ["" if np.isnan(value) else f"{value:.{digits}f}" for value in row]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def plot_comparison(by_set: Any, groups: dict[str, dict[str, str]], metric: str) -> Any:
    """Plot how far every selector is ahead of a random draw.

    Parameters
    ----------
    by_set : DataFrame
        As of `scores_by_set`.
    groups : dict of str to dict of str to str
        By title, the budgets that share a panel, with what stands at the axis.
    metric : str
        What the scores are called.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "A figure needs matplotlib: pip install 'sklearn-zcore[plot]'."
        ) from error
    present = {
        title: [b for b in budgets if b in by_set.index.get_level_values("budget")]
        for title, budgets in groups.items()
    }
    present = {title: budgets for title, budgets in present.items() if budgets}
    figure = Figure(figsize=(1 + 4.2 * len(present), 4.2), layout="constrained")
    panels = figure.subplots(1, len(present), sharey=True, squeeze=False)[0]
    ahead = by_set.sub(by_set[RANDOM], axis=0)
    for panel, (title, budgets) in zip(panels, present.items(), strict=True):
        grouped = ahead.groupby(level="budget", sort=False)
        mean, spread = grouped.mean().loc[budgets], grouped.sem().loc[budgets]
        x = np.arange(len(budgets))
        for i, selector in enumerate(mean.columns):
            if selector == RANDOM:
                continue
            panel.errorbar(
                x + 0.04 * (i - mean.shape[1] / 2),
                mean[selector],
                None if spread[selector].isna().any() else spread[selector],
                marker="osD^vP*X"[i % 8],
                capsize=2,
                label=selector,
            )
        panel.axhline(0, color="0.5", linestyle="--", label="random draw")
        panel.set_xticks(x, [groups[title][budget] for budget in budgets])
        panel.set_xlabel(title)
        panel.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel(f"{metric}, points ahead of a random draw")
    panels[-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
    return figure
