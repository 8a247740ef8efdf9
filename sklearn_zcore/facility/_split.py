"""Parts of near rows: halves at the median of the principal direction, and halves of those."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import gen_batches

from sklearn_zcore.facility._distances import Floats
from sklearn_zcore.rows import CentredRows

_SAMPLE_SIZE = 512  # rows that a direction is worked out from: any direction gives valid parts
_POWER_STEPS = 6
_ROWS_AT_ONCE = 2**14


def _principal_direction(sample: Floats) -> Floats:
    """Approximate the direction in which some rows spread most."""
    if issparse(sample):
        return _sparse_direction(sample)
    sample = sample - sample.mean(axis=0)
    rng = np.random.default_rng(0)
    direction = rng.standard_normal((sample.shape[1],), dtype=np.float32)
    for _ in range(_POWER_STEPS):
        direction = sample.T @ (sample @ direction)
        length = np.sqrt(direction @ direction)
        if length > 0:
            direction /= length
    return direction


def _sparse_direction(sample: Any) -> Floats:
    """Return the same of sparse rows, whose mean is taken off their products instead."""
    mean = np.asarray(sample.mean(axis=0), np.float32).ravel()
    direction = np.random.default_rng(0).standard_normal(sample.shape[1], dtype=np.float32)
    for _ in range(_POWER_STEPS):
        along = sample @ direction - mean @ direction
        direction = sample.T @ along - mean * along.sum()
        length = np.sqrt(direction @ direction)
        if length > 0:
            direction /= length
    return np.asarray(direction, np.float32)


# The rows are finite, but BLAS has been seen, once in thousands of products and never again on the
# same rows, to leave the processor's flag of an invalid operation behind, which numpy warns of.
@np.errstate(invalid="ignore")
def _project(X: Floats | CentredRows, rows: NDArray[np.intp]) -> Floats:
    """Return where rows lie along their principal direction."""
    direction = _principal_direction(X[rows[:: max(1, rows.size // _SAMPLE_SIZE)]])
    # Some at a time, so that the rows are never copied as a whole.
    parts = [X[rows[some]] @ direction for some in gen_batches(rows.size, _ROWS_AT_ONCE)]
    return np.concatenate(parts)


def split_rows(
    X: Floats | CentredRows, part_size: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split rows into parts of near ones.

    Parameters
    ----------
    X : ndarray or CentredRows of shape (n_samples, n_features), float32
    part_size : int
        Largest size of a part; most are between half of it and all of it.

    Returns
    -------
    order : ndarray of shape (n_samples,), int
        The rows, part after part.
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
        middle = (end - first) // 2
        halves = np.argpartition(_project(X, order[first:end]), middle)
        order[first:end] = order[first:end][halves]
        waiting += [(first + middle, end), (first, first + middle)]
    return order, np.array(bounds)
