"""Run the draws: cut a plan into fixed chunks, let joblib score them, add them up in order.

Chunks depend on the data's shape and the plan alone, every chunk's result is one score vector,
and the vectors are added in the plan's order. So scores are the same, bit for bit, for every
``n_jobs`` and every joblib backend.
"""

import mmap
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from sklearn_zcore._parallel import in_order
from sklearn_zcore.rows import frozen, refuse_constant
from sklearn_zcore.scoring._columns import Columns
from sklearn_zcore.scoring._grid import Workspace, allocate
from sklearn_zcore.scoring._kernels import score_brute, score_nearest
from sklearn_zcore.scoring._plan import (
    ROUND_DRAWS,
    Plan,
    make_plan,
    resolve_targets_per_subspace,
    uniform_init,
)

Progress = Callable[[int], None]
# Some subspaces, the first of their targets, and how many of each count.
_Chunk = tuple[NDArray[np.intp], int, NDArray[np.int32]]

# A kernel cannot be interrupted, so that Ctrl-C waits for the chunk at hand, and so do workers at
# the end of a group. But every chunk costs some passes over n_samples.
_CHUNK_SECONDS_A_ROW = 4e-7
_CHUNK_SECONDS = (0.03, 0.5)
# Shifted columns held at a time: all of a small X, up to two fifths of a big one.
_COLUMNS_BYTES = 64 * 2**20
_COLUMNS_SHARE = 0.4
_SET_ASIDE_BYTES = 20 * 2**20


def _index_pays(n_samples: int, subspace_dim: int, k: int) -> bool:
    """Whether searching an indexed subspace is faster than looking at every row."""
    return k < n_samples - 1 and subspace_dim <= 3 and n_samples >= 2500 * (subspace_dim - 1)


def _estimated_seconds(n_samples: int, subspace_dim: int, k: int, n_targets: float) -> float:
    """Rough cost of one subspace; chunks only need its order of magnitude."""
    look = n_samples * subspace_dim * 6e-10
    if not _index_pays(n_samples, subspace_dim, k):
        return n_targets * look
    # Most of the rows within this share of every feature's range are looked at.
    near: float = n_samples * (k / n_samples) ** (1 / subspace_dim)
    return 4 * look + n_targets * min(look, 3e-6 + near * 2.5e-10)


class _Workspaces:
    """The workspaces of a run, handed from chunk to chunk.

    For a long X, getting fresh memory for each chunk takes a tenth of the time, and leaves holes.
    Other processes get none of them: each of their chunks allocates its own.
    """

    def __init__(self, *sizes: int) -> None:
        self._sizes = sizes
        self._idle: list[Workspace] = []

    def __reduce__(self) -> tuple[type["_Workspaces"], tuple[int, ...]]:
        return type(self), self._sizes

    def take(self) -> Workspace:
        try:
            return self._idle.pop()  # atomic, as append is: no lock
        except IndexError:
            return allocate(*self._sizes)

    def give(self, work: Workspace) -> None:
        self._idle.append(work)


def _score_chunk(
    workspaces: _Workspaces,
    columns: NDArray[np.float32],
    codes: NDArray[np.uint8],
    grids: NDArray[np.float32],
    n_bins: NDArray[np.int32],
    slots: NDArray[np.int32],
    plan: Plan,
    k: int,
    exponent: float,
) -> NDArray[np.float64]:
    """Score vector of some subspaces; ``slots`` says where ``columns`` has their features."""
    # Zeros from the system: what threads get from malloc and give back, it may keep for each of
    # them, 150 MB for a million rows.
    scores = np.frombuffer(mmap.mmap(-1, 8 * columns.shape[1]))
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


class Scorer:
    """Sums of coverage less redundancy, before scaling; more draws can be added at any time.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Real and finite, of any dtype.
    subspace_dim, n_neighbors : int
    exponent : float
    targets_per_subspace : int or "auto"
    seed : int
    n_jobs : int or None
        Passed to joblib; threads unless `joblib.parallel_config` says otherwise.
    first_round : int, default=0
        Where the random stream goes on.
    planner : callable, default=make_plan
        What draws subspaces and targets, for studies of other draws than the paper's.

    Attributes
    ----------
    halves : ndarray of shape (2, n_samples)
        The sums over two disjoint, independent halves of the subspaces.
    n_draws, n_rounds : int
        What has been drawn.

    Raises
    ------
    ValueError
        If fewer features vary than a subspace has dimensions.
    """

    def __init__(
        self,
        X: NDArray[Any],
        *,
        subspace_dim: int,
        n_neighbors: int,
        exponent: float,
        targets_per_subspace: int | Literal["auto"],
        seed: int,
        n_jobs: int | None,
        first_round: int = 0,
        planner: Callable[..., Plan] = make_plan,
    ) -> None:
        n, d = X.shape
        self._k = min(n_neighbors, n - 1)
        self._m, self._exponent = subspace_dim, float(exponent)
        self._targets_per_subspace = targets_per_subspace
        self._seed, self._n_jobs, self._planner = seed, n_jobs, planner
        max_bytes = max(_COLUMNS_BYTES, int(_COLUMNS_SHARE * 4 * n * d) - _SET_ASIDE_BYTES)
        binned = _index_pays(n, subspace_dim, self._k)
        self._columns = Columns(X, subspace_dim, binned, max_bytes, n_jobs)
        n_varying = self._columns.varying.size
        if n_varying == 0:
            refuse_constant(d, self._columns.spread)
        if n_varying < subspace_dim:
            raise ValueError(
                f"subspace_dim={subspace_dim} is more than the number of features of X that are "
                f"not constant: {n_varying} of n_features = {d}. Set subspace_dim to at most "
                f"{n_varying}."
            )
        self.halves = np.zeros((2, n))
        self.n_draws, self.n_rounds = 0, first_round

    def add(self, n_draws: int, progress: Progress | None = None) -> None:
        """Add draws.

        Parameters
        ----------
        n_draws : int
        progress : callable, optional
            Called with the number of draws that have just been finished.
        """
        n = self.halves.shape[1]
        q = resolve_targets_per_subspace(self._targets_per_subspace, n, n_draws)
        columns = self._columns
        left = n_draws
        while left:
            size = min(left, ROUND_DRAWS)
            plan = self._planner(
                self._seed, self.n_rounds, size, q, self._m,
                columns.varying, columns.low, columns.high,
            )  # fmt: skip
            self._run(plan, progress)
            self.n_rounds += 1
            self.n_draws += size
            left -= size

    def _run(self, plan: Plan, progress: Progress | None) -> None:
        columns, n = self._columns, self.halves.shape[1]
        workspaces = _Workspaces(n, self._m, plan.targets.shape[1], columns.grids.shape[2])
        for subspaces in _groups(plan.features, columns.capacity, columns.n_bins.size):
            values, row_of = columns.fetch(np.unique(plan.features[subspaces]))
            chunks = [
                (half, *chunk)
                for half in (0, 1)
                for chunk in self._chunks(plan, subspaces[subspaces % 2 == half])
            ]
            indexed = (columns.codes, columns.grids, columns.n_bins)
            calls = (
                delayed(_score_chunk)(
                    workspaces,
                    values,
                    *indexed,
                    row_of[part.features],
                    part,
                    self._k,
                    self._exponent,
                )
                # One by one as they are due, for they are copies.
                for part in (
                    _part(plan, chosen, first, counts) for _, chosen, first, counts in chunks
                )
            )
            results = in_order(calls, n_jobs=self._n_jobs, prefer="threads")
            for (half, _, _, counts), scores in zip(chunks, results, strict=True):
                self.halves[half] += scores
                if progress is not None:
                    progress(int(counts.sum()))

    def _chunks(self, plan: Plan, subspaces: NDArray[np.intp]) -> Iterator[_Chunk]:
        """Cut subspaces into chunks of similar cost; costly ones are cut between targets, too."""
        n, q = self.halves.shape[1], plan.targets.shape[1]
        size = np.clip(_CHUNK_SECONDS_A_ROW * n, *_CHUNK_SECONDS) / _estimated_seconds(
            n, self._m, self._k, q
        )
        n_targets = max(1, min(q, int(q * size)))
        n_chunks = max(1, -(-subspaces.size // max(1, int(size))))
        for chosen in np.array_split(subspaces, n_chunks):  # even, so that workers end together
            for t in range(0, q, n_targets):
                counts = np.clip(plan.n_targets[chosen] - t, 0, n_targets)
                if counts.any():
                    yield chosen, t, counts.astype(np.int32)


def _part(
    plan: Plan, subspaces: NDArray[np.intp], first: int, n_targets: NDArray[np.int32]
) -> Plan:
    """Copy the part of a plan that a chunk works on."""
    targets = plan.targets[subspaces, first : first + int(n_targets.max())]
    return Plan(plan.features[subspaces], targets, n_targets)


def _groups(
    features: NDArray[np.int32], capacity: int, n_features: int
) -> Iterator[NDArray[np.intp]]:
    """Split the subspaces so that those of one group need about ``capacity`` features at most.

    Features are taken in blocks; subspaces that need the same blocks go together.
    """
    if capacity >= n_features:
        yield np.arange(features.shape[0])
        return
    blocks_held = features.shape[1]
    width = -(-n_features // max(1, blocks_held * n_features // capacity))
    blocks = np.sort(features // width, axis=1)
    needed, group = np.unique(blocks, axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    members = np.split(order, np.cumsum(np.bincount(group.ravel()))[:-1])
    pending: list[NDArray[np.intp]] = []
    held: set[int] = set()
    for own, subspaces in zip(needed, members, strict=True):
        if len(held.union(own.tolist())) > blocks_held:
            yield np.sort(np.concatenate(pending))
            pending, held = [], set()
        pending.append(subspaces)
        held.update(own.tolist())
    yield np.sort(np.concatenate(pending))


def scale_scores(
    raw: NDArray[np.float64], *, random_init: bool, seed: int, stream: int
) -> NDArray[np.float64]:
    """Add the random initialisation and scale to [0, 1]; equal scores all become 0.

    Parameters
    ----------
    raw : ndarray of shape (n_samples,)
    random_init : bool
    seed, stream : int

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    scores = raw + uniform_init(seed, stream, raw.size) if random_init else raw.copy()
    scores -= scores.min()
    highest = scores.max()
    if highest > 0:
        scores /= highest
    return scores
