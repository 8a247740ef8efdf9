"""Small pictures of images of any kind, for people to look at."""

import io
import os
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from sklearn_zcore.embedding._images import load_image, to_rgb
from sklearn_zcore.embedding._inputs import as_items, looks_like_path

_QUALITIES = (80, 60, 40, 20, 5)
# Modes that Pillow scales as they are; others are converted at full size first.
_SCALABLE = ("RGB", "L", "CMYK", "YCbCr", "RGBA", "LA")
_LARGE = 16_000_000  # pixels
_one_large_image = threading.Lock()


def image_sequence(images: Any) -> Sequence[Any]:
    """Return images as a sequence with one item for each row.

    Parameters
    ----------
    images : array-like
        Paths, PIL images or arrays, as `FoundationEmbedder` takes them.

    Returns
    -------
    sequence

    Raises
    ------
    TypeError
        If they are no images.
    """
    items = as_items(images, None)
    if items.kind == "string" and not any(
        isinstance(value, str) and looks_like_path(value) for value in items.values
    ):
        raise TypeError("images holds texts, and none of them is the path of an image.")
    return items.values


def encode_thumbnail(item: Any, *, side: int = 160, max_bytes: int = 12_000) -> bytes:
    """Return an image as a small JPEG, made anew from its pixels.

    Parameters
    ----------
    item : str, Path, bytes, PIL image, ndarray or dict
        As `FoundationEmbedder` takes it.
    side : int, default=160
        The longer side in pixels.
    max_bytes : int, default=12_000
        The quality is lowered until it fits, as far as that goes.

    Returns
    -------
    bytes

    Raises
    ------
    UnreadableImage
        If it is broken, too large or no image; says why.
    """
    from PIL import Image

    loaded = load_image(item)  # its checks, and its messages
    small = _scaled_in_decoding(item, side) if isinstance(item, str | os.PathLike) else None
    if small is None:
        small = loaded.decode().copy()
        small.thumbnail((side, side))
    # A picture of its own: nothing of the file but its pixels goes along, no place, no comment.
    bare = Image.new("RGB", small.size)
    bare.paste(small)
    for quality in _QUALITIES:
        file = io.BytesIO()
        bare.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= max_bytes:
            break
    return file.getvalue()


def _scaled_in_decoding(path: str | os.PathLike[str], side: int) -> Any:
    """Scale a file while it is decoded, which takes a fraction for JPEGs of many pixels.

    None if that cannot be done: what is wrong with a broken file is told by who decodes it whole.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            n_pixels = image.size[0] * image.size[1]
            if image.mode not in _SCALABLE or n_pixels > (Image.MAX_IMAGE_PIXELS or n_pixels):
                return None
            # Several large ones at once would fill the memory.
            with _one_large_image if n_pixels > _LARGE else nullcontext():
                image.thumbnail((side, side))
                return to_rgb(image)
    except Exception:
        return None
