"""The roles of the columns: which are features, which are carried through, which go."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sklearn_zcore._words import close_match, plural, shorten

from ._errors import Setting, TableError, Words
from ._table import Table

_MOST_SHOWN = 100  # columns of an array: more are an embedding


@dataclass
class Roles:
    """What each column is used for.

    Attributes
    ----------
    features : list of str
        Selected on.
    carried : list of str
        Written through, not selected on.
    ignored : list of str
        Neither.
    notes : list of str
        What the user should know about the choice.
    """

    features: list[str]
    carried: list[str]
    ignored: list[str]
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[tuple[str, str]]:
        """Say which columns are no features: labels and texts."""
        told = {
            "carried": (self.carried, "written, not used"),
            "ignored": (self.ignored, "neither used nor written"),
        }
        return [(role, f"{shorten(names)} ({how})") for role, (names, how) in told.items() if names]


def split_names(given: Iterable[str], known: set[str]) -> list[str]:
    """Split comma-separated names; a name that itself contains a comma stays whole."""
    names: list[str] = []
    for value in given:
        parts = [value] if value in known else [p.strip() for p in value.split(",")]
        names.extend(p for p in parts if p and p not in names)
    return names


def parse_kinds(given: Iterable[str]) -> dict[str, str]:
    """Read what columns are: of each its name, an equals sign, and its kind.

    Parameters
    ----------
    given : iterable of str
        Such as ``zip=categorical``.

    Returns
    -------
    kinds : dict of str to str
    """
    kinds = {}
    for text in given:
        name, sign, kind = text.rpartition("=")
        if not sign:
            raise TableError(
                f"--kind {text!r} is not of the form NAME=KIND.",
                "For example: --kind zip=categorical.",
            )
        kinds[name] = kind
    return kinds


def resolve_roles(
    table: Table, columns: Iterable[str], ignore: Iterable[str], carry: Iterable[str]
) -> Roles:
    """Give every column one role.

    Parameters
    ----------
    table : Table
        The input.
    columns, ignore, carry : iterable of str
        Names; several may stand in one string, with commas between them.

    Returns
    -------
    roles : Roles
        With at least one feature.

    Raises
    ------
    TableError
        A name is unknown or has two roles, or no column is left.
    """
    known = set(table.names)
    asked = {
        "columns": split_names(columns, known),
        "ignore": split_names(ignore, known),
        "carry": split_names(carry, known),
    }
    unknown = [(p, name) for p, names in asked.items() for name in names if name not in known]
    if unknown:
        listed = "; ".join(
            f"{{parameter{i}}}: the input has no column {{name{i}!r}}{{close{i}}}"
            for i in range(len(unknown))
        )
        values: dict[str, Any] = {}
        for i, (parameter, name) in enumerate(unknown):
            close = close_match(name, known)
            values[f"parameter{i}"], values[f"name{i}"] = Setting(parameter), name
            values[f"close{i}"] = close if i == len(unknown) - 1 else close.rstrip(".?")
        raise TableError(
            Words(listed, **values),
            f"It has {plural(len(table.names), 'column')}: {shorten(table.names, 20)}.",
        )
    _refuse_overlap(asked)
    used, ignored = set(asked["columns"]), set(asked["ignore"])
    carried = set(asked["carry"])
    notes = []
    for name, reason in table.carried.items():
        if name not in used | ignored | carried:
            carried.add(name)
            notes.append(f"column {name!r} is {reason}; it is carried, not used.")
    rest = [n for n in table.names if n not in ignored and n not in carried]
    features = [n for n in rest if not used or n in used]
    if not features:
        raise TableError(
            "No column is left to select on: all are ignored or carried.",
            Words(
                "Leave some out of {ignore} and {carry}.",
                ignore=Setting("ignore"),
                carry=Setting("carry"),
            ),
        )
    feature_set = set(features)
    return Roles(
        features=features,
        carried=[n for n in table.names if n not in ignored and n not in feature_set],
        ignored=[n for n in table.names if n in ignored],
        notes=notes,
    )


def _refuse_overlap(asked: dict[str, list[str]]) -> None:
    """Refuse a column that is given two roles."""
    role: dict[str, str] = {}
    for parameter, names in asked.items():
        for name in names:
            if name in role:
                raise TableError(
                    Words(
                        "Column {name!r} is in both {first} and {second}.",
                        name=name,
                        first=Setting(role[name]),
                        second=Setting(parameter),
                    )
                )
            role[name] = parameter


def shown_columns(
    table: Table, kept: Any, written: Iterable[str], groups: Iterable[str]
) -> tuple[dict[str, Any] | None, list[str] | None]:
    """Return the columns that are shown beside a coreset, as they were read.

    Parameters
    ----------
    table : Table
    kept : ndarray of int or None
        Which rows; None is all.
    written : iterable of str
        Columns that are written, too.
    groups : iterable of str
        Columns whose values are groups, perhaps several names in one.

    Returns
    -------
    columns : dict of str to column, or None
        None where an array has so many that they are an embedding.
    groups : list of str or None

    Raises
    ------
    TableError
        If there is no column of such a name.
    """
    named = split_names(groups, set(table.names))
    if unknown := [name for name in named if name not in table.names]:
        raise TableError(
            Words(
                "{groups}: the input has no column {name!r}{close}",
                groups=Setting("groups"),
                name=unknown[0],
                close=close_match(unknown[0], table.names),
            )
        )
    rows = table if kept is None else table.take(kept)
    shown = dict.fromkeys([*written, *named])
    if rows.table is not None:
        return {name: rows.table[name] for name in shown}, named or None
    if not named and len(shown) > _MOST_SHOWN:
        return None, None
    return {n: rows.array[:, i] for i, n in enumerate(rows.names) if n in shown}, named or None
