"""Facility location of rows that are not in memory: the pyramid's first level runs where they are.

Every block splits its rows into parts and chooses in each; what comes back is an order and a gain
for each row. From the gains of all blocks, the eighth of the rows is told that saved most; the
blocks hand over the weights of the others, and these rows alone move. The pyramid goes on with them
in memory. Nothing depends on when, where or how often a block is worked on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore._blas import one_blas_thread
from sklearn_zcore.facility._distances import (
    Floats,
    Metric,
    Rows,
    distance_to_nearest,
    hub_scale,
)
from sklearn_zcore.facility._pyramid import (
    KEEP,
    PARTS_A_TASK,
    Choices,
    Progress,
    choose_in_parts,
    hand_over,
    rank_rows,
)
from sklearn_zcore.facility._split import split_rows
from sklearn_zcore.rows import BlockSource, CentredRows, Overview

Compared = Callable[[NDArray[Any]], NDArray[Any]]
_LEAST_KEPT = 10  # one row in this many is kept, however many have moved as a sample


@dataclass(frozen=True)
class BlockProblem:
    """What is known of all rows before any is chosen.

    Attributes
    ----------
    overview : Overview
        Its median and scale; the rest of it need not go along.
    sample : ndarray of shape (n_sampled, n_features)
        Some rows, as they are compared, for the mean distances; at least one.
    counts : ndarray of shape (n_sampled,), float32
        How many rows each of the sample stands for.
    metric : {"euclidean", "manhattan"}
    reduce_hubs : bool
        Whether distances are divided by both rows' mean distances.
    part_size : int
        Rows of the small problems.
    seed : int
    weights : ndarray of shape (n_samples,), float32, or None
        How many rows each stands for: those of copies go to the first of them. None is 1 for each.
    is_free : ndarray of shape (n_samples,), bool, or None
        Which rows can be selected, copies left out; None is all.
    taken : ndarray of shape (n_taken, n_features)
        Rows that have been selected before, as they are compared.
    compared : callable or None
        Makes of rows what is compared.
    first : int
        Number of the row that ``weights`` and ``is_free`` begin with.
    """

    overview: Overview
    sample: NDArray[Any]
    counts: Floats
    metric: Metric
    reduce_hubs: bool
    part_size: int
    seed: int
    weights: Floats | None
    is_free: NDArray[np.bool_] | None
    taken: NDArray[Any]
    compared: Compared | None
    first: int = 0

    def part(self, first: int, end: int) -> "BlockProblem":
        """Return what goes along with some rows."""
        own = slice(first - self.first, end - self.first)
        return replace(
            self,
            weights=None if self.weights is None else self.weights[own],
            is_free=None if self.is_free is None else self.is_free[own],
            first=first,
        )

    def as_compared(self, block: NDArray[Any]) -> NDArray[Any]:
        """Return rows as they are compared."""
        return block if self.compared is None else self.compared(block)

    def numbers(self, size: int, first: int) -> NDArray[np.intp]:
        """Return which rows of a block can be selected, in random order."""
        own = np.arange(size)
        if self.is_free is not None:
            own = np.flatnonzero(self.is_free[first - self.first :][:size])
        # Ties go to the lower row, and that must not be the one that stands first.
        return np.random.default_rng([self.seed, first]).permutation(own)

    def weights_of(self, numbers: NDArray[np.intp], first: int) -> Floats:
        """Return the weights of some rows of a block."""
        if self.weights is None:
            return np.ones(numbers.size, np.float32)
        return self.weights[first - self.first + numbers]

    def rows(self, values: Floats | CentredRows, weights: Floats, n_jobs: int | None = 1) -> Rows:
        """Return rows with what they stand for, how far they are covered, and their scale."""
        near = scale = taken_scale = None
        taken = self.overview.centred(self.taken)[:]
        if self.reduce_hubs:
            sample = self.overview.centred(self.sample)[:]
            scale = hub_scale(values, sample, self.counts, self.metric, n_jobs)
            if taken.shape[0]:
                taken_scale = hub_scale(taken, sample, self.counts, self.metric, n_jobs)
        if taken.shape[0]:
            near = distance_to_nearest(values, taken, self.metric, taken_scale)
            near = near if scale is None else near * scale
        return Rows(values, weights, near, scale)


class _Chosen(NamedTuple):
    """What was chosen in the parts of one block, part after part.

    Attributes
    ----------
    order : ndarray of shape (n_free,), int32
        The block's rows, in each part from first to last chosen.
    gains : ndarray of shape (n_free,), float32
    bounds : ndarray of shape (n_parts + 1,), int32
        Where the parts begin and end.
    """

    order: NDArray[np.int32]
    gains: NDArray[np.float32]
    bounds: NDArray[np.int32]


@dataclass(frozen=True)
class _Choose:
    """Choose in every part of a block."""

    problem: BlockProblem

    def part(self, first: int, end: int) -> "_Choose":
        return _Choose(self.problem.part(first, end))

    def __call__(self, block: NDArray[Any], first: int) -> _Chosen:
        problem = self.problem
        numbers = problem.numbers(block.shape[0], first)
        if not numbers.size:
            return _Chosen(np.empty(0, np.int32), np.empty(0, np.float32), np.zeros(1, np.int32))
        values = problem.overview.centred(problem.as_compared(block), numbers)
        order, gains, bounds = np.empty(numbers.size, np.int32), np.empty(numbers.size), [0]
        # Whatever runs this: the bits of a product depend on the number of threads.
        with one_blas_thread():
            rows = problem.rows(values, problem.weights_of(numbers, first))
            tasks, ends = split_rows(values, PARTS_A_TASK * problem.part_size)
            for begin, end in pairwise(ends.tolist()):
                task = tasks[begin:end]
                chosen = choose_in_parts(rows.take(task), problem.metric, problem.part_size)
                order[begin:end] = numbers[task[chosen.order]]
                gains[begin:end] = chosen.gains
                bounds += (begin + chosen.bounds[1:]).tolist()
        return _Chosen(order, gains.astype(np.float32), np.array(bounds, np.int32))


class _Kept(NamedTuple):
    """The rows of a block that are kept: which, as they were, and what they stand for."""

    numbers: NDArray[np.int32]
    X: NDArray[Any]
    weights: Floats


@dataclass(frozen=True)
class _Keep:
    """Keep the first choices of every part of a block, once all rows have handed over to them."""

    problem: BlockProblem
    blocks: dict[int, tuple[NDArray[Any], ...]] = field(
        repr=False
    )  # by first row: order and bounds of its parts, and how many each keeps

    def part(self, first: int, end: int) -> "_Keep":
        own = {at: block for at, block in self.blocks.items() if first <= at < end}
        return _Keep(self.problem.part(first, end), own)

    def __call__(self, block: NDArray[Any], first: int) -> _Kept | None:
        if first not in self.blocks:  # none of its rows is kept
            return None
        order, bounds, n_kept = (part.astype(np.intp) for part in self.blocks[first])
        compared = self.problem.as_compared(block)
        values = self.problem.overview.centred(compared, order)
        with one_blas_thread():
            rows = self.problem.rows(values, self.problem.weights_of(order, first))
            choices = Choices(np.arange(order.size), np.empty(0), bounds)
            handed = hand_over(rows, self.problem.metric, choices, n_kept)
        places = [np.arange(at, at + n) for at, n in zip(bounds[:-1], n_kept, strict=True)]
        numbers = order[np.concatenate(places)]
        return _Kept(
            numbers.astype(np.int32),
            compared[numbers],
            np.concatenate([*handed, np.empty(0, np.float32)]),
        )


def rank_blocks(
    source: BlockSource,
    problem: BlockProblem,
    *,
    top_size: int,
    n_jobs: int | None,
    progress: Progress,
) -> NDArray[np.intp]:
    """Rank rows by facility location where they are.

    Parameters
    ----------
    source : BlockSource
        At least one row can be selected.
    problem : BlockProblem
    top_size : int
        See `rank_rows`.
    n_jobs : int or None
    progress : callable
        Told how many more rows have been worked on, of twice as many as there are.

    Returns
    -------
    ndarray of shape (n_free,), int
        The rows that can be selected, from most to least valuable.
    """
    firsts, chosen = [], []
    for rows, block in source.map(_Choose(problem), n_jobs=n_jobs):
        firsts.append(rows.start)
        chosen.append(block)
        progress(rows.stop - rows.start)
    starts = np.cumsum([0, *(block.order.size for block in chosen)])
    best_first = np.argsort(-np.concatenate([block.gains for block in chosen]), kind="stable")
    n_parts = sum(block.bounds.size - 1 for block in chosen)
    n_kept = max(n_parts, best_first.size // KEEP)
    # With the sample that has moved already, an eighth of the rows: of many, which can spare them.
    n_less = n_kept - problem.overview.sampled.size
    if n_less >= max(n_parts, best_first.size // _LEAST_KEPT):
        n_kept = n_less
    is_kept = np.zeros(best_first.size, bool)
    is_kept[best_first[:n_kept]] = True
    numbers = np.concatenate(
        [first + block.order.astype(np.intp) for first, block in zip(firsts, chosen, strict=True)]
    )
    left = numbers[best_first[n_kept:]]
    # Gains never grow within a part, so what is kept of a part are its first choices.
    blocks: dict[int, tuple[NDArray[Any], ...]] = {
        first: (
            block.order,
            block.bounds,
            np.add.reduceat(is_kept[at:end], block.bounds[:-1], dtype=np.intp),
        )
        for first, block, (at, end) in zip(firsts, chosen, pairwise(starts.tolist()), strict=True)
        if is_kept[at:end].any()
    }
    del best_first, is_kept, chosen, numbers
    kept = list(_kept_rows(source, _Keep(problem, blocks), n_jobs, progress))
    numbers = np.concatenate([first + block.numbers.astype(np.intp) for first, block in kept])
    weights = np.concatenate([block.weights for _, block in kept])
    X = np.concatenate([block.X for _, block in kept])
    del kept
    values = problem.overview.centred(X)
    rest = problem.rows(values, weights, n_jobs)
    order = rank_rows(
        rest,
        metric=problem.metric,
        part_size=problem.part_size,
        top_size=top_size,
        n_jobs=n_jobs,
        progress=lambda n_done: None,
    )
    return np.concatenate([numbers[order], left])


def _kept_rows(
    source: BlockSource, keep: _Keep, n_jobs: int | None, progress: Progress
) -> Iterator[tuple[int, _Kept]]:
    for rows, block in source.map(keep, n_jobs=n_jobs):
        progress(rows.stop - rows.start)
        if block is not None:
            yield rows.start, block
