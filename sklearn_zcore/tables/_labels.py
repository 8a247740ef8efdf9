"""The labels of a table's rows."""

from typing import Any

from sklearn_zcore._words import close_match, plural, shorten

from ._errors import Setting, TableError, Words
from ._table import Table


def read_labels(table: Table, target: str) -> Any:
    """Return the labels of all rows, as text.

    Parameters
    ----------
    table : Table
        The rows.
    target : str
        A column; of an .npz file, it may be another array of it.

    Returns
    -------
    labels : ndarray of shape (n_rows,)
        Of objects: str, and None where there is none.

    Raises
    ------
    TableError
        There is no such column, or the array is not one label for each row.
    """
    import numpy as np

    if target in table.names:
        if table.table is None:
            column = table.array[:, table.names.index(target)]
            return np.array([str(value) for value in column], dtype=object)
        import pyarrow.compute as pc

        column = table.table[target]
        if hasattr(column.type, "value_type"):  # of a dictionary
            column = column.cast(column.type.value_type)
        return np.array(pc.cast(column, "string").to_pylist(), dtype=object)
    if table.format == ".npz":
        with np.load(table.path, allow_pickle=False) as arrays:
            if target in arrays:
                return _labels_of_array(np.asarray(arrays[target]), target, table.n_rows)
    raise TableError(
        Words(
            "{target}: the input has no column {name!r}{close}",
            target=Setting("target"),
            name=target,
            close=close_match(target, set(table.names)),
        ),
        f"It has {plural(len(table.names), 'column')}: {shorten(table.names, 20)}.",
    )


def _labels_of_array(labels: Any, target: str, n_rows: int) -> Any:
    if labels.shape != (n_rows,):
        raise TableError(
            Words(
                "{target}: the array has shape {shape}, and there are {n_rows:,} rows.",
                target=Setting("target", target),
                shape=labels.shape,
                n_rows=n_rows,
            )
        )
    return labels.astype(str).astype(object)
