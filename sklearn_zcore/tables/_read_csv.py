"""Reading CSV: strict about the shape, with the line in every complaint."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sklearn_zcore._words import plural, shorten

from ._errors import Setting, TableError, Words, require
from ._table import Table, refuse_duplicates

# What pandas.read_csv takes for missing, so that both read a file alike.
NA_VALUES = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip

_BLOCK_SIZE = 2**20
_LARGEST_BLOCK = 2**30


def read_csv(
    path: Path,
    *,
    sep: str | None,
    encoding: str | None,
    na_values: tuple[str, ...],
    decimal: str = "auto",
    header: bool = True,
) -> Table:
    """Read a CSV file twice over: its cells as written, and each column with a type.

    Parameters
    ----------
    path : Path
        The file; a name in .gz is unpacked.
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

    Returns
    -------
    table : Table
        The table.
    """
    pa, arrow_csv, _ = require("pyarrow", "pyarrow.csv", "pandas", why="Reading .csv")
    sep = _separator(path, sep)
    encoding = _encoding(encoding)
    try:
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
        text = _read_cells(pa, arrow_csv, path, names, sep, encoding, header)
    except (OSError, EOFError, zlib.error) as error:
        if getattr(error, "errno", None) is not None:
            raise  # The system could not read the file; what it says is told as it is.
        raise TableError(f"The input {path} is not a readable gzip file: {error}.") from error
    if text.num_rows == 0:
        raise TableError(f"The input {path} has a header but no rows.")
    carried = {}
    if "" in names:
        # What DataFrame.to_csv writes for the index.
        carried[""] = "a column without a name: taken for row labels"
    typed = pa.table({n: infer(text[n], na_values, decimal) for n in names})
    table = Table(path, ".csv", names, text.num_rows, table=typed, verbatim=text, carried=carried)
    table.csv.update(sep=sep, encoding=encoding)
    if header and looks_like_a_row(names):
        said = "The first line was taken for names of columns: {names}. If it is a row: {header}."
        told = Words(said, names=shorten(names), header=Setting("header", False))
        table.warnings.append(told)
    return table


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
        return "\t" if ".tsv" in path.suffixes else ","
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


@contextmanager
def _open_text(path: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    """Open a file for Python's csv module, unpacked and without a byte-order mark."""
    plain = "utf-8-sig" if encoding == "utf-8" else encoding
    opener: Any = gzip.open if path.suffix.lower() == ".gz" else open
    usual = csv.field_size_limit(2**31 - 1)  # a cell may hold a whole document
    try:
        with opener(path, "rt", encoding=plain, newline="") as file:
            yield file
    finally:
        csv.field_size_limit(usual)


def _first_line(path: Path, sep: str, encoding: str) -> list[str]:
    """Return the cells of the first line, after the checks that can be made on them."""
    try:
        with _open_text(path, encoding) as file:
            names = next((row for row in csv.reader(file, delimiter=sep) if row), [])
    except UnicodeError as error:
        raise _undecodable(path, encoding) from error
    except csv.Error as error:
        raise TableError(f"The input {path} is not a CSV file: line 1: {error}.") from error
    if not names:
        raise TableError(f"The input {path} is empty: it has no header line.")
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


def _read_cells(
    pa: Any, arrow_csv: Any, path: Path, names: list[str], sep: str, encoding: str, header: bool
) -> Any:
    """Read every cell as text."""
    as_text = dict.fromkeys(names, pa.string())
    block_size = _BLOCK_SIZE
    try:
        while True:
            try:
                table = arrow_csv.read_csv(
                    path,
                    read_options=arrow_csv.ReadOptions(
                        encoding=encoding,
                        block_size=block_size,
                        column_names=None if header else names,
                    ),
                    parse_options=arrow_csv.ParseOptions(delimiter=sep, newlines_in_values=True),
                    convert_options=arrow_csv.ConvertOptions(
                        column_types=as_text, strings_can_be_null=False
                    ),
                )
                break
            except pa.ArrowInvalid as error:
                # A block has to hold the header and a row, or any two rows.
                is_too_small = any(word in str(error) for word in ("or block", "block size"))
                if not is_too_small or block_size >= _LARGEST_BLOCK:
                    raise
                block_size *= 8
    except UnicodeError as error:
        raise _undecodable(path, encoding) from error
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise _undecodable(path, encoding) from error
        _check_shape(path, sep, encoding, len(names))
        raise TableError(f"The input {path} is not a readable CSV file: {error}.") from error
    # The parser takes an unclosed quote for a value that runs to the end of the file.
    last_row = table.slice(max(0, table.num_rows - 1)).to_pylist()
    if any("\n" in value or "\r" in value for row in last_row for value in row.values()):
        _check_shape(path, sep, encoding, len(names))
    return table


def _check_shape(path: Path, sep: str, encoding: str, width: int) -> None:
    """Find the line on which the table breaks and say what is wrong with it."""
    begins = 1
    try:
        with _open_text(path, encoding) as file:
            reader = csv.reader(file, delimiter=sep, strict=True)
            for row in reader:
                if row and len(row) != width:
                    raise TableError(
                        f"The input {path}, line {begins}: {plural(len(row), 'field')} where the "
                        f"header has {width}.",
                        Words(
                            "Repair the line, or quote values that contain the separator; another "
                            "separator is set by {sep}.",
                            sep=Setting("sep"),
                        ),
                    )
                begins = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise TableError(
                f"The input {path}, line {begins}: a quoted value is never closed.",
                "Add the missing quote.",
            ) from error
        raise TableError(f"The input {path}, line {begins}: {error}.") from error


def _undecodable(path: Path, encoding: str) -> TableError:
    """Find the first byte that the encoding does not allow."""
    opener: Any = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rb") as file:
        data: bytes = file.read()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") and encoding == "utf-8":
        return TableError(
            f"The input {path} is not UTF-8: it begins with the mark of UTF-16.",
            Words("Name its encoding: {encoding}.", encoding=Setting("encoding", "utf-16")),
        )
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        return TableError(
            f"The input {path}, line {line}, byte {column} of the line: 0x{data[error.start]:02x} "
            f"is not {encoding}.",
            Words(
                "Name the file's encoding, for instance {latin} or {windows}.",
                latin=Setting("encoding", "latin-1"),
                windows=Setting("encoding", "cp1252"),
            ),
        )
    return TableError(
        f"The input {path} is not {encoding}.",
        Words("Name its encoding: {encoding}.", encoding=Setting("encoding", "NAME")),
    )


def infer(text: Any, na_values: tuple[str, ...] = (), decimal: str = "auto") -> Any:
    """Give a column of text the narrowest type that all its values have.

    Parameters
    ----------
    text : pyarrow.ChunkedArray of strings
        The cells as written.
    na_values : tuple of str
        What stands for a missing value besides `NA_VALUES`.
    decimal : {"auto", ".", ","}, default="auto"
        The decimal separator; with ",", text with a point in it is no float.

    Returns
    -------
    column : pyarrow.ChunkedArray
        Integers, floats, booleans, timestamps or text, with nulls for missing values.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(text)
    missing = pc.is_in(trimmed, value_set=pa.array([*NA_VALUES, *na_values], pa.string()))
    trimmed = pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)
    if trimmed.null_count == len(trimmed):
        return pa.chunked_array([pa.nulls(len(trimmed))])
    # 007 is a code, not a number: as a number it could not be written back.
    codes = pc.match_substring_regex(trimmed, r"^[+-]?0[0-9]+$|^[+-]?0[xX]")
    points = decimal == "," and pc.any(pc.match_substring(trimmed, ".")).as_py()
    if not pc.any(codes).as_py():
        for kind in _types():
            if points and pa.types.is_floating(kind):
                continue
            try:
                return pc.cast(trimmed, kind)
            except pa.ArrowInvalid:
                continue
    return pc.if_else(missing, pa.scalar(None, pa.string()), text)


def _types() -> list[Any]:
    """Return the types to try, narrowest first."""
    import pyarrow as pa

    # bool last but for time: 0 and 1 would pass for it.
    times = [pa.timestamp("us"), pa.timestamp("us", "UTC")]
    return [pa.int64(), pa.uint64(), pa.float64(), pa.bool_(), *times]
