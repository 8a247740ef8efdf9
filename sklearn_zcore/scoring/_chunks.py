"""What is scored in one call: the kernels on some subspaces, and how a plan is cut into such calls.

Cuts within a subspace depend on the data's shape and the plan alone, since every piece of a
subspace is summed as float32. All else is sums of integers: no order and no grouping changes a bit.
The kernels are imported where chunks are scored: numba takes 60 MB, which the client of a cluster
need not have.
"""

import mmap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray

from sklearn_zcore._resources import free_memory
from sklearn_zcore.rows import frozen
from sklearn_zcore.scoring._plan import Plan

if TYPE_CHECKING:
    from sklearn_zcore.scoring._grid import Workspace

# Some subspaces, the first of their targets, and how many of each count.
Chunk = tuple[NDArray[np.intp], int, NDArray[np.int32]]

# A kernel cannot be interrupted, so that Ctrl-C waits for the chunk at hand, and so do workers at
# the end of a group. But every chunk costs some passes over n_samples.
_CHUNK_SECONDS_A_ROW = 4e-7
_CHUNK_SECONDS = (0.03, 0.5)
# What a row gains and loses in one call is a number below 2**19, see `units_of`.
_MOST_TARGETS = 2**18


def index_pays(n_samples: int, subspace_dim: int, k: int) -> bool:
    """Whether searching an indexed subspace is faster than looking at every row."""
    return k < n_samples - 1 and subspace_dim <= 3 and n_samples >= 2500 * (subspace_dim - 1)


def estimated_seconds(n_samples: int, subspace_dim: int, k: int, n_targets: float) -> float:
    """Rough cost of one subspace; chunks only need its order of magnitude."""
    look = n_samples * subspace_dim * 6e-10
    if not index_pays(n_samples, subspace_dim, k):
        return n_targets * look
    # Most of the rows within this share of every feature's range are looked at.
    near: float = n_samples * (k / n_samples) ** (1 / subspace_dim)
    return 4 * look + n_targets * min(look, 3e-6 + near * 2.5e-10)


def refuse_too_large(
    n: int, m: int, held: int, of_worker: int, n_jobs: int | None, where: str
) -> None:
    """Raise MemoryError if scoring takes more memory than is free.

    Parameters
    ----------
    n, m : int
        Rows, and dimensions of a subspace.
    held : int
        Bytes that there are once.
    of_worker : int
        Bytes that every worker has, beside its workspace.
    n_jobs : int or None
    where : str
        What the bytes are, for the message.
    """
    free = free_memory()
    n_workers = effective_n_jobs(n_jobs)
    needed = held + 16 * n + n_workers * ((22 + 4 * m) * n + of_worker)
    if free is None or needed <= free:
        return
    advice = []
    if n_workers > 1:
        advice.append("lower n_jobs")
    if held:
        advice.append("write X to a store and fit that: ColumnStore.from_array(X, path)")
    raise MemoryError(
        f"Scoring {n:,} rows with {n_workers} worker(s) takes some {needed:,} bytes {where}, and "
        f"{free:,} are free. To need less, {', or '.join(advice) or 'score fewer rows'}."
    )


class Workspaces:
    """The workspaces of a run, handed from chunk to chunk.

    For a long X, getting fresh memory for each chunk takes a tenth of the time, and leaves holes.
    Other processes get none of them: each of their chunks allocates its own.
    """

    def __init__(self, *sizes: int) -> None:
        self._sizes = sizes
        self._idle: list[Workspace] = []

    def __reduce__(self) -> tuple[type["Workspaces"], tuple[int, ...]]:
        return type(self), self._sizes

    def take(self) -> "Workspace":
        from sklearn_zcore.scoring._grid import allocate

        try:
            return self._idle.pop()  # atomic, as append is: no lock
        except IndexError:
            return allocate(*self._sizes)

    def give(self, work: "Workspace") -> None:
        self._idle.append(work)


def score_chunk(
    workspaces: Workspaces,
    columns: NDArray[np.float32],
    codes: NDArray[np.uint8],
    grids: NDArray[np.float32],
    n_bins: NDArray[np.int32],
    slots: NDArray[np.int32],
    plan: Plan,
    k: int,
    exponent: float,
    scores: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Return the scores of some subspaces, in units of 2**-32.

    ``slots`` says where ``columns`` has their features. They are added to ``scores``, if there are
    any.
    """
    from sklearn_zcore.scoring._kernels import score_brute, score_nearest

    scores = zeros(columns.shape[1]) if scores is None else scores
    work = workspaces.take()
    columns, slots = frozen(columns), frozen(np.ascontiguousarray(slots))
    features, targets, n_targets = (frozen(np.ascontiguousarray(array)) for array in plan)
    if codes.size == 0:
        score_brute(columns, slots, targets, n_targets, k, exponent, work, scores)
    else:
        score_nearest(
            columns, frozen(codes), frozen(grids), frozen(n_bins), slots, features, targets,
            n_targets, k, exponent, work, scores,
        )  # fmt: skip
    workspaces.give(work)
    return scores


def zeros(*shape: int) -> NDArray[np.int64]:
    """Return zeros straight from the system.

    What threads get from malloc and give back, it may keep for each of them: 150 MB for a million
    rows.
    """
    size = int(np.prod(shape))
    return np.frombuffer(mmap.mmap(-1, 8 * max(1, size)), np.int64, size).reshape(shape)


def _size(n: int, m: int, k: int, q: int) -> float:
    """Return how many subspaces a chunk should have; below 1, they are cut."""
    seconds = np.clip(_CHUNK_SECONDS_A_ROW * n, *_CHUNK_SECONDS)
    return float(seconds / estimated_seconds(n, m, k, q))


def targets_at_once(n: int, m: int, k: int, q: int) -> int:
    """Return how many of a subspace's targets are scored in one call.

    Parameters
    ----------
    n, m, k, q : int
        Rows, dimensions of a subspace, neighbours, and targets of a subspace.

    Returns
    -------
    int
    """
    return max(1, min(q, int(q * _size(n, m, k, q)), _MOST_TARGETS))


def chunks(plan: Plan, subspaces: NDArray[np.intp], n: int, m: int, k: int) -> Iterator[Chunk]:
    """Cut subspaces into chunks of similar cost; costly ones are cut between targets, too.

    Parameters
    ----------
    plan : Plan
    subspaces : ndarray of int
        Which of the plan's.
    n, m, k : int
        Rows, dimensions of a subspace, and neighbours.

    Yields
    ------
    Chunk
    """
    q = plan.targets.shape[1]
    size = _size(n, m, k, q)
    n_targets = targets_at_once(n, m, k, q)
    n_chunks = max(1, -(-subspaces.size // max(1, int(size))))
    for chosen in np.array_split(subspaces, n_chunks):  # even, so that workers end together
        for t in range(0, q, n_targets):
            counts = np.clip(plan.n_targets[chosen] - t, 0, n_targets)
            if counts.any():
                yield chosen, t, counts.astype(np.int32)


def part(plan: Plan, subspaces: NDArray[np.intp], first: int, n_targets: NDArray[np.int32]) -> Plan:
    """Copy the part of a plan that a chunk works on."""
    targets = plan.targets[subspaces, first : first + int(n_targets.max())]
    return Plan(plan.features[subspaces], targets, n_targets)
