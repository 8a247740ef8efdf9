"""Shares of groups, distances, draws and memory, as people write them."""

import re
from typing import Any

from ._errors import TableError

_MOST_DRAWS = 10**15  # Draws are counted in 64 bits, and 10**8 of them take minutes.
_SHARES = ("proportional", "equal", "sqrt")


def parse_distance(text: str, asked: str) -> float | str:
    """Read a distance above 0, or ``auto``.

    Parameters
    ----------
    text : str
    asked : str
        What asked for it, for the message.

    Returns
    -------
    float or "auto"

    Raises
    ------
    TableError
        If it is neither.
    """
    if text == "auto":
        return text
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise TableError(
            f"{asked} {text!r} is neither a number above 0 nor 'auto'.",
            f"For example: {asked} 0.5.",
        )
    return value


def parse_shares(text: str, asked: str) -> str | dict[str | None, Any]:
    """Read ``equal``, ``sqrt``, ``proportional``, or shares such as ``a=25,b=0.25,c=10%``.

    Parameters
    ----------
    text : str
        An empty name is that of missing values.
    asked : str
        What asked for it, for the message.

    Returns
    -------
    str or dict

    Raises
    ------
    TableError
        If it is nothing of this.
    """
    if text in _SHARES:
        return text
    shares: dict[str | None, Any] = {}
    for part in text.split(","):
        name, sign, size = part.rpartition("=")
        try:
            value = float(size[:-1]) / 100 if size.endswith("%") else float(size)
        except ValueError:
            sign = ""
        if not sign:
            raise TableError(
                f"{asked} {part!r} is neither {', '.join(_SHARES)} nor NAME=SIZE.",
                f"For example: {asked} a=25,b=0.25.",
            )
        shares[name or None] = int(size) if size.strip().isdigit() else value
    return shares


def parse_draws(text: str, asked: str) -> int | str:
    """Read a number of draws: a whole number (also 2e6 or 2,000,000), or ``auto``.

    Parameters
    ----------
    text : str
    asked : str
        What asked for it, for the message.

    Returns
    -------
    int or "auto"

    Raises
    ------
    TableError
        If it is neither.
    """
    if text == "auto":
        return text
    try:
        value = float(text.replace(",", ""))  # Messages write 2,000,000; it may be copied.
    except ValueError:
        value = float("nan")
    if not value.is_integer():
        raise TableError(f"{asked} {text!r} is neither a whole number of draws nor 'auto'.")
    if value > _MOST_DRAWS:
        raise TableError(
            f"{asked} {text} is more draws than a life has time for.",
            f"A few million are plenty for most tables: {asked} 5000000, or {asked} auto.",
        )
    return int(value)


def parse_bytes(text: str, asked: str) -> int:
    """Read an amount of memory: ``2GB``, ``500 MB``, or a number of bytes.

    Parameters
    ----------
    text : str
    asked : str
        What asked for it, for the message.

    Returns
    -------
    n_bytes : int

    Raises
    ------
    TableError
        If it is none.

    Examples
    --------
    >>> from sklearn_zcore.tables import parse_bytes
    >>> parse_bytes("1.5GB", "--memory")
    1500000000
    """
    found = re.fullmatch(r"(\d+(?:\.\d*)?)\s*([kMGT]?)i?B?", text.strip(), re.IGNORECASE)
    if not found or not float(found[1]):
        raise TableError(f"{asked} {text!r} is no amount of memory.", f"For example: {asked} 2GB.")
    powers = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
    return int(float(found[1]) * 1000 ** powers[found[2].lower()])
