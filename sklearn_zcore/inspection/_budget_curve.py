"""budget_curve: what a model scores when it is trained on coresets of growing size."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from numbers import Integral, Real
from typing import Any

import numpy as np
from joblib import delayed
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import clone, is_classifier
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state, indexable
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from sklearn_zcore._budget import Budget
from sklearn_zcore._parallel import in_order
from sklearn_zcore.compose import BaseCoresetEstimator, good_enough, selector_of
from sklearn_zcore.inspection._budget_curve_fold import FoldScores, score_fold
from sklearn_zcore.inspection._budgets import parse_budgets, rows_of_budgets
from sklearn_zcore.inspection._extras import needed
from sklearn_zcore.inspection._html import html_table, mean_and_spread


@dataclass(frozen=True, eq=False)
class BudgetCurve:
    """Scores against budgets, as `budget_curve` returns them.

    Attributes
    ----------
    budgets : list of int or float
        The budgets from small to large: numbers of rows (int), or fractions (float).
    n_selected : ndarray of shape (n_budgets, n_folds)
        Rows of the coresets.
    n_train : ndarray of shape (n_folds,)
        Rows that they were selected from.
    scores : ndarray of shape (n_budgets, n_folds)
        Test scores after training on the coresets; NaN where a fit has failed.
    baseline_scores : ndarray of shape (n_budgets, n_folds, n_repeats) or None
        After training on as many rows, drawn at random.
    full_scores : ndarray of shape (n_folds,)
        After training on all rows of the fold.
    scoring : str
        Name of the score; higher is better.
    selector : str
        Name of the selector.

    See Also
    --------
    BudgetCurveDisplay : The picture.
    """

    budgets: list[float]
    n_selected: NDArray[np.intp]
    n_train: NDArray[np.intp]
    scores: NDArray[np.float64]
    baseline_scores: NDArray[np.float64] | None
    full_scores: NDArray[np.float64]
    scoring: str
    selector: str

    def smallest_within(self, tolerance: float, *, absolute: bool = False) -> float | None:
        """Return the smallest budget whose mean score is close enough to that of all rows.

        Parameters
        ----------
        tolerance : float
            A share of the mean score of all rows (0.01 is 1 %), or, if ``absolute``, a difference
            in the units of the score.
        absolute : bool, default=False
            Which of the two.

        Returns
        -------
        int, float or None
            One of ``budgets``; None if none of them is good enough.

        See Also
        --------
        sklearn_zcore.smallest_within : The same for a search, where the best candidate takes the
            place of all rows.
        """
        best = float(np.mean(self.full_scores))
        good = good_enough(self.scores.mean(axis=1), best, tolerance, absolute)
        return self.budgets[int(np.argmax(good))] if good.any() else None

    def to_frame(self) -> Any:
        """Return the scores as a tidy data frame: a row for every model that was trained.

        Returns
        -------
        pandas.DataFrame
            Its columns are ``rows`` (the selector's name, "random" or "all"), ``budget`` (1.0 for
            "all"), ``n_selected``, ``n_train``, ``fold``, ``repeat`` (0, except for "random") and
            ``score``.

        Raises
        ------
        ImportError
            If pandas is missing.
        """
        pd = needed("pandas", "BudgetCurve.to_frame")
        records: list[tuple[Any, ...]] = []
        for number, budget in enumerate(self.budgets):
            for fold, n_train in enumerate(self.n_train):
                place = (budget, self.n_selected[number, fold], n_train, fold)
                records.append((self.selector, *place, 0, self.scores[number, fold]))
                if self.baseline_scores is not None:
                    drawn = enumerate(self.baseline_scores[number, fold])
                    records += [("random", *place, repeat, score) for repeat, score in drawn]
        for fold, (n_train, score) in enumerate(zip(self.n_train, self.full_scores, strict=True)):
            records.append(("all", 1.0, n_train, n_train, fold, 0, score))
        names = ["rows", "budget", "n_selected", "n_train", "fold", "repeat", "score"]
        return pd.DataFrame(records, columns=names)

    def _repr_html_(self) -> str:
        """Return a table of the mean scores, for notebooks."""
        rows = [[escape(self.selector), *map(_mean_and_spread, self.scores)]]
        if self.baseline_scores is not None:
            rows.append(["random", *map(_mean_and_spread, self.baseline_scores)])
        n_folds = self.n_train.size
        about = (
            f"{self.scoring}, mean ± sd over {n_folds} folds. All rows: "
            f"{_mean_and_spread(self.full_scores)}."
        )
        return html_table(["rows", *map(budget_label, self.budgets)], rows, [about])


def budget_label(budget: float) -> str:
    """Return a budget as people read it: ``1,000 rows`` or ``5 %``."""
    return f"{budget:,} rows" if isinstance(budget, Integral) else f"{100 * budget:.3g} %"


def _mean_and_spread(scores: NDArray[np.float64]) -> str:
    return mean_and_spread(float(scores.mean()), float(scores.std()))


def _split_off(estimator: Any) -> tuple[Pipeline | None, BaseCoresetEstimator]:
    """Return the steps before the coreset estimator, if any, and that."""
    steps, last = None, estimator
    if isinstance(estimator, Pipeline) and len(estimator.steps) > 1:
        steps, last = estimator[:-1], estimator[-1]
    if not isinstance(last, BaseCoresetEstimator):
        name = type(estimator).__name__
        raise TypeError(
            f"budget_curve needs a CoresetClassifier or CoresetRegressor, or a Pipeline that ends "
            f"in one, and got {name}. Wrap it: CoresetClassifier({name}(...))."
        )
    selector = selector_of(last)
    if not (hasattr(selector, "get_params") and "budget" in selector.get_params()):
        raise TypeError(
            f"budget_curve sets the budget of the selector, and {type(selector).__name__} has no "
            f"parameter of this name."
        )
    return steps, last


def _as_number(budget: Budget) -> float:
    """Return rows as an int, and a share as a float."""
    return budget.size if isinstance(budget.size, int) else float(budget.size)


def _name_of(scoring: Any, estimator: Any) -> str:
    if scoring is None:
        return "accuracy" if is_classifier(estimator) else "R²"
    return str(scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score"))


@validate_params(
    {
        "budgets": ["array-like"],
        "scoring": [str, callable, None],
        "baseline": [StrOptions({"random"}), None],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "error_score": [StrOptions({"raise"}), Real],
        "params": [dict, None],
    },
    prefer_skip_nested_validation=False,
)
def budget_curve(
    estimator: Any,
    X: Any,
    y: Any,
    budgets: Sequence[float | str] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *,
    cv: Any = None,
    scoring: Any = None,
    n_jobs: int | None = None,
    baseline: str | None = "random",
    n_repeats: int = 5,
    groups: Any = None,
    params: Mapping[str, Any] | None = None,
    random_state: Any = None,
    error_score: float | str = np.nan,
) -> BudgetCurve:
    """Cross-validate a model on coresets of several budgets, on random rows, and on all rows.

    The selector is fitted once on each training fold, for all budgets: with the largest, whose
    ranking holds the others. (A selector whose ranking is that of one budget, such as
    `KMeansSelector`, is fitted for each.)

    Parameters
    ----------
    estimator : CoresetClassifier or CoresetRegressor
        What to train, with its selector; or a Pipeline that ends in one. Its own budget does not
        matter.
    X : array-like of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    budgets : sequence of int, float or str, default=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
        Numbers of rows (int), fractions of the training fold (float), percentages (``"10%"``),
        or several of these.
    cv : int, splitter or iterable, default=None
        Folds, as in `cross_validate`: None is 5, stratified for a classifier.
    scoring : str or callable, default=None
        One score, as in `cross_validate`; None is the estimator's own. Higher is better.
    n_jobs : int, default=None
        Number of folds that are worked on at a time, on any backend of joblib.
    baseline : {"random"} or None, default="random"
        Whether to train the same estimator on as many rows that a `RandomSelector` draws.
    n_repeats : int, default=5
        Number of random draws for each fold and budget.
    groups : array-like of shape (n_samples,), default=None
        Groups for ``cv``.
    params : dict, default=None
        Metadata for the ``fit`` of ``estimator`` (of its last step, if a Pipeline), such as
        ``sample_weight``. What has n_samples rows is cut down to the training fold. Scores are
        not weighted.
    random_state : int, RandomState instance or None, default=None
        Seed of the random draws. The selector has its own.
    error_score : "raise" or float, default=nan
        What a fit that fails scores, with a warning; or have its error raised.

    Returns
    -------
    BudgetCurve
        The scores, as arrays, and by ``to_frame()`` as a tidy data frame.

    Raises
    ------
    TypeError
        If the estimator does not select, or its selector has no parameter ``budget``.
    ValueError
        If a budget is none, or more rows than a training fold has.

    See Also
    --------
    BudgetCurveDisplay : The picture of it.
    smallest_within : Search over budgets and other parameters.

    Notes
    -----
    Differences of the scores from fold to fold are differences of the folds, too: compare the
    coreset with the random rows of the same fold.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn_zcore import CoresetClassifier, ZCoreSelector, budget_curve
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = CoresetClassifier(
    ...     KNeighborsClassifier(1), ZCoreSelector(n_iter=100_000, random_state=0, tol=0)
    ... )
    >>> curve = budget_curve(classifier, X, y, [0.1, 0.3], cv=3, random_state=0)
    >>> curve.scores.shape, curve.baseline_scores.shape, curve.full_scores.shape
    ((2, 3), (2, 3, 5), (3,))
    >>> curve.to_frame().groupby(["rows", "budget"]).score.mean().round(1)
    rows           budget
    ZCoreSelector  0.1       0.9
                   0.3       0.9
    all            1.0       1.0
    random         0.1       0.9
                   0.3       0.9
    Name: score, dtype: float64
    """
    steps, last = _split_off(estimator)
    wanted = parse_budgets(budgets, "budget_curve")
    X, y, groups = indexable(X, y, groups)
    folds = list(check_cv(cv, y, classifier=is_classifier(estimator)).split(X, y, groups))
    n_rows = rows_of_budgets(wanted, [len(train) for train, _ in folds])
    order = np.argsort(n_rows.mean(axis=1), kind="stable")
    wanted, n_rows = [wanted[i] for i in order], n_rows[order]

    n_random = n_repeats if baseline == "random" else 0
    rng = check_random_state(random_state)
    seeds = rng.randint(np.iinfo(np.int32).max, size=(len(folds), n_random))
    scorer = check_scoring(last, scoring)
    config = get_config()
    calls = (
        delayed(score_fold)(
            None if steps is None else clone(steps),
            clone(last),
            X,
            y,
            train,
            test,
            n_selected=[int(n) for n in n_rows[:, fold]],
            seeds=[int(seed) for seed in seeds[fold]],
            params=dict(params or {}),
            scorer=scorer,
            error_score=error_score,
            config=config,
        )
        for fold, (train, test) in enumerate(folds)
    )
    found: list[FoldScores] = list(in_order(calls, n_jobs=n_jobs))
    _warn_about_failures([error for one in found for error in one.errors])
    scores, random, full = (np.array([one[part] for one in found]) for part in range(3))
    return BudgetCurve(
        budgets=[_as_number(budget) for budget in wanted],
        n_selected=n_rows,
        n_train=np.array([len(train) for train, _ in folds], dtype=np.intp),
        scores=scores.T,
        baseline_scores=random.transpose(2, 0, 1) if n_random else None,
        full_scores=full,
        scoring=_name_of(scoring, last),
        selector=type(selector_of(last)).__name__,
    )


def _warn_about_failures(errors: list[str]) -> None:
    if errors:
        warnings.warn(
            f"{len(errors)} fit(s) failed, and their score is error_score. The first: {errors[0]} "
            f"Set error_score='raise' to see where.",
            FitFailedWarning,
            stacklevel=4,
        )
