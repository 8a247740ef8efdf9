"""What CoresetClassifier and CoresetRegressor share: select without y, fit on what is selected."""

from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Mapping
from numbers import Number
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import MetaEstimatorMixin, _fit_context, clone
from sklearn.utils import Bunch, indexable, metadata_routing
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_method_params,
    _check_sample_weight,
    _check_y,
    _num_samples,
    check_is_fitted,
    validate_data,
)

from sklearn_zcore._fitting import all_or_nothing
from sklearn_zcore._naming import name_methods_plainly
from sklearn_zcore._rows_of import count_rows, is_data_set, rows_of
from sklearn_zcore.compose._selection import (
    Selection,
    check_selector,
    embedding_methods,
    select_rows,
    selected_rows,
    tags_of,
)
from sklearn_zcore.compose._weights import voronoi_weights, weight_parameter


def _check_takes(estimator: Any, X: Any) -> None:
    """Raise TypeError if an estimator can make nothing of the rows of a data set.

    Only scikit-learn's own are known to: others, and what is inside a Pipeline, may.
    """
    own = type(estimator).__module__.partition(".")[0] == "sklearn"
    if not (is_data_set(X) and own) or any(
        hasattr(part, "fit") for part in estimator.get_params().values()
    ):
        return
    name = type(estimator).__name__
    raise TypeError(
        f"X is a {type(X).__module__.partition('.')[0]} {type(X).__name__}, and {name} takes rows "
        f"of numbers: the estimator gets the selected rows of X as they are. Put what makes "
        f"numbers of them in front of it, too, e.g. estimator=make_pipeline(embedder, {name}()); a "
        f"FoundationEmbedder with a cache_dir embeds nothing twice."
    )


def estimator_has(method: str) -> Callable[[Any], bool]:
    """Return a check whether the wrapped estimator has a method; its AttributeError says why."""

    def check(self: Any) -> bool:
        fitted = hasattr(self, "estimator_")
        getattr(self.estimator_ if fitted else self._get_estimator(), method)
        return True

    return check


class BaseCoresetEstimator(MetaEstimatorMixin, metaclass=ABCMeta):
    """What makes a classifier or regressor train another one on a coreset.

    A subclass adds the mixin of its kind and BaseEstimator, in this order: ``score`` is to be the
    wrapped estimator's, not the mixin's. It gives the default of ``estimator``, and says what is
    done with labels.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods("fit"), None],
        "selector": [HasMethods("fit"), None],
        "embedder": [HasMethods("transform"), None],
        "weighting": [StrOptions({"voronoi"}), None],
    }
    # Requests are those of the wrapped estimator: this one only passes metadata on.
    __metadata_request__fit = {"sample_weight": metadata_routing.UNUSED}
    __metadata_request__score = {"sample_weight": metadata_routing.UNUSED}

    # Besides fit, predict and score.
    _routed_methods: ClassVar[tuple[str, ...]] = ()

    estimator: Any
    selector: Any
    embedder: Any
    weighting: str | None

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Have messages about arguments name no base class."""
        super().__init_subclass__(**keywords)
        name_methods_plainly(cls)

    @abstractmethod
    def _get_estimator(self) -> Any:
        """Return the estimator to be wrapped, or the default for None."""

    @abstractmethod
    def _check_targets(self, y: Any) -> None:
        """Raise if y cannot be learned."""

    def _check_budget(self, y: Any) -> None:  # noqa: B027
        """Raise if the budget cannot do for y: before an embedding that may take hours."""

    def _complete_coreset(
        self, coreset: NDArray[np.intp], y: Any, selector: Any, *, warn: bool
    ) -> NDArray[np.intp]:
        """Return the rows to train on; what a subclass asks of labels."""
        return coreset

    def _get_selector(self, n_samples: int | None = None) -> Any:
        return check_selector(self.selector, type(self).__name__, n_samples)

    @_fit_context(prefer_skip_nested_validation=False)  # the parameters' own are theirs to check
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **fit_params: Any) -> Self:
        """Select rows of X without labels, and fit the estimator on them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to select from. Array, data frame, or whatever ``embedder`` and ``estimator``
            take, such as a list of texts or a data set of Hugging Face or torch; the estimator
            gets the selected rows as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. The selection does not see them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of all rows; the estimator gets those of the selected ones.
        **fit_params : dict
            More metadata. What has n_samples rows is cut down to the selected ones. It goes to
            the estimator's ``fit``, or, with metadata routing enabled, to whatever has requested
            it: estimator, selector, embedder.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If X is a data set of images, say, and the estimator takes numbers alone; or if X has
            no rows that can be asked for by number, such as a stream.
        ValueError
            If X, y and the weights differ in length; if the selector is none, or its budget is
            more than there are rows; if the estimator takes no weights, and there are some. An
            estimator that has been fitted before stays as it was.
        """
        with all_or_nothing(self):
            X, y = self._check_X_y(X, y)
            self._check_budget(y)
            routed = self._route_fit(X, sample_weight, fit_params)
            selection = self._select(X, routed)
            coreset = selected_rows(selection.selector, count_rows(X))
            return self._fit_coreset(X, y, selection, coreset, routed.estimator.fit)

    def _check_X_y(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return X and y as something indexable by row; their values stay as they are."""
        name = type(self).__name__
        if y is None:
            raise ValueError(f"{name} requires y to be passed, but the target y is None.")
        if count_rows(X) != _num_samples(y):
            raise ValueError(
                f"Found input variables with inconsistent numbers of samples: X has "
                f"{count_rows(X)} rows, and y {_num_samples(y)}."
            )
        _check_takes(self._get_estimator(), X)
        _check_y(y, multi_output=True, estimator=self)
        self._check_targets(y)
        X, y = indexable(X, y)
        validate_data(self, X=X, skip_check_array=True)
        return X, y

    def _route_fit(self, X: Any, sample_weight: Any, fit_params: Mapping[str, Any]) -> Any:
        """Return the metadata of estimator, selector and embedder, of all rows."""
        estimator = self._get_estimator()
        if self.weighting is not None:
            weight_parameter(estimator)  # to fail early where it takes none
        params = dict(fit_params)
        if get_config()["enable_metadata_routing"]:
            if sample_weight is not None:
                params["sample_weight"] = sample_weight
            routed = process_routing(self, "fit", **params)
        else:
            if sample_weight is not None:
                params[weight_parameter(estimator)] = sample_weight
            routed = Bunch(estimator=Bunch(fit=params))
        self._check_weights(routed.estimator.fit, count_rows(X))
        return routed

    def _check_weights(self, metadata: Mapping[str, Any], n_samples: int) -> None:
        """Raise if weights are not those of all rows; later, nobody could tell."""
        for name, weight in metadata.items():
            if name.split("__")[-1] != "sample_weight" or isinstance(weight, Number | None):
                continue
            if _num_samples(weight) != n_samples:
                raise ValueError(
                    f"{name} has {_num_samples(weight)} entries, and X {n_samples} rows. Give a "
                    f"weight for every row of X: {type(self).__name__} takes those of the coreset."
                )

    def _select(self, X: Any, routed: Any) -> Selection:
        nothing: Any = Bunch()
        return select_rows(
            X,
            self._get_selector(count_rows(X)),
            self.embedder,
            selector_metadata=routed.get("selector", nothing).get("fit"),
            embedder_metadata=routed.get("embedder", nothing),
        )

    def _fit_coreset(
        self,
        X: Any,
        y: Any,
        selection: Selection,
        coreset: NDArray[np.intp],
        metadata: Mapping[str, Any],
        *,
        warn: bool = True,
    ) -> Self:
        """Fit the estimator on the coreset."""
        coreset = self._complete_coreset(coreset, y, selection.selector, warn=warn)
        params = self._coreset_metadata(X, selection.embedding, coreset, metadata)
        estimator = clone(self._get_estimator())
        estimator.fit(rows_of(X, coreset), rows_of(y, coreset), **params)

        self.selector_ = selection.selector
        self.embedder_ = selection.embedder
        self.coreset_indices_ = coreset
        self.estimator_ = estimator
        if hasattr(estimator, "classes_"):
            self.classes_ = estimator.classes_
        return self

    def _coreset_metadata(
        self, X: Any, embedding: Any, coreset: NDArray[np.intp], metadata: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the coreset's part of the metadata, with the weights of ``weighting``."""
        params: dict[str, Any] = dict(_check_method_params(X, metadata, coreset))
        if self.weighting is None:
            return params
        # With routing, a Pipeline sends sample_weight to the steps that have requested it.
        routing = get_config()["enable_metadata_routing"]
        name = "sample_weight" if routing else weight_parameter(self._get_estimator())
        given = metadata.get(name)
        if given is not None:
            given = _check_sample_weight(given, np.empty((count_rows(X), 0)))
        return {**params, name: voronoi_weights(embedding, coreset, given)}

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether a fit came to its end."""
        return hasattr(self, "estimator_")

    def _call(self, method: str, X: Any, *args: Any, **params: Any) -> Any:
        """Call a method of the fitted estimator with all rows, and the metadata it requests."""
        check_is_fitted(self)
        if get_config()["enable_metadata_routing"]:
            params = process_routing(self, method, **params).estimator[method]
        return getattr(self.estimator_, method)(X, *args, **params)

    def predict(self, X: Any, **params: Any) -> Any:
        """Predict the targets of any rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, as they are: neither selector nor embedder sees them.
        **params : dict
            Metadata for the estimator's ``predict``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            What the estimator predicts.
        """
        return self._call("predict", X, **params)

    @available_if(estimator_has("score"))
    def score(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> float:
        """Return the estimator's own score on any rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their true targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.
        **params : dict
            More metadata for the estimator's ``score``.

        Returns
        -------
        float
            Accuracy or R², unless the estimator has another score.
        """
        if sample_weight is not None:
            params["sample_weight"] = sample_weight
        return float(self._call("score", X, y, **params))

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata goes where.

        Returns
        -------
        MetadataRouter
            Of ``fit``, to estimator, selector and embedder; of everything else, to the estimator.
        """
        mapping = MethodMapping()
        for method in ("fit", "predict", *self._routed_methods, "score"):
            mapping.add(caller=method, callee=method)
        router = MetadataRouter(owner=self)
        router.add(estimator=self._get_estimator(), method_mapping=mapping)
        router.add(
            selector=self._get_selector(),
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )
        if self.embedder is not None:
            mapping = MethodMapping()
            for method in embedding_methods(self.embedder):
                mapping.add(caller="fit", callee=method)
            router.add(embedder=self.embedder, method_mapping=mapping)
        return router

    def __sklearn_tags__(self) -> Any:
        """Return the tags: those of the estimator, where what selects lets it have them."""
        tags = super().__sklearn_tags__()
        inner = tags_of(self._get_estimator())
        first = tags_of(self._get_selector() if self.embedder is None else self.embedder)
        tags.target_tags = inner.target_tags
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.input_tags = inner.input_tags
        for name in ("sparse", "allow_nan"):
            both = getattr(inner.input_tags, name) and getattr(first.input_tags, name)
            setattr(tags.input_tags, name, both)
        return tags
