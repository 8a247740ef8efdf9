"""weighting="voronoi": a coreset row weighs as many rows as it is nearest to."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import pairwise_distances_argmin
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetClassifier, CoresetRegressor
from tests.compose.common import (
    TARGET,
    WEIGHT,
    FirstRows,
    N,
    RecordingClassifier,
    RecordingRegressor,
    X,
    Y,
    random,
    zcore,
)


def cells(embedding, coreset):
    return pairwise_distances_argmin(embedding, embedding[coreset])


@pytest.mark.parametrize("make", [zcore, random])
@pytest.mark.parametrize("embedder", [None, StandardScaler()])
def test_counts_of_nearest_rows(make, embedder):
    data = X * [1, 10, 100, 1000]
    fitted = CoresetClassifier(RecordingClassifier(), make(), embedder, weighting="voronoi")
    fitted.fit(data, Y)
    seen = data if embedder is None else StandardScaler().fit_transform(data)
    expected = np.bincount(cells(seen, fitted.coreset_indices_), minlength=36)
    weight = fitted.estimator_.sample_weight_
    np.testing.assert_array_equal(weight, expected)
    assert weight.sum() == N and weight.min() >= 1


def test_sums_of_weights():
    fitted = CoresetRegressor(RecordingRegressor(), zcore(), weighting="voronoi")
    fitted.fit(X, TARGET, sample_weight=WEIGHT)
    expected = np.bincount(cells(X, fitted.coreset_indices_), WEIGHT)
    np.testing.assert_allclose(fitted.estimator_.sample_weight_, expected)
    assert fitted.estimator_.sample_weight_.sum() == pytest.approx(WEIGHT.sum())
    fitted.fit(X, TARGET, sample_weight=2.0)
    assert fitted.estimator_.sample_weight_.sum() == 2 * N


def test_a_coreset_row_is_its_own_nearest():
    data = np.repeat([[0.0], [5.0]], [6, 2], axis=0)
    fitted = CoresetRegressor(RecordingRegressor(), FirstRows(3), weighting="voronoi")
    fitted.fit(data, np.arange(8.0))
    # Of the equal rows 0 to 2, the first is the nearest of all others: ties go to the lower row.
    np.testing.assert_array_equal(fitted.estimator_.sample_weight_, [6, 1, 1])


def test_large_numbers_keep_their_distances():
    """Seconds since 1970, a second apart: squares alone would lose them."""
    data = 1.7e9 + np.arange(90.0)[:, None]
    fitted = CoresetRegressor(RecordingRegressor(), random(), weighting="voronoi")
    fitted.fit(data, np.arange(90.0))
    small = data - 1.7e9
    expected = np.bincount(cells(small, fitted.coreset_indices_))
    np.testing.assert_array_equal(fitted.estimator_.sample_weight_, expected)


def test_many_rows_in_batches():
    data = np.random.default_rng(0).standard_normal((9000, 2)).astype(np.float32)
    fitted = CoresetRegressor(RecordingRegressor(), random(50), weighting="voronoi")
    fitted.fit(data, np.zeros(9000))
    expected = np.bincount(cells(data, fitted.coreset_indices_), minlength=50)
    np.testing.assert_allclose(fitted.estimator_.sample_weight_, expected, atol=1)
    assert fitted.estimator_.sample_weight_.sum() == 9000


def test_the_rows_of_min_per_class_count():
    labels = np.repeat([0, 1], [100, 20])
    fitted = CoresetClassifier(
        RecordingClassifier(), FirstRows(10), min_per_class=3, weighting="voronoi"
    ).fit(X, labels)
    expected = np.bincount(cells(X, fitted.coreset_indices_), minlength=10)
    np.testing.assert_array_equal(fitted.estimator_.sample_weight_, expected)


def test_weights_reach_the_last_step_of_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), LinearRegression())
    fitted = CoresetRegressor(pipeline, zcore(), weighting="voronoi").fit(X, TARGET**2)
    rows = fitted.coreset_indices_
    by_hand = make_pipeline(StandardScaler(), LinearRegression()).fit(
        X[rows],
        TARGET[rows] ** 2,
        linearregression__sample_weight=np.bincount(cells(X, rows)),
    )
    np.testing.assert_allclose(fitted.predict(X), by_hand.predict(X))
    nested = CoresetRegressor(make_pipeline(pipeline), zcore(), weighting="voronoi")
    np.testing.assert_allclose(nested.fit(X, TARGET**2).predict(X), by_hand.predict(X))


def test_changes_the_model():
    plain, weighted = (
        CoresetClassifier(LogisticRegression(), zcore(), weighting=weighting).fit(X, Y)
        for weighting in (None, "voronoi")
    )
    assert not np.allclose(plain.estimator_.coef_, weighted.estimator_.coef_)


@pytest.mark.parametrize(
    "estimator", [KNeighborsClassifier(), make_pipeline(StandardScaler(), KNeighborsClassifier())]
)
def test_an_estimator_that_takes_no_weights(estimator):
    says = "KNeighborsClassifier takes no sample_weight in fit.*weighting='voronoi'"
    with pytest.raises(ValueError, match=says):
        CoresetClassifier(estimator, zcore(), weighting="voronoi").fit(X, Y)
    with pytest.raises(ValueError, match=says):
        CoresetClassifier(estimator, zcore()).fit(X, Y, sample_weight=WEIGHT)
    CoresetClassifier(estimator, zcore()).fit(X, Y)


def test_unknown_weighting():
    with pytest.raises(ValueError, match="'weighting' parameter .* must be a str among"):
        CoresetClassifier(weighting="kde").fit(X, Y)
