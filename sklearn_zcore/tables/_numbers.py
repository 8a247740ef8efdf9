"""Columns of numbers: counted, filled in and standardised, a block of columns at a time."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from sklearn_zcore._words import plural, shorten

from ._errors import Setting, TableError, Words

# Cells of a block: all that is held besides the input and the output.
_BLOCK_CELLS = 2**20
# Narrower blocks would read each line of a row-major array's memory again and again.
_MIN_COLUMNS = 16

ReadBlock = Callable[[int, int], np.ndarray]


def blocks(n_columns: int, n_rows: int) -> list[tuple[int, int]]:
    """Return the (start, stop) of blocks of columns of a size that fits any memory."""
    width = max(_MIN_COLUMNS, _BLOCK_CELLS // max(1, n_rows))
    return [(start, min(start + width, n_columns)) for start in range(0, n_columns, width)]


class Survey:
    """What keeps columns of numbers from being used: missing and infinite values.

    Parameters
    ----------
    names : list of str
        The columns.

    Attributes
    ----------
    n_missing : ndarray of int
        Missing values of each column.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.n_missing = np.zeros(len(names), dtype=np.int64)
        self._n_infinite = np.zeros(len(names), dtype=np.int64)
        self._first = np.zeros(len(names), dtype=np.int64)

    def add(self, block: np.ndarray, start: int, first_row: int = 0) -> bool:
        """Count in a block of columns, or of rows; return whether its values are all there."""
        # One sum finds out whether there is anything to count.
        with np.errstate(invalid="ignore", over="ignore"):
            if block.dtype.kind != "f" or np.isfinite(block.sum(dtype=np.float64)):
                return True
        here = slice(start, start + block.shape[1])
        missing = np.isnan(block)
        self.n_missing[here] += missing.sum(axis=0)
        infinite = np.isinf(block)
        found = infinite.any(axis=0)
        new = found & (self._n_infinite[here] == 0)
        self._first[here][new] = first_row + infinite.argmax(axis=0)[new]
        self._n_infinite[here] += infinite.sum(axis=0)
        return not (missing.any() or found.any())

    @property
    def has_infinite(self) -> bool:
        """Whether an infinite value was found."""
        return bool(self._n_infinite.any())

    def refuse_infinite(self) -> None:
        """Refuse infinite values by column and row."""
        bad = np.flatnonzero(self._n_infinite)
        if not len(bad):
            return
        first = bad[np.argmin(self._first[bad])]
        count = int(self._n_infinite.sum())
        raise TableError(
            f"The input has {plural(count, 'infinite value')} in "
            f"{shorten(self.names[i] for i in bad)}; the first is in row {self._first[first]:,} "
            f"(counted from 0) of column {self.names[first]!r}.",
            Words(
                "Repair or remove them; in a CSV file, {na_values} takes them for missing.",
                na_values=Setting("na_values", ["inf", "-inf"]),
            ),
            [self.names[i] for i in bad],
        )


def refuse_missing(counts: dict[str, int]) -> None:
    """Refuse missing values, with their number in each column.

    Parameters
    ----------
    counts : dict of str to int
        Missing values of each column that has some.
    """
    if not counts:
        return
    listed = ", ".join(f"{name} ({count:,})" for name, count in list(counts.items())[:8])
    more = f" and {len(counts) - 8:,} more columns" if len(counts) > 8 else ""
    raise TableError(
        f"The input has {plural(sum(counts.values()), 'missing value')}: {listed}{more}.",
        Words(
            "Fill them in: {impute}. Or leave out their rows or columns.",
            impute=Setting("missing", "impute"),
        ),
    )


class NumberScaling:
    """Medians for missing values, then zero mean and unit variance.

    Attributes
    ----------
    median_, mean_, scale_ : ndarray of shape (n_columns,)
        In the units of the columns.
    """

    median_: np.ndarray
    mean_: np.ndarray
    scale_: np.ndarray

    def fit_transform(self, read: ReadBlock, survey: Survey, out: np.ndarray) -> None:
        """Learn from columns and write them, standardised.

        Parameters
        ----------
        read : callable
            Takes start and stop; returns these columns as a matrix of floats of its own.
        survey : Survey
            Takes note of missing and infinite values; where there are infinite ones, only that is
            done.
        out : ndarray of shape (n_rows, n_columns), float32
            Where they are written. A column without any value is 0.
        """
        n_rows, n_columns = out.shape
        self.median_ = np.zeros(n_columns)
        self.mean_ = np.zeros(n_columns)
        self.scale_ = np.ones(n_columns)
        for start, stop in blocks(n_columns, n_rows):
            block = read(start, stop)
            whole = survey.add(block, start)
            if survey.has_infinite:
                continue
            here = slice(start, stop)
            self.median_[here] = [_median(column, whole) for column in block.T]
            if not whole:
                self._fill(block, here)
            with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
                # Huge values overflow when they are squared; the check below names the column.
                warnings.simplefilter("ignore", RuntimeWarning)
                scaler = StandardScaler(copy=False).fit(block)
                self.mean_[here], self.scale_[here] = scaler.mean_, scaler.scale_
                self._scale(block, here)
            sound = np.isfinite(self.mean_[here]) & np.isfinite(self.scale_[here])
            _refuse_overflow(block, sound, survey.names[start:stop])
            out[:, here] = block

    def transform(self, read: ReadBlock, survey: Survey, out: np.ndarray) -> None:
        """Write the columns of other rows, filled in and standardised as in training."""
        for start, stop in blocks(out.shape[1], len(out)):
            block = read(start, stop)
            here = slice(start, stop)
            if not survey.add(block, start):
                self._fill(block, here)
            if survey.has_infinite:
                continue
            with np.errstate(over="ignore", invalid="ignore"):
                self._scale(block, here)
            sound = np.ones(stop - start, bool)
            _refuse_overflow(block, sound, survey.names[start:stop], self.scale_[here])
            out[:, here] = block

    def select(self, kept: np.ndarray) -> "NumberScaling":
        """Keep some of the columns."""
        part = NumberScaling()
        part.median_, part.mean_, part.scale_ = (
            values[kept] for values in (self.median_, self.mean_, self.scale_)
        )
        return part

    def _fill(self, block: np.ndarray, here: slice) -> None:
        rows, columns = np.nonzero(np.isnan(block))
        block[rows, columns] = self.median_[here][columns]

    def _scale(self, block: np.ndarray, here: slice) -> None:
        # In the precision of the block, as StandardScaler does it.
        block -= self.mean_[here].astype(block.dtype)
        block /= self.scale_[here].astype(block.dtype)


def _median(column: np.ndarray, whole: bool) -> Any:
    with np.errstate(over="ignore", invalid="ignore"):
        values = column if whole else column[~np.isnan(column)]
        return np.median(values) if len(values) else 0.0


def _refuse_overflow(
    block: np.ndarray, sound: np.ndarray, names: list[str], scale: np.ndarray | None = None
) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        small = np.abs(block).max(axis=0, initial=0) <= np.finfo(np.float32).max
    bad = np.flatnonzero(~(sound & small))
    if len(bad):
        which = f"The values in {shorten(names[i] for i in bad)} are too large to standardise"
        if scale is not None:
            which += (
                f" now: the standard deviation of {names[bad[0]]!r} was {scale[bad[0]]:.3g} where "
                f"the preparation was fitted"
            )
        raise TableError(
            f"{which}.",
            Words(
                "Rescale them, or leave the columns out: {leave}.",
                leave=Setting("kinds", {names[i]: "ignore" for i in bad[:8]}),
            ),
            [names[i] for i in bad],
        )
