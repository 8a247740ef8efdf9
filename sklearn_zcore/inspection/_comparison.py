"""compare_selectors: what classifiers reach that are trained on the selectors' coresets."""

import warnings
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np
from joblib import delayed
from sklearn import get_config
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions, validate_params

from sklearn_zcore._budget import Budget
from sklearn_zcore._parallel import in_order
from sklearn_zcore._progress import progress_bar
from sklearn_zcore.inspection._budgets import parse_budgets, rows_of_budgets
from sklearn_zcore.inspection._comparison_rows import LabelledRows
from sklearn_zcore.inspection._named import named_classifiers, named_selectors
from sklearn_zcore.inspection._score_selector import ALL_ROWS, score_selector
from sklearn_zcore.inspection._selector_comparison import SelectorComparison


@validate_params(
    {
        "selectors": [list, tuple, dict, str, HasMethods("fit"), None],
        "budgets": ["array-like", str, Real, Budget],
        "estimators": [list, tuple, dict, HasMethods("fit"), None],
        "preparation": [HasMethods(["fit_transform", "transform"]), StrOptions({"auto"}), None],
        "scoring": [str, list, tuple, dict, callable, None],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "error_score": [StrOptions({"raise"}), Real],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=False,
)
def compare_selectors(
    selectors: Any,
    X: Any,
    y: Any,
    budgets: Any = ("2%", "5%", "10%", "30%"),
    *,
    estimators: Any = None,
    cv: Any = None,
    groups: Any = None,
    preparation: Any = "auto",
    scoring: Any = None,
    n_repeats: int = 5,
    n_jobs: int | None = None,
    random_state: Any = 0,
    error_score: float | str = np.nan,
    verbose: int = 0,
) -> SelectorComparison:
    """Compare selectors on labelled rows, by cross-validation.

    In every fold, what prepares the rows is fitted on the training rows; each selector selects
    among them, without their labels; classifiers are trained on the coreset, and scored on the
    rows that the fold holds out. Random draws, and all rows, are compared with.

    Parameters
    ----------
    selectors : list, dict, str, selector or None
        Names, such as ``"facility-location"``, or selectors; or a dict of them by the name that
        they are to have, in which a list of selectors counts as draws of one, whose scores are
        averaged. None are all that have a name. Their own budgets do not matter. ``"random"``,
        the yardstick, is added where it is missing.
    X : array-like of n_samples rows
        Rows: an array of numbers, a data frame, or what ``preparation`` takes.
    y : array-like of shape (n_samples,)
        Labels. Rows without one (None, NaN) are left out, and so are classes with fewer rows than
        there are folds: ``notes`` says so.
    budgets : sequence of int, float or str, default=("2%", "5%", "10%", "30%")
        Numbers of rows (int), fractions (float) or percentages (``"10%"``) of the rows that a
        fold trains on; or one of them.
    estimators : list, dict, classifier or None, default=None
        What is trained. None are logistic regression, the nearest neighbour, and extra trees.
    cv : int, splitter or iterable, default=None
        A number of stratified, shuffled folds (None is 5), or as in `cross_validate`.
    groups : array-like of shape (n_samples,), default=None
        Groups for ``cv``.
    preparation : "auto", transformer or None, default="auto"
        What turns rows into numbers, for selectors and classifiers. A clone is fitted on the
        training rows of each fold, without labels. ``"auto"`` is `TablePreparation` for a data
        frame, and nothing for an array.
    scoring : str, callable, list, tuple, dict or None, default=None
        One score or several, as in `cross_validate`; higher is better. None are ``macro_f1`` of
        all classes, and ``balanced_accuracy``.
    n_repeats : int, default=5
        Number of random draws in each fold: of ``"random"``, and of every `RandomSelector` that
        is given by itself.
    n_jobs : int, default=None
        Number of selections at a time, on any backend of joblib. The scores do not depend on it.
    random_state : int, RandomState instance or None, default=0
        Seed of the folds, the trees, and the selectors that are given by name.
    error_score : "raise" or float, default=nan
        What a classifier scores that fails, with a warning; or have its error raised. Where one
        is NaN, the summary leaves the fold out for all selectors at this budget.
    verbose : int, default=0
        Whether to show a progress bar on stderr.

    Returns
    -------
    SelectorComparison
        The scores, with ``summary()``, ``to_frame()`` and ``best``.

    Raises
    ------
    TypeError
        If something given as a selector or a classifier is none.
    ValueError
        If a name is unknown, a budget is more than the rows of a fold, y holds no classes, or X
        no numbers that could be made of it.

    See Also
    --------
    SelectorComparisonDisplay : The picture of it.
    budget_curve : One selector, with any estimator, also for regression.

    Notes
    -----
    Folds share training rows, so that the spread over folds says less than it seems to; over data
    sets, compare means.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_zcore import compare_selectors
    >>> X, y = load_iris(return_X_y=True)
    >>> found = compare_selectors(
    ...     ["facility-location", "k-center"], X, y, ["20%", 50], estimators=GaussianNB(), cv=3
    ... )
    >>> found
    SelectorComparison(3 selectors, 2 budgets, 3 folds of 150 rows)
    >>> found.summary()["mean"].unstack("budget").round(2)
    budget              20%    50
    selector
    facility-location  0.84  0.95
    k-center           0.94  0.95
    random             0.91  0.95
    >>> found.best["20%"]
    'k-center'
    """
    seed = _seed(random_state)
    named = named_selectors(selectors, seed, n_repeats)
    classifiers = named_classifiers(estimators, seed)
    sizes = _budgets(budgets)
    preparation = _preparation(preparation, X)
    rows = LabelledRows(X, y, cv, groups, seed)
    rows_of_budgets(sizes, [len(train) for train, _ in rows.folds], rows.classes.size)
    scorer, metrics = _scorer(scoring)
    codes = np.arange(rows.classes.size)

    work = [(name, draw, one) for name, some in named.items() for draw, one in enumerate(some)]
    work.append((ALL_ROWS, 0, None))
    keys: list[dict[str, Any]] = []
    n_features: list[int] = []
    told: list[str] = []

    def calls() -> Iterator[Any]:
        # A fold is prepared when its first selection is due.
        for fold, (train, test) in enumerate(rows.splits(preparation, config, told)):
            n_features.append(train[0].shape[1])
            for name, draw, selector in work:
                keys.append(
                    {"fold": fold, "selector": name, "draw": draw, "n_train": len(train[1])}
                )
                yield delayed(score_selector)(
                    selector,
                    train,
                    test,
                    sizes,
                    classifiers,
                    codes,
                    scorer=scorer,
                    catch=error_score != "raise",
                    config=config,
                )

    config = get_config()
    records = []
    with progress_bar(verbose, "Comparing selectors", "selections") as bar:
        bar.add_total(len(rows.folds) * len(work))
        for number, found in enumerate(in_order(calls(), n_jobs=n_jobs)):
            records += [{**keys[number], **record} for record in found]
            bar.advance()
    errors = [record.pop("error") for record in records if "error" in record]
    if errors:
        failed = dict.fromkeys(metrics, float(error_score))
        records = [{**failed, **record} for record in records]
        _warn_about_failures(errors)
    return SelectorComparison(
        records=records,
        selectors=list(named),
        budgets=[size.label for size in sizes],
        estimators=list(classifiers),
        metrics=metrics,
        n_samples=rows.n_samples,
        n_features=n_features[0],
        n_classes=rows.classes.size,
        n_folds=len(rows.folds),
        notes=rows.notes,
        preparation_notes=told,
    )


def _seed(random_state: Any) -> int:
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def _budgets(given: Any) -> list[Budget]:
    one = isinstance(given, str | Real | Budget)
    found = parse_budgets([given] if one else given, "compare_selectors")
    labels = [budget.label for budget in found]
    if len(set(labels)) < len(labels):
        raise ValueError(f"A budget is given twice: {', '.join(labels)}.")
    return found


def _preparation(given: Any, X: Any) -> Any:
    """Return the transformer to be cloned for each fold; a frame has columns, and an array not."""
    if given != "auto":
        return given
    if not hasattr(X, "columns"):
        return None
    from sklearn_zcore.tables import TablePreparation

    return TablePreparation()


def _scorer(given: Any) -> tuple[Any, list[str]]:
    """Return what scores a classifier, as a dict, and the names that it has."""
    if given is None:
        return None, ["macro_f1", "balanced_accuracy"]
    if isinstance(given, list | tuple | dict):
        return check_scoring(scoring=given), list(given)
    name = given if isinstance(given, str) else getattr(given, "__name__", "score")
    return check_scoring(scoring={name: given}), [name]


def _warn_about_failures(errors: list[str]) -> None:
    warnings.warn(
        f"{len(errors)} fit(s) failed, and their score is error_score. The first: {errors[0]} "
        f"Set error_score='raise' to see where.",
        FitFailedWarning,
        stacklevel=4,
    )
