"""What the coreset stands for: its weights, its gains, and the coreset row of any row."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse, vstack
from sklearn.utils.validation import check_is_fitted

from sklearn_zcore.rows import (
    BlockSource,
    Coverage,
    block_source,
    cover,
    cover_blocks,
    euclidean_to,
    fingerprints,
    is_block_source,
    represented_by,
    saved_by,
    saved_by_blocks,
    source_of,
)


class Representation:
    """What a fitted selector says of how its rows stand for all others, by Euclidean distance."""

    n_features_in_: int
    n_selected_: int
    ranking_: NDArray[np.intp]
    indices_: NDArray[np.intp]
    _taken: NDArray[np.intp]
    _fingerprints: NDArray[np.uint64]
    _sample_weight: NDArray[np.float64] | None
    _rows_of_fit: Any
    _best_rows: Any
    _found: dict[str, NDArray[np.float64]]

    def _validate_finite(self, X: ArrayLike) -> NDArray[Any]:
        raise NotImplementedError

    def _need_numbers(self, what: str) -> None:  # noqa: B027
        """Raise if the rows of fit have no distances."""

    def _as_compared(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return rows as distances see them."""
        return rows

    def _block_compared(self) -> Callable[[Any], Any] | None:
        """Return the same as something small that can be sent to blocks; None if it is nothing."""
        return None

    def _keep_rows(self, rows: NDArray[Any]) -> None:
        """Keep what is asked of X later: the best rows, those selected before, and which X it was.

        X itself is only referred to, and left out when the selector is pickled. Rows that are not
        in memory stay where they are.
        """
        self._rows_of_fit = rows
        taken = self.ranking_[rows.shape[0] - self._taken.size :]
        if is_block_source(rows):
            self._best_rows, self._taken_rows = None, rows.take(taken)
            return
        self._best_rows = rows[self.ranking_[: self.n_selected_]]
        self._taken_rows = rows[taken]

    def _places_of(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return where rows, by number, stand among those that are at hand."""
        return rows

    def _forget_weights(self) -> None:
        self._found = {}

    def __getstate__(self) -> Any:
        """Return what is pickled: not the rows of fit."""
        state = super().__getstate__()
        if isinstance(state, dict) and not is_block_source(state.get("_rows_of_fit")):
            state = {**state, "_rows_of_fit": None} if "_rows_of_fit" in state else state
        return state

    def _source(self, name: str) -> Any:
        """Return the rows of fit, if they are still what they were."""
        self._need_numbers(name)
        rows = self._rows_of_fit
        if rows is None:
            raise AttributeError(
                f"{name} is worked out from the rows of fit when it is first asked for, and a copy "
                f"of a selector by pickle leaves them behind. Ask for it before, or fit again."
            )
        hashes = rows.fingerprints() if is_block_source(rows) else fingerprints(rows)
        if not np.array_equal(hashes, self._fingerprints):
            raise AttributeError(
                f"{name} is worked out from the rows of fit, and these have been changed in place "
                f"since. Fit again."
            )
        return source_of(self._as_compared(rows))

    @property
    def weights_(self) -> NDArray[np.float64]:
        """Return how many rows each selected row stands for, in row order.

        Worked out when it is first asked for. A row belongs to the selected row that is nearest to
        it; weighted rows count by their ``sample_weight``. The sum is that of all rows.
        """
        check_is_fitted(self)
        if "weights_" not in self._found:
            self._found["weights_"] = self.count_represented(self.indices_)
        return self._found["weights_"]

    def count_represented(self, rows: ArrayLike) -> NDArray[np.float64]:
        """Return how many rows some rows stand for, as ``weights_`` are of the selected ones.

        Parameters
        ----------
        rows : array-like of int
            Row numbers in the X of ``fit``: the selected ones with those of earlier rounds, say.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        check_is_fitted(self)
        source, points = self._source("weights_"), self._places_of(np.asarray(rows, np.intp))
        if not is_block_source(source):
            return represented_by(source, points, self._sample_weight)
        nearest = self._cover_blocks(source, source.take(points)).nearest
        nearest[points] = np.arange(points.size)
        return np.bincount(nearest, self._sample_weight, points.size).astype(np.float64)

    @property
    def gains_(self) -> NDArray[np.float64]:
        """Return what each selected row saves, in the order of ``ranking_``.

        Worked out when it is first asked for: the sum over all rows of the distances to the
        nearest row before it, less those with it. If nothing has been selected before, the first
        one counts from the largest distance to it.
        """
        check_is_fitted(self)
        if "gains_" not in self._found:
            source = self._source("gains_")
            chosen = self.ranking_[: self.n_selected_]
            points = source.take(self._places_of(np.concatenate([self._taken, chosen])))
            given = (self._taken.size, self._sample_weight)
            if is_block_source(source):
                compared = self._block_compared()
                self._found["gains_"] = saved_by_blocks(
                    source,
                    points if compared is None else compared(points),
                    *given,
                    compared=compared,
                    n_jobs=getattr(self, "n_jobs", None),
                )
            else:
                self._found["gains_"] = saved_by(source, points, *given)
        return self._found["gains_"]

    def assign(self, X: ArrayLike) -> NDArray[np.intp]:
        """Return the coreset row of any rows: the nearest.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Any rows, e.g. new ones; as for `score`.

        Returns
        -------
        ndarray of shape (n_samples,), int
            Row numbers in the X of ``fit``, each one of ``indices_``; ties go to the lower one.

        Raises
        ------
        ValueError
            If nothing is selected, or `set_budget` has enlarged the coreset, see `score`.
        """
        check_is_fitted(self)
        self._need_numbers("assign")
        rows = self._rows_to_cover(X)
        if not self.n_selected_:
            raise ValueError("No row is selected: there is none to assign rows to.")
        by_rank = np.argsort(self.ranking_[: self.n_selected_])
        return np.asarray(self.indices_[self._cover(rows, self._coreset_rows()[by_rank]).nearest])

    def _coreset_rows(self) -> Any:
        """Return the selected rows, by rank."""
        if self._best_rows is None:
            return source_of(self._rows_of_fit).take(self.ranking_[: self.n_selected_])
        if self.n_selected_ > self._best_rows.shape[0]:
            raise ValueError(
                f"The selector was fitted for {self._best_rows.shape[0]} rows and keeps only "
                f"those; to score a coreset of {self.n_selected_}, fit with that budget."
            )
        return self._best_rows[: self.n_selected_]

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Return how well the coreset covers the rows of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Any rows, e.g. held-out ones. Those of a `ColumnStore`, a Zarr array, a dask collection,
            Parquet files (a ``pathlib.Path``) or a data set of pyarrow or Hugging Face are read
            block by block, where they are.
        y : None
            Ignored.

        Returns
        -------
        float
            Minus the mean Euclidean distance to the nearest row of the coreset (or of what had
            been selected before), so that higher is better and a search over ``budget`` needs no
            labels.

        Raises
        ------
        ValueError
            If `set_budget` has enlarged the coreset: a selector keeps no rows beyond those that
            the budget of ``fit`` selected.
        """
        check_is_fitted(self)
        self._need_numbers("score")
        rows = self._rows_to_cover(X)
        parts = [self._coreset_rows(), self._taken_rows]
        is_sparse = issparse(rows) or issparse(parts[0])
        coreset = vstack(parts).tocsr() if is_sparse else np.concatenate(parts)
        return -float(self._cover(rows, coreset).distance.mean())

    def _rows_to_cover(self, X: Any) -> Any:
        """Return other rows than those of ``fit``, checked; those in blocks are still to be."""
        source = None if isinstance(X, np.ndarray | str) else block_source(X)
        if source is None:
            return self._validate_finite(X)
        if source.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {source.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )
        return source

    def _cover(self, rows: Any, points: Any) -> Coverage:
        """Return which of some rows is nearest to each of all rows, and how far it is."""
        if is_block_source(rows):
            return self._cover_blocks(rows, points)
        return cover(source_of(self._as_compared(rows)), euclidean_to(self._as_compared(points)))

    def _cover_blocks(self, source: BlockSource, points: Any) -> Coverage:
        names = getattr(self, "feature_names_in_", getattr(source, "feature_names", None))
        return cover_blocks(
            source,
            self._as_compared(points),
            owner=type(self).__name__,
            feature_names=names,
            compared=self._block_compared(),
            n_jobs=getattr(self, "n_jobs", None),
        )
