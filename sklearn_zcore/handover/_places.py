"""Where the files of a coreset go: checked before the work, copied or linked after it."""

import errno
import os
from pathlib import Path
from typing import Any

from sklearn_zcore._atomic import NewFiles
from sklearn_zcore.tables import TableError

from ._media import Media, put_files


def check_target(files: Any, folder: Path) -> Path | None:
    """Refuse a folder for the coreset's files that cannot be made, before any work is done.

    Parameters
    ----------
    files : object
        With ``copy_to``, ``link_to`` and ``given``: where to copy or link them.
    folder : Path
        The images.

    Returns
    -------
    target : Path or None
        The new folder; None if none is asked for.
    """
    if files.copy_to is not None and files.link_to is not None:
        raise TableError("--copy-to and --link-to contradict.", "Leave one of them out.")
    target: Path | None = files.copy_to or files.link_to
    if target is None:
        return None
    option = next(iter(files.given.values()))
    check_new_folder(option, target, folder)
    if files.link_to is not None and target.parent.stat().st_dev != folder.stat().st_dev:
        raise TableError(
            f"{option}: {target} is on another disk than {folder}, which hard links cannot cross.",
            "Use --copy-to.",
        )
    return target


def check_new_folder(option: str, target: Path, folder: Path | None = None) -> None:
    """Refuse a folder that cannot be made.

    Parameters
    ----------
    option : str
        Where it was given.
    target : Path
        The folder.
    folder : Path or None, default=None
        The images, which it may not lie in.
    """
    if target.is_symlink():
        raise TableError(f"{option}: {target} is a link, not a new folder.", "Name a new folder.")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise TableError(f"{option}: {target} exists and is not empty.", "Name a new folder.")
    inside = Path(os.path.realpath(target))
    if folder is not None and inside.is_relative_to(os.path.realpath(folder)):
        raise TableError(
            f"{option}: {target} lies in {folder}, where the next run would find the copies.",
            "Name a folder outside of it.",
        )
    if not target.parent.is_dir():
        raise TableError(
            f"{option}: the directory {target.parent} does not exist.", "Make it first."
        )


def place_files(new: NewFiles, target: Path, media: Media, *, link: bool) -> None:
    """Copy or hard-link files to a new folder, keeping their sub-folders.

    Parameters
    ----------
    new : NewFiles
        What the folder appears with.
    target : Path
        The new folder.
    media : Media
        The files.
    link : bool
        Hard-link instead of copying.
    """
    try:
        put_files(media, new.folder(target), link=link)
    except OSError as error:
        hint = "Use --copy-to." if link and error.errno in (errno.EXDEV, errno.EPERM) else ""
        raise TableError(
            f"The coreset's files could not be put to {target}: {error.strerror or error}. Nothing "
            f"is left of them.",
            hint,
        ) from error
