"""What rows are like: finite or not, which are the same, and the range of every feature."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from sklearn_zcore._words import plural
from sklearn_zcore.rows._source import RowSource, is_beyond_float, row_blocks

LARGEST_SPREAD = 1e37  # the sum of several such distances still fits a float32
# A sorted sample of a feature brackets its median, and places its bins well enough.
_SAMPLE_SIZE = 8192
_COLUMN_BYTES = 2**25  # of the features that are looked at at a time


# --- by rows --------------------------------------------------------------------------------------


def scan(source: RowSource, feature_names: NDArray[Any] | None, owner: str) -> NDArray[np.uint64]:
    """Look at every row once: refuse what is not finite, and hash the others.

    Parameters
    ----------
    source : RowSource
    feature_names : ndarray of shape (n_features,) or None
    owner : str
        Name of the estimator, for the message.

    Returns
    -------
    ndarray of shape (n_samples,), uint64
        Equal for rows of equal values, whatever the dtype and the container.

    Raises
    ------
    ValueError
        If there are NaN or infinite values: how many, and the first one's row and column.
    """
    known = getattr(source, "fingerprints", None)
    if known is not None:  # of rows that have been looked at when they were written
        return np.asarray(known(), np.uint64)
    n, d = source.shape
    odd, hashes = _multipliers(d), np.empty(n, np.uint64)
    for rows, block in source.blocks():
        if not _is_finite(block):
            refuse_not_finite(source, feature_names, owner)
        hashes[rows] = _hash(block, odd)
    return hashes


def _only_bad_rows(block: Any) -> NDArray[Any]:
    """Return sparse rows as an array of their values, so that what is not finite has its place."""
    bad = block.tocoo()
    some = ~np.isfinite(bad.data)
    dense = np.zeros(block.shape, np.float32) if some.any() else np.zeros((block.shape[0], 1))
    if some.any():
        dense[bad.row[some], bad.col[some]] = bad.data[some]
    return dense


def check_finite(source: RowSource, feature_names: NDArray[Any] | None, owner: str) -> None:
    """Raise ValueError if there are NaN or infinite values, as `scan` does."""
    if source.dtype.kind == "f" and not all(_is_finite(block) for _, block in source.blocks()):
        refuse_not_finite(source, feature_names, owner)


def fingerprints(X: NDArray[Any]) -> NDArray[np.uint64]:
    """Hash the rows of an array as `scan` does.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)

    Returns
    -------
    ndarray of shape (n_rows,), uint64
    """
    odd, hashes = _multipliers(X.shape[1]), np.empty(X.shape[0], np.uint64)
    for rows in [slice(None)] if issparse(X) else row_blocks(*X.shape):
        hashes[rows] = _hash(X[rows], odd)
    return hashes


def _is_finite(block: Any) -> bool:
    block = block.data if issparse(block) else block
    return block.dtype.kind != "f" or bool(np.isfinite(block).all())


def _multipliers(n_features: int) -> NDArray[np.uint64]:
    high = np.iinfo(np.uint64).max
    rng = np.random.default_rng(0)
    return rng.integers(high, size=n_features, dtype=np.uint64) | np.uint64(1)


def _hash(block: Any, odd: NDArray[np.uint64]) -> NDArray[np.uint64]:
    if issparse(block):
        return _hash_sparse(block, odd)
    # Adding 0 makes -0.0 equal to 0.0; the shift brings the high bits, where small integers
    # differ, down to where a product keeps them.
    if block.dtype == np.float16:
        block = block.astype(np.float32)  # processors have no way from halves to doubles
    values = block.astype(np.float64)
    bits = (values + 0.0).view(np.uint64)
    if is_beyond_float(block):
        # What float64 rounds away; nothing for integers that it holds, whatever their dtype.
        bits ^= (block.astype(np.uint64) - _as_integer_bits(values, block.dtype)) << np.uint64(1)
    bits ^= bits >> np.uint64(32)
    bits *= odd
    return np.asarray(bits.sum(axis=1, dtype=np.uint64))


def _hash_sparse(block: Any, odd: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash sparse rows as `_hash` does the same rows dense: a zero adds nothing."""
    bits = (block.data.astype(np.float64) + 0.0).view(np.uint64)
    bits ^= bits >> np.uint64(32)
    bits *= odd[block.indices]
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(bits, dtype=np.uint64)])
    return np.asarray(sums[block.indptr[1:]] - sums[block.indptr[:-1]])


def _as_integer_bits(values: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[np.uint64]:
    """Return whole numbers of float64 as the 64 bits of an integer, modulo 2**64."""
    # 2**64, and 2**63 of a signed type, are what the largest integers may be rounded to.
    limit = 2.0**64 if dtype.kind == "u" else 2.0**63
    wrapped = np.where(values >= limit, 0.0 if dtype.kind == "u" else -limit, values)
    return wrapped.astype(dtype).astype(np.uint64)


def refuse_not_finite(source: RowSource, feature_names: NDArray[Any] | None, owner: str) -> None:
    """Raise ValueError about the NaN and infinite values of rows."""
    n_nan = n_inf = 0
    place: tuple[int, int] | None = None
    for rows, block in source.blocks():
        if issparse(block):
            block = _only_bad_rows(block)
        is_nan, is_inf = np.isnan(block), np.isinf(block)
        n_nan, n_inf = n_nan + int(is_nan.sum()), n_inf + int(is_inf.sum())
        bad = is_nan | is_inf
        if place is None and bad.any():
            row = int(bad.any(axis=1).argmax())
            place = rows.start + row, int(bad[row].argmax())
    assert place is not None
    raise_not_finite(n_nan, n_inf, place, feature_names, owner)


class NotFinite(NamedTuple):
    """The NaN and infinite values of some rows.

    Attributes
    ----------
    n_nan, n_inf : int
    place : (int, int)
        Row and column of the first.
    """

    n_nan: int
    n_inf: int
    place: tuple[int, int]

    @classmethod
    def of(cls, block: NDArray[Any], first: int) -> "NotFinite | None":
        """Look for them in a block, whose first row has that number; None if there are none."""
        if _is_finite(block):
            return None
        bad = ~np.isfinite(block)
        row, n_nan = int(bad.any(axis=1).argmax()), int(np.isnan(block).sum())
        return cls(n_nan, int(bad.sum()) - n_nan, (first + row, int(bad[row].argmax())))

    @staticmethod
    def refuse(
        found: Iterable["NotFinite | None"], feature_names: NDArray[Any] | None, owner: str
    ) -> None:
        """Raise ValueError about what was found in all blocks, given in order, if anything was."""
        bad = [own for own in found if own is not None]
        if bad:
            n_nan, n_inf = sum(own.n_nan for own in bad), sum(own.n_inf for own in bad)
            raise_not_finite(n_nan, n_inf, bad[0].place, feature_names, owner)


class UnusableRows(ValueError):
    """Rows that cannot be compared, such as rows of zeros by their directions.

    Parameters
    ----------
    first : int
        Number of the first of them.
    n_rows : int
        How many they are.
    reason : str
        The message, with ``{row}`` for the first of them, and ``{rows}`` for how many they are.
    """

    def __init__(self, first: int, n_rows: int, reason: str) -> None:
        self.first, self.n_rows, self.reason = first, n_rows, reason
        super().__init__(reason.format(row=first, rows=plural(n_rows, "row")))

    @staticmethod
    def refuse(found: Iterable[tuple[int, "UnusableRows | None"]]) -> None:
        """Raise about those of all blocks, each given with its first row, in order."""
        bad = [(first + own.first, own) for first, own in found if own is not None]
        if bad:
            (place, one), n_rows = bad[0], sum(own.n_rows for _, own in bad)
            raise UnusableRows(place, n_rows, one.reason)

    def __reduce__(self) -> Any:
        return type(self), (self.first, self.n_rows, self.reason)


def raise_not_finite(
    n_nan: int,
    n_inf: int,
    place: tuple[int, int],
    feature_names: NDArray[Any] | None,
    owner: str,
) -> None:
    """Raise ValueError: so many values, of which the first is in that row and column."""
    row, column = place
    name = "" if feature_names is None else f" ({feature_names[column]!r})"
    counts = [f"{n} {what} value(s)" for n, what in ((n_nan, "NaN"), (n_inf, "infinite")) if n]
    advice = "Impute or drop them first, e.g. with SimpleImputer" if n_nan else "Clip or drop them"
    raise ValueError(
        f"Input X contains {' and '.join(counts)} (NaN or inf); the first is in row {row}, "
        f"column {column}{name}. {owner} needs finite numbers. {advice}."
    )


# --- by features ----------------------------------------------------------------------------------


class FeatureRange(NamedTuple):
    """Exact median and range of some features.

    Attributes
    ----------
    median, low, high : ndarray of shape (n_features,), float64
        A feature is constant where ``low`` and ``high`` are equal.
    """

    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def sample_columns(columns: NDArray[Any]) -> NDArray[Any]:
    """Return a sorted sample of each feature, given as rows of ``columns``."""
    step = max(1, columns.shape[1] // _SAMPLE_SIZE)
    return np.sort(columns[:, ::step], axis=1)


def summarize(
    columns: NDArray[Any],
    samples: NDArray[Any],
    first_feature: int = 0,
    weights: NDArray[np.float64] | None = None,
) -> FeatureRange:
    """Return median and range of some features.

    Parameters
    ----------
    columns : ndarray of shape (n_features, n_samples)
    samples : ndarray of shape (n_features, n_sampled)
        Of `sample_columns`.
    first_feature : int, default=0
        Number of the first one, for the message.
    weights : ndarray of shape (n_samples,) or None, default=None
        As how many rows each counts for the median.

    Returns
    -------
    FeatureRange

    Raises
    ------
    ValueError
        If a feature spans too much for float32.
    """
    found = FeatureRange(*np.empty((3, columns.shape[0])))
    for f, (column, sample) in enumerate(zip(columns, samples, strict=True)):
        found.median[f] = (
            _median(column, sample) if weights is None else _weighted_median(column, weights)
        )
        found.low[f], found.high[f] = column.min(), column.max()
        spread = float(found.high[f]) - float(found.low[f])
        if not spread <= LARGEST_SPREAD:
            raise ValueError(
                f"Feature {first_feature + f} spans {spread:.3g}, too wide for float32 "
                f"arithmetic: rescale it, e.g. with StandardScaler, or take its logarithm."
            )
    return found


def _median(column: NDArray[Any], sample: NDArray[Any]) -> float:
    """Exact median in float64; a sorted sample brackets it, so that few values are partitioned."""
    n = column.size
    first, last = (n - 1) // 2, n // 2
    inside = column
    if n >= 4 * _SAMPLE_SIZE:
        middle, margin = sample.size // 2, 4 * int(np.sqrt(sample.size))
        low, high = sample[middle - margin], sample[middle + margin]
        n_below = int(np.count_nonzero(column < low))
        bracketed = column[(column >= low) & (column <= high)]
        if first >= n_below and last < n_below + bracketed.size:
            inside = bracketed
            first, last = first - n_below, last - n_below
    inside = np.partition(inside, (first, last))
    return 0.5 * float(inside[first]) + 0.5 * float(inside[last])


def _weighted_median(column: NDArray[Any], weights: NDArray[np.float64]) -> float:
    """Median in float64; for whole numbers, that of the column with its values repeated."""
    counts = weights > 0
    order = np.argsort(column[counts], kind="stable")
    values, below = column[counts][order], np.cumsum(weights[counts][order])
    half = below[-1] / 2
    first = np.searchsorted(below, half, side="left")
    last = min(np.searchsorted(below, half, side="right"), values.size - 1)
    return 0.5 * float(values[first]) + 0.5 * float(values[last])


def _column_blocks(source: RowSource) -> Iterator[NDArray[np.intp]]:
    n, d = source.shape
    width = max(1, _COLUMN_BYTES // (n * source.dtype.itemsize))
    for first in range(0, d, width):
        yield np.arange(first, min(first + width, d))


def feature_ranges(source: RowSource, weights: NDArray[np.float64] | None = None) -> FeatureRange:
    """Return median and range of every feature, some features at a time.

    Parameters
    ----------
    source : RowSource
    weights : ndarray of shape (n_samples,) or None, default=None
        As how many rows each counts for the median.

    Returns
    -------
    FeatureRange

    Raises
    ------
    ValueError
        If a feature spans too much for float32, or none varies.
    """
    found = FeatureRange(*np.empty((3, source.shape[1])))
    for features in _column_blocks(source):
        columns = source.columns(features)
        part = summarize(columns, sample_columns(columns), int(features[0]), weights)
        for whole, own in zip(found, part, strict=True):
            whole[features] = own
    if (found.low == found.high).all():
        refuse_constant(source.shape[1])
    return found


def refuse_constant(n_features: int, spread: NDArray[np.float64] | None = None) -> None:
    """Raise ValueError, since no feature varies.

    Parameters
    ----------
    n_features : int
    spread : ndarray of shape (n_features,) or None, default=None
        The features' ranges in float64, where it is float32 that cannot tell values apart.
    """
    if spread is not None and spread.any():
        widest = int(spread.argmax())
        raise ValueError(
            f"No feature of X spans more than {spread[widest]:.3g} (feature {widest}), which is "
            f"too narrow for float32 arithmetic: rescale them, e.g. with StandardScaler."
        )
    raise ValueError(
        f"All {n_features} feature(s) of X are constant (n_features = {n_features}): "
        f"there is nothing to tell the rows apart by."
    )
