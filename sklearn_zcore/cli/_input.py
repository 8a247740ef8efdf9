"""What a command selects from: a table, or a folder of images."""

from pathlib import Path

from sklearn_zcore.tables import find_origin, is_folder_of_tables

from ._command import refuse
from ._errors import CliError
from ._folder import FolderInput
from ._options import ColumnOptions, FileOptions, ImageOptions, ReadingOptions
from ._table import TableInput

Input = TableInput | FolderInput


def open_input(
    names: list[str],
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
    names : list of str
        Files, a folder, stdin, or a data set that has a name.
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
    folder = next((Path(name) for name in names if Path(name).is_dir()), None)
    if folder is not None and (images.model or not is_folder_of_tables(folder)):
        given = {**columns.given, **reading.given, **(for_tables or {})}
        refuse(given, f"for tables, and {folder} is a folder of images.")
        if len(names) > 1:
            raise CliError(
                f"The folder {folder} stands beside other inputs.",
                "Give one folder of images; it is searched to any depth.",
            )
        return FolderInput(folder, images, files, verbose)
    embeds = bool(columns.images or columns.text)
    origin = find_origin(names)
    given = files.given if embeds else {**images.given, **files.given}
    shown = f"{origin.shown} is {'a file' if origin.paths else 'a table'}"
    hint = "Leave it out, or name the folder."
    if images.model:
        hint = (
            "Leave it out, or name the folder; a table's columns are embedded by --images COLUMN "
            "and --text COLUMN."
        )
    refuse(given, f"for folders of images, and {shown}.", hint)
    return TableInput(origin, reading, columns, images, verbose)
