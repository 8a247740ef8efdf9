"""What is said of rows, against NumPy on the whole array."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sklearn_zcore.rows import (
    ArraySource,
    check_finite,
    feature_ranges,
    fingerprints,
    scan,
)
from sklearn_zcore.rows import _source as source_module
from sklearn_zcore.rows import _statistics as statistics_module

VALUES = st.one_of(st.integers(-3, 3), st.floats(-1e6, 1e6, width=32))


@given(
    arrays(np.float64, st.tuples(st.integers(2, 60), st.integers(1, 4)), elements=VALUES),
    st.sampled_from([np.float64, np.float32, np.float16, np.longdouble]),
)
def test_ranges(X, dtype):
    with np.errstate(over="ignore"):
        X = np.clip(X, -6e4, 6e4).astype(dtype)
    if (X == X[0]).all():
        with pytest.raises(ValueError, match="nothing to tell the rows apart by"):
            feature_ranges(ArraySource(X))
        return
    found = feature_ranges(ArraySource(X))
    wide = X.astype(np.float64)
    np.testing.assert_array_equal(found.median, np.median(wide, axis=0))
    np.testing.assert_array_equal(found.low, wide.min(axis=0))
    np.testing.assert_array_equal(found.high, wide.max(axis=0))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["normal", "ties", "sorted"])
def test_medians_of_many_rows(order, kind):
    """Enough rows for the median to be bracketed by a sample."""
    X = np.random.default_rng(0).standard_normal((40_001, 3))
    X = np.asarray(np.round(X) if kind == "ties" else X, order=order)
    X = np.sort(X, axis=0) if kind == "sorted" else X
    np.testing.assert_array_equal(feature_ranges(ArraySource(X)).median, np.median(X, axis=0))


def test_some_features_at_a_time(monkeypatch):
    X = np.random.default_rng(0).standard_normal((50, 7)).astype(np.float32)
    expected = feature_ranges(ArraySource(X))
    monkeypatch.setattr(statistics_module, "_COLUMN_BYTES", 1)
    for whole, parts in zip(expected, feature_ranges(ArraySource(X)), strict=True):
        np.testing.assert_array_equal(whole, parts)


def test_features_that_are_too_wide_are_named():
    X = np.zeros((5, 4))
    X[0, 2] = 1e38
    with pytest.raises(ValueError, match="Feature 2 spans 1e.38, too wide for float32"):
        feature_ranges(ArraySource(X))


def test_equal_rows_have_equal_fingerprints_whatever_their_dtype():
    X = np.random.default_rng(0).integers(-3, 3, (200, 3))
    expected = fingerprints(X)
    for dtype in (np.int8, np.float16, np.float32, np.float64):
        np.testing.assert_array_equal(fingerprints(X.astype(dtype)), expected)
    np.testing.assert_array_equal(scan(ArraySource(X), None, "X"), expected)
    _, by_row = np.unique(X, axis=0, return_inverse=True)
    _, by_hash = np.unique(expected, return_inverse=True)
    assert len(np.unique(np.c_[by_row.ravel(), by_hash.ravel()], axis=0)) == by_hash.max() + 1


@pytest.mark.parametrize("values_at_once", [1, 12, 2**16])
@pytest.mark.parametrize("check", [scan, check_finite])
def test_place_of_the_first_bad_value(check, values_at_once, monkeypatch):
    monkeypatch.setattr(source_module, "_BLOCK_VALUES", values_at_once)
    X = np.zeros((30, 4), np.float32)
    X[7, 2], X[9, 0], X[29, 3] = np.inf, np.nan, np.nan
    names = np.array(["a", "b", "c", "d"])
    with pytest.raises(ValueError, match=r"2 NaN value\(s\) and 1 infinite .* row 7, column 2 .*c"):
        check(ArraySource(X), names, "Selector")


def test_rows_are_hashed_in_blocks(monkeypatch):
    X = np.random.default_rng(0).standard_normal((100, 3))
    expected = scan(ArraySource(X), None, "X")
    monkeypatch.setattr(source_module, "_BLOCK_VALUES", 10)
    np.testing.assert_array_equal(scan(ArraySource(X), None, "X"), expected)


@pytest.mark.parametrize("dtype", [np.int8, np.float16, np.float32, np.float64, np.longdouble])
def test_columns_are_rows_of_a_contiguous_array(dtype, tmp_path):
    X = np.random.default_rng(0).integers(-9, 9, (70, 5)).astype(dtype)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    for rows in (X, np.asfortranarray(X), mapped, X[::-1]):
        found = ArraySource(rows).columns(np.array([4, 0]))
        assert found.flags.c_contiguous
        np.testing.assert_array_equal(found, rows[:, [4, 0]].T)
