"""Cosine, min_distance and radius."""

import warnings

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.preprocessing import normalize
from sklearn.utils._param_validation import InvalidParameterError

from sklearn_zcore import KCenterSelector
from sklearn_zcore.selection import _distance, _set_aware
from tests.selection.common import facility, kcenter, kmeans, random, table, with_parameter

X = table(200, 5)
COSINE = [facility, kcenter]


# --- cosine -------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", COSINE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cosine_is_euclidean_on_rows_of_length_one(make, dtype):
    rows = X.astype(dtype) * np.arange(1, 201)[:, None].astype(dtype)
    keywords = {"selected": np.arange(0, 200, 9), "groups": np.arange(200) % 3}
    for these in ({}, keywords):
        cosine = make(metric="cosine").fit(rows, **these)
        euclidean = make(metric="euclidean").fit(normalize(rows), **these)
        np.testing.assert_array_equal(cosine.ranking_, euclidean.ranking_)
        np.testing.assert_array_equal(cosine.assign(rows), euclidean.assign(normalize(rows)))
        np.testing.assert_allclose(cosine.gains_, euclidean.gains_)
        assert cosine.score(rows) == pytest.approx(euclidean.score(normalize(rows)))


@pytest.mark.parametrize("make", COSINE)
@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_cosine_does_not_know_lengths(make, scale):
    found = make(metric="cosine").fit(np.ldexp(X, int(np.log2(scale)))).ranking_
    np.testing.assert_array_equal(found, make(metric="cosine").fit(X).ranking_)


@pytest.mark.parametrize("make", COSINE)
def test_multiples_of_a_row_are_copies_of_it(make):
    rows = np.r_[X[:50], 2 * X[:50], 4 * X[:50]]
    assert sorted(make(metric="cosine").fit(rows).ranking_[:50]) == list(range(50))


@pytest.mark.parametrize("make", COSINE)
def test_a_row_of_zeros_has_no_direction(make):
    rows = X.copy()
    rows[[7, 9]] = 0
    name = type(make()).__name__
    with pytest.raises(
        ValueError, match=f"Row 7 of X is all zeros, as 2 rows in all.*{name}.metric='cosine'"
    ):
        make(metric="cosine").fit(rows)
    fitted = make(metric="cosine").fit(X)
    with pytest.raises(ValueError, match="Row 7 of X is all zeros"):
        fitted.assign(rows)


# --- min_distance -------------------------------------------------------------------------------


def smallest(rows, others=None, kind="euclidean"):
    distances = cdist(rows, rows if others is None else others, kind)
    if others is None:
        np.fill_diagonal(distances, np.inf)
    return distances.min()


@pytest.mark.parametrize("make", with_parameter("min_distance"))
@pytest.mark.parametrize("least", [0.5, 1.0, 1.5])
def test_no_pair_is_nearer(make, least):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = make(budget=60, min_distance=least).fit(X)
    kind = "cityblock" if make is facility else "euclidean"
    assert smallest(X[fitted.indices_], kind=kind) >= least
    assert sorted(fitted.ranking_) == list(range(200))
    assert fitted.min_distance_ == least
    # All others are too near to a selected one, or the budget is full.
    if fitted.n_selected_ < 60:
        others = np.setdiff1d(np.arange(200), fitted.indices_)
        assert cdist(X[others], X[fitted.indices_], kind).min(axis=1).max() < least


@pytest.mark.parametrize("make", COSINE)
def test_cosine_distances_are_kept(make):
    with pytest.warns(UserWarning, match="Only .* rows can be selected that are min_distance"):
        fitted = make(budget=100, metric="cosine", min_distance=0.2).fit(X)
    assert smallest(X[fitted.indices_], kind="cosine") >= 0.2 - 1e-12


@pytest.mark.parametrize("make", [facility, kmeans, kcenter, random])
def test_selected_rows_keep_their_distance_too(make):
    before = np.arange(0, 200, 20)
    fitted = make(budget=20, min_distance=1.0).fit(X, selected=before)
    kind = "cityblock" if make is facility else "euclidean"
    assert smallest(X[fitted.indices_], X[before], kind) >= 1.0
    assert smallest(X[fitted.indices_], kind=kind) >= 1.0
    assert sorted(fitted.ranking_[-10:]) == before.tolist()


def test_fewer_rows_than_the_budget():
    with pytest.warns(
        UserWarning, match="Only . rows can be selected .* apart .*the budget is 50 rows. Lower"
    ):
        fitted = random(budget=50, min_distance=4.0).fit(X)
    assert 0 < fitted.n_selected_ < 10
    assert fitted.transform(X).shape == (fitted.n_selected_, 5) and fitted.weights_.sum() == 200
    with pytest.warns(UserWarning, match="the budget is 60 rows"):
        fitted.set_budget(60)
    assert fitted.set_budget(2).n_selected_ == 2


def test_no_row_is_far_enough():
    with pytest.warns(UserWarning, match="Only 0 rows can be selected"):
        fitted = facility(budget=5, min_distance=1e6).fit(X, selected=[0])
    assert fitted.n_selected_ == 0 and fitted.indices_.size == fitted.weights_.size == 0
    assert fitted.score(X) < 0
    with pytest.raises(ValueError, match="No row is selected"):
        fitted.assign(X)


def test_near_copies_are_passed_over():
    rng = np.random.default_rng(0)
    near = X[rng.integers(0, 200, 300)] + 1e-3 * rng.standard_normal((300, 5))
    rows = np.r_[X, near]
    fitted = random(budget=100, min_distance="auto").fit(rows)
    assert smallest(rows[fitted.indices_]) >= fitted.min_distance_ > 0
    neighbours = cdist(X, X)
    np.fill_diagonal(neighbours, np.inf)
    auto = random(min_distance="auto", budget=20).fit(X)
    assert auto.min_distance_ == pytest.approx(np.median(neighbours.min(axis=1)) / 2)


def test_groups_keep_their_shares():
    groups = np.repeat([0, 1], 100)
    rows = np.r_[np.repeat(X[:25], 4, axis=0) + 1e-6 * table(100, 5, seed=3), X[100:]]
    fitted = random(budget=40, min_distance=1e-3).fit(rows, groups=groups)
    assert np.bincount(groups[fitted.indices_]).tolist() == [20, 20]
    fitted = random(budget=60, min_distance=1e-3).fit(rows, groups=groups)
    assert np.bincount(groups[fitted.indices_]).tolist() == [25, 35]
    assert smallest(rows[fitted.indices_]) >= 1e-3


def test_a_walk_that_ended_with_the_budget(monkeypatch):
    whole = random(budget=30, min_distance=0.5).fit(X)
    monkeypatch.setattr(_distance, "_ALL_STEPS", 0)
    fitted = random(budget=30, min_distance=0.5).fit(X)
    np.testing.assert_array_equal(fitted.indices_, whole.indices_)
    with pytest.raises(ValueError, match="has ranked 30"):
        fitted.set_budget(31)
    assert fitted.set_budget(5).n_selected_ == 5


@pytest.mark.parametrize("make", with_parameter("min_distance"))
@pytest.mark.parametrize("value", [0, -1.0, "far", float("nan"), float("inf"), [1], True])
def test_what_cannot_be_a_min_distance(make, value):
    with pytest.raises(InvalidParameterError, match="min_distance"):
        make(min_distance=value).fit(X)


# --- radius -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("all_steps", [0, 4e9])
@pytest.mark.parametrize("radius", [0.3, 1.0, 2.0, 100.0])
def test_as_many_as_it_takes(radius, all_steps, dtype, monkeypatch):
    monkeypatch.setattr(_set_aware, "_ALL_STEPS", all_steps)
    rows = np.r_[X, X[:20]].astype(dtype)
    fitted = KCenterSelector(budget=None, radius=radius).fit(rows)
    n = fitted.n_selected_
    covered = cdist(rows, rows[fitted.ranking_[:n]]).min(axis=1).max()
    assert covered <= radius
    if n > 1:
        assert cdist(rows, rows[fitted.ranking_[: n - 1]]).min(axis=1).max() > radius * 0.9999
    assert n <= 200 and sorted(fitted.ranking_) == list(range(220))


def test_a_budget_and_a_radius():
    n = KCenterSelector(budget=None, radius=1.5).fit(X).n_selected_
    assert KCenterSelector(budget=10, radius=1.5).fit(X).n_selected_ == 10
    fitted = KCenterSelector(budget=150, radius=1.5).fit(X)
    assert fitted.n_selected_ == n
    assert fitted.set_budget(5).n_selected_ == 5
    again = KCenterSelector(budget=None, radius=1.5).fit(X, selected=fitted.ranking_[:n])
    assert again.n_selected_ == 0


def test_a_cosine_radius():
    fitted = KCenterSelector(budget=None, radius=0.1, metric="cosine").fit(X)
    assert cdist(X, X[fitted.indices_], "cosine").min(axis=1).max() <= 0.1


@pytest.mark.parametrize(
    "parameters, says",
    [
        ({"radius": 0}, "radius"),
        ({"radius": "auto"}, "radius"),
        ({"radius": True}, "radius"),
        ({"radius": float("inf")}, "radius"),
        ({"metric": "manhattan"}, "metric"),
        ({"budget": None}, "may be None, as many rows as it takes, with a radius only"),
        ({"budget": 0}, "budget"),
    ],
)
def test_what_cannot_be_a_radius(parameters, says):
    with pytest.raises(ValueError, match=says):
        KCenterSelector(**parameters).fit(X)


def test_radius_and_groups():
    with pytest.raises(ValueError, match="radius=1.0 asks for as many rows as it takes, and gro"):
        KCenterSelector(budget=None, radius=1.0).fit(X, groups=np.arange(200) % 2)
