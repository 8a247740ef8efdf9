"""CoresetSampler: a step of imbalanced-learn's Pipeline."""

import numpy as np
import pandas as pd
import pytest
from imblearn.base import is_sampler
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline, make_pipeline
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetSampler, ZCoreSelector
from tests.compose.common import TARGET, WEIGHT, FirstRows, N, X, Y, frame, random, zcore


@pytest.mark.parametrize("y", [Y, TARGET, np.c_[TARGET, TARGET], Y.tolist(), pd.Series(Y)])
@pytest.mark.parametrize("make", [zcore, random])
def test_fit_resample(make, y):
    sampler = CoresetSampler(make())
    rows, kept = sampler.fit_resample(X, y)
    indices = make().fit(X).indices_
    np.testing.assert_array_equal(sampler.sample_indices_, indices)
    np.testing.assert_array_equal(rows, X[indices])
    np.testing.assert_array_equal(kept, np.asarray(y)[indices])
    assert type(kept) is type(y)
    np.testing.assert_array_equal(sampler.selector_.indices_, indices)
    assert sampler.n_features_in_ == 4


def test_without_y():
    rows, y = CoresetSampler(zcore()).fit_resample(X)
    assert y is None and rows.shape == (36, 4)
    assert CoresetSampler(zcore()).fit_resample(X, None)[1] is None


def test_frames_keep_columns_and_index():
    data = frame().drop(columns=["tree", "d"])
    y = pd.Series(Y, data.index, name="kind")
    sampler = CoresetSampler(zcore())
    rows, kept = sampler.fit_resample(data, y)
    pd.testing.assert_frame_equal(rows, data.iloc[sampler.sample_indices_])
    pd.testing.assert_series_equal(kept, y.iloc[sampler.sample_indices_])
    np.testing.assert_array_equal(sampler.feature_names_in_, ["a", "b", "c"])


def test_embedder_and_another_selector():
    sampler = CoresetSampler(zcore(), StandardScaler())
    rows, _ = sampler.fit_resample(X * [1, 10, 100, 1], Y)
    expected = zcore().fit(StandardScaler().fit_transform(X * [1, 10, 100, 1])).indices_
    np.testing.assert_array_equal(sampler.sample_indices_, expected)
    np.testing.assert_array_equal(CoresetSampler(FirstRows(3)).fit_resample(X)[0], X[:3])


def test_default_and_parameters():
    assert CoresetSampler().get_params() == {"selector": None, "embedder": None}
    sampler = CoresetSampler(ZCoreSelector()).set_params(
        selector__budget=7, selector__n_iter=100, selector__tol=0
    )
    assert clone(sampler).fit_resample(X)[0].shape == (7, 4)
    assert not hasattr(sampler, "transform") and is_sampler(sampler)


@pytest.mark.parametrize("y, model", [(Y, LogisticRegression()), (TARGET, Ridge())])
def test_make_pipeline_with_a_scaler_before_and_a_model_behind(y, model):
    pipeline = make_pipeline(StandardScaler(), CoresetSampler(zcore()), model)
    pipeline.fit(X, y)
    scaled = StandardScaler().fit_transform(X)
    rows = zcore().fit(scaled).indices_
    by_hand = clone(model).fit(scaled[rows], y[rows])
    np.testing.assert_array_equal(pipeline.predict(X), by_hand.predict(scaled))
    assert pipeline.score(X, y) == by_hand.score(scaled, y)
    np.testing.assert_array_equal(pipeline[1].sample_indices_, rows)
    assert cross_val_score(pipeline, X, y, error_score="raise").mean() > 0.5


def test_search_and_memory(tmp_path):
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("coreset", CoresetSampler(zcore())), ("model", Ridge())],
        memory=str(tmp_path),
    )
    grid = {"coreset__selector__budget": [0.2, 0.5], "model__alpha": [0.1, 1]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X, TARGET)
    assert search.score(X, TARGET) > 0.9


def test_with_another_sampler():
    labels = np.repeat([0, 1], [100, 20])
    pipeline = make_pipeline(
        CoresetSampler(random(0.5)), RandomOverSampler(random_state=0), LogisticRegression()
    )
    assert pipeline.fit(X, labels).predict(X).shape == (N,)


def test_y_is_not_looked_at():
    kept = [CoresetSampler(zcore()).fit(X, y).sample_indices_ for y in (None, Y, TARGET, -TARGET)]
    for rows in kept:
        np.testing.assert_array_equal(rows, kept[0])


def test_weights_of_all_rows_do_not_fit_a_pipelines_coreset():
    """No Pipeline drops rows of metadata: scikit-learn says so, and our docstring what to use."""
    pipeline = make_pipeline(CoresetSampler(zcore()), LogisticRegression())
    with pytest.raises(ValueError, match=r"sample_weight.shape == \(120,\), expected \(36,\)"):
        pipeline.fit(X, Y, logisticregression__sample_weight=WEIGHT)
