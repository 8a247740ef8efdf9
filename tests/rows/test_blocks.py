"""Rows in blocks: the same numbers from every container, in order, and what is refused."""

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from sklearn_zcore.rows import _block_dask, _pieces, block_source

N, D = 203, 5


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of a few rows, so that there are several."""
    monkeypatch.setattr(_pieces, "BLOCK_BYTES", 40 * D * 4)
    monkeypatch.setattr(_block_dask, "_SMALL_BYTES", 40 * D * 4)


@pytest.fixture
def X():
    return np.random.default_rng(0).standard_normal((N, D)).astype(np.float32)


def as_map(X, path):
    np.save(path / "X.npy", X)
    return np.load(path / "X.npy", mmap_mode="r")


def as_fortran_map(X, path):
    return as_map(np.asfortranarray(X), path)


def as_part_of_a_map(X, path):
    larger = np.zeros((3 * N + 7, D + 2), X.dtype)
    larger[7::3, 1:-1] = X[::-1]
    return as_map(larger, path)[7::3, 1:-1][::-1]


def as_path(X, path):
    as_map(X, path)
    return path / "X.npy"


def as_zarr(X, path):
    zarr = pytest.importorskip("zarr")
    array = zarr.create_array(path / "X.zarr", shape=X.shape, chunks=(16, 3), dtype=X.dtype)
    array[:] = X
    return array


def as_zarr_group(X, path):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(path / "group", mode="w")
    array = group.create_array("rows", shape=X.shape, chunks=(50, D), dtype=X.dtype)
    array[:] = X
    return group


def as_zarr_path(X, path):
    as_zarr(X, path)
    return path / "X.zarr"


def as_dask(X, path):
    return pytest.importorskip("dask.array").from_array(X.copy(), chunks=(70, 2))


def as_dask_of_unknown_sizes(X, path):
    dask_array = pytest.importorskip("dask.array").from_array(
        np.column_stack([X, np.zeros(N)]).astype(np.float32), chunks=(70, D + 1)
    )
    return dask_array[dask_array[:, -1] == 0][:, :-1]


def as_dask_frame(X, path):
    import pandas as pd

    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(D)])
    return pytest.importorskip("dask.dataframe").from_pandas(frame, npartitions=6)


def as_parquet(X, path):
    table = pa.table({f"x{i}": X[:, i] for i in range(D)})
    pq.write_table(table, path / "X.parquet", row_group_size=90)
    return path / "X.parquet"


def as_parquet_data_set(X, path):
    return pq.ParquetDataset(as_parquet(X, path))


def as_folder(X, path):
    (path / "parts").mkdir()
    for number, part in enumerate(np.array_split(X, 3)):
        lists = pa.FixedSizeListArray.from_arrays(part.ravel(), D)
        pq.write_table(pa.table({"embedding": lists}), path / "parts" / f"{number}.parquet")
    return path / "parts"


def as_pyarrow(X, path):
    return pa.dataset.dataset(as_folder(X, path))


def as_hugging_face(X, path):
    datasets = pytest.importorskip("datasets")
    return datasets.Dataset.from_dict({"embedding": list(X)}).select(range(N))


CONTAINERS = [
    as_map, as_fortran_map, as_part_of_a_map, as_path, as_zarr, as_zarr_group, as_zarr_path,
    as_dask, as_dask_of_unknown_sizes, as_dask_frame, as_parquet, as_parquet_data_set, as_folder,
    as_pyarrow, as_hugging_face,
]  # fmt: skip


def content(block, first):
    return block, first


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_has_the_same_rows(X, tmp_path, container):
    source = block_source(container(X, tmp_path))
    assert source.shape == X.shape
    assert source.dtype == X.dtype
    parts = list(source.map(content, n_jobs=2))
    assert len(parts) > 2
    end = 0
    for rows, (block, first) in parts:
        assert rows.start == first == end
        assert block.flags.c_contiguous
        assert type(block) is np.ndarray
        end = rows.stop
    assert end == N
    np.testing.assert_array_equal(np.concatenate([block for _, (block, _) in parts]), X)
    rows = np.array([200, 3, 3, 77, 0, 202])
    np.testing.assert_array_equal(source.take(rows), X[rows])
    assert source.take(np.array([], int)).shape == (0, D)
    assert block_source(source) is source


@pytest.mark.parametrize("container", [as_map, as_zarr, as_parquet, as_folder, as_hugging_face])
@pytest.mark.parametrize(
    "backend", [pytest.param(name, marks=pytest.mark.slow) for name in ("loky", "multiprocessing")]
)
def test_processes_read_for_themselves(X, tmp_path, container, backend):
    source = block_source(container(X, tmp_path))
    with joblib.parallel_config(backend=backend, n_jobs=2):
        found = list(source.map(content))
    np.testing.assert_array_equal(np.concatenate([block for _, (block, _) in found]), X)


@pytest.mark.slow
def test_a_cluster_keeps_its_blocks(X):
    distributed = pytest.importorskip("distributed")
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0"
    ) as client:
        ran = []
        source = block_source(as_dask(X, None))
        for rows, key in source.map(lambda block, first: distributed.get_worker().address):
            ran.append((rows.start, key))
        assert [first for first, _ in ran] == sorted(first for first, _ in ran)
        assert {key for _, key in ran} == set(client.scheduler_info()["workers"])
        np.testing.assert_array_equal(source.take(np.array([5, 1])), X[[5, 1]])


def test_what_is_in_memory_is_no_source_of_blocks(X, tmp_path):
    import pandas as pd

    private = np.load(as_path(X, tmp_path), mmap_mode="c")
    for rows in (X, X.tolist(), pd.DataFrame(X), iter([X]), private):
        assert block_source(rows) is None


def test_few_results_wait(X, tmp_path):
    """Who takes one result has not had all blocks read."""
    source = block_source(as_map(np.repeat(X, 20, axis=0), tmp_path))
    seen = []
    results = source.map(lambda block, first: seen.append(first))
    next(results)
    results.close()
    assert 0 < len(seen) <= 17 < -(-source.shape[0] // 40)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"x": [1.0, 2.0], "name": ["a", "b"]}, r"Column 'name' of X holds string.*columns="),
        ({"x": [1.0, None]}, r"Column 'x' of X has 1 missing value.*row 1"),
        ({"x": [[1.0, 2.0], [1.0]]}, r"several lengths: 2, and 1 in row 1"),
        ({"x": [[1.0, 2.0], [1.0, None]]}, r"no value in row 1, position 1"),
        ({"x": [[1.0], None]}, r"Column 'x' of X has 1 missing value.*row 1"),
        ({"x": [[1.0], [2.0]], "label": [0, 1]}, r"'x' holds lists.*columns="),
        ({"x": [[["a"]], [["b"]]]}, r"Column 'x' of X holds list"),
    ],
)
@pytest.mark.parametrize("kind", ["parquet", "datasets"])
def test_tables_that_are_no_numbers(tmp_path, table, message, kind):
    table = pa.table(table)
    if kind == "parquet":
        pq.write_table(table, tmp_path / "bad.parquet")
        rows = tmp_path / "bad.parquet"
    else:
        rows = pytest.importorskip("datasets").Dataset(table)
    with pytest.raises((TypeError, ValueError), match=message):
        list(block_source(rows).map(content))


def test_small_row_groups_are_one_block(X, tmp_path):
    """As many as a block holds: 40 rows here."""
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({f"x{i}": column for i, column in enumerate(X.T)})
    for number, first in enumerate(range(0, len(X), 50)):
        path = tmp_path / f"{number:03}.parquet"
        parquet.write_table(table.slice(first, 50), path, row_group_size=9)
    source = block_source(tmp_path)
    sizes = [block.shape[0] for _, block in source.blocks()]
    assert max(sizes) <= 40 and len(sizes) <= 1.5 * len(X) / 40
    np.testing.assert_array_equal(np.concatenate([b for _, b in source.blocks()]), X)
    np.testing.assert_array_equal(source.take(np.array([77, 3, 50])), X[[77, 3, 50]])


def test_what_else_is_in_a_folder_of_parquet(X, tmp_path):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({f"x{i}": column for i, column in enumerate(X.T)})
    (tmp_path / "more").mkdir()
    parquet.write_table(table.slice(0, 20), tmp_path / "a.parquet")
    parquet.write_table(table.slice(20), tmp_path / "more" / "b.pq")
    for name in ("README.md", "_SUCCESS", ".c.parquet", "_metadata.parquet"):
        (tmp_path / name).write_text("no table")
    np.testing.assert_array_equal(block_source(tmp_path).take(np.arange(len(X))), X)


def test_an_empty_folder(tmp_path):
    pytest.importorskip("pyarrow")
    with pytest.raises(FileNotFoundError, match="There is no Parquet file in"):
        block_source(tmp_path)


def test_columns_are_chosen(X, tmp_path):
    table = pa.table({"id": ["a"] * N, "b": X[:, 1], "a": X[:, 0].astype(np.float64)})
    pq.write_table(table, tmp_path / "X.parquet")
    source = block_source(tmp_path / "X.parquet", columns=["a", "b"])
    assert source.dtype == np.float64
    np.testing.assert_array_equal(source.take(np.arange(N)), X[:, :2].astype(np.float64))
    with pytest.raises(ValueError, match=r"no column 'c': its columns are id, b, a"):
        block_source(tmp_path / "X.parquet", columns=["c"])


def test_what_is_no_table_of_numbers(tmp_path):
    da = pytest.importorskip("dask.array")
    dd = pytest.importorskip("dask.dataframe")
    import pandas as pd

    with pytest.raises(ValueError, match="1 dimension"):
        block_source(da.ones(3))
    with pytest.raises(TypeError, match="complex"):
        block_source(da.ones((3, 2), dtype=complex))
    words = dd.from_pandas(pd.DataFrame({"x": [1], "word": ["a"]}), npartitions=1)
    with pytest.raises(TypeError, match="Column 'word' of X"):
        block_source(words)
    with pytest.raises(FileNotFoundError, match="nothing at"):
        block_source(tmp_path / "absent.npy")
    (tmp_path / "notes.txt").write_text("a")
    with pytest.raises(ValueError, match="no file of rows"):
        block_source(tmp_path / "notes.txt")
    pq.write_table(pa.table({"x": [1.0]}), tmp_path / "X.parquet")
    with pytest.raises(TypeError, match=r"ParquetFile.*Pass its path"):
        block_source(pq.ParquetFile(tmp_path / "X.parquet"))
    zarr = pytest.importorskip("zarr")
    with pytest.raises(ValueError, match=r"group of 0 arrays \(none\)"):
        block_source(zarr.open_group(tmp_path / "empty", mode="w"))


def test_a_dask_block_that_lies():
    """A graph says what its blocks hold; one that holds something else is not cast in silence."""
    da = pytest.importorskip("dask.array")
    meta = np.empty((0, 0))
    lying = da.ones((4, 2), chunks=2).map_blocks(lambda block: np.full((2, 2), "a"), meta=meta)
    with pytest.raises(TypeError, match="said to hold float64"):
        list(block_source(lying).map(content))
