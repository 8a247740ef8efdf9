"""What is compared, by name: selectors with their draws, and classifiers."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import clone, is_classifier, is_regressor

from sklearn_zcore.inspection._comparison_summary import RANDOM
from sklearn_zcore.inspection._score_selector import ALL_ROWS, default_classifiers
from sklearn_zcore.selection import SELECTORS, RandomSelector

_SEEDS_APART = 1000  # of the draws of one selector


def named_selectors(given: Any, seed: int, n_repeats: int) -> dict[str, list[Any]]:
    """Return the draws of every selector, by its name; random draws are among them.

    Parameters
    ----------
    given : list, dict, str, selector or None
    seed : int
        Of selectors that are given by name, and of random draws.
    n_repeats : int
        Number of random draws.

    Returns
    -------
    dict of str to list of selector

    Raises
    ------
    TypeError
        If something is no selector.
    ValueError
        If a name is unknown, or would be that of two.
    """
    if given is None:
        given = list(SELECTORS)
    if isinstance(given, str) or hasattr(given, "fit"):
        given = [given]
    pairs = list(given.items()) if isinstance(given, Mapping) else [(_name(s), s) for s in given]
    if not pairs:
        raise ValueError(f"selectors is empty. Name some of {', '.join(SELECTORS)}.")
    if RANDOM not in dict(pairs):
        pairs.append((RANDOM, RANDOM))
    found: dict[str, list[Any]] = {}
    for name, selector in pairs:
        if name in found or name == ALL_ROWS:
            raise ValueError(
                f"Two of the selectors would be called {name!r}. Give a dict of selectors by name."
            )
        found[name] = _draws(selector, seed, n_repeats)
    return found


def _name(selector: Any) -> str:
    """Return what a selector is called: as in the registry, or its class."""
    if isinstance(selector, str):
        return selector
    known = {entry.estimator: name for name, entry in SELECTORS.items()}
    return known.get(type(selector), type(selector).__name__)


def _draws(selector: Any, seed: int, n_repeats: int | None) -> list[Any]:
    """Return the selectors whose scores are averaged; None repeats none of them."""
    if isinstance(selector, list | tuple):
        return [one for some in selector for one in _draws(some, seed, None)]
    if isinstance(selector, str):
        if selector not in SELECTORS:
            raise ValueError(f"There is no selector {selector!r}. Names: {', '.join(SELECTORS)}.")
        selector = _seeded(SELECTORS[selector].estimator(), seed)
    if isinstance(selector, type) or not hasattr(selector, "fit"):
        raise TypeError(
            f"{selector!r} is no selector. Give a name ({', '.join(SELECTORS)}) or an instance, "
            f"such as FacilityLocationSelector()."
        )
    if not (hasattr(selector, "get_support") and "budget" in selector.get_params()):
        raise TypeError(
            f"{type(selector).__name__} does not select rows to a budget: it needs the methods fit "
            f"and get_support, and a parameter budget."
        )
    if n_repeats is None or not isinstance(selector, RandomSelector):
        return [selector]
    return [_seeded(selector, seed + _SEEDS_APART * draw) for draw in range(n_repeats)]


def _seeded(selector: Any, seed: int) -> Any:
    params = {"random_state": seed} if "random_state" in selector.get_params() else {}
    return clone(selector).set_params(**params)


def named_classifiers(given: Any, seed: int) -> dict[str, Any]:
    """Return classifiers by name.

    Parameters
    ----------
    given : list, dict, classifier or None
        None is `default_classifiers`.
    seed : int
        Of the default.

    Returns
    -------
    dict of str to classifier

    Raises
    ------
    TypeError
        If something is no classifier.
    ValueError
        If there are none, or two of one name.
    """
    if given is None:
        return dict(default_classifiers(seed))
    if hasattr(given, "fit"):
        given = [given]
    pairs = (
        list(given.items())
        if isinstance(given, Mapping)
        else [(type(one).__name__, one) for one in given]
    )
    if not pairs:
        raise ValueError("estimators is empty. Give a classifier, or None for three of them.")
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError(
            "Two of the estimators have the same name. Give a dict of classifiers by name."
        )
    for name, one in pairs:
        if is_regressor(one):
            raise TypeError(
                f"compare_selectors trains classifiers, and {type(one).__name__} ({name!r}) is a "
                f"regressor. Compare budget_curve(CoresetRegressor({type(one).__name__}(), "
                f"selector), X, y) of each selector."
            )
        if not is_classifier(one):
            raise TypeError(f"{name!r} among the estimators is no classifier: {one!r}.")
    return dict(pairs)
