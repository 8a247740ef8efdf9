"""What goes wrong, and what is said about it."""

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetClassifier, CoresetRegressor, CoresetSampler, ZCoreSelector
from tests.compose.common import TARGET, FirstRows, Never, X, Y, random, zcore

WITH_SELECTOR = [CoresetClassifier, CoresetRegressor, CoresetSampler]


def target_of(estimator):
    return TARGET if isinstance(estimator, CoresetRegressor) else Y


@pytest.mark.parametrize(
    "selector",
    [SelectKBest(), RFE(Ridge()), SelectFromModel(Ridge()), VarianceThreshold()],
    ids=lambda selector: type(selector).__name__,
)
@pytest.mark.parametrize("make", WITH_SELECTOR)
def test_feature_selectors_are_refused_by_name(make, selector):
    estimator = make(selector=selector)
    name = type(selector).__name__
    with pytest.raises(ValueError, match=f"{name} selects features.*ZCoreSelector"):
        estimator.fit(X, target_of(estimator))


class FeatureSupport(BaseEstimator):
    def fit(self, X, y=None):
        self.n_ = X.shape[1]
        return self

    def get_support(self):
        return np.ones(self.n_, dtype=bool)


class StaysUnfitted(ZCoreSelector):
    def fit(self, X, y=None):
        return self


@pytest.mark.parametrize(
    "selector, error, says",
    [
        (ZCoreSelector, ValueError, r"is the class ZCoreSelector. Give an instance"),
        (KMeans(), ValueError, "methods fit and get_support, and KMeans does not have both"),
        (make_pipeline(StandardScaler(), zcore()), TypeError, "Pipeline does not.*'embedder'"),
        ("zcore", ValueError, "'selector' parameter of .* must be an object"),
        (FeatureSupport(), ValueError, r"mask of shape \(4,\) and there are 120 rows"),
        (FirstRows(0), ValueError, "FirstRows has selected none of the 120 rows"),
        (StaysUnfitted(), NotFittedError, "StaysUnfitted instance is not fitted yet"),
        (zcore(0.0), ValueError, "'budget' parameter of ZCoreSelector"),
        (zcore(121), ValueError, "budget=121 of ZCoreSelector is more than the 120 rows"),
    ],
)
@pytest.mark.parametrize("make", WITH_SELECTOR)
def test_what_is_no_row_selector(make, selector, error, says):
    estimator = make(selector=selector)
    with pytest.raises(error, match=says):
        estimator.fit(X, target_of(estimator))


def test_support_of_indices_that_are_no_rows():
    class Beyond(FirstRows):
        def get_support(self):
            return np.array([3, 120])

    with pytest.raises(ValueError, match="indices from 0 to 119"):
        CoresetRegressor(selector=Beyond()).fit(X, TARGET)


@pytest.mark.parametrize("make", WITH_SELECTOR)
@pytest.mark.parametrize("n", [0, 36, 119, 121])
def test_y_of_another_length(make, n):
    estimator = make(selector=zcore())
    y = np.resize(target_of(estimator), n)
    with pytest.raises(ValueError, match=f"X has 120 rows, and y {n}"):
        estimator.fit(X, y)


def test_no_y():
    for estimator in (CoresetClassifier(), CoresetRegressor()):
        with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
            estimator.fit(X, None)
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'y'"):
            estimator.fit(X)


@pytest.mark.parametrize("make", [CoresetClassifier, CoresetRegressor])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_y_that_is_not_finite(make, bad):
    """Even in a row that would not be selected."""
    y = np.resize([0.0, 1.0], 120)
    y[~zcore().fit(X).support_] = bad
    with pytest.raises(ValueError, match="Input y contains"):
        make(selector=zcore()).fit(X, y)


def test_continuous_classes():
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        CoresetClassifier(selector=zcore()).fit(X, TARGET)


def test_regressor_in_a_classifier_and_the_other_way_round():
    with pytest.raises(ValueError, match="Ridge is a regressor. Use CoresetRegressor"):
        CoresetClassifier(Ridge()).fit(X, Y)
    with pytest.raises(ValueError, match="is a classifier. Use CoresetClassifier"):
        CoresetRegressor(LogisticRegression()).fit(X, Y)


@pytest.mark.parametrize("make", WITH_SELECTOR)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_rows_that_the_selector_refuses(make, bad):
    rows = X.copy()
    rows[17, 2] = bad
    estimator = make(selector=zcore())
    with pytest.raises(ValueError, match="row 17, column 2. ZCoreSelector needs finite numbers"):
        estimator.fit(rows, target_of(estimator))


@pytest.mark.parametrize("make", [CoresetClassifier, CoresetRegressor])
def test_before_fit(make):
    estimator = make(selector=zcore())
    for call in (lambda: estimator.predict(X), lambda: estimator.score(X, Y)):
        with pytest.raises(NotFittedError, match=f"This {make.__name__} instance is not fitted"):
            call()
    for name in ("estimator_", "selector_", "coreset_indices_", "n_features_in_"):
        assert not hasattr(estimator, name)


def test_the_selector_that_was_given_stays_unfitted():
    """As in scikit-learn, a clone is fitted; who asks the original is told so."""
    selector = zcore()
    classifier = CoresetClassifier(selector=selector).fit(X, Y)
    with pytest.raises(NotFittedError, match="This ZCoreSelector instance is not fitted yet"):
        selector.get_support()
    with pytest.raises(NotFittedError, match="This ZCoreSelector instance is not fitted yet"):
        classifier.selector.select(Y)
    assert classifier.selector_.get_support().sum() == 36


@pytest.mark.parametrize("make", WITH_SELECTOR)
def test_embedder_that_drops_rows(make):
    class Dropping(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return X[1:]

    estimator = make(selector=zcore(), embedder=Dropping())
    with pytest.raises(ValueError, match="Dropping made 119 rows of the 120"):
        estimator.fit(X, target_of(estimator))
    estimator = make(selector=zcore(), embedder=zcore())
    with pytest.raises(ValueError, match="ZCoreSelector made 36 rows of the 120"):
        estimator.fit(X, target_of(estimator))
    with pytest.raises(ValueError, match="'embedder' parameter .* must be an object"):
        make(embedder="pca").fit(X, target_of(estimator))


def test_budget_larger_than_a_training_fold():
    classifier = CoresetClassifier(LogisticRegression(), zcore(90))
    says = "budget=90 of ZCoreSelector is more than the 80 rows.*one training fold.*budget=0.1"
    with pytest.raises(ValueError, match=says):
        cross_val_score(classifier, X, Y, cv=3, error_score="raise")
    with pytest.raises(ValueError, match=says):
        cross_val_score(classifier, X, Y, cv=3)
    search = GridSearchCV(classifier, {"selector__budget": [30, 90]}, cv=3)
    with pytest.warns((FitFailedWarning, UserWarning)) as caught:
        search.fit(X, Y)
    assert any("budget=90" in str(warning.message) for warning in caught)
    assert search.best_params_ == {"selector__budget": 30}


def test_budget_larger_than_a_training_fold_is_found_before_the_embedding():
    with pytest.raises(ValueError, match="budget=121"):
        CoresetClassifier(selector=zcore(121), embedder=Never()).fit(X, Y)


@pytest.mark.parametrize("memory", [False, True])
def test_selector_in_the_middle_of_a_plain_pipeline(memory, tmp_path):
    steps = [("scale", StandardScaler()), ("zcore", zcore()), ("model", LogisticRegression())]
    pipeline = Pipeline(steps, memory=str(tmp_path) if memory else None)
    says = "ZCoreSelector would pass 36 of 120 rows on.*y keeps 120.*CoresetClassifier"
    with pytest.raises(ValueError, match=says) as error:
        pipeline.fit(X, Y)
    assert "CoresetRegressor" in str(error.value) and "CoresetSampler" in str(error.value)
    with pytest.raises(ValueError, match="would pass 24 of 80 rows on.*CoresetClassifier"):
        cross_val_score(pipeline, X, Y, cv=3)


def test_selector_in_the_middle_of_imblearns_pipeline():
    from imblearn.pipeline import make_pipeline as imblearn_pipeline

    with pytest.raises(ValueError, match="would pass 36 of 120 rows on.*CoresetSampler"):
        imblearn_pipeline(zcore(), LogisticRegression()).fit(X, Y)


def test_it_is_said_before_anything_is_scored(monkeypatch):
    monkeypatch.setattr(ZCoreSelector, "_score_rows", None)
    with pytest.raises(ValueError, match="CoresetClassifier"):
        make_pipeline(zcore(), LogisticRegression()).fit(X, Y)


def test_pipelines_that_stay_legal():
    """At the end, without a y, and where every row is kept."""
    assert make_pipeline(StandardScaler(), zcore()).fit_transform(X, Y).shape == (36, 4)
    assert zcore().fit_transform(X, Y).shape == (36, 4)
    assert make_pipeline(zcore(), KMeans(3, n_init=1)).fit(X)[-1].labels_.size == 36
    assert make_pipeline(zcore(1.0), LogisticRegression()).fit(X, Y).score(X, Y) > 0.5
    union = FeatureUnion([("zcore", zcore())])
    assert union.fit_transform(X).shape == (36, 4)
    with pytest.raises(ValueError, match="CoresetClassifier"):
        union.fit(X, Y).fit_transform(X, Y)


def test_invalid_budget_in_the_middle():
    with pytest.raises(ValueError, match="'budget' parameter"):
        make_pipeline(zcore(-1), LogisticRegression()).fit(X, Y)
    with pytest.raises(ValueError, match="budget=121 is more than"):
        make_pipeline(zcore(121), LogisticRegression()).fit(X, Y)


def test_nothing_is_said_where_nothing_is_wrong():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CoresetClassifier(LogisticRegression(), zcore(), StandardScaler()).fit(X, Y).predict(X)
        random().fit(X)
