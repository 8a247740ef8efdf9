"""The matrix that is selected on, and which rows of the table are in it."""

from dataclasses import dataclass
from typing import Any

from sklearn_zcore._words import plural
from sklearn_zcore.tables import Table, spelled

from ._errors import CliError, as_option
from ._options import ColumnOptions


@dataclass
class Features:
    """The matrix and how it came about.

    Attributes
    ----------
    X : ndarray of shape (n_kept, n_features)
        The features.
    columns : list of PreparedColumn
        What became of each column of the table; missing values are those of all its rows.
    notes : list of str
        What the user should know.
    done : list of str
        What was done, in sentences; the first is about all columns.
    kept : ndarray of shape (n_kept,) or None
        The table's rows in `X`; None is all of them.
    raw : bool
        Whether the columns were used as they are.
    handling : {"impute", "drop", "error"}
        What was done about missing values.
    n_dropped : int
        Rows left out because a value was missing.
    """

    X: Any
    columns: list[Any]
    notes: list[str]
    done: list[str]
    kept: Any
    raw: bool
    handling: str
    n_dropped: int = 0


def build_features(used: Table, columns: ColumnOptions) -> Features:
    """Make the matrix that the selector is fitted on.

    Parameters
    ----------
    used : Table
        The columns that are features.
    columns : ColumnOptions
        What to do with them.

    Returns
    -------
    features : Features
        The matrix and its story.
    """
    missing = columns.missing or ("error" if columns.raw else "impute")
    features = _as_they_are(used, missing) if columns.raw else _prepared(columns, used, missing)
    if missing == "drop":
        from sklearn_zcore.tables import dropped_rows

        features.done += dropped_rows(features.columns)
    features.notes = [spelled(note, as_option) for note in features.notes]
    features.done = [spelled(line, as_option) for line in features.done]
    features.n_dropped = used.n_rows - len(features.X)
    return features


def preparation(columns: ColumnOptions) -> Any:
    """Return what makes numbers of a table's columns, unfitted."""
    from sklearn_zcore.tables import TablePreparation

    return TablePreparation(
        missing="error" if columns.missing == "error" else "impute",
        max_categories=columns.max_categories,
        kinds=_parse_kinds(columns.kind),
        decimal=columns.decimal or "auto",
    )


def _as_they_are(used: Table, missing: str) -> Features:
    """Hand the numbers of a table on."""
    from sklearn_zcore.tables import raw_numbers

    numbers = raw_numbers(used, missing=missing)
    n_features = numbers.X.shape[1]
    done = [f"{n_features:,} from {plural(n_features, 'column')} as they are (--raw)"]
    return Features(numbers.X, numbers.columns, numbers.notes, done, numbers.kept, True, missing)


def _prepared(options: ColumnOptions, used: Table, missing: str) -> Features:
    """Prepare a table; where rows with missing values go, fit on those that stay."""
    import numpy as np

    from sklearn_zcore.tables import too_few_complete_rows

    prepare = preparation(options)
    X, kept = prepare.fit_transform(used), None
    columns, notes = prepare.columns_, prepare.notes_
    if missing == "drop":
        complete = prepare.complete_rows(used)
        if complete.sum() <= 1 < used.n_rows:
            raise too_few_complete_rows(int(complete.sum()), used.n_rows)
        if not complete.all():
            kept = np.flatnonzero(complete)
            X = prepare.fit_transform(used.take(kept))
    done = prepare.report()[: -len(prepare.notes_) or None]
    return Features(X, columns, notes, done, kept, False, missing)


def _parse_kinds(given: list[str] | None) -> dict[str, str]:
    """Read ``--kind``: a column's name, an equals sign, and what it is."""
    kinds = {}
    for text in given or []:
        name, sign, kind = text.rpartition("=")
        if not sign:
            raise CliError(
                f"--kind {text!r} is not of the form NAME=KIND.",
                "For example: --kind zip=categorical.",
            )
        kinds[name] = kind
    return kinds
