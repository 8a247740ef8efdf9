"""600 weights and 180 rows never meet: metadata by every way that scikit-learn documents."""

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as imblearn_pipeline
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RandomizedSearchCV,
    cross_val_score,
    cross_validate,
)
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetClassifier, CoresetRegressor
from tests.compose.common import (
    TARGET,
    WEIGHT,
    N,
    RecordingClassifier,
    RecordingRegressor,
    X,
    Y,
    random,
    zcore,
)

ROWS = zcore().fit(X).indices_
CV = KFold(3)


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


def classifier(**parameters):
    return CoresetClassifier(RecordingClassifier(), zcore(), **parameters)


def requesting(method="fit", **request):
    return getattr(RecordingClassifier(), f"set_{method}_request")(**request)


def fold_weights(done):
    """Return for each fold the weights that its model was given."""
    return [fitted.estimator_.sample_weight_ for fitted in done["estimator"]]


def expected_fold_weights():
    for train, _ in CV.split(X):
        yield WEIGHT[train][zcore().fit(X[train]).indices_]


def assert_those_of_the_folds(weights):
    for one, other in zip(weights, expected_fold_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


# Routing off: everything goes to the estimator.


@pytest.mark.parametrize("kind", [np.asarray, list, pd.Series, np.float32])
def test_weights_are_those_of_the_coreset(kind):
    fitted = classifier().fit(X, Y, sample_weight=kind(WEIGHT))
    np.testing.assert_allclose(fitted.estimator_.sample_weight_, WEIGHT[ROWS], rtol=1e-6)
    fitted = classifier().fit(X, Y, WEIGHT)
    np.testing.assert_array_equal(fitted.estimator_.sample_weight_, WEIGHT[ROWS])


def test_other_metadata():
    tags = [f"tag {i}" for i in range(N)]
    assert classifier().fit(X, Y, tag=tags).estimator_.tag_ == [tags[i] for i in ROWS]
    assert classifier().fit(X, Y, tag="one for all").estimator_.tag_ == "one for all"
    fitted = classifier().fit(X, Y)
    fitted.predict(X, offset=3)
    assert fitted.estimator_.offset_ == 3
    gauss = CoresetRegressor(GaussianProcessRegressor(), zcore()).fit(X, TARGET)
    assert len(gauss.predict(X, return_std=True)) == 2
    with pytest.raises(TypeError, match="colour"):
        classifier().fit(X, Y, colour=tags)


def test_score_with_weights():
    fitted = CoresetClassifier(LogisticRegression(), zcore()).fit(X, Y)
    assert fitted.score(X, Y, WEIGHT) == accuracy_score(Y, fitted.predict(X), sample_weight=WEIGHT)
    assert fitted.score(X, Y, sample_weight=WEIGHT) != fitted.score(X, Y)


def test_pipeline():
    pipeline = Pipeline([("scale", StandardScaler()), ("model", classifier())])
    weights = pipeline.fit(X, Y, model__sample_weight=WEIGHT)[-1].estimator_.sample_weight_
    rows = zcore().fit(StandardScaler().fit_transform(X)).indices_
    np.testing.assert_array_equal(weights, WEIGHT[rows])


def test_pipeline_inside():
    """The weights go to the last step, with its prefix or without."""
    inside = make_pipeline(StandardScaler(), RecordingClassifier())
    for given in ("sample_weight", "recordingclassifier__sample_weight"):
        fitted = CoresetClassifier(inside, zcore()).fit(X, Y, **{given: WEIGHT})
        np.testing.assert_array_equal(fitted.estimator_[-1].sample_weight_, WEIGHT[ROWS])
    fitted = CoresetClassifier(inside, zcore(), weighting="voronoi")
    fitted.fit(X, Y, recordingclassifier__sample_weight=WEIGHT)
    assert fitted.estimator_[-1].sample_weight_.sum() == pytest.approx(WEIGHT.sum())


def test_imblearn_pipeline():
    pipeline = imblearn_pipeline(StandardScaler(), classifier())
    pipeline.fit(X, Y, coresetclassifier__sample_weight=WEIGHT)
    assert pipeline[-1].estimator_.sample_weight_.shape == (36,)


def test_cross_validate():
    done = cross_validate(
        classifier(), X, Y, cv=CV, params={"sample_weight": WEIGHT}, return_estimator=True
    )
    assert_those_of_the_folds(fold_weights(done))


@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_search(search):
    weighted = CoresetClassifier(LogisticRegression(), zcore())
    grid = {"selector__budget": [0.2, 0.5]}
    more = {} if search is GridSearchCV else {"n_iter": 2}
    fitted = search(weighted, grid, cv=CV, error_score="raise", **more)
    fitted.fit(X, Y, sample_weight=WEIGHT)
    best = fitted.best_estimator_
    by_hand = LogisticRegression().fit(
        X[best.coreset_indices_], Y[best.coreset_indices_], WEIGHT[best.coreset_indices_]
    )
    np.testing.assert_array_equal(best.estimator_.coef_, by_hand.coef_)


def test_search_scores_with_the_weights_as_for_any_estimator():
    """The weights of test rows are used, or not, as scikit-learn does with the estimator alone."""
    plain, ours = (
        GridSearchCV(model, grid, cv=CV).fit(X, Y, sample_weight=WEIGHT).cv_results_
        for model, grid in [
            (LogisticRegression(), {"C": [1.0]}),
            (CoresetClassifier(LogisticRegression(), random(1.0)), {"estimator__C": [1.0]}),
        ]
    )
    np.testing.assert_array_equal(ours["mean_test_score"], plain["mean_test_score"])


def test_pipeline_in_a_search():
    pipeline = Pipeline([("scale", StandardScaler()), ("model", classifier())])
    search = GridSearchCV(pipeline, {"model__selector__budget": [0.2, 0.3]}, cv=CV)
    search.fit(X, Y, model__sample_weight=WEIGHT)
    model = search.best_estimator_[-1]
    np.testing.assert_array_equal(model.estimator_.sample_weight_, WEIGHT[model.coreset_indices_])


def test_coreset_in_a_coreset():
    inner = CoresetClassifier(RecordingClassifier(), random(0.5))
    fitted = CoresetClassifier(inner, zcore()).fit(X, Y, WEIGHT)
    rows = ROWS[random(0.5).fit(X[ROWS]).indices_]
    np.testing.assert_array_equal(fitted.estimator_.estimator_.sample_weight_, WEIGHT[rows])


@pytest.mark.parametrize("n", [N - 1, N + 1, 36, 1])
@pytest.mark.parametrize("enabled", [False, True])
def test_weights_of_another_length(n, enabled):
    """36 weights would fit the coreset, and nobody could tell whose they are."""
    with config_context(enable_metadata_routing=enabled):
        model = CoresetClassifier(requesting(sample_weight=True) if enabled else None, zcore())
        with pytest.raises(ValueError, match=f"sample_weight has {n} entries, and X 120 rows"):
            model.fit(X, Y, sample_weight=np.ones(n))


def test_weights_that_are_no_weights():
    for bad in (np.nan, np.inf):
        weights = np.where(np.arange(N) == ROWS[3], bad, 1)
        with pytest.raises(ValueError, match="sample_weight contains"):
            CoresetClassifier(LogisticRegression(), zcore()).fit(X, Y, weights)
        with pytest.raises(ValueError, match="sample_weight contains"):
            CoresetClassifier(LogisticRegression(), zcore(), weighting="voronoi").fit(
                X, Y, np.where(np.arange(N) == 0, bad, 1)
            )


# Routing on: everything goes where it has been requested.


def test_requested(routing):
    fitted = CoresetClassifier(requesting(sample_weight=True), zcore()).fit(
        X, Y, sample_weight=WEIGHT
    )
    np.testing.assert_array_equal(fitted.estimator_.sample_weight_, WEIGHT[ROWS])
    fitted = CoresetClassifier(requesting(sample_weight=False), zcore())
    with pytest.raises(TypeError, match=r"fit got unexpected argument.*sample_weight"):
        fitted.fit(X, Y, sample_weight=WEIGHT)
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight.*RecordingClassifier.fit"):
        classifier().fit(X, Y, sample_weight=WEIGHT)
    with pytest.raises(TypeError, match="colour"):
        classifier().fit(X, Y, colour=WEIGHT)


def test_requested_under_another_name(routing):
    model = CoresetClassifier(requesting(sample_weight="importance"), zcore())
    fitted = model.fit(X, Y, importance=WEIGHT)
    np.testing.assert_array_equal(fitted.estimator_.sample_weight_, WEIGHT[ROWS])
    with pytest.raises(ValueError, match="sample_weight has 7 entries"):
        model.fit(X, Y, importance=WEIGHT[:7])


def test_other_metadata_requested(routing):
    fitted = CoresetClassifier(requesting(tag=True), zcore()).fit(X, Y, tag=np.arange(N))
    np.testing.assert_array_equal(fitted.estimator_.tag_, ROWS)


def test_predict_and_score(routing):
    fitted = CoresetClassifier(requesting("predict", offset=True), zcore()).fit(X, Y)
    fitted.predict(X, offset=3)
    assert fitted.estimator_.offset_ == 3
    with pytest.raises(UnsetMetadataPassedError, match="offset"):
        classifier().fit(X, Y).predict(X, offset=3)
    fitted = CoresetClassifier(requesting("score", sample_weight=True), zcore()).fit(X, Y)
    fitted.score(X, Y, sample_weight=WEIGHT)
    np.testing.assert_array_equal(fitted.estimator_.score_weight_, WEIGHT)


def test_voronoi_with_weights(routing):
    for request, name in [(True, "sample_weight"), ("importance", "importance")]:
        model = requesting(sample_weight=request)
        fitted = CoresetClassifier(model, zcore(), weighting="voronoi")
        fitted.fit(X, Y, **{name: WEIGHT})
        assert fitted.estimator_.sample_weight_.sum() == pytest.approx(WEIGHT.sum())
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    inside = make_pipeline(scaler, requesting(sample_weight=True))
    fitted = CoresetClassifier(inside, zcore(), weighting="voronoi").fit(X, Y)
    assert fitted.estimator_[-1].sample_weight_.sum() == N
    # Weights of our own making need no request of an estimator that takes them itself.
    fitted = classifier(weighting="voronoi").fit(X, Y)
    assert fitted.estimator_.sample_weight_.sum() == N
    inside = make_pipeline(scaler, RecordingClassifier())
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight.*RecordingClassifier.fit"):
        CoresetClassifier(inside, zcore(), weighting="voronoi").fit(X, Y)


def test_pipeline_routes(routing):
    scaler = StandardScaler().set_fit_request(sample_weight=True)
    pipeline = make_pipeline(
        scaler, CoresetClassifier(requesting(sample_weight=True), random())
    ).fit(X, Y, sample_weight=WEIGHT)
    weights = pipeline[-1].estimator_.sample_weight_
    np.testing.assert_array_equal(weights, WEIGHT[random().fit(X).indices_])
    inside = make_pipeline(
        StandardScaler().set_fit_request(sample_weight=False), requesting(sample_weight=True)
    )
    fitted = CoresetClassifier(inside, zcore()).fit(X, Y, sample_weight=WEIGHT)
    np.testing.assert_array_equal(fitted.estimator_[-1].sample_weight_, WEIGHT[ROWS])


def test_cross_validate_routes(routing):
    scorer = get_scorer("accuracy").set_score_request(sample_weight=True)
    groups = np.arange(N) % 4
    done = cross_validate(
        CoresetClassifier(requesting(sample_weight=True), zcore()),
        X,
        Y,
        cv=CV,
        scoring=scorer,
        params={"sample_weight": WEIGHT},
        return_estimator=True,
    )
    assert_those_of_the_folds(fold_weights(done))
    scores = cross_val_score(
        CoresetClassifier(requesting(sample_weight=True), zcore()),
        X,
        Y,
        cv=GroupKFold(4),
        scoring=scorer,
        params={"sample_weight": WEIGHT, "groups": groups},
        error_score="raise",
    )
    assert scores.shape == (4,)


def test_search_routes(routing):
    model = LogisticRegression().set_fit_request(sample_weight=True)
    model.set_score_request(sample_weight=True)
    search = GridSearchCV(
        CoresetClassifier(model, zcore()),
        {"selector__budget": [0.2, 0.5], "estimator__C": [0.1, 1]},
        cv=CV,
        error_score="raise",
    ).fit(X, Y, sample_weight=WEIGHT)
    best = search.best_estimator_
    rows = best.coreset_indices_
    by_hand = best.estimator.fit(X[rows], Y[rows], WEIGHT[rows])
    np.testing.assert_array_equal(best.estimator_.coef_, by_hand.coef_)
    inside = GridSearchCV(RecordingClassifier().set_fit_request(sample_weight=True), {}, cv=2)
    inside.estimator.set_score_request(sample_weight=True)
    fitted = CoresetClassifier(inside, zcore()).fit(X, Y, sample_weight=WEIGHT)
    np.testing.assert_array_equal(fitted.estimator_.best_estimator_.sample_weight_, WEIGHT[ROWS])


class Weighing(BaseEstimator):
    """Selector or embedder that asks for metadata of all rows."""

    def fit(self, X, y=None, density=None):
        assert y is None
        self.density_ = density
        return self

    def get_support(self):
        return self.density_ > np.median(self.density_)

    def transform(self, X):
        return X


def test_selector_and_embedder_take_part(routing):
    model = CoresetRegressor(
        RecordingRegressor().set_fit_request(sample_weight=True),
        Weighing().set_fit_request(density=True),
        Weighing().set_fit_request(density="depth"),
    )
    fitted = model.fit(X, TARGET, density=WEIGHT, depth=-WEIGHT, sample_weight=WEIGHT)
    np.testing.assert_array_equal(
        fitted.coreset_indices_, np.flatnonzero(WEIGHT > np.median(WEIGHT))
    )
    np.testing.assert_array_equal(fitted.embedder_.density_, -WEIGHT)
    weights = fitted.estimator_.sample_weight_
    np.testing.assert_array_equal(weights, WEIGHT[fitted.coreset_indices_])


def test_within_another_meta_estimator(routing):
    both = np.c_[Y == "oak", Y == "elm"].astype(int)
    model = CoresetClassifier(requesting(sample_weight=True), zcore())
    fitted = MultiOutputClassifier(model).fit(X, both, sample_weight=WEIGHT)
    for part in fitted.estimators_:
        np.testing.assert_array_equal(part.estimator_.sample_weight_, WEIGHT[ROWS])


def test_only_what_is_wrapped_requests(routing):
    """A request on the meta-estimator would be ignored: there is none to set."""
    assert not hasattr(CoresetClassifier(), "set_fit_request")
    assert not hasattr(CoresetClassifier(), "set_score_request")
    scorer = make_scorer(accuracy_score).set_score_request(sample_weight=False)
    done = cross_validate(classifier(), X, Y, scoring=scorer, cv=CV, error_score="raise")
    assert done["test_score"].shape == (3,)
