"""What is known of the rows besides their values: chosen before, and how much they count."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.validation import _check_sample_weight


def row_numbers(selected: Any, n_samples: int) -> NDArray[np.intp]:
    """Return the rows that a mask or row numbers name, in row order.

    Parameters
    ----------
    selected : array-like of shape (n_samples,), bool, or (n_rows,), int, or None
        None is no row.
    n_samples : int

    Returns
    -------
    ndarray of int

    Raises
    ------
    TypeError, ValueError
        If it is neither a mask of n_samples nor numbers of rows that exist, or all of them.
    """
    if selected is None or not np.size(selected):
        return np.empty(0, np.intp)
    shape = np.shape(selected)
    if len(shape) != 1 and shape[1:] != (1,):
        raise ValueError(
            f"selected has the shape {shape}; give a boolean mask of the rows of X, or their "
            f"numbers as integers, in one dimension."
        )
    rows = column_or_1d(np.asarray(selected))
    if rows.dtype.kind == "b":
        if rows.size != n_samples:
            raise ValueError(
                f"selected is a mask of {rows.size} rows, and X has n_samples = {n_samples}."
            )
        rows = np.flatnonzero(rows)
    if rows.dtype.kind not in "iu":
        raise TypeError(
            f"selected holds {rows.dtype} values; give a boolean mask of the rows of X, or their "
            f"numbers as integers."
        )
    wrong = np.flatnonzero((rows < 0) | (rows >= n_samples))
    if wrong.size:
        raise ValueError(
            f"selected names row {rows[wrong[0]]}, and the rows of X are 0 to {n_samples - 1}."
        )
    rows = np.unique(rows).astype(np.intp)
    if rows.size == n_samples:
        raise ValueError(f"All n_samples = {n_samples} rows of X are in selected: none is left.")
    return rows


def row_weights(
    sample_weight: Any, rows: Any, *, some_count: bool = True
) -> NDArray[np.float64] | None:
    """Return how many rows each row counts as; None if each counts as one.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
    rows : ndarray or sparse matrix of shape (n_samples, n_features)
    some_count : bool, default=True
        Whether not all weights may be 0; those of a part of the rows may.

    Returns
    -------
    ndarray of shape (n_samples,) or None

    Raises
    ------
    ValueError
        If weights are no numbers, negative, not finite, all 0, or not as many as there are rows.
    """
    if sample_weight is None:
        return None
    try:
        np.asarray(sample_weight, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sample_weight needs a number for each row: {error}.") from None
    weights: NDArray[np.float64] = _check_sample_weight(
        sample_weight,
        np.empty((rows.shape[0], 0)),
        dtype=np.float64,
        ensure_non_negative=True,
        allow_all_zero_weights=True,
    )
    if some_count and not weights.any():
        raise ValueError(
            "All of sample_weight are zero: no row would count. Give at least one row a weight "
            "above 0, or none at all."
        )
    return weights
