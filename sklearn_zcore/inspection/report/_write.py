"""The page as a file: whole or not at all."""

import codecs
import os
import secrets
import tempfile
from pathlib import Path
from typing import IO, Any


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
    path = Path(os.path.realpath(Path(file).expanduser()))  # what a link points to, not the link
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(page.encode("utf-8"))
            new.flush()
            os.fsync(new.fileno())
        if path.exists():
            os.chmod(temporary, path.stat().st_mode & 0o7777)
        os.replace(temporary, path)
    finally:
        # Also on a full disk and after Ctrl-C; after the replacement there is nothing left.
        temporary.unlink(missing_ok=True)


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
