"""Distances between rows, in float32."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from sklearn_zcore.facility._kernels import write_manhattan

Metric = Literal["euclidean", "manhattan"]
Floats = NDArray[np.float32]

_BLOCK_VALUES = 2**22  # 16 MB of distances at a time


def cross_distances(A: Floats, B: Floats, metric: Metric) -> Floats:
    """Return the distances of the rows of A to those of B.

    Euclidean ones come from one matrix product of centred rows. Its rounding errors are about
    1e-7 of the squared diameter, far below what moves a choice; equal rows are at distance 0 only
    in theory, so that copies must have been merged before.

    Parameters
    ----------
    A : ndarray of shape (n_a, n_features), float32
    B : ndarray of shape (n_b, n_features), float32
    metric : {"euclidean", "manhattan"}

    Returns
    -------
    ndarray of shape (n_a, n_b), float32
    """
    if metric == "manhattan":
        out = np.empty((A.shape[0], B.shape[0]), np.float32)
        write_manhattan(np.ascontiguousarray(A), np.ascontiguousarray(B.T), out)
        return out
    centre = B.mean(axis=0)
    A, B = A - centre, B - centre
    squares: Floats = A @ B.T
    squares *= -2
    squares += np.einsum("ij,ij->i", A, A)[:, None]
    squares += np.einsum("ij,ij->i", B, B)
    np.maximum(squares, 0, out=squares)
    return np.sqrt(squares, out=squares)


def distance_matrix(X: Floats, metric: Metric) -> Floats:
    """Return the symmetric distances between all rows, with zeros on the diagonal.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), float32
    metric : {"euclidean", "manhattan"}

    Returns
    -------
    ndarray of shape (n_samples, n_samples), float32
    """
    distances = cross_distances(X, X, metric)
    np.fill_diagonal(distances, 0)
    return distances


def distance_to_nearest(X: Floats, others: Floats, metric: Metric) -> Floats:
    """Return every row's distance to the nearest of some other rows.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), float32
    others : ndarray of shape (n_others, n_features), float32
        At least one.
    metric : {"euclidean", "manhattan"}

    Returns
    -------
    ndarray of shape (n_samples,), float32
    """
    near = np.full(X.shape[0], np.inf, np.float32)
    side = int(_BLOCK_VALUES**0.5)
    for columns in gen_batches(others.shape[0], side):
        for rows in gen_batches(X.shape[0], side):
            block: NDArray[Any] = cross_distances(X[rows], others[columns], metric)
            np.minimum(near[rows], block.min(axis=1), out=near[rows])
    return near
