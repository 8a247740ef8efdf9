"""Read a coreset from whatever chose it: selector, pipeline, meta-estimator, or row numbers."""

import copy
import warnings
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import _num_samples, check_is_fitted

from sklearn_zcore.inspection.report._text import as_json_value
from sklearn_zcore.selection import SELECTORS, BaseCoresetSelector

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Chosen:
    """A coreset, and what is known of how it was chosen.

    Attributes
    ----------
    order : ndarray of shape (n_ranked,), int
        Rows from most to least valuable: the coreset first, then what would come next.
    n_selected : int
        How many of ``order`` are the coreset.
    is_ranked : bool
        Whether ``order`` means anything; if not, it is the coreset in row order.
    is_nested : bool
        Whether a smaller budget would select the first rows of ``order``.
    scores : ndarray of shape (n_samples,) or None
    label, estimator, call : str
        What people call the selector, its class, and how it was made.
    parameters : dict
    stability : float or None
        Of ZCore: the share of the coreset that two halves of the draws agree on.
    """

    order: Rows
    n_selected: int
    is_ranked: bool = True
    is_nested: bool = True
    scores: NDArray[Any] | None = None
    label: str = ""
    estimator: str = ""
    call: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    stability: float | None = None

    @property
    def coreset(self) -> Rows:
        """Return the selected rows, by rank."""
        return self.order[: self.n_selected]


def read_chosen(selector: Any, X: Any) -> tuple[Chosen, Any]:
    """Return the coreset, and the rows of numbers that it was chosen from.

    Parameters
    ----------
    selector : object
        See `CoresetReport`.
    X : array-like of n_samples rows

    Returns
    -------
    chosen : Chosen
    embedding : array-like of shape (n_samples, n_features)

    Raises
    ------
    NotFittedError
        If the selector is not fitted.
    TypeError
        If it selects no rows.
    ValueError
        If X has other rows than it was fitted on.
    """
    if isinstance(selector, Pipeline):
        check_is_fitted(selector[-1])
        if len(selector) > 1:
            X = selector[:-1].transform(X)
        chosen, embedding = read_chosen(selector[-1], X)
        return replace(chosen, call=" ".join(repr(selector).split())), embedding
    if isinstance(selector, type):
        raise TypeError(
            f"selector is the class {selector.__name__}: give a fitted instance, "
            f"{selector.__name__}().fit(X)."
        )
    if hasattr(selector, "get_support"):
        check_is_fitted(selector)
        return _from_selector(selector, X), X
    if hasattr(selector, "selector") and hasattr(selector, "embedder"):
        check_is_fitted(selector)
        return _from_meta_estimator(selector, X)
    if hasattr(selector, "fit"):
        raise TypeError(
            f"{type(selector).__name__} selects no rows. Give a fitted selector such as "
            f"FacilityLocationSelector, a Pipeline that ends in one, CoresetClassifier or "
            f"CoresetRegressor, or the numbers of the selected rows."
        )
    return _from_rows(selector, _num_samples(X)), X


def _from_meta_estimator(estimator: Any, X: Any) -> tuple[Chosen, Any]:
    """Read a CoresetClassifier, CoresetRegressor or CoresetSampler."""
    embedding = X
    if estimator.embedder_ is not None:
        embedding = estimator.embedder_.transform(X)
        if issparse(embedding):
            embedding = embedding.toarray()
    rows = getattr(estimator, "coreset_indices_", None)
    if rows is None:
        rows = estimator.sample_indices_
    return _from_selector(estimator.selector_, embedding, np.asarray(rows), estimator), embedding


def _from_selector(
    selector: Any, X: Any, rows: Rows | None = None, owner: Any | None = None
) -> Chosen:
    """Read a fitted selector; ``rows`` are what its owner made of its choice."""
    n = _num_samples(X)
    _check_fitted_on(selector, X)
    if rows is None:
        support = np.asarray(selector.get_support())
        rows = np.flatnonzero(support) if support.dtype == bool else support
    rows = _check_rows(np.unique(rows), n)
    ranking = getattr(selector, "ranking_", None)
    order = rows
    if ranking is not None:
        ranking = np.asarray(ranking)
        order = ranking[np.isin(ranking, rows)]
        if np.array_equal(order, ranking[: order.size]):  # no rows were added to its choice
            order = ranking[: _n_ranked(selector, order.size)]
    known = {entry.estimator: entry.label for entry in SELECTORS.values()}
    shown = selector if owner is None else owner
    scores = getattr(selector, "scores_", None)
    stability = getattr(selector, "stability_", None)
    return Chosen(
        order=order.astype(np.intp),
        n_selected=rows.size,
        is_ranked=ranking is not None,
        is_nested=bool(getattr(selector, "nested_budgets", True)),
        scores=None if scores is None else np.asarray(scores, dtype=np.float64),
        label=known.get(type(selector), type(selector).__name__),
        estimator=type(shown).__name__,
        call=" ".join(repr(shown).split()),
        parameters={
            name: as_json_value(value) for name, value in shown.get_params(deep=False).items()
        }
        if hasattr(shown, "get_params")
        else {},
        stability=None if stability is None else float(stability),
    )


def _check_fitted_on(selector: Any, X: Any) -> None:
    """Raise ValueError if X is not what the selector was fitted on, as far as it can tell."""
    if not isinstance(selector, BaseCoresetSelector):
        return
    try:
        selector.transform(X)
    except ValueError as error:
        if "the selected rows of the X that it was" not in str(error):
            raise
        difference = str(error).partition("this X is another: ")[2].partition(". To train")[0]
        raise ValueError(
            f"The report needs the X that the {type(selector).__name__} was fitted on, and this "
            f"X is another: {difference}."
        ) from None


def _n_ranked(selector: Any, n_selected: int) -> int:
    """Return how far the ranking can be trusted: some searches end with the budget of ``fit``."""
    wanted: int = min(2 * n_selected, selector.ranking_.size)
    if not isinstance(selector, BaseCoresetSelector):
        return wanted
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a stability that is nobody's concern here
        try:
            copy.copy(selector).set_budget(wanted)
        except ValueError:
            return n_selected
    return wanted


def _from_rows(rows: Any, n_samples: int) -> Chosen:
    """Read row numbers, in order of rank, or a mask."""
    chosen = np.asarray(rows)
    is_ranked = chosen.dtype != bool
    if chosen.dtype == bool:
        if chosen.shape != (n_samples,):
            raise ValueError(
                f"selector is a mask of shape {chosen.shape}, and X has {n_samples} rows."
            )
        chosen = np.flatnonzero(chosen)
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
        raise TypeError(
            f"selector is {type(rows).__name__} of {chosen.dtype} and shape {chosen.shape}: give "
            f"a fitted selector, or the selected rows as a mask or as a list of row numbers."
        )
    _, first = np.unique(chosen, return_index=True)
    if first.size < chosen.size:
        repeated = np.delete(np.arange(chosen.size), first)[0]
        raise ValueError(f"selector names row {chosen[repeated]} twice.")
    chosen = _check_rows(chosen, n_samples)
    shown = "rows" if chosen.size > 6 else f"{chosen.tolist()}"
    return Chosen(chosen, chosen.size, is_ranked=is_ranked, call=shown)


def _check_rows(rows: NDArray[Any], n_samples: int) -> Rows:
    if not rows.size:
        raise ValueError("The coreset is empty: there is nothing to report.")
    wrong = np.flatnonzero((rows < 0) | (rows >= n_samples))
    if wrong.size:
        raise ValueError(
            f"The coreset has row {rows[wrong[0]]}, and the rows of X are 0 to {n_samples - 1}."
        )
    return rows.astype(np.intp)
