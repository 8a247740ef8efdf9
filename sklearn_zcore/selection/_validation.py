"""Whether a table holds real numbers, and where it does not."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_numbers(X: NDArray[Any]) -> NDArray[np.float64]:
    """Convert objects to float64; refuse dates, which NumPy would count in units of their own.

    Parameters
    ----------
    X : ndarray

    Returns
    -------
    ndarray, float64
    """
    if X.dtype.kind in "mM":
        raise TypeError(f"Dates and durations ({X.dtype}) are not numbers")
    return X.astype(np.float64)


def refuse_polars_dates(X: Any) -> None:
    """Raise TypeError for a polars frame with dates, which it hands out as floats among floats."""
    for dtype in getattr(X, "dtypes", ()):
        if hasattr(dtype, "is_temporal") and dtype.is_temporal():
            raise TypeError(f"Dates and durations ({dtype}) are not numbers")


def find_non_number(X: Any, feature_names: NDArray[Any] | None) -> str | None:
    """Say where a table holds something else than a real number; None if it does not.

    Parameters
    ----------
    X : object
        Anything that may have been passed as a table.
    feature_names : ndarray of shape (n_features,) or None

    Returns
    -------
    str or None
    """
    # Polars' own rows: as an array, its dates may be floats.
    cells = np.asarray(X.rows() if callable(getattr(X, "rows", None)) else X, dtype=object)
    if cells.ndim != 2:
        return None
    is_date = getattr(getattr(X, "dtype", None), "kind", "") in ("m", "M")
    for (row, column), value in np.ndenumerate(cells):
        try:
            float(value)
        except (TypeError, ValueError, OverflowError):
            pass
        else:
            if not is_date:
                continue
        name = "" if feature_names is None else f" ({feature_names[column]!r})"
        shown = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:59]}…"
        return f"X holds {shown} in row {row}, column {column}{name}"
    return None
