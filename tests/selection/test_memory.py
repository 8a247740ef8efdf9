"""memory: a search over budgets scores each fold once."""

import os
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_zcore.scoring import Scorer
from tests.selection.common import table, zcore

X = table(90, 5)
BUDGETS = [0.05, 0.1, 0.3, 0.6]


@pytest.fixture
def draws(monkeypatch):
    """List the numbers of draws that are made from here on."""
    made = []

    class Counting(Scorer):
        def add(self, n_draws, progress=None):
            made.append(n_draws)
            super().add(n_draws, progress)

    monkeypatch.setattr("sklearn_zcore.scoring.Scorer", Counting)
    return made


def stored(folder):
    return len(list(folder.rglob("*.arrays")))


@pytest.mark.parametrize(
    "kind", [str, lambda path: path, lambda path: joblib.Memory(path, verbose=0)]
)
def test_kinds_of_memory(kind, tmp_path, draws):
    memory = kind(tmp_path)
    first = zcore(memory=memory).fit(X)
    second = zcore(memory=memory).fit(X)
    assert draws == [1000] and stored(tmp_path) == 1
    np.testing.assert_array_equal(first.scores_, second.scores_)
    np.testing.assert_array_equal(first.scores_, zcore().fit(X).scores_)
    assert (first.stability_, first.n_iter_) == (second.stability_, second.n_iter_)
    assert second.get_params()["memory"] is memory


def test_memory_that_stores_nothing(draws):
    for _ in range(2):
        zcore(memory=joblib.Memory(None)).fit(X)
    assert draws == [1000, 1000]


@pytest.mark.parametrize(
    "other",
    [
        {"budget": 5},
        {"n_jobs": 2},
        {"verbose": 1},
        {"tol": 0.01, "budget": 1.0},
        {"max_iter": 5},
    ],
)
def test_what_does_not_change_the_scores_is_not_in_the_key(other, tmp_path, draws):
    expected = zcore(memory=tmp_path).fit(X).scores_
    np.testing.assert_array_equal(zcore(memory=tmp_path, **other).fit(X).scores_, expected)
    assert draws == [1000]


@pytest.mark.parametrize(
    "other",
    [
        {"n_iter": 1001},
        {"subspace_dim": 3},
        {"n_neighbors": 5},
        {"exponent": 2},
        {"targets_per_subspace": 3},
        {"random_state": 1},
    ],
)
def test_what_changes_the_scores_is_in_the_key(other, tmp_path):
    zcore(memory=tmp_path).fit(X)
    fitted = zcore(memory=tmp_path, **other).fit(X)
    assert stored(tmp_path) == 2
    np.testing.assert_array_equal(fitted.scores_, zcore(**other).fit(X).scores_)


@pytest.mark.parametrize("other", [X[::-1], X[:-1], X[:, ::-1], X + 1e-9, X.astype(np.float32)])
def test_the_rows_are_in_the_key(other, tmp_path):
    zcore(memory=tmp_path).fit(X)
    np.testing.assert_array_equal(
        zcore(memory=tmp_path).fit(other).scores_, zcore().fit(other).scores_
    )
    assert stored(tmp_path) == 2


def test_random_init_is_told_apart(tmp_path):
    for random_init in (True, False):
        fitted = zcore(memory=tmp_path, random_init=random_init).fit(X)
        np.testing.assert_array_equal(fitted.scores_, zcore(random_init=random_init).fit(X).scores_)


def test_no_seed_is_drawn_once(tmp_path, draws):
    """Otherwise a search without random_state would never find what it stored."""
    fits = [zcore(memory=tmp_path, random_state=None).fit(X) for _ in range(2)]
    np.testing.assert_array_equal(fits[0].scores_, fits[1].scores_)
    assert len(draws) == 1


def test_auto_depends_on_the_budget(tmp_path):
    for budget in (5, 60):
        selector = zcore(memory=tmp_path, n_iter="auto", max_iter=3000, budget=budget, tol=0.5)
        fresh = clone(selector).set_params(memory=None).fit(X)
        assert selector.fit(X).n_iter_ == fresh.n_iter_ == 3000
    assert stored(tmp_path) == 2


def test_warm_start(tmp_path, draws):
    """Every step is stored, and goes on from the one before."""
    runs = []
    for _ in range(2):
        selector = zcore(memory=tmp_path, warm_start=True)
        runs.append([selector.fit(X).scores_ for _ in range(3)])
        assert selector.n_iter_ == 3000
    np.testing.assert_array_equal(runs[0], runs[1])
    plain = zcore(warm_start=True)
    np.testing.assert_array_equal([plain.fit(X).scores_ for _ in range(3)], runs[0])
    assert stored(tmp_path) == 3


def test_read_only_results(tmp_path):
    memory = joblib.Memory(tmp_path, mmap_mode="r", verbose=0)
    selector = zcore(memory=memory, warm_start=True)
    for _ in range(2):
        clone(selector).fit(X)
    assert selector.fit(X).fit(X).n_iter_ == 2000
    assert pickle.loads(pickle.dumps(selector)).set_budget(3).n_selected_ == 3


def test_cache_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match="file"):
        zcore(memory=tmp_path / "file").fit(X)


def search(memory, **parameters):
    pipeline = Pipeline([("scale", StandardScaler()), ("zcore", zcore(memory=memory))])
    return GridSearchCV(pipeline, {"zcore__budget": BUDGETS}, cv=3, **parameters)


@pytest.mark.slow
def test_search_over_budgets_scores_each_fold_once(tmp_path, draws):
    fitted = search(tmp_path).fit(X)  # without labels
    assert len(draws) == stored(tmp_path) == 3 + 1  # the folds, and all rows at last
    assert fitted.best_params_ == {"zcore__budget": 0.6}
    means = fitted.cv_results_["mean_test_score"]
    assert np.all(np.diff(means) > 0) and np.all(means < 0)
    assert fitted.best_estimator_.transform(X).shape == (54, 5)
    assert fitted.score(X) == fitted.best_estimator_.score(X)


@pytest.mark.slow
def test_search_without_memory_finds_the_same(tmp_path):
    cached, plain = search(tmp_path).fit(X), search(None).fit(X)
    np.testing.assert_array_equal(
        cached.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
    )


@pytest.mark.slow
def test_search_in_processes(tmp_path):
    fitted = search(tmp_path, n_jobs=2).fit(X)
    assert stored(tmp_path) == 3 + 1
    expected = search(None).fit(X)
    np.testing.assert_array_equal(
        fitted.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )


@pytest.mark.slow
def test_search_over_several_parameters(tmp_path):
    grid = {"zcore__budget": BUDGETS, "zcore__n_neighbors": [5, 50]}
    search(tmp_path, refit=False).set_params(param_grid=grid).fit(X)
    assert stored(tmp_path) == 2 * 3


def test_nothing_is_written_without_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    zcore().fit(X).score(X)
    assert os.listdir(tmp_path) == []
