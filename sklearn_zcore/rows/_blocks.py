"""Rows that are not an array in memory: looked at block by block, where the blocks are."""

import mmap
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.rows._pieces import (
    BlockSource,
    Pieces,
    check_table,
    even_bounds,
    is_block_source,
    need,
)


def block_source(X: Any, *, columns: Sequence[str] | None = None) -> BlockSource | None:
    """Return what reads rows that are not an array in memory, block by block.

    Parameters
    ----------
    X : object
        A memory map; a Zarr array, or a group that holds one; a dask array or frame; a Parquet file
        or a folder of them, as a path or as pyarrow opens them (``ParquetDataset``, ``Dataset``); a
        Hugging Face ``Dataset``; a path to an .npy file or a Zarr array; or what is a source of
        blocks already.
    columns : sequence of str or None, default=None
        Of tables: which columns to read, each one of numbers, or a single one that holds lists of
        numbers, all of one length. None is all of them.

    Returns
    -------
    BlockSource or None
        None for all else: what is in memory, and what can be read only once.

    Raises
    ------
    TypeError
        If it holds something else than numbers, or is a stream of a kind that has no blocks.
    ValueError
        If it has not two dimensions, or lists are missing or of several lengths.
    FileNotFoundError
        If there is nothing at a path.

    Examples
    --------
    >>> import dask.array as da
    >>> from sklearn_zcore.rows import block_source
    >>> source = block_source(da.ones((100, 3), chunks=(40, 3)))
    >>> [(rows, float(total)) for rows, total in source.map(lambda block, first: block.sum())]
    [(slice(0, 100, None), 300.0)]
    """
    if is_block_source(X):
        return X  # type: ignore[no-any-return]
    if isinstance(X, str | Path):
        return _at_path(X, columns)
    if isinstance(X, np.ndarray):
        return MappedBlocks.of(X)
    package, name = type(X).__module__.partition(".")[0], type(X).__name__
    if hasattr(X, "__dask_graph__") and hasattr(X, "to_delayed"):
        from sklearn_zcore.rows._block_dask import DaskBlocks

        return DaskBlocks(X, columns)
    if package == "zarr" and name in ("Array", "Group"):
        return ZarrBlocks(X)
    if package in ("pyarrow", "datasets"):
        from sklearn_zcore.rows._block_tables import table_blocks

        return table_blocks(X, columns)
    return None


# --- memory maps ----------------------------------------------------------------------------------


class MappedBlocks(Pieces):
    """A file of an array, which is mapped block by block: pages that were read are given back.

    Parameters
    ----------
    path : str
    offset : int
        Of the first value, in bytes.
    shape, strides : tuple of int
    dtype : dtype
    """

    def __init__(
        self,
        path: str,
        offset: int,
        shape: tuple[int, int],
        strides: tuple[int, int],
        dtype: np.dtype[Any],
    ) -> None:
        super().__init__(even_bounds(shape[0], shape[1] * dtype.itemsize), shape[1], dtype)
        self._path, self._offset, self._strides = path, offset, strides

    @classmethod
    def of(cls, X: NDArray[Any]) -> "MappedBlocks | None":
        """Return the blocks of a memory map, or None for an array in memory.

        So is a map whose changes are not written to its file, or that has no name.
        """
        base: Any = X
        while isinstance(getattr(base, "base", None), np.ndarray):
            base = base.base
        file = getattr(base, "filename", None) if isinstance(base, np.memmap) else None
        if file is None or base.mode == "c" or not os.path.exists(file):
            return None
        check_table("memory map", X.shape, X.dtype)
        ahead = X.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        (n, d), (down, along) = X.shape, X.strides
        return cls(str(file), base.offset + ahead, (n, d), (down, along), X.dtype)

    def _mapped(self, rows: slice) -> NDArray[Any]:
        n, d = rows.stop - rows.start, self.shape[1]
        first = self._offset + rows.start * self._strides[0]
        ends = [(size - 1) * stride for size, stride in zip((n, d), self._strides, strict=True)]
        low = first + sum(min(0, end) for end in ends)
        high = first + sum(max(0, end) for end in ends) + self.dtype.itemsize
        start = low // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
        with open(self._path, "rb") as file:
            view = mmap.mmap(file.fileno(), high - start, offset=start, access=mmap.ACCESS_READ)
        return np.ndarray((n, d), self.dtype, view, first - start, self._strides)

    def read(self, piece: int) -> Iterator[NDArray[Any]]:
        """Yield the one block of a piece."""
        yield np.array(self._mapped(slice(*self.bounds[piece : piece + 2].tolist())), order="C")

    def pick(self, piece: int, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return some rows of one piece, ascending, numbered from its first."""
        return np.asarray(self._mapped(slice(*self.bounds[piece : piece + 2].tolist()))[rows])


# --- Zarr -----------------------------------------------------------------------------------------


class ZarrBlocks(Pieces):
    """A Zarr array.

    Parameters
    ----------
    X : zarr.Array or zarr.Group
        A group that holds one array.
    """

    def __init__(self, X: Any) -> None:
        if type(X).__name__ == "Group":
            arrays = dict(X.arrays())
            if len(arrays) != 1:
                raise ValueError(
                    f"X is a Zarr group of {len(arrays)} arrays ({', '.join(arrays) or 'none'}). "
                    f"Pass the one that holds the rows, e.g. group['embeddings']."
                )
            (X,) = arrays.values()
        check_table("Zarr array", X.shape, np.dtype(X.dtype))
        n, d = X.shape
        # The pieces of a file are whole chunks, which would otherwise be decoded twice.
        chunk = (X.shards or X.chunks)[0]
        super().__init__(even_bounds(n, d * X.dtype.itemsize, chunk), d, X.dtype)
        self._array = X

    def read(self, piece: int) -> Iterator[NDArray[Any]]:
        """Yield the one block of a piece."""
        yield np.asarray(self._array[slice(*self.bounds[piece : piece + 2].tolist())])

    def pick(self, piece: int, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return some rows of one piece, ascending, numbered from its first."""
        return np.asarray(self._array.oindex[rows + self.bounds[piece]])


# --- paths ----------------------------------------------------------------------------------------


def _at_path(path: str | Path, columns: Sequence[str] | None) -> BlockSource:
    """Return the rows of a file or a folder."""
    name = str(path)
    is_remote = "://" in name
    if not is_remote and not os.path.exists(name):
        raise FileNotFoundError(f"There is nothing at {name}.")
    if name.endswith(".npy"):
        mapped = MappedBlocks.of(np.load(name, mmap_mode="r", allow_pickle=False))
        assert mapped is not None
        return mapped
    if name.rstrip("/").endswith(".zarr") or os.path.exists(os.path.join(name, "zarr.json")):
        zarr = need("zarr", "scale", "Zarr arrays")
        return ZarrBlocks(zarr.open(name, mode="r"))
    if name.endswith((".parquet", ".pq")) or os.path.isdir(name):
        need("pyarrow", "table", "Parquet files")
        import pyarrow.dataset

        from sklearn_zcore.rows._block_tables import table_blocks

        files = pyarrow.dataset.dataset(_parquet_files(name) if os.path.isdir(name) else name)
        found = table_blocks(files, columns)
        assert found is not None
        return found
    raise ValueError(
        f"{name} is no file of rows that can be read block by block: give an .npy file, a Zarr "
        f"array, a Parquet file, or a folder of these."
    )


def _parquet_files(folder: str) -> list[str]:
    """Return the Parquet files of a folder, in order; what is hidden, or of another kind, is none.

    Beside data sets lie a README, marks of success, and statistics.
    """
    inner = [path.relative_to(folder) for path in Path(folder).rglob("*")]
    found = sorted(
        os.path.join(folder, path)
        for path in inner
        if path.suffix in (".parquet", ".pq") and not any(p[0] in "._" for p in path.parts)
    )
    if not found:
        raise FileNotFoundError(f"There is no Parquet file in {folder}.")
    return found
