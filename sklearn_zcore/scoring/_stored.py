"""Draws on rows in a store: pure tasks that read a few features, on any backend of joblib.

What a task returns is a sum of integers, so that neither the order of tasks, nor their size, nor
doing one twice changes a bit.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from joblib import delayed, effective_n_jobs
from joblib.parallel import get_active_backend
from numpy.typing import NDArray

from sklearn_zcore._parallel import as_completed
from sklearn_zcore.scoring._chunks import (
    Workspaces,
    estimated_seconds,
    part,
    refuse_too_large,
    score_chunk,
    targets_at_once,
    zeros,
)
from sklearn_zcore.scoring._columns import bins_of, shift, target_n_bins
from sklearn_zcore.scoring._plan import Plan
from sklearn_zcore.scoring._slab import Feature, Slab, visiting_order
from sklearn_zcore.scoring._tally import Packed, Tally

_SLAB_BYTES = 64 * 2**20  # features held at a time by a worker: all of a small store
_TASK_SECONDS = 0.5
_LEAST_A_TASK = 16  # subspaces: features are read anew for every task
_TASKS_A_WORKER = 4
# What tasks send back in all, as a share of the store; a task sends up to 8 bytes a row.
_SHIPPED_SHARE = 0.25


class Stored:
    """Rows of a store, and how to score subspaces of them.

    Parameters
    ----------
    store : ColumnStore
    m, k : int
        Dimensions of a subspace, and neighbours.
    exponent : float
    binned : bool
        Whether the search needs bins.
    n_jobs : int or None

    Attributes
    ----------
    features : StoredFeatures
    rounds_at_once : int
        How many rounds to plan together: many subspaces share more features than few.
    n_reads : int
        How many features have been read.
    """

    rounds_at_once = 8

    def __init__(
        self, store: Any, m: int, k: int, exponent: float, binned: bool, n_jobs: int | None
    ) -> None:
        self.features = StoredFeatures(store, m, binned)
        self._store, self._m, self._k, self._exponent = store, m, k, exponent
        self._n_jobs = n_jobs
        refuse_too_large_store(store.shape, store.dtype, m, n_jobs)
        self.capacity = _capacity(store.shape, m)
        self.n_reads = 0

    def run(self, plan: Plan, half: NDArray[np.intp], tally: Tally) -> Iterator[int]:
        """Score what is left of a plan; yield how many draws have just been finished.

        Parameters
        ----------
        plan : Plan
        half : ndarray of shape (n_subspaces,), int
            To which half each belongs.
        tally : Tally
            What is added to, and which subspaces are left.
        """
        left = np.flatnonzero(~tally.done)
        left = left[visiting_order(plan.features[left], self.capacity)]
        backend, _ = get_active_backend(prefer="threads")
        n_workers = effective_n_jobs(self._n_jobs)
        # Threads add to the tally themselves; others send what they have summed.
        shared = tally if getattr(backend, "supports_sharedmem", False) else None
        work = _Work(
            self._store, self._k, self._exponent, self.capacity, self.features.n_bins,
            _Idle(self._store, self._m, plan.targets.shape[1], self.capacity, self.features.n_bins),
        )  # fmt: skip
        tasks = self._tasks(left, plan, n_workers, ships=shared is None)
        calls = (
            delayed(_run_task)(work, number, self._part(plan, some), half[some], some, shared)
            for number, some in enumerate(tasks)
        )
        try:
            # As they come: what has been summed is large, and must not wait for others.
            for number, sums, n_reads in as_completed(calls, n_jobs=self._n_jobs, prefer="threads"):
                some = tasks[number]
                if shared is None:
                    tally.add(sums, some)
                    sums.clear()  # joblib holds the list until the next one comes
                self.n_reads += n_reads
                yield int(plan.n_targets[some].sum())
        finally:
            work.idle.stop()

    def _tasks(
        self, subspaces: NDArray[np.intp], plan: Plan, n_workers: int, *, ships: bool
    ) -> list[NDArray[np.intp]]:
        n, d = self._store.shape
        seconds = estimated_seconds(n, self._m, self._k, plan.targets.shape[1])
        size = max(_LEAST_A_TASK, int(_TASK_SECONDS / seconds))
        if ships:
            n_tasks = int(_SHIPPED_SHARE * d * self._store.dtype.itemsize / 8)
            size = max(size, -(-subspaces.size // max(n_tasks, _TASKS_A_WORKER * n_workers)))
        # But no worker without work.
        size = max(1, min(size, -(-subspaces.size // n_workers)))
        return [subspaces[i : i + size] for i in range(0, subspaces.size, size)]

    def _part(self, plan: Plan, subspaces: NDArray[np.intp]) -> tuple[Plan, dict[int, Feature]]:
        own = Plan(plan.features[subspaces], plan.targets[subspaces], plan.n_targets[subspaces])
        return own, self.features.of(np.unique(own.features))


def _capacity(shape: tuple[int, int], m: int) -> int:
    """Return how many features a worker holds at a time."""
    n, d = shape
    return min(d, max(m + 1, _SLAB_BYTES // (5 * n)))


def refuse_too_large_store(
    shape: tuple[int, int], dtype: np.dtype[Any], subspace_dim: int, n_jobs: int | None
) -> None:
    """Raise MemoryError if scoring rows from a store takes more memory than is free.

    Parameters
    ----------
    shape : (int, int)
    dtype : dtype
    subspace_dim : int
    n_jobs : int or None
    """
    n = shape[0]
    slab = (5 * _capacity(shape, subspace_dim) + dtype.itemsize) * n
    refuse_too_large(n, subspace_dim, 0, slab + 16 * n, n_jobs, "of memory")


class StoredFeatures:
    """Ranges of a store's features, and how they are cut into bins.

    Parameters
    ----------
    store : ColumnStore
    m : int
    binned : bool

    Attributes
    ----------
    low, high, spread : ndarray of shape (n_features,), float64
    varying : ndarray of shape (n_varying,), int
        As those of `Columns`.
    n_bins : int
        Most bins of a feature; 0 if none are needed.
    """

    def __init__(self, store: Any, m: int, binned: bool) -> None:
        ranges = store.ranges
        self._median = ranges.median
        self.spread = ranges.high - ranges.low
        self.low, self.high = (self._shifted(end) for end in (ranges.low, ranges.high))
        self.varying = np.flatnonzero(self.low < self.high)
        self._samples = store.samples() if binned else None
        self._n_bins = target_n_bins(store.shape[0], m)
        # Values that fill several quantiles get two edges: at most twice as many bins.
        self.n_bins = 2 * self._n_bins if binned else 0

    def _shifted(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.empty(values.shape, np.float32)
        shift(values, self._median, out)
        return out.astype(np.float64)

    def of(self, features: NDArray[np.integer[Any]]) -> dict[int, Feature]:
        """Return what a task needs to know of the features that it reads."""
        found = {}
        for feature in features.tolist():
            grid = np.empty((2, 0), np.float32)
            if self._samples is not None:
                sample = np.empty(self._samples.shape[1], np.float32)
                shift(self._samples[feature], self._median[feature], sample)
                grid = bins_of(sample, self.low[feature], self.high[feature], self._n_bins)
            found[feature] = Feature(float(self._median[feature]), grid)
        return found


class _Idle:
    """Slabs and workspaces of a run, handed from task to task within a process.

    They are not sent to others, whose tasks allocate their own.
    """

    def __init__(self, store: Any, m: int, n_targets: int, capacity: int, n_bins: int) -> None:
        self._sizes = (store, m, n_targets, capacity, n_bins)
        self.workspaces = Workspaces(store.shape[0], m, n_targets, max(1, n_bins))
        self._slabs: list[Slab] = []
        self.stopped = False

    def __reduce__(self) -> tuple[type["_Idle"], tuple[Any, ...]]:
        return type(self), self._sizes

    def take(self) -> Slab:
        store, _, _, capacity, n_bins = self._sizes
        try:
            return self._slabs.pop()  # atomic, as append is: no lock
        except IndexError:
            return Slab(store, capacity, n_bins)

    def give(self, slab: Slab) -> None:
        self._slabs.append(slab)

    def stop(self) -> None:
        """Have threads leave the rest of their tasks: nobody takes what they would return."""
        self.stopped = True


class _Work(NamedTuple):
    """What all tasks of a run need."""

    store: Any
    k: int
    exponent: float
    capacity: int
    n_bins: int
    idle: _Idle


def _run_task(
    work: _Work,
    number: int,
    planned: tuple[Plan, dict[int, Feature]],
    half: NDArray[np.intp],
    subspaces: NDArray[np.intp],
    shared: Tally | None,
) -> tuple[int, list[Packed | None], int]:
    """Score some subspaces; return their sums, unless they go to a tally in the same memory.

    Parameters
    ----------
    work : _Work
    number : int
        Which task this is.
    planned : (Plan, dict)
        The subspaces, and what is known of their features.
    half : ndarray of shape (n_subspaces,), int
    subspaces : ndarray of shape (n_subspaces,), int
        Their numbers in the whole plan.
    shared : Tally or None

    Returns
    -------
    number : int
    sums : list of Packed or None
        One for each half; empty if they went to the tally.
    n_reads : int
        How many features were read.
    """
    plan, known = planned
    n, m = work.store.shape[0], plan.features.shape[1]
    at_once = targets_at_once(n, m, work.k, plan.targets.shape[1])
    slab = work.idle.take()
    before = slab.n_reads
    sums: list[NDArray[np.int64] | None] = [None, None]
    runs = list(_runs(plan, half, work.capacity))
    for run, next_use in zip(runs, _next_uses(plan, runs), strict=True):
        if work.idle.stopped:
            return number, [], 0
        h = int(half[run[0]])
        total = sums[h]
        if total is None:
            total = sums[h] = zeros(n)
        features = plan.features[run]
        at = slab.hold(features.ravel().tolist(), known, next_use)
        slots = np.array([at[f] for f in features.ravel().tolist()], np.int32).reshape(-1, m)
        for t in range(0, plan.targets.shape[1], at_once):
            counts = np.clip(plan.n_targets[run] - t, 0, at_once).astype(np.int32)
            if counts.any():
                own = part(plan, np.array(run), t, counts)._replace(features=slots)
                score_chunk(
                    work.idle.workspaces, slab.values, slab.codes, slab.grids, slab.n_bins, slots,
                    own, work.k, work.exponent, total,
                )  # fmt: skip
    n_reads = slab.n_reads - before
    work.idle.give(slab)
    if shared is not None:
        shared.add(sums, subspaces)
        return number, [], n_reads
    return number, [None if own is None else Packed.of(own) for own in sums], n_reads


def _runs(plan: Plan, half: NDArray[np.intp], capacity: int) -> Iterator[list[int]]:
    """Cut a task into runs of subspaces that one call scores: of one half, and of features held."""
    order = np.arange(half.size)
    if np.unique(plan.features).size <= capacity:  # all of them are held
        order = np.argsort(half, kind="stable")
    run: list[int] = []
    needed: set[int] = set()
    for s in order.tolist():
        own = set(plan.features[s].tolist())
        if run and (half[s] != half[run[0]] or len(needed | own) > capacity):
            yield run
            run, needed = [], set()
        run.append(s)
        needed |= own
    if run:
        yield run


def _next_uses(plan: Plan, runs: list[list[int]]) -> list[dict[int, int]]:
    """Return for every run which later one needs each feature next."""
    found: list[dict[int, int]] = []
    next_use: dict[int, int] = {}
    for number in range(len(runs) - 1, -1, -1):
        found.append(next_use.copy())
        next_use.update(dict.fromkeys(plan.features[runs[number]].ravel().tolist(), number))
    return found[::-1]
