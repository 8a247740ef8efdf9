"""Parts of near rows: halves at the median of the principal direction, and halves of those."""

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.facility._distances import Floats

_SAMPLE_SIZE = 512  # rows that a direction is worked out from: any direction gives valid parts
_POWER_STEPS = 6


def _principal_direction(X: Floats) -> Floats:
    """Approximate the direction in which a sample of the rows spreads most."""
    sample = X[:: max(1, X.shape[0] // _SAMPLE_SIZE)]
    sample = sample - sample.mean(axis=0)
    rng = np.random.default_rng(0)
    direction = rng.standard_normal((X.shape[1],), dtype=np.float32)
    for _ in range(_POWER_STEPS):
        direction = sample.T @ (sample @ direction)
        length = np.sqrt(direction @ direction)
        if length > 0:
            direction /= length
    return direction


def split_rows(X: Floats, part_size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split rows into parts of near ones, and reorder X by part.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), float32
        Reordered in place.
    part_size : int
        Largest size of a part; most are between half of it and all of it.

    Returns
    -------
    order : ndarray of shape (n_samples,), int
        Which row of the old X is at every place of the new one.
    bounds : ndarray of shape (n_parts + 1,), int
        Where the parts begin and end.
    """
    order = np.arange(X.shape[0])
    bounds = [0]
    waiting = [(0, X.shape[0])]
    while waiting:
        first, end = waiting.pop()
        if end - first <= part_size:
            bounds.append(end)
            continue
        rows, middle = X[first:end], (end - first) // 2
        halves = np.argpartition(rows @ _principal_direction(rows), middle)
        X[first:end] = rows[halves]
        order[first:end] = order[first:end][halves]
        waiting += [(first + middle, end), (first, first + middle)]
    return order, np.array(bounds)
