"""One selector on one split: train classifiers on its coresets, and score them."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, check_scoring, f1_score, make_scorer
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from sklearn_zcore._budget import Budget
from sklearn_zcore.compose import coresets_of_sizes

ALL_ROWS = "all rows"

Scorer = Callable[[Any, Any, Any], dict[str, float]]


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


def default_scorer(classes: NDArray[Any]) -> Scorer:
    """Return what computes ``macro_f1`` and ``balanced_accuracy``.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Those that count for macro-F1, whether or not the rows at hand have them.

    Returns
    -------
    callable
        Takes (estimator, X, y), and returns a dict of the two.
    """
    # pos_label: its default, 1, must be a class of a classifier that has seen two of many.
    macro_f1 = make_scorer(f1_score, labels=classes, average="macro", pos_label=None)
    scorers = {"macro_f1": macro_f1, "balanced_accuracy": make_scorer(balanced_accuracy_score)}
    scorer: Scorer = check_scoring(scoring=scorers)
    return scorer


def score_classifier(
    classifier: Any, train: tuple[Any, Any], test: tuple[Any, Any], scorer: Scorer
) -> dict[str, float]:
    """Return test scores of a classifier; trained on one class alone, it predicts that class.

    Parameters
    ----------
    classifier : estimator
    train, test : (X, y)
    scorer : callable

    Returns
    -------
    dict of str to float
    """
    one_class = np.unique(train[1]).size == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few rows: no convergence, classes without a row
        fitted = DummyClassifier() if one_class else clone(classifier)
        scores = scorer(fitted.fit(*train), *test)
    return {name: float(score) for name, score in scores.items()}


def score_selector(
    selector: Any,
    train: tuple[Any, Any],
    test: tuple[Any, Any],
    budgets: Sequence[Budget],
    classifiers: Mapping[str, Any],
    classes: NDArray[Any],
    *,
    scorer: Scorer | None = None,
    catch: bool = False,
    config: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Score the coresets of one selector, on one split, for all budgets and classifiers.

    Parameters
    ----------
    selector : estimator or None
        None trains on all rows.
    train, test : (X, y)
        Arrays of numbers, and labels.
    budgets : sequence of Budget
    classifiers : mapping of str to estimator
    classes : ndarray of shape (n_classes,)
        All classes, whether or not the rows have them.
    scorer : callable, default=None
        Takes (estimator, X, y), and returns a dict. None is `default_scorer`.
    catch : bool, default=False
        Whether what a classifier raises is told in its record, as ``error`` instead of scores.
    config : mapping, default=None
        Configuration of scikit-learn, for a worker that has its own.

    Returns
    -------
    list of dict
        With ``budget`` (its label), ``n_selected``, ``n_classes`` (that the coreset has),
        ``classifier``, and the scores: ``macro_f1`` and ``balanced_accuracy``.

    Raises
    ------
    ValueError
        If a budget is more than the training rows; and whatever selector or classifier raise.
    """
    X, y = np.asarray(train[0]), np.asarray(train[1])
    scorer = default_scorer(classes) if scorer is None else scorer
    records = []
    # Fits this small take longer with several threads.
    with config_context(**(config or {})), threadpool_limits(1):
        for label, rows in _parts(selector, X, budgets, classes.size):
            for name, classifier in classifiers.items():
                record = {
                    "budget": label,
                    "n_selected": rows.size,
                    "n_classes": np.unique(y[rows]).size,
                    "classifier": name,
                }
                try:
                    record |= score_classifier(classifier, (X[rows], y[rows]), test, scorer)
                except Exception as error:
                    if not catch:
                        raise
                    record["error"] = f"{type(error).__name__}: {error}"
                records.append(record)
    return records


def _parts(
    selector: Any, X: NDArray[Any], budgets: Sequence[Budget], n_classes: int
) -> list[tuple[str, NDArray[np.intp]]]:
    """Return what is trained on, by the label of the budget."""
    if selector is None:
        return [(ALL_ROWS, np.arange(len(X)))]
    sizes = [budget.rows(len(X), n_classes=n_classes) for budget in budgets]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unstable scores: what they are worth is measured
        coresets = [coreset.rows for coreset in coresets_of_sizes(selector, X, sizes)]
    return list(zip([budget.label for budget in budgets], coresets, strict=True))
