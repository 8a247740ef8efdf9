"""What was given to be prepared: a frame, an array or a file, behind one face."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from sklearn.utils.validation import validate_data

from ._errors import TableError, require
from ._frames import as_columns, is_frame
from ._readers import ColumnReader, NumberReader
from ._table import Table


class Content:
    """The rows that were given, with a way to read some of their columns.

    Parameters
    ----------
    names : list of str
        The columns.
    columns : ndarray or dict of str to pyarrow.ChunkedArray
        A matrix of numbers, or columns of all kinds.
    n_rows : int
        Number of rows.
    """

    def __init__(self, names: list[str], columns: Any, n_rows: int) -> None:
        self.names = names
        self.columns = columns
        self.n_rows = n_rows
        self.is_array = isinstance(columns, np.ndarray)

    def renamed(self, names: list[str]) -> "Content":
        """Return the same columns under other names, in their order."""
        if self.is_array:
            return Content(names, self.columns, self.n_rows)
        columns = dict(zip(names, self.columns.values(), strict=True))
        return Content(names, columns, self.n_rows)

    def as_frame(self) -> "Content":
        """Return an array's columns one by one, for readers of all kinds."""
        (pandas,) = require("pandas", why="TablePreparation of an array of objects")
        frame = pandas.DataFrame(self.columns, columns=self.names)
        return Content(self.names, as_columns(frame), self.n_rows)

    def block_reader(self, readers: list[ColumnReader]) -> Callable[[int, int], np.ndarray]:
        """Return what reads a block of the columns of some readers as a matrix of floats."""
        if not self.is_array:

            def read_columns(start: int, stop: int) -> np.ndarray:
                some = [reader.read(self.columns[reader.name]) for reader in readers[start:stop]]
                return np.column_stack(some)

            return read_columns
        X = self.columns
        place = {name: i for i, name in enumerate(self.names)}
        places = [place[reader.name] for reader in readers]
        # Half precision overflows when it is summed; float32 would cut integers.
        small = X.dtype in (np.float16, np.float32) or X.dtype.kind == "b"
        dtype = np.float32 if small else np.float64
        whole = len(places) == X.shape[1]

        def read_array(start: int, stop: int) -> np.ndarray:
            some = X[:, start:stop] if whole else X[:, places[start:stop]]
            if X.dtype.kind in "iu" and X.dtype.itemsize == 8:
                columns = zip(readers[start:stop], some.T, strict=True)
                return np.column_stack(
                    [cast(NumberReader, r).integers(column) for r, column in columns]
                )
            return np.array(some, dtype=dtype, order="C")

        return read_array


def open_content(estimator: Any, X: Any, *, reset: bool) -> Content:
    """Check the shape and names of X, as scikit-learn does, and return what is in it.

    Parameters
    ----------
    estimator : TablePreparation
        Gets ``n_features_in_`` and ``feature_names_in_``, or is asked for them.
    X : frame, array-like or Table
        The rows.
    reset : bool
        Whether these are the training rows.

    Returns
    -------
    content : Content
        At least one row and one column.
    """
    if isinstance(X, Table):
        content = Content(X.names, X.array if X.table is None else as_columns(X), X.n_rows)
        if reset:
            estimator.feature_names_in_ = np.array(X.names, dtype=object)
            estimator.n_features_in_ = len(X.names)
        elif list(estimator.feature_names_in_) != X.names:
            raise TableError("The columns are not those of the training rows.")
    elif is_frame(X):
        columns = as_columns(X)
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        content = Content(list(columns), columns, X.shape[0])
    else:
        # Not checked for NaN and infinity here: that would take two masks of the size of X.
        X = validate_data(
            estimator, X, reset=reset, dtype=None, ensure_all_finite=False, ensure_2d=True
        )
        content = Content([f"x{i}" for i in range(X.shape[1])], X, len(X))
        if X.dtype.kind not in "biuf":
            content = content.as_frame()
    if not content.n_rows or not content.names:
        missing = "sample" if content.names else "feature"
        raise TableError(
            f"0 {missing}(s) in X of shape ({content.n_rows}, {len(content.names)}), while a "
            "minimum of 1 is required."
        )
    return content
