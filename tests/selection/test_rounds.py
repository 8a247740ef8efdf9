"""Rounds: rows selected before, by each selector's own rule, through Pipelines and searches."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from scipy.spatial.distance import cdist
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
    make_blobs,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetClassifier
from sklearn_zcore._progress import Silent
from sklearn_zcore.selection import _swaps
from sklearn_zcore.selection._swaps import swap_rows
from tests.selection.common import (
    TAKES_SELECTED,
    facility,
    herding,
    kcenter,
    kmeans,
    random,
    table,
)

X = table(200, 5)


def test_herding_goes_on_where_the_first_round_ended():
    """In one feature space, the second round makes the choices that one long round makes."""
    whole = herding(budget=30, gamma=0.1).fit(X)
    first = herding(budget=12, gamma=0.1).fit(X)
    second = herding(budget=18, gamma=0.1).fit(X, selected=first.indices_)
    both = np.r_[first.ranking_[:12], second.ranking_[:18]]
    assert len(set(both) & set(whole.ranking_[:30])) >= 28  # float32: near ties may turn


def test_kmeans_takes_the_clusters_that_hold_none():
    blobs, which = make_blobs(300, 3, centers=8, cluster_std=0.05, random_state=3)
    before = [int(np.flatnonzero(which == blob)[0]) for blob in range(3)]
    fitted = kmeans(budget=5).fit(blobs, selected=before)
    assert set(which[fitted.indices_]) == {3, 4, 5, 6, 7}
    centres = np.stack([blobs[which == blob].mean(axis=0) for blob in range(3, 8)])
    assert set(fitted.indices_) == set(cdist(centres, blobs).argmin(axis=1))


def test_kmeans_lowers_the_squared_distances_beside_what_is_selected():
    before = kmeans(budget=20).fit(X).indices_[::2]

    def inertia(rows):
        return (cdist(X, X[np.r_[before, rows]]).min(axis=1) ** 2).sum()

    others = np.setdiff1d(np.arange(200), before)
    rng = np.random.default_rng(0)
    draws = [inertia(rng.choice(others, 10, replace=False)) for _ in range(200)]
    assert inertia(kmeans(budget=10).fit(X, selected=before).indices_) < min(draws)


def test_random_leaves_them_out():
    before = np.arange(0, 200, 2)
    fitted = random(budget=30).fit(X, selected=before)
    plain = random(budget=30).fit(X)
    assert fitted.ranking_[-100:].tolist() == [r for r in plain.ranking_ if r % 2 == 0]
    np.testing.assert_array_equal(fitted.scores_, plain.scores_)


TABLES = {
    "digits": load_digits,
    "breast cancer": load_breast_cancer,
    "wine": load_wine,
    "iris": load_iris,
    "diabetes": load_diabetes,
}


def three_rounds(make, rows, n):
    """Return what three rounds select, and what one fit of as many rows does."""
    labelled = np.empty(0, int)
    for _ in range(3):
        labelled = np.r_[labelled, make(budget=n).fit(rows, selected=labelled).indices_]
    assert len(set(labelled)) == 3 * n  # no row twice
    return labelled, make(budget=3 * n).fit(rows).indices_


def uncovered(make, rows, chosen):
    kind = "cityblock" if make is facility else "euclidean"
    return cdist(rows, rows[chosen], kind).min(axis=1).mean()


@pytest.mark.parametrize("load", TABLES.values(), ids=list(TABLES))
@pytest.mark.parametrize("make", [facility, kmeans])
def test_three_rounds_reach_what_one_does(make, load):
    """Three rounds of 1 %, or of two rows, against all at once."""
    rows = StandardScaler().fit_transform(load().data)
    labelled, at_once = three_rounds(make, rows, max(2, len(rows) // 100))
    assert uncovered(make, rows, labelled) < 1.02 * uncovered(make, rows, at_once)


@pytest.mark.parametrize("load", [load_digits, load_breast_cancer])
@pytest.mark.parametrize(
    "make, metric, power", [(facility, "cityblock", 1), (kmeans, "euclidean", 2)]
)
def test_three_rounds_reach_the_objective_of_one(make, metric, power, load):
    """The objective: what the mean (squared) distance falls short of the largest."""
    rows = StandardScaler().fit_transform(load().data)
    distances = cdist(rows, rows, metric) ** power
    labelled, at_once = (
        distances.max() - distances[chosen].min(axis=0).mean()
        for chosen in three_rounds(make, rows, len(rows) // 100)
    )
    assert labelled >= 0.98 * at_once


def test_rounds_of_kmeans_end_near_one_fit():
    """The sum of the squared distances itself: seeds by plain k-means++ leave it 10 % larger."""
    rows = StandardScaler().fit_transform(load_digits().data)
    ratios = []
    for seed in range(4):
        squares = [
            (cdist(rows, rows[chosen]).min(axis=1) ** 2).sum()
            for chosen in three_rounds(partial(kmeans, random_state=seed), rows, 17)
        ]
        ratios.append(squares[0] / squares[1])
    assert np.mean(ratios) <= 1.03


@pytest.mark.parametrize("make, allowed", [(kcenter, 1.0 + 1e-9), (herding, 1.05)])
def test_three_rounds_of_the_others(make, allowed):
    rows = StandardScaler().fit_transform(load_digits().data)
    labelled, at_once = three_rounds(make, rows, 17)
    assert uncovered(make, rows, labelled) < allowed * uncovered(make, rows, at_once)


def test_swaps_only_lower_the_squared_distances():
    """Whatever is tried: all rows, or those that there is time for; with weights, and none."""
    rng = np.random.RandomState(0)
    near = cdist(X, X[:5]).min(axis=1) ** 2
    for weights in (np.ones(200), rng.randint(0, 4, 200).astype(float)):
        for rows in (X, sp.csr_array(X)):
            chosen = np.arange(5, 25)

            def cost(chosen, weights=weights):
                return weights @ np.minimum(near, (cdist(X, X[chosen]) ** 2).min(axis=1))

            swapped = swap_rows(rows, weights, near, chosen, rng, Silent())
            assert len(set(swapped)) == 20 and cost(swapped) < 0.9 * cost(chosen)
            # No single swap would lower it by more than what counts as rounding.
            for place in range(20):
                for row in np.setdiff1d(np.arange(200), swapped)[::7]:
                    other = swapped.copy()
                    other[place] = row
                    assert cost(other) > (1 - 1e-5) * cost(swapped)


def test_swaps_try_what_there_is_time_for(monkeypatch):
    near = cdist(X, X[:5]).min(axis=1) ** 2
    chosen = np.arange(5, 25)
    cost = lambda rows: np.minimum(near, (cdist(X, X[rows]) ** 2).min(axis=1)).sum()  # noqa: E731
    found = {}
    for steps in (0, 20 * X.size, 1e10):
        monkeypatch.setattr(_swaps, "_ALL_STEPS", steps)
        rng = np.random.RandomState(0)
        found[steps] = cost(swap_rows(X, np.ones(200), near, chosen, rng, Silent()))
    assert found[0] == cost(chosen)  # none
    assert found[1e10] <= found[20 * X.size] < 0.9 * cost(chosen)


def test_metadata_routing():
    rows, y = load_digits(return_X_y=True)
    rows, y = rows[:400], y[:400]
    groups = np.arange(400) % 4
    selected = np.arange(400) < 40
    with sklearn.config_context(enable_metadata_routing=True):
        select = facility(budget=40, group_budget="equal").set_fit_request(
            groups=True, selected=True, sample_weight="importance"
        )
        keywords = {"groups": groups, "selected": selected, "importance": 1.0 + groups}
        alone = facility(budget=40, group_budget="equal").fit(
            rows, groups=groups, selected=selected, sample_weight=1.0 + groups
        )
        pipeline = Pipeline([("scale", "passthrough"), ("select", select)])
        pipeline.fit(rows, **keywords)
        np.testing.assert_array_equal(pipeline["select"].indices_, alone.indices_)

        classifier = CoresetClassifier(LogisticRegression(max_iter=2000, tol=0.1), select)
        classifier.fit(rows, y, **keywords)
        np.testing.assert_array_equal(classifier.coreset_indices_, alone.indices_)

        search = GridSearchCV(classifier, {"selector__budget": [30, 50]}, cv=2)
        search.fit(rows, y, **keywords)
        best = search.best_estimator_
        assert np.ptp(np.bincount(groups[best.coreset_indices_])) <= 1
        assert best.coreset_indices_.min() >= 40


def test_a_mask_travels_through_pandas():
    frame = pd.DataFrame(X, index=np.arange(1000, 1200))
    labels = pd.Series(np.where(np.arange(200) < 20, "cat", None), index=frame.index)
    fitted = kmeans(budget=10).fit(frame, selected=labels.notna())
    assert fitted.indices_.min() >= 20


# --- what cannot be -----------------------------------------------------------------------------


@pytest.mark.parametrize("make", TAKES_SELECTED)
@pytest.mark.parametrize("selected", [3, np.ones((40, 2), bool), [[1, 2], [3, 4]]])
def test_selected_rows_of_another_shape(make, selected):
    with pytest.raises(ValueError, match=r"selected has the shape \(.*in one dimension"):
        make().fit(X[:40], selected=selected)


@pytest.mark.parametrize("make", [facility, kmeans])
def test_keywords_are_refused_in_the_selector_s_name(make):
    with pytest.raises(TypeError, match=rf"^{make.estimator.__name__}\.fit\(\) got an unexpected"):
        make().fit(X, wieghts=1)


@pytest.mark.parametrize("make", [facility, kmeans, herding, random])
def test_weights_that_are_no_numbers(make):
    with pytest.raises(ValueError, match="sample_weight needs a number for each row: could not"):
        make().fit(X[:40], sample_weight=["a"] * 40)
