"""What the set-aware selectors share: distinct rows, scores from ranks, rows selected before."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils import column_or_1d

from sklearn_zcore.rows import ArraySource, DistinctRows
from sklearn_zcore.selection._base import BaseCoresetSelector

_ALL_STEPS = 4e9  # multiplications: about a second


class SetAwareSelector(BaseCoresetSelector):
    """Base class of selectors for which the value of a row depends on the rows before it.

    A subclass orders distinct rows; copies of rows come after all of these. A score is the share
    of the rows that a row comes before, itself included: 1 for the first, 1 / n_samples for the
    last.
    """

    @abstractmethod
    def _order_rows(self, distinct: DistinctRows, n_selected: int) -> NDArray[np.intp]:
        """Return positions in ``distinct.rows``, from most to least valuable."""

    def _score_rows(
        self, X: NDArray[Any], hashes: NDArray[np.uint64], n_selected: int
    ) -> NDArray[np.float64]:
        n = X.shape[0]
        distinct = DistinctRows(ArraySource(X), hashes, self._taken)
        order, self._n_ranked = np.empty(0, np.intp), None
        if distinct.rows.size:
            order = self._order_rows(distinct, min(n_selected, distinct.rows.size))
        scores = np.empty(n)
        scores[distinct.ranking(order)] = np.arange(n, 0, -1) / n
        return scores

    def _n_steps(self, shape: tuple[int, ...], n_selected: int) -> int:
        """Return how far to go where every choice looks at all rows: to the end if that is cheap.

        ``shape`` is that of the array which a step multiplies.
        """
        n_rows = shape[0]
        n_steps = n_rows if n_rows * shape[0] * shape[1] <= _ALL_STEPS else n_selected
        self._n_ranked = None if n_steps == n_rows else n_steps
        return n_steps


def _row_numbers(selected: Any, n_samples: int) -> NDArray[np.intp]:
    """Return the rows that a mask or row numbers name, in row order.

    Raises
    ------
    TypeError, ValueError
        If it is neither a mask of n_samples nor numbers of rows that exist.
    """
    rows = column_or_1d(np.asarray(selected)) if np.size(selected) else np.empty(0, np.intp)
    if rows.dtype.kind == "b":
        if rows.size != n_samples:
            raise ValueError(
                f"selected is a mask of {rows.size} rows, and X has n_samples = {n_samples}."
            )
        return np.flatnonzero(rows)
    if rows.dtype.kind not in "iu":
        raise TypeError(
            f"selected holds {rows.dtype} values; give a boolean mask of the rows of X, or their "
            f"numbers as integers."
        )
    wrong = np.flatnonzero((rows < 0) | (rows >= n_samples))
    if wrong.size:
        raise ValueError(
            f"selected names row {rows[wrong[0]]}, and the rows of X are 0 to {n_samples - 1}."
        )
    return np.unique(rows).astype(np.intp)


class ExtendsSelection(SetAwareSelector):
    """Base class of set-aware selectors that can start from rows that have been selected before."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None, selected: Any = None) -> Self:
        """Rank the rows of X and select the best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of finite numbers: array, data frame, memory map; any real dtype.
        y : None
            Ignored: selection uses no labels.
        selected : array-like of shape (n_samples,), bool, or (n_rows,), int, default=None
            Rows that have been selected before, as a mask or by number: labelled ones, say. They
            count as covered and are not selected again; they come last in ``ranking_``. ``budget``
            is the number of further rows; a fraction still is one of all rows, at most those that
            are left.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        TypeError
            If ``selected`` is neither boolean nor integer.
        ValueError
            If X is not made of finite real numbers, has fewer than 2 rows or no feature that
            varies, has fewer rows left than the budget, or ``selected`` names rows that X does
            not have, or all of them.
        """
        return self._fit_rows(X, selected)

    def _resolve_selected(self, selected: Any, n_samples: int) -> NDArray[np.intp]:
        """Return the numbers of the rows that have been selected before."""
        if selected is None:
            return super()._resolve_selected(selected, n_samples)
        before = _row_numbers(selected, n_samples)
        if before.size == n_samples:
            raise ValueError(
                f"All n_samples = {n_samples} rows of X are in selected: none is left."
            )
        return before
