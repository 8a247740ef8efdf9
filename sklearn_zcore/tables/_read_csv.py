"""Reading CSV: strict about the shape, and only once as text, a block at a time."""

import codecs
import csv
from functools import partial
from pathlib import Path
from typing import Any

from sklearn_zcore._progress import Silent
from sklearn_zcore._words import shorten

from ._csv_blocks import CsvFile, open_text, undecodable
from ._errors import Setting, TableError, Words, require
from ._file_rows import FileRows
from ._table import Table, check_same_columns, refuse_duplicates
from ._typed import GrowingColumns, infer


def read_csv(
    paths: list[Path],
    *,
    sep: str | None,
    encoding: str | None,
    na_values: tuple[str, ...],
    decimal: str = "auto",
    header: bool = True,
    values: bool = True,
    progress: Silent | None = None,
) -> Table:
    """Read CSV files: each column with a type.

    Parameters
    ----------
    paths : list of Path
        The files, which have the same columns; names in .gz, .bz2 and .xz are unpacked.
    sep : str or None
        The separator; None is a tab for .tsv and a comma otherwise.
    encoding : str or None
        The encoding; None is UTF-8.
    na_values : tuple of str
        What stands for a missing value besides `NA_VALUES`.
    decimal : {"auto", ".", ","}, default="auto"
        The decimal separator.
    header : bool, default=True
        Whether the first line holds the names; otherwise they are f0, f1, ...
    values : bool, default=True
        Whether to read them; otherwise rows are checked and counted.
    progress : Silent, Bar or None, default=None
        Is told of the bytes.

    Returns
    -------
    table : Table
        Its cells can be read again as they were written.
    """
    require("pyarrow", "pyarrow.csv", "pandas", why="Reading .csv")
    progress = progress or Silent()
    encoding = _encoding(encoding)
    files = [_open(path, _separator(path, sep), encoding, header) for path in paths]
    names = files[0].names
    check_same_columns({file.path: file.names for file in files})
    progress.add_total(sum(file.state[0] for file in files))

    def blocks(some: list[str], told: Silent | None = None) -> Any:
        for file in files:
            for block in file.blocks(some, told):
                yield block.select(some)

    growing = GrowingColumns(names, na_values, decimal)
    n_rows = 0
    # A column alone counts the rows: all are parsed, and this one is kept.
    for block in blocks(names if values else names[:1], progress):
        n_rows += block.num_rows
        if values:
            growing.add(block)
    if n_rows == 0:
        raise TableError(f"The input {paths[0]} has a header but no rows.")
    carried = {}
    if "" in names:
        # What DataFrame.to_csv writes for the index.
        carried[""] = "a column without a name: taken for row labels"
    file_rows = FileRows(blocks, partial(infer, na_values=na_values, decimal=decimal))
    # Without any block, it is a table of no rows.
    typed = growing.finish(lambda some: _concatenated(blocks(some)))
    table = Table(
        paths[0], ".csv", names, n_rows, table=typed, file_rows=file_rows, carried=carried
    )
    table.csv.update(sep=files[0].sep, encoding=encoding)
    if header and looks_like_a_row(names):
        said = "The first line was taken for names of columns: {names}. If it is a row: {header}."
        told = Words(said, names=shorten(names), header=Setting("header", False))
        table.warnings.append(told)
    return table


def _concatenated(blocks: Any) -> Any:
    import pyarrow as pa

    return pa.concat_tables(list(blocks))


def _open(path: Path, sep: str, encoding: str, header: bool) -> CsvFile:
    """Read the first line of a file, and make the checks that can be made on it."""
    names = _first_line(path, sep, encoding)
    if not header:
        names = [f"f{i}" for i in range(len(names))]
    elif len(set(names)) < len(names) and looks_like_a_row(names):
        raise TableError(
            f"The input {path} has more than one column of the same name, and its first line "
            f"looks like a row: {shorten(names)}.",
            Words("If it is a row: {header}.", header=Setting("header", False)),
        )
    refuse_duplicates(path, names)
    return CsvFile(path, names, sep, encoding, header)


def looks_like_a_row(names: list[str]) -> bool:
    """Tell whether the first line of a file holds numbers that are no names of columns.

    Parameters
    ----------
    names : list of str
        The cells of the first line.

    Returns
    -------
    looks : bool
        Not for numbers that count: 0, 1, 2, ... as of a frame without names, years, or months.

    Examples
    --------
    >>> from sklearn_zcore.tables._read_csv import looks_like_a_row
    >>> looks_like_a_row(["5.1", "3.5", "setosa"]), looks_like_a_row(["city", "2019", "2020"])
    (True, False)
    """
    numbers = []
    for name in names:
        try:
            numbers.append(float(name))
        except ValueError:
            continue
    steps = {b - a for a, b in zip(numbers, numbers[1:], strict=False)}
    counts = len(steps) == 1 and min(steps) > 0 and numbers[0].is_integer()
    alone = len(numbers) == 1 and (numbers[0] == 0 or 1000 <= numbers[0] <= 2999)
    return bool(numbers) and not alone and not (counts and all(n.is_integer() for n in numbers))


def _separator(path: Path, sep: str | None) -> str:
    """Return the separator as one character."""
    if sep is None:
        return "\t" if ".tsv" in [suffix.lower() for suffix in path.suffixes] else ","
    sep = {"\\t": "\t", "tab": "\t"}.get(sep, sep)
    if len(sep) != 1 or sep in '"\r\n':
        raise TableError(
            Words("{sep} is not one character.", sep=Setting("sep", sep)),
            Words("For a tab write: {sep}.", sep=Setting("sep", "tab")),
        )
    return sep


def _encoding(encoding: str | None) -> str:
    """Return an encoding that Python knows."""
    try:
        name = codecs.lookup(encoding or "utf-8").name
        "".encode(name)  # Python also has codecs that are no text encodings, such as hex.
        return name
    except LookupError:
        raise TableError(
            Words("{encoding} {name!r} is unknown.", encoding=Setting("encoding"), name=encoding),
            "Common ones: utf-8, latin-1, cp1252, utf-16.",
        ) from None


def _first_line(path: Path, sep: str, encoding: str) -> list[str]:
    """Return the cells of the first line, after the checks that can be made on them."""
    try:
        with open_text(path, encoding) as file:
            names = next((row for row in csv.reader(file, delimiter=sep) if row), [])
    except UnicodeError as error:
        raise undecodable(path, encoding) from error
    except csv.Error as error:
        raise TableError(f"The input {path} is not a CSV file: line 1: {error}.") from error
    if not names:
        raise TableError(f"The input {path} is empty: it has no header line.")
    if names[0].lower().startswith("sep=") and not any(names[1:]):
        raise TableError(
            f"The first line of the input {path} tells Excel the separator, and is no header: "
            f"{names[0]!r}.",
            Words(
                "Remove that line, and set the separator here: {sep}.",
                sep=Setting("sep", names[0][4:] or sep),
            ),
        )
    if len(names) == 1:
        other = max(";\t|,", key=names[0].count)
        if other != sep and other in names[0]:
            shown = "tab" if other == "\t" else other
            raise TableError(
                f"The input {path} has only one column with the separator {sep!r}: {names[0]!r}.",
                Words(
                    "It looks separated by {other!r}: {sep}.",
                    other=other,
                    sep=Setting("sep", shown),
                ),
            )
    return names
