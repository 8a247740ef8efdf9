"""A folder of images as a list of paths, with the sub-folders as labels."""

import errno
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore._warnings import warn_user
from sklearn_zcore._words import plural
from sklearn_zcore.embedding._files import expand_home

# What Pillow reads, by its names, of what people keep pictures in.
IMAGE_FORMATS = {
    "JPEG": ".jpg .jpeg .jpe .jfif",
    "PNG": ".png",
    "WEBP": ".webp",
    "BMP": ".bmp",
    "GIF": ".gif",
    "TIFF": ".tif .tiff",
    "PPM": ".ppm .pgm .pbm",
    "JPEG2000": ".jp2",
    "AVIF": ".avif",
    "ICO": ".ico",
}
IMAGE_SUFFIXES = frozenset(" ".join(IMAGE_FORMATS.values()).split())
# Pictures as well, of phones and cameras, that Pillow does not read by itself.
UNREAD_SUFFIXES = frozenset(
    ".heic .heif .hif .jxl .cr2 .cr3 .nef .arw .dng .raf .orf .rw2 .psd .svg".split()
)


class ImageFolder(NamedTuple):
    """What `load_image_folder` returns.

    Attributes
    ----------
    paths : list of str
    labels : ndarray of shape (n_samples,), str, or None
    """

    paths: list[str]
    labels: NDArray[np.str_] | None


def load_image_folder(path: str | os.PathLike[str]) -> ImageFolder:
    """List the images of a folder, and their labels where its sub-folders are classes.

    Files are taken by their extension and not opened. Hidden files and folders, those that begin
    with a dot, are left out. Pictures that Pillow does not read, such as ``.heic``, are warned of.

    Parameters
    ----------
    path : str or path-like
        A folder. It is searched to any depth.

    Returns
    -------
    paths : list of str
        The images, sorted by sub-folder and name, so that the order is the same everywhere.
    labels : ndarray of shape (n_samples,), str, or None
        The name of the first sub-folder on the way to each image. None where an image lies in the
        folder itself, or where there is only one sub-folder: then folders are not classes.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    NotADirectoryError
        If the path is a file.
    ValueError
        If there is no image in it.
    OSError
        If a sub-folder cannot be read, or lies so deep that its path is too long for the system.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_zcore import load_image_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("cat/1.jpg", "cat/2.jpg", "dog/1.jpg"):
    ...         file = Path(folder, name)
    ...         file.parent.mkdir(exist_ok=True)
    ...         file.touch()
    ...     paths, labels = load_image_folder(folder)
    >>> len(paths), labels.tolist()
    (3, ['cat', 'cat', 'dog'])
    """
    root = expand_home(path)
    if not root.exists():
        raise FileNotFoundError(f"The folder {root} does not exist.")
    if not root.is_dir():
        raise NotADirectoryError(f"{root} is a file, not a folder. Pass its folder {root.parent}.")
    found, unread = _image_files(root)
    relative = sorted(found, key=lambda file: file.parts)
    left_out = _left_out(root, unread)
    if not relative:
        raise ValueError(
            f"The folder {root} holds no image: no file in it ends in "
            f"{', '.join(sorted(IMAGE_SUFFIXES))}. {left_out}".rstrip()
        )
    if left_out:
        warn_user(left_out)
    paths = [str(root / file) for file in relative]
    classes = {file.parts[0] for file in relative if len(file.parts) > 1}
    if len(classes) < 2 or any(len(file.parts) == 1 for file in relative):
        return ImageFolder(paths, None)
    return ImageFolder(paths, np.array([file.parts[0] for file in relative]))


def _left_out(root: Path, unread: list[str]) -> str:
    """Tell of pictures that are not read, if there are any."""
    if not unread:
        return ""
    suffixes = sorted({os.path.splitext(name)[1].lower() for name in unread})
    return (
        f"{plural(len(unread), 'picture')} in {root} that cannot be read here, such as "
        f"{min(unread)}: convert what ends in {', '.join(suffixes)}, for instance to .jpg."
    )


def _image_files(root: Path) -> tuple[list[Path], list[str]]:
    """Return the images below a folder, relative to it, and the pictures that are not read.

    Links to folders are followed, as data sets are often put together from them; but each folder
    is visited once, and under its own place if it has one here.
    """
    found: list[Path] = []
    unread: list[str] = []
    seen: set[tuple[int, int]] = set()
    folders, links = [""], list[str]()
    while folders or links:
        place = folders.pop() if folders else links.pop()
        folder = os.path.join(root, place)
        try:
            state = os.stat(folder)
            if (state.st_dev, state.st_ino) in seen:
                continue
            seen.add((state.st_dev, state.st_ino))
            with os.scandir(folder) as entries:
                shown = sorted((e for e in entries if e.name[0] != "."), key=lambda e: e.name)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            depth = place.count(os.sep) + 1
            raise OSError(
                f"The folder {root} is nested too deep: {depth:,} levels down, the path is longer "
                f"than the system takes. Move what is there up."
            ) from None
        for entry in reversed(shown):
            inside = os.path.join(place, entry.name)
            if entry.is_dir():
                (links if entry.is_symlink() else folders).append(inside)
            elif is_image_name(entry.name):
                found.append(Path(inside))
            elif os.path.splitext(entry.name)[1].lower() in UNREAD_SUFFIXES:
                unread.append(inside)
    return found, unread


def is_image_name(name: str) -> bool:
    """Return whether a file is an image by its extension."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES
