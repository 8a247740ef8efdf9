"""How the rows of X are laid out for the kernels.

Feature by feature, shifted by the median and cast to float32, with the values cut into bins. The
bins (1 byte a value) are kept for all features; the shifted columns (4 bytes a value) are fetched
for as many features at a time as fit a memory limit, so that a fit never holds a second copy of
a big X.
"""

from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from sklearn_zcore.scoring._kernels import encode_column

# A grid of B x B cells with about 24 rows each is searched fastest; sorting the rows into more
# than 112 x 112 cells costs more than the search saves.
_ROWS_PER_CELL = 24
_MAX_BINS = 112
# With quantiles alone the outermost bins are huge, and many targets fall there.
_EVEN_SHARE = 0.25
# Bins only steer an exact search: a sample of the rows is good enough to place them.
_SAMPLE_SIZE = 8192
_TASK_BYTES = 32 * 2**20
_LARGEST_SPREAD = 1e37  # the sum of several such distances still fits a float32


def _target_n_bins(n_samples: int, subspace_dim: int) -> int:
    cells = n_samples / _ROWS_PER_CELL
    return int(np.clip(cells if subspace_dim == 1 else np.sqrt(cells), 2, _MAX_BINS))


def _bin_edges(sample: NDArray[Any], low: float, high: float, n_bins: int) -> NDArray[np.float32]:
    """Return the lower edges of the bins, given a sorted sample of the feature.

    Quantiles, some evenly spaced edges, and a bin of its own for every value that so many rows
    share that it would fill two bins: equal rows need not be searched one by one.
    """
    n_even = int(_EVEN_SHARE * n_bins)
    n_quantiles = n_bins - n_even
    quantiles = sample[np.arange(1, n_quantiles) * sample.size // n_quantiles]
    even = np.linspace(low, high, n_even + 2)[1:-1]
    values, count = np.unique(sample, return_counts=True)
    heavy = values[count * n_bins > 2 * sample.size]
    edges = [quantiles, even, heavy, np.nextafter(heavy, np.float32(np.inf))]
    inner = np.unique(np.concatenate(edges).astype(np.float32))
    return np.append(np.float32(low), inner[(inner > low) & (inner <= high)])


def _median(column: NDArray[Any], sample: NDArray[Any]) -> float:
    """Exact median; the sorted sample brackets it, so that few values must be partitioned."""
    n = column.size
    middle, margin = sample.size // 2, 4 * int(np.sqrt(sample.size))
    if n < 4 * _SAMPLE_SIZE:
        return float(np.median(column))
    low, high = sample[middle - margin], sample[middle + margin]
    n_below = np.count_nonzero(column < low)
    inside = column[(column >= low) & (column <= high)]
    first, last = (n - 1) // 2 - n_below, n // 2 - n_below
    if first < 0 or last >= inside.size:
        return float(np.median(column))
    inside.partition((first, last))
    return 0.5 * float(inside[first]) + 0.5 * float(inside[last])


def _transposed(X: NDArray[Any], features: NDArray[np.integer[Any]]) -> NDArray[Any]:
    """Copy some columns of X into rows; a few thousand values at a time stay in the cache."""
    out = np.empty((features.size, X.shape[0]), X.dtype)
    consecutive = features[-1] - features[0] == features.size - 1
    chosen = slice(features[0], features[-1] + 1) if consecutive else features
    for start in range(0, X.shape[0], 4096):
        rows = slice(start, start + 4096)
        out[:, rows] = X[rows, chosen].T
    return out


def _shift(
    block: NDArray[Any], median: NDArray[np.float64], out: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Subtract in float64: timestamps, ids and prices would lose their low digits in float32."""
    np.subtract(block, median[:, None], out=out, dtype=np.float64, casting="same_kind")
    return out


class Columns:
    """The features of X, laid out for the kernels.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Any real dtype, finite. Only a reference is kept.
    subspace_dim : int
    binned : bool
        Whether the search needs bins.
    max_bytes : int
        How much memory the shifted columns may take at a time.
    n_jobs : int or None

    Attributes
    ----------
    median, low, high : ndarray of shape (n_features,), float64
        What each feature is shifted by, and its range after that.
    varying : ndarray of shape (n_varying,), int
        Numbers of the features that are not constant (as float32).
    codes : ndarray of shape (n_features, n_samples), uint8
        Bin of every value.
    grids : ndarray of shape (n_features, 2, max_bins), float32
        Smallest and largest value of every bin.
    n_bins : ndarray of shape (n_features,), int32
    capacity : int
        How many features `fetch` may be asked for.

    Raises
    ------
    ValueError
        If a feature's range is too wide for float32.
    """

    def __init__(
        self, X: NDArray[Any], subspace_dim: int, binned: bool, max_bytes: int, n_jobs: int | None
    ) -> None:
        n, d = X.shape
        self._X, self._n_jobs = X, n_jobs
        self.median, self.low, self.high = np.empty(d), np.empty(d), np.empty(d)
        self.codes = np.empty((d, n if binned else 0), np.uint8)
        self.grids = np.zeros((d, 2, 256), np.float32)
        self.n_bins = np.ones(d, np.int32)
        self.capacity = max(max_bytes // (4 * n), 2 * subspace_dim)
        self._all = np.empty((d, n), np.float32) if self.capacity >= d else None
        n_bins = _target_n_bins(n, subspace_dim)
        self._parallel(self._prepare, np.arange(d), n_bins, binned)
        self.varying = np.flatnonzero(self.low < self.high)
        self.grids = np.ascontiguousarray(self.grids[:, :, : self.n_bins.max()])

    def _parallel(self, function: Any, features: NDArray[np.integer[Any]], *args: Any) -> None:
        n = self._X.shape[0]
        width = int(np.clip(_TASK_BYTES // (n * max(self._X.itemsize, 4)), 1, 64))
        blocks = [slice(i, i + width) for i in range(0, features.size, width)]
        Parallel(n_jobs=self._n_jobs, require="sharedmem")(
            delayed(function)(features[block], block, *args) for block in blocks
        )

    def _prepare(self, features: NDArray[np.intp], block: slice, n_bins: int, binned: bool) -> None:
        raw = _transposed(self._X, features)
        step = max(1, raw.shape[1] // _SAMPLE_SIZE)
        samples = np.sort(raw[:, ::step], axis=1)
        for f, column, sample in zip(features, raw, samples, strict=True):
            self.median[f] = _median(column, sample)
            spread = float(column.max()) - float(column.min())
            if not spread <= _LARGEST_SPREAD:
                raise ValueError(
                    f"Feature {f} spans {spread:.3g}, too wide for float32 arithmetic: "
                    f"rescale it, e.g. with StandardScaler, or take its logarithm."
                )
        median = self.median[features]
        shifted = np.empty(raw.shape, np.float32) if self._all is None else self._all[block]
        _shift(raw, median, shifted)
        del raw
        samples = _shift(samples, median, np.empty(samples.shape, np.float32))
        self.low[features], self.high[features] = shifted.min(axis=1), shifted.max(axis=1)
        if not binned:
            return
        for f, column, sample in zip(features, shifted, samples, strict=True):
            edges = _bin_edges(sample, self.low[f], self.high[f], n_bins)
            self.n_bins[f] = edges.size
            self.grids[f, 0, : edges.size] = edges
            encode_column(column, self.grids[f, 0], edges.size, self.codes[f], self.grids[f, 1])

    def fetch(self, features: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Return the shifted columns of these features, or of all where they all fit."""
        if self._all is not None:
            return self._all
        out = np.empty((features.size, self._X.shape[0]), np.float32)

        def fill(some: NDArray[np.integer[Any]], block: slice) -> None:
            _shift(_transposed(self._X, some), self.median[some], out[block])

        self._parallel(fill, features)
        return out
