"""Rank the rows of one matrix of distances by facility location."""

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.facility._distances import Floats
from sklearn_zcore.facility._kernels import choose, make_queue


def _choose(
    distances: Floats, weights: Floats, near: Floats, candidates: NDArray[np.intp], n_chosen: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Choose greedily among candidates; ``near`` is brought up to date."""
    chosen, gains = np.empty(n_chosen, np.intp), np.empty(n_chosen)
    choose(distances, weights, near, make_queue(candidates, weights.size), chosen, gains)
    return chosen, gains


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
    near = np.full(weights.size, distances.max()) if near is None else near.copy()
    order, gains = _choose(distances, weights, near, np.arange(weights.size), weights.size)
    return order, np.minimum.accumulate(gains)


def rank_top(distances: Floats, weights: Floats, near: Floats | None) -> NDArray[np.intp]:
    return rank_part(distances, weights, near)[0]
