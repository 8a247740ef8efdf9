"""The matrix that is selected on, and which rows of the table are in it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_zcore._words import plural, shorten

from ._errors import Setting, TableError, Words, merged
from ._lists import spread_lists
from ._preparation import TablePreparation
from ._raw import raw_numbers, too_few_complete_rows
from ._report import PreparedColumn, dropped_rows
from ._roles import parse_kinds
from ._table import Table


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


def preparation_of(options: Any) -> TablePreparation:
    """Return what makes numbers of a table's columns, unfitted.

    Parameters
    ----------
    options : object
        With the command's options of columns as attributes.
    """
    return TablePreparation(
        missing="error" if options.missing == "error" else "impute",
        max_categories=options.max_categories,
        kinds=parse_kinds(options.kind or []),
        decimal=options.decimal or "auto",
    )


def find_features(
    used: Table,
    prepare: TablePreparation | None,
    missing: str,
    check: Callable[[], None] = lambda: None,
) -> tuple[Table, Features]:
    """Make the matrix that a selector is fitted on; all columns at fault are told at once.

    Parameters
    ----------
    used, prepare, missing
        As `build_features` takes them.
    check : callable, default=lambda: None
        Refuses columns that cannot be written.

    Returns
    -------
    used : Table
        With a column for each number of a list.
    features : Features

    Raises
    ------
    TableError
        Of all troubles that can be seen, with one remedy for them.
    """
    troubles: list[TableError] = []
    rest = used
    try:
        check()
    except TableError as trouble:
        troubles.append(trouble)
    while True:
        try:
            kinds = None if prepare is None else prepare.kinds
            spread, told, _ = spread_lists(rest, as_it_is=kinds or ())
            features = build_features(spread, prepare, missing)
        except TableError as trouble:
            troubles.append(trouble)
            for part in [trouble, *trouble.parts]:  # A number of a list is called after it.
                of = [n if n in rest.names else n.rpartition("[")[0] for n in part.columns]
                part.columns = tuple(dict.fromkeys(of))
            bad = set(trouble.columns)
            left = [name for name in rest.names if name not in bad]
            if bad and left and len(left) < len(rest.names):
                rest = rest.select(left)
                continue
        break
    if troubles:
        raise merged(troubles)
    if not features.raw:
        features.notes = [*told, *features.notes]
    return spread, features


def build_features(used: Table, prepare: TablePreparation | None, missing: str) -> Features:
    """Make the matrix that a selector is fitted on.

    Parameters
    ----------
    used : Table
        The columns that are features.
    prepare : TablePreparation or None
        What makes numbers of them; None takes them as they are.
    missing : {"impute", "drop", "error"}
        What is done about missing values.

    Returns
    -------
    Features
        The matrix and its story.
    """
    features = _as_they_are(used, missing) if prepare is None else _prepared(prepare, used, missing)
    if missing == "drop":
        features.done += dropped_rows(features.columns)
    features.n_dropped = used.n_rows - len(features.X)
    return features


def _as_they_are(used: Table, missing: str) -> Features:
    """Hand the numbers of a table on."""
    numbers = raw_numbers(used, missing=missing)
    n_features = numbers.X.shape[1]
    done: list[str] = [
        Words(
            "{n} from {columns} as they are ({raw})",
            n=f"{n_features:,}",
            columns=plural(n_features, "column"),
            raw=Setting("raw"),
        )
    ]
    return Features(numbers.X, numbers.columns, numbers.notes, done, numbers.kept, True, missing)


def _prepared(prepare: TablePreparation, used: Table, missing: str) -> Features:
    """Prepare a table; where rows with missing values go, fit on those that stay."""
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


def uncounted_features(n_rows: int) -> Features:
    """Return what a selector gets that needs no numbers: as many rows as there are."""
    done = ["none: this method needs the number of rows, and no values are read"]
    return Features(range(n_rows), [], [], done, None, False, "impute")


def embedded_features(
    names: list[str], blocks: list[np.ndarray], broken: Iterable[int], models: str
) -> Features:
    """Return the embeddings of columns as features.

    Parameters
    ----------
    names : list of str
        The columns.
    blocks : list of ndarray of shape (n_rows, n_features)
        Their embeddings.
    broken : iterable of int
        Rows that have none.
    models : str
        What has embedded them.

    Returns
    -------
    Features
        Without the broken rows.
    """
    n_rows = len(blocks[0])
    X = blocks[0] if len(blocks) == 1 else np.hstack(blocks)
    kept = np.setdiff1d(np.arange(n_rows), list(broken))
    if not kept.size:
        raise TableError(f"No row is left: nothing in {shorten(names)} can be embedded.")
    columns = [
        PreparedColumn(name, "embedded", f"embedded by {models}", block.shape[1], 0)
        for name, block in zip(names, blocks, strict=True)
    ]
    done = [f"{X.shape[1]:,} from {plural(len(names), 'column')}: {shorten(names)}"]
    whole = kept.size == n_rows
    return Features(
        X if whole else X[kept],
        columns,
        [],
        done,
        None if whole else kept,
        True,
        "drop",
        n_rows - kept.size,
    )
