"""Columns as values to tell rows apart by, and rows that a file or a column names."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore._words import close_match, plural, shorten

from ._errors import TableError
from ._read import read_table
from ._table import Table

ROW_COLUMN, RANK_COLUMN = "zcore_row", "zcore_rank"


def column_text(source: Table, name: str, asked: str) -> NDArray[Any]:
    """Return a column of all rows, as text; None where nothing stands.

    Parameters
    ----------
    source : Table
    name : str
        A column, or another array of an .npz file.
    asked : str
        What asked for it, for the message.

    Returns
    -------
    ndarray of shape (n_rows,), object

    Raises
    ------
    TableError
        If there is no such column.
    """
    if name in source.names:
        if source.table is None:
            column = source.array[:, source.names.index(name)]
            return np.array([str(value) for value in column], dtype=object)
        import pyarrow.compute as pc

        is_here = source.has_values or source.file_rows is None
        column = source.table[name] if is_here else source.file_rows.column(name)  # type: ignore[union-attr]
        if hasattr(column.type, "value_type"):  # of a dictionary
            column = column.cast(column.type.value_type)
        return np.array(pc.cast(column, "string").to_pylist(), dtype=object)
    if source.format == ".npz":
        found = _arrays_beside(source, name)
        if found:
            is_flat = all(values.ndim == 1 for values in found)
            if not is_flat or sum(map(len, found)) != source.n_rows:
                raise TableError(
                    f"{asked} {name}: the array has shape {found[0].shape}, and there are "
                    f"{source.n_rows:,} rows."
                )
            return np.concatenate([values.astype(str).astype(object) for values in found])
    raise TableError(
        f"{asked}: the input has no column {name!r}{close_match(name, set(source.names))}",
        f"It has {plural(len(source.names), 'column')}: {shorten(source.names, 20)}.",
    )


def cells_to_embed(
    source: Table, name: str, base: Path | None = None
) -> tuple[list[Any], list[str]]:
    """Return the cells of a column that a model embeds, and what each is called.

    Parameters
    ----------
    source : Table
    name : str
        The column.
    base : Path or None, default=None
        The folder that paths of images are relative to; None of texts.

    Returns
    -------
    cells : list
        Texts; paths that are absolute; images as data sets of Hugging Face hold them; None where
        nothing stands.
    names : list of str

    Raises
    ------
    TableError
        If the column holds neither.
    """
    import pyarrow as pa

    if source.table is None:
        raise TableError(f"Column {name!r} is of an array: it holds numbers, nothing to embed.")
    column = source.table[name]
    kind = column.type
    is_image = pa.types.is_struct(kind) or pa.types.is_binary(kind)
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or (base and is_image)):
        what = "texts" if base is None else "paths of images"
        raise TableError(f"Column {name!r} is of type {kind}, and holds no {what}.")
    cells = column.to_pylist()
    names = [f"row {row} of {name!r}" for row in range(len(cells))]
    if base is None or is_image:
        return cells, names
    paths = [None if cell is None else os.path.join(base, cell) for cell in cells]
    return paths, [path or name for path, name in zip(paths, names, strict=True)]


def _arrays_beside(source: Table, name: str) -> list[NDArray[Any]]:
    """Return another array of the .npz files of a matrix; none if one of them has none."""
    paths = source.origin.paths if source.origin is not None else (source.path,)
    found = []
    for path in paths:
        with np.load(path, allow_pickle=False) as arrays:
            if name not in arrays:
                return []
            found.append(np.asarray(arrays[name]))
    return found


def column_numbers(values: NDArray[Any], name: str, asked: str) -> NDArray[np.float64]:
    """Return a column of text as numbers.

    Parameters
    ----------
    values : ndarray of shape (n_rows,), object
        Of `column_text`.
    name, asked : str
        For the message.

    Returns
    -------
    ndarray of shape (n_rows,)

    Raises
    ------
    TableError
        If a cell is empty or no number.
    """
    numbers = np.empty(values.size)
    for row, value in enumerate(values):
        try:
            numbers[row] = float(value)
        except (TypeError, ValueError):
            what = "is empty" if value is None else f"holds {value!r}"
            raise TableError(
                f"{asked} {name}: row {row} {what}, and weights are numbers from 0 on.",
                "Fill it in: 1 counts a row once, 0 not at all.",
            ) from None
    return numbers


def joined(columns: list[NDArray[Any]]) -> NDArray[Any]:
    """Return the values of several columns of text as one, with a slash between them.

    Parameters
    ----------
    columns : list of ndarray of shape (n_rows,), object
        Of one, None stands where nothing stands; of several, nothing does.

    Returns
    -------
    ndarray of shape (n_rows,), object
    """
    if len(columns) == 1:
        return columns[0]
    texts = [["" if value is None else value for value in column] for column in columns]
    return np.array(["/".join(parts) for parts in zip(*texts, strict=True)], dtype=object)


def rows_not_empty(values: NDArray[Any]) -> NDArray[np.intp]:
    """Return the rows at which something stands in a column of text."""
    return np.flatnonzero([value is not None and bool(value.strip()) for value in values])


def rows_in_file(
    path: Path, n_rows: int, column: Callable[[str], NDArray[Any] | None], asked: str
) -> NDArray[np.intp]:
    """Return the rows of a table that a file names: an earlier coreset, row numbers or paths.

    Parameters
    ----------
    path : Path
        .csv or .parquet with the column ``zcore_row`` or ``path``; .npy of row numbers or a mask;
        .npz with ``indices``.
    n_rows : int
        Rows of the table.
    column : callable
        Returns a column of the table as text, None if there is none of that name.
    asked : str
        What asked for it, for the message.

    Returns
    -------
    ndarray of int
        By their rank where the file has it, else in its order.

    Raises
    ------
    TableError
        If the file names no rows of the table.
    """
    if path.suffix.lower() in (".npy", ".npz"):
        numbers = _load_array(path, asked)
    else:
        source = read_table(path)
        if ROW_COLUMN in source.names:
            text = column_text(source, ROW_COLUMN, asked)
            order = np.arange(len(text))
            if RANK_COLUMN in source.names:
                ranks = column_text(source, RANK_COLUMN, asked)
                order = np.argsort(column_numbers(ranks, RANK_COLUMN, asked), kind="stable")
            try:
                numbers = np.array([int(value) for value in text], dtype=np.int64)[order]
            except (TypeError, ValueError):
                raise TableError(f"{asked} {path}: {ROW_COLUMN} holds no row numbers.") from None
        else:
            numbers = _rows_of_paths(path, source, column, asked)
    wrong = numbers[(numbers < 0) | (numbers >= n_rows)]
    if wrong.size:
        raise TableError(
            f"{asked} {path} names row {wrong[0]}, and the input has {plural(n_rows, 'row')}.",
            "Rows are counted from 0. Is it the coreset of another table?",
        )
    _, first = np.unique(numbers, return_index=True)
    return np.asarray(numbers[np.sort(first)], np.intp)


def _load_array(path: Path, asked: str) -> NDArray[np.int64]:
    try:
        loaded = np.load(path, allow_pickle=False)
        values = np.asarray(loaded["indices"] if path.suffix.lower() == ".npz" else loaded)
    except (OSError, ValueError, KeyError) as error:
        raise TableError(f"{asked} {path} cannot be read: {error}.") from error
    if values.ndim != 1 or values.dtype.kind not in "biu":
        raise TableError(
            f"{asked} {path} holds {values.dtype} of shape {values.shape}.",
            "It has to hold the numbers of rows, from 0, or a mask of them.",
        )
    return np.flatnonzero(values) if values.dtype.kind == "b" else values.astype(np.int64)


def _rows_of_paths(
    path: Path, source: Table, column: Callable[[str], NDArray[Any] | None], asked: str
) -> NDArray[np.int64]:
    known = column("path")
    if "path" not in source.names or known is None:
        raise TableError(
            f"{asked} {path} has no column {ROW_COLUMN!r}, and no 'path' that the input has, too.",
            f"It has {shorten(source.names, 20)}.",
        )
    place = {value: row for row, value in enumerate(known)}
    wanted = column_text(source, "path", asked)
    missing = [value for value in wanted if value not in place]
    if missing:
        raise TableError(
            f"{asked} {path} names {plural(len(missing), 'path')} that the input does not have, "
            f"such as {missing[0]!r}."
        )
    return np.array([place[value] for value in wanted], dtype=np.int64)
