"""Equal values score equally, whatever their dtype, their layout and their container."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tests.selection.common import SELECTORS, table, zcore

N = 61
WHOLE = np.round(20 * np.abs(table(N)))
SMALL = table(N).astype(np.float16)  # every other float dtype holds its values


def assert_same_scores(make, rows, expected):
    np.testing.assert_array_equal(make().fit(rows).scores_, make().fit(expected).scores_)


@pytest.mark.parametrize(
    "dtype", ["f2", "f4", "f8", "g", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">f8", ">i4"]
)
def test_dtypes_of_whole_numbers(dtype):
    assert_same_scores(zcore, WHOLE.astype(dtype), WHOLE)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", ">f4", "O"])
def test_dtypes_of_floats(dtype):
    assert_same_scores(zcore, SMALL.astype(dtype), SMALL.astype("f8"))


@pytest.mark.slow
@pytest.mark.parametrize("n", [40_000, 40_001])
@pytest.mark.parametrize("dtype", ["f2", "f4", "i1", "u8", "?", "O"])
def test_dtypes_of_many_rows(n, dtype):
    """The median of many rows is found in another way."""
    rows = np.random.default_rng(0).integers(0, 2 if dtype == "?" else 50, (n, 3)).astype(dtype)
    assert_same_scores(lambda: zcore(n_iter=200), rows, rows.astype("f8"))


def test_bool():
    rows = table(N) > 0.5
    assert_same_scores(zcore, rows, rows.astype(float))


@pytest.mark.parametrize("number", [float, int, np.float32, np.int8, str])
def test_objects_that_are_numbers(number):
    rows = np.array([[number(value) for value in row] for row in WHOLE], dtype=object)
    assert_same_scores(zcore, rows, WHOLE)


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


LAYOUTS = {
    "fortran": np.asfortranarray,
    "read-only": read_only,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3],
    "reversed twice": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "transposed": lambda X: X.T.copy().T,
    "list": lambda X: X.tolist(),
    "tuples": lambda X: tuple(map(tuple, X.tolist())),
    "pandas": lambda X: pd.DataFrame(X, columns=list("abcd")),
    "pandas by column": lambda X: pd.DataFrame({name: X[:, i] for i, name in enumerate("abcd")}),
    "pandas nullable": lambda X: pd.DataFrame(X).astype("Float64"),
    "polars": lambda X: pl.DataFrame(X),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", SELECTORS)
def test_layouts(make, dtype, layout):
    X = table(N).astype(dtype)
    assert_same_scores(make, LAYOUTS[layout](X), X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_memmap(tmp_path, dtype, order):
    X = np.asarray(table(N), dtype, order=order)
    np.save(tmp_path / "X.npy", X)
    assert_same_scores(zcore, np.load(tmp_path / "X.npy", mmap_mode="r"), X)


def test_frame_of_mixed_numbers():
    frame = pd.DataFrame({"i": range(N), "f": table(N)[:, 0], "b": table(N)[:, 1] > 0})
    frame["n"] = pd.array(WHOLE[:, 0].astype(int), dtype="Int32")
    frame["c"] = pd.Categorical(WHOLE[:, 1].astype(int) % 3)
    assert_same_scores(zcore, frame, frame.astype(float).to_numpy())


def test_float32_and_float64_of_an_even_number_of_rows():
    """The median lies between two values, and must not be rounded to their dtype."""
    for seed in range(20):
        X = table(60, seed=seed).astype(np.float32)
        assert_same_scores(zcore, X, X.astype(np.float64))


def test_offsets_do_not_matter():
    """Timestamps, ids and prices: float32 alone would make all of these values equal."""
    steps = np.random.default_rng(0).integers(0, 3600, (N, 3))
    expected = zcore().fit(steps).scores_
    for offset in (1_700_000_000, -(10**12), 2**50):
        np.testing.assert_array_equal(zcore().fit(steps + offset).scores_, expected)


def test_nanosecond_timestamps():
    seconds = np.random.default_rng(0).integers(0, 3600, (N, 3))
    nanoseconds = 1_700_000_000_000_000_000 + seconds * 1_000_000_000
    assert nanoseconds.dtype == np.int64
    np.testing.assert_allclose(
        zcore().fit(nanoseconds).scores_, zcore().fit(seconds).scores_, atol=1e-3
    )


def test_scale_does_not_matter_where_it_is_common():
    X = table(N)
    for scale in (2.0**-60, 2.0**60):
        np.testing.assert_array_equal(zcore().fit(scale * X).scores_, zcore().fit(X).scores_)
