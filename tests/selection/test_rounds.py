"""Rounds: rows selected before, by each selector's own rule, through Pipelines and searches."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, load_wine, make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetClassifier
from tests.selection.common import facility, herding, kcenter, kmeans, random, table

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


TABLES = {"digits": load_digits, "wine": load_wine}


@pytest.mark.parametrize("make", [facility, kmeans, kcenter, herding])
@pytest.mark.parametrize("n_rounds", [3])
def test_three_rounds_reach_what_one_does(make, n_rounds):
    """Three rounds of 1 % against 3 % at once, by what each selector is after."""
    rows = StandardScaler().fit_transform(load_digits().data)
    n = len(rows) // 100
    labelled = np.empty(0, int)
    for _ in range(n_rounds):
        chosen = make(budget=n).fit(rows, selected=labelled).indices_
        assert not set(chosen) & set(labelled)
        labelled = np.r_[labelled, chosen]
    at_once = make(budget=n_rounds * n).fit(rows).indices_
    kind = "cityblock" if make is facility else "euclidean"

    def uncovered(chosen):
        return cdist(rows, rows[chosen], kind).min(axis=1).mean()

    allowed = {kcenter: 1.0 + 1e-9, herding: 1.05}.get(make, 1.02)
    assert uncovered(labelled) < allowed * uncovered(at_once)


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
