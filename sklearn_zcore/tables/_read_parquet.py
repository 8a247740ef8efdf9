"""Reading Parquet files, with the types they have."""

from pathlib import Path
from typing import Any

from ._errors import TableError, require
from ._table import Table, refuse_duplicates


def read_parquet(path: Path) -> Table:
    """Read a Parquet file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    table : Table
        A pandas frame's index is one of its carried columns.
    """
    pa, parquet, _ = require("pyarrow", "pyarrow.parquet", "pandas", why="Reading .parquet")
    try:
        # ParquetFile reads this one file; read_table would take directory names for columns.
        with parquet.ParquetFile(path) as file:
            table = file.read()
    except MemoryError:
        raise  # One of Arrow's exceptions, too, and it says nothing about the file.
    except (pa.ArrowException, OSError) as error:
        raise TableError(f"The input {path} is not a readable Parquet file: {error}.") from error
    names = list(table.column_names)
    refuse_duplicates(path, names)
    table = without_views(pa, table)
    if not names or table.num_rows == 0:
        raise TableError(f"The input {path} has {len(names)} columns and {table.num_rows} rows.")
    index = (table.schema.pandas_metadata or {}).get("index_columns", [])
    carried = {name: "the DataFrame's index" for name in index if name in names}
    return Table(path, ".parquet", names, table.num_rows, table=table, carried=carried)


def without_views(pa: Any, table: Any) -> Any:
    """Convert string and binary views, whose rows pyarrow cannot take.

    Parameters
    ----------
    pa : module
        pyarrow.
    table : pyarrow.Table
        The table.

    Returns
    -------
    table : pyarrow.Table
        The same values; in a Parquet file there is no difference.
    """
    plain = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    for i, field_ in enumerate(table.schema):
        if field_.type in plain:
            column = table.column(i).cast(plain[field_.type])
            table = table.set_column(i, field_.name, column)
    return table
