"""What a selector checks about rows: whether they are finite, and whether they are the same."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

_CHUNK_VALUES = 2**16  # half a MB at a time: checks must not copy a big X


def row_chunks(X: NDArray[Any], n_rows: int | None = None) -> list[slice]:
    """Cut rows as wide as those of X into small pieces; as many rows as X has, or others."""
    n = X.shape[0] if n_rows is None else n_rows
    return list(gen_batches(n, max(1, _CHUNK_VALUES // X.shape[1]))) if n else []


def check_finite(X: NDArray[Any], feature_names: NDArray[Any] | None, estimator_name: str) -> None:
    """Raise if X has NaN or infinite values.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    feature_names : ndarray of shape (n_features,) or None
    estimator_name : str

    Raises
    ------
    ValueError
        Says how many there are, and the first one's row and column.
    """
    if X.dtype.kind != "f" or all(np.isfinite(X[chunk]).all() for chunk in row_chunks(X)):
        return
    n_nan = sum(int(np.isnan(X[chunk]).sum()) for chunk in row_chunks(X))
    n_inf = sum(int(np.isinf(X[chunk]).sum()) for chunk in row_chunks(X))
    row = next(
        chunk.start + int(bad.any(axis=1).argmax())
        for chunk in row_chunks(X)
        if (bad := ~np.isfinite(X[chunk])).any()
    )
    column = int((~np.isfinite(X[row])).argmax())
    name = "" if feature_names is None else f" ({feature_names[column]!r})"
    counts = [f"{n} {what} value(s)" for n, what in ((n_nan, "NaN"), (n_inf, "infinite")) if n]
    advice = "Impute or drop them first, e.g. with SimpleImputer" if n_nan else "Clip or drop them"
    raise ValueError(
        f"Input X contains {' and '.join(counts)} (NaN or inf); the first is in row {row}, "
        f"column {column}{name}. {estimator_name} needs finite numbers. {advice}."
    )


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
        except (TypeError, ValueError):
            pass
        else:
            if not is_date:
                continue
        name = "" if feature_names is None else f" ({feature_names[column]!r})"
        return f"X holds {value!r} in row {row}, column {column}{name}"
    return None


def row_fingerprints(X: NDArray[Any]) -> NDArray[np.uint64]:
    """Hash every row by its values, whatever the dtype and the container.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (n_samples,), uint64
    """
    high = np.iinfo(np.uint64).max
    odd = np.random.default_rng(0).integers(high, size=X.shape[1], dtype=np.uint64) | np.uint64(1)
    hashes = np.empty(X.shape[0], np.uint64)
    for chunk in row_chunks(X):
        # Adding 0 makes -0.0 equal to 0.0; the shift brings the high bits, where small integers
        # differ, down to where a product keeps them.
        bits = (X[chunk].astype(np.float64) + 0.0).view(np.uint64)
        bits ^= bits >> np.uint64(32)
        bits *= odd
        hashes[chunk] = bits.sum(axis=1, dtype=np.uint64)
    return hashes
