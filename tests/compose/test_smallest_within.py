"""smallest_within: the smallest budget that is good enough, as refit of a search."""

import copy
import pickle

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetClassifier, CoresetRegressor, smallest_within
from tests.compose.common import TARGET, X, Y, random


def results(scores, budgets, name="selector__budget", **more):
    """Return what a search over budgets leaves behind."""
    params = [{name: budget} for budget in budgets]
    return {"mean_test_score": np.array(scores, float), "params": params, **more}


BUDGETS = [0.1, 0.2, 0.5, 1.0]


@pytest.mark.parametrize(
    "scores, tolerance, absolute, chosen",
    [
        ([0.7, 0.88, 0.9, 1.0], 0.1, False, 2),
        ([0.7, 0.88, 0.9, 1.0], 0.12, False, 1),
        ([0.7, 0.88, 0.9, 1.0], 0, False, 3),
        ([0.7, 0.9, 0.9, 0.9], 0, False, 1),
        ([0.7, 0.8, 0.9, 0.85], 0.05, True, 2),
        ([0.9, 0.95, 0.95, 1.0], 0.05, True, 1),
        ([7, 8.8, 9, 10], 1, True, 2),
        ([-13, -11, -10.5, -10], 0.1, False, 1),  # of errors, the share is one of their size
        ([-13, -11, -10.5, -10], 0.6, True, 2),
        ([0.7, np.nan, 0.9, 1.0], 0.2, False, 2),
        ([np.nan, 0.5, np.nan, np.nan], 0, False, 1),
        ([0.4, 0.5, 0.3, 0.2], 0.2, False, 0),  # more can be worse
        ([0.0, 0.0, -1.0, 0.0], 0.5, False, 0),
        ([0.5, 0.6, 0.7, 0.8], 100, False, 0),
    ],
)
def test_choice(scores, tolerance, absolute, chosen):
    rule = smallest_within(tolerance, absolute=absolute)
    index = rule(results(scores, BUDGETS))
    assert index == chosen and type(index) is int
    order = [3, 0, 2, 1]
    shuffled = results(np.array(scores)[order], np.array(BUDGETS)[order].tolist())
    assert order[rule(shuffled)] == chosen


def test_of_equal_budgets_the_best():
    found = results([0.80, 0.92, 0.91, 1.0, 0.99], [10, 20, 20, 500, 500])
    assert smallest_within(0.1)(found) == 1
    assert smallest_within(0.005)(found) == 3
    found = results([0.9, 0.9, 0.9], [20, 20, 30])
    assert smallest_within(0)(found) == 0


@pytest.mark.parametrize("name", ["budget", "coresetclassifier__selector__budget"])
def test_the_budget_can_be_anywhere(name):
    assert smallest_within(0.2)(results([0.8, 0.9, 1.0], [5, 50, 500], name)) == 0


def test_numpy_budgets_and_masked_arrays():
    found = results(np.ma.masked_array([0.8, 0.9, 1.0], [0, 0, 0]), list(np.array([5, 50, 500])))
    assert smallest_within(0.15)(found) == 1


def test_budgets_as_text():
    assert smallest_within(0.15)(results([0.8, 0.9, 1.0], ["5%", "10%", "50%"])) == 1
    assert smallest_within(0.15)(results([0.8, 0.9, 1.0], ["9%", 0.1, "50%"])) == 1
    assert smallest_within(0.15)(results([0.8, 0.9, 1.0], [5, "50", 500])) == 1


def test_several_metrics():
    found = results([], [5, 50, 500])
    del found["mean_test_score"]
    found |= {"mean_test_f1": np.array([1, 0.9, 1.0]), "mean_test_r2": np.array([0.1, 0.9, 1])}
    assert smallest_within(0.1, scoring="r2")(found) == 1
    assert smallest_within(0.1, scoring="f1")(found) == 0
    with pytest.raises(ValueError, match="no 'mean_test_score'. Its metrics: f1, r2.*scoring='f1'"):
        smallest_within(0.1)(found)


def test_only_the_last_round_of_halving():
    found = results([1.0, 0.8, 0.7, 0.79], [5, 50, 500, 50], iter=[0, 0, 1, 1])
    assert smallest_within(0.2)(found) == 3
    assert smallest_within(0)(found) == 3


@pytest.mark.parametrize(
    "found, says",
    [
        (results([1], [5], "C"), "over one budget.*it sets none. Its parameters: C"),
        (
            {"mean_test_score": [1], "params": [{"a__budget": 1, "b__budget": 2}]},
            "it sets a__budget, b__budget",
        ),
        (results([1, 1], [5, 0.5]), "mixes numbers of rows with fractions"),
        (results([1, 1], [5, "all"]), "must be a number in every candidate; one is 'all'"),
        (
            {"mean_test_score": [1, 1], "params": [{"budget": 1}, {"C": 2}]},
            "Candidate 1 of the search, {'C': 2}, does not set budget",
        ),
        (results([np.nan, np.nan], [5, 6]), "all of their fits have failed"),
        ({"params": [{"budget": 1}]}, "have no 'mean_test_score'"),
    ],
)
def test_searches_that_it_cannot_choose_from(found, says):
    with pytest.raises(ValueError, match=says):
        smallest_within(0.1)(found)


@pytest.mark.parametrize("tolerance", [-0.1, "1 %", None, np.nan])
def test_no_tolerance(tolerance):
    with pytest.raises(ValueError, match="'tolerance' parameter of smallest_within"):
        smallest_within(tolerance)


def test_it_can_be_copied_pickled_and_read():
    rule = smallest_within(0.02, absolute=True, scoring="r2")
    assert repr(rule) == "smallest_within(0.02, absolute=True, scoring='r2')"
    assert repr(smallest_within(0.5)) == "smallest_within(0.5)"
    assert pickle.loads(pickle.dumps(rule)) == rule == copy.deepcopy(rule)
    search = GridSearchCV(CoresetClassifier(), {}, refit=rule)
    assert clone(search).refit == rule and "smallest_within(0.02" in repr(search)


def expected(search, tolerance):
    """Choose by hand."""
    found = search.cv_results_
    best = max(found["mean_test_score"])
    good = [
        (one["selector__budget"], -score, index)
        for index, (one, score) in enumerate(
            zip(found["params"], found["mean_test_score"], strict=True)
        )
        if score >= best - tolerance * abs(best)
    ]
    return min(good)[2]


@pytest.mark.parametrize("tolerance", [0, 0.02, 0.1])
def test_grid_search(tolerance):
    grid = {"selector__budget": [0.3, 0.5, 0.8, 1.0], "estimator__C": [0.1, 1, 10]}
    classifier = CoresetClassifier(LogisticRegression(), random())
    search = GridSearchCV(classifier, grid, cv=3, refit=smallest_within(tolerance)).fit(X, Y)
    assert search.best_index_ == expected(search, tolerance)
    assert search.best_params_ == search.cv_results_["params"][search.best_index_]
    budget = search.best_params_["selector__budget"]
    assert search.best_estimator_.coreset_indices_.size == int(budget * 120)
    assert search.predict(X).shape == (120,)


def test_a_smaller_budget_than_without():
    grid = {"selector__budget": [0.3, 0.5, 0.8, 1.0]}
    regressor = CoresetRegressor(Ridge(), random())
    plain = GridSearchCV(regressor, grid).fit(X, TARGET)
    thrifty = GridSearchCV(regressor, grid, refit=smallest_within(0.05)).fit(X, TARGET)
    assert plain.best_params_["selector__budget"] == 1.0
    assert thrifty.best_params_["selector__budget"] == 0.3


def test_randomized_search():
    space = {"selector__budget": uniform(0.3, 0.6), "estimator__C": [0.1, 1, 10]}
    classifier = CoresetClassifier(LogisticRegression(), random())
    search = RandomizedSearchCV(
        classifier, space, n_iter=8, cv=3, random_state=0, refit=smallest_within(0.05)
    ).fit(X, Y)
    assert search.best_index_ == expected(search, 0.05)


def test_in_a_pipeline_and_over_several_metrics():
    pipeline = make_pipeline(StandardScaler(), CoresetClassifier(selector=random()))
    search = GridSearchCV(
        pipeline,
        {"coresetclassifier__selector__budget": [0.3, 0.6, 1.0]},
        scoring=["accuracy", "f1_macro"],
        refit=smallest_within(1.0, scoring="f1_macro"),
    ).fit(X, Y)
    assert search.best_params_ == {"coresetclassifier__selector__budget": 0.3}


def halving(refit):
    return HalvingGridSearchCV(
        CoresetClassifier(LogisticRegression(), random()),
        {"selector__budget": [0.4, 0.6, 0.8, 1.0]},
        cv=2,
        factor=2,
        min_resources=60,
        refit=refit,
        random_state=0,
    )


def test_halving_search_by_hand():
    search = halving(False).fit(X, Y)
    found = search.cv_results_
    chosen = smallest_within(1.0)(found)
    last = np.flatnonzero(np.asarray(found["iter"]) == max(found["iter"]))
    budgets = [found["params"][i]["selector__budget"] for i in last]
    assert len(budgets) >= 2 and chosen == last[np.argmin(budgets)]


@pytest.mark.xfail(
    strict=True, reason="the halving searches of scikit-learn ignore a callable refit"
)
def test_halving_search_takes_a_callable():
    search = halving(smallest_within(1.0)).fit(X, Y)
    assert search.best_index_ == smallest_within(1.0)(search.cv_results_)
