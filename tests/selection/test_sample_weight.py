"""sample_weight: whole numbers are copies; weights of 0; what cannot be weights."""

from functools import partial

import numpy as np
import pytest

from sklearn_zcore.selection import BaseCoresetSelector
from tests.selection.common import (
    facility,
    herding,
    kcenter,
    kmeans,
    random,
    subzerocore,
    table,
    zcore,
)

X = table(200, 5)
COVER = [facility, kmeans, herding, subzerocore]
WEIGHTED = [*COVER, random]


@pytest.mark.parametrize("make", COVER)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_whole_numbers_are_copies(make, seed, dtype):
    rng = np.random.default_rng(seed)
    rows = (100 * rng.standard_normal((150, 4))).astype(dtype)
    weight = rng.integers(1, 6, 150)
    copies = np.repeat(np.arange(150), weight)
    n = int(rng.integers(1, 40))
    repeated = copies[make(budget=n).fit(rows[copies]).indices_]
    weighted = make(budget=n).fit(rows, sample_weight=weight)
    np.testing.assert_array_equal(weighted.indices_, repeated)


@pytest.mark.parametrize("make", COVER)
def test_weights_of_copies_add(make):
    rng = np.random.default_rng(0)
    copies = np.r_[np.arange(200), rng.integers(0, 200, 60)]
    weight = rng.integers(1, 4, copies.size)
    together = np.bincount(copies, weight).astype(int)
    expected = make(budget=20).fit(X, sample_weight=together).indices_
    found = make(budget=20).fit(X[copies], sample_weight=weight).indices_
    np.testing.assert_array_equal(copies[found], expected)


def test_whole_numbers_are_copies_in_the_pyramid():
    rows = table(3_000, 3)
    weight = np.random.default_rng(0).integers(1, 4, 3_000)
    copies = np.repeat(np.arange(3_000), weight)
    few = facility(budget=50, exact=False, part_size=64)
    repeated = copies[few.fit(rows[copies]).indices_]
    np.testing.assert_array_equal(few.fit(rows, sample_weight=weight).indices_, repeated)


def test_a_draw_by_weights_is_that_of_copies():
    """In law: how often each row is in a coreset of 3, of 4,000 draws."""
    rows, weight = table(6, 2), np.array([1, 1, 2, 3, 5, 8])
    copies = np.repeat(np.arange(6), weight)
    found, expected = np.zeros(6), np.zeros(6)
    for seed in range(4_000):
        found[random(budget=3, random_state=seed).fit(rows, sample_weight=weight).indices_] += 1
        drawn = copies[np.random.default_rng(seed).permutation(copies.size)]
        expected[drawn[np.sort(np.unique(drawn, return_index=True)[1])][:3]] += 1
    assert np.abs(found - expected).max() < 5 * np.sqrt(4_000 * 0.25 * 2)


@pytest.mark.parametrize("make", WEIGHTED)
def test_a_constant_weight_changes_nothing(make):
    expected = make().fit(X, sample_weight=np.ones(200)).ranking_
    if make is not random:
        np.testing.assert_array_equal(expected, make().fit(X).ranking_)
    for weight in (2.0, 2.0**-80, 2.0**80):
        found = make().fit(X, sample_weight=np.full(200, weight)).ranking_
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("make", COVER)
def test_rows_of_weight_zero_need_not_be_covered(make):
    """Two far clusters, one of which does not count: everything is chosen in the other."""
    rows = np.r_[X[:100], X[100:] + 100]
    weight = np.r_[np.ones(100), np.zeros(100)]
    fitted = make(budget=20).fit(rows, sample_weight=weight)
    assert fitted.indices_.max() < 100
    assert make(budget=1.0).fit(rows, sample_weight=weight).n_selected_ == 200


@pytest.mark.parametrize("make", [facility, kmeans, herding])  # the middle has no direction
def test_rows_of_weight_zero_may_be_chosen(make):
    """The middle one of a cloud is the best prototype, whether it counts or not."""
    rows = np.r_[[[0.0, 0.0]], 2 * np.repeat([[1, 0], [0, 1], [-1, 0], [0, -1.0]], 3, axis=0)]
    rows[1:] += 0.1 * table(12, 2)
    weight = np.r_[0.0, np.ones(12)]
    if make is facility:  # the middle one is a hub
        make = partial(facility, reduce_hubs=False, metric="euclidean")
    assert 0 in make(budget=1).fit(rows, sample_weight=weight).indices_


def test_rows_of_weight_zero_are_drawn_last():
    weight = np.r_[np.zeros(150), np.ones(50)]
    drawn = [random(budget=60, random_state=s).fit(X, sample_weight=weight) for s in range(2)]
    assert all(set(range(150, 200)) <= set(fitted.indices_) for fitted in drawn)
    assert len({tuple(fitted.indices_) for fitted in drawn}) == 2


@pytest.mark.parametrize("make", WEIGHTED)
def test_few_rows_that_count(make):
    weight = np.zeros(200)
    weight[[3, 5]] = 1, 2
    fitted = make(budget=20).fit(X, sample_weight=weight, selected=[7])
    assert fitted.n_selected_ == 20 and {3, 5} <= set(fitted.indices_)
    only_taken = np.zeros(200)
    only_taken[7] = 1
    assert make(budget=20).fit(X, sample_weight=only_taken, selected=[7]).n_selected_ == 20


@pytest.mark.parametrize("make", WEIGHTED)
def test_weights_within_groups(make):
    groups = np.arange(200) % 2
    weight = np.where(groups == 0, 0.0, 1.0 + np.arange(200) % 3)
    fitted = make(budget=20).fit(X, groups=groups, sample_weight=weight)
    assert np.bincount(groups[fitted.indices_]).tolist() == [10, 10]


@pytest.mark.parametrize("make", WEIGHTED)
@pytest.mark.parametrize(
    "weight, says",
    [
        (np.ones(199), "sample_weight.shape == .199,., expected .200,."),
        (np.full(200, -1.0), "Negative values in data passed to `sample_weight`"),
        (np.r_[np.nan, np.ones(199)], "sample_weight contains NaN"),
        (np.r_[np.inf, np.ones(199)], "sample_weight contains infinity"),
        (np.zeros(200), "All of sample_weight are zero: no row would count"),
        (np.ones((200, 2)), "1D|1d"),
        (["much"] * 200, "could not convert string to float"),
    ],
)
def test_what_cannot_be_weights(make, weight, says):
    fitted = make().fit(X)
    before = fitted.ranking_
    with pytest.raises(ValueError, match=says):
        fitted.fit(X, sample_weight=weight)
    assert fitted.ranking_ is before


@pytest.mark.parametrize(
    "make, keyword, able",
    [
        (
            zcore,
            "sample_weight",
            "FacilityLocationSelector, HerdingSelector, KMeansSelector, RandomSelector, "
            "SubZeroCoreSelector",
        ),
        (
            kcenter,
            "sample_weight",
            "FacilityLocationSelector, HerdingSelector, KMeansSelector, RandomSelector, "
            "SubZeroCoreSelector",
        ),
        (
            zcore,
            "selected",
            "FacilityLocationSelector, HerdingSelector, KCenterSelector, KMeansSelector, "
            "RandomSelector, SubZeroCoreSelector",
        ),
    ],
)
def test_selectors_without_it_name_those_that_have_it(make, keyword, able):
    name = type(make()).__name__
    with pytest.raises(TypeError, match=f"^{name} takes no {keyword}; those that do are {able}.$"):
        make().fit(X, **{keyword: np.ones(200, int)})
    make().fit(X, **{keyword: None})
    with pytest.raises(TypeError, match="unexpected keyword argument 'weight'"):
        make().fit(X, weight=None)
    assert isinstance(make(), BaseCoresetSelector)
