"""What a fitted selector knows, and how it travels: clone, pickle, deep copy."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from tests.selection.common import NEED_NUMBERS, SELECTORS, table, zcore

KINDS = {
    "scores_": np.float64,
    "ranking_": np.intp,
    "support_": np.bool_,
    "indices_": np.intp,
}


@pytest.mark.parametrize("make", SELECTORS)
@pytest.mark.parametrize("n", [2, 3, 61, 500])
def test_attributes_agree_with_each_other(make, n):
    X = table(n)
    selector = make().fit(X)
    for name, dtype in KINDS.items():
        assert getattr(selector, name).dtype == dtype, name
        assert getattr(selector, name).ndim == 1, name
    assert selector.scores_.shape == selector.ranking_.shape == selector.support_.shape == (n,)
    assert selector.scores_.min() >= 0 and selector.scores_.max() <= 1
    np.testing.assert_array_equal(np.sort(selector.ranking_), np.arange(n))
    assert np.all(np.diff(selector.scores_[selector.ranking_]) <= 0)
    assert type(selector.n_selected_) is int
    assert selector.support_.sum() == selector.n_selected_ == selector.indices_.size
    np.testing.assert_array_equal(np.flatnonzero(selector.support_), selector.indices_)
    best = np.sort(selector.ranking_[: selector.n_selected_])
    np.testing.assert_array_equal(best, selector.indices_)
    assert selector.n_features_in_ == 4
    assert not hasattr(selector, "feature_names_in_")


def test_scores_are_scaled_to_0_and_1():
    scores = zcore().fit(table()).scores_
    assert scores.min() == 0 and scores.max() == 1


def test_ties_go_to_the_lower_row():
    """One draw scores one row 1 and another -1; all others are tied."""
    selector = zcore(n_iter=1, n_neighbors=1, random_init=False).fit(table(9))
    first, *tied, last = selector.ranking_
    assert selector.scores_[first] == 1 and selector.scores_[last] == 0
    assert set(selector.scores_[tied]) == {0.5}
    assert tied == sorted(tied)


def test_zcore_tells_draws_and_stability():
    selector = zcore(n_iter=777).fit(table())
    assert selector.n_iter_ == 777
    assert type(selector.stability_) is float and 0 <= selector.stability_ <= 1
    assert selector.set_budget(1.0).stability_ == 1


@pytest.mark.parametrize("make", SELECTORS)
def test_get_support(make):
    selector = make().fit(table())
    np.testing.assert_array_equal(selector.get_support(), selector.support_)
    np.testing.assert_array_equal(selector.get_support(indices=True), selector.indices_)


@pytest.mark.parametrize("make", SELECTORS)
def test_feature_names(make):
    frame = pd.DataFrame(table(), columns=["a", "b", "c", "d"])
    selector = make().fit(frame)
    assert list(selector.feature_names_in_) == ["a", "b", "c", "d"]
    assert list(selector.get_feature_names_out()) == ["a", "b", "c", "d"]
    assert list(make().fit(table()).get_feature_names_out()) == ["x0", "x1", "x2", "x3"]
    assert not hasattr(make().fit(frame).fit(table()), "feature_names_in_")
    with pytest.raises(ValueError, match="same order as they were in fit"):
        selector.transform(frame[["b", "a", "c", "d"]])


@pytest.mark.parametrize("make", SELECTORS)
def test_y_is_ignored(make):
    X, y = table(), np.full(60, np.nan)
    expected = make().fit(X).scores_
    np.testing.assert_array_equal(make().fit(X, y).scores_, expected)
    np.testing.assert_array_equal(make().fit(X, "anything").scores_, expected)
    np.testing.assert_array_equal(
        make().fit_transform(X, y), X[make().fit(X).get_support(indices=True)]
    )


@pytest.mark.parametrize("make", SELECTORS)
def test_fit_leaves_its_input_and_parameters_alone(make):
    X = table()
    before = X.copy()
    selector = make()
    parameters = selector.get_params()
    selector.fit(X)
    np.testing.assert_array_equal(X, before)
    assert selector.get_params() == parameters


@pytest.mark.parametrize("make", SELECTORS)
def test_refit_forgets(make):
    selector = make(budget=5).fit(table(60, 4))
    X = table(40, 3, seed=1)
    selector.fit(X)
    np.testing.assert_array_equal(selector.scores_, make(budget=5).fit(X).scores_)
    assert selector.n_features_in_ == 3 and selector.transform(X).shape == (5, 3)


@pytest.mark.parametrize("make", SELECTORS)
@pytest.mark.parametrize("travel", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_copies_of_a_fitted_selector_go_on_working(make, travel):
    X = table()
    selector = make().fit(X)
    other = travel(selector)
    assert other.get_params() == selector.get_params()
    np.testing.assert_array_equal(other.scores_, selector.scores_)
    np.testing.assert_array_equal(other.transform(X), selector.transform(X))
    assert other.score(X) == selector.score(X)
    other.set_budget(3)
    assert selector.n_selected_ == 18 and other.n_selected_ == 3
    other.set_params(budget=selector.budget)
    np.testing.assert_array_equal(other.fit(X).scores_, selector.scores_)


@pytest.mark.parametrize("make", SELECTORS)
@pytest.mark.parametrize("travel", [clone, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_copies_of_an_unfitted_selector(make, travel):
    selector = travel(make(budget=7))
    assert selector.get_params() == make(budget=7).get_params()
    assert repr(selector) == repr(make(budget=7))
    with pytest.raises(NotFittedError):
        check_is_fitted(selector)
    assert selector.fit(table()).n_selected_ == 7


def test_clone_drops_the_fit():
    assert not hasattr(clone(zcore().fit(table())), "scores_")


@pytest.mark.parametrize("make", NEED_NUMBERS)
@pytest.mark.parametrize(
    "use",
    [
        lambda s: s.transform(table()),
        lambda s: s.score(table()),
        lambda s: s.select(table()),
        lambda s: s.get_support(),
        lambda s: s.get_support(indices=True),
        lambda s: s.set_budget(3),
    ],
)
def test_unfitted_use(make, use):
    with pytest.raises(NotFittedError, match="is not fitted yet. Call 'fit'"):
        use(make())
    failed = make()
    with pytest.raises(ValueError, match="NaN"):
        failed.fit(np.full((5, 4), np.nan))
    with pytest.raises(NotFittedError, match="is not fitted yet. Call 'fit'"):
        use(failed)


@pytest.mark.parametrize("make", SELECTORS)
def test_unfitted_feature_names(make):
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        make().get_feature_names_out()


@pytest.mark.parametrize("make", SELECTORS)
def test_tags(make):
    tags = get_tags(make())
    assert not tags.target_tags.required
    assert (
        tags.input_tags.allow_nan == (make.__name__ == "random")
        and tags.transformer_tags is not None
    )
    assert not is_classifier(make()) and not is_regressor(make())
