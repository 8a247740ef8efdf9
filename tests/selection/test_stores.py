"""ZCoreSelector on rows that do not fit in memory: the whole contract, and what is refused."""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone

zarr = pytest.importorskip("zarr")

from sklearn_zcore import ColumnStore, ZCoreSelector  # noqa: E402
from sklearn_zcore.rows import _pieces  # noqa: E402
from sklearn_zcore.scoring import _checkpoint  # noqa: E402
from sklearn_zcore.selection import _blocks, _stored_rows, _zcore  # noqa: E402
from sklearn_zcore.selection._zcore_sums import Sums, agreed_at  # noqa: E402
from tests.selection.common import SELECTORS, facility, herding, random, zcore  # noqa: E402

N, D = 900, 7


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).standard_normal((N, D)).astype(np.float16)


@pytest.fixture(scope="module")
def store(X, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_pieces, "BLOCK_BYTES", 200 * D * 2)
        return ColumnStore.from_array(X, tmp_path_factory.mktemp("store") / "X.zcols")


def assert_same_fit(one, other):
    for name in ("scores_", "ranking_", "support_", "indices_", "stability_", "n_iter_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"subspace_dim": 1, "random_init": False},
        {"n_neighbors": N},
        {"n_iter": "auto", "tol": 0.3, "max_iter": 100_000},
        {"budget": 3, "targets_per_subspace": 1},
    ],
)
def test_a_store_is_fitted_as_its_rows_are(X, store, parameters):
    assert_same_fit(zcore(**parameters).fit(store), zcore(**parameters).fit(X))


def test_contract(X, store):
    stored, plain = zcore().fit(store), zcore().fit(X)
    assert stored.n_features_in_ == D
    np.testing.assert_array_equal(stored.transform(store), X[plain.indices_])
    np.testing.assert_array_equal(stored.transform(X), X[plain.indices_])
    np.testing.assert_array_equal(plain.transform(store), X[plain.indices_])
    np.testing.assert_array_equal(stored.weights_, plain.weights_)
    np.testing.assert_allclose(stored.gains_, plain.gains_)
    np.testing.assert_array_equal(stored.assign(store), plain.assign(X))
    assert stored.score(store) == pytest.approx(plain.score(X), rel=1e-12)
    assert_same_fit(stored.set_budget(0.5), plain.set_budget(0.5))
    assert stored.score(store) < 0  # its rows can still be read
    again = pickle.loads(pickle.dumps(stored))
    np.testing.assert_array_equal(again.weights_, stored.weights_)
    np.testing.assert_array_equal(clone(stored).fit(store).scores_, plain.scores_)
    groups = np.arange(N) % 3
    by_group = zcore(group_budget="equal").fit(store, groups=groups)
    assert np.unique(groups[by_group.indices_], return_counts=True)[1].tolist() == [90, 90, 90]


def test_select_from_what_is_not_in_memory(X, store):
    selector = zcore().fit(store)
    array = zarr.array(X)
    np.testing.assert_array_equal(selector.select(array), X[selector.indices_])
    da = pytest.importorskip("dask.array")
    chosen = selector.select(da.from_array(X, chunks=100))
    assert hasattr(chosen, "dask")
    np.testing.assert_array_equal(chosen.compute(), X[selector.indices_])
    np.testing.assert_array_equal(
        selector.transform(da.from_array(X, chunks=100)), X[selector.indices_]
    )


def test_names_of_features(X, tmp_path):
    import pandas as pd

    frame = pd.DataFrame(X, columns=list("abcdefg"))
    selector = zcore().fit(ColumnStore.from_array(frame, tmp_path / "named"))
    assert list(selector.feature_names_in_) == list("abcdefg")
    assert not hasattr(selector.fit(X), "feature_names_in_")


def test_warm_start_and_memory(X, store, tmp_path, monkeypatch):
    warm = [zcore(warm_start=True).fit(rows).fit(rows) for rows in (store, X)]
    assert_same_fit(*warm)
    first = zcore(memory=tmp_path).fit(store)
    monkeypatch.setattr(
        "sklearn_zcore.scoring.Scorer.add", lambda *_: pytest.fail("scored once more")
    )
    copy = ColumnStore.from_array(X, tmp_path / "elsewhere")
    assert_same_fit(zcore(memory=tmp_path).fit(copy), first)


def test_what_a_store_cannot_do(X, store, tmp_path):
    with pytest.raises(ValueError, match="min_distance=0.1 needs rows in memory"):
        zcore(min_distance=0.1).fit(store)
    selector = zcore().fit(store)
    with pytest.raises(ValueError, match="this X is another: it has 10 rows"):
        selector.transform(ColumnStore.from_array(X[:10], tmp_path / "short"))
    with pytest.raises(ValueError, match="this X is another: .* selected rows differ"):
        selector.transform(ColumnStore.from_array(X[::-1], tmp_path / "reversed"))
    with pytest.raises(ValueError, match="X has 6 features.*expecting 7"):
        selector.score(ColumnStore.from_array(X[:, 1:], tmp_path / "narrow"))
    with pytest.raises(ValueError, match=r"1 sample.*minimum of 2"):
        zcore().fit(ColumnStore.from_array(X[:1], tmp_path / "one"))
    with pytest.raises(ValueError, match="All 3 feature.* constant"):
        zcore().fit(ColumnStore.from_array(np.ones((5, 3)), tmp_path / "constant"))
    fitted = vars(selector).copy()
    with pytest.raises(ValueError, match="more than the n_samples"):
        selector.set_params(budget=N + 1).fit(store)
    assert selector.scores_ is fitted["scores_"]


def as_map(X, path):
    np.save(path / "X.npy", X)
    return np.load(path / "X.npy", mmap_mode="r")


def as_zarr(X, path):
    array = zarr.create_array(path / "X.zarr", shape=X.shape, chunks=(100, D), dtype=X.dtype)
    array[:] = X
    return array


@pytest.mark.parametrize("container", [as_map, as_zarr])
@pytest.mark.parametrize("free", [1000, 10**12])
def test_large_rows_on_disk_get_a_store_for_the_time_of_the_fit(
    X, tmp_path, monkeypatch, capsys, container, free
):
    monkeypatch.setattr(_stored_rows, "free_memory", lambda: free)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    rows = container(X, tmp_path)
    selector = zcore(verbose=1).fit(rows)
    said = capsys.readouterr().err
    assert ("12,600 bytes, more than half of the 1,000 that are free" in said) == (free == 1000)
    plain = zcore().fit(X)
    assert_same_fit(selector, plain)
    np.testing.assert_array_equal(selector.weights_, plain.weights_)
    np.testing.assert_array_equal(selector.transform(rows), X[plain.indices_])
    assert selector.score(rows) == pytest.approx(plain.score(X))
    temporary = tmp_path / "temporary"
    assert not temporary.exists() or not os.listdir(temporary)


@pytest.mark.parametrize("container", [as_map, as_zarr])
def test_what_a_fit_of_rows_on_disk_needs_is_told_before_work_starts(
    X, tmp_path, monkeypatch, container
):
    rows = container(X, tmp_path)
    monkeypatch.setattr(_stored_rows, "free_memory", lambda: 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(
        "sklearn_zcore.rows._ingest._WriteBlock.__call__", lambda *_: pytest.fail("written")
    )
    with monkeypatch.context() as patch:
        patch.setattr("sklearn_zcore.scoring._chunks.free_memory", lambda: 1000)
        with pytest.raises(MemoryError, match=r"takes some [\d,]+ bytes.*and 1,000 are free"):
            zcore().fit(rows)
    monkeypatch.setattr("sklearn_zcore.rows._ingest.free_disk", lambda path: 1000)
    with pytest.raises(OSError, match=r"takes [\d,]+ bytes, and 1,000 are free"):
        zcore().fit(rows)
    assert not os.listdir(tmp_path / "temporary")


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_nothing_is_left_of_a_fit_that_failed(X, tmp_path, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(_stored_rows, "free_memory", lambda: 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(_zcore, "sample", fail)
    selector = zcore()
    with pytest.raises(error):
        selector.fit(as_map(X, tmp_path))
    assert not hasattr(selector, "scores_")
    assert not os.listdir(tmp_path / "temporary")


def collections(X, path):
    """Return what is not in memory, and what each is told to do."""
    import datasets
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    da = pytest.importorskip("dask.array")
    dd = pytest.importorskip("dask.dataframe")
    frame = pl.DataFrame(X.astype(float))
    pq.write_table(pa.table({"x": [1.0]}), path / "X.parquet")
    rows = datasets.Dataset.from_dict({"embedding": X.astype(float).tolist()})
    return [
        (da.ones((10**9, 512)), r"ColumnStore.from_array\(X, path\)"),
        (dd.from_pandas(frame.to_pandas(), npartitions=2), r"ColumnStore.from_array\(X, path\)"),
        (frame.lazy(), r"X.sink_parquet\('rows.parquet'\)"),
        (pq.ParquetFile(path / "X.parquet"), "its path"),
        (rows, r"columns=\['embedding'\]"),
        (rows.to_iterable_dataset(), "an iterator of arrays"),
        (datasets.DatasetDict({"train": rows}), "one of its splits"),
    ]


THAT_FIT_STORES = (
    "FacilityLocationSelector, KCenterSelector, KMeansSelector, RandomSelector and ZCoreSelector"
)


@pytest.mark.parametrize("make", [facility, herding])
def test_the_remedy_is_one_of_that_selector(X, tmp_path, make):
    """What has no blocks is written to a store, which some selectors fit."""
    import polars as pl

    lazy = pl.DataFrame(X.astype(float)).lazy()
    by = "" if make is facility else f", by one of {THAT_FIT_STORES}"
    with pytest.raises(TypeError, match=f"X.sink_parquet.*, and fit that{by}\\."):
        make().fit(lazy)


def test_a_zarr_array_is_not_read_unasked_where_it_is_large(X, monkeypatch):
    rows = zarr.array(X)
    assert herding().fit(rows).n_features_in_ == D
    monkeypatch.setattr("sklearn_zcore.selection._inputs.free_memory", lambda: X.nbytes)
    with pytest.raises(TypeError, match=r"pass X\[:\].*KMeansSelector.*as it is"):
        herding().fit(rows)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_collections_are_refused_in_little_memory(tmp_path):
    """100,000 rows of lists, and what is far larger than memory: none of it is read."""
    done = subprocess.run(
        [sys.executable, "-c", REFUSED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    found = [line.split() for line in done.stdout.splitlines()]
    assert [kind for kind, _ in found] == ["Array", "LazyFrame", "ParquetFile", "Dataset"]
    for _, more in found:
        assert int(more) < 50e6


REFUSED = """
import sys
import dask.array as da, datasets, numpy as np, polars as pl, pyarrow as pa
import pyarrow.parquet as pq
from sklearn_zcore import ColumnStore, HerdingSelector, ZCoreSelector
def peak():
    with open("/proc/self/status") as status:
        return int(next(line.split()[1] for line in status if line.startswith("VmHWM"))) * 1024
values = pa.array(np.zeros(100_000 * 256, np.float32))
table = pa.table({"embedding": pa.FixedSizeListArray.from_arrays(values, 256)})
path = sys.argv[1] + "/X.parquet"
pq.write_table(table, path)
rows = datasets.Dataset.from_parquet(path, cache_dir=sys.argv[1])
del values, table
ZCoreSelector(n_iter=10, tol=0).fit(np.eye(9))  # imports all that a fit needs
for X in da.ones((10**9, 512)), pl.scan_parquet(path), pq.ParquetFile(path), rows:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak begins anew
    before = peak()
    for selector in ZCoreSelector(), HerdingSelector():
        try:
            selector.fit(X)
        except TypeError as error:
            assert "unasked" in str(error)
    print(type(X).__name__, peak() - before)
"""


def test_collections_are_refused_with_the_remedy(X, tmp_path):
    for rows, remedy in collections(X, tmp_path):
        for call in (zcore().fit, zcore().fit_transform):
            begin = time.process_time()
            with pytest.raises(TypeError, match=f"not read all of it into memory.*{remedy}"):
                call(rows)
            assert time.process_time() - begin < 1


@pytest.mark.parametrize("make", [make for make in SELECTORS if make is not zcore])
def test_others_fit_a_store_as_its_rows_or_say_who_does(X, store, make):
    if make is not random and not issubclass(make.estimator, _blocks.BlockSelector):
        with pytest.raises(TypeError, match=f"ColumnStore.*: {THAT_FIT_STORES} fit it"):
            make().fit(store)
    else:
        np.testing.assert_array_equal(make().fit(store).indices_, make().fit(X).indices_)


KILLED = """
import os, signal, sys, warnings
import numpy as np
from sklearn_zcore import ColumnStore, ZCoreSelector
from sklearn_zcore.scoring import _checkpoint, _stored, _in_memory
_checkpoint._SECONDS_APART = _stored._TASK_SECONDS = 0
_stored._LEAST_A_TASK = _in_memory._PART = 100
rows, path, n_iter = sys.argv[1:]
rows = ColumnStore(rows) if rows.endswith("zcols") else np.load(rows)
save, calls = _checkpoint.Checkpoint.save, []
def counted(self, state):
    save(self, state)
    calls.append(state.done.sum())
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
_checkpoint.Checkpoint.save = counted
n_iter = n_iter if n_iter == "auto" else int(n_iter)
ZCoreSelector(
    n_iter=n_iter, max_iter=150_000, tol=0.99, random_state=0, checkpoint=path, n_jobs=2
).fit(rows)
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Half the draws")
@pytest.mark.parametrize("kind", ["store", "array"])
@pytest.mark.parametrize("n_iter", ["20000", "auto"])
def test_a_killed_fit_goes_on(X, store, tmp_path, kind, n_iter):
    np.save(tmp_path / "X.npy", X)
    rows = store.path if kind == "store" else tmp_path / "X.npy"
    path = tmp_path / "fit.checkpoint"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, rows, path, n_iter], capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    parameters = {
        "n_iter": n_iter if n_iter == "auto" else int(n_iter),
        "max_iter": 150_000,
        "tol": 0.99,
        "random_state": 0,
    }
    rows = store if kind == "store" else X
    expected = ZCoreSelector(**parameters).fit(rows)
    kept = path.read_bytes()
    for other in ({"n_neighbors": 5}, {"random_state": 1}):
        with pytest.raises(ValueError, match="of other rows or other parameters. Delete it"):
            ZCoreSelector(checkpoint=path, **{**parameters, **other}).fit(rows)
    with pytest.raises(ValueError, match="of other rows or other parameters"):
        ZCoreSelector(checkpoint=path, **parameters).fit(X[::-1])
    path.write_bytes(kept[:-20] + bytes([kept[-20] ^ 1]) + kept[-19:])
    with pytest.raises(ValueError, match="is damaged"):
        ZCoreSelector(checkpoint=path, **parameters).fit(rows)
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match="is no checkpoint"):
        ZCoreSelector(checkpoint=path, **parameters).fit(rows)
    path.write_bytes(kept)
    assert_same_fit(ZCoreSelector(checkpoint=path, **parameters).fit(rows), expected)
    assert os.listdir(tmp_path) == ["X.npy"]


def test_ctrl_c_leaves_a_checkpoint(X, store, tmp_path, monkeypatch):
    path = tmp_path / "fit.checkpoint"
    expected = zcore().fit(X)

    def interrupt(self, *arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(_checkpoint.Checkpoint, "is_due", interrupt)
        zcore(checkpoint=path).fit(store)
    assert path.exists()
    assert_same_fit(zcore(checkpoint=path).fit(store), expected)
    assert not path.exists()


def test_a_checkpoint_that_cannot_be_written_costs_no_work(X, tmp_path, monkeypatch):
    monkeypatch.setattr(_checkpoint, "_SECONDS_APART", 0)
    with pytest.warns(UserWarning, match="could not be written.*goes on without"):
        found = zcore(checkpoint=tmp_path / "absent" / "file").fit(X)
    assert_same_fit(found, zcore().fit(X))


def test_ranking_needs_few_arrays():
    """The client of a cluster has a hundred bytes a row, sums and hashes of 24 among them."""
    n = 10**6
    halves = np.random.default_rng(0).integers(-(2**40), 2**40, (2, n))
    sums = Sums(halves, 100_000, 1, 0)
    agreed_at(sums, True)  # what is imported now is no array
    tracemalloc.start()
    agreed_at(sums, True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 * n


MEMORY = """
import sys
from sklearn_zcore import ColumnStore, ZCoreSelector
from sklearn_zcore.scoring import _stored
_stored._SLAB_BYTES = 0  # as for many rows
def peak():
    with open("/proc/self/status") as status:
        return int(next(line.split()[1] for line in status if line.startswith("VmHWM"))) * 1024
for path in sys.argv[1:]:
    ZCoreSelector(n_iter=5_000, tol=0, random_state=0).fit(ColumnStore.open(path))
    print(peak())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_memory_is_that_of_the_formula(tmp_path):
    """At most (65 n_jobs + 40) bytes a row more than a fit of few rows, at two sizes."""
    sizes, paths = (4_000, 300_000, 900_000), []
    for n in sizes:
        X = np.random.default_rng(0).standard_normal((n, 24), dtype=np.float32).astype(np.float16)
        paths.append(ColumnStore.from_array(X, tmp_path / str(n)).path)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, *paths], capture_output=True, text=True, check=True
    )
    few, *peaks = map(int, done.stdout.split())
    for n, peak in zip(sizes[1:], peaks, strict=True):
        assert peak - few < 10e6 + 105 * n
