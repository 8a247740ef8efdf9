"""Rows by number, of whatever holds rows: what select and the meta-estimators cut."""

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

from sklearn_zcore import CoresetClassifier, CoresetRegressor, CoresetSampler
from tests.selection.common import table, zcore

N = 60
SELECTOR = zcore().fit(table(N))
INDICES = SELECTOR.indices_
FRAME = pd.DataFrame({"n": range(N), "text": [f"row {i}" for i in range(N)]})


class Squares(torch.utils.data.Dataset):
    """A map-style data set."""

    def __init__(self, n=N):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        assert type(i) is int
        return i**2


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        return iter(range(N))


class Never(torch.utils.data.Dataset):
    """A data set whose items are expensive: none is asked for."""

    def __len__(self):
        return N

    def __getitem__(self, i):
        raise AssertionError


@pytest.mark.parametrize("format", [None, "numpy", "torch", "pandas"])
def test_hugging_face(format):
    data = datasets.Dataset.from_pandas(FRAME).with_format(format)
    part = SELECTOR.select(data)
    assert type(part) is datasets.Dataset and part.format == data.format
    assert list(part.with_format(None)["n"]) == INDICES.tolist()
    again = data.select(range(N - 1, -1, -1))  # of a selection
    numbers = list(SELECTOR.select(again).with_format(None)["n"])
    assert numbers == (N - 1 - INDICES).tolist()
    assert list(SELECTOR.select(data.with_format(None)["text"])) == [f"row {i}" for i in INDICES]


def test_torch_data_set():
    part = SELECTOR.select(Squares())
    assert type(part) is torch.utils.data.Subset
    assert [part[i] for i in range(len(part))] == (INDICES**2).tolist()
    backwards = torch.utils.data.Subset(Squares(100), list(range(N))[::-1])
    assert list(SELECTOR.select(backwards)) == ((N - 1 - INDICES) ** 2).tolist()
    (batch,) = torch.utils.data.DataLoader(part, batch_size=N)
    np.testing.assert_array_equal(batch, INDICES**2)
    assert len(SELECTOR.select(Never())) == INDICES.size


def test_torch_tensor():
    part = SELECTOR.select(torch.arange(2 * N).reshape(N, 2))
    np.testing.assert_array_equal(part, np.arange(2 * N).reshape(N, 2)[INDICES])


@pytest.mark.parametrize("n_parts", [1, 3, 7])
def test_dask_frames(n_parts):
    dd = pytest.importorskip("dask.dataframe")
    frame = dd.from_pandas(FRAME, npartitions=n_parts)
    part = SELECTOR.select(frame)
    assert isinstance(part, dd.DataFrame)
    pd.testing.assert_frame_equal(part.compute(), frame.compute().iloc[INDICES])
    series = SELECTOR.select(frame["n"])
    assert isinstance(series, dd.Series) and series.compute().tolist() == INDICES.tolist()
    longer = dd.from_pandas(pd.concat([FRAME, FRAME]), npartitions=n_parts, sort=False)
    uneven = longer[longer["n"] % 2 == 0]["n"]
    assert SELECTOR.select(uneven).compute().tolist() == uneven.compute().iloc[INDICES].tolist()


def test_dask_array():
    da = pytest.importorskip("dask.array")
    X = table(N)
    part = SELECTOR.select(da.from_array(X, chunks=(7, 2)))
    assert isinstance(part, da.Array)
    np.testing.assert_array_equal(part.compute(), X[INDICES])


def test_dask_array_of_unknown_length():
    dd = pytest.importorskip("dask.dataframe")
    rows = dd.from_pandas(FRAME, npartitions=2).values
    with pytest.raises(TypeError, match=r"dask Array.*X\.compute_chunk_sizes\(\)"):
        SELECTOR.select(rows)
    assert SELECTOR.select(rows.compute_chunk_sizes()).shape[0] == SELECTOR.n_selected_


def test_pyarrow():
    rows = pa.Table.from_pandas(FRAME)
    part = SELECTOR.select(rows)
    assert part.equals(rows.take(INDICES)) and part.schema.equals(rows.schema)
    (batch,) = rows.to_batches()
    assert SELECTOR.select(batch).equals(batch.take(pa.array(INDICES)))
    assert SELECTOR.select(rows["n"]).to_pylist() == INDICES.tolist()


def test_values_of_pandas():
    assert SELECTOR.select(FRAME["text"].array).tolist() == [f"row {i}" for i in INDICES]


@pytest.mark.parametrize(
    "thing, message",
    [
        (Stream(), "Stream has no rows.*map-style Dataset"),
        (torch.utils.data.DataLoader(Squares()), r"DataLoader.*its \.dataset"),
        (pl.LazyFrame({"n": range(N)}), r"polars LazyFrame.*\.collect\(\)"),
        (
            datasets.Dataset.from_pandas(FRAME).to_iterable_dataset(),
            r"datasets IterableDataset.*streaming=False",
        ),
        (
            datasets.DatasetDict(train=datasets.Dataset.from_pandas(FRAME)),
            "datasets DatasetDict.*one of its splits",
        ),
        ({i: i for i in range(N)}, "A dict has no rows.*each of its values"),
    ],
    ids=lambda thing: "" if isinstance(thing, str) else type(thing).__name__,
)
def test_no_rows_by_number(thing, message):
    with pytest.raises(TypeError, match=message):
        SELECTOR.select(thing)
    for estimator in (CoresetClassifier(), CoresetRegressor(), CoresetSampler()):
        with pytest.raises(TypeError, match=message):
            estimator.fit(thing, np.resize([0, 1], N))


def test_wrong_length():
    for data in (Squares(59), datasets.Dataset.from_pandas(FRAME[:59]), FRAME[:59]):
        with pytest.raises(ValueError, match="Array 1 has 59 rows, and the selector was fitted on"):
            SELECTOR.select(data)
