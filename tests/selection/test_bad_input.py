"""Bad input: each message says what is wrong, where, and what to do."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.utils._param_validation import InvalidParameterError

from tests.selection.common import NEED_DENSE, NEED_NUMBERS, table, zcore

X = table()
NAMES = ["age", "price", "size", "when"]


def bad_at(*cells, value=np.nan, data=X):
    data = data.copy()
    for cell in cells:
        data[cell] = value
    return data


@pytest.mark.parametrize("make", NEED_NUMBERS)
@pytest.mark.parametrize(
    "rows, says",
    [
        (bad_at((7, 2)), r"1 NaN value.* first is in row 7, column 2\..* SimpleImputer"),
        (bad_at((9, 0), (7, 2), (7, 3)), r"3 NaN value.* first is in row 7, column 2\."),
        (bad_at((59, 3), value=np.inf), r"1 infinite value.* row 59, column 3\..*Clip or drop"),
        (bad_at((0, 0), value=-np.inf), r"1 infinite value.* row 0, column 0\."),
        (bad_at((5, 1), data=bad_at((3, 3), value=np.inf)), r"1 NaN .*1 infinite .* row 3, col"),
        (bad_at((7, 2)).astype(np.float16), r"1 NaN value.* row 7, column 2"),
        (bad_at((7, 2)).astype(object), r"1 NaN value.* row 7, column 2"),
        (bad_at((7, 2), value=None, data=X.astype(object)), r"1 NaN value.* row 7, column 2"),
        (bad_at((7, 2)).tolist(), r"1 NaN value.* row 7, column 2"),
        (np.full((60, 4), np.nan), r"240 NaN value.* row 0, column 0"),
    ],
)
def test_nan_and_inf(make, rows, says):
    with pytest.raises(ValueError, match=says):
        make().fit(rows)


@pytest.mark.parametrize("kind", [pd.DataFrame, lambda X, columns: pl.DataFrame(X, schema=columns)])
def test_nan_in_a_frame_is_named(kind):
    frame = kind(bad_at((7, 2), (8, 0)), columns=NAMES)
    with pytest.raises(ValueError, match=r"2 NaN .* row 7, column 2 \('size'\)"):
        zcore().fit(frame)


def test_missing_values_of_frames():
    missing = [1, 2, None] * 20
    nullable = pd.DataFrame({"a": X[:, 0], "b": pd.array(missing, dtype="Int64")})
    for frame in (nullable, pl.DataFrame({"a": X[:, 0], "b": missing})):
        with pytest.raises(ValueError, match=r"20 NaN .* row 2, column 1 \('b'\)"):
            zcore().fit(frame)


def test_nan_far_down():
    """Found in pieces, so that a big X is not copied."""
    rows = np.zeros((600_000, 3), np.float32)
    rows[599_999, 1] = np.nan
    with pytest.raises(ValueError, match="1 NaN .* row 599999, column 1"):
        zcore().fit(rows)


@pytest.mark.parametrize("make", NEED_NUMBERS)
@pytest.mark.parametrize("method", ["transform", "score"])
def test_nan_after_the_fit(make, method):
    selector = make().fit(pd.DataFrame(X, columns=NAMES))
    with pytest.raises(ValueError, match=r"row 7, column 2 \('size'\)"):
        getattr(selector, method)(pd.DataFrame(bad_at((7, 2)), columns=NAMES))


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "dok", "lil", "dia"])
@pytest.mark.parametrize("make", NEED_DENSE)
def test_sparse(make, kind):
    with pytest.raises(TypeError, match=r"Sparse data .* dense .*toarray"):
        make().fit(sp.random(60, 4, format=kind))


@pytest.mark.parametrize("make", NEED_NUMBERS)
def test_complex(make):
    with pytest.raises(ValueError, match="needs real numbers.* row 0, column 0: Complex data not"):
        make().fit(X + 1j)
    with pytest.raises((ValueError, TypeError), match="needs real numbers.* row 3, column 1"):
        make().fit(bad_at((3, 1), value=2j, data=X.astype(object)))


TEXT = bad_at((7, 1), value="dear", data=X.astype(object))
DAYS = pd.date_range("2026-01-01", periods=60)
CITY = {"age": X[:, 0], "city": ["Ulm"] * 60}


@pytest.mark.parametrize(
    "rows, place",
    [
        (TEXT, "'dear' in row 7, column 1:"),
        (TEXT.tolist(), "'dear' in row 7, column 1:"),
        (TEXT.astype(str), None),
        (pd.DataFrame(TEXT, columns=NAMES), r"'dear' in row 7, column 1 \('price'\):"),
        (pd.DataFrame(CITY), r"'Ulm' in row 0, column 1 \('city'\):"),
        (pd.DataFrame(CITY).astype({"city": "category"}), r"'Ulm' in row 0, column 1 \('city'\)"),
        (pl.DataFrame(CITY), r"'Ulm' in row 0, column 1 \('city'\)"),
        (pd.DataFrame({"a": X[:, 0], "d": DAYS}), r"Timestamp\(.* in row 0, column 1 \('d'\)"),
        (pd.DataFrame({"d": DAYS, "e": DAYS}), r"Timestamp\(.* in row 0, column 0 \('d'\): Dates"),
        (pl.DataFrame({"d": DAYS.to_list()}), r"2026.* row 0, column 0 \('d'\): Dates"),
        (np.array([DAYS, DAYS], "M8[s]").T, "row 0, column 0: Dates"),
        (np.array([DAYS, DAYS], "M8[ns]").T, "row 0, column 0: Dates"),
        (np.ones((60, 4), "m8[h]"), "row 0, column 0: Dates and durations"),
        (bad_at((3, 1), value={}, data=X.astype(object)), r"X holds {} in row 3, column 1"),
    ],
)
@pytest.mark.parametrize("make", NEED_NUMBERS)
def test_not_numbers(make, rows, place):
    with pytest.raises((ValueError, TypeError), match=place) as error:
        make().fit(rows)
    if place:
        text = str(error.value)
        assert "needs real numbers" in text and "OneHotEncoder" in text and len(text) < 500
    else:
        assert "Convert your data to numeric values" in str(error.value)


@pytest.mark.parametrize("make", NEED_NUMBERS)
@pytest.mark.parametrize(
    "rows, says",
    [
        (np.empty((0, 4)), "0 sample.* minimum of 2 is required"),
        (np.empty((4, 0)), r"0 feature\(s\)"),
        ([], "Expected 2D array"),
        (X[:1], "1 sample.* minimum of 2 is required"),
        (X[0], "Expected 2D array, got 1D array instead"),
        (np.zeros((3, 3, 3)), "dim 3"),
        ([[1, 2], [3]], "inhomogeneous|setting an array element"),
    ],
)
def test_shapes(make, rows, says):
    with pytest.raises(ValueError, match=says):
        make().fit(rows)


def test_too_few_varying_features():
    for rows, n_varying, d in ((X[:, :1], 1, 1), (np.c_[X[:, :2], np.ones((60, 5))], 2, 7)):
        says = rf"more than .* not constant: {n_varying} of n_features = {d}. Set .* {n_varying}"
        with pytest.raises(ValueError, match=f"subspace_dim={n_varying + 1} is " + says):
            zcore(subspace_dim=n_varying + 1).fit(rows)
        assert zcore(subspace_dim=n_varying).fit(rows).n_selected_ == 18


@pytest.mark.parametrize("value", [0, 7.5, -1e300, 1e18])
def test_all_rows_equal(value):
    with pytest.raises(ValueError, match="All 3 .* are constant .* nothing to tell the rows apart"):
        zcore().fit(np.full((20, 3), value))


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    "rows",
    [
        bad_at((7, 2), value=1e300),
        1e300 * X,
        1e38 * X,
        (1e38 * X / np.abs(X).max()).astype(np.float32),
        np.where(X > 0, 1.7e308, -1.7e308),
    ],
)
def test_wider_than_float32(rows, n_jobs):
    """Such distances overflow, and NaN scores would silently select the last rows."""
    spread = np.ptp(np.clip(rows.astype(float), -1e307, 1e307), axis=0)
    column = int((spread > 1e37).argmax())
    says = rf"Feature {column} spans .*, too wide for float32 .*StandardScaler"
    with pytest.raises(ValueError, match=says):
        zcore(n_jobs=n_jobs).fit(rows)


@pytest.mark.parametrize("offset", [2e38, -3e38])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_values_in_a_narrow_range(offset, dtype):
    rows = (offset + 1e36 * X).astype(dtype)
    scores = zcore().fit(rows).scores_
    np.testing.assert_allclose(scores, zcore().fit((rows - dtype(offset)) / 1e36).scores_, atol=0.1)


@pytest.mark.parametrize(
    "name, values",
    {
        "n_iter": [0, -5, 1e6, "all", None],
        "subspace_dim": [0, -1, 1.5],
        "n_neighbors": [0, -1, 2.5, None],
        "exponent": [-1, -0.1, np.nan, np.inf, "4"],
        "random_init": ["yes", None],
        "targets_per_subspace": [0, -1, 1.5, "all"],
        "tol": [-0.1, 1.1, np.nan, None],
        "max_iter": [0, -1, 1e6],
        "warm_start": ["yes", None],
        "memory": [3, False],
        "n_jobs": [1.5, "all"],
        "random_state": [-1, "x", 1.5],
        "verbose": [-1, "x"],
    }.items(),
)
def test_parameters(name, values):
    for value in values:
        with pytest.raises(InvalidParameterError, match=f"The '{name}' parameter of ZCoreSelector"):
            zcore(**{name: value}).fit(X)
    with pytest.raises(TypeError, match="unexpected keyword"):
        zcore(**{name + "s": 1})


def test_n_jobs_0():
    with pytest.raises(ValueError, match="n_jobs == 0"):
        zcore(n_jobs=0).fit(X)


@pytest.mark.parametrize("make", NEED_NUMBERS)
def test_a_failed_refit_keeps_the_fit(make):
    selector = make().fit(X)
    for bad in (bad_at((7, 2)), X[:1]):
        with pytest.raises(ValueError):
            selector.fit(bad)
    with pytest.raises(ValueError), warnings.catch_warnings():
        selector.set_params(budget=61).fit(X)
    np.testing.assert_array_equal(selector.transform(X), make().fit_transform(X))
