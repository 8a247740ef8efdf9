"""What may be passed as rows besides arrays and frames, and what is refused, early and by name."""

import dask.array
import dask.dataframe
import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest
import torch

from tests.selection.common import NEED_NUMBERS, SELECTORS, facility, herding, random, table, zcore

X = table(60).astype(np.float32)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(X),
        torch.tensor(X).requires_grad_(),
        torch.nn.Linear(4, 60).weight.data.new_tensor(X).half(),
        torch.tensor(X).bfloat16(),
        torch.tensor(X).bfloat16().requires_grad_(),
    ],
    ids=["float32", "with a gradient", "float16", "bfloat16", "bfloat16 with a gradient"],
)
@pytest.mark.parametrize("make", SELECTORS)
def test_tensors(make, tensor):
    expected = make().fit(tensor.detach().float().numpy())
    selector = make().fit(tensor)
    np.testing.assert_array_equal(selector.ranking_, expected.ranking_)
    coreset = selector.transform(tensor)
    assert isinstance(coreset, torch.Tensor) and coreset.dtype == tensor.dtype
    assert torch.equal(coreset, tensor[selector.indices_])
    assert selector.score(tensor) == pytest.approx(expected.score(tensor.detach().float()))


FRAME = pd.DataFrame(X, columns=list("abcd"))


@pytest.fixture
def parquet(tmp_path):
    FRAME.to_parquet(tmp_path / "X.parquet")
    return tmp_path / "X.parquet"


@pytest.mark.parametrize(
    "collection, remedy",
    [
        (lambda path: dask.array.from_array(X), r"a dask Array, .* pass X\.compute\(\)"),
        (lambda path: dask.dataframe.from_pandas(FRAME, npartitions=2), r"pass X\.compute\(\)"),
        (lambda path: pl.DataFrame(X).lazy(), r"a polars LazyFrame, .* pass X\.collect\(\)"),
        (pyarrow.parquet.ParquetFile, r"a pyarrow ParquetFile, .* pass X\.read\(\)"),
        (pyarrow.dataset.dataset, r"a pyarrow FileSystemDataset, .* pass X\.to_table\(\)"),
        (
            lambda path: datasets.Dataset.from_dict({"embedding": X.tolist()}),
            r"a datasets Dataset, .*X\.with_format\('numpy'\)",
        ),
        (lambda path: FRAME.astype(pd.SparseDtype(float, 0)), r"pass X\.sparse\.to_dense\(\)"),
    ],
    ids=["dask array", "dask frame", "lazy", "ParquetFile", "arrow", "datasets", "sparse"],
)
@pytest.mark.parametrize("make", [zcore, herding, random])
def test_what_is_not_read_unasked(make, collection, remedy, parquet):
    # A random draw needs the number of rows alone, where there is one.
    if make is not random or not hasattr(collection(parquet), "__len__"):
        with pytest.raises(TypeError, match=remedy):
            make().fit(collection(parquet))
    fitted = make().fit(FRAME.to_numpy())
    rows = collection(parquet)
    if isinstance(rows, pl.LazyFrame | pyarrow.parquet.ParquetFile | pd.DataFrame):
        with pytest.raises(TypeError, match=remedy + "|which workers cannot open again"):
            fitted.score(rows)
    else:  # a score needs one pass alone, block by block
        assert fitted.score(rows) == pytest.approx(fitted.score(FRAME.to_numpy()))


@pytest.mark.parametrize("make", [zcore, herding, random, facility])
@pytest.mark.parametrize("given", [lambda: iter([X]), lambda: (row for row in X), lambda: "x.npy"])
def test_streams_and_paths_are_told_what_to_do(make, given):
    with pytest.raises(TypeError, match=r"X is a (list_iterator|generator|path).*ColumnStore\."):
        make().fit(given())


def test_the_remedies_work(parquet):
    expected = random().fit(X).indices_
    stacked = np.stack(
        datasets.Dataset.from_dict({"embedding": X.tolist()}).with_format("numpy")["embedding"]
    )
    for rows in (
        dask.array.from_array(X).compute(),
        pl.DataFrame(X).lazy().collect(),
        pyarrow.parquet.ParquetFile(parquet).read(),
        pyarrow.dataset.dataset(parquet).to_table(),
        pa.table(FRAME),
        stacked,
        FRAME.astype(pd.SparseDtype(float, 0)).sparse.to_dense(),
    ):
        np.testing.assert_array_equal(random().fit(rows).indices_, expected)


@pytest.mark.parametrize("make", SELECTORS)
def test_masked_values_are_no_values(make):
    masked = np.ma.masked_array(X, X > 1)
    with pytest.raises(ValueError, match=rf"masked array, {masked.mask.sum()} of its values are"):
        make().fit(masked)
    nothing_masked = np.ma.masked_array(X)
    np.testing.assert_array_equal(make().fit(nothing_masked).ranking_, make().fit(X).ranking_)


@pytest.mark.parametrize("make", NEED_NUMBERS)
def test_an_integer_beyond_all_floats(make):
    rows = np.arange(40, dtype=object).reshape(20, 2)
    rows[3, 1] = 10**400
    with pytest.raises(ValueError, match=r"needs real numbers, and X holds 1000.*… in row 3, col"):
        make().fit(rows)
