"""Selectors against each other: what classifiers reach that are trained on their coresets."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from joblib import delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from sklearn_zcore._budget import Budget
from sklearn_zcore._parallel import in_order
from sklearn_zcore.selection import BaseCoresetSelector

ALL_ROWS = "all rows"


def rows_of(budget: Budget, n_samples: int, n_classes: int) -> int | None:
    """Return the number of rows of a budget, or None if there are not as many."""
    try:
        return budget.rows(n_samples, n_classes=n_classes)
    except ValueError:
        return None


def default_classifiers(seed: int = 0) -> dict[str, BaseEstimator]:
    """Return three classifiers that learn in different ways.

    Parameters
    ----------
    seed : int, default=0
        Of the trees.

    Returns
    -------
    dict of str to estimator
    """
    return {
        "logistic regression": LogisticRegression(max_iter=1000),
        "nearest neighbour": KNeighborsClassifier(n_neighbors=1),
        "extra trees": ExtraTreesClassifier(n_estimators=100, random_state=seed),
    }


def coresets(
    selector: BaseCoresetSelector, X: NDArray[Any], sizes: Sequence[int]
) -> Iterator[NDArray[np.intp]]:
    """Yield the rows that a selector selects, for every size; it is fitted as rarely as it can be.

    Parameters
    ----------
    selector : estimator
        Unfitted.
    X : ndarray of shape (n_samples, n_features)
    sizes : sequence of int

    Yields
    ------
    ndarray of shape (size,), int
    """
    if not selector.nested_budgets:
        for size in sizes:
            yield clone(selector).set_params(budget=size).fit(X).indices_
        return
    fitted = clone(selector).set_params(budget=max(sizes)).fit(X)
    for size in sizes:
        yield fitted.set_budget(size).indices_


def score_classifier(
    classifier: Any, train: tuple[Any, Any], test: tuple[Any, Any], classes: NDArray[Any]
) -> dict[str, float]:
    """Return test scores of a classifier; trained on one class alone, it predicts that class.

    Parameters
    ----------
    classifier : estimator
    train, test : (X, y)
    classes : ndarray of shape (n_classes,)
        Those that count, whether or not the training rows have them.

    Returns
    -------
    dict of str to float
        ``macro_f1`` and ``balanced_accuracy``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few rows: no convergence, classes without a row
        if np.unique(train[1]).size == 1:
            predicted = np.full(len(test[1]), train[1][0])
        else:
            predicted = clone(classifier).fit(*train).predict(test[0])
        return {
            "macro_f1": f1_score(test[1], predicted, labels=classes, average="macro"),
            "balanced_accuracy": balanced_accuracy_score(test[1], predicted),
        }


def score_selector(
    selector: BaseCoresetSelector | None,
    train: tuple[Any, Any],
    test: tuple[Any, Any],
    budgets: Sequence[Budget],
    classifiers: Mapping[str, Any],
    classes: NDArray[Any],
) -> list[dict[str, Any]]:
    """Score the coresets of one selector, on one split, for all budgets and classifiers.

    Parameters
    ----------
    selector : estimator or None
        None trains on all rows.
    train, test : (X, y)
        Arrays of numbers, and labels.
    budgets : sequence of Budget
        Those of more rows than there are are left out.
    classifiers : mapping of str to estimator
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    list of dict
        With ``budget``, ``n_selected``, ``n_classes`` (that the coreset has), ``classifier``,
        ``macro_f1`` and ``balanced_accuracy``.
    """
    X, y = np.asarray(train[0]), np.asarray(train[1])
    if selector is None:
        parts = [(ALL_ROWS, np.arange(len(y)))]
    else:
        sizes = {b.label: rows_of(b, len(y), classes.size) for b in budgets}
        wanted = [(label, size) for label, size in sizes.items() if size is not None]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of unstable scores: what they are worth is measured
            rows = coresets(selector, X, [size for _, size in wanted])
            parts = [(label, part) for (label, _), part in zip(wanted, rows, strict=True)]
    records = []
    # Fits this small take longer with several threads.
    with threadpool_limits(1):
        for label, part in parts:
            for name, classifier in classifiers.items():
                records.append(
                    {
                        "budget": label,
                        "n_selected": part.size,
                        "n_classes": np.unique(y[part]).size,
                        "classifier": name,
                        **score_classifier(classifier, (X[part], y[part]), test, classes),
                    }
                )
    return records


def compare_selectors(
    X: NDArray[Any],
    y: NDArray[Any],
    selectors: Mapping[str, Sequence[BaseCoresetSelector]],
    budgets: Sequence[Budget],
    *,
    classifiers: Mapping[str, Any] | None = None,
    n_folds: int = 5,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: Any = None,
) -> list[dict[str, Any]]:
    """Compare selectors on labelled rows, by stratified cross-validation.

    In every fold, each selector selects among the training rows, without their labels; the
    classifiers are trained on the coreset and scored on the fold's other rows.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Labels; every class has at least ``n_folds`` rows.
    selectors : mapping of str to sequence of estimators
        By name; of several seeds where the seed matters.
    budgets : sequence of Budget
    classifiers : mapping of str to estimator, default=None
        None is `default_classifiers`.
    n_folds : int, default=5
    seed : int, default=0
        Of the folds and the trees.
    n_jobs : int or None, default=None
    progress : callable, default=None
        Called whenever a selector is done with a fold.

    Returns
    -------
    list of dict
        As of `score_selector`, with ``fold``, ``selector`` and ``draw``. The selector
        ``"all rows"`` is none.
    """
    classes = np.unique(y)
    classifiers = default_classifiers(seed) if classifiers is None else classifiers
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(X, y)
    work: list[tuple[dict[str, Any], Any]] = []
    for fold, (train, test) in enumerate(folds):
        split = ((X[train], y[train]), (X[test], y[test]))
        entries = [(name, i, s) for name, some in selectors.items() for i, s in enumerate(some)]
        for name, draw, selector in [*entries, (ALL_ROWS, 0, None)]:
            work.append(
                (
                    {"fold": fold, "selector": name, "draw": draw},
                    delayed(score_selector)(selector, *split, budgets, classifiers, classes),
                )
            )
    done = in_order((task for _, task in work), n_jobs=n_jobs)
    records = []
    for (key, _), some in zip(work, done, strict=True):
        records += [{**key, **record} for record in some]
        if progress is not None:
            progress()
    return records
