"""Some features of a store at a time, laid out for the kernels, and the order to visit them in."""

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.scoring._columns import encode, shift

_NEVER = 2**62
_MOST_TO_ORDER = 4096  # distinct subspaces; beyond, sorted ones are nearly as good


class Store(Protocol):
    """Rows of which a feature can be read: what `sklearn_zcore.ColumnStore` is."""

    shape: tuple[int, int]
    dtype: np.dtype[Any]

    def column(self, feature: int, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return one feature of all rows."""


class Feature(NamedTuple):
    """What is known of a feature before it is read: a kB.

    Attributes
    ----------
    median : float
        What it is shifted by.
    grid : ndarray of shape (2, n_bins), float32
        See `bins_of`.
    """

    median: float
    grid: NDArray[np.float32]


class Slab:
    """Shifted columns and bins of a few features; the ones not needed for longest make place.

    Parameters
    ----------
    store : Store
    capacity : int
        How many features, at least as many as a subspace has.
    n_bins : int
        Most bins of a feature; 0 if none are needed.

    Attributes
    ----------
    values : ndarray of shape (capacity, n_samples), float32
    codes : ndarray of shape (capacity, n_samples), uint8
    grids : ndarray of shape (capacity, 2, n_bins), float32
    n_bins : ndarray of shape (capacity,), int32
        As the kernels want them, see `score_nearest`.
    n_reads : int
        How many features have been read.
    """

    def __init__(self, store: Store, capacity: int, n_bins: int) -> None:
        n = store.shape[0]
        self._store = store
        self.values = np.empty((capacity, n), np.float32)
        self.codes = np.empty((capacity, n if n_bins else 0), np.uint8)
        self.grids = np.zeros((capacity, 2, max(1, n_bins)), np.float32)
        self.n_bins = np.ones(capacity, np.int32)
        self.n_reads = 0
        self._slot_of: dict[int, int] = {}

    def hold(
        self, features: Iterable[int], known: dict[int, Feature], next_use: dict[int, int]
    ) -> dict[int, int]:
        """Read the features that are not there; return where each is.

        Parameters
        ----------
        features : iterable of int
            At most ``capacity`` of them.
        known : dict
            What is known of each.
        next_use : dict
            When each feature that is there will be needed again; those not in it will not.
        """
        wanted = set(features)
        for feature in wanted - self._slot_of.keys():
            slot = len(self._slot_of)
            if slot == self.values.shape[0]:
                idle = self._slot_of.keys() - wanted
                last = max(idle, key=lambda f: (next_use.get(f, _NEVER), f))
                slot = self._slot_of.pop(last)
            self._load(feature, slot, known[feature])
            self._slot_of[feature] = slot
        return self._slot_of

    def _load(self, feature: int, slot: int, known: Feature) -> None:
        self.n_reads += 1
        values = self.values[slot]
        if self._store.dtype == np.float32:  # no copy on the way
            self._store.column(feature, values)
            shift(values, known.median, values)
        elif self._store.dtype == np.float16:  # cast before it is shifted: the same bits, faster
            values[:] = self._store.column(feature)
            shift(values, known.median, values)
        else:
            shift(self._store.column(feature), known.median, values)
        if self.codes.size:
            size = known.grid.shape[1]
            self.n_bins[slot] = size
            self.grids[slot, :, :size] = known.grid
            encode(values, known.grid, self.codes[slot])


def visiting_order(features: NDArray[np.int32], capacity: int) -> NDArray[np.intp]:
    """Order subspaces so that few features have to be read.

    From one to the next, at most one new feature, as long as there is such a one: of those, one
    whose features are soon done with. On 512 features and as many subspaces of two, 1.1 features
    are read a subspace where ``capacity`` is 3, 0.9 where it is 8, and 2 in any order.

    Parameters
    ----------
    features : ndarray of shape (n_subspaces, subspace_dim), int32
    capacity : int
        How many features are held at a time.

    Returns
    -------
    ndarray of shape (n_subspaces,), int
    """
    distinct, group = np.unique(np.sort(features, axis=1), axis=0, return_inverse=True)
    if distinct.shape[0] <= _MOST_TO_ORDER:
        place = np.empty(distinct.shape[0], np.intp)
        place[_walk(distinct.tolist(), capacity)] = np.arange(distinct.shape[0])
        group = place[group.ravel()]
    return np.argsort(group.ravel(), kind="stable")


def _walk(subspaces: list[list[int]], capacity: int) -> list[int]:
    left_at: dict[int, set[int]] = {}
    for number, own in enumerate(subspaces):
        for feature in own:
            left_at.setdefault(feature, set()).add(number)

    def cost(number: int) -> tuple[int, int, int, int]:
        degrees = sorted(len(left_at[feature]) for feature in subspaces[number])
        n_missing = sum(feature not in held for feature in subspaces[number])
        return n_missing, degrees[0], degrees[-1], number

    held: list[int] = []  # in order of use
    left, order = set(range(len(subspaces))), []
    while left:
        near = set().union(*(left_at[feature] for feature in held))
        best = min(near or left, key=cost)
        order.append(best)
        left.remove(best)
        for feature in subspaces[best]:
            left_at[feature].remove(best)
            if feature in held:
                held.remove(feature)
            held.append(feature)
        held = [feature for feature in held[-capacity:] if left_at[feature]]
    return order
