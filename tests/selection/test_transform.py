"""transform: the selected rows, in the container they came in, of the fitted rows only."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.selection.common import SELECTORS, random, table, zcore

X = table()
NAMES = ["a", "b", "c", "d"]
FITTED = [zcore().fit(X), random().fit(X)]


def frame(index=None):
    """Make a frame of four dtypes."""
    data = pd.DataFrame(X, columns=NAMES, index=index)
    data["b"] = np.arange(60, dtype=np.int8)
    data["c"] = data["c"].astype(np.float32)
    data["d"] = data["d"] > 0
    return data


@pytest.mark.parametrize("make", SELECTORS)
def test_array(make):
    selector = make().fit(X)
    rows = selector.transform(X)
    assert type(rows) is np.ndarray and rows.dtype == X.dtype
    np.testing.assert_array_equal(rows, X[selector.support_])
    np.testing.assert_array_equal(make().fit_transform(X), rows)
    assert not np.shares_memory(rows, X)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64, np.uint8, bool, object])
def test_dtype_is_kept(dtype):
    assert zcore().fit_transform(np.abs(np.round(X)).astype(dtype)).dtype == dtype


@pytest.mark.parametrize("make", SELECTORS)
def test_list_of_lists(make):
    selector = make().fit(X.tolist())
    rows = selector.transform(X.tolist())
    assert type(rows) is np.ndarray
    np.testing.assert_array_equal(rows, X[selector.indices_])


@pytest.mark.parametrize("make", SELECTORS)
def test_memmap(make, tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    np.testing.assert_array_equal(make().fit_transform(mapped), make().fit_transform(X))


@pytest.mark.parametrize("make", SELECTORS)
@pytest.mark.parametrize(
    "index",
    [
        None,
        [f"row {i}" for i in range(60)],
        list(range(60))[::-1],
        [0] * 60,
        pd.MultiIndex.from_product([range(6), range(10)]),
        pd.date_range("2026-01-01", periods=60),
    ],
    ids=["range", "strings", "reversed", "duplicates", "multi", "dates"],
)
def test_pandas_frame_keeps_index_and_dtypes(make, index):
    data = frame(index)
    selector = make().fit(data)
    rows = selector.transform(data)
    pd.testing.assert_frame_equal(rows, data.iloc[selector.indices_])
    rows.iloc[:, 0] = 0  # a frame of its own: no warning, and nothing else changes
    pd.testing.assert_frame_equal(data, frame(index))


@pytest.mark.parametrize("make", SELECTORS)
def test_polars_frame_keeps_dtypes(make):
    data = pl.DataFrame(frame().to_dict("list"), schema_overrides={"b": pl.Int8, "c": pl.Float32})
    selector = make().fit(data)
    rows = selector.transform(data)
    assert isinstance(rows, pl.DataFrame) and rows.schema == data.schema
    assert rows.equals(data[selector.indices_.tolist()])


def test_arrow_table():
    pa = pytest.importorskip("pyarrow")
    data = pa.table(dict(zip(NAMES, X.T, strict=True)))
    selector = zcore().fit(data)
    assert selector.transform(data).equals(data.take(selector.indices_))


@pytest.mark.parametrize("make", SELECTORS)
@pytest.mark.parametrize(
    "other, says",
    [
        (X[::-1], "of the 18 selected rows differ, first row"),
        (np.roll(X, 1, axis=0), "of the 18 selected rows differ, first row"),
        (X[:, ::-1], "18 of the 18 selected rows differ, first row"),
        (X[:50], "it has 50 rows, and fit saw 60"),
        (X[:1], "it has 1 rows, and fit saw 60"),
        (np.r_[X, X], "it has 120 rows, and fit saw 60"),
        (X + 1e-9, "18 of the 18 selected rows differ"),
        (-X, "18 of the 18 selected rows differ"),
    ],
)
def test_other_rows_are_refused(make, other, says):
    selector = make().fit(X)
    with pytest.raises(ValueError, match=says) as error:
        selector.transform(other)
    for hint in ("CoresetClassifier", "CoresetRegressor", "select()", type(selector).__name__):
        assert hint in str(error.value)


@settings(max_examples=200)
@given(data=st.data())
def test_one_changed_value_of_a_selected_row_is_noticed(data):
    selector = data.draw(st.sampled_from(FITTED))
    row = data.draw(st.sampled_from(selector.indices_.tolist()))
    column = data.draw(st.integers(0, 3))
    value = data.draw(st.floats(-1e6, 1e6) | st.integers(-5, 5).map(float))
    other = X.copy()
    assume(value != other[row, column])
    other[row, column] = value
    with pytest.raises(ValueError, match=f"1 of the 18 selected rows differ, first row {row}"):
        selector.transform(other)


@settings(max_examples=100)
@given(
    values=st.lists(st.integers(-3, 3), min_size=8, max_size=8),
    changes=st.permutations(range(8)),
)
def test_small_integers_moved_within_a_row_are_noticed(values, changes):
    """Hashes of floats that are small integers must not cancel."""
    data = np.arange(24.0).reshape(3, 8)
    data[1] = values
    other = data.copy()
    other[1] = other[1][changes]
    assume((other != data).any())
    selector = random(budget=3).fit(data)
    with pytest.raises(ValueError, match="1 of the 3 selected rows differ, first row 1"):
        selector.transform(other)


def test_only_the_selected_rows_decide():
    selector = zcore().fit(X)
    other = X.copy()
    other[~selector.support_] += 1
    np.testing.assert_array_equal(selector.transform(other), X[selector.indices_])


@pytest.mark.parametrize("make", SELECTORS)
def test_same_values_in_another_container_or_dtype(make):
    whole = np.round(10 * X)
    selector = make().fit(whole)
    expected = whole[selector.indices_]
    for same in (
        whole.astype(np.float32),
        whole.astype(np.int16),
        whole.astype(object),
        np.asfortranarray(whole),
        whole.tolist(),
        np.negative(-whole),  # negative zeros
    ):
        np.testing.assert_array_equal(selector.transform(same).astype(float), expected)
    with pytest.warns(UserWarning, match="X has feature names"):
        assert isinstance(selector.transform(pd.DataFrame(whole, columns=NAMES)), pd.DataFrame)


def test_wrong_columns():
    with pytest.raises(ValueError, match="X has 3 features, but ZCoreSelector is expecting 4"):
        zcore().fit(X).transform(X[:, :3])
    with pytest.raises(ValueError, match="NaN"):
        zcore().fit(X).transform(np.full_like(X, np.nan))
