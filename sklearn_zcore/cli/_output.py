"""Where results go: checked before the work starts, written whole or not at all."""

import csv
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sklearn_zcore._atomic import NewFiles, create_beside, new_files
from sklearn_zcore.tables import file_format

from ._errors import CliError, require

# What a spreadsheet takes for a formula, but for negative numbers; or what is escaped already.
_FORMULA = re.compile(r"'*[=+\-@\t\r].", re.DOTALL)
_NEGATIVE = re.compile(r"-\d+(\.\d*)?([eE][+-]?\d+)?")


@dataclass(frozen=True)
class CsvStyle:
    """How a CSV file is written.

    Attributes
    ----------
    sep, encoding : str
        Its separator and encoding.
    escape_formulas : bool
        Whether text that a spreadsheet would run as a formula gets an apostrophe.
    numbers : frozenset of str
        Columns that are no text, though their cells are, which stay as they are.
    """

    sep: str = ","
    encoding: str = "utf-8"
    escape_formulas: bool = True
    numbers: frozenset[str] = frozenset()

    def cells(self, name: str, cells: list[Any]) -> list[Any]:
        """Return the cells of a column as they are written."""
        if not self.escape_formulas or name in self.numbers:
            return cells
        return [self.text(cell) if isinstance(cell, str) else cell for cell in cells]

    def text(self, cell: str) -> str:
        """Return text as a spreadsheet may have it: with one apostrophe more, or as it is."""
        if not self.escape_formulas or not _FORMULA.match(cell) or _NEGATIVE.fullmatch(cell):
            return cell
        return f"'{cell}"


@dataclass(frozen=True)
class Output:
    """A file that may be written.

    Attributes
    ----------
    path : Path
        The file.
    format : str
        ``.csv``, ``.parquet``, ``.npy`` or ``.npz``.
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

    Returns
    -------
    output : Output
        Where and how to write.
    """
    kind = file_format(path)
    if path.is_dir():
        raise CliError(f"The output {path} is a directory.", f"Name a file: {path}/coreset.csv.")
    if kind not in formats or path.name.lower().endswith(".gz"):
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
    if output.format == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        if isinstance(columns, dict):
            columns = pa.table({name: _for_parquet(values) for name, values in columns.items()})
        pq.write_table(columns, file, compression="zstd")
        return
    style = output.style
    names = list(columns) if isinstance(columns, dict) else columns.column_names
    cells = [csv_cells(name, columns[name], style) for name in names]
    text = io.TextIOWrapper(file, encoding=style.encoding, newline="")
    lines = csv.writer(text, delimiter=style.sep, lineterminator="\n")
    lines.writerow([style.text(name) for name in names])
    lines.writerows(zip(*cells, strict=True))
    text.flush()
    text.detach()


def _for_parquet(values: Any) -> Any:
    """Return a column that pyarrow takes, and that other readers of Parquet know."""
    import numpy as np

    if not isinstance(values, np.ndarray):
        return values
    # Few readers of Parquet know half precision.
    return np.ascontiguousarray(values, np.float32 if values.dtype == np.float16 else None)


def csv_cells(name: str, values: Any, style: CsvStyle = CsvStyle()) -> list[Any]:
    """Return a column's cells, with nothing for a missing value.

    Parameters
    ----------
    name : str
        The column's name.
    values : ndarray, list or pyarrow.ChunkedArray
        Numbers get the digits that give back the same number.
    style : CsvStyle, default=CsvStyle()
        How the file is written.

    Returns
    -------
    cells : list
        What the csv module writes.
    """
    import numpy as np

    if isinstance(values, np.ndarray):
        return _number_cells(values)
    if isinstance(values, list):
        return style.cells(name, values)
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(values.type):
        values = pc.cast(values, values.type.value_type)
    if pa.types.is_floating(values.type):
        return _number_cells(values.to_numpy())
    try:
        text = pc.cast(values, pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise CliError(
            f"Column {name!r} of type {values.type} cannot be written as CSV.",
            "Write .parquet instead, or leave the column out: --ignore.",
        ) from error
    return style.cells(name, ["" if value is None else value for value in text.to_pylist()])


def _number_cells(values: Any) -> list[str]:
    import numpy as np

    cells: list[str] = values.astype(str).tolist()
    if values.dtype.kind == "f":
        return ["" if hole else cell for cell, hole in zip(cells, np.isnan(values), strict=True)]
    return cells
