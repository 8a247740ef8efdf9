"""CoresetSampler: a selector as a step of imbalanced-learn's Pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, _fit_context
from sklearn.utils import InputTags, Tags, indexable
from sklearn.utils._metadata_requests import METHODS
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import _num_samples, validate_data

from sklearn_zcore._fitting import all_or_nothing
from sklearn_zcore._rows_of import count_rows, rows_of
from sklearn_zcore.compose._selection import (
    check_selector,
    embedding_methods,
    select_rows,
    selected_rows,
    tags_of,
)


@dataclass(slots=True)
class SamplerInputTags(InputTags):
    """What imbalanced-learn asks besides of X."""

    dataframe: bool = True


@dataclass(slots=True)
class SamplerTags:
    """What imbalanced-learn asks of a sampler."""

    sample_indices: bool = True


@dataclass(slots=True)
class CoresetSamplerTags(Tags):
    """Tags of scikit-learn, with those that imbalanced-learn asks for."""

    sampler_tags: SamplerTags | None = None


def _with_the_values_of(tags: Any, kind: Any, **more: Any) -> Any:
    return kind(**{field.name: getattr(tags, field.name) for field in fields(tags)} | more)


class CoresetSampler(OneToOneFeatureMixin, BaseEstimator):
    """Keep the coreset's rows of X and y, as a sampler of imbalanced-learn does.

    A step of imbalanced-learn's Pipeline: while it is fitted, the steps behind get the coreset,
    and when it predicts, they get every row. It works for classes, numbers and y=None alike. In
    a Pipeline of scikit-learn, which cannot drop rows of y, use `CoresetClassifier` or
    `CoresetRegressor`; also for the sample weights of a model, which no Pipeline can drop rows of.

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
    sampling_strategy_ : dict
        Always empty: no class is sampled to a number of its own, see Notes.
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

    There is no ``sampling_strategy`` either: it says how many rows of each class to keep, and the
    rows are selected without looking at y, which may as well hold numbers, or one class alone.
    How many there are is the selector's ``budget``. To imbalanced-learn this is a sampler of the
    type "bypass", as its FunctionSampler is, and `BalancedBaggingClassifier` takes it as it is.
    To balance the classes of a coreset, put one of its own samplers behind.

    Metadata of all rows, such as ``selected``, goes to the selector. Through imbalanced-learn's
    Pipeline it gets there with metadata routing alone: enable it, and have the selector request
    it, ``selector.set_fit_request(selected=True)``. Without, that Pipeline passes nothing to
    samplers, and does not say so.

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

    # What imbalanced-learn knows its samplers by, and those that have no sampling_strategy.
    _estimator_type = "sampler"
    _sampling_type = "bypass"

    sample_indices_: NDArray[np.intp]

    def __init__(self, selector: Any = None, embedder: Any = None) -> None:
        self.selector = selector
        self.embedder = embedder

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Select rows of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to select from.
        y : array-like of n_samples entries, default=None
            Not looked at, except for its length.
        **params : dict
            Metadata of all rows for the selector's ``fit``; with metadata routing enabled, for
            whatever has requested it: selector, embedder.

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
        if y is not None and count_rows(X) != _num_samples(y):
            raise ValueError(
                f"Found input variables with inconsistent numbers of samples: X has "
                f"{count_rows(X)} rows, and y {_num_samples(y)}."
            )
        with all_or_nothing(self):
            validate_data(self, X=X, skip_check_array=True)
            selector = check_selector(self.selector, type(self).__name__, count_rows(X))
            routed = self._route(params)
            selection = select_rows(
                indexable(X)[0],
                selector,
                self.embedder,
                selector_metadata=routed["selector"]["fit"],
                embedder_metadata=routed.get("embedder"),
            )
            self.selector_ = selection.selector
            self.embedder_ = selection.embedder
            self.sample_indices_ = selected_rows(selection.selector, count_rows(X))
            self.sampling_strategy_: dict[Any, int] = {}
        return self

    def _route(self, params: Mapping[str, Any]) -> Any:
        """Return the metadata of selector and embedder."""
        if get_config()["enable_metadata_routing"]:
            return process_routing(self, "fit", **params)
        return {"selector": {"fit": params}}

    def fit_resample(self, X: Any, y: Any = None, **params: Any) -> tuple[Any, Any]:
        """Select rows of X, and return them with their part of y.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to select from.
        y : array-like of n_samples entries, default=None
            Classes, numbers, or whatever goes along with X.
        **params : dict
            As for `fit`.

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
        self.fit(X, y, **params)
        X, y = indexable(X, y)
        rows = self.sample_indices_
        return rows_of(X, rows), None if y is None else rows_of(y, rows)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata goes where.

        Returns
        -------
        MetadataRouter
            Of ``fit`` and ``fit_resample``, to selector and embedder.
        """
        # A method of scikit-learn's routing only where imbalanced-learn has made it one.
        callers = ["fit", *({"fit_resample"} & set(METHODS))]
        router = MetadataRouter(owner=self)
        for name, part, methods in (
            ("selector", check_selector(self.selector, type(self).__name__), ["fit"]),
            ("embedder", self.embedder, embedding_methods(self.embedder)),
        ):
            mapping = MethodMapping()
            for caller in callers:
                for method in methods:
                    mapping.add(caller=caller, callee=method)
            if part is not None:
                router.add(**{name: part}, method_mapping=mapping)
        return router

    def __sklearn_tags__(self) -> Any:
        """Return the tags, with those that imbalanced-learn asks for."""
        tags = super().__sklearn_tags__()
        last = tags_of(check_selector(self.selector, type(self).__name__)).input_tags
        first = last if self.embedder is None else tags_of(self.embedder).input_tags
        tags.input_tags.sparse = first.sparse
        # Few embedders that let missing values in fill them in.
        tags.input_tags.allow_nan = first.allow_nan and last.allow_nan
        return _with_the_values_of(
            tags,
            CoresetSamplerTags,
            estimator_type="sampler",
            input_tags=_with_the_values_of(tags.input_tags, SamplerInputTags),
            sampler_tags=SamplerTags(),
        )
