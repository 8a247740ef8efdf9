"""Names of files and columns, which can hold anything, as text that is safe to write and show."""

import re
from typing import Any

_AMBIGUOUS = re.compile(r"\\(?=x[0-9a-f]{2})")
_BYTE = re.compile("[\udc80-\udcff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def written(name: str) -> str:
    r"""Return a name as text that every encoding of Unicode can hold.

    A byte that is no text, as names of files can have, becomes ``\xff``; a backslash that would
    look like that becomes ``\x5c``, so that nothing is lost:
    ``re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes.fromhex(m[1].decode()), text.encode())``
    gives the bytes back.

    Parameters
    ----------
    name : str
        As Python has it, with surrogates for bytes that are no text.

    Returns
    -------
    text : str

    Examples
    --------
    >>> from sklearn_zcore._escape import written
    >>> print(written("caf\udce9.png"), written(r"a\xe9"), written("Ulm"))
    caf\xe9.png a\x5cxe9 Ulm
    """
    text = _AMBIGUOUS.sub(r"\\x5c", name)
    text = _BYTE.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", text)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shown(text: str, *, lines: bool = False) -> str:
    r"""Return text as a terminal may have it: control characters are spelled out.

    Parameters
    ----------
    text : str
        With names that can hold escape sequences, line breaks or marks that turn the direction.
    lines : bool, default=False
        Whether line breaks are meant, and stay.

    Returns
    -------
    text : str

    Examples
    --------
    >>> from sklearn_zcore._escape import shown
    >>> print(shown("red \x1b[31m.png"))
    red \x1b[31m.png
    """
    text = _CONTROL.sub(lambda c: c[0] if lines and c[0] == "\n" else repr(c[0])[1:-1], text)
    return (
        _BYTE.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", text)
        .encode("utf-8", "backslashreplace")
        .decode("utf-8")
    )


def plain(value: Any) -> Any:
    """Return what JSON will hold, with every name in it as `written` has it."""
    if isinstance(value, str):
        return written(value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
