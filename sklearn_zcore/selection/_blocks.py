"""What a selector needs to be fitted on rows that stay where they are, in blocks."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_zcore._fitting import all_or_nothing
from sklearn_zcore._progress import progress_bar
from sklearn_zcore._resources import free_memory, refuse_beyond_memory
from sklearn_zcore.rows import (
    BlockSource,
    Overview,
    block_source,
    is_block_source,
    look_over,
    rank_with_copies,
)
from sklearn_zcore.selection._campaign import row_numbers, row_weights
from sklearn_zcore.selection._set_aware import SetAwareSelector

_SHARE_OF_FREE = 0.5  # of memory: what rows on disk may take there
_BYTES_A_ROW = 48  # hashes, orders, gains, ranking, scores; beside the eighth of rows that moves
_FEW = 4096  # rows that are brought here
_SAMPLED = (2048, 8192)  # rows that medians are taken over, of few and of many
_SHARE_SAMPLED = 1 / 64

Progress = Callable[[int], None]


def rows_elsewhere(X: Any) -> BlockSource | None:
    """Return what reads rows where they are; None if they are in memory, or may be brought there.

    A memory map that is at most half as large as what is free is read as an array.
    """
    source = None if isinstance(X, str) else block_source(X)
    if source is None or not isinstance(X, np.ndarray):
        return source
    free, size = free_memory(), source.shape[0] * source.shape[1] * source.dtype.itemsize
    return None if free is None or size <= _SHARE_OF_FREE * free else source


@dataclass(frozen=True)
class BlockRows:
    """All that a selector is told of rows that stay where they are.

    Attributes
    ----------
    source : BlockSource
    overview : Overview
    is_free : ndarray of shape (n_samples,), bool, or None
        Which rows can be selected: no copies, and none selected before. None is all.
    weights : ndarray of shape (n_samples,), float64, or None
        How many rows each stands for, copies with the first of them. None is 1 for each.
    taken : ndarray of int
        The rows that have been selected before.
    compared : callable or None
        Makes of rows what is compared.
    first : ndarray of shape (n_samples,), int, or None
        The first of the rows that equal each row; None if no two are equal.
    """

    source: BlockSource
    overview: Overview
    is_free: NDArray[np.bool_] | None
    weights: NDArray[np.float64] | None
    taken: NDArray[np.intp]
    compared: Callable[[Any], Any] | None
    first: NDArray[np.intp] | None

    def take(self, rows: NDArray[np.intp]) -> Any:
        """Return some rows as they are compared."""
        found = self.source.take(rows)
        return found if self.compared is None or not rows.size else self.compared(found)

    def ranking(self, ordered: NDArray[np.intp]) -> NDArray[np.intp]:
        """Rank all rows: those that can be selected as ordered, then copies, then taken ones."""
        is_taken = np.zeros(self.source.shape[0], bool)
        is_taken[self.taken] = True
        if self.first is None:
            return np.concatenate([ordered, self.taken])
        return rank_with_copies(ordered, self.first, is_taken)


def _firsts(hashes: NDArray[np.uint64]) -> NDArray[np.intp] | None:
    """Return the first of the rows that equal each row, None if no two are equal."""
    in_order = np.sort(hashes)
    if (in_order[1:] != in_order[:-1]).all():
        return None
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    return np.asarray(first[group.ravel()])


def _refuse_too_large(source: BlockSource, owner: str) -> None:
    """Raise MemoryError if what moves of rows takes more memory than is free."""
    n, d = source.shape
    refuse_beyond_memory(
        n * _BYTES_A_ROW + n // 8 * d * (source.dtype.itemsize + 4),
        f"{owner}, here, for {n:,} rows of {d:,} features that stay where they are,",
        "Fit some of the rows, or where there is more memory.",
    )


class BlockSelector(SetAwareSelector):
    """Base class of selectors that are fitted on rows where they are.

    Dask collections, Zarr arrays, Parquet files, data sets of pyarrow and Hugging Face, and memory
    maps that are larger than half of the free memory. What moves are numbers, hashes, and the rows
    that a selector asks for.
    """

    fits_stores = True
    _n_passes = 1  # over the rows, besides the first

    @abstractmethod
    def _rank_blocks(
        self, rows: BlockRows, n_selected: int, seed: int, progress: Progress
    ) -> NDArray[np.intp]:
        """Return the rows that can be selected, from most to least valuable."""

    def _fit_rows(
        self, X: Any, *, selected: Any = None, groups: Any = None, sample_weight: Any = None
    ) -> Self:
        keywords = {"selected": selected, "sample_weight": sample_weight}
        source = rows_elsewhere(X)
        if source is None:
            return super()._fit_rows(X, groups=groups, **keywords)
        if source.shape[0] <= _FEW:
            with all_or_nothing(self):
                few = source.take(np.arange(source.shape[0]))
                super()._fit_rows(few, groups=groups, **keywords)
                self._name_features(source)
            return self
        self._refuse_for_blocks(groups)
        return self._fit_blocks(source, **keywords)

    def _refuse_for_blocks(self, groups: Any) -> None:
        owner = type(self).__name__
        for name, is_set in (
            ("groups", groups is not None),
            ("min_distance", self.min_distance is not None),
            ("exact", getattr(self, "exact", None) is True),
            ("radius", getattr(self, "radius", None) is not None),
        ):
            if is_set:
                raise ValueError(
                    f"{name} needs rows in memory, and X stays where it is. Leave it out; or "
                    f"select more rows than are wanted, and fit another {owner} with it on those."
                )

    def _fit_blocks(self, source: BlockSource, *, selected: Any, sample_weight: Any) -> Self:
        owner, n = type(self).__name__, source.shape[0]
        _refuse_too_large(source, owner)
        with all_or_nothing(self):
            self._name_features(source)
            self._taken = row_numbers(selected, n)
            self._sample_weight = row_weights(sample_weight, source)
            n_selected = self._budget_rows(n, self._taken.size)
            self._n_ranked = self._n_most = None
            seed = int(check_random_state(getattr(self, "random_state", 0)).randint(2**31 - 1))
            verbose, n_jobs = getattr(self, "verbose", 0), getattr(self, "n_jobs", None)
            with progress_bar(verbose, owner.removesuffix("Selector"), "rows") as progress:
                progress.add_total((1 + self._n_passes) * n)
                overview = look_over(
                    source,
                    self._feature_names(),
                    owner,
                    n_sampled=int(np.clip(_SHARE_SAMPLED * n, *_SAMPLED)),
                    rng=np.random.default_rng(seed),
                    compared=self._block_compared(),
                    n_jobs=n_jobs,
                    progress=progress.advance,
                )
                hashes = overview.hashes
                rows = self._block_rows(source, overview)
                ordered = self._rank_blocks(rows, n_selected, seed, progress.advance)
            self.ranking_ = rows.ranking(ordered)
            self.scores_ = self._scores_of_ranking()
            self._fingerprints = hashes
            self._apply_budget(n_selected)
            self._keep_rows(source)  # type: ignore[arg-type]
        self._warn_of_doubts()
        return self

    def _name_features(self, source: BlockSource) -> None:
        self.n_features_in_ = source.shape[1]
        self.__dict__.pop("feature_names_in_", None)
        names = getattr(source, "feature_names", None)
        if names is not None and len(names) == self.n_features_in_:
            self.feature_names_in_ = np.array([str(name) for name in names], dtype=object)

    def _block_compared(self) -> Callable[[Any], Any] | None:
        if getattr(self, "metric", None) != "cosine":
            return None
        from sklearn_zcore.selection._distance import directions

        return partial(directions, owner=type(self).__name__)

    def _block_rows(self, source: BlockSource, overview: Overview) -> BlockRows:
        first, taken, n = _firsts(overview.compared_hashes), self._taken, source.shape[0]
        weights, is_free = self._sample_weight, None
        if weights is not None and not 2.0**-20 <= weights.max() <= 2.0**40:
            weights = np.ldexp(weights, -int(np.frexp(weights.max())[1]))
        if first is not None:
            weights = np.bincount(first, weights, minlength=n).astype(np.float64)
            is_free = first == np.arange(n)
            is_free[first[taken]] = False
        elif taken.size:
            is_free = np.ones(n, bool)
            is_free[taken] = False
        overview = replace(
            overview, hashes=overview.hashes[:0], compared_hashes=overview.hashes[:0]
        )
        return BlockRows(source, overview, is_free, weights, taken, self._block_compared(), first)

    def _source(self, name: str) -> Any:
        rows = self.__dict__.get("_rows_of_fit")
        if is_block_source(rows):  # whether they have been changed would take a pass over them
            self._need_numbers(name)
            return rows
        return super()._source(name)
