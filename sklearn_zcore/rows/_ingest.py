"""How a column store is written: blocks of rows, then what is known of every feature."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from threading import Condition
from typing import Any, NamedTuple

import joblib
import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from sklearn_zcore._parallel import in_order
from sklearn_zcore._progress import progress_bar
from sklearn_zcore._resources import free_disk
from sklearn_zcore.rows._ingest_source import StreamBlocks, source_of
from sklearn_zcore.rows._pieces import Pieces
from sklearn_zcore.rows._source import ArraySource, is_beyond_float
from sklearn_zcore.rows._statistics import FeatureRange, fingerprints, sample_columns, summarize
from sklearn_zcore.rows._store_files import VERSION, StoreFiles, check_sum

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # a full disk, a quota, a limit of processes
_CHECKED_ROWS = 64  # of what was written before, when writing goes on


def write_store(
    X: Any,
    path: str,
    *,
    columns: Sequence[str] | None = None,
    overwrite: bool = False,
    is_temporary: bool = False,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> None:
    """Write a store, or what is left of it; see `ColumnStore.from_array`.

    One that is temporary is removed if it cannot be written.
    """
    files = StoreFiles(path)
    path = files.path
    is_dask = hasattr(X, "__dask_graph__")
    if is_dask:
        _refuse_hidden(path)
    source = source_of(X, columns)
    names = None if source.feature_names is None else [str(name) for name in source.feature_names]
    header = {
        "version": VERSION,
        "complete": False,
        "n_samples": source.shape[0] if source.shape[0] >= 0 else None,
        "n_features": source.shape[1],
        "dtype": _stored_dtype(source.dtype).str,
        "feature_names": names,
    }
    with files.locked():
        done = _begin(files, header, overwrite)
        try:
            _check_same(source, files, done)
            _refuse_full_disk(source, path, done, is_temporary)
            bounds = _write_blocks(source, files, done, n_jobs, verbose)
            fingerprint, checks = _sum_up(files, bounds, header)
            with _where(is_dask):
                found, samples = _describe_all(files, bounds, header, n_jobs, verbose)
        except (ValueError, TypeError):
            files.remove()  # rows that are no numbers: what is written of others is of no use
            raise
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise OSError(error.errno, _no_room(error, path, is_temporary)) from error
            raise
        files.write_features(ranges=np.stack(found, axis=1), samples=samples, checks=checks)
        files.set_header(
            {**header, "complete": True, "bounds": bounds.tolist(), "fingerprint": fingerprint}
        )


def _stored_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type that values are kept in: their own, unless it is beyond float64."""
    return np.dtype(np.float64) if dtype.itemsize > 8 else dtype.newbyteorder("<")


# --- before work starts ---------------------------------------------------------------------------


def _refuse_hidden(path: str) -> None:
    """Raise ValueError if workers of a cluster do not see the folder that is to be written to."""
    from sklearn_zcore.rows._block_dask import client_at_hand

    client = client_at_hand()
    if client is None or "://" in path:
        return
    parent = os.path.dirname(os.path.abspath(path))
    os.makedirs(parent, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=parent, prefix=".seen-by-workers-") as probe:
        seen = client.run(os.path.exists, probe.name)
    blind = [worker for worker, sees in seen.items() if not sees]
    if blind:
        raise ValueError(
            f"{len(blind)} of {len(seen)} workers do not see {parent} (the first is {blind[0]}), "
            f"and they write the blocks of a dask collection where these are. Give a path on a "
            f"disk that all of them share, or a URL such as s3://bucket/{Path(path).name}."
        )


def _begin(files: StoreFiles, header: dict[str, Any], overwrite: bool) -> list[tuple[int, int]]:
    """Begin a store, or find out what of it is there: runs of rows that need not be written."""
    there = files.header()
    if there == {}:
        raise FileExistsError(f"There is something at {files.path}, and it is no column store.")
    if there is not None:
        if there == header:
            found = files.finished()
            if all(d == header["n_features"] for _, _, d in found):
                return [(first, end) for first, end, _ in found]
        if not overwrite:
            what = "a column store" if there.get("complete") else "the beginning of another store"
            raise FileExistsError(
                f"There is {what} at {files.path}. Open it by ColumnStore.open(path), choose "
                f"another path, or pass overwrite=True."
            )
    files.create(header)
    return []


def _check_same(source: Any, files: StoreFiles, done: Sequence[tuple[int, int]]) -> None:
    """Raise ValueError if rows that were written before are others than those of the source."""
    if not done or source.shape[0] < 0:
        return
    runs = done[:1] if not isinstance(source, Pieces) else done
    each = max(1, _CHECKED_ROWS // len(runs))
    rows = np.concatenate([np.unique(np.linspace(a, b - 1, each, dtype=np.intp)) for a, b in runs])
    dtype = _stored_dtype(source.dtype)
    found = fingerprints(source.take(rows).astype(dtype, copy=False))
    kept = [files.read_marks(a)[rows[(rows >= a) & (rows < b)] - a] for a, b in runs]
    if not np.array_equal(found, np.concatenate(kept)):
        raise ValueError(
            f"The beginning of a store at {files.path} is of other rows, and has been removed. "
            f"Call again to write these."
        )


def _refuse_full_disk(
    source: Any, path: str, done: Sequence[tuple[int, int]], is_temporary: bool
) -> None:
    """Raise OSError if the disk has not as many bytes as are left to write."""
    n = source.shape[0] if source.shape[0] >= 0 else source.n_expected
    if "://" in path or n is None:
        return
    n_left = n - sum(end - first for first, end in done)
    needed = int(1.01 * n_left * (source.shape[1] * source.dtype.itemsize + 8)) + 2**20
    free = free_disk(path)
    if needed > free:
        if not done:
            StoreFiles(path).remove()
        raise OSError(
            f"Writing {path} takes {needed:,} bytes{' more' if done else ''}, and {free:,} are "
            f"free there. Free some, or {_elsewhere(is_temporary)}."
        )


def _elsewhere(is_temporary: bool) -> str:
    return f"{'set TMPDIR to a folder' if is_temporary else 'give a path'} on another disk"


def _no_room(error: OSError, path: str, is_temporary: bool) -> str:
    """Say what to do where a disk has become full, or writing has come to a limit."""
    full = "The disk is full" if error.errno == errno.ENOSPC else f"{error.strerror}"
    if is_temporary:
        return f"{full}, in writing {path}. Free some space, or {_elsewhere(is_temporary)}"
    return f"{full}. What has been written to {path} is whole: make room and call again, it goes on"


# --- blocks ---------------------------------------------------------------------------------------


class _Bad(NamedTuple):
    """A value that cannot be used."""

    row: int
    feature: int
    value: str


class _WriteBlock:
    """What is done with a block, where it is; done twice, it does no harm."""

    def __init__(self, files: StoreFiles, dtype: np.dtype[Any]) -> None:
        self.files, self.dtype = files, dtype
        self._running, self._stopped, self._changed = 0, False, Condition()

    def __reduce__(self) -> tuple[type["_WriteBlock"], tuple[Any, ...]]:
        return type(self), (self.files, self.dtype)

    @contextmanager
    def stopped_in_the_end(self) -> Iterator[None]:
        """Have no thread write after the context: what joblib has begun, it does not wait for."""
        try:
            yield
        finally:
            with self._changed:
                self._stopped = True
                self._changed.wait_for(lambda: not self._running)

    def __call__(self, block: NDArray[Any], first: int) -> _Bad | None:
        with self._changed:
            if self._stopped:
                return None
            self._running += 1
        try:
            return self._write(block, first)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _write(self, block: NDArray[Any], first: int) -> _Bad | None:
        block = np.asarray(block, self.dtype)
        bad = _find_bad(block)
        if bad is not None:
            return bad._replace(row=bad.row + first)
        columns = ArraySource(block).columns(np.arange(block.shape[1]))
        marks = np.concatenate([fingerprints(block), check_sum(columns)])
        self.files.write_block(first, columns, marks)
        return None


def _find_bad(block: NDArray[Any]) -> _Bad | None:
    if block.dtype.kind == "f":
        finite = np.isfinite(block)
        if not finite.all():
            row = int(finite.all(axis=1).argmin())
            feature = int(finite[row].argmin())
            return _Bad(row, feature, "NaN" if np.isnan(block[row, feature]) else "infinite")
    elif is_beyond_float(block):
        large = (block > 2**53) if block.dtype.kind == "u" else np.abs(block) > 2**53
        row, feature = np.argwhere(large)[0].tolist()
        return _Bad(row, feature, "beyond 2**53")
    return None


def _write_blocks(
    source: Any, files: StoreFiles, done: list[tuple[int, int]], n_jobs: int | None, verbose: int
) -> NDArray[np.intp]:
    """Write the blocks that are not there; return the first row of each, and the end."""
    n, d = source.shape
    write = _WriteBlock(files, _stored_dtype(source.dtype))
    runs = list(done)
    shown = verbose if not getattr(source, "is_shown", False) else 0
    with progress_bar(shown, "Columns", "rows") as progress:
        if n < 0:
            results: Any = _of_stream(source, write, done)
        else:
            progress.add_total(n)
            progress.advance(0, free=sum(end - first for first, end in done))
            results = source.map(write, n_jobs=n_jobs, done=done)  # a generator, too
        with closing(results), write.stopped_in_the_end():
            for rows, bad in results:
                if bad is not None:
                    _refuse(bad, source.feature_names)
                if (rows.start, rows.stop) not in done:
                    runs.append((rows.start, rows.stop))
                    progress.advance(rows.stop - rows.start)
    runs = sorted(set(runs))
    bounds = np.array([0, *(end for _, end in runs)], np.intp)
    assert [first for first, _ in runs] == bounds[:-1].tolist()
    return bounds


def _of_stream(
    source: StreamBlocks, write: _WriteBlock, done: list[tuple[int, int]]
) -> Iterator[tuple[slice, _Bad | None]]:
    first = 0
    for block in source.blocks():
        end = first + block.shape[0]
        if (first, end) in done:
            kept = write.files.read_marks(first)[: block.shape[0]]
            if np.array_equal(fingerprints(np.asarray(block, write.dtype)), kept):
                first = end
                continue
            done.remove((first, end))
        yield slice(first, end), write(block, first)
        first = end
    for run in [run for run in done if run[1] > first]:
        done.remove(run)


def _refuse(bad: _Bad, feature_names: Any) -> None:
    name = "" if feature_names is None else f" ({feature_names[bad.feature]!r})"
    place = f"row {bad.row}, column {bad.feature}{name}"
    if bad.value == "beyond 2**53":
        raise ValueError(
            f"X holds an integer {bad.value} in {place}, which float64 cannot tell from others. "
            f"Subtract the smallest of the column first."
        )
    advice = "Impute or drop such" if bad.value == "NaN" else "Clip or drop such"
    raise ValueError(
        f"X contains NaN or infinite values; the first is {bad.value}, in {place}. {advice} values "
        f"before they are written."
    )


# --- features -------------------------------------------------------------------------------------


def _sum_up(
    files: StoreFiles, bounds: NDArray[np.intp], header: dict[str, Any]
) -> tuple[str, NDArray[np.uint64]]:
    """Return the fingerprint of the content, and every feature's check sum."""
    d = header["n_features"]
    digest = hashlib.sha256(repr((int(bounds[-1]), d, header["dtype"])).encode())
    checks = np.zeros(d, np.uint64)
    for first, n_rows in zip(bounds[:-1].tolist(), np.diff(bounds).tolist(), strict=True):
        marks = files.read_marks(first)
        digest.update(marks[:n_rows].astype("<u8").tobytes())
        checks += marks[n_rows:]
    return digest.hexdigest(), checks


def _where(is_dask: bool) -> AbstractContextManager[Any]:
    """Return the context in which tasks go where the blocks of a dask collection are."""
    if is_dask:
        from sklearn_zcore.rows._block_dask import client_at_hand

        if client_at_hand() is not None:
            return joblib.parallel_config(backend="dask")  # type: ignore[no-any-return]
    return nullcontext()


def _describe_all(
    files: StoreFiles,
    bounds: NDArray[np.intp],
    header: dict[str, Any],
    n_jobs: int | None,
    verbose: int,
) -> tuple[FeatureRange, NDArray[Any]]:
    """Return median and range of every feature, and a sorted sample of each."""
    d, dtype = header["n_features"], np.dtype(header["dtype"])
    calls = (delayed(_describe)(files, bounds, dtype, feature) for feature in range(d))
    with progress_bar(verbose, "Columns", "features") as progress:
        progress.add_total(d)
        found = []
        for result in in_order(calls, n_jobs=n_jobs, prefer="threads"):
            found.append(result)
            progress.advance(1)
    ranges = FeatureRange(
        *(np.concatenate(part) for part in zip(*(r for r, _ in found), strict=True))
    )
    return ranges, np.stack([sample for _, sample in found])


def _describe(
    files: StoreFiles, bounds: NDArray[np.intp], dtype: np.dtype[Any], feature: int
) -> tuple[FeatureRange, NDArray[Any]]:
    column = np.empty((1, bounds[-1]), dtype)
    for first, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        files.read_column(first, feature, column[0, first:end])
    if dtype == np.float16:
        column = column.astype(np.float32)  # holds them all, and processors compare it
    samples = sample_columns(column)
    return summarize(column, samples, feature), samples[0].astype(dtype)
