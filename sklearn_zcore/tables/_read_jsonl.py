"""Reading JSON lines: an object a line, a row each."""

from pathlib import Path

from ._errors import TableError, require
from ._read_parquet import without_views
from ._table import Table, refuse_duplicates


def read_jsonl(path: Path) -> Table:
    """Read a file of JSON lines.

    Parameters
    ----------
    path : Path
        The file; a name in .gz is unpacked. Keys that a line does not have are missing values.

    Returns
    -------
    table : Table
        Columns have the types of their values, lists of numbers included.
    """
    import gzip

    pa, json, _ = require("pyarrow", "pyarrow.json", "pandas", why="Reading .jsonl")
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path) as file:
                table = json.read_json(file)
        else:
            table = json.read_json(path)
    except MemoryError:
        raise  # One of Arrow's exceptions, too, and it says nothing about the file.
    except (pa.ArrowException, EOFError, gzip.BadGzipFile) as error:
        raise TableError(
            f"The input {path} is not readable as JSON lines: {error}.",
            "Each line is one object, and a key has values of one type in all of them.",
        ) from error
    names = list(table.column_names)
    refuse_duplicates(path, names)
    if not names or table.num_rows == 0:
        raise TableError(f"The input {path} has {len(names)} keys and {table.num_rows} lines.")
    return Table(path, ".jsonl", names, table.num_rows, table=without_views(pa, table))
