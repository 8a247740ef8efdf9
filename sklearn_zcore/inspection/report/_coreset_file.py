"""A coreset that was chosen earlier or elsewhere, from a file of row numbers or paths."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore._words import plural, shorten
from sklearn_zcore.tables import TableError, file_format, read_table

# What columns are called that say which rows are meant, the surest first.
_PATHS = ("path", "filepath", "file_path", "filename", "file_name", "file", "image")
_ROWS = ("zcore_row", "row", "row_number", "index", "indices", "Unnamed: 0", "")
_RANKS = ("zcore_rank", "rank")


def read_coreset_file(
    path: str | os.PathLike[str],
    n_samples: int,
    paths: Sequence[str] | None = None,
    *,
    column: str | None = None,
) -> NDArray[np.intp]:
    """Return the rows that a file names.

    Parameters
    ----------
    path : str or path-like
        A .npy file of row numbers or of a mask, or a table: .csv, .parquet and what else
        `read_table` reads. A CSV file of a single column needs no header.
    n_samples : int
        How many rows there are to choose from.
    paths : sequence of n_samples str or None, default=None
        The files that the rows are, where the file may name these. They may be given as they are,
        from the root, or by as much of their end as tells them apart.
    column : str or None, default=None
        The column with the row numbers or paths. None is the one that is called like that.

    Returns
    -------
    ndarray of int
        By rank, where there is a column of ranks; else as they stand.

    Raises
    ------
    TableError
        If the file cannot be read, or names rows that do not exist.
    """
    path = Path(path)
    if file_format(path) == ".npy":
        cells: Any = _read_array(path)
        if cells.dtype == bool and cells.size == n_samples:
            return np.flatnonzero(cells)
        if cells.dtype.kind not in "iu":
            raise TableError(
                f"{path} holds {cells.dtype} values: row numbers, or a mask of the {n_samples:,} "
                f"rows, were expected."
            )
        cells = cells.tolist()
    else:
        cells = _read_cells(path, paths, column)
    rows = _rows_of(cells, path, n_samples, paths)
    unique, first = np.unique(rows, return_index=True)
    if unique.size < rows.size:
        twice = rows[np.delete(np.arange(rows.size), first)[0]]
        raise TableError(f"{path} names row {twice} twice.", "Leave the second one out.")
    return rows


def places_among(rows: NDArray[np.intp], kept: NDArray[np.intp] | None) -> NDArray[np.intp]:
    """Return where rows stand among those that were kept of all.

    Parameters
    ----------
    rows : ndarray of int
    kept : ndarray of int or None
        The numbers of the kept rows, in order; None is all.

    Returns
    -------
    ndarray of int

    Raises
    ------
    TableError
        If one of them was not kept.
    """
    if kept is None:
        return rows
    places = np.searchsorted(kept, rows)
    is_lost = kept[np.minimum(places, len(kept) - 1)] != rows
    if is_lost.any():
        raise TableError(
            f"The coreset has row {rows[is_lost][0]}, which had to be left out: it cannot be used."
        )
    return places


def _read_array(path: Path) -> NDArray[Any]:
    try:
        found = np.asarray(np.load(path, allow_pickle=False))
    except (ValueError, EOFError) as error:
        raise TableError(f"{path} is not a .npy file of numbers: {error}.") from error
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1:
        raise TableError(f"{path} is an array of shape {found.shape}: one column was expected.")
    return found


def _read_cells(path: Path, paths: Sequence[str] | None, column: str | None) -> list[Any]:
    """Return the cells of the column that says which rows are meant, by rank."""
    table = read_table(path)
    if column is None:
        column = _find_column(path, table.names, paths is not None)
    elif column not in table.names:
        raise TableError(f"{path} has no column {column!r}.", f"It has {shorten(table.names)}.")
    cells = _cells(table, column)
    if len(table.names) == 1 and (column.isdecimal() or (paths and _ends(column) & _all(paths))):
        cells = [column, *cells]  # the first line was no header
    rank: str | None = next(
        (name for name in _RANKS if name in table.names and name != column), None
    )
    if rank is not None:
        order = np.argsort(np.array(_cells(table, rank), dtype=float), kind="stable")
        cells = [cells[place] for place in order]
    return cells


def _find_column(path: Path, names: list[str], may_be_paths: bool) -> str:
    called = [*(_PATHS if may_be_paths else ()), *_ROWS]
    found = [name for name in called if name in names] or (names if len(names) == 1 else [])
    if found:
        return found[0]
    raise TableError(
        f"{path} has {plural(len(names), 'column')}, and none is called "
        f"{_PATHS[0] if may_be_paths else _ROWS[0]}: which one says what was selected?",
        f"Name it; there are {shorten(names)}.",
    )


def _cells(table: Any, name: str) -> list[Any]:
    if table.table is None:
        return list(table.array[:, table.names.index(name)].tolist())
    return list(table.table[name].to_pylist())


def _all(paths: Sequence[str]) -> set[str]:
    return {name for path in paths for name in _ends(path)}


def _ends(path: str) -> set[str]:
    """Return the whole path, and the name alone."""
    return {path, os.path.basename(path)}


def _rows_of(
    cells: list[Any], path: Path, n_samples: int, paths: Sequence[str] | None
) -> NDArray[np.intp]:
    numbers = [_as_number(cell) for cell in cells]
    if paths is not None and any(number is None for number in numbers):
        return _rows_of_paths([str(cell) for cell in cells], path, paths)
    for number, cell in zip(numbers, cells, strict=True):
        if number is None or not 0 <= number < n_samples:
            raise TableError(
                f"{path} names {cell!r}, which is no number of the {n_samples:,} rows.",
                f"They are numbered from 0 to {n_samples - 1}.",
            )
    return np.array(numbers, dtype=np.intp)


def _as_number(cell: Any) -> int | None:
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else None


def _rows_of_paths(wanted: list[str], path: Path, paths: Sequence[str]) -> NDArray[np.intp]:
    """Find files by their path, whole or from any folder on."""
    places: dict[str, list[int]] = {}
    for row, name in enumerate(paths):
        parts = Path(os.path.abspath(name)).parts
        for start in range(len(parts)):
            places.setdefault("/".join(parts[start:]).replace("//", "/"), []).append(row)
    found, missing = [], []
    for name in wanted:
        # As it is written; as a path from where the coreset was chosen; and without the apostrophe
        # that keeps a spreadsheet from running it.
        asked = [os.path.normpath(name), os.path.abspath(name)]
        asked += [os.path.normpath(name[1:])] if name.startswith("'") else []
        rows = next((places[Path(p).as_posix()] for p in asked if Path(p).as_posix() in places), [])
        if len(rows) > 1:
            raise TableError(
                f"{path} names {name!r}, and there are {len(rows):,} such files.",
                "Name them with their folders.",
            )
        found += rows
        missing += [] if rows else [name]
    if missing:
        raise TableError(
            f"{path} names {plural(len(missing), 'file')} that are not in the folder: "
            f"{shorten(missing, 3)}."
        )
    return np.array(found, dtype=np.intp)
