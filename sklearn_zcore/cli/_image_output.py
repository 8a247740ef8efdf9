"""What becomes of the images: tables of paths, embeddings, and copies of the files."""

import csv
import errno
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sklearn_zcore.tables import file_format

from ._errors import CliError
from ._output import Output, atomic, check_output


def check_image_output(out: Path, folder: Path, formats: tuple[str, ...], force: bool) -> Output:
    """Refuse an output that could not be written, before any work is done.

    Parameters
    ----------
    out : Path
        The file to write.
    folder : Path
        The images.
    formats : tuple of str
        Which extensions there are.
    force : bool
        Overwrite an existing file.

    Returns
    -------
    output : Output
        Where and how to write.
    """
    if not out.is_dir() and file_format(out) not in formats:
        raise CliError(
            f"The output {out} has an extension that zcore does not write here.",
            f"It writes {', '.join(formats)}.",
        )
    return check_output(out, source=folder, source_format=".csv", only_indices=False, force=force)


def write_table(output: Output, columns: dict[str, Any], *, force: bool) -> None:
    """Write columns, as .csv or .parquet.

    Parameters
    ----------
    output : Output
        Where and how.
    columns : dict of str to sequence
        Of one length.
    force : bool
        Overwrite an existing file.
    """
    with _whole(output.path, force) as file:
        if output.format == ".parquet":
            import pyarrow as pa
            import pyarrow.parquet as pq

            pq.write_table(pa.table(columns), file, compression="zstd")
            return
        # Names of files that are not UTF-8 come back as the bytes they are.
        text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(columns)
        lines.writerows(zip(*columns.values(), strict=True))
        text.flush()
        text.detach()


def write_matrix(output: Output, X: Any, *, force: bool) -> None:
    """Write an array as .npy."""
    import numpy as np

    with _whole(output.path, force) as file:
        np.save(file, X, allow_pickle=False)


@contextmanager
def _whole(path: Path, force: bool) -> Iterator[IO[bytes]]:
    try:
        with atomic(path, force=force) as file:
            yield file
    except OSError as error:
        reason = error.strerror or str(error)
        raise CliError(
            f"The output {path} could not be written: {reason}. Nothing is left of it."
        ) from error


def check_target(target: Path, folder: Path, option: str) -> None:
    """Refuse a folder for the coreset's files that is in use, before any work is done.

    Parameters
    ----------
    target : Path
        Where to copy or link them.
    folder : Path
        The images.
    option : str
        What the folder is called on the command line.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CliError(f"{option}: {target} exists and is not empty.", "Name a new folder.")
    inside = Path(os.path.realpath(target))
    if inside.is_relative_to(os.path.realpath(folder)):
        raise CliError(
            f"{option}: {target} lies in {folder}, where the next run would find the copies.",
            "Name a folder outside of it.",
        )
    if not target.parent.is_dir():
        raise CliError(f"{option}: the directory {target.parent} does not exist.", "Make it first.")
    if option == "--link-to" and target.parent.stat().st_dev != folder.stat().st_dev:
        raise CliError(
            f"{option}: {target} is on another disk than {folder}, which hard links cannot cross.",
            "Use --copy-to.",
        )


@contextmanager
def files_at(target: Path, folder: Path, paths: list[str], *, link: bool) -> Iterator[None]:
    """Copy or hard-link files to a new folder, which appears at the end, whole or not at all.

    Parameters
    ----------
    target : Path
        The new folder.
    folder : Path
        Where the files are.
    paths : list of str
        The files.
    link : bool
        Hard-link instead of copying.

    Yields
    ------
    None
        When the files are there, under another name.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        for path in paths:
            place = temporary / os.path.relpath(path, folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            if link:
                os.link(os.path.realpath(path), place)
            else:
                shutil.copy2(path, place)
        yield
        temporary.rename(target)
    except OSError as error:
        hint = "Use --copy-to." if link and error.errno in (errno.EXDEV, errno.EPERM) else ""
        raise CliError(
            f"The coreset's files could not be put to {target}: {error.strerror or error}. Nothing "
            f"is left of them.",
            hint,
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
