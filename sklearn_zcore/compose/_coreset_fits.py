"""Fits of one estimator on coresets of several sizes: what each row costs is paid once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from sklearn_zcore._rows_of import count_rows
from sklearn_zcore.compose._base import BaseCoresetEstimator
from sklearn_zcore.compose._selection import Selection, embed_rows, fit_selector, selected_rows
from sklearn_zcore.selection import RandomSelector


class Coreset(NamedTuple):
    """Some of the rows of a training set.

    Attributes
    ----------
    rows : ndarray of shape (n_selected,), int
        In row order.
    selector : object
        The fitted selector; it may have got another budget since.
    """

    rows: NDArray[np.intp]
    selector: Any


def coresets_of_sizes(
    selector: Any, X: Any, sizes: Sequence[int], metadata: Mapping[str, Any] | None = None
) -> Iterator[Coreset]:
    """Yield the coreset of every size; the selector is fitted as rarely as it can be.

    Parameters
    ----------
    selector : object
        Unfitted, with a parameter ``budget``. If it has ``set_budget``, and no ``nested_budgets``
        that is False, it is fitted for the largest size alone.
    X : array-like of shape (n_samples, n_features)
    sizes : sequence of int
    metadata : mapping of str to object, default=None
        For the selector's ``fit``.

    Yields
    ------
    Coreset
        Of each size, in their order: that of a fit with this budget.
    """
    nested = getattr(selector, "nested_budgets", hasattr(selector, "set_budget"))
    fitted = None
    for size in sizes:
        if fitted is None or not nested:
            budget = max(sizes) if nested else size
            fitted = fit_selector(clone(selector).set_params(budget=budget), X, metadata or {})
        if nested:
            fitted.set_budget(size)
        yield Coreset(selected_rows(fitted, count_rows(X)), fitted)


def selector_of(estimator: BaseCoresetEstimator) -> Any:
    """Return the unfitted selector of a coreset estimator: the default, if it is None."""
    return estimator._get_selector()


class CoresetFits:
    """Fits of a coreset estimator to parts of one training set.

    X, y and metadata are checked, and the rows embedded, when it is made; then any number of
    coresets can be selected or drawn, and trained on. Each fit is that of the estimator by itself
    with this budget.

    Parameters
    ----------
    estimator : CoresetClassifier or CoresetRegressor
        It stays as it is.
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    metadata : mapping of str to object
        For ``fit``, of all rows.

    Raises
    ------
    ValueError
        As ``estimator.fit``, for X, y and metadata.
    """

    def __init__(
        self, estimator: BaseCoresetEstimator, X: Any, y: Any, metadata: Mapping[str, Any]
    ) -> None:
        self._estimator: BaseCoresetEstimator = clone(estimator)
        self._X, self._y = self._estimator._check_X_y(X, y)
        self._routed = self._estimator._route_fit(self._X, None, metadata)
        self._embedder, self._embedding = embed_rows(
            self._X, self._estimator.embedder, self._routed.get("embedder", {})
        )

    def select(self, sizes: Sequence[int]) -> list[Coreset]:
        """Return the coresets of these sizes that the estimator's selector selects."""
        selector = self._estimator._get_selector(count_rows(self._X))
        metadata = self._routed.get("selector", {}).get("fit")
        return list(coresets_of_sizes(selector, self._embedding, sizes, metadata))

    def draw(self, sizes: Sequence[int], seed: int) -> list[Coreset]:
        """Return random draws of these sizes, the smaller within the larger ones."""
        places = np.arange(count_rows(self._X))[:, None]
        selector = RandomSelector(max(sizes), random_state=seed)
        return list(coresets_of_sizes(selector, places, sizes))

    def all_rows(self) -> Coreset:
        """Return all rows, which no selector has selected."""
        return Coreset(np.arange(count_rows(self._X)), None)

    def fit(self, coreset: Coreset) -> BaseCoresetEstimator:
        """Return a new estimator, trained on a coreset.

        Classes that are missing are not warned about: what that costs is to be measured.
        """
        fitted: BaseCoresetEstimator = clone(self._estimator)
        fitted._check_X_y(self._X, self._y)  # for n_features_in_
        selection = Selection(coreset.selector, self._embedder, self._embedding)
        metadata = self._routed.estimator.fit
        return fitted._fit_coreset(self._X, self._y, selection, coreset.rows, metadata, warn=False)
