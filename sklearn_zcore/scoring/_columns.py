"""How the rows of X are laid out for the kernels.

Feature by feature, shifted by the median and cast to float32, with the values cut into bins. The
bins (1 byte a value) are kept for all features; the shifted columns (4 bytes a value) are fetched
for as many features at a time as fit a memory limit, so that a fit never holds a second copy of
a big X.
"""

from typing import Any

import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from sklearn_zcore._parallel import in_order
from sklearn_zcore.rows import ArraySource, gather_columns, sample_columns, summarize

# A grid of B x B cells with some 40 rows each is searched fastest; sorting the rows into more
# than 112 x 112 cells costs more than the search saves.
_ROWS_PER_CELL = 40
_MAX_BINS = 112
# With quantiles alone the outermost bins are huge, and many targets fall there.
_EVEN_SHARE = 0.25
_TASK_BYTES = 2 * 2**20  # how much is copied at a time


def target_n_bins(n_samples: int, subspace_dim: int) -> int:
    cells = n_samples / _ROWS_PER_CELL
    return int(np.clip(cells if subspace_dim == 1 else np.sqrt(cells), 2, _MAX_BINS))


def _bin_edges(sample: NDArray[Any], low: float, high: float, n_bins: int) -> NDArray[np.float32]:
    """Return the lower edges of the bins, given a sorted sample of the feature.

    Quantiles, some evenly spaced edges, and a bin of its own for every value that is more than
    one quantile: equal rows need not be searched one by one.
    """
    n_even = int(_EVEN_SHARE * n_bins)
    n_quantiles = n_bins - n_even
    quantiles = sample[np.arange(1, n_quantiles) * sample.size // n_quantiles]
    even = np.linspace(low, high, n_even + 2)[1:-1]
    heavy = quantiles[1:][quantiles[1:] == quantiles[:-1]]
    edges = [quantiles, even, heavy, np.nextafter(heavy, np.float32(np.inf))]
    inner = np.unique(np.concatenate(edges).astype(np.float32))
    return np.append(np.float32(low), inner[(inner > low) & (inner <= high)])


def bins_of(
    sample: NDArray[np.float32], low: float, high: float, n_bins: int
) -> NDArray[np.float32]:
    """Return the bins of a shifted feature.

    Parameters
    ----------
    sample : ndarray of shape (n_sampled,), float32
        Sorted.
    low, high : float
        Range of the whole feature.
    n_bins : int
        About how many there should be.

    Returns
    -------
    ndarray of shape (2, n), float32
        Smallest and largest float32 that belong to each.
    """
    edges = _bin_edges(sample, low, high, n_bins)
    upper = np.append(np.nextafter(edges[1:], np.float32(-np.inf)), np.float32(high))
    return np.stack([edges, upper])


def encode(
    column: NDArray[np.float32], grid: NDArray[np.float32], codes: NDArray[np.uint8]
) -> None:
    """Write the bin of every value of a shifted feature to ``codes``."""
    from sklearn_zcore.scoring._grid import encode_column

    size = grid.shape[1]
    lower, bins = np.full(256, np.inf, np.float32), np.empty(256, np.int32)
    lower[:size] = grid[0]
    first_step = 2 ** (int(size - 1).bit_length() - 1) if size > 1 else 0
    encode_column(column, lower, first_step, bins, codes)


def _as_fast(columns: NDArray[Any]) -> NDArray[Any]:
    """Return half floats as float32, which holds them all: processors compare those faster."""
    return columns.astype(np.float32) if columns.dtype == np.float16 else columns


def shift(values: NDArray[Any], median: Any, out: NDArray[np.float32]) -> None:
    """Subtract in float64: timestamps, ids and prices would lose their low digits in float32."""
    np.subtract(values, median, out=out, dtype=np.float64, casting="same_kind")


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
    spread : ndarray of shape (n_features,), float64
        Its range in float64: above 0 for features that are constant as float32 only.
    varying : ndarray of shape (n_varying,), int
        Numbers of the features that are not constant (as float32).
    codes : ndarray of shape (n_features, n_samples), uint8
        Bin of every value.
    grids : ndarray of shape (n_features, 2, max_bins), float32
        Smallest and largest float32 that belong to every bin.
    n_bins : ndarray of shape (n_features,), int32
    capacity : int
        How many features `fetch` should be asked for at a time.

    Raises
    ------
    ValueError
        If a feature's range is too wide for float32.
    """

    def __init__(
        self, X: NDArray[Any], subspace_dim: int, binned: bool, max_bytes: int, n_jobs: int | None
    ) -> None:
        n, d = X.shape
        self._X = X if X.dtype.itemsize <= 8 else X.astype(np.float64)
        self._source = ArraySource(self._X)
        self._n_jobs = n_jobs
        self.median, self.low, self.high, self.spread = np.empty((4, d))
        self.codes = np.empty((d, n if binned else 0), np.uint8)
        n_bins = target_n_bins(n, subspace_dim)
        # Values that fill several quantiles get two edges: at most twice as many bins.
        self.grids = np.zeros((d, 2, 2 * n_bins if binned else 1), np.float32)
        self.n_bins = np.ones(d, np.int32)
        self.capacity = max(max_bytes // (4 * n), 2 * subspace_dim)
        self._all = np.empty((d, n), np.float32) if self.capacity >= d else None
        self._buffer = np.empty((0, n), np.float32)
        self._row_of = np.full(d, -1, np.int32)
        self._parallel(self._prepare, np.arange(d), n_bins, binned)
        self.varying = np.flatnonzero(self.low < self.high)
        self.grids = np.ascontiguousarray(self.grids[:, :, : self.n_bins.max()])

    def _parallel(self, function: Any, features: NDArray[np.integer[Any]], *args: Any) -> None:
        # Some columns of a big X use its cache lines well, if they are a small part of it.
        width = _TASK_BYTES // (self._X.shape[0] * max(self._X.itemsize, 4))
        width = int(np.clip(width, max(1, min(32, self._X.shape[1] // 10)), 64))
        blocks = [slice(i, i + width) for i in range(0, features.size, width)]
        calls = (delayed(function)(features[block], block, *args) for block in blocks)
        for _ in in_order(calls, n_jobs=self._n_jobs, require="sharedmem"):
            pass

    def _prepare(self, features: NDArray[np.intp], block: slice, n_bins: int, binned: bool) -> None:
        raw = _as_fast(self._source.columns(features))
        samples = sample_columns(raw)
        found = summarize(raw, samples, int(features[0]))
        self.median[features] = found.median
        self.spread[features] = found.high - found.low
        median = self.median[features, None]
        if self._all is not None:
            shifted = self._all[block]
        else:
            shifted = raw if raw.dtype == np.float32 else np.empty(raw.shape, np.float32)
        shift(raw, median, shifted)
        shifted_samples = np.empty(samples.shape, np.float32)
        shift(samples, median, shifted_samples)
        self.low[features], self.high[features] = shifted.min(axis=1), shifted.max(axis=1)
        if not binned:
            return
        for f, column, sample in zip(features, shifted, shifted_samples, strict=True):
            grid = bins_of(sample, self.low[f], self.high[f], n_bins)
            self.n_bins[f] = grid.shape[1]
            self.grids[f, :, : grid.shape[1]] = grid
            encode(column, grid, self.codes[f])

    def fetch(
        self, features: NDArray[np.integer[Any]]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Make the shifted columns of these features available.

        Parameters
        ----------
        features : ndarray of int
            Distinct features.

        Returns
        -------
        columns : ndarray of shape (n_columns, n_samples), float32
            Valid until the next call.
        row_of : ndarray of shape (n_features,), int32
            Row of ``columns`` that holds each feature.
        """
        if self._all is not None:
            return self._all, np.arange(self.n_bins.size, dtype=np.int32)
        if self._buffer.shape[0] < features.size:
            rows = max(self.capacity, features.size)
            self._buffer = np.empty((rows, self._X.shape[0]), np.float32)
            self._row_of[:] = -1
        # Memory is slow to get and X slow to gather from: columns that are there stay there.
        missing = features[self._row_of[features] < 0]
        taken = np.zeros(self._buffer.shape[0], bool)
        taken[self._row_of[np.setdiff1d(features, missing)]] = True
        self._row_of[np.isin(self._row_of, np.flatnonzero(taken), invert=True)] = -1
        rows = np.flatnonzero(~taken)[: missing.size]
        self._row_of[missing] = rows

        def fill(some: NDArray[np.integer[Any]], block: slice) -> None:
            own = rows[block]
            if self._X.dtype == np.float32:  # no copy on the way
                gather_columns(self._X, some, own, self._buffer)
                source: Any = (self._buffer[row] for row in own)
            else:
                source = _as_fast(self._source.columns(some))
            for row, column, median in zip(own, source, self.median[some], strict=True):
                shift(column, median, self._buffer[row])

        self._parallel(fill, missing)
        # A new view: process backends remember by identity what they have sent.
        return self._buffer.view(), self._row_of.copy()
