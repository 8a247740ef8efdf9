"""Rows on disk, feature by feature: what ZCore reads of rows that do not fit in memory."""

from collections.abc import Iterator, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.rows._ingest import write_store
from sklearn_zcore.rows._pieces import Pieces
from sklearn_zcore.rows._statistics import FeatureRange, fingerprints
from sklearn_zcore.rows._store_files import VERSION, Damaged, StoreFiles, check_sum

_REMEDY = "Write it again by ColumnStore.from_array(X, path, overwrite=True)"


class ColumnStore(Pieces):
    """Rows of numbers in a folder, feature by feature, with what is known of each feature.

    A subspace of `ZCoreSelector` needs a few features of all rows, and nothing else: from a store
    they are read as they are needed. Made by `from_array`, opened by `open`. It is a group of Zarr
    3, of one file for each block of rows, which any reader of Zarr can open.

    Parameters
    ----------
    path : str or path-like
        Where it is: on a disk, or a URL that fsspec knows.

    Attributes
    ----------
    path : str
    shape : tuple of int
        (n_samples, n_features)
    dtype : dtype
        As that of the rows it was made of: half floats stay half floats.
    feature_names : ndarray of shape (n_features,), object, or None
        Names of the features, where the rows had any.
    ranges : FeatureRange
        Exact median and range of every feature.
    fingerprint : str
        Of the content: equal for equal rows in the same order, wherever the store is.

    Raises
    ------
    FileNotFoundError
        If there is nothing at the path.
    ValueError
        If it is no store, or is not whole: writing it has not come to its end, or it has been
        damaged.
    ImportError
        If zarr is missing.

    See Also
    --------
    ZCoreSelector : Fits it in bounded memory.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn_zcore import ColumnStore, ZCoreSelector
    >>> folder = tempfile.TemporaryDirectory()
    >>> X = np.random.default_rng(0).standard_normal((1000, 20)).astype(np.float16)
    >>> store = ColumnStore.from_array(X, folder.name + "/embeddings.zcols")
    >>> store.shape, store.dtype
    ((1000, 20), dtype('float16'))
    >>> selector = ZCoreSelector(budget=10, n_iter=50_000, random_state=0, tol=0).fit(store)
    >>> selector.transform(store).shape
    (10, 20)
    >>> folder.cleanup()
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._files = StoreFiles(fspath(path))
        header = self._files.header()
        if header is None:
            raise FileNotFoundError(
                f"There is nothing at {self.path}. Write it by ColumnStore.from_array(X, path)."
            )
        if not header:
            raise ValueError(
                f"{self.path} is no column store. Write one by ColumnStore.from_array(X, path)."
            )
        if header.get("version") != VERSION:
            raise ValueError(
                f"{self.path} was written in version {header.get('version')} of the format, and "
                f"this release of sklearn-zcore reads version {VERSION}. {_REMEDY}."
            )
        if not header.get("complete"):
            raise ValueError(
                f"{self.path} is not whole: writing it has not come to its end. Call "
                f"ColumnStore.from_array with the same rows and path again; it goes on where it "
                f"stopped."
            )
        try:
            bounds = np.array(header["bounds"], np.intp)
            super().__init__(bounds, int(header["n_features"]), np.dtype(header["dtype"]))
            names = header["feature_names"]
            self.feature_names = None if names is None else np.array(names, object)
            self.fingerprint = str(header["fingerprint"])
            self._files.check_sizes(bounds, self.dtype.itemsize, self.shape[1])
            self.ranges = FeatureRange(*self._files.read_features("ranges").T.copy())
            self._checks = self._files.read_features("checks")
            if not len(self._checks) == len(self.ranges.low) == self.shape[1]:
                raise Damaged("features/ranges does not have every feature")
        except (KeyError, TypeError, Damaged) as error:
            raise ValueError(f"{self.path} is damaged: {error}. {_REMEDY}.") from error

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Self:
        """Open a store that has been written.

        Parameters
        ----------
        path : str or path-like

        Returns
        -------
        ColumnStore

        Raises
        ------
        FileNotFoundError, ValueError, ImportError
            As the class itself does.
        """
        return cls(path)

    @classmethod
    def from_array(
        cls,
        X: Any,
        path: str | PathLike[str],
        *,
        columns: Sequence[str] | None = None,
        overwrite: bool = False,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> Self:
        """Write rows, block by block, in bounded memory.

        Each worker holds some 150 MB, and at times a whole feature of all rows. Where writing was
        killed, the same call goes on: blocks that are whole are not written again.

        Parameters
        ----------
        X : object
            An array, frame or memory map; a Zarr array, or a path to one; a dask array or frame,
            whose blocks are written where they are; Parquet files, as a path to one or to a folder
            of them, or as pyarrow opens them; a Hugging Face ``Dataset``; or an iterator of blocks
            of rows. If that has an attribute ``n_samples``, of how many rows there will be, whether
            the disk has room for them is told before any is written.
        path : str or path-like
            Where to write: a folder that is not there yet, or a URL that fsspec knows. Workers on
            other machines must see it, too.
        columns : sequence of str or None, default=None
            Of tables: which columns to read, each of them of numbers, or a single one that holds
            lists of numbers, all of one length. None is all of them.
        overwrite : bool, default=False
            Whether to replace a store that is there.
        n_jobs : int or None, default=None
            Number of parallel workers, threads unless `joblib.parallel_config` says otherwise.
            Blocks of dask collections are written by the scheduler at hand.
        verbose : int, default=0
            Whether to show a progress bar on stderr.

        Returns
        -------
        ColumnStore

        Raises
        ------
        ValueError
            If X holds NaN or infinite values: the first one's row and column. If a feature spans
            too much for float32.
        TypeError
            If X does not hold real numbers.
        FileExistsError
            If there is something at the path, and it is not the beginning of this store.
        BlockingIOError
            If another process is writing it.
        OSError
            If the disk has not as many bytes as are needed.
        """
        write_store(
            X, fspath(path), columns=columns, overwrite=overwrite, n_jobs=n_jobs, verbose=verbose
        )
        return cls(path)

    @property
    def path(self) -> str:
        """Return where the store is."""
        return self._files.path

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __repr__(self) -> str:
        """Return what it is and where."""
        n, d = self.shape
        return f"ColumnStore({self.path!r}, {n:,} x {d} {self.dtype})"

    # --- by features ------------------------------------------------------------------------------

    def column(self, feature: int, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return one feature of all rows.

        Parameters
        ----------
        feature : int
        out : ndarray of shape (n_samples,) or None, default=None
            Where to read it to, of the store's dtype.

        Returns
        -------
        ndarray of shape (n_samples,)

        Raises
        ------
        ValueError
            If it is not what was written.
        """
        out = np.empty(self.shape[0], self.dtype) if out is None else out
        total = np.zeros(1, np.uint64)
        try:
            for first, end in zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True):
                self._files.read_column(first, feature, out[first:end])
                total += check_sum(out[None, first:end])
            if total[0] != self._checks[feature]:
                raise Damaged(f"feature {feature} has been changed since it was written")
        except (OSError, KeyError, Damaged) as error:
            raise ValueError(f"{self.path} is damaged: {error}. {_REMEDY}.") from error
        return out

    def columns(self, features: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Return some features of all rows: of shape (n_columns, n_samples), contiguous."""
        out = np.empty((features.size, self.shape[0]), self.dtype)
        for row, feature in zip(out, features.tolist(), strict=True):
            self.column(feature, row)
        return out

    def samples(self) -> NDArray[Any]:
        """Return a sorted sample of every feature, of shape (n_features, n_sampled)."""
        return self._files.read_features("samples")

    # --- by rows ----------------------------------------------------------------------------------

    def read(self, piece: int) -> Iterator[NDArray[Any]]:
        """Yield the one block of a piece."""
        yield self.pick(piece, slice(None))

    def pick(self, piece: int, rows: Any) -> NDArray[Any]:
        """Return some rows of one piece, numbered from its first.

        Raises
        ------
        ValueError
            If they are not what was written.
        """
        first, end = self.bounds[piece : piece + 2].tolist()
        shape = (self.shape[1], end - first)
        try:
            found = self._files.read_block(first, shape, self.dtype, rows)
            hashes = self._files.read_marks(first)[: end - first]
            other = np.flatnonzero(fingerprints(found) != hashes[rows])
            if other.size:
                row = first + int(np.arange(end - first)[rows][other[0]])
                raise Damaged(f"row {row} has been changed since it was written")
        except (OSError, KeyError, Damaged) as error:
            raise ValueError(f"{self.path} is damaged: {error}. {_REMEDY}.") from error
        return found

    def fingerprints(self) -> NDArray[np.uint64]:
        """Return a hash of every row: equal for equal rows, whatever holds them."""
        hashes = np.empty(self.shape[0], np.uint64)
        for first, end in zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True):
            hashes[first:end] = self._files.read_marks(first)[: end - first]
        return hashes


def temporary_store(
    X: Any, folder: str | PathLike[str], *, n_jobs: int | None = None, verbose: int = 0
) -> ColumnStore:
    """Write a store to a folder for temporary files, whose owner removes it.

    Parameters
    ----------
    X : object
        As `ColumnStore.from_array` takes it.
    folder : path-like
        That is there.
    n_jobs : int or None, default=None
    verbose : int, default=0

    Returns
    -------
    ColumnStore

    Raises
    ------
    OSError
        If the disk has not as much room: the advice is another folder for temporary files.
    """
    path = str(Path(folder) / "X.zcols")
    write_store(X, path, is_temporary=True, n_jobs=n_jobs, verbose=verbose)
    return ColumnStore(path)
