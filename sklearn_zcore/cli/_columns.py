"""The roles of the columns: which are features, which are carried through, which go."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ._errors import CliError, close_match, plural, shorten
from ._source import Source

# A text column with more distinct values than this share of its rows is an id or free text.
_UNIQUE_SHARE = 0.5
_FEW_VALUES = 20
_LABEL_NAMES = {"target", "label", "labels", "class", "y", "outcome"}
_ID_NAME = re.compile(r"^(id|key|index|uuid|row)$|[_\-. ](id|key|index)$", re.IGNORECASE)


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


def split_names(given: Iterable[str], known: set[str]) -> list[str]:
    """Split comma-separated names; a name that itself contains a comma stays whole."""
    names: list[str] = []
    for value in given:
        parts = [value] if value in known else [p.strip() for p in value.split(",")]
        names.extend(p for p in parts if p and p not in names)
    return names


def resolve_roles(
    source: Source, columns: Iterable[str], ignore: Iterable[str], carry: Iterable[str]
) -> Roles:
    """Give every column one role.

    Parameters
    ----------
    source : Source
        The input.
    columns, ignore, carry : iterable of str
        The options as given.

    Returns
    -------
    roles : Roles
        With at least one feature.
    """
    known = set(source.names)
    asked = {
        "--columns": split_names(columns, known),
        "--ignore": split_names(ignore, known),
        "--carry": split_names(carry, known),
    }
    for option, names in asked.items():
        for name in names:
            if name not in known:
                raise CliError(
                    f"{option}: the input has no column {name!r}{close_match(name, known)}",
                    f"It has {plural(len(source.names), 'column')}: {shorten(source.names, 20)}.",
                )
    _refuse_overlap(asked)
    used, ignored = set(asked["--columns"]), set(asked["--ignore"])
    carried = set(asked["--carry"])
    notes = []
    for name, reason in source.carried.items():
        if name not in used | ignored | carried:
            carried.add(name)
            notes.append(f"column {name!r} is {reason}; it is carried, not used.")
    rest = [n for n in source.names if n not in ignored and n not in carried]
    features = [n for n in rest if not used or n in used]
    if not features:
        raise CliError(
            "No column is left to select on: all are ignored or carried.",
            "Leave some out of --ignore and --carry.",
        )
    feature_set = set(features)
    return Roles(
        features=features,
        carried=[n for n in source.names if n not in ignored and n not in feature_set],
        ignored=[n for n in source.names if n in ignored],
        notes=notes,
    )


def _refuse_overlap(asked: dict[str, list[str]]) -> None:
    """Refuse a column that is given two roles."""
    role: dict[str, str] = {}
    for option, names in asked.items():
        for name in names:
            if name in role:
                raise CliError(f"Column {name!r} is in both {role[name]} and {option}.")
            role[name] = option


def column_kind(name: str, column: Any) -> str:
    """Say how a column of a table can become features.

    Parameters
    ----------
    name : str
        The column's name, for the message.
    column : pyarrow.ChunkedArray
        The column.

    Returns
    -------
    kind : str
        ``numeric``, ``categorical``, ``datetime`` or ``empty``.
    """
    import pyarrow as pa

    kind = column.type
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    if column.null_count == len(column):
        return "empty"
    if pa.types.is_dictionary(kind) or pa.types.is_boolean(kind):
        pass
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "numeric"
    elif pa.types.is_temporal(kind) and not pa.types.is_interval(kind):
        return "datetime"
    if not _is_category(pa, values):
        raise CliError(
            f"Column {name!r} holds values of type {kind}, which are neither numbers, categories "
            "nor dates.",
            f"Write it through with --carry '{name}', or leave it out with --ignore '{name}'.",
        )
    _refuse_text(name, as_text(column))
    return "categorical"


def _is_category(pa: Any, kind: Any) -> bool:
    """Tell whether values of a type can be the names of categories."""
    t = pa.types
    text = t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind)
    return bool(text or t.is_boolean(kind) or t.is_integer(kind) or t.is_floating(kind))


def _refuse_text(name: str, column: Any) -> None:
    """Refuse a text column in which most rows have a value of their own."""
    import pyarrow.compute as pc

    present = len(column) - column.null_count
    distinct = pc.count_distinct(column, mode="only_valid").as_py()
    if distinct <= max(_FEW_VALUES, _UNIQUE_SHARE * present):
        return
    sample = [str(v) for v in pc.drop_null(column).slice(0, 2).to_pylist()]
    example = ", ".join(repr(v if len(v) <= 30 else v[:29] + "…") for v in sample)
    why = _almost_numeric(column)
    raise CliError(
        f"Column {name!r} is text with {distinct:,} different values in {plural(present, 'row')} "
        f"({example}): an id or free text, not a category.{why}",
        f"Write it through with --carry '{name}', or leave it out with --ignore '{name}'."
        + (f" If it is a number: --na-values '{_non_numbers(column)[0]}'." if why else ""),
    )


def _non_numbers(column: Any, limit: int = 100) -> list[str]:
    """Return the different values of a text column that are not numbers, if they are few."""
    import pyarrow.compute as pc

    found: list[str] = []
    numbers = 0
    for value in pc.unique(pc.drop_null(column)).to_pylist():
        try:
            float(value)
            numbers += 1
        except (TypeError, ValueError):
            found.append(str(value))
            if len(found) > limit:
                return []
    # Only a column of numbers but for a marker or two is worth a word.
    return found if 0 < len(found) <= 3 and numbers >= 10 * len(found) else []


def _almost_numeric(column: Any) -> str:
    """Say which values keep a column from being numeric."""
    odd = _non_numbers(column)
    return f" All but {shorten(odd)} are numbers." if odd else ""


def as_text(column: Any) -> Any:
    """Return a column of categories as strings, whatever its type in the file.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Text, booleans, or a dictionary of values.

    Returns
    -------
    text : pyarrow.ChunkedArray of strings
        With nulls for missing values.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    return pc.cast(column, pa.string())


def notes_on(name: str, kind: str, column: Any) -> list[str]:
    """Return what the user should know about a feature: it may be an id or a label.

    Parameters
    ----------
    name : str
        The column's name.
    kind : str
        Its kind, from `column_kind`.
    column : pyarrow.ChunkedArray
        The column.

    Returns
    -------
    notes : list of str
        One sentence each.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if name.lower() in _LABEL_NAMES:
        return [f"column {name!r} is used as a feature; if it is the label: --carry '{name}'."]
    if kind == "categorical" and (odd := _non_numbers(as_text(column))):
        return [
            f"column {name!r} is a category because of {shorten(odd)}; the rest are numbers. If "
            f"that means missing: --na-values '{odd[0]}'."
        ]
    if kind == "numeric" and pa.types.is_integer(column.type) and len(column) > _FEW_VALUES:
        counts_rows = pc.all(pc.equal(pc.pairwise_diff(column.combine_chunks(), 1), 1)).as_py()
        unique = pc.count_distinct(column).as_py() == len(column)
        if unique and (counts_rows or _ID_NAME.search(name)):
            return [f"column {name!r} is used as a number; if it is an id: --carry '{name}'."]
    return []
