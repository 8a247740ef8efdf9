"""The published loop, as literally as NumPy allows: what the kernels are measured against."""

import numpy as np


def shifted(X):
    """Shift every feature by its median, in float64, and cast to float32."""
    X = np.asarray(X, dtype=np.float64)
    return (X - np.median(X, axis=0)).astype(np.float32)


def literal_draw(X, scores, features, target, k, exponent):
    """Let one target score its cover and the cover's neighbours; X is row-major and shifted."""
    distance = np.zeros(X.shape[0], np.float32)
    for feature, coordinate in zip(features, target, strict=True):
        distance += np.abs(X[:, feature] - coordinate)
    cover = int(np.argmin(distance))  # the first of equals, which is the lowest row
    scores[cover] += 1

    distance[:] = 0
    for feature in features:
        distance += np.abs(X[:, feature] - X[cover, feature])
    order = np.argsort(distance, kind="stable")
    neighbours = order[order != cover][:k]
    near = distance[neighbours].astype(np.float64)
    weights = (near == 0).astype(float) if near[0] == 0 else (near[0] / near) ** exponent
    scores[neighbours] -= weights / weights.sum()


def literal_scores(X, features, targets, n_targets, k, exponent=4.0):
    """Sums of coverage less redundancy over a plan of draws, before scaling."""
    X = shifted(X)
    scores = np.zeros(X.shape[0])
    for subspace, points, count in zip(features, targets, n_targets, strict=True):
        for target in points[:count]:
            literal_draw(X, scores, subspace, target, min(k, X.shape[0] - 1), exponent)
    return scores


def published_loop(X, n_iter, rng, *, subspace_dim=2, n_neighbors=1000, exponent=4.0):
    """Independent run of the published loop with a random stream of its own."""
    X = shifted(X)
    n, d = X.shape
    k = min(n_neighbors, n - 1)
    low, high = X.min(axis=0), X.max(axis=0)
    varying = np.flatnonzero(low < high)
    scores = np.zeros(n)
    for _ in range(n_iter):
        features = rng.choice(varying, subspace_dim, replace=False)
        target = rng.triangular(low[features], 0.0, high[features]).astype(np.float32)
        literal_draw(X, scores, features, target, k, exponent)
    return scores
