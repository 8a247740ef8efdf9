"""Means over classifiers and draws, and over folds, of the records of a comparison."""

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

from sklearn_zcore.inspection._comparison_summary import RANDOM
from sklearn_zcore.inspection._score_selector import ALL_ROWS

FoldScores = dict[tuple[Any, str], dict[str, float]]


def fold_scores(
    records: Sequence[dict[str, Any]], metric: str, selectors: Sequence[str]
) -> FoldScores:
    """Return the mean score of every selector in each fold, at each budget.

    Parameters
    ----------
    records : sequence of dict
        As of `SelectorComparison`.
    metric : str
        Which score.
    selectors : sequence of str
        Names, in the order that is wanted.

    Returns
    -------
    dict of (fold, budget) to dict of str to float
        By selector: the mean over classifiers and draws. Without the places where a selector has
        a NaN, or no score at all.
    """
    found: dict[tuple[Any, str], dict[str, list[float]]] = {}
    for record in records:
        if record["selector"] != ALL_ROWS:
            place = found.setdefault((record["fold"], record["budget"]), {})
            place.setdefault(record["selector"], []).append(record[metric])
    means = {
        place: {name: fmean(scores.get(name) or [float("nan")]) for name in selectors}
        for place, scores in found.items()
    }
    return {place: row for place, row in means.items() if all(v == v for v in row.values())}


def draw_scores(
    records: Sequence[dict[str, Any]], metric: str
) -> dict[tuple[str, str], list[float]]:
    """Return, by selector and budget, the mean score over classifiers for each fold and draw.

    Parameters
    ----------
    records : sequence of dict
        As of `SelectorComparison`.
    metric : str
        Which score.

    Returns
    -------
    dict of (selector, budget) to list of float
    """
    scores: dict[tuple[str, str], dict[tuple[int, int], list[float]]] = {}
    for r in records:
        draws = scores.setdefault((r["selector"], r["budget"]), {})
        draws.setdefault((r["fold"], r["draw"]), []).append(r[metric])
    return {place: [fmean(values) for values in draws.values()] for place, draws in scores.items()}


def summarised(
    scores: FoldScores, budgets: Sequence[str], selectors: Sequence[str]
) -> dict[tuple[str, str], dict[str, float]]:
    """Return what the scores of folds say of each budget and selector.

    Parameters
    ----------
    scores : dict
        As of `fold_scores`.
    budgets, selectors : sequence of str
        In the order that is wanted.

    Returns
    -------
    dict of (budget, selector) to dict of str to float
        ``mean`` and ``std`` over folds, ``ahead`` of random draws in the mean, and ``wins``, the
        share of folds in which it is ahead, a tie being half. NaN where there is none.
    """
    nan = float("nan")
    found = {}
    for budget in budgets:
        rows = [row for (_, label), row in scores.items() if label == budget]
        for name in selectors:
            values = [row[name] for row in rows]
            ahead = [row[name] - row[RANDOM] for row in rows] if name != RANDOM else []
            wins = [(a > 0) + 0.5 * (a == 0) for a in ahead]
            found[budget, name] = {
                "mean": fmean(values) if values else nan,
                "std": stdev(values) if len(values) > 1 else nan,
                "ahead": fmean(ahead) if ahead else nan,
                "wins": fmean(wins) if wins else nan,
            }
    return found
