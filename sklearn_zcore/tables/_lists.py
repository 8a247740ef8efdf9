"""Columns whose cells are lists of numbers, as embeddings are kept in Parquet files and frames."""

import re
from collections.abc import Container
from dataclasses import replace
from typing import Any, NamedTuple

from sklearn_zcore._words import plural

from ._errors import Setting, TableError, Words, merged, require
from ._list_text import is_text, looks_like_lists, parse_lists
from ._table import Table

_PLACE = re.compile(r"\[\d+\]$")


def lists_to_matrix(column: Any) -> Any:
    """Return a column of lists of numbers as a matrix, ready for a selector.

    Parameters
    ----------
    column : pandas.Series, polars.Series, pyarrow.Array, pyarrow.ChunkedArray or sequence
        Each cell is a list, an array or a tuple of numbers, all of one length; or text that holds
        one, as in CSV files: ``[0.5, 1.0]``, ``[0.5 1.0]`` or ``{0.5,1.0}``; or missing.

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

    As a CSV file has it:

    >>> lists_to_matrix(["[0.5, 1.0]", "[2.0, 3.0]"])
    array([[0.5, 1. ],
           [2. , 3. ]])
    """
    (pa,) = require("pyarrow", why="lists_to_matrix")
    name = getattr(column, "name", None)
    called = "the column" if name is None else f"column {name!r}"
    if hasattr(column, "to_arrow"):  # of polars
        column = column.to_arrow()
    try:
        if not isinstance(column, pa.Array | pa.ChunkedArray):
            column = pa.array(list(column), from_pandas=True)
    except (pa.ArrowException, TypeError) as error:
        raise TableError(f"Not every cell of {called} is a list of numbers: {error}.") from error
    return _matrix(column, called)


def _matrix(column: Any, called: str, first_row: int | None = 0) -> Any:
    """Return a column of Arrow as a matrix; None as the number of its first row is unknown."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_text(column.type):
        column = parse_lists(column, called, first_row)
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
        rows = np.flatnonzero(known)[[0, odd[0]]].tolist()
        raise _differ(called, [int(lengths[0]), int(lengths[odd[0]])], rows, first_row)
    numbers = pc.list_flatten(column.drop_null())
    narrow = pa.types.is_float16(numbers.type) or pa.types.is_float32(numbers.type)
    values = numbers.to_numpy(zero_copy_only=False).astype(np.float32 if narrow else np.float64)
    X = np.full((len(column), int(lengths[0])), np.nan, values.dtype)
    X[known] = values.reshape(-1, X.shape[1])
    return X


def _differ(
    called: str, lengths: list[int], rows: list[int], first_row: int | None = None
) -> TableError:
    where = ["in some rows", "in others"]
    if first_row is not None:
        where = [f"in row {first_row + row:,}" for row in rows]
        where[1] += " (counted from 0)"
    return TableError(
        f"The lists in {called} differ in length: {plural(lengths[0], 'number')} {where[0]}, "
        f"{lengths[1]:,} {where[1]}.",
        "An embedding has as many numbers in every row: repair or remove the others.",
    )


def is_list_of_numbers(kind: Any) -> bool:
    """Tell whether a type of Arrow is that of lists of numbers."""
    import pyarrow as pa

    t = pa.types
    if not (t.is_list(kind) or t.is_large_list(kind) or t.is_fixed_size_list(kind)):
        return False
    inner = kind.value_type
    return bool(t.is_integer(inner) or t.is_floating(inner))


class Spread(NamedTuple):
    """A table whose columns of lists have become columns of numbers.

    Attributes
    ----------
    table : Table
        The same rows.
    notes : list of str
        What was done, a sentence for each.
    widths : dict of str to int
        The columns that were lists, and how many numbers theirs have.
    """

    table: Table
    notes: list[str]
    widths: dict[str, int]


def spread_lists(
    table: Table,
    as_it_is: Container[str] = (),
    *,
    known: dict[str, int] | None = None,
    first_row: int | None = 0,
) -> Spread:
    """Put a column for each number in the place of each column of lists of numbers.

    Parameters
    ----------
    table : Table
        Its columns of lists, and those of text that holds lists of three numbers or more, are
        replaced: ``emb`` by ``emb[0]``, ``emb[1]``, ...
    as_it_is : container of str, default=()
        Columns of text that stay text.
    known : dict of str to int or None, default=None
        For some of the rows of a table: the ``widths`` that others had. These columns are
        replaced, and no others. None finds out.
    first_row : int or None, default=0
        The number of the first row, for messages; None if these are no rows that follow on each
        other.

    Returns
    -------
    Spread

    Raises
    ------
    TableError
        Lists of one column differ in length; or some of its text holds none.
    """
    if table.table is None:
        return Spread(table, [], {})
    import pyarrow as pa

    columns: dict[str, Any] = {}
    notes: list[str] = []
    widths: dict[str, int] = {}
    troubles: list[TableError] = []
    for name in table.names:
        column = table.table[name]
        of_text = is_text(column.type)
        if known is not None:
            is_wanted = name in known
        elif of_text:
            is_wanted = name not in as_it_is and looks_like_lists(column)
        else:
            is_wanted = is_list_of_numbers(column.type) and column.null_count < len(column)
        if not is_wanted:
            columns[name] = column
            continue
        called = f"column {name!r}"
        try:
            if known is None:
                X = _matrix(column, called, first_row)
            else:
                X = _known_matrix(column, called, known[name], first_row)
        except TableError as error:
            troubles.append(TableError(error.message, error.hint, [name]))
            continue
        for i, values in enumerate(X.T):
            columns[f"{name}[{i}]"] = pa.chunked_array([pa.array(values, from_pandas=True)])
        notes.append(_note(name, X.shape[1], of_text))
        widths[name] = X.shape[1]
    if troubles:
        raise merged(troubles)
    if not widths:
        return Spread(table, [], {})
    spread = replace(table, names=list(columns), table=pa.table(columns), file_rows=None)
    return Spread(spread, notes, widths)


def _known_matrix(column: Any, called: str, width: int, first_row: int | None) -> Any:
    """Return the numbers of some rows' lists, of which others have the width."""
    import numpy as np

    if column.null_count == len(column):
        return np.full((len(column), width), np.nan)
    X = _matrix(column, called, first_row)
    if X.shape[1] != width:
        raise _differ(called, [width, X.shape[1]], [])
    return X


def _note(name: str, width: int, of_text: bool) -> Words:
    if not of_text:
        said = (
            "column {name!r} holds lists of {width:,} numbers, a feature each; {raw} takes "
            "embeddings as they are."
        )
        return Words(said, name=name, width=width, raw=Setting("raw"))
    return Words(
        "column {name!r} is text that holds lists of {width:,} numbers, a feature each; {raw} "
        "takes embeddings as they are. As text: {kinds}.",
        name=name,
        width=width,
        raw=Setting("raw"),
        kinds=Setting("kinds", {name: "text"}),
    )


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
