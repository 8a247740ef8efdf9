"""Selectors beside other transformers, which return other rows: refused, never glued."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetClassifier, ZCoreSelector
from tests.selection.common import SELECTORS, facility, random, table, zcore

N = 60
FRAME = pd.DataFrame(table(N, 3), columns=list("abc"), index=np.arange(N)[::-1])
LABELS = np.resize([0, 1], N)
BESIDE = "would return 18 of 60 rows, and a {} puts them beside .* select from the whole: "


def other(budget=0.3):
    return random(budget=budget, random_state=1)


@pytest.mark.parametrize("make", SELECTORS)
def test_side_by_side(make):
    says = f"{type(make()).__name__} {BESIDE}"
    with pytest.raises(ValueError, match=says.format("FeatureUnion")):
        make_union(make(), other()).fit_transform(FRAME)
    with pytest.raises(ValueError, match=says.format("ColumnTransformer")):
        make_column_transformer((make(), ["a"]), (other(), ["b"])).fit_transform(FRAME)


def test_said_before_anything_is_scored(monkeypatch):
    monkeypatch.setattr(ZCoreSelector, "_score_rows", None)
    with pytest.raises(ValueError, match=BESIDE.format("FeatureUnion")):
        make_union(zcore(), other()).fit_transform(FRAME)


def test_within_a_pipeline_and_by_transform():
    scaled = make_pipeline(StandardScaler(), random())
    with pytest.raises(ValueError, match=BESIDE.format("FeatureUnion")):
        make_union(scaled, make_pipeline(StandardScaler(), other())).fit_transform(FRAME)
    union = make_union(random(), other()).fit(FRAME)  # fit alone returns no rows
    with pytest.raises(ValueError, match=BESIDE.format("FeatureUnion")):
        union.transform(FRAME)
    nested = make_union(make_union(random()), make_union(other()))
    with pytest.raises(ValueError, match=BESIDE.format("FeatureUnion")):
        nested.fit_transform(FRAME)
    rest = make_column_transformer((random(), ["a"]), remainder="passthrough")
    with pytest.raises(ValueError, match=BESIDE.format("ColumnTransformer")):
        rest.fit_transform(FRAME)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_in_workers(backend):
    union = FeatureUnion([("first", random()), ("second", other())], n_jobs=2)
    with parallel_config(backend):
        with pytest.raises(ValueError, match=BESIDE.format("ColumnTransformer or FeatureUnion")):
            union.fit_transform(FRAME)


def test_what_stays_legal():
    kept = random().fit(FRAME).indices_
    alone = make_union(random()).fit(FRAME)
    np.testing.assert_array_equal(alone.transform(FRAME), FRAME.iloc[kept])
    columns = make_column_transformer((random(), ["a", "b"]), ("drop", ["c"]))
    np.testing.assert_array_equal(columns.fit_transform(FRAME), FRAME[["a", "b"]].iloc[kept])
    assert make_union(random(), "drop").fit_transform(FRAME).shape == (18, 3)
    every_row = make_union(random(budget=1.0), other(1.0), StandardScaler())
    assert every_row.fit_transform(FRAME).shape == (N, 9)
    whole = make_pipeline(make_union(StandardScaler(), "passthrough"), random())
    assert whole.fit_transform(FRAME).shape == (18, 6)


class Mean(TransformerMixin, BaseEstimator):
    """A transformer of somebody else's, which makes what it likes of the rows."""

    def fit(self, X, y=None):
        self.mean_ = facility().fit_transform(X).mean(axis=0)
        return self

    def transform(self, X):
        return np.asarray(X) - np.asarray(self.mean_)


def test_others_may_do_with_the_rows_what_they_like():
    assert make_union(Mean(), StandardScaler()).fit_transform(FRAME).shape == (N, 6)


SKRUB = "would return 18 of 60 rows, and skrub puts .* CoresetClassifier"


@pytest.mark.parametrize("make", SELECTORS)
@pytest.mark.parametrize("frame", [FRAME, pl.from_pandas(FRAME)], ids=["pandas", "polars"])
def test_skrubs_apply_to_cols(make, frame):
    from skrub import ApplyToCols

    for wrapped in (ApplyToCols(make()), ApplyToCols(make(), cols=["a"])):
        with pytest.raises(ValueError, match=SKRUB):
            wrapped.fit_transform(frame)
        with pytest.raises(ValueError, match=SKRUB):
            wrapped.fit(frame)
    kept = ApplyToCols(make().set_params(budget=1.0)).fit_transform(frame)
    np.testing.assert_array_equal(kept, frame)


def test_skrubs_data_ops():
    import skrub

    X, y = skrub.X(FRAME), skrub.y(LABELS)
    with pytest.raises(RuntimeError, match=SKRUB):
        X.skb.apply(random()).skb.eval()
    with pytest.raises((RuntimeError, ValueError), match=SKRUB):
        X.skb.apply(random(), y=y)
    model = CoresetClassifier(LogisticRegression(), random())
    learner = X.skb.apply(model, y=y).skb.make_learner().fit({"X": FRAME, "y": LABELS})
    by_hand = CoresetClassifier(LogisticRegression(), random()).fit(FRAME, LABELS)
    np.testing.assert_array_equal(learner.predict({"X": FRAME}), by_hand.predict(FRAME))
    part = X.skb.apply_func(random().fit_transform).skb.eval()
    assert part.shape == (18, 3) and part.notna().all(axis=None)


def test_skrubs_table_vectorizer():
    from skrub import TableVectorizer

    with pytest.raises(ValueError, match=SKRUB):
        TableVectorizer(numeric=random()).fit_transform(FRAME)
