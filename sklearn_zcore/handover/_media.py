"""The files that rows are about: where they are, and how they get to another place."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn_zcore._words import plural
from sklearn_zcore.tables import Setting, TableError, Words

# What a column of paths is called in data sets of images: by FiftyOne, Hugging Face and others.
_COLUMNS = ("filepath", "file_name", "path", "image")


@dataclass(frozen=True)
class Media:
    """Files, one of each row.

    Attributes
    ----------
    root : Path
        A folder that all of them are in.
    paths : list of str
        Absolute.
    """

    root: Path
    paths: list[str]

    def names(self) -> list[str]:
        """Return the paths within the root, with slashes."""
        return [Path(os.path.relpath(path, self.root)).as_posix() for path in self.paths]


def media_of(
    columns: dict[str, list[Any]], base: Path, format: str, name: str | None = None
) -> Media:
    """Find the files that the rows of a table are about.

    Parameters
    ----------
    columns : dict of str to list
        The rows. A column is called filepath, file_name, path or image.
    base : Path
        The folder that relative paths are relative to: that of the table.
    format : str
        What needs the files, for the message.
    name : str or None, default=None
        The column of the paths; None is the one that is called so.

    Returns
    -------
    media : Media

    Raises
    ------
    TableError
        If there is no such column, or a file that it names does not exist.
    """
    name = name or next((column for column in _COLUMNS if column in columns), None)
    if name is None:
        raise TableError(
            f"{format} is for files, and the table has no column of their paths: "
            f"{', '.join(_COLUMNS[:-1])} or {_COLUMNS[-1]}.",
            Words(
                "Rename the column, and write it through: {carry}.", carry=Setting("carry", "path")
            ),
        )
    paths = [os.path.abspath(base / str(path or "")) for path in columns[name]]
    if missing := [path for path in paths if not os.path.isfile(path)]:
        raise TableError(
            f"{plural(len(missing), 'file')} of the column {name!r} cannot be found, such as "
            f"{missing[0]}.",
            f"Paths are relative to the table's folder, {base}, or absolute.",
        )
    folders = {os.path.dirname(path) for path in paths}
    return Media(Path(os.path.commonpath(folders)), paths)


def put_files(media: Media, folder: Path, *, link: bool = False) -> None:
    """Copy or hard-link files to a folder, keeping their sub-folders.

    Parameters
    ----------
    media : Media
        The files.
    folder : Path
        Where to.
    link : bool, default=False
        Hard-link instead of copying.

    Raises
    ------
    OSError
        If that fails.
    """
    for path, name in zip(media.paths, media.names(), strict=True):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if link:
            os.link(os.path.realpath(path), place)
        else:
            shutil.copy2(path, place)
