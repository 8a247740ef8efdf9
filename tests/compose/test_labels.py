"""Labels have no say in the selection, unless min_per_class asks for it; test rows have none."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_validate
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetClassifier, CoresetRegressor
from tests.compose.common import (
    TARGET,
    FirstRows,
    N,
    Never,
    RecordingClassifier,
    RecordingRegressor,
    X,
    Y,
    random,
    zcore,
)


def fold_coresets(estimator, data, y):
    """Return the coreset of every fold, as rows of the training fold."""
    done = cross_validate(
        estimator, data, y, cv=KFold(4), return_estimator=True, error_score="raise"
    )
    return [fitted.coreset_indices_ for fitted in done["estimator"]]


@pytest.mark.parametrize("make", [zcore, random])
def test_no_label_changes_the_coreset(make):
    classifier = CoresetClassifier(RecordingClassifier(), make(), StandardScaler())
    expected = fold_coresets(classifier, X, Y)
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(Y)
        for one, other in zip(fold_coresets(classifier, X, shuffled), expected, strict=True):
            np.testing.assert_array_equal(one, other)
    regressor = CoresetRegressor(RecordingRegressor(), make(), StandardScaler())
    for y in (TARGET, -(TARGET**3), np.zeros(N)):
        for one, other in zip(fold_coresets(regressor, X, y), expected, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("weighting", [None, "voronoi"])
def test_no_test_row_changes_the_coreset_or_the_model(weighting):
    classifier = CoresetClassifier(
        LogisticRegression(), zcore(), StandardScaler(), weighting=weighting
    )
    for train, test in KFold(4).split(X):
        fitted = []
        for noise in (0, 1000):
            data, y = X.copy(), Y.copy()
            data[test] += noise * np.random.default_rng(0).standard_normal((test.size, 4))
            y[test] = np.roll(y[test], noise // 1000)
            done = cross_validate(classifier, data, y, cv=[(train, test)], return_estimator=True)
            fitted.append(done["estimator"][0])
        np.testing.assert_array_equal(fitted[0].coreset_indices_, fitted[1].coreset_indices_)
        np.testing.assert_array_equal(fitted[0].estimator_.coef_, fitted[1].estimator_.coef_)


def unbalanced(seed, n=80):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, 3)), rng.choice(4, n, p=[0.85, 0.09, 0.04, 0.02])


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), minimum=st.integers(1, 6), budget=st.integers(24, 60))
def test_min_per_class(seed, minimum, budget):
    rows, labels = unbalanced(seed)
    if np.unique(labels).size < 2:
        return
    classifier = CoresetClassifier(
        RecordingClassifier(), random(budget), min_per_class=minimum
    ).fit(rows, labels)
    coreset, plain = classifier.coreset_indices_, classifier.selector_.indices_
    assert coreset.size == budget and np.all(np.diff(coreset) > 0)
    there, have = (np.bincount(labels[i], minlength=4) for i in (slice(None), coreset))
    assert np.all(have >= np.minimum(there, minimum))
    # No more rows are exchanged than have to be, and the best of those that could come or go.
    missing = np.maximum(np.minimum(there, minimum) - np.bincount(labels[plain], minlength=4), 0)
    came, went = np.setdiff1d(coreset, plain), np.setdiff1d(plain, coreset)
    assert came.size == went.size == missing.sum()
    scores = classifier.selector_.scores_
    for label in range(4):
        outside = np.setdiff1d(np.flatnonzero(labels == label), plain)
        best = outside[np.argsort(-scores[outside])][: missing[label]]
        np.testing.assert_array_equal(np.sort(best), came[labels[came] == label])
        stayed = np.intersect1d(plain, coreset)
        if (labels[went] == label).any() and have[label] > minimum:
            assert scores[went].max() < np.sort(scores[stayed[labels[stayed] == label]])[-minimum]


def test_enough_of_every_class_changes_nothing():
    plain = CoresetClassifier(selector=zcore()).fit(X, Y).coreset_indices_
    least = np.unique(Y[plain], return_counts=True)[1].min()
    assert least > 1
    kept = CoresetClassifier(selector=zcore(), min_per_class=int(least)).fit(X, Y)
    np.testing.assert_array_equal(kept.coreset_indices_, plain)


def test_min_per_class_with_a_selector_that_does_not_rank():
    labels = np.repeat([0, 1, 2], 40)
    fitted = CoresetClassifier(RecordingClassifier(), FirstRows(10), min_per_class=2)
    fitted.fit(X, labels)
    np.testing.assert_array_equal(fitted.coreset_indices_, [0, 1, 2, 3, 4, 5, 40, 41, 80, 81])


def test_a_class_smaller_than_min_per_class_gives_all_it_has():
    labels = np.r_[[1], np.zeros(N - 1, int)]
    fitted = CoresetClassifier(LogisticRegression(), zcore(), min_per_class=5).fit(X, labels)
    assert 0 in fitted.coreset_indices_ and fitted.coreset_indices_.size == 36


def test_a_missing_class_is_named_with_what_to_do():
    labels = np.resize([0, 1], N)
    labels[100:103] = 2
    classifier = CoresetClassifier(LogisticRegression(), FirstRows(30))
    with pytest.warns(UserWarning) as caught:
        classifier.fit(X, labels)
    (warning,) = caught
    assert "no row of 1 of the 3 classes (2)" in str(warning.message)
    assert "min_per_class=1" in str(warning.message) and "raise the budget" in str(warning.message)
    assert warning.filename == __file__
    np.testing.assert_array_equal(classifier.classes_, [0, 1])
    assert classifier.predict_proba(X).shape == (N, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier.set_params(min_per_class=1).fit(X, labels)
    np.testing.assert_array_equal(classifier.classes_, [0, 1, 2])


def test_a_coreset_of_one_class():
    labels = np.repeat(["cat", "dog"], 60)
    with pytest.raises(ValueError, match="All 30 rows .* of one class, .*cat.*min_per_class=1"):
        CoresetClassifier(LogisticRegression(), FirstRows(30)).fit(X, labels)
    fitted = CoresetClassifier(LogisticRegression(), FirstRows(30), min_per_class=1)
    assert set(fitted.fit(X, labels).classes_) == {"cat", "dog"}


@pytest.mark.parametrize(
    "budget, min_per_class, says",
    [
        (2, 0, "leaves 2 of 120 rows, and y has 3 classes.* Raise the budget to 3 rows or more"),
        (2, 1, "min_per_class=1 needs 3 rows for 3 classes, and the budget of RandomSelector"),
        (0.05, 4, "min_per_class=4 needs 12 rows for 3 classes.*leaves 6 of 120.* at least 12"),
    ],
)
def test_budgets_that_leave_too_few_rows(budget, min_per_class, says):
    classifier = CoresetClassifier(
        LogisticRegression(), random(budget), min_per_class=min_per_class
    )
    with pytest.raises(ValueError, match=says):
        classifier.fit(X, Y)
    classifier.set_params(embedder=Never())
    with pytest.raises(ValueError, match=says):
        classifier.fit(X, Y)


def test_too_few_rows_of_another_packages_selector():
    with pytest.raises(ValueError, match="FirstRows leaves 2 of 120 rows, and y has 3 classes"):
        CoresetClassifier(LogisticRegression(), FirstRows(2)).fit(X, Y)
