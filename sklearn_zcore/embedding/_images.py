"""One image of any kind: its content hash, and its pixels as 8-bit RGB.

Everything here runs in the worker threads, item by item; an item that cannot be read raises
`UnreadableImage`, with the reason and not with the place, which the caller knows.
"""

import hashlib
import io
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.embedding._files import NotAFile, read_regular
from sklearn_zcore.embedding._folder import IMAGE_FORMATS
from sklearn_zcore.embedding._fork import Lock

_ORIENTATION = 0x0112  # EXIF tag
_WIDE = 257  # 65535 / 255
# Two rows may be the same image object, and Pillow reads its file when pixels are first asked for.
_lazy_image_lock = Lock()


class UnreadableImage(Exception):
    """An item that is not an image; the message says why."""


class LoadedImage(NamedTuple):
    """An image's bytes, in memory.

    Attributes
    ----------
    digest : bytes
        Hash of what the pixels are decoded from.
    decode : callable
        Returns a PIL image of mode RGB.
    """

    digest: bytes
    decode: Callable[[], Any]


def load_image(item: Any) -> LoadedImage:
    """Read an item once, and hash it.

    Parameters
    ----------
    item : str, Path, bytes, PIL image, ndarray or dict
        A dict is an image that a Hugging Face data set has not decoded: bytes, path.

    Returns
    -------
    LoadedImage

    Raises
    ------
    UnreadableImage
        If there is nothing to read.
    """
    if isinstance(item, dict):
        item = item.get("bytes") or item.get("path")
    if item is None or isinstance(item, float):
        raise UnreadableImage("the value is missing (None or NaN)")
    if isinstance(item, str | os.PathLike):
        return _from_bytes(_read_file(Path(item)))
    if isinstance(item, bytes | bytearray):
        return _from_bytes(bytes(item))
    if hasattr(item, "getexif"):
        return _from_pil(item)
    try:
        return _from_array(to_array(item))
    except (TypeError, ValueError) as error:
        raise UnreadableImage(str(error)) from None


def size_of(item: Any) -> int:
    """Return about how many bytes an item takes when it has been read, before it is decoded.

    Parameters
    ----------
    item : object
        See `load_image`.

    Returns
    -------
    int
        0 if it is in memory already, or cannot be read.
    """
    if isinstance(item, dict):
        item = item.get("bytes") or item.get("path")
    if isinstance(item, str | os.PathLike):
        try:
            return os.stat(item).st_size
        except (OSError, ValueError):
            return 0
    if isinstance(item, bytes):
        return len(item)
    if hasattr(item, "getexif"):
        return int(item.width * item.height * len(item.getbands()))
    return 0


def to_array(values: Any) -> NDArray[Any]:
    """Take a tensor of torch, or whatever else NumPy can take, for an array.

    Parameters
    ----------
    values : array-like
        Also a tensor with a gradient, on another device, or of bfloat16, which NumPy has not.

    Returns
    -------
    ndarray

    Raises
    ------
    TypeError
        If NumPy cannot take it.
    ValueError
        If it is an array in which values are masked.
    """
    if np.ma.is_masked(values):
        raise ValueError("is an array with masked values, which are no pixels: fill them first")
    try:
        if hasattr(values, "detach"):
            values = values.detach().cpu()
            if str(values.dtype) == "torch.bfloat16":
                values = values.float()
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        first_line = str(error).splitlines()[0]
        raise TypeError(
            f"is a {type(values).__name__} that cannot be made an array: {first_line}"
        ) from error


def _read_file(path: Path) -> bytes:
    try:
        content = read_regular(path)
    except MemoryError:
        raise UnreadableImage("does not fit in memory") from None
    except NotAFile as error:
        is_folder = error.kind == "directory"
        hint = " (load_image_folder lists the images of one)" if is_folder else ", not a file"
        raise UnreadableImage(f"is a {error.kind}{hint}") from None
    except FileNotFoundError:
        if str(path).startswith("~"):
            raise UnreadableImage(
                "does not exist; ~ is not expanded in items: use os.path.expanduser"
            ) from None
        is_url = str(path).startswith(("http:/", "https:/", "s3:/", "gs:/"))
        reason = "is a URL: download it first" if is_url else "does not exist"
        raise UnreadableImage(reason) from None
    except (OSError, ValueError) as error:
        raise UnreadableImage(f"cannot be read: {_reason(error)}") from None
    if not content:
        raise UnreadableImage("is empty (0 bytes)")
    return content


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _digest(kind: str, *parts: Any) -> bytes:
    """Hash parts so that no two lists of them run into each other."""
    hasher = hashlib.blake2b(digest_size=32, person=kind.encode())
    for part in parts:
        data = part if isinstance(part, bytes) else repr(part).encode()
        hasher.update(len(data).to_bytes(8, "little"))
        hasher.update(data)
    return hasher.digest()


def _from_bytes(content: bytes) -> LoadedImage:
    return LoadedImage(_digest("file", content), lambda: _decode_file(content))


def _decode_file(content: bytes) -> Any:
    from PIL import Image, UnidentifiedImageError

    image: Any = None
    try:
        with Image.open(io.BytesIO(content), formats=_formats()) as image:
            _check_size(image)
            return to_rgb(image)
    except UnidentifiedImageError:
        raise UnreadableImage(
            f"is not an image that Pillow can read as {', '.join(_formats())}"
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        counted = re.search(r"\d+", str(error))  # Pillow says how many pixels there are
        raise UnreadableImage(_bomb_message(int(counted[0]) if counted else 0)) from None
    except UnreadableImage:
        raise
    except MemoryError:
        raise UnreadableImage(too_large(image)) from None
    except Exception as error:
        # Pillow's decoders raise whatever a broken file makes them trip over.
        raise UnreadableImage(f"is broken: {_reason(error)}") from None


@cache
def _formats() -> tuple[str, ...]:
    """Return the supported formats that this Pillow has.

    By name: asked for none, Pillow tries all that it knows, and has other programs run for some,
    such as Ghostscript for PostScript, whatever the name of the file ends in.
    """
    from PIL import Image

    Image.init()
    return tuple(name for name in IMAGE_FORMATS if name in Image.OPEN)


def _check_size(image: Any) -> None:
    """Refuse a file of a few bytes that would fill the memory, before it is decoded."""
    from PIL import Image

    width, height = image.size
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and width * height > limit:
        raise UnreadableImage(_bomb_message(width * height))


def too_large(image: Any) -> str:
    """Return what is said of an image that there is no memory for."""
    if image is None:
        return "does not fit in memory"
    return f"does not fit in memory: it has {image.width} x {image.height} pixels"


def _bomb_message(n_pixels: int) -> str:
    from PIL import Image

    return (
        f"may be a decompression bomb: it has {n_pixels:,} pixels, and the limit is "
        f"{Image.MAX_IMAGE_PIXELS or 0:,}. If it is not, raise PIL.Image.MAX_IMAGE_PIXELS"
    )


def _from_pil(image: Any) -> LoadedImage:
    if image.format == "EPS" and getattr(image, "tile", None):
        raise UnreadableImage(
            "is PostScript, which Pillow would have Ghostscript run. Where you trust it, call its "
            "load() first"
        )
    try:
        with _lazy_image_lock:
            image.load()
    except MemoryError:
        raise UnreadableImage(too_large(image)) from None
    except Exception as error:
        raise UnreadableImage(f"is broken: {_reason(error)}") from None
    palette = image.getpalette("RGBA") if image.mode in ("P", "PA") else None
    look = (image.mode, image.size, _orientation(image), palette, image.info.get("transparency"))
    return LoadedImage(_digest("pil", look, image.tobytes()), lambda: to_rgb(image))


def _orientation(image: Any) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1  # EXIF data that cannot be read turns nothing; the pixels are there all the same


def to_rgb(image: Any) -> Any:
    """Return a PIL image as people see it: upright, 8 bits, RGB, transparent parts white.

    Parameters
    ----------
    image : PIL image
        Of any mode.

    Returns
    -------
    PIL image of mode RGB

    Raises
    ------
    UnreadableImage
        If its values have no defined range.
    """
    from PIL import Image, ImageOps

    if _orientation(image) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode == "RGB":
        image.load()
        return image
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image)
        if image.mode == "I":  # Pillow has no other mode for some 16-bit files
            values = _narrowed(values)
        return Image.fromarray(_to_8_bit(values)).convert("RGB")
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _to_8_bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Bring grey or colour values to 0..255, or say which range was expected."""
    if values.dtype == np.uint8:
        return values
    if values.dtype == bool:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint16 or values.dtype == np.dtype(">u2"):
        return (values // _WIDE).astype(np.uint8)
    low, high = values.min(), values.max()
    if values.dtype.kind == "f":
        if not (low >= 0 and high <= 1):  # also NaN
            raise UnreadableImage(
                f"has float values from {low:.4g} to {high:.4g}; a float image has values from 0 "
                f"to 1. Scale it, or convert it to uint8"
            )
        return np.rint(values.astype(np.float64) * 255).astype(np.uint8)
    if values.dtype.kind not in "iu":
        raise UnreadableImage(f"is an array of {values.dtype}, which are not pixels")
    if low < 0 or high > 255:
        raise UnreadableImage(
            f"has integer values from {low} to {high}; an image has 0 to 255, or is of dtype uint16"
        )
    return values.astype(np.uint8)


def _narrowed(values: NDArray[Any]) -> NDArray[Any]:
    """Return 32-bit integers as the 16-bit ones that they are, where they are."""
    in_range = values.min() >= 0 and values.max() <= np.iinfo(np.uint16).max
    return values.astype(np.uint16) if in_range else values


def _from_array(values: NDArray[Any]) -> LoadedImage:
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    channels = values.shape[2] if values.ndim == 3 else 1
    if values.ndim not in (2, 3) or channels not in (1, 3, 4):
        hint = " (channels come last: move them there)" if 1 <= values.shape[0] <= 4 else ""
        raise UnreadableImage(
            f"is an array of shape {values.shape}; an image is (h, w), (h, w, 3) or (h, w, 4){hint}"
        )
    if 0 in values.shape:
        raise UnreadableImage(f"is an array of shape {values.shape}, which has no pixels")
    values = np.ascontiguousarray(values)

    def decode() -> Any:
        from PIL import Image

        return to_rgb(Image.fromarray(_to_8_bit(values)))

    return LoadedImage(_digest("array", values.dtype.str, values.shape, values.tobytes()), decode)
