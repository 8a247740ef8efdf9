"""The kernels against literal NumPy, and the greedy search against every possible coreset."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from sklearn_zcore.facility import Rows, hub_scale
from sklearn_zcore.facility._distances import cross_distances, distance_matrix, distance_to_nearest
from sklearn_zcore.facility._greedy import _swap_sizes, rank_part, rank_top
from sklearn_zcore.facility._kernels import swap

SCIPY = {"euclidean": "euclidean", "manhattan": "cityblock"}


def rows_of(X):
    return Rows(X.astype(np.float32), np.ones(len(X), np.float32))


def problem(seed, n, d=3, integers=False):
    """Make distances and weights; integers make ties."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 3, (n, d)) if integers else rng.standard_normal((n, d))
    weights = rng.integers(1, 5, n).astype(np.float32)
    return distance_matrix(rows_of(X), "manhattan"), weights


def saved(distances, weights, rows, start):
    """Return what a set of rows saves, in float64."""
    near = np.minimum(start, distances[rows].min(axis=0)) if len(rows) else start
    return float((weights * (start.astype(np.float64) - near)).sum())


@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), integers=st.booleans())
@settings(max_examples=60)
def test_every_choice_is_the_best_one(seed, n, integers):
    """Against a look at every candidate before every choice."""
    distances, weights = problem(seed, n, integers=integers)
    order, gains = rank_part(distances, weights, None)
    assert sorted(order) == list(range(n))
    assert (np.diff(gains) <= 0).all()
    near = np.full(n, distances.max(), np.float64)
    for k, row in enumerate(order):
        possible = (weights * np.maximum(near - distances[order[k:]], 0)).sum(axis=1)
        np.testing.assert_allclose(possible[0], possible.max(), rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(gains[k], possible[0], rtol=1e-4, atol=1e-3)
        near = np.minimum(near, distances[row])


@given(seed=st.integers(0, 10**6), n=st.integers(4, 9), k=st.integers(1, 3))
@settings(max_examples=40)
@pytest.mark.parametrize("rank", [lambda *args: rank_part(*args)[0], rank_top])
def test_guarantee(rank, seed, n, k):
    """At least 1 - 1/e of the best coverage that any k rows have (Nemhauser et al. 1978)."""
    distances, weights = problem(seed, n)
    start = np.full(n, distances.max())
    best = max(saved(distances, weights, list(rows), start) for rows in combinations(range(n), k))
    reached = saved(distances, weights, rank(distances, weights, None)[:k], start)
    assert (1 - 1 / np.e) * best <= reached * (1 + 1e-6) <= best * (1 + 2e-6)


@given(seed=st.integers(0, 10**6), n=st.integers(3, 40), integers=st.booleans())
@settings(max_examples=60)
def test_swaps_lower_the_cost_until_none_is_left(seed, n, integers):
    distances, weights = problem(seed, n, integers=integers)
    rng = np.random.default_rng(seed)
    k = int(rng.integers(1, n))
    base = rng.uniform(0.5, 5, n).astype(np.float32)
    medoids = rng.choice(n, k, replace=False)
    for _ in range(100):
        before = saved(distances, weights, medoids, base)
        n_swaps = swap(distances, weights, base, medoids)
        assert len(set(medoids)) == k
        after = saved(distances, weights, medoids, base)
        assert after >= before - 1e-4
        if n_swaps == 0:
            break
    else:
        pytest.fail("swaps go on for ever")
    others = np.setdiff1d(np.arange(n), medoids)
    for place in range(k):  # no single swap is better
        for row in others:
            changed = medoids.copy()
            changed[place] = row
            assert saved(distances, weights, changed, base) <= after + 1e-3 * max(after, 1)


@pytest.mark.parametrize("seed", range(5))
def test_swaps_better_the_first_rows_of_the_ranking(seed):
    distances, weights = problem(seed, 400, d=6)
    start = np.full(400, distances.max())
    greedy, ranked = rank_part(distances, weights, None)[0], rank_top(distances, weights, None)
    assert sorted(ranked) == list(range(400))
    sizes = _swap_sizes(400)
    assert sizes == [8, 16, 32]
    ahead = [
        saved(distances, weights, ranked[:k], start) / saved(distances, weights, greedy[:k], start)
        for k in sizes
    ]
    # The later ones have to keep the earlier ones.
    assert ahead[0] > 1 and min(ahead) > 0.999


def test_rows_selected_before_are_not_served_again():
    """Rows that lie on covered ones save nothing."""
    X = np.array([[0.0], [0.1], [5.0], [5.1], [9.0]], np.float32)
    near = distance_to_nearest(X, X[:1], "euclidean")
    order = rank_top(distance_matrix(rows_of(X), "euclidean"), np.ones(5, np.float32), near)
    assert set(order[:2]) <= {2, 3, 4} and order[-1] == 0


@pytest.mark.parametrize("metric", SCIPY)
@pytest.mark.parametrize("shift", [0, 1000])
def test_distances(metric, shift):
    rng = np.random.default_rng(0)
    A, B = (rng.standard_normal((n, 7), dtype=np.float32) + np.float32(shift) for n in (30, 50))
    expected = cdist(A, B, SCIPY[metric])
    np.testing.assert_allclose(cross_distances(A, B, metric), expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        distance_to_nearest(A, B, metric), expected.min(axis=1), rtol=1e-3, atol=1e-3
    )
    own = distance_matrix(rows_of(A), metric)
    assert (np.diag(own) == 0).all()


def test_distances_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((70, 3)), rng.standard_normal((90, 3))
    monkeypatch.setattr("sklearn_zcore.facility._distances._BLOCK_VALUES", 100)
    near = distance_to_nearest(A.astype(np.float32), B.astype(np.float32), "manhattan")
    np.testing.assert_allclose(near, cdist(A, B, "cityblock").min(axis=1), rtol=1e-4)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_hub_scale(n_jobs, monkeypatch):
    """Distances over the geometric mean of both rows' mean distances."""
    rng = np.random.default_rng(0)
    X, weights = rng.standard_normal((50, 4), dtype=np.float32), rng.integers(1, 4, 50)
    mean = np.average(cdist(X, X, "cityblock"), axis=1, weights=weights)
    monkeypatch.setattr("sklearn_zcore.facility._distances._BLOCK_VALUES", 400)
    weights = weights.astype(np.float32)
    scale = hub_scale(X, X, weights, "manhattan", n_jobs)
    np.testing.assert_allclose(scale, mean**-0.5, rtol=1e-5)
    scaled = distance_matrix(Rows(X, weights, scale=scale), "manhattan")
    expected = cdist(X, X, "cityblock") / np.sqrt(np.outer(mean, mean))
    np.testing.assert_allclose(scaled, expected, rtol=1e-4, atol=1e-6)
    some = distance_to_nearest(X, X[:5], "manhattan", scale[:5]) * scale
    np.testing.assert_allclose(some, expected[:, :5].min(axis=1), rtol=1e-4, atol=1e-6)
