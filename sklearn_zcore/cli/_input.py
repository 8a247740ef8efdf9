"""What a command selects from: a table, or a folder of images."""

from pathlib import Path

from ._command import refuse
from ._folder import FolderInput
from ._options import ColumnOptions, FileOptions, ImageOptions, ReadingOptions
from ._table import TableInput

Input = TableInput | FolderInput


def open_input(
    path: Path,
    *,
    reading: ReadingOptions,
    columns: ColumnOptions,
    images: ImageOptions,
    verbose: bool,
    files: FileOptions | None = None,
    for_tables: dict[str, str] | None = None,
) -> Input:
    """Say what an input is, and refuse the options that mean nothing to it.

    Parameters
    ----------
    path : Path
        A file or a folder.
    reading, columns : ReadingOptions, ColumnOptions
        What may be given for tables.
    images, files : ImageOptions, FileOptions or None
        What may be given for folders.
    verbose : bool
        Show a progress bar.
    for_tables : dict of str to str or None, default=None
        Further options that were given and are for tables only.

    Returns
    -------
    input : TableInput or FolderInput
        Nothing has been read yet.
    """
    files = files or FileOptions()
    if path.is_dir():
        given = {**columns.given, **reading.given, **(for_tables or {})}
        refuse(given, f"for tables, and {path} is a folder of images.")
        return FolderInput(path, images, files, verbose)
    if path.exists():
        given = {**images.given, **files.given}
        hint = "Leave it out, or name the folder."
        refuse(given, f"for folders of images, and {path} is a file.", hint)
    return TableInput(path, reading, columns)
