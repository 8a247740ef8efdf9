"""The pictures of the rows that the page shows."""

import base64
from collections.abc import Iterable, Sequence
from typing import Any

from joblib import delayed

from sklearn_zcore._parallel import in_order
from sklearn_zcore.embedding import UnreadableImage, encode_thumbnail
from sklearn_zcore.inspection.report._text import as_text


def make_thumbnails(
    images: Sequence[Any] | None, rows: Iterable[int], n_most: int
) -> dict[str, Any]:
    """Return small pictures of some rows.

    Parameters
    ----------
    images : sequence of n_samples images, or None
    rows : iterable of int
        The most important first; may repeat.
    n_most : int
        How many pictures there may be.

    Returns
    -------
    dict
        ``images``, row (as text) to data URI; ``broken``, row to what is wrong; ``captions``, row
        to the path, where the image is one.
    """
    found: dict[str, Any] = {"images": {}, "broken": {}, "captions": {}}
    if images is None:
        return found
    wanted = list(dict.fromkeys(int(row) for row in rows))[:n_most]
    made = in_order((delayed(_make)(images, row) for row in wanted), n_jobs=-1, require="sharedmem")
    for row, (uri, reason, caption) in zip(wanted, made, strict=True):
        if uri:
            found["images"][str(row)] = uri
        else:
            found["broken"][str(row)] = reason
        if caption:
            found["captions"][str(row)] = caption
    return found


def _make(images: Sequence[Any], row: int) -> tuple[str, str, str]:
    """Return data URI, what is wrong, and caption of one image."""
    try:
        item = images[row]  # the column of a data set decodes it now
    except Exception as error:
        return "", as_text(str(error) or type(error).__name__), ""
    caption = _caption(item)
    try:
        content = encode_thumbnail(item)
    except UnreadableImage as error:
        return "", as_text(str(error)), caption
    except MemoryError:
        return "", "does not fit in memory", caption
    return "data:image/jpeg;base64," + base64.b64encode(content).decode("ascii"), "", caption


def _caption(item: Any) -> str:
    if isinstance(item, dict):
        item = item.get("path")
    path = item if isinstance(item, str) or hasattr(item, "__fspath__") else None
    path = path or getattr(item, "filename", None)
    return as_text(path) if path else ""
