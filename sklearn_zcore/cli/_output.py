"""Where results go: checked before the work starts, written whole or not at all."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sklearn_zcore._atomic import STDOUT, FileAppeared, NewFiles, create_beside, new_files
from sklearn_zcore.handover import FOLDER_FORMATS, CsvStyle, Output, check_new_folder, format_of
from sklearn_zcore.tables import packing, require

from ._errors import CliError


def check_output(
    path: Path,
    *,
    formats: tuple[str, ...],
    force: bool,
    sources: Sequence[Path] = (),
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
    sources : sequence of Path, default=()
        The input, which is never overwritten: a folder, or files.
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
        check_new_folder("--out", path, *sources[:1])
        return Output(path, kind)
    if kind == ".zarr" in formats and (not path.exists() or path.is_dir()):
        require("zarr", why="Writing .zarr")
        return Output(path, kind, force)  # The beginning of a store goes on.
    if path.is_dir():
        raise CliError(f"The output {path} is a directory.", f"Name a file: {path}/coreset.csv.")
    packs = bool(packing(path)) and kind not in (".csv", ".jsonl")
    if kind not in (*formats, "label-studio") or packs:
        raise CliError(
            f"The output {path} has an extension that zcore does not write here.",
            f"It writes {', '.join(formats)}.",
        )
    if formulas is not None and kind != ".csv":
        raise CliError(f"--formulas: for CSV files, and {path} is none.", "Leave it out.")
    if kind == ".parquet":
        require("pyarrow", "pyarrow.parquet", why="Writing .parquet")
    check_free(path, sources, force=force)
    return Output(path, kind, force, style=CsvStyle(escape_formulas=formulas != "keep"))


def check_free(path: Path, sources: Sequence[Path] = (), *, force: bool) -> None:
    """Refuse a file that is there, or that its directory would not take.

    Parameters
    ----------
    path : Path
        The file to write.
    sources : sequence of Path, default=()
        The files of the input.
    force : bool
        Overwrite an existing file.
    """
    if path == STDOUT:
        return
    if path.exists() and any(s.exists() and os.path.samefile(path, s) for s in sources):
        raise CliError(f"The output {path} is the input itself.", "Name another file.")
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
    except BrokenPipeError:
        raise
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
