"""Numbers as people write them: $1,914.24, 80.5%, 1.377,29 and (12.50)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

_CURRENCY = (
    r"US\$|CA?\$|AU?\$|[$€£¥₹₩₽₺₴₫฿]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|"
    r"HUF|BRL|MXN|ZAR|KRW|SGD|HKD"
)
_SPACES = "'’ \u00a0\u202f"
# 007 is a code, not a number.
_CODE = re.compile(r"[+-]?0\d+")
_LOOKS_NUMERIC = re.compile(r"[-+−(\s]*(?:\D{0,3}\s?)[-+−]?[.,]?\d[\d.,'’\s]*(?:[eE]\S+|\D{0,4})")


def _pattern(decimal: str) -> re.Pattern[str]:
    """Return the pattern of one number; digits are grouped by three or not at all."""
    point = re.escape(decimal)
    group = f"[{',' if decimal == '.' else '.'}{_SPACES}]"
    body = (
        rf"(?:\d{{1,3}}(?P<group>{group})\d{{3}}(?:(?P=group)\d{{3}})*|\d+)(?:{point}\d*)?"
        rf"|{point}\d+"
    )
    return re.compile(
        rf"(?P<open>\()?(?P<sign>[-+−])?\s?(?P<before>{_CURRENCY})?\s?(?P<inner>[-+−])?"
        rf"(?P<body>{body})(?P<exponent>[eE][+-]?\d+)?\s?(?P<after>{_CURRENCY}|%)?"
        r"(?(open)\))",
        re.ASCII,
    )


_PATTERNS = {decimal: _pattern(decimal) for decimal in (".", ",")}


@dataclass(frozen=True)
class NumberStyle:
    """How the numbers of one column are written.

    Attributes
    ----------
    decimal : {".", ","}
        The decimal separator.
    decoration : str
        A currency or a per cent sign, or nothing.
    example : str
        One of the values, the most telling.
    ambiguous : bool
        Whether every value could be read with the other decimal separator, too, and some would be
        another number.
    """

    decimal: str
    decoration: str = ""
    example: str = ""
    ambiguous: bool = False

    def parse(self, text: str) -> float:
        """Return the number that a text stands for; NaN if it is none of this style."""
        match = _PATTERNS[self.decimal].fullmatch(text.strip())
        if match is None or _decoration(match) != self.decoration:
            return float("nan")
        return _value(match, self.decimal)


def _decoration(match: re.Match[str]) -> str:
    return (match["before"] or "") + (match["after"] or "")


def _value(match: re.Match[str], decimal: str) -> float:
    digits = match["body"]
    if match["group"]:
        digits = digits.replace(match["group"], "")
    value = float(digits.replace(decimal, ".") + (match["exponent"] or ""))
    negative = bool(match["open"]) ^ ((match["sign"] or match["inner"]) in ("-", "−"))
    return -value if negative else value


def find_style(
    values: Iterable[str], decimal: str = "auto", n_odd: int = 0
) -> tuple[NumberStyle, list[str]] | None:
    """Find how the numbers of a column are written, if they are numbers.

    Parameters
    ----------
    values : iterable of str
        Its different values.
    decimal : {"auto", ".", ","}, default="auto"
        The decimal separator; "auto" takes the point if all values can be read with it, else the
        comma.
    n_odd : int, default=0
        So many values may be no numbers, if there are ten times as many that are.

    Returns
    -------
    found : (NumberStyle, list of str) or None
        The style and the values that are no numbers.
    """
    values = [value.strip() for value in values]
    # A look at a few spares most columns of text the work.
    few = values[:200]
    if sum(bool(_LOOKS_NUMERIC.fullmatch(value)) for value in few) < len(few) - n_odd:
        return None
    if any(_CODE.fullmatch(value) for value in values):
        return None
    wanted = (".", ",") if decimal == "auto" else (decimal,)
    for point in wanted:
        found = _style(values, point, n_odd)
        if found is not None:
            break
    else:
        return None
    style, odd = found
    if decimal == "auto" and style.decimal == "." and not odd and style.decoration != "%":
        other = _style(values, ",", 0)
        if other is not None and any(
            style.parse(value) != other[0].parse(value) for value in values
        ):
            style = NumberStyle(style.decimal, style.decoration, style.example, ambiguous=True)
    return style, odd


def _style(
    values: list[str], decimal: Literal[".", ","] | str, n_odd: int
) -> tuple[NumberStyle, list[str]] | None:
    """Return the one style that all values have with a decimal separator, and those without."""
    matches = [(value, _PATTERNS[decimal].fullmatch(value)) for value in values]
    odd = [value for value, match in matches if match is None]
    good: list[tuple[str, Any]] = [(value, match) for value, match in matches if match is not None]
    if not good or len(odd) > n_odd or len(good) < 10 * len(odd):
        return None
    decorations = {_decoration(match) for _, match in good}
    groups = {match["group"] for _, match in good} - {None}
    if len(decorations) > 1 or len(groups) > 1:
        return None  # Dollars and euros, or two ways of grouping: not one scale.
    example = next((value for value, match in good if match["group"]), good[0][0])
    return NumberStyle(decimal, decorations.pop(), example), odd
