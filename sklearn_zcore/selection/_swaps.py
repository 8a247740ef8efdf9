"""Rows in place of others, as long as that brings all rows nearer to what is selected."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import gen_batches

from sklearn_zcore._progress import Silent
from sklearn_zcore.rows import square_norms

_PASSES = 5  # over the candidates; most sets settle after three
_ALL_STEPS = 1e10  # multiplications of a pass: some seconds
_DISTANCES_AT_ONCE = 2**20  # 8 MB
_LEAST_GAIN = 1e-6  # of the cost: less is rounding


class _Squares:
    """Squared distances between some rows and all."""

    def __init__(self, X: Any) -> None:
        self.X = X
        self.norms = square_norms(X) if issparse(X) else np.einsum("ij,ij->i", X, X)

    def __call__(self, rows: NDArray[np.intp], to: Any = slice(None)) -> NDArray[np.float64]:
        products = self.X[rows] @ self.X[to].T
        products = products.toarray() if issparse(products) else products
        squares = self.norms[rows, None] + self.norms[to] - 2 * products
        return np.asarray(np.maximum(squares, 0, out=squares))


class _Chosen:
    """The rows that are chosen, and which of them are nearest to every row.

    Attributes
    ----------
    rows : ndarray of shape (n_chosen,), int
    place : ndarray of shape (2, n_samples), int
        Which of them is nearest, and which comes second; -1 is what has been selected before.
    square : ndarray of shape (2, n_samples)
        The squared distances to these.
    """

    def __init__(
        self,
        squares: _Squares,
        weights: NDArray[np.float64],
        near: NDArray[np.float64],
        rows: NDArray[np.intp],
    ) -> None:
        self._squares, self._weights, self._near, self.rows = squares, weights, near, rows.copy()
        self.place = np.empty((2, near.size), np.intp)
        self.square = np.empty((2, near.size))
        self._look(np.arange(near.size))

    def _look(self, stale: NDArray[np.intp]) -> None:
        """Find the two nearest of some rows anew, and what each that is chosen saves."""
        for some in gen_batches(stale.size, max(1, _DISTANCES_AT_ONCE // self.rows.size)):
            to = stale[some]
            found = np.vstack([self._near[to], self._squares(self.rows, to)])
            for which in range(2):
                nearest = found.argmin(axis=0), np.arange(to.size)
                self.place[which, to] = nearest[0] - 1
                self.square[which, to] = found[nearest]
                found[nearest] = np.inf
        gaps = self._weights * (self.square[1] - self.square[0])
        self._loss = np.bincount(self.place[0] + 1, gaps, self.rows.size + 1)[1:]
        self._least = _LEAST_GAIN * float(self._weights @ self.square[0])

    def __contains__(self, row: int) -> bool:
        return bool((self.rows == row).any())

    def try_row(self, row: int, squares: NDArray[np.float64]) -> bool:
        """Put a row in the place of the one that then is missed least, if that pays.

        The changes for each of them are worked out in one pass, over the rows that it would be the
        nearest or second nearest to.
        """
        some = np.flatnonzero(squares < self.square[1])
        first, second, weights = self.square[0, some], self.square[1, some], self._weights[some]
        gain = float(weights @ np.maximum(first - squares[some], 0))
        kept = weights * (second - np.maximum(first, squares[some]))
        change = self._loss - np.bincount(self.place[0, some] + 1, kept, self.rows.size + 1)[1:]
        out = int(change.argmin())
        if change[out] - gain >= -self._least:
            return False
        self.rows[out] = row
        is_stale = (self.place == out).any(axis=0)
        is_stale[some] = True
        self._look(np.flatnonzero(is_stale))
        return True


def swap_rows(
    X: Any,
    weights: NDArray[np.float64],
    near: NDArray[np.float64],
    chosen: NDArray[np.intp],
    rng: np.random.RandomState,
    progress: Silent,
) -> NDArray[np.intp]:
    """Swap chosen rows for others while that lowers the squared distances to the nearest one.

    Where not all rows can be tried in some seconds, some are: drawn in proportion to their squared
    distance to what is selected, as local search for k-means does.

    Parameters
    ----------
    X : ndarray or csr of shape (n_samples, n_features), float64
    weights : ndarray of shape (n_samples,)
    near : ndarray of shape (n_samples,)
        Squared distance of every row to what has been selected before, which stays.
    chosen : ndarray of shape (n_chosen,), int
    rng : RandomState
    progress : Silent

    Returns
    -------
    ndarray of shape (n_chosen,), int
        As they are, where even their own distances to all rows would take longer.
    """
    n = near.size
    a_row = X.nnz if issparse(X) else X.size  # multiplications of its distances to all
    n_tried = min(n, int(_ALL_STEPS / max(1, a_row)))
    if not n_tried or chosen.size * a_row > _ALL_STEPS:
        return chosen
    squares = _Squares(X)
    state = _Chosen(squares, weights, near, chosen)
    for _ in range(_PASSES):
        n_swaps = 0
        progress.add_total(1)
        for candidates in _candidates(weights * state.square[0], n_tried, rng):
            found = squares(candidates)
            for row, of_row in zip(candidates.tolist(), found, strict=True):
                if row not in state:
                    n_swaps += state.try_row(row, of_row)
        progress.advance()
        if not n_swaps:
            break
    return state.rows


def _candidates(
    share: NDArray[np.float64], n_tried: int, rng: np.random.RandomState
) -> Iterator[NDArray[np.intp]]:
    """Yield rows to try, in random order, some at a time."""
    n = share.size
    if n_tried < n and share.any():
        tried = np.flatnonzero(share)
        size = min(n_tried, tried.size)
        rows = rng.choice(n, size, replace=False, p=share / share.sum())
    else:
        rows = rng.permutation(n)[:n_tried]
    for some in gen_batches(rows.size, max(1, _DISTANCES_AT_ONCE // n)) if rows.size else ():
        yield rows[some]
