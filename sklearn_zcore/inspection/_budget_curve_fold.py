"""One fold of a budget curve: select once, then train on coresets, random rows and all rows."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params, _num_samples

from sklearn_zcore.compose._base import BaseCoresetEstimator
from sklearn_zcore.compose._selection import Selection, fit_selector, selected_rows
from sklearn_zcore.selection import RandomSelector


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


class _Fold:
    """The rows of a fold, embedded once, and what is trained on parts of them."""

    def __init__(self, estimator: BaseCoresetEstimator, train: Any, params: Mapping[str, Any]):
        self.estimator = estimator
        self.X, self.y = estimator._check_X_y(*train)
        self.routed = estimator._route_fit(self.X, None, params)

    def select(self, n_selected: list[int]) -> tuple[Selection, list[NDArray[np.intp]]]:
        """Return the selection of the largest coreset, and the coresets of every budget."""
        largest = clone(self.estimator).set_params(
            selector=clone(self.estimator._get_selector()).set_params(budget=max(n_selected))
        )
        selection = largest._select(self.X, self.routed)
        rows = []
        for n in n_selected:
            selector = selection.selector
            if getattr(selector, "nested_budgets", hasattr(selector, "set_budget")):
                selector.set_budget(n)
            elif n != max(n_selected):
                selector = fit_selector(
                    clone(selector).set_params(budget=n),
                    selection.embedding,
                    self.routed.get("selector", {}).get("fit", {}),
                )
            rows.append(selected_rows(selector, _num_samples(self.X)))
        return selection, rows

    def select_randomly(
        self, selection: Selection, n_selected: list[int], seed: int
    ) -> tuple[Selection, list[NDArray[np.intp]]]:
        """Return nested random draws; nothing but the number of rows counts for them."""
        places = np.arange(_num_samples(self.X))[:, None]
        selector = RandomSelector(1.0, random_state=seed).fit(places)
        rows = [selected_rows(selector.set_budget(n), places.size) for n in n_selected]
        return selection._replace(selector=selector), rows

    def train(self, selection: Selection, rows: NDArray[np.intp]) -> BaseCoresetEstimator:
        """Return the estimator, fitted on these rows; classes that are missing lower its score."""
        fitted: BaseCoresetEstimator = clone(self.estimator)
        fitted._check_X_y(self.X, self.y)
        return fitted._fit_coreset(
            self.X, self.y, selection, rows, self.routed.estimator.fit, warn=False
        )


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
        fold_params = _check_method_params(X, params, indices=train)
        fold = _Fold(estimator, (X_train, y_train), fold_params)
        errors: list[str] = []

        def score(selection: Selection, rows: NDArray[np.intp]) -> float:
            try:
                return float(scorer(fold.train(selection, rows), X_test, y_test))
            except Exception as error:
                if error_score == "raise":
                    raise
                errors.append(f"{type(error).__name__}: {error}")
                return float(error_score)

        selection, coresets = fold.select(n_selected)
        selected = [score(selection, rows) for rows in coresets]
        random = []
        for seed in seeds:
            drawn, draws = fold.select_randomly(selection, n_selected, seed)
            random.append([score(drawn, rows) for rows in draws])
        full = score(selection, np.arange(_num_samples(X_train)))
        return FoldScores(
            np.array(selected),
            np.array(random, dtype=np.float64).reshape(len(seeds), len(n_selected)),
            full,
            errors,
        )
