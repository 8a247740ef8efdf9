"""TablePreparation: from a messy table to numbers, fitted on training rows."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_zcore import FacilityLocationSelector, TablePreparation
from sklearn_zcore.tables import TableError

KINDS = {
    "customer_id": "identifier",
    "age": "numeric",
    "income": "numeric",
    "rate": "numeric",
    "weight": "numeric",
    "zip": "numeric",
    "city": "categorical",
    "member": "categorical",
    "since": "datetime",
    "seen": "datetime",
    "about": "text",
}


def kinds_of(preparation):
    return {column.name: column.kind for column in preparation.columns_}


def note_on(preparation, name):
    (note,) = [note for note in preparation.notes_ if repr(name) in note]
    return note


def test_kinds_and_numbers(messy):
    preparation = TablePreparation()
    X = preparation.fit_transform(messy)
    assert kinds_of(preparation) == KINDS
    assert X.dtype == np.float32 and np.isfinite(X).all()
    names = list(preparation.get_feature_names_out())
    assert names[:7] == ["age", "income", "rate", "weight", "zip", "since", "seen"]
    assert names[7:13] == [
        "city_Bonn",
        "city_Köln",
        "city_Ulm",
        "city_missing",
        "member_false",
        "member_true",
    ]
    assert X.shape[1] == len(names) == sum(c.n_features for c in preparation.columns_)
    income = messy["income"].str.replace("[$,]", "", regex=True).astype(float)
    filled = income.fillna(income.median()).to_numpy()
    np.testing.assert_allclose(X[:, 1], StandardScaler().fit_transform(filled[:, None])[:, 0], 1e-5)
    days = pd.to_datetime(messy["seen"], format="%d.%m.%Y").astype("int64").to_numpy(float)
    np.testing.assert_allclose(X[:, 6], (days - days.mean()) / days.std(), rtol=1e-4, atol=1e-5)
    # As a standardised column, one of text has a variance of 1 in all.
    assert X[:, 13:].var(axis=0).sum() == pytest.approx(1, abs=1e-3)


def test_the_report_says_what_was_done(messy):
    preparation = TablePreparation().fit(messy)
    told = "\n".join(preparation.report())
    assert "5 numeric (standardised), 2 datetime (in seconds, standardised)" in told
    assert "2 categorical (one-hot: 6 features), 1 text" in told
    assert "13 values in numeric 'age', 'income': filled with the column's median" in told
    assert "6 values in categorical 'city': filled with 'missing'" in told
    assert "is read as 2613.16" in note_on(preparation, "income")
    assert "%' is read as" in note_on(preparation, "rate")
    assert "'zip' is used as a number, and by its name its numbers are names" in told
    assert "kinds={'zip': 'categorical'}" in told
    assert "an id; it is not used" in note_on(preparation, "customer_id")
    assert "used as free text" in note_on(preparation, "about")
    assert "%d.%m.%Y" in note_on(preparation, "seen")
    frame = pd.DataFrame(preparation.columns_)
    assert frame.set_index("name").loc["age", "n_missing"] == 12


def test_the_numbers_are_those_of_scikit_learn():
    """Of numbers and categories: as the quality benchmark has always prepared them."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    frame.loc[::7, "b"] = np.nan
    frame["k"] = rng.integers(0, 5, 200)
    frame["d"] = pd.Categorical(rng.choice(["x", "y", "z", None], 200))
    train, test = frame.iloc[:120], frame.iloc[120:]
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encode = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    expected = ColumnTransformer([("n", numbers, ["a", "b", "c", "k"]), ("c", encode, ["d"])])
    preparation = TablePreparation()
    for as_text in (str, object):
        cast = {"d": as_text} if as_text is object else {}
        np.testing.assert_array_equal(
            preparation.fit_transform(train.astype(cast)),
            expected.fit_transform(train.astype({"d": object})).astype(np.float32),
        )
        np.testing.assert_array_equal(
            preparation.transform(test.astype(cast)),
            expected.transform(test.astype({"d": object})).astype(np.float32),
        )


def test_held_out_rows_are_not_seen(messy):
    """The same training rows give the same numbers whatever the other rows are."""
    train, test = messy.iloc[:80], messy.iloc[80:]
    preparation = TablePreparation().fit(train)
    once = preparation.transform(train)
    assert np.array_equal(once, TablePreparation().fit_transform(train))
    strange = test.assign(age=1e9, city="Atlantis", about="nothing of the kind")
    X = preparation.transform(strange)
    assert np.isfinite(X).all()
    names = list(preparation.get_feature_names_out())
    cities = [i for i, name in enumerate(names) if name.startswith("city")]
    assert (X[:, cities] == 0).all()
    assert np.array_equal(preparation.transform(train), once)


def test_rows_do_not_depend_on_each_other(messy):
    preparation = TablePreparation().fit(messy)
    X = preparation.transform(messy)
    np.testing.assert_allclose(preparation.transform(messy.iloc[5:6]), X[5:6], atol=1e-6)
    np.testing.assert_allclose(preparation.transform(messy.iloc[::-1]), X[::-1], atol=1e-6)


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "pyarrow"])
def test_other_frames(messy, make):
    assert np.array_equal(
        TablePreparation().fit_transform(make(messy)), TablePreparation().fit_transform(messy)
    )


def test_output_containers(messy):
    preparation = TablePreparation().set_output(transform="pandas")
    frame = preparation.fit_transform(messy.set_index(messy.index + 7))
    assert list(frame.columns) == list(preparation.get_feature_names_out())
    assert list(frame.index) == list(messy.index + 7)
    assert preparation.set_output(transform="polars").transform(messy).shape == frame.shape


def test_names_of_features_are_different():
    frame = pd.DataFrame({"a": list("bcb") * 10, "a_b": range(30)})
    names = TablePreparation().fit(frame).get_feature_names_out()
    assert len(set(names)) == len(names) == 3


def test_in_a_pipeline_with_a_selector(messy):
    pipeline = make_pipeline(TablePreparation(), FacilityLocationSelector(10))
    chosen = pipeline.fit(messy)[-1].indices_
    assert len(chosen) == 10
    copy = pickle.loads(pickle.dumps(pipeline))
    assert np.array_equal(copy[0].transform(messy), pipeline[0].transform(messy))
    assert copy[0].report() == pipeline[0].report()
    assert not hasattr(clone(pipeline)[0], "columns_")


def test_timestamps_and_large_ids_keep_their_digits():
    frame = pd.DataFrame(
        {
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(50), unit="ms"),
            "big": 2**52 + np.arange(50),
        }
    )
    X = TablePreparation().fit_transform(frame)
    assert len(np.unique(X[:, 0])) == len(np.unique(X[:, 1])) == 50


def test_rare_categories_share_a_feature():
    frame = pd.DataFrame({"a": [f"c{k % 15}" for k in range(60)], "b": range(60)})
    preparation = TablePreparation(max_categories=5)
    assert preparation.fit_transform(frame).shape == (60, 6)
    assert preparation.columns_[0].shares_a_feature
    assert preparation.get_feature_names_out()[-1] == "a_rare"
    assert "the rarest of its 15 categories share one feature (max_categories=5)" in "\n".join(
        preparation.report()
    )


def test_the_user_knows_better(messy):
    kinds = {"zip": "categorical", "customer_id": "text", "city": "ignore", "member": "numeric"}
    preparation = TablePreparation(kinds=kinds, max_categories=7).fit(messy)
    found = {c.name: (c.kind, c.n_features) for c in preparation.columns_}
    assert found["zip"] == ("categorical", 7)
    assert found["customer_id"] == ("text", 30)
    assert found["city"] == ("ignored", 0)
    assert found["member"] == ("numeric", 1)
    assert not any("'zip'" in note for note in preparation.notes_)
    with pytest.raises(TableError, match="no column 'zap'; did you mean 'zip'"):
        TablePreparation(kinds={"zap": "text"}).fit(messy)
    with pytest.raises(TableError, match="'categories', of column 'zip'.*did you mean 'categor"):
        TablePreparation(kinds={"zip": "categories"}).fit(messy)
    with pytest.raises(TableError, match="kinds={'city': 'datetime'}, and the column holds"):
        TablePreparation(kinds={"city": "datetime"}).fit(messy)


def test_decimal():
    frame = pd.DataFrame({"a": ["1,377", "2,450", "3,999"] * 10, "b": ["1,5", "2,25", "3,0"] * 10})
    preparation = TablePreparation().fit(frame)
    assert "With decimal=',' it would be another number" in note_on(preparation, "a")
    assert "'1,377' is read as 1377." in note_on(preparation, "a")
    assert "'1,5' is read as 1.5." in note_on(preparation, "b")
    preparation = TablePreparation(decimal=",").fit(frame)
    assert "'1,377' is read as 1.377." in note_on(preparation, "a")
    assert kinds_of(TablePreparation(decimal=".").fit(frame)) == {
        "a": "numeric",
        "b": "categorical",
    }


def test_markers_among_numbers_are_told():
    frame = pd.DataFrame({"a": [("?" if k % 9 == 4 else str(k * 1.5)) for k in range(60)]})
    preparation = TablePreparation().fit(frame)
    assert preparation.columns_[0].n_missing == 7
    assert any("all but '?' are numbers; taken for missing" in n for n in preparation.notes_)
    few = pd.DataFrame({"a": [("?" if k == 4 else str(k % 15)) for k in range(60)]})
    assert kinds_of(TablePreparation().fit(few)) == {"a": "categorical"}
    assert "because of '?'; the rest are numbers" in TablePreparation().fit(few).notes_[0]


def test_what_cannot_be_read_later_is_missing_and_told(messy):
    preparation = TablePreparation().fit(messy)
    later = messy.iloc[:10].copy()
    later.loc[2, "income"] = "a lot"
    with pytest.warns(UserWarning, match="'income' was read as numeric.*'a lot'. Taken for miss"):
        X = preparation.transform(later)
    assert X[2, 1] == X[3, 1]  # the median
    with pytest.raises(TableError, match="'income' was numeric.*values of type large_string now"):
        TablePreparation().fit(messy.assign(income=1.0)).transform(messy)


@pytest.mark.parametrize("kind", ["datetime", "clock", "ambiguous"])
def test_times_in_text(kind):
    k = np.arange(60)
    texts = {
        "datetime": pd.Series(
            pd.Timestamp("2024-01-05") + pd.to_timedelta(k, unit="D")
        ).dt.strftime("%b %d, %Y"),
        "clock": pd.Series([f"{i % 24}:{i % 60:02d}" for i in k]),
        "ambiguous": pd.Series([f"{1 + i % 12:02d}/{1 + i // 12:02d}/2024" for i in k]),
    }
    preparation = TablePreparation()
    X = preparation.fit_transform(pd.DataFrame({"t": texts[kind]}))
    assert kinds_of(preparation) == {"t": "datetime"}
    if kind == "datetime":
        assert (np.diff(X[:, 0]) > 0).all()
        assert "%b %d, %Y" in preparation.notes_[0]
    if kind == "ambiguous":
        assert "%d/%m/%Y would fit, too" in preparation.notes_[0]


def test_a_failed_fit_changes_nothing(messy):
    preparation = TablePreparation().fit(messy)
    before = preparation.transform(messy)
    state = dict(vars(preparation))
    for bad in (messy.assign(age=np.inf), messy.assign(extra=[[1]] * len(messy)), messy[:0]):
        with pytest.raises(TableError):
            preparation.fit(bad)
    assert vars(preparation) == state
    assert np.array_equal(preparation.transform(messy), before)


def test_complete_rows(messy):
    preparation = TablePreparation().fit(messy)
    complete = preparation.complete_rows(messy)
    expected = messy.drop(columns="customer_id").notna().all(axis=1)
    assert np.array_equal(complete, expected)
    assert not any("missing:" in line for line in TablePreparation().fit(messy[complete]).report())


def test_the_input_is_not_changed(messy):
    before = messy.copy(deep=True)
    TablePreparation().fit_transform(messy)
    pd.testing.assert_frame_equal(messy, before)
    X = np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]])
    X.flags.writeable = False
    assert np.isfinite(TablePreparation().fit_transform(X)).all()


def test_values_beyond_the_spread_of_the_training_rows():
    preparation = TablePreparation().fit(np.array([[0.0], [1e-150]]))
    with pytest.raises(TableError, match="too large to standardise now: .* 'x0' was 5e-151"):
        preparation.transform(np.array([[1.0]]))
