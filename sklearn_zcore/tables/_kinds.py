"""What a column is: found once, among the training rows, with what should be said about it."""

import re
from typing import Any

from sklearn_zcore._words import close_match, plural, shorten

from ._content import Content
from ._errors import Setting, TableError, Words, merged, require
from ._frames import cell_text, distinct
from ._list_text import is_text, looks_like_lists
from ._lists import is_list_of_numbers
from ._number_text import NumberStyle, find_style
from ._readers import (
    CLOCK,
    ClockReader,
    ColumnReader,
    DateTextReader,
    NumberReader,
    NumberTextReader,
)
from ._typed import NA_VALUES

KINDS = ("numeric", "datetime", "categorical", "text", "ignore")

# A text column with more distinct values than this share of its rows is an id or free text.
_UNIQUE_SHARE = 0.5
_FEW_VALUES = 20
_LONG = 64
# A column of numbers may have so many markers that stand for something else, such as "?".
_MARKERS = 3
_LABEL_NAMES = {"target", "label", "labels", "class", "y", "outcome"}
_ID_NAME = re.compile(
    r"^(?i:id|key|index|uuid|guid|row)$|[_\-. ](?i:id|key|index|uuid|guid)$|[a-z](Id|ID)$"
)
_CODE_NAME = re.compile(
    r"(^|[_\-. ])(zip|zip_?codes?|post_?codes?|postal|postal_?codes?|plz|phone|phone_?(no|number)|"
    r"telephone|tel|mobile|fax|fips|ssn|iban|isbn|ean|upc|sku|naics|sic|icd|account_?(no|number))"
    r"([_\-. ]|$)",
    re.IGNORECASE,
)


def find_kinds(content: Content, kinds: dict[str, str], decimal: str) -> list[ColumnReader]:
    """Find the kind of each column; all that cannot be used are told at once.

    Parameters
    ----------
    content : Content
        The training rows.
    kinds : dict of str to str
        What the user says of some columns.
    decimal : {"auto", ".", ","}
        The decimal separator of numbers that stand in text.

    Returns
    -------
    readers : list of ColumnReader
        One for each column.

    Raises
    ------
    TableError
        With all columns that cannot be used, and one setting that leaves them out.
    """
    _check_told(content.names, kinds)
    if content.is_array:
        ignored = {name for name, kind in kinds.items() if kind == "ignore"}
        return [
            NumberReader(name, "ignored" if name in ignored else "numeric")
            for name in content.names
        ]
    readers, troubles = [], {}
    for name in content.names:
        try:
            readers.append(find_kind(name, content.columns[name], kinds.get(name), decimal))
        except TableError as trouble:
            trouble.columns = (name,)
            troubles[name] = trouble
    if troubles:
        raise merged(list(troubles.values()))
    return readers


def _check_told(names: list[str], kinds: dict[str, str]) -> None:
    """Refuse kinds that there are not, and of columns that there are not."""
    for name, kind in kinds.items():
        if name not in names:
            raise TableError(
                Words(
                    "{kinds}: there is no column {name!r}{close}",
                    kinds=Setting("kinds"),
                    name=name,
                    close=close_match(name, names),
                )
            )
        if kind not in KINDS:
            raise TableError(
                Words(
                    "{kinds}: {kind!r}, of column {name!r}, is unknown{close}",
                    kinds=Setting("kinds"),
                    kind=kind,
                    name=name,
                    close=close_match(str(kind), KINDS),
                ),
                f"There are: {', '.join(KINDS)}.",
            )


def find_kind(name: str, column: Any, kind: str | None, decimal: str) -> ColumnReader:
    """Find out what a column is and how to read it.

    Parameters
    ----------
    name : str
        The column's name.
    column : pyarrow.ChunkedArray
        The column, of the training rows.
    kind : {"numeric", "datetime", "categorical", "text", "ignore"} or None
        What the user says that it is; None finds out.
    decimal : {"auto", ".", ","}
        The decimal separator of numbers that stand in text.

    Returns
    -------
    reader : ColumnReader
        With notes on what the user should know.

    Raises
    ------
    TableError
        The column is neither numbers, categories, dates nor text, or not what the user says.
    """
    if kind == "ignore":
        return ColumnReader(name, "ignored")
    if _is_empty(column):
        return ColumnReader(name, "empty")
    reader = _as_told(name, column, kind, decimal) if kind else _as_found(name, column, decimal)
    if kind is None and name.lower() in _LABEL_NAMES:
        said = "column {name!r} is used as a feature; if it is the label: {leave}."
        reader.notes.append(Words(said, name=name, leave=_leave(name)))
    return reader


def _leave(name: str) -> Setting:
    """Return what leaves a column out."""
    return Setting("kinds", {name: "ignore"})


def _is_empty(column: Any) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count == len(column):
        return True
    floats = pa.types.is_floating(column.type)
    return floats and bool(pc.all(pc.is_nan(column), skip_nulls=True).as_py())


def _family(column: Any) -> str:
    """Sort a column by its type alone: number, datetime, category, text or other."""
    import pyarrow as pa

    t, kind = pa.types, column.type
    if t.is_integer(kind) or t.is_floating(kind) or t.is_decimal(kind):
        return "number"
    if t.is_temporal(kind) and not t.is_interval(kind):
        return "datetime"
    if t.is_boolean(kind):
        return "category"
    if t.is_dictionary(kind):
        inner = kind.value_type
        if t.is_integer(inner) or t.is_floating(inner) or t.is_boolean(inner):
            return "category"
        kind = inner
    if t.is_string(kind) or t.is_large_string(kind):
        return "text"
    return "other"


def _as_told(name: str, column: Any, kind: str, decimal: str) -> ColumnReader:
    """Read a column as the user says, or say why that cannot be."""
    family = _family(column)
    if family == "other":
        raise _neither(name, column)
    if kind in ("categorical", "text"):
        return ColumnReader(name, kind)
    if (kind, family) in {("numeric", "number"), ("datetime", "datetime")}:
        return NumberReader(name, kind)
    found: ColumnReader | None = None
    if family == "text":
        values = _known(distinct(cell_text(column))[0])
        found = (
            _number_text(name, values, decimal, n_odd=_MARKERS)
            if kind == "numeric"
            else _time_text(name, values)
        )
    elif kind == "numeric" and family == "category":
        return NumberReader(name, kind)
    if found is None:
        raise TableError(
            Words(
                "{setting}, and the column holds values of type {type}, such as {some}.",
                setting=Setting("kinds", {name: kind}),
                type=column.type,
                some=shorten(column.drop_null().slice(0, 2).to_pylist()),
            ),
            "Convert them first.",
        )
    return found


def _as_found(name: str, column: Any, decimal: str) -> ColumnReader:
    """Read a column as what it looks like."""
    family = _family(column)
    if family == "other":
        raise _neither(name, column)
    if family == "number":
        return NumberReader(name, "numeric", _notes_on_numbers(name, column))
    if family == "datetime":
        return NumberReader(name, "datetime")
    if family == "category":
        return ColumnReader(name, "categorical")
    return _text(name, column, decimal)


def _neither(name: str, column: Any) -> TableError:
    hint = "Leave it out: {leave}."
    if is_list_of_numbers(column.type):
        hint = "Make a matrix of it with lists_to_matrix, and leave it out here: {leave}."
    return TableError(
        f"Column {name!r} holds values of type {column.type}, which are neither numbers, "
        "categories, dates nor text.",
        Words(hint, leave=_leave(name)),
    )


def _notes_on_numbers(name: str, column: Any) -> list[str]:
    """Notice integers that are names rather than numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_integer(column.type):
        return []
    if _CODE_NAME.search(name):
        said = (
            "column {name!r} is used as a number, and by its name its numbers are names. As "
            "categories: {names}; or leave it out: {leave}."
        )
        names = Setting("kinds", {name: "categorical"})
        return [Words(said, name=name, names=names, leave=_leave(name))]
    if len(column) <= _FEW_VALUES:
        return []
    counts_rows = pc.all(pc.equal(pc.pairwise_diff(column.combine_chunks(), 1), 1)).as_py()
    unique = pc.count_distinct(column).as_py() == len(column)
    if unique and (counts_rows or _ID_NAME.search(name)):
        said = "column {name!r} is used as a number; if it is an id: {leave}."
        return [Words(said, name=name, leave=_leave(name))]
    return []


def _known(values: list[str]) -> list[str]:
    """Leave out what stands for a missing value in text that is numbers or dates."""
    return [value for value in values if value.strip() not in NA_VALUES]


def _text(name: str, column: Any, decimal: str) -> ColumnReader:
    """Tell numbers, dates, categories, ids and free text apart in a column of text."""
    import pyarrow as pa

    values, _ = distinct(cell_text(column))
    n_present = len(column) - column.null_count
    few = len(values) <= max(_FEW_VALUES, _UNIQUE_SHARE * n_present)
    declared = pa.types.is_dictionary(column.type)  # Its values are categories, says its type.
    if not declared and (known := _known(values)):
        numbers = _number_text(name, known, decimal, n_odd=0 if few else _MARKERS)
        if (found := numbers or _time_text(name, known)) is not None:
            return found
    if few:
        return ColumnReader(name, "categorical", _notes_on_categories(name, values))
    sample = ", ".join(repr(v if len(v) <= 30 else v[:29] + "…") for v in values[:2])
    counted = f"{len(values):,} different values in {plural(n_present, 'row')} ({sample})"
    if len(values) == n_present and _are_ids(name, values):
        said = (
            "column {name!r} is text with {counted}, without spaces: an id; it is not used. As "
            "text: {text}."
        )
        text = Setting("kinds", {name: "text"})
        return ColumnReader(
            name, "identifier", [Words(said, name=name, counted=counted, text=text)]
        )
    said = "column {name!r} is text with {counted}: used as free text; to leave it out: {leave}."
    if is_text(column.type) and looks_like_lists(column):
        said += " It holds lists of numbers: lists_to_matrix makes a matrix of it."
    notes: list[str] = [Words(said, name=name, counted=counted, leave=_leave(name))]
    return ColumnReader(name, "text", notes)


def _are_ids(name: str, values: list[str]) -> bool:
    """Tell whether values that are all different are ids."""
    if any(len(v) > _LONG or re.search(r"\s", v) for v in values):
        return False
    return bool(_ID_NAME.search(name)) or all(re.search(r"\d", v) for v in values)


def _number_text(
    name: str, values: list[str], decimal: str, *, n_odd: int
) -> NumberTextReader | None:
    """Read text as numbers, if that is what it holds."""
    found = find_style(values, decimal, n_odd)
    if found is None:
        return None
    style, odd = found
    notes: list[str] = [_note_on_style(name, style)]
    if odd:
        said = "column {name!r}: all but {odd} are numbers; taken for missing, as by {setting}."
        setting = Setting("na_values", odd[0])
        notes.append(Words(said, name=name, odd=shorten(odd), setting=setting))
    missing = frozenset({*NA_VALUES, *odd})
    return NumberTextReader(name, "numeric", notes, style=style, missing=missing)


def _note_on_style(name: str, style: NumberStyle) -> Words:
    example = f"{style.example!r} is read as {style.parse(style.example):.15g}"
    said = "column {name!r} is text that holds numbers: {example}."
    if not style.ambiguous:
        return Words(said, name=name, example=example)
    said += " With {setting} it would be another number."
    return Words(said, name=name, example=example, setting=Setting("decimal", ","))


def _time_text(name: str, values: list[str]) -> ColumnReader | None:
    """Read text as times of day or as dates, if that is what it holds."""
    if not all(re.search(r"\d", value) for value in values):
        return None
    if all(re.match(CLOCK, value.strip()) for value in values):
        return ClockReader(name, "datetime")
    # Dates have years, and signs or words between their parts.
    if not all(re.fullmatch(r"(?=.*\d{2})(?=.*\D).{6,40}", value.strip()) for value in values[:50]):
        return None
    parser, other = _date_parser(name, values)
    if parser is None:
        return None
    note = f"column {name!r} is read as dates of the format {parser.format_}"
    if other:
        note += f"; {other} would fit, too. If that is meant, convert it to dates first"
    return DateTextReader(name, "datetime", [f"{note}."], parser=parser)


def _date_parser(name: str, values: list[str]) -> tuple[Any, str]:
    """Fit skrub's parser of dates; return it with another format that fits, if there is one."""
    (skrub, core, pd) = require("skrub", "skrub.core", "pandas", why="Dates that stand in text")
    dates = pd.Series([value.strip() for value in values], dtype=object, name=name)

    def fitted(given: str | None) -> Any:
        try:
            return skrub.ToDatetime(format=given).fit(dates)
        except core.RejectColumn:
            return None

    parser = fitted(None)
    if parser is None or not (swapped := _swapped(parser.format_)):
        return parser, ""
    other = fitted(swapped)
    if other is not None and "%m.%d." in parser.format_:
        return other, ""  # Between dots the day comes first, everywhere; skrub takes the month.
    return parser, swapped if other is not None else ""


def _swapped(found: str) -> str:
    """Return a format of dates with day and month exchanged, if they stand side by side."""
    if re.search(r"%d(\W)%m|%m(\W)%d", found) is None:
        return ""
    return found.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")


def _notes_on_categories(name: str, values: list[str]) -> list[str]:
    """Notice categories that are numbers but for a marker, and codes."""
    found = None if len(values) < 10 else find_style(values, ".", _MARKERS)
    if found is not None and (odd := found[1]):
        said = (
            "column {name!r} is a category because of {odd}; the rest are numbers. If that means "
            "missing: {setting}."
        )
        return [Words(said, name=name, odd=shorten(odd), setting=Setting("na_values", odd[0]))]
    return []
