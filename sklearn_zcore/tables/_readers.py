"""One column as numbers or as text: a reader for each way in which a column can be written.

A reader is made from the training rows and then reads any rows in the same way.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sklearn_zcore._words import plural, shorten
from sklearn_zcore.rows import is_beyond_float, rebased

from ._errors import TableError
from ._frames import cell_text, distinct
from ._number_text import NumberStyle
from ._typed import NA_VALUES

NUMBERS = ("numeric", "datetime")
TEXTS = ("categorical", "text")
CLOCK = r"^\d{1,2}:[0-5]\d(:[0-5]\d(\.\d+)?)?$"


@dataclass
class ColumnReader:
    """A column of a table, as it was found among the training rows.

    Attributes
    ----------
    name : str
        The column's name.
    kind : {"numeric", "datetime", "categorical", "text", "identifier", "empty", "ignored"}
        What becomes of it; the last three are not used.
    notes : list of str
        What the user should know about it.
    """

    name: str
    kind: str
    notes: list[str] = field(default_factory=list)

    def read(self, column: Any) -> np.ndarray:
        """Return the column's values.

        Parameters
        ----------
        column : pyarrow.ChunkedArray
            The column, of the training rows or of others.

        Returns
        -------
        values : ndarray
            Of float64 with NaN for missing values; or, of categories and text, of objects: str,
            and None for missing values.
        """
        values, codes = distinct(cell_text(column))
        return np.asarray(np.array([*values, None], dtype=object)[codes])


@dataclass
class NumberReader(ColumnReader):
    """Numbers and times of Arrow's types; times are in seconds.

    Attributes
    ----------
    origin : int or None
        What is subtracted from integers that float64 would round, such as nanoseconds since 1970:
        the smallest of the first rows that are read, which are the training rows. 0 where nothing
        need be subtracted.
    """

    origin: int | None = None

    def integers(self, values: np.ndarray) -> np.ndarray:
        """Return 64-bit integers as float64, less the origin."""
        if self.origin is None:
            self.origin = int(values.min()) if values.size and is_beyond_float(values) else 0
        if not self.origin:
            return values.astype(np.float64)
        origin = np.array([self.origin], dtype=values.dtype)
        return rebased(values[:, None], origin)[:, 0]

    def read(self, column: Any) -> np.ndarray:  # noqa: D102
        import pyarrow as pa

        t, kind = pa.types, column.type
        if t.is_null(kind):
            return np.full(len(column), np.nan)
        if t.is_dictionary(kind):
            column = column.cast(kind.value_type)
            kind = column.type
        temporal = t.is_temporal(kind) and not t.is_interval(kind)
        number = t.is_integer(kind) or t.is_floating(kind) or t.is_decimal(kind)
        if not (temporal if self.kind == "datetime" else number or t.is_boolean(kind)):
            raise TableError(
                f"Column {self.name!r} was {self.kind} where the preparation was fitted, and holds "
                f"values of type {kind} now.",
                "Give it the type that it had.",
            )
        return as_floats(column, self.integers)


@dataclass
class NumberTextReader(ColumnReader):
    """Numbers that stand in text.

    Attributes
    ----------
    style : NumberStyle
        How they are written.
    missing : frozenset of str
        Values that are known to be no numbers.
    """

    style: NumberStyle = field(default_factory=lambda: NumberStyle("."))
    missing: frozenset[str] = frozenset(NA_VALUES)

    def read(self, column: Any) -> np.ndarray:  # noqa: D102
        return _by_value(self, column, self._parse)

    def _parse(self, values: list[str]) -> np.ndarray:
        return np.array([self.style.parse(value) for value in values], dtype=np.float64)


class ClockReader(ColumnReader):
    """Times of day that stand in text, in seconds."""

    missing = frozenset(NA_VALUES)

    def read(self, column: Any) -> np.ndarray:  # noqa: D102
        return _by_value(self, column, self._parse)

    def _parse(self, values: list[str]) -> np.ndarray:
        import re

        seconds = []
        for value in values:
            parts = value.split(":") if re.match(CLOCK, value) else ["nan"]
            seconds.append(sum(float(p) * 60.0 ** (2 - i) for i, p in enumerate(parts)))
        return np.array(seconds, dtype=np.float64)


@dataclass
class DateTextReader(ColumnReader):
    """Dates that stand in text, as skrub finds them.

    Attributes
    ----------
    parser : skrub.ToDatetime or None
        Fitted on the training rows: it knows the format.
    """

    parser: Any = None
    missing = frozenset(NA_VALUES)

    def read(self, column: Any) -> np.ndarray:  # noqa: D102
        return _by_value(self, column, self._parse)

    def _parse(self, values: list[str]) -> np.ndarray:
        import pandas as pd

        return seconds_of(self.parser.transform(pd.Series(values, dtype=object, name=self.name)))


def seconds_of(dates: Any) -> np.ndarray:
    """Return a pandas series of dates as float64 seconds since 1970; NaN where it has none."""
    values = dates.to_numpy(dtype="datetime64[us]")
    seconds = values.astype(np.int64) / 1e6
    return np.where(np.isnat(values), np.nan, seconds)


def _by_value(reader: Any, column: Any, parse: Any) -> np.ndarray:
    """Parse each different text once; what cannot be parsed is missing, and that is told."""
    values, codes = distinct(cell_text(column))
    values = [value.strip() for value in values]
    known = [value not in reader.missing for value in values]
    numbers = np.full(len(values) + 1, np.nan)
    if any(known):
        parsed = parse([value for value, use in zip(values, known, strict=True) if use])
        numbers[:-1][known] = parsed
        bad = [v for v, use, x in zip(values, known, numbers, strict=False) if use and np.isnan(x)]
        if bad:
            warnings.warn(
                f"Column {reader.name!r} was read as {reader.kind}, and {plural(len(bad), 'value')}"
                f" cannot be: {shorten(bad)}. Taken for missing.",
                UserWarning,
                stacklevel=2,
            )
    return np.asarray(numbers[codes])


def as_floats(column: Any, integers: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Convert numbers and times to float64, with NaN where a value is missing.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Numbers, booleans, or times of any kind but intervals.
    integers : callable
        Makes float64 of integers of 64 bits.

    Returns
    -------
    values : ndarray of float64
        Times in seconds, whatever the unit that they are kept in.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    scale = 1.0
    if pa.types.is_temporal(kind):
        if pa.types.is_date(kind):
            column = pc.cast(column, pa.timestamp("s"))
        unit = getattr(column.type, "unit", "s")
        scale = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit]
        wide = pa.int32() if pa.types.is_time32(column.type) else pa.int64()
        column = pc.cast(column, wide)
    elif pa.types.is_boolean(kind):
        column = pc.cast(column, pa.uint8())
    if column.type in (pa.int64(), pa.uint64()):
        # As floats, where some are missing, they would be rounded before anything is subtracted.
        some = pc.min(column).as_py()
        whole = pc.fill_null(column, 0 if some is None else some).to_numpy()
        values = integers(whole)
        values[column.is_null().to_numpy()] = np.nan
        return values * scale
    values = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(values, dtype=np.float64) * scale
