"""A search over budgets and parameters of the estimator scores each training fold once."""

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import sklearn_zcore.scoring
from sklearn_zcore import CoresetClassifier
from sklearn_zcore.scoring import Scorer
from tests.compose.common import N, X, Y, random, zcore

ROWS = np.arange(N)
BUDGETS = [0.1, 0.2, 0.3, 0.5, 0.8]
GRID = {"selector__budget": BUDGETS, "estimator__C": [0.1, 1.0, 10.0]}


class LoggingScorer(Scorer):
    log = ""

    def add(self, n_draws, progress=None):
        with open(self.log, "a") as file:
            file.write(f"{n_draws}\n")
        super().add(n_draws, progress)


def log_scorings(rows, log):
    """Return the rows, and log the scorings of this process from here on: it may be a worker."""
    LoggingScorer.log = log
    sklearn_zcore.scoring.Scorer = LoggingScorer
    return rows


@pytest.fixture
def scorings(tmp_path, monkeypatch):
    """Return a classifier that logs, and a count of the scorings so far, in all processes."""
    monkeypatch.setattr(sklearn_zcore.scoring, "Scorer", Scorer)
    log = tmp_path / "scorings"
    log.touch()
    logging = FunctionTransformer(log_scorings, kw_args={"log": str(log)})
    classifier = CoresetClassifier(
        LogisticRegression(), zcore(n_iter=2000), make_pipeline(StandardScaler(), logging)
    )
    return classifier, lambda: len(log.read_text().split())


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_each_training_fold_is_scored_once(scorings, tmp_path, n_jobs):
    classifier, count = scorings
    classifier.set_params(selector__memory=str(tmp_path / "cache"))
    search = GridSearchCV(classifier, GRID, cv=5, n_jobs=n_jobs).fit(X, Y)
    assert count() == 5 + 1  # the folds, and all rows at last
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()
    search.fit(X, Y)
    assert count() == 5 + 1


@pytest.mark.slow
def test_without_memory_each_fit_scores(scorings):
    classifier, count = scorings
    GridSearchCV(classifier, GRID, cv=5).fit(X, Y)
    assert count() == 15 * 5 + 1


def test_workers_that_ask_at_the_same_time_wait(scorings, tmp_path):
    """Four fits of one fold, all at a time: only a lock keeps them from scoring it four times."""
    classifier, count = scorings
    classifier.set_params(selector__memory=tmp_path / "cache", selector__n_iter=200_000)
    with parallel_config(backend="threading", n_jobs=4):
        search = GridSearchCV(classifier, {"estimator__C": [1, 2, 3, 4]}, cv=[(ROWS, ROWS)])
        search.fit(X, Y)
    assert count() == 1  # the refit has the same rows


@pytest.mark.slow
def test_memory_changes_nothing(tmp_path):
    classifier = CoresetClassifier(LogisticRegression(), zcore())
    grid = {"selector__budget": [0.3, 0.5], "estimator__C": [0.1, 1.0]}
    plain = GridSearchCV(classifier, grid, cv=3).fit(X, Y)
    classifier.set_params(selector__memory=str(tmp_path))
    for n_jobs in (1, 2):
        cached = GridSearchCV(classifier, grid, cv=3, n_jobs=n_jobs).fit(X, Y)
        for name in ("mean_test_score", "std_test_score"):
            np.testing.assert_array_equal(cached.cv_results_[name], plain.cv_results_[name])
        np.testing.assert_array_equal(
            cached.best_estimator_.coreset_indices_, plain.best_estimator_.coreset_indices_
        )


def test_the_whole_selector_can_be_searched():
    forest = RandomForestClassifier(5, random_state=0)
    search = GridSearchCV(
        CoresetClassifier(forest),
        [
            {"selector": [zcore(), random()], "selector__budget": [0.2, 0.5]},
            {"selector": [zcore(0.5)], "embedder": [None, StandardScaler()]},
        ],
        cv=3,
        error_score="raise",
    ).fit(X, Y)
    assert len(search.cv_results_["params"]) == 6
