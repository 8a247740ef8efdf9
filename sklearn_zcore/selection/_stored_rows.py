"""Rows that do not fit in memory: in a store, or brought into one for the time of a fit."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_zcore._atomic import temporary_folder
from sklearn_zcore._resources import free_memory
from sklearn_zcore.rows import ColumnStore, block_source, temporary_store

_SHARE_OF_FREE = 0.5  # of memory: what rows on disk may take there


@contextmanager
def within_reach(X: Any, *, subspace_dim: int, n_jobs: int | None, verbose: int) -> Iterator[Any]:
    """Bring rows on disk to where they can be worked with.

    Parameters
    ----------
    X : object
        Whatever was passed as rows.
    subspace_dim : int
    n_jobs : int or None
    verbose : int
        Whether to say what is done, on stderr.

    Yields
    ------
    object
        A Zarr array as an array in memory, or memory maps and Zarr arrays that are larger than half
        of the free memory as a store that is there as long as the context lasts. All else as it is.

    Raises
    ------
    MemoryError
        If there is not as much memory as scoring from a store takes.
    OSError
        If the disk has not as much room.
    """
    is_zarr = _is_zarr(X)
    source = block_source(X) if is_zarr or isinstance(X, np.ndarray) else None
    if source is None:
        yield X
        return
    size, free = source.shape[0] * source.shape[1] * source.dtype.itemsize, free_memory()
    if free is None or size <= _SHARE_OF_FREE * free:
        yield source.take(np.arange(source.shape[0])) if is_zarr else X
        return
    from sklearn_zcore.scoring import refuse_too_large_store

    refuse_too_large_store(source.shape, source.dtype, subspace_dim, n_jobs)  # before it is written
    with temporary_folder(Path(tempfile.gettempdir()) / "sklearn-zcore-rows") as folder:
        if verbose:
            sys.stderr.write(
                f"X takes {size:,} bytes, more than half of the {free:,} that are free in memory: "
                f"its features are written to {folder} for the time of the fit.\n"
            )
        yield temporary_store(X, folder, n_jobs=n_jobs, verbose=verbose)


def _is_zarr(X: Any) -> bool:
    return type(X).__module__.partition(".")[0] == "zarr" and type(X).__name__ in ("Array", "Group")


class FitsStores:
    """What a selector needs to fit a `ColumnStore`, and Zarr arrays."""

    fits_stores = True
    n_features_in_: int
    min_distance: float | str | None

    def _stored_rows(self, X: Any, *, reset: bool) -> Any:
        """Return rows that are not in memory, checked as others are; None of all else."""
        if _is_zarr(X):
            X = block_source(X)
        elif not isinstance(X, ColumnStore):
            return None
        owner = type(self).__name__
        n, d = X.shape
        if not reset and d != self.n_features_in_:
            raise ValueError(
                f"X has {d} features, but {owner} is expecting {self.n_features_in_} features as "
                f"input."
            )
        if not reset:
            return X
        if n < 2:
            raise ValueError(
                f"Found array with {n} sample(s) (shape={(n, d)}) while a minimum of 2 is required "
                f"by {owner}."
            )
        if self.min_distance is not None:
            raise ValueError(
                f"min_distance={self.min_distance!r} needs rows in memory, and X is a store. Leave "
                f"it out, or select more rows than are wanted, and keep them apart with a second "
                f"selector on selector.transform(store)."
            )
        self.n_features_in_ = d
        vars(self).pop("feature_names_in_", None)
        if X.feature_names is not None:
            self.feature_names_in_ = X.feature_names
        return X
