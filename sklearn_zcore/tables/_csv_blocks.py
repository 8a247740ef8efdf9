"""The cells of CSV files block by block, and the line in every complaint."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sklearn_zcore._progress import Silent
from sklearn_zcore._words import plural, shorten

from ._errors import Setting, TableError, Words, require
from ._packed import open_unpacked

_BLOCK_SIZE = 2**20
_LARGEST_BLOCK = 2**30


@dataclass(frozen=True)
class CsvFile:
    """A CSV file whose first line has been read.

    Attributes
    ----------
    path : Path
        Where it is.
    names : list of str
        Its columns.
    sep, encoding : str
        Its separator and encoding.
    header : bool
        Whether its first line holds the names.
    state : tuple of int
        Its size and the time of its last change, as it was opened.
    """

    path: Path
    names: list[str]
    sep: str
    encoding: str
    header: bool
    state: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        """Remember the file as it is now."""
        object.__setattr__(self, "state", self._state())

    def _state(self) -> tuple[int, int]:
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns

    def blocks(self, names: list[str] | None = None, progress: Silent | None = None) -> Any:
        """Yield the cells as they were written, some rows at a time.

        Parameters
        ----------
        names : list of str or None, default=None
            The columns; None is all.
        progress : Silent, Bar or None, default=None
            Is told of the bytes that have been read.

        Yields
        ------
        pyarrow.Table
            Of strings.

        Raises
        ------
        TableError
            If a line has not as many fields as the first, or a byte is not of the encoding; or if
            the file has changed since it was opened.
        """
        if self._state() != self.state:
            raise TableError(
                f"The input {self.path} has changed while it was worked on.",
                "Run it again when nothing writes to it.",
            )
        n_done, size = 0, _BLOCK_SIZE
        while True:
            try:
                start = 0
                for block in self._read(size, names, progress or Silent()):
                    stop = start + block.num_rows
                    if stop > n_done:
                        yield block.slice(max(0, n_done - start))
                        n_done = stop
                    start = stop
                return
            except _TooSmall:
                size *= 8

    def _read(self, size: int, names: list[str] | None, progress: Silent) -> Iterator[Any]:
        pa, arrow_csv, _ = require("pyarrow", "pyarrow.csv", "pandas", why="Reading .csv")
        last, at = None, 0
        try:
            with open_unpacked(self.path) as (plain, raw):
                reader = arrow_csv.open_csv(
                    plain,
                    read_options=arrow_csv.ReadOptions(
                        encoding=self.encoding,
                        block_size=size,
                        column_names=None if self.header else self.names,
                    ),
                    parse_options=arrow_csv.ParseOptions(
                        delimiter=self.sep, newlines_in_values=True
                    ),
                    convert_options=arrow_csv.ConvertOptions(
                        column_types=dict.fromkeys(self.names, pa.string()),
                        strings_can_be_null=False,
                        include_columns=names,
                    ),
                )
                for batch in reader:
                    if batch.num_rows:
                        last = batch
                        yield pa.Table.from_batches([batch])
                    progress.advance(raw.tell() - at)
                    at = raw.tell()
        except UnicodeError as error:
            raise undecodable(self.path, self.encoding) from error
        except pa.ArrowInvalid as error:
            # A block has to hold the header and a row, or any two rows.
            is_too_small = any(word in str(error) for word in ("or block", "block size"))
            if is_too_small and size < _LARGEST_BLOCK:
                raise _TooSmall from error
            if "UTF8" in str(error):
                raise undecodable(self.path, self.encoding) from error
            self._check_shape()
            raise TableError(
                f"The input {self.path} is not a readable CSV file: {error}."
            ) from error
        # The parser takes an unclosed quote for a value that runs to the end of the file.
        cells = [] if last is None else last.slice(last.num_rows - 1).to_pylist()
        if any("\n" in value or "\r" in value for row in cells for value in row.values()):
            self._check_shape()

    def _check_shape(self) -> None:
        """Find the line on which the table breaks and say what is wrong with it."""
        begins, width, n_rows = 1, len(self.names), 0
        try:
            with open_text(self.path, self.encoding) as file:
                reader = csv.reader(file, delimiter=self.sep, strict=True)
                for row in reader:
                    if row and len(row) != width:
                        raise TableError(
                            f"The input {self.path}, line {begins}: {plural(len(row), 'field')} "
                            f"where the header has {width}.",
                            self._how_to_mend(n_rows, len(row)),
                        )
                    n_rows += bool(row)
                    begins = reader.line_num + 1
        except csv.Error as error:
            if "unexpected end" in str(error):
                raise TableError(
                    f"The input {self.path}, line {begins}: a quoted value is never closed.",
                    "Add the missing quote.",
                ) from error
            raise TableError(f"The input {self.path}, line {begins}: {error}.") from error

    def _how_to_mend(self, n_before: int, n_fields: int) -> Words:
        """Say what may be wrong with a line, after so many that are right."""
        repair = "Repair"
        if self.header and n_before == 1 and n_fields > len(self.names):
            first = shorten(self.names)
            repair = f"If the first line, {first}, is a title and no header, remove it; else repair"
        return Words(
            "{repair} the line, or quote values that contain the separator; another separator is "
            "set by {sep}.",
            repair=repair,
            sep=Setting("sep"),
        )


class _TooSmall(Exception):
    """A block does not hold a row."""


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    """Open a file for Python's csv module, unpacked and without a byte-order mark."""
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    usual = csv.field_size_limit(2**31 - 1)  # a cell may hold a whole document
    try:
        with open_unpacked(path) as (plain, _):
            yield io.TextIOWrapper(plain, encoding=encoding, newline="")
    finally:
        csv.field_size_limit(usual)


def undecodable(path: Path, encoding: str) -> TableError:
    """Find the first byte that the encoding does not allow."""
    with open_unpacked(path) as (plain, _):
        data: bytes = plain.read()
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
