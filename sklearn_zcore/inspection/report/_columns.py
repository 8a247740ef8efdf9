"""Columns of a frame of any library: numbers, dates or categories."""

from collections.abc import Iterable
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _num_samples

from sklearn_zcore.inspection.report._text import as_text, is_missing

MISSING = "(missing)"


class Column(NamedTuple):
    """A column beside the rows.

    Attributes
    ----------
    name : str
    values : ndarray of shape (n_samples,)
        As they are; numbers are float64 or integers, dates datetime64.
    kind : {"number", "date", "category"}
    """

    name: str
    values: NDArray[Any]
    kind: str


def read_columns(frame: Any, n_samples: int, what: str) -> list[Column]:
    """Return the columns of a frame.

    Parameters
    ----------
    frame : object or None
        Data frame of pandas, polars or pyarrow, dict of arrays, array of one or two dimensions,
        or anything with ``columns`` that are indexed by name.
    n_samples : int
    what : str
        The name of the parameter, for messages.

    Returns
    -------
    list of Column

    Raises
    ------
    ValueError
        If it has another number of rows.
    """
    if frame is None:
        return []
    columns = [_column(name, values) for name, values in _named(frame, what)]
    for column in columns:
        if column.values.shape != (n_samples,):
            raise ValueError(
                f"{what} has {column.values.shape[0] if column.values.ndim else 1} rows in "
                f"{as_text(column.name, 60)!r}, and X has {n_samples}."
            )
    return columns


def _named(frame: Any, what: str) -> Iterable[tuple[Any, Any]]:
    names = getattr(frame, "column_names", None)  # pyarrow, datasets
    if names is None and isinstance(frame, dict):
        names = list(frame)
    if names is None and hasattr(frame, "columns"):
        names = list(frame.columns)
        if hasattr(frame, "iloc"):  # by place: pandas may have two columns of a name
            return [(name, frame.iloc[:, place]) for place, name in enumerate(names)]
    if names is not None:
        return [(name, frame[name]) for name in names]
    if isinstance(frame, str | bytes) or not hasattr(frame, "__len__"):
        raise TypeError(
            f"{what} is {type(frame).__name__}: give a data frame, a dict of columns or an array."
        )
    name = getattr(frame, "name", None)  # a Series
    array = frame if isinstance(frame, np.ndarray) else np.asarray(frame, dtype=_dtype_of(frame))
    if array.ndim == 2:
        return [(f"{what} {place}", array[:, place]) for place in range(array.shape[1])]
    return [(what if name is None else name, array)]


def _dtype_of(values: Any) -> Any:
    """Keep numbers and text of a list apart: NumPy would make all of them text."""
    return None if hasattr(values, "dtype") else object


def _column(name: Any, values: Any) -> Column:
    array = np.asarray(values)
    if array.ndim != 1:
        array = np.empty(_num_samples(values), object)
        array[:] = list(values)
    text = as_text(name)
    if array.dtype.kind in "iuf":
        return Column(text, array, "number")
    if array.dtype.kind == "M":
        return Column(text, array.astype("datetime64[us]"), "date")
    if array.dtype.kind == "O":
        present = [value for value in array if not is_missing(value)]
        if present and all(
            isinstance(value, Real) and not isinstance(value, bool | np.bool_) for value in present
        ):
            numbers = [np.nan if is_missing(value) else float(value) for value in array]
            return Column(text, np.array(numbers), "number")
    return Column(text, array, "category")


class Categories(NamedTuple):
    """The distinct values of a column.

    Attributes
    ----------
    names : list of str
        In the order in which they occur.
    codes : ndarray of shape (n_samples,), int
        Which of them each row has.
    """

    names: list[str]
    codes: NDArray[np.intp]


def categories(values: ArrayLike) -> Categories:
    """Return the distinct values of a column and which each row has; what is missing is one.

    Parameters
    ----------
    values : array-like of shape (n_samples,)

    Returns
    -------
    Categories
    """
    index: dict[Any, int] = {}
    array = np.asarray(values)

    def code(value: Any) -> int:
        if is_missing(value):
            value = None
        try:
            return index.setdefault(value, len(index))
        except TypeError:  # a list or a dict in a cell
            return index.setdefault(repr(value), len(index))

    codes = np.fromiter(map(code, array.tolist()), np.intp, array.size)
    return Categories([MISSING if v is None else as_text(v) for v in index], codes)
