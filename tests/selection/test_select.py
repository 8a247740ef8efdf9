"""select: the coreset's part of whatever goes along with X."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from tests.selection.common import SELECTORS, table, zcore

N = 60
SELECTOR = zcore().fit(table(N))
INDICES = SELECTOR.indices_
PATHS = [f"image_{i}.png" for i in range(N)]


@pytest.mark.parametrize("make", SELECTORS)
def test_rows_go_along_with_transform(make):
    X = table(N)
    selector = make().fit(X)
    np.testing.assert_array_equal(selector.select(X), selector.transform(X))


@pytest.mark.parametrize("dtype", [float, int, bool, str, object, complex, "datetime64[s]"])
def test_arrays(dtype):
    y = np.arange(N).astype(dtype)
    part = SELECTOR.select(y)
    assert part.dtype == y.dtype
    np.testing.assert_array_equal(part, y[INDICES])


def test_arrays_of_more_dimensions():
    images = np.arange(N * 12).reshape(N, 2, 2, 3)
    np.testing.assert_array_equal(SELECTOR.select(images), images[INDICES])


@pytest.mark.parametrize("sequence", [PATHS, tuple(PATHS), range(N), [None] * N, [{"a": 1}] * N])
def test_sequences_become_lists(sequence):
    assert list(SELECTOR.select(sequence)) == [sequence[i] for i in INDICES]


def test_pandas():
    series = pd.Series(PATHS, index=np.arange(N)[::-1], name="path")
    pd.testing.assert_series_equal(SELECTOR.select(series), series.iloc[INDICES])
    frame = series.to_frame().assign(label=pd.Categorical(["a", "b"] * (N // 2)))
    pd.testing.assert_frame_equal(SELECTOR.select(frame), frame.iloc[INDICES])
    assert list(SELECTOR.select(frame.index)) == list(frame.index[INDICES])


def test_polars():
    frame = pl.DataFrame({"path": PATHS, "n": range(N)})
    assert SELECTOR.select(frame).equals(frame[INDICES.tolist()])
    assert SELECTOR.select(frame["path"]).equals(frame["path"][INDICES.tolist()])


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
@pytest.mark.parametrize("make", [sp.coo_matrix, sp.coo_array])
def test_sparse(make, kind):
    X = table(N)
    part = SELECTOR.select(make(X).asformat(kind))
    assert sp.issparse(part)
    np.testing.assert_array_equal(part.toarray(), X[INDICES])


def test_several_arrays():
    y, weights = np.arange(N), [0.5] * N
    part_y, part_weights, part_paths = SELECTOR.select(y, weights, PATHS)
    np.testing.assert_array_equal(part_y, INDICES)
    assert part_weights == [0.5] * INDICES.size
    assert part_paths == [PATHS[i] for i in INDICES]
    assert isinstance(SELECTOR.select(y, y), tuple) and not isinstance(SELECTOR.select(y), tuple)


def test_follows_set_budget():
    selector = zcore().fit(table(N))
    selector.set_budget(5)
    np.testing.assert_array_equal(selector.select(np.arange(N)), selector.indices_)


def test_wrong_length():
    with pytest.raises(ValueError, match="Array 2 has 59 rows, and the selector was fitted on 60"):
        SELECTOR.select(PATHS, PATHS[:-1])
    with pytest.raises(ValueError, match="Array 1 has 0 rows"):
        SELECTOR.select([])


@pytest.mark.parametrize("thing", [None, 3, np.array(3)])
def test_not_indexable_by_row(thing):
    with pytest.raises(TypeError, match="Expected sequence or array-like|at least 1 dimension"):
        SELECTOR.select(thing)


def test_nothing():
    with pytest.raises(ValueError, match=r"at least one array, e.g. selector.select\(y\)"):
        SELECTOR.select()


@pytest.mark.parametrize("rows", [iter(range(N)), (i for i in range(N)), set(range(N)), "x" * N])
def test_rows_without_numbers(rows):
    kind = type(rows).__name__
    with pytest.raises(TypeError, match=f"A {kind} has no rows that .* by number. Pass .*list"):
        SELECTOR.select(rows)
