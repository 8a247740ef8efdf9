"""Pairs of near rows among very many, by locality-sensitive hashing.

Rows are projected onto random directions and cut into cells; near rows are mostly in one cell.
What is found is verified, so that a pair is near; a few near pairs may be missed.

References
----------
M. Datar, N. Immorlica, P. Indyk, V. S. Mirrokni, "Locality-Sensitive Hashing Scheme Based on
p-Stable Distributions", 2004.
"""

from typing import Any

import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from sklearn_zcore._parallel import in_order
from sklearn_zcore.inspection.report._coverage import exact_distances
from sklearn_zcore.rows import ArraySource, row_blocks

Rows = NDArray[np.intp]

# A pair at the threshold is in one cell of a table with probability 0.35, so that 8 tables find
# 97 % of such pairs; nearer ones are found more surely: at half the threshold, all but 2 in 1,000.
_N_TABLES = 8
_N_DIRECTIONS = 10
_CELL = 8.0  # thresholds
_AHEAD = 8  # rows of its cell that each row is compared with
# The mean square of so many projections is seldom larger, for a pair at the threshold: 3 in 10,000.
_MOST = 3.0


def near_pairs(
    X: NDArray[Any], rows: Rows, threshold: float, rng: np.random.Generator
) -> tuple[Rows, Rows]:
    """Return pairs of rows within a threshold of each other.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    rows : ndarray of shape (n_rows,), int
        Those to compare; no two are equal.
    threshold : float
        0 finds nothing.
    rng : Generator

    Returns
    -------
    a, b : ndarray of shape (n_pairs,), int
        Positions in ``rows``.
    """
    found: list[NDArray[np.intp]] = [np.empty((2, 0), np.intp)]
    if threshold > 0:
        calls = (delayed(_table)(X, rows, threshold, own) for own in rng.spawn(_N_TABLES))
        found += in_order(calls, n_jobs=-1, require="sharedmem", look_ahead=1)
    lower, upper = np.concatenate(found, axis=1)
    once = np.unique(lower * rows.size + upper)
    return once // max(1, rows.size), once % max(1, rows.size)


def _table(
    X: NDArray[Any], rows: Rows, threshold: float, rng: np.random.Generator
) -> NDArray[np.intp]:
    projected = _project(X, rows, rng)
    projected /= threshold
    cells = np.floor(projected / _CELL + rng.uniform(size=_N_DIRECTIONS)).astype(np.int64)
    odd = rng.integers(2**62, size=_N_DIRECTIONS) * 2 + 1
    key = (cells * odd).sum(axis=1)
    order = np.lexsort((projected[:, 0], key))
    key, projected = key[order], projected[order]
    parts = []
    for step in range(1, _AHEAD + 1):
        start = np.flatnonzero(key[step:] == key[:-step])
        gap = projected[start] - projected[start + step]
        start = start[np.einsum("ij,ij->i", gap, gap) <= _MOST * _N_DIRECTIONS]
        a, b = order[start], order[start + step]
        parts.append(_verified(X, rows, a, b, threshold))
    return np.sort(np.concatenate(parts, axis=1), axis=0)


def _project(X: NDArray[Any], rows: Rows, rng: np.random.Generator) -> NDArray[np.float32]:
    d = X.shape[1]
    directions = rng.standard_normal((d, _N_DIRECTIONS))
    centre = np.median(X[rows[:: max(1, rows.size // 1000)]], axis=0).astype(np.float64)
    projected = np.empty((rows.size, _N_DIRECTIONS), np.float32)
    for block in row_blocks(rows.size, d):
        projected[block] = (ArraySource(X).take(rows[block]) - centre) @ directions
    return projected


def _verified(X: NDArray[Any], rows: Rows, a: Rows, b: Rows, threshold: float) -> NDArray[np.intp]:
    kept = np.empty(a.size, bool)
    for block in row_blocks(a.size, X.shape[1]):
        one, other = X[rows[a[block]]], X[rows[b[block]]]
        kept[block] = exact_distances(one, other, np.arange(one.shape[0])) <= threshold
    return np.stack([a[kept], b[kept]])
