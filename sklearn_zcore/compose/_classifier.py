"""CoresetClassifier: train a classifier on a coreset of its training rows."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, is_regressor
from sklearn.linear_model import LogisticRegression
from sklearn.utils._param_validation import Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from sklearn_zcore._budget import Budget
from sklearn_zcore.compose._base import BaseCoresetEstimator, estimator_has
from sklearn_zcore.compose._classes import check_classes, check_enough_rows, keep_every_class
from sklearn_zcore.compose._selection import check_budget
from sklearn_zcore.selection import BaseCoresetSelector


class CoresetClassifier(BaseCoresetEstimator, ClassifierMixin, BaseEstimator):
    """Train a classifier on a coreset, selected without labels.

    ``fit`` embeds the rows (if there is an ``embedder``), selects some of them without looking
    at y, and fits the classifier on these rows of X, y and the sample weights. Everything else
    passes all rows to the classifier. In a search, ``selector__budget`` is a parameter like any
    other, and the coreset of a fold depends on nothing but that fold's training rows.

    Parameters
    ----------
    estimator : classifier, default=None
        What to train. None is ``LogisticRegression()``. It gets the selected rows of X as they
        are: put preparation that it needs, such as a scaler, into a Pipeline.
    selector : object, default=None
        What selects: anything with ``fit`` and ``get_support``, such as the selectors of this
        package. None is ``FacilityLocationSelector(random_state=0)``: a tenth of the rows, but at
        least 30 of them.
    embedder : transformer, default=None
        What the selector sees is its output: ``StandardScaler()``, a ColumnTransformer, PCA, a
        foundation model. It is fitted on all rows, without labels. None shows it X. Sparse output
        is made dense.
    min_per_class : int, default=0
        At least so many rows of every class, or all that a class has. The highest ranked rows of
        a class come in, and the lowest ranked rows of others go out: the budget stays as it is.
        This is the only use of labels; 0 makes none.
    weighting : {"voronoi"} or None, default=None
        ``"voronoi"`` gives every coreset row the number of rows that it is nearest to (itself
        included, by Euclidean distance of what the selector saw), as ``sample_weight``; with
        sample weights, the sum of those rows' weights. So the coreset stands for all rows.

    Attributes
    ----------
    estimator_ : classifier
        The fitted classifier.
    selector_ : object
        The fitted selector.
    embedder_ : transformer or None
        The fitted embedder.
    coreset_indices_ : ndarray of shape (n_selected,)
        The rows that ``estimator_`` was trained on, in row order.
    classes_ : ndarray of shape (n_classes,)
        The classes that ``estimator_`` knows.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where X has string column names.

    See Also
    --------
    CoresetRegressor : The same for regression.
    CoresetSampler : For the Pipeline of imbalanced-learn.
    smallest_within : Find the smallest budget that is good enough.
    budget_curve : Score against budget.

    Notes
    -----
    A row that is left out is not the same as a row of weight zero: it changes what is selected.
    So the check of scikit-learn that fitting with integer weights is fitting with repeated rows
    does not hold, as for every estimator that draws rows.

    With metadata routing enabled, what has been requested goes to the estimator, the selector and
    the embedder; without, ``sample_weight`` and all else goes to the estimator. If that is a
    Pipeline, ``sample_weight`` is then passed to its last step.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_zcore import CoresetClassifier, ZCoreSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
    >>> selector = ZCoreSelector(budget=0.2, n_iter=200_000, random_state=0)
    >>> classifier = CoresetClassifier(selector=selector).fit(X_train, y_train)
    >>> classifier.coreset_indices_.shape
    (269,)
    >>> classifier.score(X_test, y_test) > 0.85
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseCoresetEstimator._parameter_constraints,
        "min_per_class": [Interval(Integral, 0, None, closed="left")],
    }
    _routed_methods = ("predict_proba", "predict_log_proba", "decision_function")

    def __init__(
        self,
        estimator: Any = None,
        selector: Any = None,
        embedder: Any = None,
        min_per_class: int = 0,
        *,
        weighting: str | None = None,
    ) -> None:
        self.estimator = estimator
        self.selector = selector
        self.embedder = embedder
        self.min_per_class = min_per_class
        self.weighting = weighting

    def _get_estimator(self) -> Any:
        return LogisticRegression() if self.estimator is None else self.estimator

    def _check_targets(self, y: Any) -> None:
        estimator = self._get_estimator()
        if hasattr(estimator, "__sklearn_tags__") and is_regressor(estimator):
            raise ValueError(
                f"CoresetClassifier trains classifiers, and {type(estimator).__name__} is a "
                f"regressor. Use CoresetRegressor."
            )
        check_classification_targets(y)

    def _complete_coreset(
        self, coreset: NDArray[np.intp], y: Any, selector: Any, *, warn: bool
    ) -> NDArray[np.intp]:
        labels = self._labels(y)
        if labels is None:
            return coreset
        check_enough_rows(coreset.size, labels, self.min_per_class, selector)
        if self.min_per_class:
            coreset = keep_every_class(coreset, labels, self.min_per_class, selector)
        check_classes(coreset, labels, warn=warn)
        return coreset

    def _labels(self, y: Any) -> NDArray[Any] | None:
        """Return the label of each row; None if there are several."""
        labels = np.asarray(y)
        if labels.ndim == 1 or labels.shape[1:] == (1,):
            return labels.ravel()
        if self.min_per_class:
            raise ValueError(
                f"min_per_class needs one label for each row, and y has shape {labels.shape}. Set "
                f"min_per_class=0."
            )
        return None

    def _check_budget(self, y: Any) -> None:
        selector, labels = self._get_selector(len(y)), self._labels(y)
        if labels is None or not isinstance(selector, BaseCoresetSelector):
            return
        check_budget(selector, labels.size)
        selector._validate_params()
        n_selected = Budget.parse(selector.budget).rows(labels.size)
        check_enough_rows(n_selected, labels, self.min_per_class, selector)

    @available_if(estimator_has("predict_proba"))
    def predict_proba(self, X: Any, **params: Any) -> Any:
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        **params : dict
            Metadata for the estimator's ``predict_proba``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        return self._call("predict_proba", X, **params)

    @available_if(estimator_has("predict_log_proba"))
    def predict_log_proba(self, X: Any, **params: Any) -> Any:
        """Predict the logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        **params : dict
            Metadata for the estimator's ``predict_log_proba``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        return self._call("predict_log_proba", X, **params)

    @available_if(estimator_has("decision_function"))
    def decision_function(self, X: Any, **params: Any) -> Any:
        """Return the estimator's decision function.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        **params : dict
            Metadata for the estimator's ``decision_function``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            In the order of ``classes_``.
        """
        return self._call("decision_function", X, **params)
