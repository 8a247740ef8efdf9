"""Columns of numbers as they are: no scaling, no encoding, no copy of an array."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_zcore._words import shorten

from ._errors import Setting, TableError, Words
from ._frames import as_columns
from ._kinds import find_kind
from ._numbers import Survey, refuse_missing
from ._report import PreparedColumn, notes_on
from ._table import Table

# Rows that are looked at together.
_BLOCK_CELLS = 2**22


@dataclass
class RawNumbers:
    """A matrix of numbers as they were in a file.

    Attributes
    ----------
    X : ndarray of shape (n_kept, n_features)
        The numbers; an array of a file itself, where nothing had to be left out.
    kept : ndarray of shape (n_kept,) or None
        The rows of the table that are in X; None is all of them.
    columns : list of PreparedColumn
        What became of each column.
    notes : list of str
        What the user should know.
    """

    X: np.ndarray
    kept: np.ndarray | None
    columns: list[PreparedColumn]
    notes: list[str]


def raw_numbers(table: Table, *, missing: str = "error") -> RawNumbers:
    """Take the columns of a table as they are.

    Parameters
    ----------
    table : Table
        With columns of numbers only.
    missing : {"error", "drop"}, default="error"
        Refuse missing values, or leave out the rows that have some.

    Returns
    -------
    raw : RawNumbers
        The matrix.

    Raises
    ------
    TableError
        A column is not of numbers, or a value is infinite, or missing; or no row is left.
    """
    X, notes = _matrix(table)
    survey = Survey(table.names)
    step = max(1, _BLOCK_CELLS // X.shape[1])
    for start in range(0, len(X), step):
        survey.add(X[start : start + step], 0, start)
    survey.refuse_infinite()
    empty = survey.n_missing == len(X)
    counts = dict(zip(table.names, survey.n_missing.tolist(), strict=True))
    if missing == "error":
        refuse_missing({name: count for name, count in counts.items() if count})
    columns = [
        PreparedColumn(name, "empty", "not used: no value in any row", 0, len(X))
        if gone
        else PreparedColumn(name, "numeric", "as it is", 1, counts[name])
        for name, gone in zip(table.names, empty, strict=True)
    ]
    if empty.all():
        raise TableError("No column is left to select on: none has a value in any row.")
    if empty.any():
        X = X[:, ~empty]
    kept = None
    if survey.n_missing[~empty].any():
        kept = np.concatenate(
            [
                start + np.flatnonzero(~np.isnan(X[start : start + step]).any(axis=1))
                for start in range(0, len(X), step)
            ]
        )
        if len(kept) <= 1 < len(X):
            raise too_few_complete_rows(len(kept), len(X))
        X = X[kept]
    return RawNumbers(X, kept, columns, [*notes, *notes_on(columns)])


def too_few_complete_rows(n_complete: int, n_rows: int) -> TableError:
    """Return what is said where rows with missing values are dropped and at most one is left.

    Parameters
    ----------
    n_complete, n_rows : int
        Rows without a missing value, and all of them.

    Returns
    -------
    error : TableError
    """
    if not n_complete:
        return no_complete_row()
    return TableError(
        Words(
            "{drop} leaves one row of {n_rows:,}, which is nothing to select from: all others have "
            "a missing value.",
            drop=Setting("missing", "drop"),
            n_rows=n_rows,
        ),
        no_complete_row().hint,
    )


def no_complete_row() -> TableError:
    """Say that leaving out rows with missing values leaves none."""
    return TableError(
        Words("{drop} leaves no row: each has a missing value.", drop=Setting("missing", "drop")),
        Words(
            "Fill them in ({impute}) or leave out the emptiest columns ({ignore}).",
            impute=Setting("missing", "impute"),
            ignore=Setting("ignore"),
        ),
    )


def _matrix(table: Table) -> tuple[np.ndarray, list[str]]:
    """Return the numbers of a table, and notes on columns that may be no numbers."""
    if table.array is not None:
        X = table.array
        if X.dtype.kind == "b":
            return X.astype(np.float32), []
        return X if X.dtype.isnative else X.astype(X.dtype.newbyteorder("=")), []
    columns = as_columns(table)
    readers = [find_kind(name, columns[name], None, "auto") for name in table.names]
    other = [r.name for r in readers if r.kind not in ("numeric", "datetime", "empty")]
    other += [r.name for r in readers if r.kind == "datetime"]
    if other:
        raise TableError(
            Words(
                "{raw} needs numeric columns, and these are not: {names}.",
                raw=Setting("raw"),
                names=shorten(other),
            ),
            Words(
                "Leave them out ({leave}) or leave out {raw}.",
                leave=Setting("kinds", dict.fromkeys(other, "ignore")),
                raw=Setting("raw"),
            ),
            other,
        )
    nothing: Any = np.full(table.n_rows, np.nan)
    numbers = [nothing if r.kind == "empty" else r.read(columns[r.name]) for r in readers]
    return np.column_stack(numbers), [note for reader in readers for note in reader.notes]
