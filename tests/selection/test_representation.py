"""weights_, gains_ and assign: what the selected rows stand for."""

import pickle

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from sklearn_zcore import CoresetClassifier
from tests.selection.common import SELECTORS, facility, kcenter, kmeans, table

X = table(200, 5)


@pytest.mark.parametrize("make", SELECTORS)
def test_weights_are_the_rows_nearest_to_each(make):
    fitted = make(budget=20).fit(X)
    nearest = cdist(X, X[fitted.indices_]).argmin(axis=1)
    np.testing.assert_array_equal(fitted.weights_, np.bincount(nearest, minlength=20))
    assert fitted.weights_.sum() == 200
    np.testing.assert_array_equal(fitted.assign(X), fitted.indices_[nearest])
    fitted.set_budget(7)
    assert fitted.weights_.shape == fitted.gains_.shape == (7,) and fitted.weights_.sum() == 200
    assert set(fitted.assign(X)) <= set(fitted.indices_)


@pytest.mark.parametrize("make", SELECTORS)
def test_gains_are_what_each_saves(make):
    fitted = make(budget=20).fit(X)
    distances = cdist(X, X[fitted.ranking_[:20]])
    sums = np.minimum.accumulate(distances, axis=1).sum(axis=0)
    np.testing.assert_allclose(fitted.gains_[1:], sums[:-1] - sums[1:], atol=1e-6)
    assert fitted.gains_[0] == pytest.approx(200 * distances[:, 0].max() - sums[0])
    assert (fitted.gains_ >= -1e-9).all()


def test_gains_beside_what_has_been_selected():
    fitted = facility(budget=10).fit(X, selected=np.arange(30))
    before = cdist(X, X[:30]).min(axis=1).sum()
    after = cdist(X, X[np.r_[:30, fitted.indices_]]).min(axis=1).sum()
    assert fitted.gains_.sum() == pytest.approx(before - after)
    assert fitted.weights_.sum() == 200


def test_weights_count_by_sample_weight():
    weight = np.random.default_rng(0).integers(0, 5, 200)
    fitted = kmeans(budget=10).fit(X, sample_weight=weight)
    nearest = cdist(X, X[fitted.indices_]).argmin(axis=1)
    np.testing.assert_array_equal(fitted.weights_, np.bincount(nearest, weight, minlength=10))


def test_a_selected_row_stands_for_itself_whatever_its_copies():
    rows = np.r_[X[:20], X[:20]]
    fitted = kcenter(budget=40).fit(rows)
    np.testing.assert_array_equal(fitted.weights_, np.ones(40))


def test_weights_are_those_that_estimators_are_trained_with():
    seen = {}

    class Keeps(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            seen["weights"] = sample_weight
            return super().fit(X, y, sample_weight)

    y = (X[:, 0] > 0).astype(int)
    CoresetClassifier(Keeps(), facility(budget=30), weighting="voronoi").fit(X, y)
    np.testing.assert_array_equal(seen["weights"], facility(budget=30).fit(X).weights_)


def test_assign_takes_any_rows():
    fitted = facility(budget=12).fit(X)
    others = table(50, 5, seed=1)
    expected = fitted.indices_[cdist(others, X[fitted.indices_]).argmin(axis=1)]
    np.testing.assert_array_equal(fitted.assign(others), expected)
    with pytest.raises(ValueError, match="keeps only those"):
        fitted.set_budget(30).assign(others)


def test_rows_are_left_out_of_a_pickle():
    fitted = facility(budget=12).fit(X)
    copy = pickle.loads(pickle.dumps(fitted))
    with pytest.raises(AttributeError, match="weights_ is worked out .* by pickle leaves them"):
        copy.weights_  # noqa: B018
    np.testing.assert_array_equal(copy.assign(X), fitted.assign(X))
    expected = fitted.weights_
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).weights_, expected)
    big = facility(budget=12).fit(table(20_000, 5))
    assert len(pickle.dumps(big)) < 20_000 * 40  # three columns of 8 bytes are the ranking's own


def test_rows_that_have_been_changed_since():
    rows = X.copy()
    fitted = facility(budget=12).fit(rows)
    rows[5] += 1
    with pytest.raises(AttributeError, match="gains_ .* have been changed in place since. Fit"):
        fitted.gains_  # noqa: B018


@pytest.mark.parametrize("make", SELECTORS)
def test_before_a_fit(make):
    selector = make()
    assert not hasattr(selector, "weights_") and not hasattr(selector, "gains_")
    with pytest.raises(NotFittedError):
        selector.assign(X)
