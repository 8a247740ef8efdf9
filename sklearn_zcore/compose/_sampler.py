"""CoresetSampler: a selector as a step of imbalanced-learn's Pipeline."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import _safe_indexing, get_tags, indexable
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import _num_samples, validate_data

from sklearn_zcore._fitting import all_or_nothing
from sklearn_zcore.compose._selection import check_selector, select_rows, selected_rows


class CoresetSampler(BaseEstimator):
    """Keep the coreset's rows of X and y, as a sampler of imbalanced-learn does.

    A step of imbalanced-learn's Pipeline: while it is fitted, the steps behind get the coreset,
    and when it predicts, they get every row. It works for classes, numbers and y=None alike. In
    a Pipeline of scikit-learn, which cannot drop rows of y, use `CoresetClassifier` or
    `CoresetRegressor`; also for sample weights, which no Pipeline can drop rows of.

    Parameters
    ----------
    selector : object, default=None
        What selects: anything with ``fit`` and ``get_support``, such as the selectors of this
        package. None is ``FacilityLocationSelector(random_state=0)``: a tenth of the rows, but at
        least 30 of them.
    embedder : transformer, default=None
        What the selector sees is its output, fitted on all rows, without y. None shows it X.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_selected,)
        The rows that were kept, in row order.
    selector_ : object
        The fitted selector.
    embedder_ : transformer or None
        The fitted embedder.
    n_features_in_ : int
        Number of features seen in ``fit_resample``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where X has string column names.

    See Also
    --------
    CoresetClassifier : Select and train in one estimator, without imbalanced-learn.

    Notes
    -----
    There is no ``transform``: imbalanced-learn refuses a step that has both, and when predicting
    no row may be dropped.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_zcore import CoresetSampler, RandomSelector
    >>> X, y = load_iris(return_X_y=True)
    >>> sampler = CoresetSampler(RandomSelector(budget=15, random_state=0))
    >>> X_small, y_small = sampler.fit_resample(X, y)
    >>> X_small.shape, y_small.shape
    ((15, 4), (15,))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "selector": [HasMethods("fit"), None],
        "embedder": [HasMethods("transform"), None],
    }

    _estimator_type = "sampler"  # what imbalanced-learn knows its samplers by

    sample_indices_: NDArray[np.intp]

    def __init__(self, selector: Any = None, embedder: Any = None) -> None:
        self.selector = selector
        self.embedder = embedder

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Select rows of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to select from.
        y : array-like of n_samples entries, default=None
            Not looked at, except for its length.

        Returns
        -------
        self : object
            The fitted sampler.

        Raises
        ------
        ValueError
            If X and y differ in length, or the selector refuses X. A sampler that has been
            fitted before stays as it was.
        """
        if y is not None and _num_samples(X) != _num_samples(y):
            raise ValueError(
                f"Found input variables with inconsistent numbers of samples: X has "
                f"{_num_samples(X)} rows, and y {_num_samples(y)}."
            )
        with all_or_nothing(self):
            validate_data(self, X=X, skip_check_array=True)
            selector = check_selector(self.selector, type(self).__name__, _num_samples(X))
            selection = select_rows(indexable(X)[0], selector, self.embedder)
            self.selector_ = selection.selector
            self.embedder_ = selection.embedder
            self.sample_indices_ = selected_rows(selection.selector, _num_samples(X))
        return self

    def fit_resample(self, X: Any, y: Any = None) -> tuple[Any, Any]:
        """Select rows of X, and return them with their part of y.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to select from.
        y : array-like of n_samples entries, default=None
            Classes, numbers, or whatever goes along with X.

        Returns
        -------
        X_resampled : array-like of shape (n_selected, n_features)
            The selected rows of X, in the container that they came in.
        y_resampled : array-like of n_selected entries, or None
            Those of y; None for None.

        Raises
        ------
        ValueError
            If X and y differ in length, or the selector refuses X.
        """
        self.fit(X, y)
        X, y = indexable(X, y)
        rows = self.sample_indices_
        return _safe_indexing(X, rows), None if y is None else _safe_indexing(y, rows)

    def __sklearn_tags__(self) -> Any:
        """Return the tags: the rows are those that what selects takes."""
        tags = super().__sklearn_tags__()
        selector = check_selector(self.selector, type(self).__name__)
        first = selector if self.embedder is None else self.embedder
        if hasattr(first, "__sklearn_tags__"):
            of_first = get_tags(first).input_tags
            for name in ("sparse", "allow_nan", "string"):
                setattr(tags.input_tags, name, getattr(of_first, name))
        return tags
