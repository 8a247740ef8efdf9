"""One fold of a budget curve: select once, then train on coresets, random rows and all rows."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from sklearn_zcore.compose import BaseCoresetEstimator, Coreset, CoresetFits


class FoldScores(NamedTuple):
    """Test scores of one fold.

    Attributes
    ----------
    coreset : ndarray of shape (n_budgets,)
    random : ndarray of shape (n_repeats, n_budgets)
    full : float
    errors : list of str
        Of the fits that failed.
    """

    coreset: NDArray[np.float64]
    random: NDArray[np.float64]
    full: float
    errors: list[str]


def score_fold(
    steps: Pipeline | None,
    estimator: BaseCoresetEstimator,
    X: Any,
    y: Any,
    train: NDArray[np.intp],
    test: NDArray[np.intp],
    *,
    n_selected: list[int],
    seeds: list[int],
    params: Mapping[str, Any],
    scorer: Callable[..., float],
    error_score: float | str,
    config: Mapping[str, Any],
) -> FoldScores:
    """Score one fold for all budgets.

    Parameters
    ----------
    steps : Pipeline or None
        What comes before the estimator; it is fitted on the training rows.
    estimator : CoresetClassifier or CoresetRegressor
    X, y : array-like of n_samples rows
    train, test : ndarray of int
        Rows of the fold.
    n_selected : list of int
        Sizes of the coresets.
    seeds : list of int
        Of the random draws.
    params : mapping
        Metadata of all rows, for the estimator's fit.
    scorer : callable
    error_score : "raise" or float
    config : mapping
        Configuration of scikit-learn: a worker process has its own.

    Returns
    -------
    FoldScores
    """
    with config_context(**config):
        X_train, X_test = _safe_indexing(X, train), _safe_indexing(X, test)
        y_train, y_test = _safe_indexing(y, train), _safe_indexing(y, test)
        if steps is not None:
            X_train = steps.fit_transform(X_train, y_train)
            X_test = steps.transform(X_test)
        fits = CoresetFits(
            estimator, X_train, y_train, _check_method_params(X, params, indices=train)
        )
        errors: list[str] = []

        def score(coreset: Coreset) -> float:
            try:
                return float(scorer(fits.fit(coreset), X_test, y_test))
            except Exception as error:
                if error_score == "raise":
                    raise
                errors.append(f"{type(error).__name__}: {error}")
                return float(error_score)

        selected = [score(coreset) for coreset in fits.select(n_selected)]
        # Nested; nothing but the number of rows counts for them.
        random = [[score(drawn) for drawn in fits.draw(n_selected, seed)] for seed in seeds]
        full = score(fits.all_rows())
        return FoldScores(
            np.array(selected),
            np.array(random, dtype=np.float64).reshape(len(seeds), len(n_selected)),
            full,
            errors,
        )
