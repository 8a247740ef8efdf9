"""Arrays of numbers: the same scaling, without a second and third copy."""

import tracemalloc

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import TablePreparation
from sklearn_zcore.tables import TableError, raw_numbers, read_table


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(5, 2, size=(60, 4))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16", "int64", "bool"])
def test_standardised(X, dtype):
    X = X > 5 if dtype == "bool" else X.astype(dtype)
    expected = StandardScaler().fit_transform(X.astype("f8" if X.dtype.kind == "i" else "f4"))
    if dtype == "float64":
        expected = StandardScaler().fit_transform(X)
    preparation = TablePreparation()
    assert np.array_equal(preparation.fit_transform(X), expected.astype(np.float32))
    assert np.array_equal(preparation.transform(X[:7]), expected[:7].astype(np.float32))


def test_missing_empty_and_constant_columns(X):
    X[3, 1] = X[7, 2] = np.nan
    X[:, 0] = np.nan
    X[:, 3] = 7
    preparation = TablePreparation()
    out = preparation.fit_transform(X)
    assert [c.kind for c in preparation.columns_] == ["empty", "numeric", "numeric", "numeric"]
    assert [c.n_missing for c in preparation.columns_] == [60, 1, 1, 0]
    assert list(preparation.get_feature_names_out()) == ["x1", "x2", "x3"]
    assert (out[:, 2] == 0).all() and np.isfinite(out).all()
    filled = np.where(np.isnan(X[:, 1]), np.nanmedian(X[:, 1]), X[:, 1])
    np.testing.assert_allclose(out[:, 0], (filled - filled.mean()) / filled.std(), rtol=1e-6)
    assert np.array_equal(preparation.transform(X), out)
    assert np.array_equal(preparation.complete_rows(X), ~np.isnan(X[:, 1:]).any(axis=1))
    with pytest.raises(TableError, match=r"62 missing values: x0 \(60\), x1 \(1\), x2 \(1\)"):
        TablePreparation(missing="error").fit(X)
    with pytest.raises(TableError, match="none has a value"):
        TablePreparation().fit(np.full((5, 2), np.nan))


def test_infinite_and_too_large(X):
    X[9, 1], X[3, 2] = -np.inf, np.inf
    with pytest.raises(TableError, match="2 infinite values in 'x1', 'x2'; .* row 3 .* 'x2'"):
        TablePreparation().fit(X)
    preparation = TablePreparation().fit(X[10:])
    with pytest.raises(TableError, match="2 infinite values"):
        preparation.transform(X)
    with pytest.raises(TableError, match="'x0' are too large to standardise"):
        TablePreparation().fit(np.array([[1e308], [-1e308], [1e308]]))


def test_blocks_of_columns_change_nothing(X, monkeypatch):
    from sklearn_zcore.tables import _numbers

    X[5, 1] = np.nan
    once = TablePreparation().fit_transform(X)
    monkeypatch.setattr(_numbers, "_BLOCK_CELLS", 60)
    monkeypatch.setattr(_numbers, "_MIN_COLUMNS", 2)
    np.testing.assert_allclose(TablePreparation().fit_transform(X), once, rtol=1e-6)
    X[4, 3], X[2, 0] = np.inf, np.inf
    with pytest.raises(TableError, match="2 infinite values in 'x0', 'x3'; .* row 2 .* 'x0'"):
        TablePreparation().fit(X)


@pytest.fixture
def mapped(tmp_path):
    """Return a file of 40 MB."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "X.npy", rng.normal(size=(40_000, 250)).astype(np.float32))
    return tmp_path / "X.npy"


def peak_of(work):
    tracemalloc.start()
    result = work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return result, peak


def test_raw_numbers_of_a_mapped_file_are_the_file(mapped):
    table = read_table(mapped)
    raw, peak = peak_of(lambda: raw_numbers(table))
    assert np.shares_memory(raw.X, table.array)
    assert peak < 1e6


def test_a_mapped_file_is_copied_once(mapped):
    """Into what is returned; besides, there is one block of columns. Masks would be 20 MB."""
    table = read_table(mapped)
    out, peak = peak_of(lambda: TablePreparation().fit_transform(table))
    assert out.nbytes == 40e6
    assert peak < out.nbytes + 20e6


def test_raw_numbers(tmp_path, X):
    X[3, 1] = X[7, 2] = np.nan
    np.save(tmp_path / "X.npy", X)
    table = read_table(tmp_path / "X.npy")
    with pytest.raises(TableError, match=r"2 missing values: f1 \(1\), f2 \(1\)"):
        raw_numbers(table)
    raw = raw_numbers(table, missing="drop")
    assert sorted(set(range(60)) - set(raw.kept)) == [3, 7]
    assert np.array_equal(raw.X, X[raw.kept])
    X[5, 0] = np.inf
    np.save(tmp_path / "X.npy", X)
    with pytest.raises(TableError, match="1 infinite value in 'f0'; the first is in row 5"):
        raw_numbers(read_table(tmp_path / "X.npy"), missing="drop")
