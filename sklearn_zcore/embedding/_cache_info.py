"""Looking after a cache of embeddings: where it is, what it holds, and its end."""

import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any, NamedTuple

from sklearn_zcore.embedding._database import (
    FILE_NAME,
    CacheError,
    check_files,
    check_may_clear,
    damaged,
    explain,
    list_cache_files,
    open_to_read,
)
from sklearn_zcore.embedding._files import expand_home


def default_cache_dir() -> Path:
    """Return the folder that the command ``zcore`` caches in.

    Returns
    -------
    Path
        The environment variable ``ZCORE_CACHE_DIR``, or ``sklearn-zcore`` in the user's folder of
        caches.

    Examples
    --------
    >>> from sklearn_zcore.embedding import default_cache_dir
    >>> default_cache_dir().name != ""
    True
    """
    if given := os.environ.get("ZCORE_CACHE_DIR"):
        return expand_home(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "~/AppData/Local")
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "sklearn-zcore"


class CachedModel(NamedTuple):
    """A model with embeddings in a cache.

    Attributes
    ----------
    name : str
        What it was called when it was first used.
    identity : dict
        What tells it from other models.
    width : int
    n_embeddings : int
    """

    name: str
    identity: dict[str, Any]
    width: int
    n_embeddings: int


class CacheInfo(NamedTuple):
    """What a cache holds.

    Attributes
    ----------
    path : Path
    n_bytes : int
        On disk.
    models : list of CachedModel
    """

    path: Path
    n_bytes: int
    models: list[CachedModel]


def cache_info(folder: str | os.PathLike[str]) -> CacheInfo:
    """Say what a cache holds.

    Parameters
    ----------
    folder : str or path-like
        A ``cache_dir``.

    Returns
    -------
    CacheInfo
        Empty if there is no cache in the folder.

    Raises
    ------
    CacheError
        If it cannot be read, or is not a cache. It need not be writable.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_zcore.embedding import cache_info
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache_info(folder).n_bytes
    0
    """
    path = expand_home(folder) / FILE_NAME
    if not path.exists():
        return CacheInfo(path, 0, [])
    query = (
        "SELECT name, identity, width, (SELECT COUNT(*) FROM embeddings WHERE model = models.id) "
        "FROM models ORDER BY id"
    )
    check_files(path)
    try:
        database = open_to_read(path)
        try:
            rows = database.execute(query).fetchall()
        finally:
            database.close()
    except sqlite3.Error as error:
        raise explain(path, error) from error
    models = [_model_of(path, *row) for row in rows]
    return CacheInfo(path, sum(file.stat().st_size for file in list_cache_files(path)), models)


def _model_of(path: Path, name: Any, text: Any, width: Any, n_embeddings: int) -> CachedModel:
    """Read a row of the models, which anybody may have written."""
    try:
        identity = json.loads(text)
        if not all(isinstance(identity[key], str) for key in ("kind", "pooling", "dtype")):
            raise TypeError
        return CachedModel(str(name), {**identity, "layer": int(identity["layer"])},
                           int(width or 0), n_embeddings)  # fmt: skip
    except (ValueError, TypeError, KeyError):
        raise damaged(path, f"the identity of the model {name!r} cannot be read") from None


def clear_cache(folder: str | os.PathLike[str]) -> int:
    """Delete the cache in a folder, and nothing else there.

    Do not call it while another process uses the cache.

    Parameters
    ----------
    folder : str or path-like
        A ``cache_dir``.

    Returns
    -------
    int
        The bytes that were freed.

    Raises
    ------
    CacheError
        If a file cannot be deleted, or the database is not a cache of this package; then nothing
        is deleted.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_zcore.embedding import clear_cache
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     clear_cache(folder)
    0
    """
    path = expand_home(folder) / FILE_NAME
    n_bytes = 0
    check_may_clear(path)
    try:
        for file in list_cache_files(path):
            n_bytes += file.stat().st_size
            file.unlink()
    except OSError as error:
        raise CacheError(f"The cache {path} cannot be deleted: {error.strerror}.") from error
    return n_bytes
