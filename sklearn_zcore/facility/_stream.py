"""Facility location of a stream of rows, by merge and reduce, in bounded memory.

Rows wait until they fill a block. A block is one level of the pyramid: the rows that saved most
are kept, each with the weight of those that it stands for. What blocks have kept is merged, and
reduced to its better half in the same way whenever it has grown to several times what is wanted.
The result depends on the rows and their order, and not on how the stream is cut.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack

from sklearn_zcore.facility._distances import Metric, Rows, hub_scale
from sklearn_zcore.facility._pyramid import KEEP, rank_rows, thin_out
from sklearn_zcore.rows import DistinctRows, is_beyond_float, rebased, source_of

_PARTS_A_BLOCK = 32
_SAMPLE_SIZE = 2048  # rows that a mean distance is taken over
_KEPT_TO_WANTED = 4  # at most, before what is kept is reduced to half

Wanted = Callable[[int], int]


@dataclass(frozen=True)
class StreamRows:
    """Some rows of a stream.

    Attributes
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_features)
    numbers : ndarray of shape (n_rows,), int
        Which rows of the stream they are, counted from its beginning.
    weights : ndarray of shape (n_rows,), float64
        How many rows each stands for.
    hashes : ndarray of shape (n_rows,), uint64
        Fingerprints: equal for equal rows.
    """

    X: Any
    numbers: NDArray[np.intp]
    weights: NDArray[np.float64]
    hashes: NDArray[np.uint64]

    def __len__(self) -> int:
        return self.numbers.size

    def take(self, rows: Any) -> "StreamRows":
        """Return some of them."""
        return StreamRows(self.X[rows], self.numbers[rows], self.weights[rows], self.hashes[rows])

    @classmethod
    def joined(cls, parts: Sequence["StreamRows"]) -> "StreamRows":
        """Return several as one."""
        if len(parts) == 1:
            return parts[0]
        X = [part.X for part in parts]
        return cls(
            vstack(X, format="csr") if issparse(X[0]) else np.concatenate(X),
            np.concatenate([part.numbers for part in parts]),
            np.concatenate([part.weights for part in parts]),
            np.concatenate([part.hashes for part in parts]),
        )


@dataclass(frozen=True)
class Sample:
    """A random sample of the stream so far: the rows with the lowest keys."""

    rows: StreamRows
    keys: NDArray[np.float64]

    def with_more(self, rows: StreamRows, keys: NDArray[np.float64]) -> "Sample":
        """Return the sample of these rows, too."""
        counts = rows.weights > 0
        keys = np.concatenate([self.keys, keys[counts]])
        lowest = np.sort(np.argsort(keys, kind="stable")[:_SAMPLE_SIZE])
        joined = StreamRows.joined([self.rows, rows.take(counts)])
        return Sample(joined.take(lowest), keys[lowest])


@dataclass(frozen=True)
class RowStream:
    """What is kept of a stream of rows.

    Attributes
    ----------
    metric : {"euclidean", "manhattan"}
    reduce_hubs : bool
        Whether distances are divided by both rows' mean distances.
    part_size : int
        Rows of the small problems; a block is 32 of them.
    seed : int
    n_seen : int
        How many rows have come so far.
    waiting : tuple of StreamRows
        The last of them, fewer than a block.
    kept : StreamRows or None
        What is kept of those before.
    sample : Sample or None
        Of those before, for the mean distances.
    """

    metric: Metric
    reduce_hubs: bool
    part_size: int
    seed: int
    n_seen: int = 0
    waiting: tuple[StreamRows, ...] = ()
    kept: StreamRows | None = None
    sample: Sample | None = None

    @property
    def block_size(self) -> int:
        """Return how many rows are reduced at a time."""
        return _PARTS_A_BLOCK * self.part_size

    def add(self, rows: StreamRows, wanted: Wanted, n_jobs: int | None) -> "RowStream":
        """Return the stream with more rows at its end.

        Parameters
        ----------
        rows : StreamRows
        wanted : callable
            Returns the size of the coreset of that many rows.
        n_jobs : int or None

        Returns
        -------
        RowStream
        """
        stream = replace(self, waiting=(*self.waiting, rows), n_seen=self.n_seen + len(rows))
        n_waiting = sum(map(len, stream.waiting))
        if n_waiting < self.block_size:
            return stream
        joined, first = StreamRows.joined(stream.waiting), 0
        while n_waiting - first >= self.block_size:
            block = joined.take(slice(first, first + self.block_size))
            stream = stream._reduce_block(block, wanted, n_jobs)
            first += self.block_size
        return replace(stream, waiting=(joined.take(slice(first, None)),))

    def _reduce_block(self, block: StreamRows, wanted: Wanted, n_jobs: int | None) -> "RowStream":
        n_before = int(block.numbers[-1]) + 1
        keys = np.random.default_rng([self.seed, int(block.numbers[0])]).random(len(block))
        empty = Sample(block.take(slice(0)), keys[:0])
        sample = (self.sample or empty).with_more(block, keys)
        n_wanted = wanted(n_before)
        share = max(1 / KEEP, min(1.0, _KEPT_TO_WANTED * n_wanted / n_before))
        stream = replace(self, sample=sample)
        few = stream._reduce(block, int(share * len(block)), n_jobs)
        kept = few if self.kept is None else StreamRows.joined([self.kept, few])
        if len(kept) > max(self.block_size, _KEPT_TO_WANTED * n_wanted):
            kept = stream._reduce(kept, len(kept) // 2, n_jobs)
        return replace(stream, kept=kept)

    def _reduce(self, rows: StreamRows, n_kept: int, n_jobs: int | None) -> StreamRows:
        """Return the best of some rows, with the weights of all of them."""
        if n_kept >= len(rows):
            return rows
        if not rows.weights.any():
            return rows.take(slice(n_kept))
        if (rows.hashes == rows.hashes[0]).all():
            return replace(rows.take(slice(1)), weights=rows.weights.sum(keepdims=True))
        problem = self._problem(rows, n_jobs)
        if n_kept >= problem.numbers.size:
            kept, weights = np.arange(problem.numbers.size), problem.rows.weights
        else:
            kept, weights, _ = thin_out(
                problem.rows,
                n_kept,
                metric=self.metric,
                part_size=self.part_size,
                n_jobs=n_jobs,
                progress=lambda n_done: None,
            )
        few = rows.take(problem.numbers[kept])
        few = replace(few, weights=problem.unit * weights.astype(np.float64))
        return few.take(np.argsort(few.numbers))

    def _problem(self, rows: StreamRows, n_jobs: int | None) -> "_Problem":
        X, sample = rows.X, self.sample
        others = None if sample is None else sample.rows.X
        if not issparse(X) and is_beyond_float(X):
            lowest = X.min(axis=0)
            X, others = rebased(X, lowest), None if others is None else rebased(others, lowest)
        unit = 2.0 ** int(np.frexp(rows.weights.max())[1])  # changes no digit
        nothing = np.empty(0, np.intp)
        distinct = DistinctRows(source_of(X), rows.hashes, nothing, rows.weights / unit)
        order = np.random.default_rng([self.seed, self.n_seen]).permutation(distinct.rows.size)
        values, scale = distinct.values(order), None
        if self.reduce_hubs and sample is not None:
            some, weights = distinct.values_of_others(source_of(others)), sample.rows.weights
            scale = hub_scale(values, some, weights.astype(np.float32), self.metric, n_jobs)
        numbers = distinct.rows[order]
        return _Problem(Rows(values, distinct.weights[order], None, scale), numbers, unit, distinct, order)

    def everything(self) -> StreamRows:
        """Return all rows that are left of the stream."""
        parts = [] if self.kept is None else [self.kept]
        return StreamRows.joined([*parts, *self.waiting])

    def rank(self, top_size: int, n_jobs: int | None, progress: Callable[[int], None]) -> tuple[StreamRows, NDArray[np.intp]]:
        """Rank what is left of the stream.

        Returns
        -------
        rows : StreamRows
        ranking : ndarray of shape (n_rows,), int
        """
        rows = self.everything()
        waiting = StreamRows.joined(self.waiting)
        keys = np.random.default_rng([self.seed, self.n_seen]).random(len(waiting))
        stream = replace(self, sample=self.sample.with_more(waiting, keys))
        problem = stream._problem(rows, n_jobs)
        order = rank_rows(problem.rows, metric=self.metric, part_size=self.part_size, top_size=top_size, n_jobs=n_jobs, progress=progress)
        return rows, problem.distinct.ranking(problem.order[order])


@dataclass(frozen=True)
class _Problem:
    rows: Rows
    numbers: NDArray[np.intp]
    unit: float
    distinct: DistinctRows
    order: NDArray[np.intp]
