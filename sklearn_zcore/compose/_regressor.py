"""CoresetRegressor: train a regressor on a coreset of its training rows."""

from typing import Any

from sklearn.base import BaseEstimator, RegressorMixin, is_classifier
from sklearn.linear_model import Ridge

from sklearn_zcore.compose._base import BaseCoresetEstimator


class CoresetRegressor(BaseCoresetEstimator, RegressorMixin, BaseEstimator):
    """Train a regressor on a coreset, selected without targets.

    ``fit`` embeds the rows (if there is an ``embedder``), selects some of them without looking
    at y, and fits the regressor on these rows of X, y and the sample weights. ``predict`` and
    ``score`` pass all rows to the regressor. In a search, ``selector__budget`` is a parameter
    like any other, and the coreset of a fold depends on nothing but that fold's training rows.

    Parameters
    ----------
    estimator : regressor, default=None
        What to train. None is ``Ridge()``. It gets the selected rows of X as they are: put
        preparation that it needs, such as a scaler, into a Pipeline.
    selector : object, default=None
        What selects: anything with ``fit`` and ``get_support``, such as the selectors of this
        package. None is ``FacilityLocationSelector(random_state=0)``: a tenth of the rows, but at
        least 30 of them.
    embedder : transformer, default=None
        What the selector sees is its output: ``StandardScaler()``, a ColumnTransformer, PCA, a
        foundation model. It is fitted on all rows, without targets. None shows it X. Sparse
        output is made dense.
    weighting : {"voronoi"} or None, default=None
        ``"voronoi"`` gives every coreset row the number of rows that it is nearest to (itself
        included, by Euclidean distance of what the selector saw), as ``sample_weight``; with
        sample weights, the sum of those rows' weights. So the coreset stands for all rows.

    Attributes
    ----------
    estimator_ : regressor
        The fitted regressor.
    selector_ : object
        The fitted selector.
    embedder_ : transformer or None
        The fitted embedder.
    coreset_indices_ : ndarray of shape (n_selected,)
        The rows that ``estimator_`` was trained on, in row order.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where X has string column names.

    See Also
    --------
    CoresetClassifier : The same for classification; its notes hold here, too.
    CoresetSampler : For the Pipeline of imbalanced-learn.
    smallest_within : Find the smallest budget that is good enough.
    budget_curve : Score against budget.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import RidgeCV
    >>> from sklearn_zcore import CoresetRegressor, RandomSelector
    >>> X, y = load_diabetes(return_X_y=True)
    >>> regressor = CoresetRegressor(RidgeCV(), RandomSelector(budget=0.3, random_state=0))
    >>> regressor.fit(X, y).coreset_indices_.shape
    (132,)
    >>> regressor.predict(X).shape
    (442,)
    """

    def __init__(
        self,
        estimator: Any = None,
        selector: Any = None,
        embedder: Any = None,
        *,
        weighting: str | None = None,
    ) -> None:
        self.estimator = estimator
        self.selector = selector
        self.embedder = embedder
        self.weighting = weighting

    def _get_estimator(self) -> Any:
        return Ridge() if self.estimator is None else self.estimator

    def _check_targets(self, y: Any) -> None:
        estimator = self._get_estimator()
        if hasattr(estimator, "__sklearn_tags__") and is_classifier(estimator):
            raise ValueError(
                f"CoresetRegressor trains regressors, and {type(estimator).__name__} is a "
                f"classifier. Use CoresetClassifier."
            )
