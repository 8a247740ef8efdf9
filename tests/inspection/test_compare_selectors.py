"""compare_selectors: what is measured, on which rows, and that it is the same everywhere."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_iris, make_blobs
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sklearn_zcore import KMeansSelector, RandomSelector, SelectorComparison, compare_selectors
from sklearn_zcore.inspection import Budget, score_selector
from sklearn_zcore.inspection._score_selector import default_scorer, score_classifier
from sklearn_zcore.selection import SELECTORS
from tests.compose.common import FirstRows
from tests.selection.common import facility, random, table

pytestmark = pytest.mark.slow  # processes, or many fits

STORED = Path(__file__).with_name("stored_comparison.csv")
X, Y = make_blobs(90, 2, centers=3, cluster_std=0.3, random_state=0)


def compare(selectors=("k-center",), X=X, y=Y, budgets=(0.1, 7), **parameters):
    fast = {"estimators": {"bayes": GaussianNB()}, "cv": 3, "n_repeats": 2}
    return compare_selectors(selectors, X, y, budgets, **{**fast, **parameters})


def same(one, other):
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame(), check_exact=True)


def test_scores_are_those_that_were_stored():
    rows, labels = load_iris(return_X_y=True)
    classifiers = {"nearest": KNeighborsClassifier(1), "bayes": GaussianNB()}
    found = compare_selectors(
        ["facility-location", "k-center", "herding"],
        rows,
        labels,
        ["10%", 20],
        estimators=classifiers,
        cv=3,
        n_repeats=2,
        random_state=3,
    )
    stored = pd.read_csv(STORED)
    pd.testing.assert_frame_equal(found.to_frame()[list(stored)], stored, rtol=1e-12)


def test_what_is_measured():
    found = compare_selectors(
        {"k-means": KMeansSelector(random_state=0), "random": [random(), RandomSelector()]},
        X,
        Y,
        ["10 %", 7, Budget(2, "2 a class", per_class=True)],
        estimators={"tree": DecisionTreeClassifier(random_state=0)},
        cv=3,
    )
    assert isinstance(found, SelectorComparison)
    frame = found.to_frame()
    assert len(frame) == 3 * (3 * 3 + 1)
    sizes = frame.query("selector == 'k-means'").groupby("budget")["n_selected"].first()
    assert sizes.to_dict() == {"10 %": 6, "7": 7, "2 a class": 6}
    assert (frame.query("selector == 'all rows'")["n_selected"] == 60).all()
    assert (frame["n_train"] == 60).all()
    assert (frame.query("selector == 'k-means'")["macro_f1"] > 0.9).all()
    assert found.selectors == ["k-means", "random"] and found.estimators == ["tree"]
    assert found.budgets == ["10 %", "7", "2 a class"]
    assert found.metrics == ["macro_f1", "balanced_accuracy"] and found.notes == []
    assert (found.n_samples, found.n_features, found.n_classes, found.n_folds) == (90, 2, 3, 3)


def test_a_score_by_hand():
    found = compare([facility(budget=0.5)], budgets=[9]).to_frame()
    train, test = next(StratifiedKFold(3, shuffle=True, random_state=0).split(X, Y))
    rows = train[facility(budget=9).fit(X[train]).indices_]
    predicted = GaussianNB().fit(X[rows], Y[rows]).predict(X[test])
    (one,) = found.query("selector == 'facility-location' and fold == 0")["macro_f1"]
    assert one == f1_score(Y[test], predicted, average="macro")


def test_all_selectors_that_have_a_name():
    found = compare(None, budgets=7, n_repeats=1)
    assert found.selectors == list(SELECTORS) and "random" in SELECTORS
    assert compare("k-means", budgets="10%").selectors == ["k-means", "random"]
    assert compare(KMeansSelector()).selectors == ["k-means", "random"]
    assert compare([FirstRows()]).selectors == ["FirstRows", "random"]


def test_draws():
    frame = compare({"k-center": "k-center", "two": [random(), facility()]}).to_frame()
    draws = frame.groupby("selector", sort=False)["draw"].nunique()
    assert draws.to_dict() == {"k-center": 1, "two": 2, "random": 2, "all rows": 1}
    frame = compare([RandomSelector()], n_repeats=4).to_frame()
    scores = frame.query("selector == 'random' and budget == '7'").groupby("fold")["macro_f1"]
    assert frame["draw"].max() == 3 and scores.nunique().max() > 1
    assert not frame.duplicated(["fold", "selector", "draw", "budget", "classifier"]).any()


@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing"])
def test_the_same_on_every_backend(backend):
    plain = compare(["facility-location", "k-means"])
    with parallel_config(backend=backend, n_jobs=2):
        same(compare(["facility-location", "k-means"]), plain)


def test_random_state():
    plain = compare(["k-means"])
    same(compare(["k-means"], random_state=0), plain)
    other = compare(["k-means"], random_state=1).to_frame()
    assert not other["macro_f1"].equals(plain.to_frame()["macro_f1"])
    same(
        compare(["k-means"], random_state=np.random.RandomState(7)),
        compare(["k-means"], random_state=np.random.RandomState(7)),
    )
    assert compare(["k-means"], random_state=None).n_folds == 3


def test_labels_of_any_kind():
    numbers = compare()
    for labels in (
        Y.astype(float),
        np.array(["ash", "elm", "oak"])[Y],
        np.array(["ash", "elm", "oak"], dtype=object)[Y],
        pd.Categorical.from_codes(Y, ["ash", "elm", "oak"]),
        pd.Series(Y).astype("Int64"),
        Y.tolist(),
    ):
        same(compare(y=labels), numbers)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_rows_without_a_label_are_left_out(missing):
    labels = np.array(["ash", "elm", "oak"], dtype=object)[Y]
    labels[[3, 50]] = missing
    found = compare(y=labels)
    assert found.n_samples == 88 and found.notes == ["2 rows without a label left out."]
    keep = np.setdiff1d(np.arange(90), [3, 50])
    same(found, compare(X=X[keep], y=labels[keep]))
    given = [(np.arange(0, 90, 2), np.arange(1, 90, 2)), (np.arange(1, 90, 2), np.arange(0, 90, 2))]
    assert compare(y=labels, cv=given).to_frame()["n_train"].tolist()[0] == 44


def test_rare_classes_are_left_out():
    labels = Y.copy()
    labels[:2] = 7
    found = compare(y=labels)
    assert found.notes == ["2 rows left out: fewer than 3 in the class 7."]
    same(found, compare(X=X[2:], y=labels[2:]))
    assert compare(y=labels, cv=2).notes == []


def test_cv():
    same(compare(cv=StratifiedKFold(3, shuffle=True, random_state=0)), compare())
    folds = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, Y))
    same(compare(cv=folds), compare())
    masks = [(np.isin(np.arange(90), train), np.isin(np.arange(90), test)) for train, test in folds]
    same(compare(cv=masks), compare())
    groups = np.arange(90) % 4
    grouped = compare(cv=GroupKFold(2), groups=groups)
    assert grouped.n_folds == 2
    assert compare_selectors("random", X, Y, 9, estimators=GaussianNB(), n_repeats=1).n_folds == 5


class Remembering(TransformerMixin, BaseEstimator):
    """Note which rows it was fitted on, in the first column, and whether it saw labels."""

    seen: list = []

    def fit(self, X, y=None):
        self.seen.append((tuple(X[:, 0]), y))
        self.notes_ = [f"fitted on {len(X)} rows"]
        return self

    def transform(self, X):
        return X[:, 1:]


def test_what_prepares_is_fitted_on_the_training_rows_of_a_fold_only():
    Remembering.seen.clear()
    numbered = np.column_stack([np.arange(90), X])
    found = compare(X=numbered, preparation=Remembering())
    same(found, compare())
    folds = StratifiedKFold(3, shuffle=True, random_state=0).split(X, Y)
    assert Remembering.seen == [(tuple(train), None) for train, _ in folds]
    assert found.preparation_notes == ["fitted on 60 rows"] and found.notes == []
    assert "fitted on 60 rows" in found._repr_html_() + str(found.to_dict())


def test_preparation_changes_the_numbers_like_rows_that_were_prepared_by_hand():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((80, 3)) * [1, 100, 10]
    labels = (rows[:, 1] + 30 * rows[:, 0] > 0).astype(int)
    (fold,) = [next(StratifiedKFold(2, shuffle=True, random_state=0).split(rows, labels))]
    found = compare("facility-location", rows, labels, cv=[fold], preparation=StandardScaler())
    scaler = StandardScaler().fit(rows[fold[0]])
    same(found, compare("facility-location", scaler.transform(rows), labels, cv=[fold]))
    sparse = compare(X=Y[:, None], cv=3, preparation=OneHotEncoder())
    assert sparse.n_features == 3 and sparse.full_score() == 1


def test_scoring():
    found = compare(scoring="accuracy")
    assert found.metrics == ["accuracy"] and 0.9 < found.full_score() <= 1
    found = compare(scoring=["f1_macro", "neg_log_loss"], budgets=0.5)
    assert found.metrics == ["f1_macro", "neg_log_loss"] and found.full_score("neg_log_loss") < 0

    def hits(estimator, X, y):
        return accuracy_score(y, estimator.predict(X), normalize=False)

    assert compare(scoring=hits).metrics == ["hits"] and compare(scoring=hits).full_score() > 20
    assert compare(scoring={"hits": hits}).metrics == ["hits"]


def test_estimators():
    assert compare(estimators=GaussianNB()).estimators == ["GaussianNB"]
    two = [GaussianNB(), KNeighborsClassifier(1)]
    assert compare(estimators=two).estimators == ["GaussianNB", "KNeighborsClassifier"]
    three = compare(estimators=None, budgets=9, n_repeats=1)
    assert three.estimators == ["logistic regression", "nearest neighbour", "extra trees"]


def test_one_class_predicts_itself():
    rows, labels = table(10), np.array(["a"] * 5 + ["b"] * 5)
    scores = score_classifier(
        LogisticRegression(), (rows[:5], labels[:5]), (rows, labels), default_scorer(["a", "b"])
    )
    assert scores == {"macro_f1": pytest.approx(1 / 3), "balanced_accuracy": 0.5}


def test_two_of_three_classes_are_no_mistake():
    """A classifier that has seen two classes is no binary one whose positive class is 1."""
    rows, labels = table(30), np.repeat([0, 2], 15)
    test = (table(9), np.repeat([0, 1, 2], 3))
    (record,) = score_selector(None, (rows, labels), test, [], {"b": GaussianNB()}, np.arange(3))
    assert 0 < record["macro_f1"] < 1 and record["n_classes"] == 2


def test_classifiers_that_fail():
    nearest = {"nearest": KNeighborsClassifier(5), "bayes": GaussianNB()}
    with pytest.warns(FitFailedWarning, match=r"fit\(s\) failed.*The first: ValueError"):
        found = compare(budgets=[3, 30], estimators=nearest)
    frame = found.to_frame()
    failed = frame["macro_f1"].isna()
    assert "error" not in frame
    # Trained on one class alone, a classifier is not asked.
    asked = (frame["classifier"] == "nearest") & (frame["n_classes"] > 1)
    assert failed.any() and (failed == (asked & (frame["budget"] == "3"))).all()
    assert list(found.best) == ["30"]
    with pytest.warns(FitFailedWarning):
        zero = compare(budgets=[3, 30], estimators=nearest, error_score=0).to_frame()
    assert (zero["macro_f1"][failed] == 0).all()
    with pytest.raises(ValueError, match="n_neighbors"):
        compare(budgets=[3, 30], estimators=nearest, error_score="raise")


def test_the_configuration_goes_to_the_workers():
    seen = set()

    class Asking(GaussianNB):
        def fit(self, X, y):
            from sklearn import get_config

            seen.add(get_config()["assume_finite"])
            return super().fit(X, y)

    with config_context(assume_finite=True), parallel_config("threading"):
        compare(estimators=Asking(), n_jobs=2)
    assert seen == {True}


def test_what_is_given_stays_as_it_was():
    selector, scaler, classifier = KMeansSelector(0.4), StandardScaler(), GaussianNB()
    before = [clone(one).get_params() for one in (selector, scaler, classifier)]
    compare([selector], preparation=scaler, estimators=classifier)
    assert [one.get_params() for one in (selector, scaler, classifier)] == before
    assert not hasattr(selector, "indices_") and not hasattr(scaler, "mean_")
    assert not hasattr(classifier, "classes_")


def test_progress(capsys):
    compare(verbose=1)
    shown = capsys.readouterr().err
    assert "Comparing selectors" in shown and "12/12 selections" in shown
    compare()
    assert capsys.readouterr().err == ""
