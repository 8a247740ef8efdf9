"""What every selector shares: the budget, the support, and the rows it returns.

A selector is a small file: it subclasses `BaseCoresetSelector` and turns rows into scores.
"""

from abc import ABCMeta, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import validate_parameter_constraints
from sklearn.utils.validation import (
    _num_samples,
    check_is_fitted,
    has_fit_parameter,
)

from sklearn_zcore._budget import Budget
from sklearn_zcore._fitting import all_or_nothing
from sklearn_zcore._naming import name_methods_plainly
from sklearn_zcore._rows_of import count_rows, rows_of
from sklearn_zcore.rows import (
    block_source,
    fingerprints,
    rebased,
    scan,
    source_of,
)
from sklearn_zcore.selection._campaign import row_numbers, row_weights
from sklearn_zcore.selection._distance import KeepsDistance
from sklearn_zcore.selection._group_ranking import GroupRanking
from sklearn_zcore.selection._groups import Groups
from sklearn_zcore.selection._parameters import BUDGET_CONSTRAINT
from sklearn_zcore.selection._pipeline import find_misfit
from sklearn_zcore.selection._reading import ReadsRows, concrete_selectors
from sklearn_zcore.selection._representation import Representation


class BaseCoresetSelector(
    ReadsRows,
    GroupRanking,
    KeepsDistance,
    Representation,
    OneToOneFeatureMixin,
    TransformerMixin,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """Base class of the selectors.

    A subclass adds its parameters to ``_parameter_constraints`` and implements ``_score_rows``,
    or ranks the rows as a set, see `SetAwareSelector`. Which of ``selected``, ``groups`` and
    ``sample_weight`` it takes is what the signature of its ``fit`` says.

    Attributes
    ----------
    nested_budgets : bool
        Whether one fit serves all budgets up to its own: its coresets are nested.
    fits_stores : bool
        Whether ``fit`` takes a `ColumnStore`, whose rows need not fit in memory.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"budget": BUDGET_CONSTRAINT}

    # With routing, what nobody has asked for goes to others: weights to an estimator, say.
    __metadata_request__fit: ClassVar[dict[str, bool]] = {
        "selected": False,
        "groups": False,
        "sample_weight": False,
    }

    nested_budgets: ClassVar[bool] = True
    budget: float | str
    _n_ranked: int | None = None  # how far the ranking goes, where that depends on the budget
    _ranks_no_more = (
        "on many rows it goes as far as the budget of fit. Fit with the largest budget that is "
        "wanted, then set smaller ones"
    )
    _any_rows = False  # whether the rows of fit are no numbers
    _n_most: int | None = None  # of how many rows the best coreset is, whatever the budget

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Have messages about arguments name no base class."""
        super().__init_subclass__(**keywords)
        name_methods_plainly(cls)

    @abstractmethod
    def _score_rows(
        self, X: NDArray[Any], hashes: NDArray[np.uint64], n_selected: int
    ) -> NDArray[np.float64]:
        """Return the score of every row; higher is better. Equal rows have equal hashes."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None, *, groups: Any = None, **others: Any) -> Self:
        """Score the rows of X and select the best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of finite numbers: array, data frame, memory map; any real dtype.
        y : None
            Ignored: selection uses no labels.
        groups : array-like of shape (n_samples,) or (n_samples, n_columns), default=None
            The group of every row, such as its site: each gets its share of the coreset, see
            ``group_budget``. Of several columns, every combination is a group. Rows whose group
            is missing (None, NaN) are a group of their own.
        **others : None
            ``selected`` and ``sample_weight`` of other selectors: refused by name.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        TypeError
            If there is a keyword that this selector does not have.
        ValueError
            If X is not made of finite real numbers, has fewer than 2 rows, or has fewer rows
            than the budget; if ``groups`` or ``group_budget`` do not fit X.
        """
        self._refuse(others)
        return self._fit_rows(X, groups=groups)

    def _refuse(self, others: dict[str, Any]) -> None:
        """Raise TypeError about keywords of fit that this selector does not have."""
        for keyword, value in others.items():
            if value is None and keyword in ("selected", "sample_weight"):
                continue
            message = f"{type(self).__name__}.fit() got an unexpected keyword argument {keyword!r}."
            able = sorted(s.__name__ for s in concrete_selectors() if has_fit_parameter(s, keyword))
            if able:
                message = (
                    f"{type(self).__name__} takes no {keyword}; those that do are "
                    f"{', '.join(able)}."
                )
            raise TypeError(message)

    def _fit_rows(
        self, X: ArrayLike, *, selected: Any = None, groups: Any = None, sample_weight: Any = None
    ) -> Self:
        """Fit, or fail and leave everything as it was."""
        with all_or_nothing(self):
            rows = self._validate_rows(X, reset=True)
            n_samples = rows.shape[0]
            self._taken = row_numbers(selected, n_samples)
            self._sample_weight = row_weights(sample_weight, rows)
            n_selected = self._budget_rows(n_samples, self._taken.size)
            hashes = scan(source_of(rows), self._feature_names(), type(self).__name__)
            of_fit = hashes
            compared = self._as_compared(rows)
            if compared is not rows:  # what is compared may be equal where rows differ
                hashes = fingerprints(compared)
            compared = rebased(compared) if isinstance(compared, np.ndarray) else compared
            self._n_most, order = None, None
            if groups is not None:
                of_rows = Groups.of(groups, n_samples)
                order = self._rank_groups(compared, hashes, n_selected, of_rows)
            elif self.group_budget != "proportional":
                raise ValueError(
                    f"group_budget={self.group_budget!r} shares the budget among groups, and there "
                    f"are none: pass fit(X, groups=...), or leave it out."
                )
            else:
                self.scores_ = self._score_rows(compared, hashes, n_selected)
                self.ranking_ = self._taken_last(self._rank_rows(self.scores_))
            if self.min_distance is not None:
                self._keep_apart(compared, order, n_selected)
                self.scores_ = self._scores_of_ranking()
            self._fingerprints = of_fit
            self._apply_budget(n_selected)
            self._keep_rows(rows)
        self._warn_of_doubts()
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether a fit came to its end."""
        return hasattr(self, "ranking_")

    def _budget_rows(self, n_samples: int, n_taken: int = 0) -> int:
        """Return how many rows are wanted."""
        return Budget.parse(self.budget).rows(n_samples, n_taken)

    @property
    def _n_samples(self) -> int:
        """Return how many rows there were."""
        return self.ranking_.size

    def _apply_budget(self, n_selected: int) -> None:
        self._forget_weights()
        self._n_wanted = n_selected
        if self._n_most is not None:
            n_selected = min(n_selected, self._n_most)
        self.n_selected_ = n_selected
        self.support_ = np.zeros(self._n_samples, dtype=bool)
        self.support_[self.ranking_[:n_selected]] = True
        self.indices_ = np.flatnonzero(self.support_)

    def _warn_of_doubts(self) -> None:
        """Warn of what is doubtful about the selection, once all of it is there."""
        self._warn_of_fewer()

    def set_budget(self, budget: float | str) -> Self:
        """Change the budget of the fitted selector; nothing is scored again.

        Parameters
        ----------
        budget : int, float or str
            As for the constructor, whose parameter it replaces.

        Returns
        -------
        self : object
            The selector, with its support changed.

        Raises
        ------
        ValueError
            If the budget is not valid, more than the rows there are, or more than a selector has
            ranked whose search ends with the budget of ``fit``.
        """
        check_is_fitted(self)
        validate_parameter_constraints(
            {"budget": BUDGET_CONSTRAINT}, {"budget": budget}, caller_name=type(self).__name__
        )
        n_selected = Budget.parse(budget).rows(self._n_samples, self._taken.size)
        if self._n_ranked is not None and n_selected > self._n_ranked:
            raise ValueError(
                f"budget={budget} is {n_selected} rows, and this {type(self).__name__} has ranked "
                f"{self._n_ranked}: {self._ranks_no_more}."
            )
        with all_or_nothing(self):
            self.budget = budget
            self._apply_budget(n_selected)
        self._warn_of_doubts()
        return self

    def get_support(self, indices: bool = False) -> NDArray[Any]:
        """Return which rows are selected.

        Parameters
        ----------
        indices : bool, default=False
            Whether to return row indices, in ascending order, instead of a mask.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_selected,)
            A boolean mask, or integers.
        """
        check_is_fitted(self)
        return self.indices_ if indices else self.support_

    def transform(self, X: ArrayLike) -> Any:
        """Return the selected rows of the X that the selector was fitted on.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows passed to ``fit``, in the same order.

        Returns
        -------
        array-like of shape (n_selected, n_features)
            The selected rows in row order: a data frame (index kept) for a data frame, and an
            array otherwise. Of rows that are not in memory, such as a `ColumnStore` or a Zarr
            array, only these are read.

        Raises
        ------
        ValueError
            If X holds other rows: which of those to keep has not been decided. If the rows
            would be glued to others, see `fit_transform`.
        """
        check_is_fitted(self)
        misfit = find_misfit()
        if misfit is not None:
            misfit.refuse(type(self).__name__, self.n_selected_, self._n_samples)
        # Of rows that are not in memory, only those that are returned are read.
        is_here = self._any_rows or isinstance(X, np.ndarray | str)
        blocks = None if is_here else block_source(X)
        rows: Any = self._validate_finite(X) if blocks is None else blocks
        n_fitted = self._n_samples
        difference = ""
        if rows.shape[0] != n_fitted:
            difference = f"it has {rows.shape[0]} rows, and fit saw {n_fitted}"
        else:
            seen = self._fingerprints[self._places_of(self.indices_)]
            chosen = rows[self.indices_] if blocks is None else blocks.take(self.indices_)
            other = np.flatnonzero(fingerprints(chosen) != seen)
            if other.size:
                difference = (
                    f"{other.size} of the {self.n_selected_} selected rows differ, "
                    f"first row {self.indices_[other[0]]}"
                )
        if difference:
            raise ValueError(
                f"{type(self).__name__}.transform returns the selected rows of the X that it was "
                f"fitted on, and this X is another: {difference}. To train a model on the coreset "
                f"and predict for any rows, use CoresetClassifier or CoresetRegressor; to pick "
                f"the coreset's part of other arrays, use select()."
            )
        if blocks is not None:
            return chosen
        if self._any_rows:
            return rows_of(X, self.indices_)
        return _safe_indexing(X if hasattr(X, "shape") else rows, self.indices_)

    def fit_transform(self, X: ArrayLike, y: Any = None, **fit_params: Any) -> Any:
        """Fit to X and return its selected rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of finite numbers.
        y : None
            Ignored; its rows stay as they are.
        **fit_params : dict
            Metadata for ``fit``.

        Returns
        -------
        array-like of shape (n_selected, n_features)
            See `transform`.

        Raises
        ------
        ValueError
            If the budget drops rows where that cannot be right: in the middle of a Pipeline with
            a y, whose later steps would get fewer rows of X than of y; beside others in a
            ColumnTransformer or FeatureUnion; in skrub's ApplyToCols or ``.skb.apply``.
        """
        misfit = find_misfit(labelled=y is not None)
        if misfit is not None:
            self._validate_params()
            n_samples = _num_samples(X)
            n_selected = self._budget_rows(n_samples)
            misfit.refuse(type(self).__name__, n_selected, n_samples)
        coreset = super().fit_transform(X, y, **fit_params)
        if misfit is not None:  # a least distance may have left out more than the budget does
            misfit.refuse(type(self).__name__, self.n_selected_, n_samples)
        return coreset

    def select(self, *arrays: Any) -> Any:
        """Return the coreset's part of arrays that go along with X.

        Parameters
        ----------
        *arrays : sequence of length n_samples
            Labels, weights, paths, lists: anything indexable by row. Frames of pandas, polars
            and dask, pyarrow tables, sparse matrices, data sets of Hugging Face and of torch.

        Returns
        -------
        object or tuple of objects
            The selected rows of each array, in row order; of a single array, not in a tuple.
            Each in the container that it came in, and as lazy; a torch data set as a ``Subset``,
            other sequences as lists.

        Raises
        ------
        TypeError
            If an array has no rows that can be asked for by number, such as a stream.
        ValueError
            If an array does not have as many rows as X had.
        """
        check_is_fitted(self)
        if not arrays:
            raise ValueError("select() needs at least one array, e.g. selector.select(y).")
        for number, array in enumerate(arrays, start=1):
            n_rows = count_rows(array)
            if n_rows != self._n_samples:
                raise ValueError(
                    f"Array {number} has {n_rows} rows, and the selector was fitted on "
                    f"{self._n_samples}."
                )
        parts = tuple(rows_of(array, self.indices_) for array in arrays)
        return parts[0] if len(parts) == 1 else parts
