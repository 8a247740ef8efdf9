"""Coresets of several sizes from as few fits as can be, and estimators trained on them."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetClassifier, FacilityLocationSelector, KMeansSelector
from sklearn_zcore.compose import CoresetFits, coresets_of_sizes, selector_of
from tests.compose.common import FirstRows, N, X, Y, random, zcore
from tests.selection.common import SELECTORS, kmeans, table

SIZES = [20, 3, 8]


@pytest.mark.parametrize("make", SELECTORS)
def test_coresets_are_those_of_fits_with_their_budgets(make):
    rows = table(60)
    selector = make()
    for size, coreset in zip(SIZES, coresets_of_sizes(selector, rows, SIZES), strict=True):
        np.testing.assert_array_equal(coreset.rows, make(budget=size).fit(rows).indices_)
    assert not hasattr(selector, "indices_") and selector.budget == 0.3


@pytest.mark.parametrize("selector, n_fits", [(random(), 1), (kmeans(), 3), (FirstRows(), 3)])
def test_a_selector_is_fitted_as_rarely_as_it_can_be(selector, n_fits):
    fitted = [coreset.selector for coreset in coresets_of_sizes(selector, X, SIZES)]
    assert len({id(one) for one in fitted}) == n_fits


def test_no_sizes():
    assert list(coresets_of_sizes(zcore(), X, [])) == []


def test_selector_of():
    selector = random()
    assert selector_of(CoresetClassifier(selector=selector)) is selector
    assert isinstance(selector_of(CoresetClassifier()), FacilityLocationSelector)


@pytest.mark.parametrize("selector", [zcore(), KMeansSelector(random_state=0), FirstRows()])
@pytest.mark.parametrize("parameters", [{}, {"min_per_class": 2}, {"weighting": "voronoi"}])
def test_fits_are_those_of_the_estimator_by_itself(selector, parameters):
    """With min_per_class, too: which rows come in is up to the ranking of that budget."""
    classifier = CoresetClassifier(LogisticRegression(), selector, StandardScaler(), **parameters)
    fits = CoresetFits(classifier, X, Y, {})
    sizes = [30, 12]
    for size, coreset in zip(sizes, fits.select(sizes), strict=True):
        by_hand = CoresetClassifier(
            LogisticRegression(), type(selector)(**selector.get_params()), StandardScaler()
        ).set_params(selector__budget=size, **parameters)
        by_hand.fit(X, Y)
        fitted = fits.fit(coreset)
        np.testing.assert_array_equal(fitted.coreset_indices_, by_hand.coreset_indices_)
        np.testing.assert_array_equal(fitted.predict_proba(X), by_hand.predict_proba(X))
        assert fitted.n_features_in_ == 4
    assert not hasattr(classifier, "estimator_")


def test_draws_are_nested_and_seeded():
    fits = CoresetFits(CoresetClassifier(), X, Y, {})
    large, small = (coreset.rows for coreset in fits.draw([40, 10], seed=1))
    assert large.size == 40 and small.size == 10 and np.isin(small, large).all()
    again, other = (fits.draw([10], seed=seed)[0].rows for seed in (1, 2))
    np.testing.assert_array_equal(small, again)
    assert not np.array_equal(small, other)
    assert fits.fit(fits.all_rows()).coreset_indices_.size == N
