"""The pyramid covers nearly as well as one greedy search over all rows, on any worker."""

import joblib
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import make_blobs

from sklearn_zcore.facility import Rows, distance_to_nearest, rank_rows
from sklearn_zcore.facility._split import split_rows
from sklearn_zcore.rows import ArraySource, CentredRows

N = 3000
SCIPY = {"euclidean": "euclidean", "manhattan": "cityblock"}


def normal(rng, n=N):
    return rng.standard_normal((n, 8))


def blobs(rng, n=N):
    return make_blobs(n, 5, centers=20, random_state=0)[0]


def skewed(rng, n=N):
    return rng.lognormal(sigma=1.5, size=(n, 6))


def one_hot(rng, n=N):
    return np.eye(12)[rng.integers(0, 12, (n, 3))].reshape(n, -1) + rng.normal(0, 1e-3, (n, 36))


def correlated(rng, n=N):
    return rng.standard_normal((n, 1)) * np.arange(1, 6) + 0.1 * rng.standard_normal((n, 5))


DATA = [normal, blobs, skewed, one_hot, correlated]


def rank(X, *, metric="euclidean", part_size=128, top_size=128, n_jobs=1, near=None, weights=None):
    X = X.astype(np.float32)
    weights = np.ones(len(X), np.float32) if weights is None else weights
    return rank_rows(
        Rows(X, weights, near),
        metric=metric,
        part_size=part_size,
        top_size=top_size,
        n_jobs=n_jobs,
        progress=lambda n_done: None,
    )


def mean_distance(X, rows, metric):
    X = X.astype(np.float32)
    return float(distance_to_nearest(X, X[rows], metric).mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    "make, metric", [*((make, "manhattan") for make in DATA), (normal, "euclidean")]
)
def test_coverage_of_the_exact_search(make, metric):
    """Sizes as `FacilityLocationSelector` has them by default, on more rows than it does exactly.

    The objective is what the mean distance falls short of the largest distance.
    """
    X = make(np.random.default_rng(0), 6000)
    fast = rank(X, metric=metric, part_size=1024, top_size=4096)
    exact = rank(X, metric=metric, top_size=len(X))
    assert sorted(fast) == sorted(exact) == list(range(len(X)))
    cap = max(cdist(X[i : i + 2000], X[i : i + 2000], SCIPY[metric]).max() for i in (0, 4000))
    for share in (0.01, 0.02, 0.05, 0.1, 0.3):
        k = int(share * len(X))
        mean, best = mean_distance(X, fast[:k], metric), mean_distance(X, exact[:k], metric)
        assert cap - mean >= 0.97 * (cap - best)
        assert mean <= 1.1 * best


def test_rows_read_where_they_are():
    """Rows that need no shift are not copied, and rank as their copy does."""
    X = normal(np.random.default_rng(2)).astype(np.float32)
    order = np.random.default_rng(3).permutation(N)
    rows = CentredRows(ArraySource(X), order, np.zeros(8), float(np.abs(X).max()))
    copied = (X[order].astype(np.float64) / np.abs(X).max()).astype(np.float32)
    np.testing.assert_array_equal(rows[:], copied)
    weights = np.ones(N, np.float32)
    lazily, copies = (
        rank_rows(
            Rows(values, weights),
            metric="euclidean",
            part_size=64,
            top_size=128,
            n_jobs=2,
            progress=lambda n_done: None,
        )
        for values in (rows, copied)
    )
    np.testing.assert_array_equal(lazily, copies)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_workers_do_not_change_the_ranking(backend, metric):
    X = normal(np.random.default_rng(1))
    expected = rank(X, metric=metric, part_size=32, top_size=64)
    for n_jobs in (2, 3):
        with joblib.parallel_config(backend=backend):
            again = rank(X, metric=metric, part_size=32, top_size=64, n_jobs=n_jobs)
        np.testing.assert_array_equal(again, expected)


def test_weights_count_as_rows():
    """A few heavy rows far from everything else are worth a choice each."""
    X = np.r_[normal(np.random.default_rng(0)), 100 * np.eye(8)[:3]]
    weights = np.ones(N + 3, np.float32)
    weights[N:] = 10_000
    assert {N, N + 1, N + 2} <= set(rank(X, weights=weights)[:4])


def test_covered_rows_come_late():
    """Where all rows of a region have been selected before, none is chosen before the others."""
    X = blobs(np.random.default_rng(0))
    left = X[:, 0] < np.median(X[:, 0])
    near = distance_to_nearest(X.astype(np.float32), X[left].astype(np.float32), "euclidean")
    order = rank(X, near=near)
    assert sorted(order) == list(range(N))
    assert left[order[:150]].mean() < 0.02 and left[order[-1000:]].all()


@pytest.mark.parametrize("n, d, part_size", [(1, 3, 16), (16, 3, 16), (17, 1, 16), (1000, 5, 64)])
def test_split(n, d, part_size):
    X = np.random.default_rng(0).standard_normal((n, d), dtype=np.float32)
    order, bounds = split_rows(X, part_size)
    assert sorted(order) == list(range(n)) and bounds[0] == 0 and bounds[-1] == n
    sizes = np.diff(bounds)
    assert sizes.max() <= part_size and (n <= part_size or sizes.min() >= part_size // 2)


def test_split_keeps_near_rows_together():
    X, blob = make_blobs(1024, 4, centers=16, cluster_std=0.01, random_state=0)
    order, bounds = split_rows(X.astype(np.float32), 64)
    spread = [X[order[a:b]].std(axis=0).mean() for a, b in zip(bounds, bounds[1:], strict=False)]
    assert np.mean(spread) < 0.35 * X.std(axis=0).mean()


def test_split_of_rows_that_differ_in_one_value():
    X = np.zeros((500, 4), np.float32)
    X[:, 2] = np.arange(500) * 1e-3
    order, bounds = split_rows(X, 50)
    assert sorted(order) == list(range(500)) and np.diff(bounds).max() <= 50


@pytest.mark.parametrize("part_size", [16, 100])
def test_progress_tells_of_every_row(part_size):
    done = []
    rank_rows(
        Rows(normal(np.random.default_rng(0)).astype(np.float32), np.ones(N, np.float32), None),
        metric="euclidean",
        part_size=part_size,
        top_size=part_size,
        n_jobs=2,
        progress=done.append,
    )
    assert sum(done) == N and len(done) > 1
