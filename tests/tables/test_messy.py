"""Whatever is in a frame: finite float32 numbers, or an error that names the column."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_zcore import TablePreparation
from sklearn_zcore.tables import TableError

N = 40
I = np.arange(N)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (I % 2 == 0, "categorical"),
        (pd.array([None, *(k % 3 == 0 for k in range(N - 1))], dtype="boolean"), "categorical"),
        ([None, *(k % 3 == 0 for k in range(N - 1))], "categorical"),
        (pd.array([None, *range(N - 1)], dtype="Int64"), "numeric"),
        (pd.array([None, *range(N - 1)], dtype="Float32"), "numeric"),
        (I.astype("float16"), "numeric"),
        (2**52 + I.astype("uint64"), "numeric"),
        ([decimal.Decimal(int(k)) / 4 for k in I], "numeric"),
        ([int(k) if k % 2 else float(k) for k in I], "numeric"),
        (pd.arrays.SparseArray(np.where(I % 5 == 0, 1.0, 0.0)), "numeric"),
        (pd.Categorical(I % 7), "categorical"),
        (pd.Categorical(I / 2), "categorical"),
        (pd.Categorical([f"c{k % 3}" for k in I]), "categorical"),
        (pd.Categorical(I % 2 == 0), "categorical"),
        (["a", 1] * (N // 2), "categorical"),
        ([f"{k % 4:05d}" for k in I], "categorical"),
        (pd.date_range("2024-01-01", periods=N, tz="Europe/Berlin"), "datetime"),
        (pd.date_range("1600-01-01", periods=N, unit="s"), "datetime"),
        ([datetime.date(2024, 1, 1 + k % 28) for k in range(N)], "datetime"),
        ([datetime.time(k % 24, 30) for k in range(N)], "datetime"),
        (pd.to_timedelta(I, unit="h"), "datetime"),
        (pd.period_range("2024-01", periods=N, freq="M"), "datetime"),
        ([f"2024-{1 + k % 12:02d}" for k in I], "datetime"),
        ([f"{k}:{k:02d}:00" for k in I % 24], "datetime"),
        ([f"{k / 2}" for k in I], "numeric"),
        ([None] * N, "empty"),
        ([np.nan] * N, "empty"),
        ([pd.NaT] * N, "empty"),
        ([f"some words, number {k}" for k in I], "text"),
        ([f"é中{k} ∑ {k * 7}" for k in I], "text"),
        (["" if k % 2 else f"text {k}" for k in range(N)], "text"),
        ([f"{k:08x}" for k in 12_345_678 * (1 + I)], "identifier"),
    ],
)
def test_types_of_pandas(values, kind):
    frame = pd.DataFrame({"a": values, "b": np.random.default_rng(0).normal(size=N)})
    preparation = TablePreparation()
    X = preparation.fit_transform(frame)
    assert preparation.columns_[0].kind == kind
    assert X.dtype == np.float32 and np.isfinite(X).all()
    assert np.array_equal(preparation.transform(frame), X)
    if kind in ("numeric", "datetime"):
        assert len(np.unique(X[:, 0])) > 1


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pa.array(range(N), pa.date32()), "datetime"),
        (pa.array(range(N), pa.time32("s")), "datetime"),
        (pa.array([None, *range(N - 1)], pa.duration("ms")), "datetime"),
        (pa.array(I).cast(pa.decimal128(21, 2)), "numeric"),
        (pa.array(I % 3).dictionary_encode(), "categorical"),
        (pa.array([f"k{k % 3}" for k in I]).cast(pa.string_view()), "categorical"),
        (pa.nulls(N), "empty"),
        (pa.array(I.astype("float16")), "numeric"),
    ],
)
def test_types_of_arrow(column, kind):
    table = pa.table({"a": column, "b": I % 11})
    preparation = TablePreparation()
    assert np.isfinite(preparation.fit_transform(table)).all()
    assert preparation.columns_[0].kind == kind


def test_types_of_polars():
    frame = pl.DataFrame(
        {"k": I % 11, "c": [f"c{k % 3}" for k in I], "t": [None] * N}
    ).with_columns(
        pl.col("c").cast(pl.Categorical).alias("cat"), pl.col("c").cast(pl.Enum(["c0", "c1", "c2"]))
    )
    preparation = TablePreparation().fit(frame)
    assert [c.kind for c in preparation.columns_] == [
        "numeric",
        "categorical",
        "empty",
        "categorical",
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[k] for k in range(N)], "'a' holds values of type list.*kinds={'a': 'ignore'}"),
        ([{"x": k} for k in range(N)], "'a' holds values of type struct"),
        ([object()] * N, "'a' holds objects of type object"),
        (I * 1j, "Complex data not supported: column 'a'"),
        ([b"x%d" % k for k in I], "'a' holds values of type binary"),
        (pd.interval_range(0, N), "'a' holds"),
        (np.where(I == 7, np.inf, I), "1 infinite value in 'a'; the first is in row 7"),
        (np.where(I % 2, 1e308, -1e308), "'a' are too large"),
    ],
)
def test_what_cannot_be_used_is_named(values, message):
    with pytest.raises(TableError, match=message):
        TablePreparation().fit(pd.DataFrame({"b": I, "a": values}))


def test_all_troubles_are_told_at_once():
    frame = pd.DataFrame({"x": [[k] for k in I], "b": I, "y": [{"z": k} for k in I]})
    with pytest.raises(TableError, match="2 columns cannot be used") as told:
        TablePreparation().fit(frame)
    assert "'x' holds values of type list" in told.value.message
    assert "'y' holds values of type struct" in told.value.message
    assert "kinds={'x': 'ignore', 'y': 'ignore'}" in told.value.hint


def test_frames_that_are_no_tables():
    two = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    with pytest.raises(TableError, match="more than one column named 'a'"):
        TablePreparation().fit(two)
    with pytest.raises(TableError, match=r"0 feature\(s\)"):
        TablePreparation().fit(pd.DataFrame(index=range(3)))
    with pytest.raises(TableError, match="all are ids"):
        TablePreparation().fit(pd.DataFrame({"id": [f"a{k}" for k in I]}))
    preparation = TablePreparation().fit(pd.DataFrame({"a": I, "b": I % 7}))
    with pytest.raises(ValueError, match="feature names should match"):
        preparation.transform(pd.DataFrame({"a": I, "c": I}))


def test_ids_and_labels_are_noted():
    frame = pd.DataFrame(
        {"id": 1000 + I[::-1], "row": I, "phone_no": 555_000 + I % 30, "target": I % 3}
    )
    notes = TablePreparation().fit(frame).notes_
    assert [note.split(" is ")[0] for note in notes] == [
        "column 'id'",
        "column 'row'",
        "column 'phone_no'",
        "column 'target'",
    ]
    assert "if it is the label" in notes[-1]


def test_one_row():
    frame = pd.DataFrame({"a": [1.5], "b": ["x"], "c": [pd.Timestamp("2024-01-01")], "d": [None]})
    X = TablePreparation().fit_transform(frame)
    assert X.tolist() == [[0, 0, 1]]


def test_columns_without_names_as_text():
    frame = pd.DataFrame({0: I, 1: [f"c{k % 3}" for k in I]})
    names = TablePreparation().fit(frame).get_feature_names_out()
    assert list(names) == ["x0", "x1_c0", "x1_c1", "x1_c2"]


_CELLS = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=False, width=32),
    st.integers(-(10**9), 10**9),
    st.booleans(),
    st.text(max_size=12),
    st.sampled_from(["$1,914.24", "80.5%", "?", "NA", "2024-01-05", "12:30", "007", "a b c"]),
    st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1)).map(str),
)
_COLUMN = st.one_of(
    st.lists(_CELLS, min_size=12, max_size=12),
    *(
        st.lists(st.one_of(st.none(), one), min_size=12, max_size=12)
        for one in (
            st.floats(-1e30, 1e30),
            st.text(max_size=30),
            st.sampled_from(["a", "b", "c"]),
            st.decimals(-1000, 1000, places=2).map(lambda x: f"${x}"),
            st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1)),
        )
    ),
)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(_COLUMN, min_size=1, max_size=4))
def test_any_frame(columns):
    frame = pd.DataFrame({f"c{i}": pd.Series(c, dtype=object) for i, c in enumerate(columns)})
    frame["x"] = np.arange(12) % 5
    preparation = TablePreparation()
    X = preparation.fit_transform(frame)
    assert X.dtype == np.float32 and np.isfinite(X).all()
    assert X.shape == (12, len(preparation.get_feature_names_out()))
    assert [c.name for c in preparation.columns_] == list(frame.columns)
    assert np.array_equal(preparation.transform(frame), X)
    assert preparation.report()
    # Halves fit and transform each other without an error: that is cross-validation.
    try:
        half = TablePreparation().fit(frame[::2])
    except TableError:
        return
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            assert np.isfinite(half.transform(frame[1::2])).all()
        except TableError as error:
            assert "was" in error.message and "now" in error.message
