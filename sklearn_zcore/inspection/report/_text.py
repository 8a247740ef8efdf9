"""Values of any kind as text and numbers that JSON and a page can hold."""

import math
import os
from numbers import Integral, Real
from typing import Any

_LONGEST = 300  # characters of a cell; more would be no glance


def as_text(value: Any, longest: int = _LONGEST) -> str:
    """Return a value as text: valid Unicode, without control characters, not too long.

    Parameters
    ----------
    value : object
    longest : int, default=300
        What is cut off is counted.

    Returns
    -------
    str
    """
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
    elif isinstance(value, os.PathLike):
        text = os.fsdecode(value)
    elif isinstance(value, Real) and not isinstance(value, Integral | bool):
        text = f"{float(value):.6g}"
    else:
        text = str(value)
    # Names of files that are not UTF-8 come as lone surrogates, which no page can hold.
    n_characters = len(text)
    text = text[: longest + 1].encode("utf-8", "replace").decode("utf-8")
    text = "".join(c if c.isprintable() or c in "\u200d\u200e\u200f" else "\ufffd" for c in text)
    return text if n_characters <= longest else f"{text[:longest]}… ({n_characters:,} characters)"


def is_missing(value: Any) -> bool:
    """Return whether a cell holds nothing: None, NaN, NaT, NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and math.isnan(value)


def as_json_value(value: Any) -> Any:
    """Return what JSON can hold of a parameter: itself, or how it prints."""
    if value is None or isinstance(value, bool | str):
        return as_text(value) if isinstance(value, str) else value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        number = float(value)
        return number if math.isfinite(number) else str(number)
    return as_text(" ".join(repr(value).split()))


def number(value: Any) -> float | None:
    """Return a finite float, or None: JSON knows no NaN."""
    found = float(value)
    return found if math.isfinite(found) else None
