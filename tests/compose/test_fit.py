"""Select without y, fit on those rows, predict for all: what goes where, and in which container."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sklearn_zcore import (
    CoresetClassifier,
    CoresetRegressor,
    CoresetSampler,
    FacilityLocationSelector,
    ZCoreSelector,
)
from tests.compose.common import (
    CLASSES,
    TARGET,
    FirstRows,
    N,
    RecordingClassifier,
    RecordingRegressor,
    X,
    Y,
    frame,
    random,
    zcore,
)


@pytest.mark.parametrize("make", [zcore, random])
def test_the_estimator_sees_the_selected_rows_and_no_other(make):
    fitted = CoresetClassifier(RecordingClassifier(), make()).fit(X, Y)
    rows = make().fit(X).indices_
    np.testing.assert_array_equal(fitted.coreset_indices_, rows)
    np.testing.assert_array_equal(fitted.selector_.indices_, rows)
    np.testing.assert_array_equal(fitted.estimator_.X_, X[rows])
    np.testing.assert_array_equal(fitted.estimator_.y_, Y[rows])
    assert fitted.estimator_.sample_weight_ is None
    fitted.predict(X)
    assert fitted.estimator_.predicted_ is X


def test_same_as_doing_it_by_hand():
    rows = zcore().fit(X).indices_
    by_hand = LogisticRegression().fit(X[rows], Y[rows])
    fitted = CoresetClassifier(LogisticRegression(), zcore()).fit(X, Y)
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        np.testing.assert_array_equal(getattr(fitted, method)(X), getattr(by_hand, method)(X))
    assert fitted.score(X, Y) == by_hand.score(X, Y)
    np.testing.assert_array_equal(fitted.classes_, CLASSES)
    regressor = CoresetRegressor(LinearRegression(), zcore()).fit(X, TARGET)
    by_hand = LinearRegression().fit(X[rows], TARGET[rows])
    np.testing.assert_array_equal(regressor.predict(X), by_hand.predict(X))
    assert regressor.score(X, TARGET) == by_hand.score(X, TARGET)


def test_score_is_the_estimators_own():
    for model, y in [
        (CoresetClassifier(RecordingClassifier(), zcore()), Y),
        (CoresetRegressor(RecordingRegressor(), zcore()), TARGET),
    ]:
        assert model.fit(X, y).score(X, y) == 0.5


def test_what_is_given_stays_as_it_was():
    estimator, selector, embedder = LogisticRegression(), zcore(), StandardScaler()
    fitted = CoresetClassifier(estimator, selector, embedder).fit(X, Y)
    for given, used in [
        (estimator, fitted.estimator_),
        (selector, fitted.selector_),
        (embedder, fitted.embedder_),
    ]:
        assert given is not used
        assert vars(given) == vars(clone(given))


def test_defaults():
    many = np.tile(X, (3, 1))
    selector = ZCoreSelector(n_iter=500, tol=0)  # as the default, in less time
    classifier = CoresetClassifier(selector=selector).fit(many, np.tile(Y, 3))
    assert isinstance(classifier.estimator_, LogisticRegression)
    assert classifier.coreset_indices_.size == 36
    assert isinstance(CoresetRegressor(selector=selector).fit(X, TARGET).estimator_, Ridge)
    for estimator in (CoresetClassifier(), CoresetRegressor()):
        expected = FacilityLocationSelector(random_state=0)
        assert type(estimator._get_selector()) is FacilityLocationSelector
        assert estimator._get_selector().get_params() == expected.get_params()
    # A tenth of a few rows would be too few to train on.
    for n, size in ((20, 20), (100, 30), (299, 30), (400, 40)):
        rows = np.random.default_rng(0).standard_normal((n, 3))
        classes = np.arange(n) % 2
        assert CoresetClassifier().fit(rows, classes).coreset_indices_.size == size
        assert CoresetRegressor().fit(rows, rows[:, 0]).coreset_indices_.size == size
        assert CoresetSampler().fit_resample(rows, classes)[0].shape == (size, 3)


def test_only_the_methods_of_the_estimator():
    for estimator, lacks in [
        (RidgeClassifier(), "predict_proba"),
        (KNeighborsClassifier(), "decision_function"),
    ]:
        classifier = CoresetClassifier(estimator, random())
        for state in (classifier, classifier.fit(X, Y)):
            assert not hasattr(state, lacks)
            with pytest.raises(AttributeError, match=lacks):
                getattr(state, lacks)
    assert not hasattr(CoresetRegressor(), "predict_proba")
    assert is_classifier(CoresetClassifier()) and is_regressor(CoresetRegressor())


def test_embedder_is_for_the_selector_alone():
    embedder = make_pipeline(StandardScaler(), PCA(2, random_state=0))
    fitted = CoresetClassifier(RecordingClassifier(), zcore(), embedder).fit(X, Y)
    embedding = clone(embedder).fit_transform(X)
    np.testing.assert_array_equal(fitted.coreset_indices_, zcore().fit(embedding).indices_)
    np.testing.assert_array_equal(fitted.estimator_.X_, X[fitted.coreset_indices_])
    assert fitted.selector_.n_features_in_ == 2 and fitted.n_features_in_ == 4
    assert fitted.embedder_[-1].n_components_ == 2


def test_embedder_without_fit_transform():
    class Doubling(StandardScaler):
        fit_transform = None

        def __getattribute__(self, name):
            if name == "fit_transform":
                raise AttributeError(name)
            return super().__getattribute__(name)

    fitted = CoresetClassifier(selector=random(), embedder=Doubling()).fit(X, Y)
    assert fitted.coreset_indices_.size == 36


def test_frame_passes_untouched():
    data = frame()
    embedder = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(), make_column_selector(dtype_include="category")),
            remainder=SimpleImputer(),
        )
    )
    fitted = CoresetClassifier(RecordingClassifier(), zcore(), embedder)
    fitted.fit(data, pd.Series(Y, index=data.index))
    rows = fitted.coreset_indices_
    pd.testing.assert_frame_equal(fitted.estimator_.X_, data.iloc[rows])
    pd.testing.assert_series_equal(fitted.estimator_.y_, pd.Series(Y, data.index).iloc[rows])
    np.testing.assert_array_equal(fitted.feature_names_in_, data.columns)
    assert fitted.n_features_in_ == 5
    pd.testing.assert_frame_equal(data, frame())


@pytest.mark.slow
@pytest.mark.parametrize("sparse_threshold", [0, 1])
def test_boosted_trees_on_the_raw_frame(sparse_threshold):
    """Categories and missing values for the trees, numbers for the selector."""
    embedder = make_column_transformer(
        (OneHotEncoder(), make_column_selector(dtype_include="category")),
        (
            make_pipeline(SimpleImputer(), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        sparse_threshold=sparse_threshold,  # 1 makes the embedding a sparse matrix
    )
    trees = HistGradientBoostingClassifier(
        categorical_features="from_dtype", max_iter=5, min_samples_leaf=2
    )
    classifier = CoresetClassifier(trees, zcore(0.5), embedder)
    assert classifier.fit(frame(), Y).predict_proba(frame()).shape == (N, 3)
    assert classifier.estimator_.is_categorical_.tolist() == [False] * 4 + [True]
    assert cross_val_score(classifier, frame(), Y, cv=3, error_score="raise").mean() > 0.6
    trees = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=5)
    assert CoresetRegressor(trees, zcore(0.5), embedder).fit(frame(), TARGET).score(frame(), TARGET)


def test_polars_frame():
    data = pl.DataFrame(X, schema=["a", "b", "c", "d"])
    fitted = CoresetClassifier(RecordingClassifier(), zcore()).fit(data, pl.Series(Y))
    assert fitted.estimator_.X_.equals(data[fitted.coreset_indices_.tolist()])
    assert isinstance(fitted.estimator_.y_, pl.Series)


def test_lists():
    fitted = CoresetClassifier(RecordingClassifier(), random()).fit(X.tolist(), Y.tolist())
    assert fitted.estimator_.X_ == X[fitted.coreset_indices_].tolist()
    assert fitted.estimator_.y_ == Y[fitted.coreset_indices_].tolist()


def test_texts():
    texts = [f"{name} {name} w{i % 9}{i % 5} w{i}" for i, name in enumerate(Y)]
    embedder = make_pipeline(TfidfVectorizer(), TruncatedSVD(3, random_state=0))
    classifier = CoresetClassifier(
        make_pipeline(TfidfVectorizer(), LogisticRegression()), zcore(), embedder
    )
    assert classifier.fit(texts, Y).score(texts, Y) > 0.9
    assert not hasattr(classifier, "n_features_in_")


def test_images():
    images = np.random.default_rng(0).integers(0, 256, (40, 6, 5), np.uint8)
    flat = FunctionTransformer(lambda pixels: pixels.reshape(len(pixels), -1))
    classifier = CoresetClassifier(make_pipeline(flat, LogisticRegression()), random(), flat)
    assert classifier.fit(images, np.resize([0, 1], 40)).predict(images).shape == (40,)
    assert classifier.selector_.n_features_in_ == 30


def test_sparse_rows():
    from scipy.sparse import coo_array

    rows = coo_array(np.where(np.abs(X) > 0.5, X, 0))
    classifier = CoresetClassifier(embedder=TruncatedSVD(2, random_state=0), selector=zcore())
    assert classifier.fit(rows, Y).predict(rows.tocsr()).shape == (N,)


def test_two_outputs():
    both = np.c_[TARGET, -TARGET]
    fitted = CoresetRegressor(Ridge(), zcore()).fit(X, both)
    assert fitted.predict(X).shape == (N, 2)
    labels = np.c_[TARGET > 0, TARGET < 1].astype(int)
    fitted = CoresetClassifier(KNeighborsClassifier(1), zcore()).fit(X, labels)
    assert fitted.predict(X).shape == (N, 2)
    assert len(fitted.classes_) == 2
    with pytest.raises(ValueError, match="min_per_class needs one label for each row"):
        CoresetClassifier(KNeighborsClassifier(1), zcore(), min_per_class=1).fit(X, labels)


def test_parts_that_are_not_of_scikit_learn():
    """What has no get_params is copied; what has no y in fit gets none."""

    class EveryOther:
        def fit(self, X):
            self.n = len(X)
            return self

        def get_support(self):
            return np.arange(self.n) % 2 == 0

    class Doubling:
        def fit(self, X):
            return self

        def transform(self, X):
            return 2 * X

    given = EveryOther()
    fitted = CoresetClassifier(
        LogisticRegression(), given, Doubling(), min_per_class=1, weighting="voronoi"
    ).fit(X, Y)
    np.testing.assert_array_equal(fitted.coreset_indices_, np.arange(0, N, 2))
    assert not vars(given) and clone(fitted).fit(X, Y).score(X, Y) == fitted.score(X, Y)


def test_an_embedder_that_has_been_fitted():
    pca = PCA(2, random_state=0).fit(X[:50])
    fitted = CoresetClassifier(LogisticRegression(), zcore(), FrozenEstimator(pca)).fit(X, Y)
    expected = zcore().fit(pca.transform(X)).indices_
    np.testing.assert_array_equal(fitted.coreset_indices_, expected)


@pytest.mark.parametrize("support", ["mask", "indices"])
def test_selector_of_another_package(support):
    fitted = CoresetRegressor(RecordingRegressor(), FirstRows(7, support)).fit(X, TARGET)
    np.testing.assert_array_equal(fitted.coreset_indices_, np.arange(7))
    np.testing.assert_array_equal(fitted.estimator_.y_, TARGET[:7])


def test_every_row_is_a_coreset_too():
    fitted = CoresetClassifier(LogisticRegression(), zcore(1.0)).fit(X, Y)
    np.testing.assert_array_equal(
        fitted.decision_function(X), LogisticRegression().fit(X, Y).decision_function(X)
    )


def test_clone_and_pickle():
    fitted = CoresetClassifier(LogisticRegression(), zcore(), StandardScaler()).fit(X, Y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    fresh = clone(fitted).set_params(selector__budget=0.5, estimator__C=2, embedder__with_std=False)
    assert not hasattr(fresh, "estimator_")
    assert fresh.fit(X, Y).coreset_indices_.size == 60
    assert (fresh.estimator_.C, fresh.embedder_.with_std) == (2, False)


def test_a_failed_fit_leaves_the_last_one_whole():
    classifier = CoresetClassifier(LogisticRegression(), zcore()).fit(X, Y)
    before = vars(classifier).copy()
    classifier.set_params(estimator=LogisticRegression(C=-1))
    with pytest.raises(ValueError, match="'C' parameter"):
        classifier.fit(X, Y)
    for name in ("estimator_", "selector_", "coreset_indices_", "embedder_"):
        assert getattr(classifier, name) is before[name]
