"""A coreset as a file or a folder: what is written of it, and how."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sklearn_zcore._atomic import STDOUT, NewFiles
from sklearn_zcore.tables import Setting, Table, TableError, Words, file_format, merged, packed

from ._columns import CsvStyle, csv_cells, write_columns
from ._coreset import ADDED, Coreset
from ._media import Media, media_of
from ._records import plain_columns
from ._write import FILE_FORMATS, FOLDER_FORMATS, write_file, write_folder


@dataclass(frozen=True)
class Output:
    """A file that may be written.

    Attributes
    ----------
    path : Path
        The file; ``-`` is stdout.
    format : str
        ``.csv``, ``.parquet``, ``.jsonl``, ``.npy``, ``.npz`` or ``label-studio``; of a folder
        ``fiftyone`` or ``imagefolder``.
    force : bool
        Whether it may replace a file.
    only_indices : bool
        Whether only row numbers are written to it.
    style : CsvStyle
        How a CSV file is written.
    """

    path: Path
    format: str
    force: bool = False
    only_indices: bool = False
    style: CsvStyle = CsvStyle()


def format_of(path: Path, format: str | None) -> str | None:
    """Return what an output is, by option or by extension; stdout is CSV."""
    if format is None:
        return ".csv" if path == STDOUT else file_format(path)
    return f".{format}" if format in ("csv", "parquet", "jsonl") else format


def check_columns(source: Table, names: list[str], output: Output | None) -> None:
    """Refuse columns that an output cannot hold; all of them are told at once.

    Parameters
    ----------
    source : Table
        The table.
    names : list of str
        The columns that are written.
    output : Output or None
        Where to; None writes nothing.

    Raises
    ------
    TableError
        If a column is called as one that is added, or is of a type that the output has not.
    """
    if output is None or output.only_indices or output.format == ".npz":
        return
    if taken := [name for name in ADDED if name in names]:
        shown = source.path if source.origin is None else source.origin.shown
        raise TableError(
            f"The input {shown} already has the column {', '.join(taken)}, which zcore adds.",
            Words("Leave it out: {ignore}.", ignore=Setting("ignore", ",".join(taken))),
            taken,
            taken,
        )
    if output.format != ".csv" or source.table is None or source.csv:
        return
    troubles: dict[str, TableError] = {}
    for name in names:
        try:
            csv_cells(name, source.table[name].slice(0, 0))
        except TableError as trouble:
            trouble.columns = trouble.unwritable = (name,)
            trouble.remedy = ".parquet"
            troubles[name] = trouble
    if troubles:
        raise merged(list(troubles.values()))


def write_coreset(
    new: NewFiles,
    output: Output,
    coreset: Coreset,
    columns: Any,
    media: Media | Path | None = None,
) -> None:
    """Write the selected rows.

    Parameters
    ----------
    new : NewFiles
        What the output appears with.
    output : Output
        How.
    coreset : Coreset
        The rows.
    columns : dict of str to sequence, or pyarrow.Table
        What is known of each row; unused where only their numbers are written.
    media : Media, Path or None, default=None
        The files that the rows are about; of a table, the folder that paths in it are relative to.
    """
    if output.format not in (".npy", ".npz") and not output.only_indices:
        columns = coreset.beside(columns)
    if output.format in FOLDER_FORMATS:
        if not isinstance(media, Media):
            media = media_of(plain_columns(columns), media or Path.cwd(), output.format)
        write_folder(output.format, new.folder(output.path), columns, media)
        return
    with packed(new.file(output.path), output.path) as file:
        _write(file, output, coreset, columns, media if isinstance(media, Media) else None)


def _write(
    file: IO[bytes], output: Output, coreset: Coreset, columns: Any, media: Media | None
) -> None:
    import numpy as np

    format = output.format.removeprefix(".")
    if format == "npy":
        np.save(file, coreset.rows, allow_pickle=False)
    elif format == "npz":
        X = np.column_stack(list(columns.values()))
        more = {} if coreset.weights is None else {"weights": coreset.weights}
        known = {"indices": coreset.rows, "scores": coreset.scores, "ranks": coreset.ranks}
        np.savez(file, X=X, **known, **more)
    elif output.only_indices:
        write_columns(file, format, {ADDED[0]: coreset.rows}, output.style)
    elif format in FILE_FORMATS:
        write_file(format, file, columns, media)
    else:
        write_columns(file, format, columns, output.style)
