"""A column store: what it holds, how writing goes on, and what is refused."""

import errno
import os
import pickle
import signal
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest

zarr = pytest.importorskip("zarr")

from sklearn_zcore import ColumnStore  # noqa: E402
from sklearn_zcore.rows import (  # noqa: E402
    RowStream,
    _block_dask,
    _ingest,
    _pieces,
    fingerprints,
    temporary_store,
)  # noqa: E402

N, D = 1003, 6


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of some 200 rows, so that there are several."""
    monkeypatch.setattr(_pieces, "BLOCK_BYTES", 200 * D * 2)
    monkeypatch.setattr(_block_dask, "_SMALL_BYTES", 0)


@pytest.fixture
def X():
    return np.random.default_rng(0).standard_normal((N, D)).astype(np.float16)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.zcols"


def as_fortran(X):
    return np.asfortranarray(X)


def as_frame(X):
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(D)])


def as_lists(X):
    return X.astype(float).tolist()


def as_stream(X):
    return (X[i : i + 37] for i in range(0, N, 37))


def as_dask(X):
    return pytest.importorskip("dask.array").from_array(X, chunks=(300, 4))


@pytest.mark.parametrize("container", [np.asarray, as_fortran, as_frame, as_stream, as_dask])
def test_what_it_holds(X, path, container):
    store = ColumnStore.from_array(container(X), path, n_jobs=2)
    assert store.shape == X.shape and store.dtype == np.float16
    assert len(store.bounds) > 2
    np.testing.assert_array_equal(store.columns(np.array([4, 0])), X[:, [4, 0]].T)
    np.testing.assert_array_equal(store.column(5), X[:, 5])
    rows = np.array([900, 0, 0, 1002, 199, 200])
    np.testing.assert_array_equal(store.take(rows), X[rows])
    np.testing.assert_array_equal(store.take(slice(190, 410)), X[190:410])
    np.testing.assert_array_equal(np.concatenate([block for _, block in store.blocks()]), X)
    np.testing.assert_array_equal(store.ranges.median, np.median(X.astype(float), axis=0))
    np.testing.assert_array_equal(store.ranges.low, X.min(axis=0))
    np.testing.assert_array_equal(store.ranges.high, X.max(axis=0))
    np.testing.assert_array_equal(store.fingerprints(), fingerprints(X))
    assert store.samples().shape == (D, N) and (np.diff(store.samples(), axis=1) >= 0).all()
    names = None if store.feature_names is None else list(store.feature_names)
    assert names == ([f"x{i}" for i in range(D)] if container is as_frame else None)
    for again in (ColumnStore.open(path), pickle.loads(pickle.dumps(store))):
        assert again.fingerprint == store.fingerprint
        np.testing.assert_array_equal(again.column(1), X[:, 1])
    assert repr(store) == f"ColumnStore({str(path)!r}, 1,003 x 6 float16)"
    # No lock, and no file that any reader of Zarr would not know, is left.
    assert os.listdir(path.parent) == [path.name]
    blocks = zarr.open_group(path, mode="r")["blocks"]
    whole = np.concatenate([np.asarray(block[:]) for _, block in sorted(blocks.arrays())], axis=1)
    np.testing.assert_array_equal(whole, X.T)


@pytest.mark.parametrize("dtype", ["f4", "f8", ">f8", "i1", "i8", "u2", "?", "g"])
def test_dtypes(X, path, dtype):
    rows = (X * 20).astype(dtype)
    store = ColumnStore.from_array(rows, path)
    assert store.dtype == (np.float64 if dtype == "g" else rows.dtype.newbyteorder("="))
    np.testing.assert_array_equal(store.take(np.arange(N)), rows)


def test_a_fingerprint_is_that_of_the_rows(X, tmp_path):
    stores = [
        ColumnStore.from_array(rows, tmp_path / str(number))
        for number, rows in enumerate([X, X.copy(), X[::-1], X.astype(np.float32)])
    ]
    assert stores[0].fingerprint == stores[1].fingerprint
    assert len({store.fingerprint for store in stores}) == 3


@pytest.mark.parametrize("container", [np.asarray, as_stream, as_dask, as_frame])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_the_first_bad_value_has_its_place(X, path, container, value):
    X[700, 2] = X[699, 4] = value
    name = r" \('x4'\)" if container is as_frame else ""
    kind = "NaN" if np.isnan(value) else "infinite"
    with pytest.raises(ValueError, match=rf"first is {kind}, in row 699, column 4{name}\. "):
        ColumnStore.from_array(container(X), path, n_jobs=2)
    assert not path.exists()


def test_rows_that_are_refused(X, path):
    with pytest.raises(ValueError, match=r"beyond 2\*\*53 in row 3, column 1.*Subtract"):
        rows = np.ones((10, 2), np.int64)
        rows[3, 1] = -(2**53) - 1
        ColumnStore.from_array(rows, path)
    with pytest.raises(ValueError, match="Feature 2 spans 2e"):
        ColumnStore.from_array(np.array([[0, 0, -1e300], [0, 0, 1e300]]), path)
    for rows in (X[:0], X[:, :0], iter([])):
        with pytest.raises(ValueError, match="no rows|0 sample|0 feature"):
            ColumnStore.from_array(rows, path)
    with pytest.raises(ValueError, match="have 6 and 5 features"):
        ColumnStore.from_array(iter([X, X[:, :5]]), path)
    with pytest.raises(TypeError, match="hold int64 and float32"):
        ColumnStore.from_array(iter([X.astype(int), X.astype(np.float32)]), path)
    assert not path.exists()


def test_columns_of_a_frame(X, path):
    store = ColumnStore.from_array(as_frame(X).assign(word="a"), path, columns=["x3", "x0"])
    assert list(store.feature_names) == ["x3", "x0"]
    np.testing.assert_array_equal(store.take(np.arange(N)), X[:, [3, 0]])


def test_a_store_is_not_replaced_unasked(X, path):
    ColumnStore.from_array(X, path)
    with pytest.raises(FileExistsError, match="a column store at .*overwrite=True"):
        ColumnStore.from_array(X[::-1], path)
    store = ColumnStore.from_array(X[::-1], path, overwrite=True)
    np.testing.assert_array_equal(store.column(0), X[::-1, 0])


def test_what_is_no_store_is_left_alone(X, path):
    path.mkdir()
    (path / "precious.txt").write_text("a")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match="it is no column store"):
            ColumnStore.from_array(X, path, overwrite=overwrite)
    with pytest.raises(ValueError, match="is no column store"):
        ColumnStore.open(path)
    assert os.listdir(path) == ["precious.txt"]
    with pytest.raises(FileNotFoundError, match="from_array"):
        ColumnStore.open(path / "absent")


class Stop(BaseException):
    """What no handler of errors catches: as if the process had ended."""


def interrupted(X, path, monkeypatch, n_blocks):
    """Write some blocks, then stop as a killed process does."""
    with monkeypatch.context() as patch:
        write, calls = _ingest._WriteBlock.__call__, []

        def counted(self, block, first):
            if len(calls) == n_blocks:
                raise Stop
            calls.append(first)
            return write(self, block, first)

        patch.setattr(_ingest._WriteBlock, "__call__", counted)
        with pytest.raises(Stop):
            ColumnStore.from_array(X, path)
    return calls


def test_writing_goes_on_where_it_stopped(X, path, monkeypatch):
    done = interrupted(X, path, monkeypatch, 3)
    with pytest.raises(ValueError, match="not whole.*same rows and path again"):
        ColumnStore.open(path)
    written = []
    write = _ingest._WriteBlock.__call__

    def counted(self, block, first):
        written.append(first)
        return write(self, block, first)

    monkeypatch.setattr(_ingest._WriteBlock, "__call__", counted)
    store = ColumnStore.from_array(X, path)
    assert len(done) == 3 and not set(done) & set(written)
    np.testing.assert_array_equal(store.take(np.arange(N)), X)


def test_a_stream_goes_on_and_is_compared(X, path, monkeypatch):
    interrupted(as_stream(X), path, monkeypatch, 3)
    other = X.copy()
    other[250, 0] += 1  # in a block that was written
    np.testing.assert_array_equal(
        ColumnStore.from_array(as_stream(other), path).take(np.arange(N)), other
    )


def test_writing_does_not_go_on_with_other_rows(X, path, monkeypatch):
    interrupted(X, path, monkeypatch, 2)
    with pytest.raises(FileExistsError, match="the beginning of another store"):
        ColumnStore.from_array(X[:500], path)
    with pytest.raises(ValueError, match="of other rows, and has been removed"):
        ColumnStore.from_array(X[::-1], path)
    assert ColumnStore.from_array(X[::-1], path).shape == X.shape


KILLED = """
import os, signal, sys
import numpy as np
from sklearn_zcore import ColumnStore
from sklearn_zcore.rows import _ingest, _pieces
_pieces.BLOCK_BYTES = 2400
X = np.random.default_rng(0).standard_normal((1003, 6)).astype(np.float16)
write, calls = _ingest._WriteBlock.__call__, []
def counted(self, block, first):
    calls.append(first)
    if len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(self, block, first)
_ingest._WriteBlock.__call__ = counted
ColumnStore.from_array(X, sys.argv[1], n_jobs=2)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_what_another_goes_on_with(X, path):
    done = subprocess.run([sys.executable, "-c", KILLED, path], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    kept = set(os.listdir(path / "marks")) - {"zarr.json"}
    times = {name: os.stat(path / "blocks" / name / "c" / "0" / "0").st_mtime_ns for name in kept}
    assert len(kept) > 1
    store = ColumnStore.from_array(X, path)
    np.testing.assert_array_equal(store.take(np.arange(N)), X)
    whole = {name for name in kept if (path / "marks" / name / "c" / "0").exists()}
    assert whole and all(
        os.stat(path / "blocks" / name / "c" / "0" / "0").st_mtime_ns == times[name]
        for name in whole & set(times)
    )


def block_file(path):
    return next(path.glob("blocks/*/c/0/0"))


def test_damage_is_told(X, path):
    ColumnStore.from_array(X, path)
    file = block_file(path)
    content = file.read_bytes()

    file.write_bytes(content[:100])
    with pytest.raises(ValueError, match=r"damaged: .* has 100 bytes.*overwrite=True"):
        ColumnStore.open(path)

    file.write_bytes(b"\1\1" + content[2:])
    store = ColumnStore.open(path)
    with pytest.raises(ValueError, match="damaged: feature 0 has been changed since"):
        store.column(0)
    store.column(1)
    for read in (lambda: list(store.blocks()), lambda: store.take(np.arange(N))):
        with pytest.raises(ValueError, match=r"damaged: row \d+ has been changed since"):
            read()
    np.testing.assert_array_equal(store.take(np.array([5])), X[[5]])

    file.unlink()
    with pytest.raises(ValueError, match="damaged: .* is missing"):
        ColumnStore.open(path)
    with pytest.raises(ValueError, match="damaged"):
        store.column(1)


def test_another_version(X, path):
    ColumnStore.from_array(X, path)
    group = zarr.open_group(path, mode="r+")
    group.attrs["sklearn_zcore_columns"] = {**group.attrs["sklearn_zcore_columns"], "version": 7}
    with pytest.raises(ValueError, match="version 7 of the format.*reads version 1"):
        ColumnStore.open(path)


def test_two_writers(X, path):
    from filelock import FileLock

    with (
        FileLock(f"{path}.lock"),
        pytest.raises(BlockingIOError, match="Another process is writing"),
    ):
        ColumnStore.from_array(X, path)


def test_a_full_disk_is_told_before_work_starts(X, path, monkeypatch):
    monkeypatch.setattr(_ingest, "free_disk", lambda path: 1000)
    with pytest.raises(OSError, match=r"takes 1,0\d\d,\d\d\d bytes, and 1,000 are free"):
        ColumnStore.from_array(X, path)
    assert not path.exists()


def test_a_full_disk_costs_nothing_that_is_written(X, path, monkeypatch):
    interrupted(X, path, monkeypatch, 3)
    with monkeypatch.context() as patch:
        patch.setattr(_ingest, "free_disk", lambda path: 1000)
        with pytest.raises(OSError, match=r"takes [\d,]+ bytes more, and 1,000 are free"):
            ColumnStore.from_array(X, path)
    write, written = _ingest._WriteBlock.__call__, []

    def counted(self, block, first):
        written.append(first)
        return write(self, block, first)

    monkeypatch.setattr(_ingest._WriteBlock, "__call__", counted)
    ColumnStore.from_array(X, path)
    assert 0 < len(written) and 0 not in written


class Announced:
    """A stream that says how many rows there will be."""

    n_samples = 10**6

    def __init__(self, X):
        self.blocks = iter(np.array_split(X, 10))

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.blocks)


def test_a_stream_that_says_its_length_is_told_of_a_full_disk(X, path, monkeypatch):
    free = 10**6 * X.shape[1] * X.itemsize
    monkeypatch.setattr(_ingest, "free_disk", lambda path: free)
    with pytest.raises(OSError, match=rf"takes [\d,]+ bytes, and {free:,} are free"):
        ColumnStore.from_array(Announced(X), path)
    assert not path.exists()
    monkeypatch.undo()
    assert ColumnStore.from_array(Announced(X), path).shape == X.shape


@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT", "EFBIG"])
def test_no_more_can_be_written(X, path, monkeypatch, code):
    """The disk is full, or a quota or the limit of a process (ulimit -f) is reached."""
    number = getattr(errno, code)

    def full(self, first, columns, marks):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("sklearn_zcore.rows._store_files.StoreFiles.write_block", full)
    said = "disk is full" if code == "ENOSPC" else os.strerror(number)
    with pytest.raises(OSError, match=f"{said}.*is whole: make room and call again") as told:
        ColumnStore.from_array(X, path)
    assert told.value.errno == number
    with pytest.raises(OSError, match=f"{said}.*set TMPDIR to a folder on another disk"):
        temporary_store(X, path.parent)  # nobody can call again for it


def test_the_features_of_a_stream_are_shown(X, path, capsys):
    """Its rows are shown by whoever makes them."""
    ColumnStore.from_array(
        RowStream((X[i : i + 100] for i in range(0, len(X), 100)), len(X)), path, verbose=1
    )
    shown = capsys.readouterr().err
    assert f"{X.shape[1]}/{X.shape[1]} features" in shown and "rows" not in shown


def test_where_fsspec_reaches(X):
    pytest.importorskip("fsspec")
    store = ColumnStore.from_array(X, "memory://rows.zcols")
    np.testing.assert_array_equal(store.column(3), X[:, 3])
    np.testing.assert_array_equal(store.take(np.array([1002, 5])), X[[1002, 5]])
    assert ColumnStore.open("memory://rows.zcols").fingerprint == store.fingerprint


def test_a_url_of_this_disk(X, path):
    store = ColumnStore.from_array(X, path.as_uri())
    assert store.fingerprint == ColumnStore.open(path).fingerprint
    np.testing.assert_array_equal(ColumnStore.open(path.as_uri()).column(3), X[:, 3])


def test_a_stream_keeps_its_digits(X, path):
    """Blocks of a wider type than the first are not rounded in silence."""
    wide = X.astype(np.float64) + 1e-12
    with pytest.raises(TypeError, match="hold float16 and float64; all need one type"):
        ColumnStore.from_array(iter([X[:300], wide[300:]]), path)
    store = ColumnStore.from_array(iter([wide[:300], X[300:]]), path)
    np.testing.assert_array_equal(store.take(slice(None)), np.concatenate([wide[:300], X[300:]]))


def test_zarr_is_missing(X, path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(ImportError, match=r"Column stores need zarr.*sklearn-zcore\[scale\]"):
        ColumnStore.from_array(X, path)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_processes_write(X, path, backend):
    with joblib.parallel_config(backend=backend, n_jobs=2):
        store = ColumnStore.from_array(X, path)
    np.testing.assert_array_equal(store.take(np.arange(N)), X)


@pytest.mark.slow
def test_workers_write_where_the_blocks_are(X, path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0"
    ) as client:
        store = ColumnStore.from_array(as_dask(X), path)
        np.testing.assert_array_equal(store.take(np.arange(N)), X)
        monkeypatch.setattr(client, "run", lambda *_: {"tcp://far:1": False, "tcp://near:2": True})
        with pytest.raises(ValueError, match=r"1 of 2 workers do not see .*tcp://far:1.*s3://"):
            ColumnStore.from_array(as_dask(X), path.parent / "other")
    assert os.listdir(path.parent) == [path.name]
