"""Rows of a table as they are stored, for writing them."""

from typing import Any

import numpy as np

from ._table import Table
from ._typed import infer


def stored_rows(source: Table, names: list[str], rows: Any, *, as_text: bool) -> Any:
    """Return rows of a table, read again from its file where it has one.

    Parameters
    ----------
    source : Table
        The table.
    names : list of str
        The columns.
    rows : ndarray of int
        The numbers of the rows.
    as_text : bool
        Whether the cells of a CSV file are wanted as they were written, or with types.

    Returns
    -------
    columns : pyarrow.Table, or dict of str to ndarray
    """
    if source.table is not None:
        import pyarrow as pa

        if source.file_rows is not None and (as_text or not source.csv):
            return source.file_rows.take(rows, names)
        if source.file_rows is not None and not source.has_values:
            cells = source.file_rows.take(rows, names)
            typed = source.file_rows.infer or infer
            return pa.table({name: typed(cells[name]) for name in names})
        return source.table.select(names).take(pa.array(rows))
    X = np.asarray(source.array[rows])
    X = X.astype(X.dtype.newbyteorder("="), copy=False)  # Files may come from other machines.
    place = {name: i for i, name in enumerate(source.names)}
    return {name: X[:, place[name]] for name in names}


def columns_of_numbers(source: Table, columns: Any) -> list[str]:
    """Return the columns of a CSV file whose cells are no text, however they are written.

    Parameters
    ----------
    source : Table
        The table.
    columns : pyarrow.Table
        Cells that are written: they decide where the file's values have not been read.
    """
    if not source.csv:
        return []
    if source.has_values:
        found = {column.name: column.type for column in source.table.schema}
    else:
        found = {name: infer(columns[name]).type for name in columns.column_names}
    return [name for name, kind in found.items() if str(kind) != "string"]
