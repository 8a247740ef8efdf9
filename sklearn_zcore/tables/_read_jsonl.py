"""Reading JSON lines: an object a line, a row each."""

from pathlib import Path

from sklearn_zcore._progress import Silent

from ._errors import TableError, require
from ._packed import open_unpacked
from ._read_parquet import common_schema, without_views
from ._table import Table, check_same_columns, refuse_duplicates


def read_jsonl(paths: list[Path], *, progress: Silent | None = None) -> Table:
    """Read files of JSON lines.

    Parameters
    ----------
    paths : list of Path
        The files; names in .gz, .bz2 and .xz are unpacked. Keys that a line does not have are
        missing values.
    progress : Silent, Bar or None, default=None
        Is told of the bytes.

    Returns
    -------
    table : Table
        Columns have the types of their values, lists of numbers included.
    """
    pa, json, _ = require("pyarrow", "pyarrow.json", "pandas", why="Reading .jsonl")
    progress = progress or Silent()
    progress.add_total(sum(path.stat().st_size for path in paths))
    tables = {}
    for path in paths:
        try:
            with open_unpacked(path) as (plain, _):
                table = json.read_json(plain)
        except MemoryError:
            raise  # One of Arrow's exceptions, too, and it says nothing about the file.
        except pa.ArrowException as error:
            raise TableError(
                f"The input {path} is not readable as JSON lines: {error}.",
                "Each line is one object, and a key has values of one type in all of them.",
            ) from error
        names = list(table.column_names)
        refuse_duplicates(path, names)
        if not names or table.num_rows == 0:
            raise TableError(f"The input {path} has {len(names)} keys and {table.num_rows} lines.")
        tables[path] = without_views(table)
        progress.advance(path.stat().st_size)
    check_same_columns({path: table.column_names for path, table in tables.items()})
    schema = common_schema({path: table.schema for path, table in tables.items()})
    whole = pa.concat_tables([t.select(schema.names).cast(schema) for t in tables.values()])
    return Table(paths[0], ".jsonl", schema.names, whole.num_rows, table=whole)
