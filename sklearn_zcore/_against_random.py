"""Accuracies of coresets against those of random draws, as numbers and in words."""

from collections.abc import Mapping
from statistics import fmean, stdev
from typing import Any

from sklearn_zcore._words import join_words


def accuracy(scores: dict[tuple[str, str], list[float]]) -> dict[str, Any]:
    """Return the mean accuracy over classifiers, in per cent.

    Parameters
    ----------
    scores : dict
        As of `SelectorComparison.scores_of_draws`.

    Returns
    -------
    accuracy : dict
        ``all_rows``; by method and budget, of each method but random draws; and for those, by
        budget, of each of the ``draws``, their ``mean`` and ``std``.
    """
    found: dict[str, Any] = {}
    for (name, budget), values in scores.items():
        draws = [round(100 * value, 3) for value in values]
        random = {"mean": fmean(draws), "std": stdev(draws), "draws": draws} if draws[1:] else None
        found.setdefault(name, {})[budget] = random or draws[0]
    all_rows = found.pop("all rows")["all rows"]
    return {**found, "all_rows": all_rows}


def verdict(found: dict[str, Any], labels: Mapping[str, str]) -> list[str]:
    """Say of every method at which budgets it beats random draws.

    Parameters
    ----------
    found : dict
        As of `accuracy`.
    labels : mapping of str to str
        What each method is called.

    Returns
    -------
    sentences : list of str
        In words that follow from the numbers: who is ahead of three quarters of the draws beats
        them, a tie being half, and who is ahead of at most a quarter loses to them.
    """
    draws = {budget: row["draws"] for budget, row in found["random"].items()}
    sentences = []
    for name in (n for n in found if n not in ("all_rows", "random")):
        places: dict[str, list[str]] = {"beats": [], "is level with": [], "loses to": []}
        for budget, score in found[name].items():
            wins = fmean((d < score) + 0.5 * (d == score) for d in draws[budget])
            verb = "beats" if wins >= 0.75 else "loses to" if wins <= 0.25 else "is level with"
            places[verb].append(budget)
        told = [f"{verb} them at {join_words(b)}" for verb, b in places.items() if b]
        told[0] = told[0].replace("them", "random draws")
        sentences.append(f"{labels[name]} {', '.join(told)}.")
    return sentences
