"""Rows that are not in memory, in one pass: are they finite, which are equal, where do they lie."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.rows._distinct import CentredRows
from sklearn_zcore.rows._pieces import BlockSource
from sklearn_zcore.rows._source import ArraySource, is_beyond_float, rebased
from sklearn_zcore.rows._statistics import (
    LARGEST_SPREAD,
    NotFinite,
    UnusableRows,
    fingerprints,
    refuse_constant,
)

Compared = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass(frozen=True)
class Overview:
    """What one pass over all rows has found.

    Attributes
    ----------
    hashes : ndarray of shape (n_samples,), uint64
        Fingerprints of the rows.
    compared_hashes : ndarray of shape (n_samples,), uint64
        Those of the rows as they are compared, such as directions; the same if that is as they are.
    sample : ndarray of shape (n_sampled, n_features)
        Some rows as they are compared, drawn without replacement, in random order.
    sampled : ndarray of shape (n_sampled,), int
        Their numbers.
    lowest : ndarray of shape (n_features,) or None
        What is subtracted from integers first, where float64 would round them.
    median : ndarray of shape (n_features,), float64
        That of the sample: near enough to the median of all for float32 to keep the digits.
    scale : float
        What values are divided by.
    """

    hashes: NDArray[np.uint64]
    compared_hashes: NDArray[np.uint64]
    sample: NDArray[Any]
    sampled: NDArray[np.intp]
    lowest: NDArray[Any] | None
    median: NDArray[np.float64]
    scale: float

    def centred(self, rows: NDArray[Any], order: NDArray[np.intp] | None = None) -> CentredRows:
        """Return rows, as they are compared, as float32: shifted and divided as all are.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
        order : ndarray of int, or None, default=None
            Which of them, in which order; None is all.

        Returns
        -------
        CentredRows
        """
        if self.lowest is not None:
            rows = rebased(rows, self.lowest)
        order = np.arange(rows.shape[0]) if order is None else order
        return CentredRows(ArraySource(rows), order, self.median, self.scale)


class _Found(NamedTuple):
    hashes: NDArray[np.uint64]
    compared_hashes: NDArray[np.uint64] | None
    sample: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]
    beyond: bool
    not_finite: NotFinite | None
    unusable: UnusableRows | None


@dataclass(frozen=True)
class _Look:
    """What is done with every block."""

    sampled: NDArray[np.intp]  # ascending
    compared: Compared | None

    def __call__(self, block: NDArray[Any], first: int) -> _Found:
        rows, unusable, not_finite = block, None, NotFinite.of(block, first)
        if not_finite is not None:  # the other blocks are counted, too
            rows = block = np.where(np.isfinite(block), block, block.dtype.type(1))
        low, high = np.searchsorted(self.sampled, [first, first + block.shape[0]])
        try:
            rows = block if self.compared is None else self.compared(block)
        except UnusableRows as error:
            unusable = error.with_traceback(None)  # which would hold the block
        return _Found(
            fingerprints(block),
            None if self.compared is None else fingerprints(rows),
            rows[self.sampled[low:high] - first],
            rows.min(axis=0),
            rows.max(axis=0),
            is_beyond_float(rows),
            not_finite,
            unusable,
        )


def look_over(
    source: BlockSource,
    feature_names: NDArray[Any] | None,
    owner: str,
    *,
    n_sampled: int,
    rng: np.random.Generator,
    compared: Compared | None = None,
    n_jobs: int | None = None,
    progress: Callable[[int], None] = lambda n_done: None,
) -> Overview:
    """Look at every row once.

    Parameters
    ----------
    source : BlockSource
    feature_names : ndarray of shape (n_features,) or None
    owner : str
        Name of the estimator, for messages.
    n_sampled : int
        Rows to draw.
    rng : Generator
    compared : callable or None, default=None
        Makes of rows what is compared.
    n_jobs : int or None, default=None
    progress : callable
        Told how many more rows have been looked at.

    Returns
    -------
    Overview

    Raises
    ------
    ValueError
        If there are NaN or infinite values: how many, and the first one's row and column; if rows
        cannot be compared; if a feature spans too much for float32, or none varies.
    """
    n, d = source.shape
    drawn = rng.choice(n, min(n, n_sampled), replace=False)
    hashes, compared_hashes = np.empty(n, np.uint64), np.empty(n, np.uint64)
    found: list[_Found] = []
    firsts: list[int] = []
    for rows, block in source.map(_Look(np.sort(drawn), compared), n_jobs=n_jobs):
        hashes[rows] = block.hashes
        own = block.hashes if block.compared_hashes is None else block.compared_hashes
        compared_hashes[rows] = own
        firsts.append(rows.start)
        found.append(block._replace(hashes=own[:0], compared_hashes=None))
        progress(rows.stop - rows.start)
    NotFinite.refuse((block.not_finite for block in found), feature_names, owner)
    UnusableRows.refuse(zip(firsts, (block.unusable for block in found), strict=True))
    low = np.min([block.low for block in found], axis=0)
    high = np.max([block.high for block in found], axis=0)
    sample = np.concatenate([block.sample for block in found])
    lowest = low if any(block.beyond for block in found) else None
    if lowest is not None:
        low, high = rebased(low[None], lowest)[0], rebased(high[None], lowest)[0]
    low, high = low.astype(np.float64), high.astype(np.float64)
    spread = high - low
    if not spread.max() <= LARGEST_SPREAD:
        widest = int(spread.argmax())
        raise ValueError(
            f"Feature {widest} spans {spread[widest]:.3g}, too wide for float32 "
            f"arithmetic: rescale it, e.g. with StandardScaler, or take its logarithm."
        )
    if not spread.any():
        refuse_constant(d)
    in_float = sample if lowest is None else rebased(sample, lowest)
    median = np.median(in_float.astype(np.float64), axis=0)
    scale = float(np.maximum(high - median, median - low).max())
    order = np.argsort(np.argsort(drawn))  # the sample came in row order; back to the random one
    return Overview(hashes, compared_hashes, sample[order], drawn, lowest, median, scale)
