"""budget_curve: each fold is selected from once, and every score is that of a plain fit."""

import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import FitFailedWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_zcore import (
    BudgetCurve,
    CoresetClassifier,
    CoresetRegressor,
    RandomSelector,
    ZCoreSelector,
    budget_curve,
)
from tests.compose.common import TARGET, WEIGHT, FirstRows, N, X, Y, frame, random, zcore

BUDGETS = [0.3, 0.5, 1.0]


def classifier(**parameters):
    return CoresetClassifier(LogisticRegression(), **{"selector": zcore(), **parameters})


def curve(estimator=None, y=Y, budgets=BUDGETS, **parameters):
    estimator = classifier() if estimator is None else estimator
    settings = {"cv": 3, "n_repeats": 2, "random_state": 0, **parameters}
    return budget_curve(estimator, X, y, budgets, **settings)


@pytest.mark.parametrize(
    "estimator, y",
    [
        (classifier(), Y),
        (classifier(selector=random(), embedder=StandardScaler(), min_per_class=2), Y),
        (classifier(weighting="voronoi", embedder=StandardScaler()), Y),
        (CoresetRegressor(Ridge(), zcore()), TARGET),
        (CoresetRegressor(Ridge(), zcore(), weighting="voronoi"), TARGET),
    ],
)
def test_scores_are_those_of_a_fit_for_each_budget(estimator, y):
    found = curve(estimator, y)
    for budget, scores in zip(BUDGETS, found.scores, strict=True):
        plain = clone(estimator).set_params(selector__budget=budget)
        np.testing.assert_allclose(scores, cross_val_score(plain, X, y, cv=3), rtol=1e-12)
    np.testing.assert_allclose(
        found.full_scores, cross_val_score(estimator.estimator, X, y, cv=3), rtol=1e-12
    )
    assert found.scoring == ("accuracy" if y is Y else "R²")
    np.testing.assert_allclose(found.scores[-1], found.full_scores, rtol=1e-12)
    np.testing.assert_allclose(found.baseline_scores[-1, :, 0], found.full_scores, rtol=1e-12)


def test_shapes_and_sizes():
    found = curve(budgets=[10, 0.5, 7, 0.99])
    assert isinstance(found, BudgetCurve)
    assert found.budgets == [7, 10, 0.5, 0.99]  # from small to large
    np.testing.assert_array_equal(found.n_selected, np.repeat([[7], [10], [40], [79]], 3, axis=1))
    np.testing.assert_array_equal(found.n_train, [80, 80, 80])
    assert found.scores.shape == (4, 3) and found.baseline_scores.shape == (4, 3, 2)
    assert found.full_scores.shape == (3,) and found.selector == "ZCoreSelector"


def test_each_fold_is_selected_from_once(monkeypatch):
    fitted = []
    plain = ZCoreSelector.fit
    monkeypatch.setattr(
        ZCoreSelector, "fit", lambda self, X, y=None: (fitted.append(len(X)), plain(self, X))[1]
    )
    embedded = []
    embedder = FunctionTransformer(lambda rows: (embedded.append(len(rows)), rows)[1])
    curve(classifier(embedder=embedder), n_repeats=4)
    assert fitted == embedded == [80, 80, 80]


def test_selector_without_set_budget():
    fitted = []

    class Counting(FirstRows):
        def fit(self, X, y=None):
            fitted.append(self.budget)
            return super().fit(X)

    found = curve(CoresetRegressor(Ridge(), Counting()), TARGET, [10, 20, 40])
    assert sorted(fitted) == [10] * 3 + [20] * 3 + [40] * 3
    for budget, scores in zip(found.budgets, found.scores, strict=True):
        plain = CoresetRegressor(Ridge(), FirstRows(budget))
        np.testing.assert_allclose(scores, cross_val_score(plain, X, TARGET, cv=3))


@pytest.mark.slow
def test_random_baseline():
    found = curve(random_state=0, n_repeats=3)
    again = curve(random_state=0, n_repeats=3, n_jobs=2)
    np.testing.assert_array_equal(found.baseline_scores, again.baseline_scores)
    np.testing.assert_array_equal(found.scores, again.scores)
    other = curve(random_state=1, n_repeats=3)
    assert not np.array_equal(found.baseline_scores, other.baseline_scores)
    np.testing.assert_array_equal(found.scores, other.scores)
    # Draws of one fold differ, and those of different folds, too.
    draws = found.baseline_scores[0]
    assert len(np.unique(draws)) > 3
    assert curve(baseline=None).baseline_scores is None


def test_baseline_has_as_many_rows_and_all_else_alike():
    sizes = []

    class Sizing(Ridge):
        def fit(self, X, y, sample_weight=None):
            sizes.append((len(X), None if sample_weight is None else sample_weight.sum()))
            return super().fit(X, y, sample_weight)

    curve(CoresetRegressor(Sizing(), zcore(), weighting="voronoi"), TARGET, [10, 0.5], n_repeats=1)
    assert sizes == [(10, 80), (40, 80), (10, 80), (40, 80), (80, 80)] * 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "cv", [2, KFold(4), StratifiedKFold(3), [(np.arange(60), np.arange(60, 120))]]
)
def test_cv(cv):
    found = curve(cv=cv)
    plain = cross_val_score(classifier(selector=random(1.0)), X, Y, cv=cv)
    np.testing.assert_allclose(found.full_scores, plain)


def test_folds_are_stratified_for_classes():
    sorted_y = np.repeat([0, 1, 2], 40)
    assert not np.isnan(curve(y=sorted_y, cv=None).scores).any()


def test_groups():
    groups = np.arange(N) % 6
    found = curve(cv=GroupKFold(3), groups=groups)
    np.testing.assert_array_equal(found.n_train, [80, 80, 80])


@pytest.mark.slow
@pytest.mark.parametrize("scoring", ["f1_macro", "neg_log_loss", get_scorer("accuracy")])
def test_scoring(scoring):
    found = curve(scoring=scoring)
    plain = cross_val_score(LogisticRegression(), X, Y, cv=3, scoring=scoring)
    np.testing.assert_allclose(found.full_scores, plain)
    assert found.scoring == (scoring if isinstance(scoring, str) else "score")
    found = curve(scoring=lambda model, X, y: 0.25)
    assert np.all(found.scores == 0.25) and found.scoring == "<lambda>"


@pytest.mark.slow
def test_pipeline():
    pipeline = make_pipeline(StandardScaler(), classifier())
    found = curve(pipeline)
    for budget, scores in zip(BUDGETS, found.scores, strict=True):
        plain = clone(pipeline).set_params(coresetclassifier__selector__budget=budget)
        np.testing.assert_allclose(scores, cross_val_score(plain, X, Y, cv=3))


@pytest.mark.slow
def test_frames_and_texts():
    data = frame()[["a", "b", "c"]]
    found = budget_curve(classifier(), data, pd.Series(Y, data.index), BUDGETS, cv=3)
    assert not np.isnan(found.scores).any()
    texts = [f"{name} w{i % 9} w{i}" for i, name in enumerate(Y)]
    dense = make_pipeline(TfidfVectorizer(max_features=5), StandardScaler(with_mean=False))
    model = CoresetClassifier(
        make_pipeline(TfidfVectorizer(), LogisticRegression()), zcore(), dense
    )
    assert budget_curve(model, texts, Y, [0.5], cv=2).full_scores.mean() > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("routing", [False, True])
def test_weights(routing):
    with config_context(enable_metadata_routing=routing):
        ridge = Ridge().set_fit_request(sample_weight=True) if routing else Ridge()
        model = CoresetRegressor(ridge, zcore())
        found = curve(model, TARGET**2, params={"sample_weight": WEIGHT}, n_jobs=2)
        train, test = next(KFold(3).split(X))
        rows = train[zcore(0.3).fit(X[train]).indices_]
        by_hand = Ridge().fit(X[rows], TARGET[rows] ** 2, WEIGHT[rows])
        assert found.scores[0, 0] == pytest.approx(by_hand.score(X[test], TARGET[test] ** 2))
        with pytest.raises(ValueError, match="sample_weight has 7 entries, and X 80 rows"):
            curve(model, TARGET, params={"sample_weight": WEIGHT[:7]})


@pytest.mark.slow
def test_threads():
    with parallel_config(backend="threading"):
        np.testing.assert_array_equal(curve(n_jobs=2).scores, curve().scores)


def test_missing_classes_are_not_warned_about():
    """Their cost is what the curve shows."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = curve(budgets=[6, 7], random_state=0)
    assert found.scores.mean() < found.full_scores.mean()


def test_a_fit_that_fails():
    labels = np.repeat([0, 1], [100, 20])  # few of the small draws have both
    estimator = classifier(selector=random())
    with pytest.warns(FitFailedWarning, match=r"fit\(s\) failed.*The first: ValueError: All 2"):
        found = curve(estimator, labels, [2, 0.8], random_state=0)
    assert np.isnan(found.baseline_scores[0]).any() and not np.isnan(found.scores[1]).any()
    with pytest.warns(FitFailedWarning):
        found = curve(estimator, labels, [2, 0.8], random_state=0, error_score=-1)
    assert (found.baseline_scores[0] == -1).any()
    with pytest.raises(ValueError, match="of one class"):
        curve(estimator, labels, [2, 0.8], random_state=0, error_score="raise")


def test_tidy_frame():
    found = curve(random_state=0)
    data = found.to_frame()
    assert list(data.columns) == [
        "rows",
        "budget",
        "n_selected",
        "n_train",
        "fold",
        "repeat",
        "score",
    ]
    assert len(data) == 3 * 3 + 3 * 3 * 2 + 3
    means = data.groupby(["rows", "budget"]).score.mean()
    np.testing.assert_allclose(means["ZCoreSelector"], found.scores.mean(axis=1))
    np.testing.assert_allclose(means["random"], found.baseline_scores.mean(axis=(1, 2)))
    np.testing.assert_allclose(means["all"], [found.full_scores.mean()])
    one = data.query("rows == 'random' and budget == 0.5 and fold == 1 and repeat == 1")
    assert one.score.item() == found.baseline_scores[1, 1, 1] and one.n_selected.item() == 40
    assert not data.duplicated(["rows", "budget", "fold", "repeat"]).any()


def test_tidy_frame_without_pandas(monkeypatch):
    found = curve(baseline=None)
    assert len(found.to_frame()) == 12
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'needs pandas: .*"\.\[table\]"'):
        found.to_frame()


def made(scores, full):
    scores = np.array(scores, float)[:, None]
    n = np.arange(1, len(scores) + 1)[:, None]
    return BudgetCurve(
        budgets=[0.1, 0.2, 0.5, 0.8][: len(scores)],
        n_selected=n,
        n_train=np.array([10]),
        scores=scores,
        baseline_scores=None,
        full_scores=np.array([full]),
        scoring="accuracy",
        selector="ZCoreSelector",
    )


def test_in_a_notebook():
    html = made([0.7, np.nan], 1.0)._repr_html_()
    assert "<th>10 %</th>" in html and "<td>0.700 ± 0.000</td>" in html and "<td>–</td>" in html
    assert "accuracy, mean ± sd over 1 folds. All rows: 1.000" in html and "random" not in html
    html = curve(budgets=[30, 0.5], random_state=0)._repr_html_()
    assert "<th>30 rows</th>" in html and "<th>random</th>" in html


@pytest.mark.parametrize(
    "scores, full, tolerance, absolute, budget",
    [
        ([0.7, 0.9, 0.95], 1.0, 0.1, False, 0.2),
        ([0.7, 0.9, 0.95], 1.0, 0.05, True, 0.5),
        ([0.7, 0.9, 0.95], 1.0, 0.01, False, None),
        ([1.1, 0.9, 0.95], 1.0, 0, False, 0.1),
        ([-3, -2.2, -2.1], -2.0, 0.1, False, 0.2),
        ([np.nan, 0.9, 0.95], 1.0, 0.5, False, 0.2),
    ],
)
def test_smallest_within(scores, full, tolerance, absolute, budget):
    assert made(scores, full).smallest_within(tolerance, absolute=absolute) == budget


@pytest.mark.parametrize(
    "estimator", [LogisticRegression(), make_pipeline(StandardScaler(), Ridge()), zcore()]
)
def test_estimators_that_do_not_select(estimator):
    with pytest.raises(TypeError, match="budget_curve needs a CoresetClassifier or"):
        curve(estimator)


def test_selector_without_a_budget():
    class Half(BaseEstimator):
        def fit(self, X):
            return self

        def get_support(self):
            return np.arange(N) < N // 2

    with pytest.raises(TypeError, match="sets the budget of the selector, and Half has no"):
        curve(CoresetClassifier(LogisticRegression(), Half()))


@pytest.mark.parametrize(
    "budgets, says",
    [
        ([], "at least one budget"),
        ([0], "Got 0"),
        ([0.0], "Got 0.0"),
        ([1.5], "Got 1.5"),
        ([True], "Got True"),
        (["ten"], "Got 'ten'"),
        (["110%"], "Got '110%'"),
        ([np.nan], "Got nan"),
        ([-3], "Got -3"),
        (0.1, "'budgets' parameter"),
        ([0.5, 81], "budget=81 is more than the 80 training rows of fold 0"),
    ],
)
def test_budgets_that_are_none(budgets, says):
    with pytest.raises(ValueError, match=says):
        curve(budgets=budgets)


def test_budgets_as_text():
    found = curve(budgets=["50%", "30%", 7], random_state=0)
    assert found.budgets == [7, 0.3, 0.5]
    np.testing.assert_array_equal(found.scores, curve(budgets=[7, 0.3, 0.5]).scores)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_processes(backend):
    plain = curve(random_state=0)
    with parallel_config(backend=backend, n_jobs=2):
        found = curve(random_state=0)
    np.testing.assert_array_equal(found.scores, plain.scores)
    np.testing.assert_array_equal(found.baseline_scores, plain.baseline_scores)


def test_budgets_as_an_array():
    found = curve(budgets=np.array([40, 20]))
    assert found.budgets == [20, 40] and type(found.budgets[0]) is int
    assert curve(budgets=(0.3,)).budgets == [0.3]


@pytest.mark.parametrize(
    "parameters, says",
    [
        ({"baseline": "best"}, "'baseline' parameter"),
        ({"n_repeats": 0}, "'n_repeats' parameter"),
        ({"scoring": ["accuracy", "f1"]}, "'scoring' parameter"),
        ({"cv": 200}, "n_splits=200"),
        ({"error_score": "ignore"}, "'error_score' parameter"),
    ],
)
def test_other_parameters(parameters, says):
    with pytest.raises(ValueError, match=says):
        curve(**parameters)


@pytest.mark.slow
def test_defaults():
    model = classifier(selector=RandomSelector(random_state=0), min_per_class=1)
    found = budget_curve(model, np.tile(X, (4, 1)), np.tile(Y, 4))
    assert found.budgets == [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
    assert found.baseline_scores.shape == (6, 5, 5)
