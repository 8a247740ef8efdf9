"""What was done with a table, in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sklearn_zcore._words import plural, shorten

from ._errors import Setting, Words
from ._lists import shortened

MISSING_CATEGORY = "missing"
_FILLED = {
    "numeric": "filled with the column's median",
    "datetime": "filled with the column's median",
    "categorical": f"filled with '{MISSING_CATEGORY}'",
    "text": "encoded as an empty text",
}


@dataclass(frozen=True)
class PreparedColumn:
    """What became of one column.

    Attributes
    ----------
    name : str
        Its name.
    kind : str
        ``numeric``, ``datetime``, ``categorical`` or ``text``; or, where it is not used,
        ``identifier``, ``empty`` or ``ignored``.
    done : str
        What was done with it.
    n_features : int
        The features that it became.
    n_missing : int
        Missing values among the training rows.
    n_categories : int
        Different categories, those that share a feature among them; 0 if it is no category.
    notes : tuple of str
        What the user should know about it.
    """

    name: str
    kind: str
    done: str
    n_features: int
    n_missing: int
    n_categories: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def shares_a_feature(self) -> bool:
        """Whether its rarest categories share one feature."""
        return self.n_categories > self.n_features


def done_with(kind: str) -> str:
    """Say in a few words what is done with a column of a kind."""
    return {
        "numeric": "standardised",
        "datetime": "in seconds, standardised",
        "categorical": "one-hot",
        "text": "character n-grams, reduced",
        "identifier": "not used: an id",
        "empty": "not used: no value in any row",
        "ignored": "not used: ignored",
    }[kind]


def sentences(columns: Iterable[PreparedColumn], max_categories: int, missing: str) -> list[str]:
    """Say what was done with all columns.

    Parameters
    ----------
    columns : iterable of PreparedColumn
        The columns.
    max_categories : int
        The most features that a column of categories may become.
    missing : {"impute", "error"}
        What was done about missing values.

    Returns
    -------
    sentences : list of str
        The first is about all columns.
    """
    columns = list(columns)
    by_kind = {
        kind: [column for column in columns if column.kind == kind]
        for kind in ("numeric", "datetime", "categorical", "text")
    }
    how = []
    for kind, some in by_kind.items():
        if some:
            n_features = sum(column.n_features for column in some)
            became = f": {plural(n_features, 'feature')}" if kind in ("categorical", "text") else ""
            how.append(f"{len(some):,} {kind} ({done_with(kind)}{became})")
    total = sum(column.n_features for column in columns)
    told: list[str] = [f"{total:,} from {', '.join(how)}"]
    for column in by_kind["categorical"]:
        if column.shares_a_feature:
            told.append(
                Words(
                    "{name!r}: the rarest of its {count:,} categories share one feature ({limit})",
                    name=column.name,
                    count=column.n_categories,
                    limit=Setting("max_categories", max_categories),
                )
            )
    if missing == "impute":
        for kind, some in by_kind.items():
            if holed := [column for column in some if column.n_missing]:
                cells = plural(sum(column.n_missing for column in holed), "value")
                names = shorten(column.name for column in holed)
                told.append(f"missing: {cells} in {kind} {names}: {_FILLED[kind]}")
    return told


def notes_on(columns: Iterable[PreparedColumn]) -> list[str]:
    """Collect what the user should know about the columns."""
    columns = list(columns)
    notes = [note for column in columns for note in column.notes]
    empty = [column.name for column in columns if column.kind == "empty"]
    if empty:
        notes.append(f"{shorten(empty)}: no value in any row; not used.")
    return notes


def missing_by_kind(columns: Iterable[PreparedColumn], handling: str) -> dict[str, dict[str, Any]]:
    """Return the missing values by kind and column, for programs.

    Parameters
    ----------
    columns : iterable of PreparedColumn
        The columns.
    handling : {"impute", "drop"}
        What was done about them.

    Returns
    -------
    missing : dict
        By kind: the columns, the number of cells, and what was done.
    """
    filled = {"categorical": f"'{MISSING_CATEGORY}'", "text": "''"}
    found: dict[str, dict[str, Any]] = {}
    for column in columns:
        if column.n_missing and column.n_features:
            done = filled.get(column.kind, "median") if handling == "impute" else handling
            entry = found.setdefault(column.kind, {"columns": {}, "cells": 0, "handling": done})
            entry["columns"][column.name] = column.n_missing
            entry["cells"] += column.n_missing
    return found


def dropped_rows(columns: list[PreparedColumn]) -> list[str]:
    """Say in which columns values were missing, of rows that were dropped.

    Parameters
    ----------
    columns : list of PreparedColumn
        With the missing values of all rows.

    Returns
    -------
    sentences : list of str
        One for each kind of column that has some.
    """
    return [
        f"missing: {plural(entry['cells'], 'value')} in {kind} {shorten(entry['columns'])}: rows "
        "dropped"
        for kind, entry in missing_by_kind(columns, "drop").items()
    ]


def names_by_kind(columns: Iterable[PreparedColumn], known: list[str]) -> dict[str, list[str]]:
    """Return the columns of every kind, for programs; lists and wide arrays are named once.

    Parameters
    ----------
    columns : iterable of PreparedColumn
        The columns.
    known : list of str
        The table's own columns.
    """
    kinds: dict[str, list[str]] = {
        kind: []
        for kind in (
            "numeric",
            "datetime",
            "categorical",
            "text",
            "identifier",
            "empty",
            "embedded",
        )
    }
    for column in columns:
        kinds[column.kind].append(column.name)
    return {kind: shortened(names, known) for kind, names in kinds.items()}
