"""Small differences beside large ones: clusters far apart, and integers beyond 2**53."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tests.selection.common import (
    COMPARE_DISTANCES,
    SELECTORS,
    facility,
    herding,
    kcenter,
    kmeans,
    zcore,
)


def euclidean(**parameters):
    return facility(metric="euclidean", **parameters)


def plain(**parameters):
    return facility(metric="euclidean", reduce_hubs=False, **parameters)


@pytest.mark.parametrize("separation", [1e4, 1e6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", [kcenter, kmeans, euclidean, plain, facility])
def test_pairs_in_clusters_far_apart(make, dtype, separation):
    """Steps of 10, with two rows 0.01 apart at each: one of each two covers everything."""
    steps = np.arange(0, 1000, 10.0)
    spots = np.concatenate([steps, steps + separation])
    X = np.column_stack([np.repeat(spots, 2), np.tile([0, 0.01], spots.size)]).astype(dtype)
    coreset = make(budget=spots.size).fit(X).indices_
    assert cdist(X, X[coreset]).min(axis=1).max() == pytest.approx(0.01, rel=1e-3)


def test_farthest_first_is_within_twice_the_optimum_of_rows_in_far_clusters():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 3)) + 1e5 * rng.integers(0, 3, (300, 1))
    for k in (5, 20, 100):
        ranking = kcenter(budget=k).fit(X).ranking_
        reached = cdist(X, X[ranking[:k]]).min(axis=1).max()
        # The k choices and the next one are at least as far apart: half of that bounds the optimum.
        apart = cdist(X[ranking[: k + 1]], X[ranking[: k + 1]])
        assert reached <= apart[np.triu_indices(k + 1, 1)].min() * (1 + 1e-5)


@pytest.mark.parametrize("make", [zcore, *COMPARE_DISTANCES])
@pytest.mark.parametrize("offset", [2**60, -(2**62), 1_700_000_000_000_000_000])
def test_nanoseconds_keep_their_differences(make, offset):
    steps = np.random.default_rng(0).integers(1, 4000, (200, 3))
    expected, selector = make().fit(steps), make().fit(steps + offset)
    np.testing.assert_array_equal(selector.ranking_, expected.ranking_)
    assert selector.score(steps + offset) == expected.score(steps)
    assert selector.score(steps[:50] + offset - 9000) == expected.score(steps[:50] - 9000)


@pytest.mark.parametrize("make", SELECTORS)
def test_the_largest_integers(make):
    top, bottom = np.iinfo(np.uint64).max, np.iinfo(np.int64).min
    steps = np.random.default_rng(0).integers(0, 1000, (80, 2))
    up, down = top - steps.astype(np.uint64), bottom + steps
    for rows in (up, down):
        assert sorted(make().fit(rows).ranking_) == list(range(80))
        assert make().fit(rows).transform(rows).dtype == rows.dtype


def test_other_nanoseconds_are_other_rows():
    steps = np.random.default_rng(0).integers(0, 100, (80, 2)) + 2**60
    selector = zcore(budget=1.0).fit(steps)
    with pytest.raises(ValueError, match="this X is another: 80 of the 80 selected rows differ"):
        selector.transform(steps + 1)


def test_features_too_narrow_for_float32():
    rows = np.random.default_rng(0).standard_normal((50, 3)) * 1e-47
    with pytest.raises(ValueError, match="too narrow for float32 arithmetic: rescale"):
        zcore().fit(rows)


def test_herding_looks_at_pairs_a_few_at_a_time():
    """All pairs at once would be 10,000 x 20,000 numbers, twice."""
    import tracemalloc

    X = np.random.default_rng(0).standard_normal((50, 20_000)).astype(np.float32)
    herding().fit(X[:, :100])
    tracemalloc.start()
    herding(n_components=16).fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * X.nbytes + 12 * 20_000 * 16 + 20e6
