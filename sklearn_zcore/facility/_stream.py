"""Facility location of a stream of rows, by merge and reduce, in bounded memory.

Rows wait until they fill a block. A block is one level of the pyramid: the rows that saved most are
kept, each with the weight of those that it stands for. What blocks have kept is merged, and reduced
to its better half in the same way whenever it has grown to several times what is wanted. The result
depends on the rows and their order, and not on how the stream is cut.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack

from sklearn_zcore.facility._distances import Metric, Rows, hub_scale
from sklearn_zcore.facility._pyramid import Progress, rank_rows, thin_out
from sklearn_zcore.rows import DistinctRows, is_beyond_float, rebased, refuse_constant, source_of

_PARTS_A_BLOCK = 32
_SHARE_KEPT = 0.25  # of a block, at least: twice what a level of the pyramid keeps
_KEPT_TO_WANTED = 16  # before what is kept is reduced to half
_SAMPLE_SIZE = 2048  # rows that a mean distance is taken over


@dataclass(frozen=True)
class StreamRows:
    """Some rows of a stream.

    Attributes
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_features)
    numbers : ndarray of shape (n_rows,), int
        Which rows of the stream they are, counted from its beginning; ascending.
    weights : ndarray of shape (n_rows,), float64
        How many rows each stands for.
    hashes : ndarray of shape (n_rows,), uint64
        Fingerprints of the rows of X: equal for equal rows.
    marks : ndarray of shape (n_rows,), uint64
        Fingerprints of the rows as they came, before they were made directions, say.
    """

    X: Any
    numbers: NDArray[np.intp]
    weights: NDArray[np.float64]
    hashes: NDArray[np.uint64]
    marks: NDArray[np.uint64]

    def __len__(self) -> int:
        return self.numbers.size

    def take(self, rows: Any) -> "StreamRows":
        """Return some of them."""
        return StreamRows(
            self.X[rows],
            self.numbers[rows],
            self.weights[rows],
            self.hashes[rows],
            self.marks[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence["StreamRows"]) -> "StreamRows":
        """Return several as one."""
        if len(parts) == 1:
            return parts[0]
        X = [part.X for part in parts]
        return cls(
            vstack(X, format="csr") if any(map(issparse, X)) else np.concatenate(X),
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("numbers", "weights", "hashes", "marks")
            ),
        )


@dataclass(frozen=True)
class _Sample:
    """A random sample of the stream so far: the rows with the lowest keys."""

    rows: StreamRows
    keys: NDArray[np.float64]

    def with_more(self, rows: StreamRows, seed: int) -> "_Sample":
        """Return the sample of these rows, too."""
        counts = rows.weights > 0
        keys = np.random.default_rng([seed, int(rows.numbers[0])]).random(len(rows))[counts]
        keys = np.concatenate([self.keys, keys])
        lowest = np.sort(np.argsort(keys, kind="stable")[:_SAMPLE_SIZE])
        joined = StreamRows.joined([self.rows, rows.take(counts)])
        return _Sample(joined.take(lowest), keys[lowest])


@dataclass(frozen=True)
class _Problem:
    """The distinct ones of some rows of a stream, in random order, ready to be ranked."""

    distinct: DistinctRows
    order: NDArray[np.intp]
    rows: Rows
    unit: float  # of the weights


@dataclass(frozen=True)
class RowStream:
    """What is kept of a stream of rows. It is not changed: `add` returns another.

    Parameters
    ----------
    metric : {"euclidean", "manhattan"}
    reduce_hubs : bool
        Whether distances are divided by both rows' mean distances.
    part_size : int
        Rows of the small problems; a block is 32 of them.
    seed : int

    Attributes
    ----------
    n_seen : int
        How many rows have come so far.
    kept : StreamRows or None
        What is kept of the blocks; None if none has been filled, and all rows are waiting.
    """

    metric: Metric
    reduce_hubs: bool
    part_size: int
    seed: int
    n_seen: int = 0
    kept: StreamRows | None = None
    _waiting: tuple[StreamRows, ...] = ()
    _sample: _Sample | None = field(default=None, repr=False)

    def has_settings_of(self, other: "RowStream") -> bool:
        """Return whether both reduce rows in the same way."""
        names = ("metric", "reduce_hubs", "part_size", "seed")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def most_kept(self, n_wanted: int) -> int:
        """Return how many rows are kept and wait at most, for a coreset of so many."""
        size = _PARTS_A_BLOCK * self.part_size
        return max(size, _KEPT_TO_WANTED * n_wanted) + 2 * size

    def add(self, rows: StreamRows, wanted: Callable[[int], int], n_jobs: int | None) -> Self:
        """Return the stream with more rows at its end.

        Parameters
        ----------
        rows : StreamRows
        wanted : callable
            Returns how many rows the coreset of so many is.
        n_jobs : int or None

        Returns
        -------
        RowStream
        """
        size = _PARTS_A_BLOCK * self.part_size
        stream = replace(self, n_seen=self.n_seen + len(rows))
        if sum(map(len, self._waiting)) + len(rows) < size:
            # A copy: the caller may fill the same array again.
            waiting = rows.take(np.arange(len(rows)))
            return replace(stream, _waiting=(*self._waiting, waiting))
        joined = StreamRows.joined([*self._waiting, rows])
        n_whole = len(joined) // size * size
        for first in range(0, n_whole, size):
            stream = stream._reduce_block(joined.take(slice(first, first + size)), wanted, n_jobs)
        rest = joined.take(np.arange(n_whole, len(joined)))
        return replace(stream, _waiting=(rest,) if len(rest) else ())

    def _reduce_block(
        self, block: StreamRows, wanted: Callable[[int], int], n_jobs: int | None
    ) -> Self:
        n_so_far = int(block.numbers[-1]) + 1
        n_most = _KEPT_TO_WANTED * wanted(n_so_far)
        sample = (self._sample or _Sample(block.take(slice(0)), np.empty(0))).with_more(
            block, self.seed
        )
        stream = replace(self, _sample=sample)
        share = max(_SHARE_KEPT, min(1.0, n_most / n_so_far))
        kept = stream._reduce(block, int(share * len(block)), n_jobs)
        if self.kept is not None:
            kept = StreamRows.joined([self.kept, kept])
        if len(kept) > max(len(block), n_most):
            kept = stream._reduce(kept, len(kept) // 2, n_jobs)
        return replace(stream, kept=kept)

    def _reduce(self, rows: StreamRows, n_kept: int, n_jobs: int | None) -> StreamRows:
        """Return the best of some rows, with the weights of all of them."""
        if not rows.weights.any():
            return rows.take(np.arange(min(n_kept, len(rows))))
        if (rows.hashes == rows.hashes[0]).all():
            return replace(rows.take(np.arange(1)), weights=rows.weights.sum(keepdims=True))
        problem = self._problem(rows, n_jobs)
        kept, weights = np.arange(problem.order.size), problem.rows.weights
        if n_kept < kept.size:
            kept, weights, _ = thin_out(
                problem.rows,
                n_kept,
                metric=self.metric,
                part_size=self.part_size,
                n_jobs=n_jobs,
                progress=lambda n_done: None,
            )
        places = problem.distinct.rows[problem.order[kept]]
        in_order = np.argsort(places)
        few = rows.take(places[in_order])
        return replace(few, weights=problem.unit * weights[in_order].astype(np.float64))

    def _problem(self, rows: StreamRows, n_jobs: int | None) -> _Problem:
        sample, X = self._sample, rows.X
        assert sample is not None
        others = sample.rows.X
        if not issparse(X) and is_beyond_float(X):
            lowest = X.min(axis=0)
            X, others = rebased(X, lowest), rebased(others, lowest)
        unit = float(np.ldexp(1.0, int(np.frexp(rows.weights.max())[1])))  # changes no digit
        nothing = np.empty(0, np.intp)
        distinct = DistinctRows(source_of(X), rows.hashes, nothing, rows.weights / unit)
        # Ties go to the lower row, and that must not be the one that came first.
        rng = np.random.default_rng([self.seed, int(rows.numbers[-1])])
        order = rng.permutation(distinct.rows.size)
        values, scale = distinct.values(order), None
        if self.reduce_hubs and len(sample.rows):
            some = distinct.values_of_others(source_of(others))
            counts = sample.rows.weights.astype(np.float32)
            scale = hub_scale(values, some, counts, self.metric, n_jobs)
        return _Problem(distinct, order, Rows(values, distinct.weights[order], None, scale), unit)

    def left(self) -> StreamRows:
        """Return all rows that are left of the stream."""
        return StreamRows.joined(
            [*(() if self.kept is None else (self.kept,)), *self._waiting],
        )

    def rank(
        self, rows: StreamRows, *, top_size: int, n_jobs: int | None, progress: Progress
    ) -> NDArray[np.intp]:
        """Rank what is left of the stream.

        Parameters
        ----------
        rows : StreamRows
            What `left` returns, of a stream of which a block has been filled.
        top_size : int
            See `sklearn_zcore.facility.rank_rows`.
        n_jobs : int or None
        progress : callable
            Told how many more rows have been worked on.

        Returns
        -------
        ndarray of shape (n_rows,), int
            Positions in ``rows``, from most to least valuable; copies come last.

        Raises
        ------
        ValueError
            If all rows are equal.
        """
        if (rows.hashes == rows.hashes[0]).all():
            refuse_constant(rows.X.shape[1])
        if not rows.weights.any():
            return np.arange(len(rows))
        stream = self
        if self._waiting:
            assert self._sample is not None
            waiting = StreamRows.joined(self._waiting)
            stream = replace(self, _sample=self._sample.with_more(waiting, self.seed))
        problem = stream._problem(rows, n_jobs)
        order = rank_rows(
            problem.rows,
            metric=self.metric,
            part_size=self.part_size,
            top_size=top_size,
            n_jobs=n_jobs,
            progress=progress,
            n_least=top_size,  # they have been thinned out: an eighth of them would be too few
        )
        return problem.distinct.ranking(problem.order[order])
