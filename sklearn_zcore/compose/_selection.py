"""What every estimator with a selector inside does: embed the rows, fit the selector, read it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, clone
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import get_tags
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import _num_samples, has_fit_parameter

from sklearn_zcore._budget import Budget
from sklearn_zcore._rows_of import count_rows
from sklearn_zcore.selection import FacilityLocationSelector


class Selection(NamedTuple):
    """A selector fitted on rows.

    Attributes
    ----------
    selector : object
        The fitted selector.
    embedder : object or None
        The fitted embedder, if there is one.
    embedding : array-like of shape (n_samples, n_components)
        What the selector saw: the embedder's output, or X itself.
    """

    selector: Any
    embedder: Any
    embedding: Any


_LEAST_ROWS = 30  # that the default selects, as long as there are as many


def default_selector(n_samples: int | None = None) -> FacilityLocationSelector:
    """Return what ``selector=None`` stands for: a tenth of the rows, but at least 30 of them."""
    budget: float = 0.1
    if n_samples is not None and n_samples < 10 * _LEAST_ROWS:
        budget = min(n_samples, _LEAST_ROWS)
    return FacilityLocationSelector(budget, random_state=0)  # seeded: equal fits are equal


def check_selector(selector: Any, owner: str, n_samples: int | None = None) -> Any:
    """Return the selector, or the default for None; refuse what does not select rows.

    Parameters
    ----------
    selector : object or None
    owner : str
        Name of the estimator that it is a parameter of.
    n_samples : int or None, default=None
        How many rows there are, where that is known.

    Returns
    -------
    object

    Raises
    ------
    InvalidParameterError
        A ValueError and a TypeError: says what is wrong with the selector.
    """
    if selector is None:
        return default_selector(n_samples)
    name = selector.__name__ if isinstance(selector, type) else type(selector).__name__
    if isinstance(selector, type):
        raise InvalidParameterError(
            f"The 'selector' parameter of {owner} is the class {name}. Give an instance: {name}()."
        )
    if isinstance(selector, SelectorMixin):
        raise InvalidParameterError(
            f"The 'selector' parameter of {owner} selects rows, and {name} selects features. Put "
            f"{name} into the 'estimator' or in front of {owner}, with a Pipeline, and give a row "
            f"selector here, such as ZCoreSelector."
        )
    if not (hasattr(selector, "fit") and hasattr(selector, "get_support")):
        raise InvalidParameterError(
            f"The 'selector' parameter of {owner} needs the methods fit and get_support, and "
            f"{name} does not have both. Give a row selector such as ZCoreSelector; what prepares "
            f"the rows for it, such as a scaler, goes into 'embedder'."
        )
    return selector


def tags_of(estimator: Any) -> Any:
    """Return the tags of an estimator, which may be none of scikit-learn's own kind."""
    return get_tags(estimator if hasattr(estimator, "__sklearn_tags__") else BaseEstimator())


def embedding_methods(embedder: Any) -> list[str]:
    """Return the methods that `embed_rows` calls."""
    return ["fit_transform"] if hasattr(embedder, "fit_transform") else ["fit", "transform"]


def _no_labels(estimator: Any) -> dict[str, None]:
    """Return the y to fit with: None, where fit takes one; FrozenEstimator insists on it."""
    return {"y": None} if has_fit_parameter(estimator, "y") else {}


def embed_rows(X: Any, embedder: Any, metadata: Mapping[str, Any]) -> tuple[Any, Any]:
    """Fit a clone of the embedder, without labels, and return it with the embedding of X.

    Parameters
    ----------
    X : array-like of n_samples rows
    embedder : transformer or None
        None leaves X as it is.
    metadata : mapping of str to dict
        Metadata of each method: ``fit_transform``, or ``fit`` and ``transform``.

    Returns
    -------
    embedder : transformer or None
        The fitted clone.
    embedding : array-like of shape (n_samples, n_components)
        Dense.

    Raises
    ------
    ValueError
        If the embedder changes the number of rows.
    """
    if embedder is None:
        return None, X
    embedder = clone(embedder, safe=False)  # what has no parameters is copied
    if hasattr(embedder, "fit_transform"):
        embedding = embedder.fit_transform(X, **metadata.get("fit_transform", {}))
    else:
        embedder.fit(X, **_no_labels(embedder), **metadata.get("fit", {}))
        embedding = embedder.transform(X, **metadata.get("transform", {}))
    if issparse(embedding):  # e.g. of OneHotEncoder; selectors need dense rows
        embedding = embedding.toarray()
    if _num_samples(embedding) != count_rows(X):
        raise ValueError(
            f"The embedder {type(embedder).__name__} made {_num_samples(embedding)} rows of the "
            f"{count_rows(X)} rows of X. It must keep every row."
        )
    return embedder, embedding


def check_budget(selector: Any, n_samples: int) -> None:
    """Raise ValueError if the selector's budget is more rows than there are.

    Parameters
    ----------
    selector : object
    n_samples : int
    """
    budget = getattr(selector, "budget", None)
    try:
        size = Budget.parse(budget).size
    except (TypeError, ValueError):
        return  # the selector's own to refuse; one of another package may mean something by it
    if isinstance(size, int) and size > n_samples:
        raise ValueError(
            f"budget={budget} of {type(selector).__name__} is more than the {n_samples} rows to "
            f"select from. In cross-validation those are the rows of one training fold. Give a "
            f"smaller budget, or a fraction such as budget=0.1."
        )


def fit_selector(selector: Any, embedding: Any, metadata: Mapping[str, Any]) -> Any:
    """Fit a clone of the selector, without labels.

    Parameters
    ----------
    selector : object
    embedding : array-like of shape (n_samples, n_components)
    metadata : mapping of str to object
        Metadata for ``fit``.

    Returns
    -------
    object
        The fitted clone.
    """
    check_budget(selector, _num_samples(embedding))
    selector = clone(selector, safe=False)
    selector.fit(embedding, **_no_labels(selector), **metadata)
    return selector


def selected_rows(selector: Any, n_samples: int) -> NDArray[np.intp]:
    """Return the rows that a fitted selector has selected, in row order.

    Parameters
    ----------
    selector : object
        Its ``get_support()`` is a boolean mask of the rows, or their indices.
    n_samples : int

    Returns
    -------
    ndarray of shape (n_selected,)

    Raises
    ------
    ValueError
        If the support does not fit the rows, or holds none of them.
    """
    name = type(selector).__name__
    support = np.asarray(selector.get_support())
    if support.dtype == bool:
        if support.shape != (n_samples,):
            raise ValueError(
                f"{name}.get_support() is a mask of shape {support.shape} and there are "
                f"{n_samples} rows: it does not select rows. Give a row selector such as "
                f"ZCoreSelector."
            )
        rows = np.flatnonzero(support)
    else:
        rows = np.unique(support)
        if rows.dtype.kind not in "iu" or (rows.size and not 0 <= rows[0] <= rows[-1] < n_samples):
            raise ValueError(
                f"{name}.get_support() must be a boolean mask of the {n_samples} rows, or indices "
                f"from 0 to {n_samples - 1}. Got {support!r}."
            )
    if not rows.size:
        raise ValueError(f"{name} has selected none of the {n_samples} rows. Raise its budget.")
    return rows.astype(np.intp, copy=False)


def select_rows(
    X: Any,
    selector: Any,
    embedder: Any = None,
    *,
    selector_metadata: Mapping[str, Any] | None = None,
    embedder_metadata: Mapping[str, Any] | None = None,
) -> Selection:
    """Embed the rows of X and fit the selector on the embedding; neither sees a label.

    Parameters
    ----------
    X : array-like of n_samples rows
    selector : object
    embedder : transformer or None
    selector_metadata, embedder_metadata : mapping or None
        See `fit_selector` and `embed_rows`.

    Returns
    -------
    Selection
    """
    check_budget(selector, count_rows(X))  # before an embedding that may take hours
    embedder, embedding = embed_rows(X, embedder, embedder_metadata or {})
    selector = fit_selector(selector, embedding, selector_metadata or {})
    return Selection(selector, embedder, embedding)
