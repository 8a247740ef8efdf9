"""The files of a column store: Zarr 3, a block of rows a file, in it one feature after the other.

A block is an array of shape (n_features, n_rows) in a single shard of uncompressed chunks, one for
each feature: any reader of Zarr can open it. On a disk, features are read from it without one, for
Zarr takes a millisecond to find a chunk, and a feature lies in as many chunks as there are blocks.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.rows._pieces import need

KEY = "sklearn_zcore_columns"
VERSION = 1
_DIGITS = 15  # of the first row of a block, in its name


class Damaged(ValueError):
    """A file of a store is not what was written."""


class StoreFiles:
    """Reads and writes the parts of a store; small, so that it can be sent to any worker.

    Parameters
    ----------
    path : str
        On a disk, or a URL that fsspec knows.
    """

    def __init__(self, path: str) -> None:
        self.path = _on_disk(path)
        self.is_local = "://" not in self.path
        self._group: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "is_local": self.is_local, "_group": None}

    # --- as a whole -------------------------------------------------------------------------------

    def header(self) -> dict[str, Any] | None:
        """Return what the store says of itself; None if there is nothing, {} if it is no store."""
        zarr = _zarr()
        if self.is_local and not os.path.exists(self.path):
            return None
        try:
            attributes = dict(zarr.open_group(self.path, mode="r").attrs)
        except FileNotFoundError:
            return {} if self.is_local and self._holds_anything() else None
        except (ValueError, TypeError, KeyError):
            return {}
        header: dict[str, Any] = attributes.get(KEY, {})
        return header

    def _holds_anything(self) -> bool:
        return not os.path.isdir(self.path) or bool(os.listdir(self.path))

    def create(self, header: dict[str, Any]) -> None:
        """Begin a store, in place of what is there."""
        self.remove()
        self._group = _zarr().open_group(self.path, mode="w")
        self._group.create_group("blocks")
        self._group.create_group("marks")
        self.set_header(header)

    def set_header(self, header: dict[str, Any]) -> None:
        """Replace what the store says of itself, at once."""
        self._open("r+").attrs[KEY] = header
        self._group = None

    def remove(self) -> None:
        """Remove all of it."""
        self._group = None
        if self.is_local:
            shutil.rmtree(self.path, ignore_errors=True)

    def _open(self, mode: str = "r") -> Any:
        if self._group is None or mode != "r":
            self._group = _zarr().open_group(self.path, mode=mode)
        return self._group

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out for as long as the context lasts; the system frees a dead one's.

        Raises
        ------
        BlockingIOError
            If another process is writing.
        """
        if not self.is_local:
            yield
            return
        from filelock import FileLock, Timeout

        path = self.path.rstrip("/") + ".lock"
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise BlockingIOError(
                f"Another process is writing {self.path}. Wait for it, or write to another path."
            ) from None
        try:
            yield
        finally:
            if os.path.exists(path):
                os.unlink(path)
            lock.release()

    # --- blocks -----------------------------------------------------------------------------------

    def write_block(self, first: int, columns: NDArray[Any], marks: NDArray[np.uint64]) -> None:
        """Write a block, and then its marks, which say that it is whole.

        Parameters
        ----------
        first : int
            Number of its first row.
        columns : ndarray of shape (n_features, n_rows)
            Contiguous.
        marks : ndarray of uint64
        """
        group, name = self._open("r+"), _name(first)
        options = {"compressors": None, "filters": None, "overwrite": True}
        array = group.create_array(
            f"blocks/{name}",
            shape=columns.shape,
            dtype=columns.dtype,
            chunks=(1, columns.shape[1]),
            shards=columns.shape,
            fill_value=columns.dtype.type(0),
            config={"write_empty_chunks": True},
            **options,
        )
        array[:] = columns
        last = np.empty_like(columns[-1])
        self.read_column(first, columns.shape[0] - 1, last)
        if last.tobytes() != columns[-1].tobytes():
            raise NotImplementedError(
                "This release of zarr does not write the chunks of a shard one after the other: "
                "use zarr 3.1."
            )
        array = group.create_array(
            f"marks/{name}", shape=marks.shape, dtype=marks.dtype, chunks=marks.shape, fill_value=0,
            config={"write_empty_chunks": True}, **options,
        )  # fmt: skip
        array[:] = marks

    def finished(self) -> list[tuple[int, int, int]]:
        """Return first row, end and number of features of the blocks that are whole."""
        if self.is_local:
            folder = os.path.join(self.path, "marks")
            names = [
                name
                for name in (os.listdir(folder) if os.path.isdir(folder) else [])
                if name.isdigit() and os.path.exists(os.path.join(folder, name, "c", "0"))
            ]
        else:
            names = [name for name, _ in self._open("r+")["marks"].arrays()]
        group = self._open("r+")
        found = []
        for name in sorted(names):
            n_features, n_rows = group[f"blocks/{name}"].shape
            found.append((int(name), int(name) + int(n_rows), int(n_features)))
        return found

    def read_marks(self, first: int) -> NDArray[np.uint64]:
        """Return the marks of a block."""
        return np.asarray(self._open()[f"marks/{_name(first)}"][:], np.uint64)

    def _file(self, first: int) -> str:
        return os.path.join(self.path, "blocks", _name(first), "c", "0", "0")

    def check_sizes(self, bounds: NDArray[np.intp], column_bytes: int, n_features: int) -> None:
        """Raise `Damaged` if a file is missing or cut short; of a store on a disk."""
        if not self.is_local:
            return
        for first, n_rows in zip(bounds[:-1].tolist(), np.diff(bounds).tolist(), strict=True):
            path = self._file(first)
            least = n_rows * column_bytes * n_features
            try:
                size = os.path.getsize(path)
            except OSError:
                raise Damaged(f"{path} is missing") from None
            if size < least:
                raise Damaged(f"{path} has {size} bytes, of at least {least}")

    def read_column(self, first: int, feature: int, out: NDArray[Any]) -> None:
        """Read one feature of one block into ``out``."""
        if not self.is_local:
            out[:] = self._open()[f"blocks/{_name(first)}"][feature]
            return
        view, done = memoryview(out.view(np.uint8).data), 0
        with open(self._file(first), "rb", buffering=0) as file:
            file.seek(feature * out.nbytes)
            while done < out.nbytes:
                size = file.readinto(view[done:])
                if not size:
                    raise Damaged(f"{self._file(first)} ends too early")
                done += size

    def read_block(
        self, first: int, shape: tuple[int, int], dtype: np.dtype[Any], rows: Any
    ) -> NDArray[Any]:
        """Return some rows of a block, of shape (n_rows, n_features)."""
        if self.is_local:
            columns = np.memmap(self._file(first), dtype, "r", 0, shape)
            return np.ascontiguousarray(np.asarray(columns[:, rows]).T)
        array = self._open()[f"blocks/{_name(first)}"]
        return np.ascontiguousarray(array.oindex[:, rows].T)

    # --- what is known of the features ------------------------------------------------------------

    def write_features(self, **arrays: NDArray[Any]) -> None:
        """Write arrays of which the first axis is that of the features."""
        group = self._open("r+")
        for name, values in arrays.items():
            chunks = (max(1, min(values.shape[0], 2**20 // max(1, values[:1].nbytes))),)
            array = group.create_array(
                f"features/{name}", shape=values.shape, dtype=values.dtype, overwrite=True,
                chunks=chunks + values.shape[1:], compressors=None, fill_value=0,
            )  # fmt: skip
            array[:] = values

    def read_features(self, name: str) -> NDArray[Any]:
        """Return one of these arrays."""
        try:
            return np.asarray(self._open()[f"features/{name}"][:])
        except KeyError:
            raise Damaged(f"features/{name} is missing") from None


def check_sum(columns: NDArray[Any]) -> NDArray[np.uint64]:
    """Return a number for each row of an array that nearly every change of its bytes changes.

    Sums of 64-bit words: as fast as memory, and those of blocks add up to that of all.

    Parameters
    ----------
    columns : ndarray of shape (n_features, n_rows)
        Contiguous along its rows.

    Returns
    -------
    ndarray of shape (n_features,), uint64
    """
    totals = np.empty(columns.shape[0], np.uint64)
    for number, row in enumerate(columns):
        raw = row.view(np.uint8)
        whole = raw.size // 8 * 8
        last = np.zeros(8, np.uint8)
        last[: raw.size - whole] = raw[whole:]
        words = raw[:whole].view(np.uint64)
        totals[number] = words.sum(dtype=np.uint64)
        totals[number : number + 1] += last.view(np.uint64)
    return totals


def _on_disk(path: str) -> str:
    """Return a URL of this machine's disk as the path that it means, all else as it is."""
    parts = urlsplit(path)
    return url2pathname(parts.path) if parts.scheme in ("file", "local") else path


def _name(first: int) -> str:
    return f"{first:0{_DIGITS}d}"


def _zarr() -> Any:
    return need("zarr", "scale", "Column stores")
