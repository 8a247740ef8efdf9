"""Rank the rows of one matrix of distances by facility location."""

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.facility._distances import Floats
from sklearn_zcore.facility._kernels import choose, make_queue, swap

# The first choices matter most, and a greedy search cannot take them back: 2 % of the rows are
# chosen and swapped for better ones as a set, then 2 % more, then 4 % more.
_FIRST_SHARE = 0.02
_LAST_SHARE = 0.1
_ROUNDS = 20  # of swaps; most sets settle after five


def _choose(
    distances: Floats, weights: Floats, near: Floats, candidates: NDArray[np.intp], n_chosen: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Choose greedily among candidates; ``near`` is brought up to date."""
    chosen, gains = np.empty(n_chosen, np.intp), np.empty(n_chosen)
    choose(distances, weights, near, make_queue(candidates, weights.size), chosen, gains)
    return chosen, gains


def _start(distances: Floats, near: Floats | None) -> Floats:
    """Return how far every row is from the coreset before any choice."""
    if near is not None:
        return near.copy()
    return np.full(distances.shape[0], distances.max(), np.float32)


def rank_part(
    distances: Floats, weights: Floats, near: Floats | None
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Rank all rows greedily.

    Parameters
    ----------
    distances : ndarray of shape (n_samples, n_samples), float32
    weights : ndarray of shape (n_samples,), float32
    near : ndarray of shape (n_samples,), float32, or None
        Distance of every row to what has been selected before.

    Returns
    -------
    order : ndarray of shape (n_samples,), int
    gains : ndarray of shape (n_samples,)
        What each saved when it was chosen; they never grow.
    """
    n = weights.size
    order, gains = _choose(distances, weights, _start(distances, near), np.arange(n), n)
    return order, np.minimum.accumulate(gains)


def _swap_sizes(n_samples: int) -> list[int]:
    """Return the sizes at which the best rows are swapped as a set."""
    sizes, size = [], _FIRST_SHARE * n_samples
    while size <= _LAST_SHARE * n_samples:
        sizes.append(round(size))
        size *= 2
    return [size for size in sizes if size > 1]


def rank_top(distances: Floats, weights: Floats, near: Floats | None) -> NDArray[np.intp]:
    """Rank all rows greedily, and better the first choices by swaps.

    Parameters
    ----------
    distances : ndarray of shape (n_samples, n_samples), float32
    weights : ndarray of shape (n_samples,), float32
    near : ndarray of shape (n_samples,), float32, or None
        Distance of every row to what has been selected before.

    Returns
    -------
    ndarray of shape (n_samples,), int
        From most to least valuable.
    """
    n = weights.size
    order = np.empty(0, np.intp)
    near = _start(distances, near)
    for size in [*_swap_sizes(n), n]:
        candidates = np.setdiff1d(np.arange(n), order)
        n_chosen = size - order.size
        if size == n:
            chosen, _ = _choose(distances, weights, near, candidates, n_chosen)
        else:
            chosen, _ = _choose(distances, weights, near.copy(), candidates, n_chosen)
            for _ in range(_ROUNDS):
                if swap(distances, weights, near, chosen) == 0:
                    break
            chosen, _ = _choose(distances, weights, near, np.sort(chosen), n_chosen)
        order = np.concatenate([order, chosen])
    return order
