"""Where results go: checked before the work starts, written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sklearn_zcore import handover
from sklearn_zcore._atomic import FileAppeared, NewFiles, create_beside, new_files
from sklearn_zcore.handover import FOLDER_FORMATS, CsvStyle
from sklearn_zcore.tables import file_format

from ._errors import CliError, require
from ._files import check_new_folder


@dataclass(frozen=True)
class Output:
    """A file that may be written.

    Attributes
    ----------
    path : Path
        The file.
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


def check_output(
    path: Path,
    *,
    formats: tuple[str, ...],
    force: bool,
    source: Path | None = None,
    formulas: str | None = None,
    format: str | None = None,
) -> Output:
    """Refuse an output that could not be written, before any work is done.

    Parameters
    ----------
    path : Path
        The file to write.
    formats : tuple of str
        The extensions that it can have.
    force : bool
        Overwrite an existing file.
    source : Path or None, default=None
        The input, which is never overwritten.
    formulas : {"escape", "keep"} or None, default=None
        What becomes of text in a CSV file that a spreadsheet would run; None is to escape it.
    format : str or None, default=None
        What is written, whatever the extension; None is what the extension says.

    Returns
    -------
    output : Output
        Where and how to write.
    """
    kind = format_of(path, format)
    if kind in FOLDER_FORMATS:
        check_new_folder("--out", path, source)
        return Output(path, kind)
    if path.is_dir():
        raise CliError(f"The output {path} is a directory.", f"Name a file: {path}/coreset.csv.")
    if kind not in (*formats, "label-studio") or path.name.lower().endswith(".gz"):
        raise CliError(
            f"The output {path} has an extension that zcore does not write here.",
            f"It writes {', '.join(formats)}.",
        )
    if formulas is not None and kind != ".csv":
        raise CliError(f"--formulas: for CSV files, and {path} is none.", "Leave it out.")
    if kind == ".parquet":
        require("pyarrow", "pyarrow.parquet", why="Writing .parquet")
    if source is not None and path.exists() and source.exists() and os.path.samefile(path, source):
        raise CliError(f"The output {path} is the input itself.", "Name another file.")
    check_free(path, force=force)
    return Output(path, kind, force, style=CsvStyle(escape_formulas=formulas != "keep"))


def format_of(path: Path, format: str | None) -> str | None:
    """Return what an output is, by option or by extension."""
    if format is None:
        return ".jsonl" if path.name.lower().endswith(".jsonl") else file_format(path)
    return f".{format}" if format in ("csv", "parquet", "jsonl") else format


def check_free(path: Path, *, force: bool) -> None:
    """Refuse a file that is there, or that its directory would not take.

    Parameters
    ----------
    path : Path
        The file to write.
    force : bool
        Overwrite an existing file.
    """
    if path.exists() and not force:
        raise CliError(f"The output {path} exists.", "Overwrite it with --force, or name another.")
    if not path.parent.exists():
        raise CliError(
            f"The output's directory {path.parent} does not exist.", "Make it, or name another."
        )
    try:
        # The only test of a directory that is sure.
        handle, temporary = create_beside(Path(os.path.realpath(path)))
        os.close(handle)
        os.unlink(temporary)
    except OSError as error:
        raise CliError(
            f"The output's directory {path.parent} cannot be written to: {error.strerror}.",
            "Name a file in another directory.",
        ) from error


@contextmanager
def write_together(*outputs: Output) -> Iterator[NewFiles]:
    """Write outputs that appear together at the end, whole or not at all.

    Parameters
    ----------
    *outputs : Output
        The files, of one ``force``.

    Yields
    ------
    new : NewFiles
        Where to ask for the files, and for folders that go with them.
    """
    try:
        with new_files(force=any(output.force for output in outputs)) as new:
            yield new
    except FileAppeared as error:
        raise CliError(
            f"The output {error.filename} was made by another program in the meantime.",
            "Overwrite it with --force, or name another.",
        ) from error
    except OSError as error:
        names = " and ".join(str(output.path) for output in outputs)
        raise CliError(
            f"The output {names} could not be written: {error.strerror or error}. Nothing is left "
            "of it."
        ) from error


def write_columns(file: IO[bytes], output: Output, columns: Any) -> None:
    """Write columns of one length, as .csv or .parquet.

    Parameters
    ----------
    file : binary file
        Where to.
    output : Output
        How.
    columns : dict of str to sequence, or pyarrow.Table
        Arrays, columns of a table, or lists of plain values.
    """
    handover.write_columns(file, output.format.removeprefix("."), columns, output.style)
