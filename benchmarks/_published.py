"""The published loop in NumPy: row-major X, an exact distance to every row and a full argsort."""

import numpy as np


def published_loop(X, n_iter, rng, k=1000, m=2, exponent=4):
    """Return what every row scores in some draws.

    Where a copy of the row that covers the target is among its neighbours, the copies share the
    redundancy: the published quotient is 0 / 0 there.

    Parameters
    ----------
    X : ndarray of shape (n, d), float32
    n_iter : int
    rng : Generator
    k, m, exponent : int
        Neighbours, features of a subspace, and how redundancy falls with distance.

    Returns
    -------
    ndarray of shape (n,), float32
    """
    n, d = X.shape
    k = min(k, n - 1)
    low, mode, high = X.min(axis=0), np.median(X[:10_000], axis=0), X.max(axis=0)
    varying = np.flatnonzero(low < high)
    scores = np.zeros(n, np.float32)
    for _ in range(n_iter):
        features = rng.choice(varying, m, replace=False)
        target = rng.triangular(low[features], mode[features], high[features]).astype(np.float32)
        cover = np.abs(X[:, features] - target).sum(axis=1).argmin()
        scores[cover] += 1
        distance = np.abs(X[:, features] - X[cover, features]).sum(axis=1)
        nearest = np.argsort(distance)
        nearest = nearest[nearest != cover][:k]
        near = distance[nearest]
        weights = (near[0] / near) ** exponent if near[0] > 0 else (near == 0).astype(np.float32)
        scores[nearest] -= weights / weights.sum()
    return scores
