"""smallest_within: which candidate of a search has the smallest budget that is good enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, validate_params

from sklearn_zcore._budget import Budget


def good_enough(
    scores: NDArray[np.float64], best: float, tolerance: float, absolute: bool
) -> NDArray[np.bool_]:
    """Return which scores are within the tolerance of the best one.

    Parameters
    ----------
    scores : ndarray
        Higher is better; NaN is never good enough.
    best : float
    tolerance : float
        A difference if ``absolute``, and a share of ``abs(best)`` otherwise.
    absolute : bool

    Returns
    -------
    ndarray of bool, of the same shape
    """
    allowed = tolerance if absolute else tolerance * abs(best)
    # 0.95 is within 0.05 of 1.0, though 1.0 - 0.05 is a little more than it.
    return scores >= best - allowed - 1e-12 * max(1.0, abs(best))


def _budgets(params: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return every candidate's budget."""
    every_name = sorted({name for one in params for name in one})
    names = [name for name in every_name if name.split("__")[-1] == "budget"]
    if len(names) != 1:
        found = f"it sets {', '.join(names)}" if names else "it sets none"
        raise ValueError(
            f"smallest_within needs a search over one budget, such as 'selector__budget', and "
            f"{found}. Its parameters: {', '.join(every_name)}."
        )
    (name,) = names
    without = [number for number, one in enumerate(params) if name not in one]
    if without:
        raise ValueError(
            f"Candidate {without[0]} of the search, {dict(params[without[0]])}, does not set "
            f"{name}, so that its budget cannot be compared. Set it in every part of the grid."
        )
    budgets = [one[name] for one in params]
    sizes = [_size(budget, name) for budget in budgets]
    if len({isinstance(size, Integral) for size in sizes}) == 2:
        raise ValueError(
            f"{name} mixes numbers of rows with fractions ({budgets[0]!r} and others), and which "
            f"is the smaller depends on the number of rows. Give either."
        )
    return [float(size) for size in sizes]


def _size(budget: Any, name: str) -> Any:
    """Return a budget as a number; one of another package's selector need not be ours."""
    if isinstance(budget, Real):
        return budget
    try:
        return Budget.parse(budget).size
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must be a number in every candidate; one is {budget!r}."
        ) from None


@dataclass(frozen=True, repr=False)
class _SmallestWithin:
    """What `smallest_within` returns: something that can be pickled, cloned and read."""

    tolerance: float
    absolute: bool
    scoring: str | None

    def __call__(self, cv_results: Mapping[str, Any]) -> int:
        key = f"mean_test_{'score' if self.scoring is None else self.scoring}"
        if key not in cv_results:
            there = sorted(
                name.removeprefix("mean_test_")
                for name in cv_results
                if name.startswith("mean_test_")
            )
            raise ValueError(
                f"The search has no {key!r}. Its metrics: {', '.join(there)}. Name one: "
                f"smallest_within({self.tolerance!r}, scoring={there[0]!r})."
                if there
                else f"The results of the search have no {key!r}."
            )
        scores = np.asarray(cv_results[key], dtype=np.float64)
        if "iter" in cv_results:  # successive halving: earlier rounds saw less data
            rounds = np.asarray(cv_results["iter"])
            scores = np.where(rounds == rounds.max(), scores, np.nan)
        if np.isnan(scores).all():
            raise ValueError(
                "No candidate of the search has a score: all of their fits have failed. Set "
                "error_score='raise' to see why."
            )
        budgets = np.asarray(_budgets(cv_results["params"]), dtype=np.float64)
        good = good_enough(scores, float(np.nanmax(scores)), self.tolerance, self.absolute)
        smallest = good & (budgets == budgets[good].min())
        return int(np.argmax(np.where(smallest, scores, -np.inf)))

    def __repr__(self) -> str:
        more = ", absolute=True" if self.absolute else ""
        more += f", scoring={self.scoring!r}" if self.scoring else ""
        return f"smallest_within({self.tolerance!r}{more})"


@validate_params(
    {
        "tolerance": [Interval(Real, 0, None, closed="left")],
        "absolute": ["boolean"],
        "scoring": [str, None],
    },
    prefer_skip_nested_validation=True,
)
def smallest_within(
    tolerance: float, *, absolute: bool = False, scoring: str | None = None
) -> _SmallestWithin:
    """Have a search choose the smallest budget whose score is close enough to the best.

    More rows nearly always score a little better, so a search that maximises the score takes the
    largest budget that it is offered. As its ``refit``, this makes it take the smallest budget
    that has a candidate within the tolerance, and of these the candidate that scores best.

    Parameters
    ----------
    tolerance : float
        How far from the best mean test score is good enough: a share of it (0.01 is 1 %), or, if
        ``absolute``, a difference in the units of the score.
    absolute : bool, default=False
        Which of the two.
    scoring : str, default=None
        Name of the metric that counts, in a search over several.

    Returns
    -------
    callable
        Takes ``cv_results_`` and returns the chosen index. Everything named ``budget`` in the
        parameters of the search counts as the budget: ``selector__budget``,
        ``coresetclassifier__selector__budget``.

    Raises
    ------
    ValueError
        If the tolerance is negative. When called: if the search is not over one budget, mixes
        numbers of rows with fractions, lacks the metric, or has no score at all.

    See Also
    --------
    budget_curve : Score against budget, with a random baseline.

    Notes
    -----
    For `GridSearchCV` and `RandomizedSearchCV`. The halving searches document a callable
    ``refit``, too, and ignore it (as of scikit-learn 1.9): call this with their results and refit
    by hand, as below. Candidates of their last round are compared, since earlier ones saw less
    data. But halving drops the candidates that score low, and small budgets are among them: a
    grid serves better here, with ``memory`` in the selector, so that a budget costs little.

    With a callable ``refit``, scikit-learn sets no ``best_score_``; it is
    ``cv_results_["mean_test_score"][best_index_]``.

    A relative tolerance means little for scores around zero, such as a small R²: use
    ``absolute``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_zcore import CoresetClassifier, RandomSelector, smallest_within
    >>> X, y = load_iris(return_X_y=True)
    >>> from sklearn.naive_bayes import GaussianNB
    >>> selector = RandomSelector(random_state=0)
    >>> classifier = CoresetClassifier(GaussianNB(), selector, min_per_class=2)
    >>> budgets = {"selector__budget": [0.1, 0.2, 0.4, 0.6, 0.8, 1.0]}
    >>> search = GridSearchCV(classifier, budgets, refit=smallest_within(0.03)).fit(X, y)
    >>> search.best_params_
    {'selector__budget': 0.2}

    With a halving search:

    >>> from sklearn.base import clone
    >>> from sklearn.experimental import enable_halving_search_cv
    >>> from sklearn.model_selection import HalvingGridSearchCV
    >>> halving = HalvingGridSearchCV(
    ...     classifier, budgets, min_resources=120, random_state=0, refit=False
    ... ).fit(X, y)
    >>> chosen = smallest_within(0.03)(halving.cv_results_)
    >>> best = clone(classifier).set_params(**halving.cv_results_["params"][chosen]).fit(X, y)
    """
    return _SmallestWithin(float(tolerance), bool(absolute), scoring)
