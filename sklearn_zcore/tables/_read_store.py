"""Rows in a Zarr array or a column store, which stay where they are."""

from pathlib import Path
from typing import Any

import numpy as np

from ._errors import TableError, require
from ._features import Features
from ._report import PreparedColumn
from ._table import Table


class RowsInStore:
    """Rows that look like an array, and are read as they are asked for.

    Parameters
    ----------
    source : ColumnStore or BlockSource
        Reads them.
    given : ColumnStore or zarr.Array
        Where they are, as selectors take it.
    """

    ndim = 2

    def __init__(self, source: Any, given: Any) -> None:
        self.source, self.given = source, given
        self.shape: tuple[int, int] = source.shape
        self.dtype: np.dtype[Any] = source.dtype

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Return some rows; or of all of them one column, as ``[:, column]``."""
        if not isinstance(rows, tuple):
            return np.asarray(self.source.take(np.asarray(rows, np.intp)))
        return np.asarray(self)[rows]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return all rows."""
        return np.asarray(self.source.take(np.arange(len(self))), dtype)


def read_store(path: Path) -> Table:
    """Open a column store, or a Zarr array of two dimensions.

    Parameters
    ----------
    path : Path
        Its folder.

    Returns
    -------
    table : Table
        Whose array is `RowsInStore`; columns are f0, f1, ... where they have no names.
    """
    from sklearn_zcore.rows import ColumnStore, block_source

    (zarr,) = require("zarr", why="Reading .zarr")
    source: Any
    try:
        given = source = ColumnStore.open(path)
    except (ValueError, FileNotFoundError) as no_store:
        try:
            given = zarr.open(str(path), mode="r")
            source = block_source(given)
            if hasattr(given, "arrays"):  # a group of one array
                ((_, given),) = given.arrays()
        except (ValueError, TypeError, OSError) as error:
            reason = no_store if "is not whole" in str(no_store) else error
            raise TableError(f"The input {path} is no store of rows: {reason}") from error
    n_rows, n_columns = source.shape
    named = getattr(source, "feature_names", None)
    names = [f"f{i}" for i in range(n_columns)] if named is None else [str(n) for n in named]
    return Table(path, ".zarr", names, n_rows, array=RowsInStore(source, given))


def store_features(table: Table) -> Features:
    """Return the rows of a store as features, where they are."""
    columns = [PreparedColumn(name, "numeric", "as it is", 1, 0) for name in table.names]
    done = [f"{len(columns):,} as they are, read from the store as they are needed"]
    return Features(table.array.given, columns, [], done, None, True, "error")
