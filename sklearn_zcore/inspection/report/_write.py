"""The page as a file: whole or not at all."""

import codecs
import os
import tempfile
from pathlib import Path
from typing import IO, Any

from sklearn_zcore._atomic import atomic


def write_whole(page: str, file: str | os.PathLike[str] | IO[Any]) -> None:
    """Write a page to a path or an open file.

    Parameters
    ----------
    page : str
    file : str, path-like or file

    Raises
    ------
    ValueError
        If a text file is not UTF-8.
    OSError
        If it cannot be written; then nothing is left behind.
    """
    if not isinstance(file, str | os.PathLike):
        _write_open(page, file)
        return
    with atomic(Path(file).expanduser(), force=True) as new:
        new.write(page.encode("utf-8"))


def _write_open(page: str, file: IO[Any]) -> None:
    encoding = getattr(file, "encoding", None)
    if encoding is None and not hasattr(file, "newlines"):  # StringIO has the latter
        file.write(page.encode("utf-8"))
        return
    if encoding is not None and codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig"):
        raise ValueError(
            f"The file is open with the encoding {encoding}, and the page is UTF-8: open it with "
            f"encoding='utf-8', or in binary mode."
        )
    file.write(page)


def temporary_page(page: str) -> str:
    """Write a page to a new file that others cannot read, and return its path."""
    handle, path = tempfile.mkstemp(prefix="coreset-report-", suffix=".html")
    with os.fdopen(handle, "wb") as file:
        file.write(page.encode("utf-8"))
    return path
