"""Set-aware selectors: what they choose, copies of rows, and rows selected before."""

from unittest.mock import patch

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError

import sklearn_zcore.facility
from sklearn_zcore import KCenterSelector, KMeansSelector
from sklearn_zcore.rows import _statistics
from sklearn_zcore.selection import _set_aware
from tests.selection.common import (
    COMPARE_DISTANCES,
    SET_AWARE,
    facility,
    herding,
    kcenter,
    kmeans,
    table,
)

X = table(200, 5)
EXTENDS = SET_AWARE


# --- what is chosen -----------------------------------------------------------------------------


def test_scores_are_shares_of_the_ranking():
    fitted = facility().fit(X)
    np.testing.assert_array_equal(np.sort(fitted.scores_), np.arange(1, 201) / 200)
    np.testing.assert_array_equal(np.argsort(-fitted.scores_), fitted.ranking_)


@pytest.mark.parametrize("make", SET_AWARE)
def test_every_blob_is_represented(make):
    blobs, which = make_blobs(300, 4, centers=10, cluster_std=0.05, random_state=1)
    # Herding follows densities: a few more rows than blobs.
    n = 30 if make is herding else 10
    assert set(which[make(budget=n).fit(blobs).indices_]) == set(range(10))


@pytest.mark.parametrize("metric", ["manhattan", "euclidean"])
@pytest.mark.parametrize("budget", [4, 20])
def test_facility_location_covers_better_than_random_rows(metric, budget):
    kind = {"manhattan": "cityblock"}.get(metric, metric)
    distances = cdist(X, X, kind)
    chosen = facility(metric=metric, budget=budget).fit(X).indices_
    reached = distances[:, chosen].min(axis=1).mean()
    draws = np.random.default_rng(0).permuted(np.tile(np.arange(200), (200, 1)), axis=1)[:, :budget]
    assert reached < min(distances[:, rows].min(axis=1).mean() for rows in draws)


def test_facility_location_exact_or_not():
    exact, auto = facility(exact=True).fit(X), facility().fit(X)
    np.testing.assert_array_equal(exact.ranking_, auto.ranking_)
    rough = facility(exact=False, part_size=16).fit(X)
    assert (rough.ranking_ != exact.ranking_).any()
    assert rough.score(X) > 1.2 * exact.score(X)


def test_ties_do_not_follow_the_file():
    """Rows of a grid are as good as each other: the first in the file are not preferred."""
    grid = np.stack(np.meshgrid(*[np.arange(20.0)] * 2), axis=-1).reshape(-1, 2)
    chosen = [facility(budget=8, random_state=seed).fit(grid).indices_ for seed in range(5)]
    assert len({tuple(rows) for rows in chosen}) > 1
    assert 150 < np.concatenate(chosen).mean() < 250


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_facility_location_on_any_worker(backend):
    expected = facility(exact=False, part_size=32).fit(X).ranking_
    with joblib.parallel_config(backend=backend):
        again = facility(exact=False, part_size=32, n_jobs=2).fit(X).ranking_
    np.testing.assert_array_equal(again, expected)


def test_kmeans_selects_the_rows_nearest_to_the_centres():
    blobs = make_blobs(200, 3, centers=6, cluster_std=0.2, random_state=0)[0]
    fitted = kmeans(budget=6).fit(blobs)
    centres = KMeans(6, n_init=10, random_state=0).fit(blobs).cluster_centers_
    assert set(fitted.indices_) == set(cdist(centres, blobs).argmin(axis=1))


def test_kmeans_goes_on_by_cluster():
    blobs, which = make_blobs([40, 30, 20], 2, cluster_std=0.1, random_state=0)
    fitted = kmeans(budget=3).fit(blobs)
    assert which[fitted.ranking_[:6]].tolist() == [0, 1, 2, 0, 1, 2]
    assert which[fitted.set_budget(1).indices_] == [0]


@pytest.mark.slow
def test_kmeans_in_batches():
    blobs, which = make_blobs(500, 3, centers=5, cluster_std=0.1, random_state=0)
    with patch.object(_kmeans_module(), "_MINIBATCH_ABOVE", 0):
        automatic = kmeans(budget=5).fit(blobs)
    batches = kmeans(budget=5, minibatch=True).fit(blobs)
    np.testing.assert_array_equal(automatic.indices_, batches.indices_)
    assert set(which[batches.indices_]) == set(range(5))


def _kmeans_module():
    import sklearn_zcore.selection._kmeans as module

    return module


def test_kcenter_is_farthest_first():
    distances = cdist(X, X)
    order = [int(np.linalg.norm(X - X.mean(axis=0), axis=1).argmin())]
    while len(order) < 200:
        order.append(int(distances[order].min(axis=0).argmax()))
    np.testing.assert_array_equal(kcenter().fit(X).ranking_[:150], order[:150])


def test_herding_brings_the_mean_of_the_coreset_to_the_mean():
    """In the kernel's feature space, where random rows get there more slowly."""
    gamma = 0.1
    kernel = np.exp(-gamma * cdist(X, X, "sqeuclidean"))

    def discrepancy(rows):
        return kernel.mean() - 2 * kernel[:, rows].mean() + kernel[np.ix_(rows, rows)].mean()

    rows = herding(budget=20, gamma=gamma, n_components=2000).fit(X).indices_
    rng = np.random.default_rng(0)
    random = [discrepancy(rng.choice(200, 20, replace=False)) for _ in range(200)]
    assert discrepancy(rows) < min(random)


def test_herding_gamma_is_on_the_scale_of_X():
    fits = [herding(budget=20, gamma=0.1 / s**2).fit(s * X).ranking_ for s in (1.0, 1024.0)]
    np.testing.assert_array_equal(*fits)


@pytest.mark.parametrize("make", [kcenter, herding])
def test_a_search_that_ended_with_the_budget(make, monkeypatch):
    """On many rows the search goes no further than it must, and says so."""
    full = make(budget=30).fit(X)
    monkeypatch.setattr(_set_aware, "_ALL_STEPS", 0)
    part = make(budget=30).fit(X)
    np.testing.assert_array_equal(part.ranking_[:30], full.ranking_[:30])
    assert sorted(part.ranking_) == list(range(200))
    assert part.set_budget(10).n_selected_ == 10
    with pytest.raises(ValueError, match="budget=31 is 31 rows, and this .* has ranked 30"):
        part.set_budget(31)
    assert part.n_selected_ == 10 and part.budget == 10


@pytest.mark.parametrize(
    "parameters",
    [
        {"metric": "hamming"},
        {"exact": "maybe"},
        {"part_size": 15},
        {"n_jobs": 1.5},
        {"memory": 3},
    ],
)
def test_parameters_of_facility_location(parameters):
    with pytest.raises(InvalidParameterError, match=next(iter(parameters))):
        facility(**parameters).fit(X)


@pytest.mark.parametrize("parameters", [{"gamma": 0}, {"n_components": 0}])
def test_parameters_of_herding(parameters):
    with pytest.raises(InvalidParameterError, match=next(iter(parameters))):
        herding(**parameters).fit(X)


# --- rows as they come --------------------------------------------------------------------------


@pytest.mark.parametrize("make", SET_AWARE)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_copies_come_after_all_distinct_rows(make, dtype):
    rng = np.random.default_rng(0)
    distinct = (1000 * rng.standard_normal((40, 3))).astype(dtype)
    which = np.r_[np.arange(40), rng.integers(0, 40, 60)]
    rng.shuffle(which)
    ranked = which[make().fit(distinct[which]).ranking_]
    assert sorted(ranked[:40]) == list(range(40))
    number = pd.Series(ranked).groupby(ranked).cumcount()
    assert number.is_monotonic_increasing  # second copies, third ones, ...


@pytest.mark.parametrize("make", SET_AWARE)
def test_the_first_of_equal_rows_is_chosen(make):
    rows = np.repeat(table(20), 3, axis=0)
    assert (make(budget=20).fit(rows).indices_ % 3 == 0).all()


@pytest.mark.parametrize("make", SET_AWARE)
def test_rows_that_float32_cannot_tell_apart(make):
    rows = np.repeat(table(20), 3, axis=0)
    rows[:, 0] += 1e-12 * np.arange(60)
    assert sorted(make(budget=30).fit(rows).ranking_) == list(range(60))


def test_minus_zero_is_zero():
    rows = np.array([[0.0, 1], [-0.0, 1], [2, 3], [4, 5]])
    assert facility().fit(rows).ranking_[-1] == 1


def test_fingerprints_that_agree_by_accident(monkeypatch):
    """Rows are compared, so that different ones are never taken for copies."""
    selector = facility()
    monkeypatch.setattr(
        "sklearn_zcore.selection._base.scan", lambda rows, *_: np.zeros(rows.shape[0], np.uint64)
    )
    rows = np.r_[X, X[:50]]
    ranked = selector.fit(rows).ranking_
    assert set(ranked[:200]) == set(range(200)) and set(ranked[200:]) == set(range(200, 250))


@pytest.mark.parametrize("make", COMPARE_DISTANCES)
def test_timestamps_keep_their_digits(make):
    seconds = np.random.default_rng(0).integers(0, 86_400, (150, 2)).astype(float)
    plain, shifted = make().fit(seconds), make().fit(seconds + 1.7e9)
    np.testing.assert_array_equal(shifted.ranking_, plain.ranking_)


@pytest.mark.parametrize("make", SET_AWARE)
@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_units_do_not_matter(make, scale):
    """Squares of such values are beyond float32."""
    rows = np.ldexp(X, int(np.log2(scale)))
    np.testing.assert_array_equal(make().fit(rows).ranking_, make().fit(X).ranking_)


@pytest.mark.parametrize("make", SET_AWARE)
def test_all_rows_equal(make):
    with pytest.raises(ValueError, match="All 3 .* are constant .* nothing to tell the rows apart"):
        make().fit(np.full((20, 3), 7.5))


@pytest.mark.parametrize("make", SET_AWARE)
@pytest.mark.parametrize("value", [1e300, 1e38])
def test_wider_than_float32(make, value):
    rows = X.copy()
    rows[7, 2] = value
    with pytest.raises(ValueError, match="Feature 2 spans .*, too wide for float32 .*StandardSc"):
        make().fit(rows)


@pytest.mark.parametrize("make", SET_AWARE)
def test_columns_in_blocks(make, monkeypatch):
    expected = make().fit(X).ranking_
    monkeypatch.setattr(_statistics, "_COLUMN_BYTES", 1)
    np.testing.assert_array_equal(make().fit(X).ranking_, expected)


# --- rows selected before -----------------------------------------------------------------------


def as_mask(rows):
    mask = np.zeros(200, bool)
    mask[rows] = True
    return mask


@pytest.mark.parametrize("make", EXTENDS)
@pytest.mark.parametrize(
    "travel", [list, np.array, as_mask, pd.Series, lambda r: as_mask(r).tolist(), np.uint8]
)
def test_selected_rows_are_not_selected_again(make, travel):
    before = [3, 17, 99, 180]
    fitted = make(budget=20).fit(X, selected=travel(before))
    assert fitted.n_selected_ == 20 and not set(before) & set(fitted.indices_)
    assert fitted.ranking_[-4:].tolist() == before
    np.testing.assert_array_equal(fitted.transform(X), X[fitted.indices_])
    np.testing.assert_array_equal(
        fitted.ranking_, make(budget=20).fit(X, selected=as_mask(before)).ranking_
    )


@pytest.mark.parametrize("make", EXTENDS)
def test_selected_rows_count_as_covered(make):
    """Given all rows of some blobs, the others are represented first."""
    blobs, which = make_blobs(300, 4, centers=10, cluster_std=0.05, random_state=1)
    fitted = make(budget=5).fit(blobs, selected=np.isin(which, range(5)))
    chosen = set(which[fitted.indices_])
    # Herding follows densities, see above.
    assert chosen <= {5, 6, 7, 8, 9} if make is herding else chosen == {5, 6, 7, 8, 9}


def test_a_second_round_goes_on_where_the_first_one_ended():
    """Farthest first in two rounds is farthest first."""
    whole = KCenterSelector(40).fit(X)
    first = KCenterSelector(15).fit(X)
    second = KCenterSelector(25).fit(X, selected=first.get_support())
    assert set(first.indices_) | set(second.indices_) == set(whole.indices_)


@pytest.mark.parametrize("make", EXTENDS)
def test_copies_of_selected_rows_come_last(make):
    rows = np.r_[X[:50], X[:10]]
    fitted = make(budget=10).fit(rows, selected=np.arange(10))
    assert set(fitted.ranking_[:40]) == set(range(10, 50))
    assert set(fitted.ranking_[40:50]) == set(range(50, 60))
    only_copies = make(budget=2).fit(np.repeat(X[:4], 2, axis=0), selected=[0, 2, 4, 6])
    assert set(only_copies.indices_) <= {1, 3, 5, 7}


@pytest.mark.parametrize("make", EXTENDS)
def test_budgets_beside_selected_rows(make):
    before = np.arange(150)
    assert make(budget=0.1).fit(X, selected=before).n_selected_ == 20
    assert make(budget=1.0).fit(X, selected=before).n_selected_ == 50
    fitted = make(budget=50).fit(X, selected=before)
    assert set(fitted.indices_) == set(range(150, 200))
    with pytest.raises(ValueError, match="budget=51 is more than the 50 rows .* 150 of n_samples"):
        make(budget=51).fit(X, selected=before)
    with pytest.raises(ValueError, match="budget=51 is more than the 50 rows"):
        fitted.set_budget(51)
    assert fitted.fit(X).set_budget(51).n_selected_ == 51  # a later fit forgets them


@pytest.mark.parametrize("make", EXTENDS)
def test_score_counts_selected_rows_as_covering(make):
    before = np.arange(50)
    fitted = make(budget=5).fit(X, selected=before)
    rows = np.r_[before, fitted.indices_]
    assert fitted.score(X) == pytest.approx(-cdist(X, X[rows]).min(axis=1).mean())


@pytest.mark.parametrize("make", EXTENDS)
@pytest.mark.parametrize(
    "selected, error, says",
    [
        (np.ones(199, bool), ValueError, "mask of 199 rows, and X has n_samples = 200"),
        ([200], ValueError, "names row 200, and the rows of X are 0 to 199"),
        ([3, -1], ValueError, "names row -1"),
        ([0.5], TypeError, "float64 values; give a boolean mask"),
        (["a"], TypeError, "give a boolean mask"),
        (np.ones((5, 2), int), ValueError, "shape|1d"),
        (np.ones(200, bool), ValueError, "All n_samples = 200 rows of X are in selected"),
    ],
)
def test_what_cannot_have_been_selected(make, selected, error, says):
    with pytest.raises(error, match=says):
        make().fit(X, selected=selected)


@pytest.mark.parametrize("make", EXTENDS)
@pytest.mark.parametrize("nothing", [None, [], np.zeros(200, bool)])
def test_nothing_selected_before(make, nothing):
    np.testing.assert_array_equal(make().fit(X, selected=nothing).ranking_, make().fit(X).ranking_)


# --- in use -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_memory_ranks_every_fold_once(tmp_path):
    calls = []
    rank_rows = sklearn_zcore.facility.rank_rows

    def counted(*args, **kwargs):
        calls.append(1)
        return rank_rows(*args, **kwargs)

    pipeline = make_pipeline(StandardScaler(), facility(memory=tmp_path))
    grid = {"facilitylocationselector__budget": [0.05, 0.1, 0.2, 0.4]}
    with patch("sklearn_zcore.facility.rank_rows", counted):
        search = GridSearchCV(pipeline, grid, cv=3, refit=False).fit(X)
    assert len(calls) == 3
    means = search.cv_results_["mean_test_score"]
    assert (np.diff(means) > 0).all()
    again = GridSearchCV(pipeline.set_params(facilitylocationselector__memory=None), grid, cv=3)
    np.testing.assert_array_equal(again.fit(X).cv_results_["mean_test_score"], means)


def test_progress_bar(capsys):
    facility(verbose=1).fit(X)
    out, err = capsys.readouterr()
    assert out == "" and "Facility location" in err and "200/200 rows" in err


@pytest.mark.filterwarnings("error")
def test_kmeans_of_fewer_points_than_clusters_is_silent():
    rows = np.repeat(table(20), 3, axis=0)
    rows[:, 0] += 1e-12 * np.arange(60)
    assert KMeansSelector(50, random_state=0).fit(rows).n_selected_ == 50
