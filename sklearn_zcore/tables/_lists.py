"""Columns whose cells are lists of numbers, as embeddings are kept in Parquet files and frames."""

import re
from dataclasses import replace
from typing import Any

from sklearn_zcore._words import plural

from ._errors import Setting, TableError, Words, merged, require
from ._table import Table

_PLACE = re.compile(r"\[\d+\]$")


def lists_to_matrix(column: Any) -> Any:
    """Return a column of lists of numbers as a matrix, ready for a selector.

    Parameters
    ----------
    column : pandas.Series, polars.Series, pyarrow.Array, pyarrow.ChunkedArray or sequence
        Each cell is a list, an array or a tuple of numbers, all of one length; or missing.

    Returns
    -------
    X : ndarray of shape (n_rows, n_features)
        float32 if the numbers are of that type or of half precision, else float64. A missing cell
        is a row of NaN.

    Raises
    ------
    TableError
        Cells differ in length (the message names the first that does), are no lists of numbers,
        or all are missing.
    ImportError
        PyArrow is missing; names the extra.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_zcore.tables import lists_to_matrix
    >>> frame = pd.DataFrame({"id": [7, 8], "emb": [[0.5, 1.0], [2.0, 3.0]]})
    >>> lists_to_matrix(frame["emb"])
    array([[0.5, 1. ],
           [2. , 3. ]])
    """
    (pa,) = require("pyarrow", why="lists_to_matrix")
    import numpy as np
    import pyarrow.compute as pc

    name = getattr(column, "name", None)
    called = "the column" if name is None else f"column {name!r}"
    if hasattr(column, "to_arrow"):  # of polars
        column = column.to_arrow()
    try:
        if not isinstance(column, pa.Array | pa.ChunkedArray):
            column = pa.array(list(column), from_pandas=True)
    except (pa.ArrowException, TypeError) as error:
        raise TableError(f"Not every cell of {called} is a list of numbers: {error}.") from error
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # of no chunk, or of several by an old PyArrow
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if not is_list_of_numbers(column.type):
        raise TableError(
            f"The cells of {called} are of type {column.type}, and no lists of numbers."
        )
    known = column.is_valid().to_numpy(zero_copy_only=False)
    lengths = pc.list_value_length(column).drop_null().to_numpy(zero_copy_only=False)
    if not lengths.size:
        raise TableError(f"All cells of {called} are missing.")
    odd = np.flatnonzero(lengths != lengths[0])
    if odd.size:
        row = np.flatnonzero(known)[odd[0]]
        raise TableError(
            f"The lists in {called} differ in length: {plural(int(lengths[0]), 'number')} in row "
            f"{np.flatnonzero(known)[0]:,}, {lengths[odd[0]]:,} in row {row:,} (counted from 0).",
            "An embedding has as many numbers in every row: repair or remove the others.",
        )
    numbers = pc.list_flatten(column.drop_null())
    narrow = pa.types.is_float16(numbers.type) or pa.types.is_float32(numbers.type)
    values = numbers.to_numpy(zero_copy_only=False).astype(np.float32 if narrow else np.float64)
    X = np.full((len(column), int(lengths[0])), np.nan, values.dtype)
    X[known] = values.reshape(-1, X.shape[1])
    return X


def is_list_of_numbers(kind: Any) -> bool:
    """Tell whether a type of Arrow is that of lists of numbers."""
    import pyarrow as pa

    t = pa.types
    if not (t.is_list(kind) or t.is_large_list(kind) or t.is_fixed_size_list(kind)):
        return False
    inner = kind.value_type
    return bool(t.is_integer(inner) or t.is_floating(inner))


def spread_lists(table: Table) -> tuple[Table, list[str]]:
    """Put a column for each number in the place of each column of lists of numbers.

    Parameters
    ----------
    table : Table
        Its columns of lists are replaced: ``emb`` by ``emb[0]``, ``emb[1]``, ...

    Returns
    -------
    table : Table
        The same rows, without such columns.
    notes : list of str
        What was done, a sentence for each.

    Raises
    ------
    TableError
        Lists of one column differ in length.
    """
    if table.table is None:
        return table, []
    import pyarrow as pa

    columns: dict[str, Any] = {}
    notes: list[str] = []
    troubles: list[TableError] = []
    for name in table.names:
        column = table.table[name]
        if not is_list_of_numbers(column.type) or column.null_count == len(column):
            columns[name] = column
            continue
        try:
            X = lists_to_matrix(column)
        except TableError as error:
            message = error.message.replace("the column", f"column {name!r}")
            troubles.append(TableError(message, error.hint, [name]))
            continue
        for i, values in enumerate(X.T):
            columns[f"{name}[{i}]"] = pa.chunked_array([pa.array(values, from_pandas=True)])
        notes.append(
            Words(
                "column {name!r} holds lists of {width:,} numbers, a feature each; {raw} takes "
                "embeddings as they are.",
                name=name,
                width=X.shape[1],
                raw=Setting("raw"),
            )
        )
    if troubles:
        raise merged(troubles)
    if not notes:
        return table, []
    return replace(table, names=list(columns), table=pa.table(columns), file_rows=None), notes


def shortened(names: list[str], known: list[str]) -> list[str]:
    """Return names of columns with one name for all features of a list, or of an array.

    Parameters
    ----------
    names : list of str
        Such as ``f0`` to ``f1279``, or ``emb[0]`` to ``emb[511]``.
    known : list of str
        The table's own columns; others come of its lists.

    Returns
    -------
    names : list of str
        ``f0...f1279`` where more than twenty of that form follow on each other; ``emb``.

    Examples
    --------
    >>> from sklearn_zcore.tables._lists import shortened
    >>> shortened(["age", "emb[0]", "emb[1]"], ["age", "emb"])
    ['age', 'emb']
    >>> features = [f"f{i}" for i in range(100)]
    >>> shortened(features, features)
    ['f0...f99']
    """
    own = set(known)
    short = list(dict.fromkeys(n if n in own else _PLACE.sub("", n) for n in names))
    numbers = [int(name[1:]) for name in short if re.fullmatch(r"f(0|[1-9]\d*)", name)]
    if len(numbers) == len(short) > 20 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return [f"{short[0]}...{short[-1]}"]
    return short
