"""Reading Parquet files, with the types they have, a row group at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sklearn_zcore._progress import Silent

from ._errors import TableError, require
from ._file_rows import FileRows
from ._table import Table, check_same_columns, refuse_duplicates


def read_parquet(
    paths: list[Path], *, values: bool = True, progress: Silent | None = None
) -> Table:
    """Read Parquet files.

    Parameters
    ----------
    paths : list of Path
        The files, which have the same columns.
    values : bool, default=True
        Whether to read them; otherwise rows are counted.
    progress : Silent, Bar or None, default=None
        Is told of the bytes.

    Returns
    -------
    table : Table
        A pandas frame's index is one of its carried columns.
    """
    pa, _, _ = require("pyarrow", "pyarrow.parquet", "pandas", why="Reading .parquet")
    progress = progress or Silent()
    found = {}
    for path in paths:
        with opened_parquet(path) as file:
            found[path] = file.schema_arrow, file.metadata.num_rows
        refuse_duplicates(path, found[path][0].names)
    check_same_columns({path: schema.names for path, (schema, _) in found.items()})
    schema = common_schema({path: schema for path, (schema, _) in found.items()})
    n_rows = sum(n for _, n in found.values())
    names = list(schema.names)
    if not names or n_rows == 0:
        raise TableError(f"The input {paths[0]} has {len(names)} columns and {n_rows} rows.")

    def blocks(some: list[str], told: Silent | None = None) -> Any:
        part = pa.schema([schema.field(name) for name in some], metadata=schema.metadata)
        for path in paths:
            with opened_parquet(path) as file:
                for i in range(file.num_row_groups):
                    group = file.read_row_group(i, columns=some).select(some)
                    yield without_views(group).cast(part)
                    if told is not None:
                        told.advance(file.metadata.row_group(i).total_byte_size)

    table = schema.empty_table()
    if values:
        for path in paths:
            with opened_parquet(path) as file:
                groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
                progress.add_total(sum(group.total_byte_size for group in groups))
        table = pa.concat_tables(list(blocks(names, progress))).cast(schema)
    index = (found[paths[0]][0].pandas_metadata or {}).get("index_columns", [])
    carried = {name: "the DataFrame's index" for name in index if name in names}
    return Table(
        paths[0],
        ".parquet",
        names,
        n_rows,
        table=table,
        file_rows=FileRows(blocks),
        carried=carried,
    )


@contextmanager
def opened_parquet(path: Path) -> Iterator[Any]:
    """Open a Parquet file, or say that it is none."""
    pa, pq = require("pyarrow", "pyarrow.parquet", why="Reading .parquet")
    try:
        # ParquetFile reads this one file; read_table would take directory names for columns.
        with pq.ParquetFile(path, pre_buffer=False) as file:
            yield file
    except MemoryError:
        raise  # One of Arrow's exceptions, too, and it says nothing about the file.
    except (pa.ArrowException, OSError) as error:
        raise TableError(f"The input {path} is not a readable Parquet file: {error}.") from error


def common_schema(schemas: dict[Path, Any]) -> Any:
    """Return the types that columns of several files have together.

    Parameters
    ----------
    schemas : dict of Path to pyarrow.Schema
        Of files with the same columns.

    Returns
    -------
    schema : pyarrow.Schema
        Without string and binary views, whose rows pyarrow cannot take.
    """
    import pyarrow as pa

    first, *others = schemas
    fields, clashes = [], []
    for name in schemas[first].names:
        found = [_without_view(schema.field(name)) for schema in schemas.values()]
        try:
            fields += pa.unify_schemas(
                [pa.schema([pa.field(name, kind)]) for kind in found], promote_options="permissive"
            )
        except pa.ArrowException:
            other = next(i for i, kind in enumerate(found) if kind != found[0])
            clashes.append(
                f"{name!r} is {found[0]} in {first} and {found[other]} in {others[other - 1]}"
            )
    if clashes:
        more = f"; and {len(clashes) - 8:,} more columns" if len(clashes) > 8 else ""
        raise TableError(
            f"The inputs are not parts of one table: {'; '.join(clashes[:8])}{more}.",
            "Give a column the same type in all files.",
        )
    return pa.schema(fields, metadata=schemas[first].metadata)


def _without_view(field: Any) -> Any:
    """Return the type of a column, plain text or bytes for views of them."""
    import pyarrow as pa

    plain = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    return plain.get(field.type, field.type)


def without_views(table: Any) -> Any:
    """Convert string and binary views, whose rows pyarrow cannot take.

    Parameters
    ----------
    table : pyarrow.Table
        The table.

    Returns
    -------
    table : pyarrow.Table
        The same values; in a Parquet file there is no difference.
    """
    for i, field in enumerate(table.schema):
        if (kind := _without_view(field)) != field.type:
            table = table.set_column(i, field.name, table.column(i).cast(kind))
    return table
