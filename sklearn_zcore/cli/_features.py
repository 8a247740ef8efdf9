"""The matrix that is selected on, and which rows of the table are in it."""

from dataclasses import dataclass
from typing import Any

from sklearn_zcore._words import plural, shorten
from sklearn_zcore.tables import Roles, Table, spelled

from ._errors import CliError, as_option


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


def build_features(
    source: Table,
    roles: Roles,
    *,
    raw: bool,
    missing: str,
    max_categories: int,
    kinds: dict[str, str],
    decimal: str,
) -> Features:
    """Make the matrix that the selector is fitted on.

    Parameters
    ----------
    source : Table
        The input.
    roles : Roles
        Which of its columns are features.
    raw : bool
        Use the columns as they are.
    missing : {"impute", "drop", "error"}
        What to do about missing values.
    max_categories : int
        The number of features that a categorical column may become.
    kinds : dict of str to str
        What columns are, where the user says it.
    decimal : {"auto", ".", ","}
        The decimal separator of numbers that stand in text.

    Returns
    -------
    features : Features
        The matrix and its story.
    """
    used = source.select(roles.features)
    if raw:
        if kinds or decimal != "auto":
            raise CliError(
                "--raw uses the columns as they are; --kind and --decimal mean nothing to it.",
                "Leave one of them out.",
            )
        features = _as_they_are(used, missing)
    else:
        from sklearn_zcore.tables import TablePreparation

        preparation = TablePreparation(
            missing="error" if missing == "error" else "impute",
            max_categories=max_categories,
            kinds=kinds,
            decimal=decimal,
        )
        features = _prepared(preparation, used, missing)
    if missing == "drop":
        features.done += _dropped(features.columns)
    features.notes = [spelled(note, as_option) for note in features.notes]
    features.done = [spelled(line, as_option) for line in features.done]
    features.n_dropped = source.n_rows - len(features.X)
    return features


def _as_they_are(used: Table, missing: str) -> Features:
    """Hand the numbers of a table on."""
    from sklearn_zcore.tables import raw_numbers

    numbers = raw_numbers(used, missing=missing)
    n_features = numbers.X.shape[1]
    done = [f"{n_features:,} from {plural(n_features, 'column')} as they are (--raw)"]
    return Features(numbers.X, numbers.columns, numbers.notes, done, numbers.kept, True, missing)


def _prepared(preparation: Any, used: Table, missing: str) -> Features:
    """Prepare a table; where rows with missing values go, fit on those that stay."""
    import numpy as np

    from sklearn_zcore.tables import no_complete_row

    X, kept = preparation.fit_transform(used), None
    columns, notes = preparation.columns_, preparation.notes_
    if missing == "drop":
        complete = preparation.complete_rows(used)
        if not complete.any():
            raise no_complete_row()
        if not complete.all():
            kept = np.flatnonzero(complete)
            X = preparation.fit_transform(used.take(kept))
    done = preparation.report()[: -len(preparation.notes_) or None]
    return Features(X, columns, notes, done, kept, False, missing)


def _dropped(columns: list[Any]) -> list[str]:
    """Say in which columns values were missing, of rows that were dropped."""
    from sklearn_zcore.tables import missing_by_kind

    return [
        f"missing: {plural(entry['cells'], 'value')} in {kind} {shorten(entry['columns'])}: rows "
        "dropped"
        for kind, entry in missing_by_kind(columns, "drop").items()
    ]


def parse_kinds(given: list[str] | None) -> dict[str, str]:
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
