"""Shares of groups and distances, as people write them."""

from typing import Any

from ._errors import TableError

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
