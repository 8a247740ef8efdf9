"""A folder of images as a list of paths, with the sub-folders as labels."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.embedding._files import expand_home

# What Pillow reads of what people keep pictures in.
IMAGE_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .webp .bmp .gif .tif .tiff .ppm .pgm .pbm .jp2 .avif .ico".split()
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
    with a dot, are left out.

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
    relative = sorted(_image_files(root), key=lambda file: file.parts)
    if not relative:
        raise ValueError(
            f"The folder {root} holds no image: no file in it ends in "
            f"{', '.join(sorted(IMAGE_SUFFIXES))}."
        )
    paths = [str(root / file) for file in relative]
    classes = {file.parts[0] for file in relative if len(file.parts) > 1}
    if len(classes) < 2 or any(len(file.parts) == 1 for file in relative):
        return ImageFolder(paths, None)
    return ImageFolder(paths, np.array([file.parts[0] for file in relative]))


def _image_files(root: Path) -> list[Path]:
    found = []
    # Links to folders are followed, as data sets are often put together from them; but once.
    seen = set()
    for folder, subfolders, files in os.walk(root, followlinks=True, onerror=_raise):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        place = Path(folder).relative_to(root)
        found += [place / name for name in files if is_image_name(name) and name[0] != "."]
    return found


def _raise(error: OSError) -> None:
    raise error


def is_image_name(name: str) -> bool:
    """Return whether a file is an image by its extension."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES
