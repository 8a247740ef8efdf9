"""Columns as a table in a file: CSV and Parquet."""

import csv
import io
import re
from dataclasses import dataclass
from typing import IO, Any

from sklearn_zcore.tables import Setting, TableError, Words

# What a spreadsheet takes for a formula, but for negative numbers; or what is escaped already.
_FORMULA = re.compile(r"'*[=+\-@\t\r].", re.DOTALL)
_IGNORE = Setting("ignore")
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


def write_columns(file: IO[bytes], format: str, columns: Any, style: CsvStyle = CsvStyle()) -> None:
    """Write columns of one length, as a table.

    Parameters
    ----------
    file : binary file
        Where to.
    format : {"csv", "parquet"}
    columns : dict of str to sequence, or pyarrow.Table
        Arrays, columns of a table, or lists of plain values.
    style : CsvStyle, default=CsvStyle()
        How a CSV file is written.

    Raises
    ------
    TableError
        If a column is of a type that a CSV file cannot hold.
    """
    if format == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        if isinstance(columns, dict):
            columns = pa.table({name: _for_parquet(values) for name, values in columns.items()})
        pq.write_table(columns, file, compression="zstd")
        return
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

    Raises
    ------
    TableError
        If the column is of a type that a CSV file cannot hold.
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
        raise TableError(
            f"Column {name!r} of type {values.type} cannot be written as CSV.",
            Words("Write .parquet instead, or leave the column out: {ignore}.", ignore=_IGNORE),
        ) from error
    return style.cells(name, ["" if value is None else value for value in text.to_pylist()])


def _number_cells(values: Any) -> list[str]:
    import numpy as np

    cells: list[str] = values.astype(str).tolist()
    if values.dtype.kind == "f":
        return ["" if hole else cell for cell, hole in zip(cells, np.isnan(values), strict=True)]
    return cells
