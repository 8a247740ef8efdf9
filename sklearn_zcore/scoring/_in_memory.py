"""Draws on rows in memory: chunks of subspaces, on columns that are fetched a group at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from sklearn_zcore._parallel import in_order
from sklearn_zcore.scoring._chunks import (
    Workspaces,
    chunks,
    part,
    refuse_too_large,
    score_chunk,
)
from sklearn_zcore.scoring._columns import Columns
from sklearn_zcore.scoring._plan import Plan
from sklearn_zcore.scoring._tally import Tally

# Shifted columns held at a time: all of a small X, up to two fifths of a big one.
_COLUMNS_BYTES = 64 * 2**20
_COLUMNS_SHARE = 0.4
_SET_ASIDE_BYTES = 20 * 2**20
_PART = 64  # subspaces between two checkpoints


class InMemory:
    """Rows of an array, and how to score subspaces of them.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    m, k : int
        Dimensions of a subspace, and neighbours.
    exponent : float
    binned : bool
        Whether the search needs bins.
    n_jobs : int or None

    Attributes
    ----------
    features : Columns
    rounds_at_once : int
        How many rounds to plan together.
    """

    rounds_at_once = 1

    def __init__(
        self, X: NDArray[Any], m: int, k: int, exponent: float, binned: bool, n_jobs: int | None
    ) -> None:
        n, d = X.shape
        max_bytes = max(_COLUMNS_BYTES, int(_COLUMNS_SHARE * 4 * n * d) - _SET_ASIDE_BYTES)
        held = min(4 * n * d, max_bytes) + (n * d if binned else 0)
        refuse_too_large(n, m, held, 8 * n, n_jobs, "beside X")
        self.features = Columns(X, m, binned, max_bytes, n_jobs)
        self._n, self._m, self._k, self._exponent, self._n_jobs = n, m, k, exponent, n_jobs

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
        columns, n, m, k = self.features, self._n, self._m, self._k
        workspaces = Workspaces(n, m, plan.targets.shape[1], columns.grids.shape[2])
        left = np.flatnonzero(~tally.done)
        for group in self._groups(plan.features[left], tally.in_parts):
            subspaces = left[group]
            tally.is_whole = False
            values, row_of = columns.fetch(np.unique(plan.features[subspaces]))
            cut = [
                (h, *chunk)
                for h in (0, 1)
                for chunk in chunks(plan, subspaces[half[subspaces] == h], n, m, k)
            ]
            indexed = (columns.codes, columns.grids, columns.n_bins)
            calls = (
                delayed(score_chunk)(
                    workspaces,
                    values,
                    *indexed,
                    row_of[own.features],
                    own,
                    k,
                    self._exponent,
                )
                # One by one as they are due, for they are copies.
                for own in (part(plan, chosen, first, counts) for _, chosen, first, counts in cut)
            )
            results = in_order(calls, n_jobs=self._n_jobs, prefer="threads")
            for (h, _, _, counts), scores in zip(cut, results, strict=True):
                tally.sums[h] += scores
                yield int(counts.sum())
            tally.done[subspaces] = True
            tally.is_whole = True
            yield 0

    def _groups(self, features: NDArray[np.int32], in_parts: bool) -> Iterator[NDArray[np.intp]]:
        columns = self.features
        for group in _groups(features, columns.capacity, columns.n_bins.size):
            n_parts = -(-group.size // _PART) if in_parts else 1
            yield from np.array_split(group, n_parts)


def _groups(
    features: NDArray[np.int32], capacity: int, n_features: int
) -> Iterator[NDArray[np.intp]]:
    """Split the subspaces so that those of one group need about ``capacity`` features at most.

    Features are taken in blocks; subspaces that need the same blocks go together.
    """
    if not features.size:
        return
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
