"""Text that holds lists of numbers, as embeddings are written to CSV files."""

import re
from typing import Any

from sklearn_zcore._words import plural

from ._errors import TableError

_NUMBER = r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|NaN|inf|Infinity)"
# [0.5, 1.0] of Python and JSON, [0.5 1.0] of NumPy, {0.5,1.0} of PostgreSQL.
_LIST = rf"^\s*[\[{{]\s*{_NUMBER}(?:(?:\s*,\s*|\s+){_NUMBER})*\s*,?\s*[\]}}]\s*$"
_BEGINS = r"^\s*[\[{]"
# As NumPy prints arrays of more than 1,000 numbers.
_SHORTENED = r"^\s*\[[-+.,\deE\s]+\s\.\.\.,?\s[-+.,\deE\s]+\]\s*$"
_AROUND = "[]{} \t\r\n"
_ROWS_AT_ONCE = 2**12  # of cells, whose numbers are there as text a second time
_SHARE = 0.9  # of the cells: the others are then mistakes
_LEAST = 3  # numbers: two may be a range, such as the ages [18, 25]


def is_text(kind: Any) -> bool:
    """Tell whether a type of Arrow is that of text."""
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def looks_like_lists(text: Any) -> bool:
    """Tell whether a column of text holds embeddings: lists of three numbers or more.

    Parameters
    ----------
    text : pyarrow.ChunkedArray of strings

    Returns
    -------
    looks : bool
        Where a tenth of the cells are something else, or of other lengths, it is no embedding.
    """
    import numpy as np
    import pyarrow.compute as pc

    known = text.drop_null()
    if not len(known) or _share_of(pc.match_substring_regex(known, _BEGINS)) < _SHARE:
        return False  # which spares other text the work
    if _share_of(pc.match_substring_regex(known, _SHORTENED)) >= _SHARE:
        return True
    are_lists = pc.match_substring_regex(known, _LIST)
    if _share_of(are_lists) < _SHARE:
        return False
    lengths = np.concatenate([
        pc.list_value_length(_split(part)).to_numpy(zero_copy_only=False)
        for part in _parts(known.filter(are_lists))
    ])  # fmt: skip
    length = np.bincount(lengths).argmax()
    return bool(length >= _LEAST and np.mean(lengths == length) >= _SHARE)


def parse_lists(text: Any, called: str, first_row: int | None = 0) -> Any:
    """Return a column of text as lists of numbers.

    Parameters
    ----------
    text : pyarrow.Array or pyarrow.ChunkedArray of strings
    called : str
        What it is called in messages.
    first_row : int or None, default=0
        The number of the first row, for messages; None if that is not known.

    Returns
    -------
    lists : pyarrow.ChunkedArray of lists of float64
        Null where the cell is.

    Raises
    ------
    TableError
        Naming cells that are no lists of numbers.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    are_lists = pc.match_substring_regex(text, _LIST)
    if not pc.all(are_lists, min_count=0).as_py():
        raise _not_lists(text, are_lists, called, first_row)
    wanted = pa.list_(pa.float64())
    return pa.chunked_array([pc.cast(_split(part), wanted) for part in _parts(text)], wanted)


def _share_of(are: Any) -> float:
    return float(are.to_numpy().mean())


def _parts(text: Any) -> list[Any]:
    chunks = getattr(text, "chunks", [text])
    return [
        chunk.slice(first, _ROWS_AT_ONCE)
        for chunk in chunks
        for first in range(0, len(chunk), _ROWS_AT_ONCE)
    ]


def _split(text: Any) -> Any:
    """Return the numbers of each cell, still as text."""
    import pyarrow.compute as pc

    inner = pc.utf8_trim(pc.replace_substring(text, ",", " "), _AROUND)
    return pc.ascii_split_whitespace(inner)


def _not_lists(text: Any, are_lists: Any, called: str, first_row: int | None) -> TableError:
    import numpy as np
    import pyarrow.compute as pc

    odd = np.flatnonzero(~pc.fill_null(are_lists, True).to_numpy(zero_copy_only=False))
    cell = str(text[int(odd[0])])
    if re.search(_SHORTENED, cell):
        hint = (
            "NumPy shortens long arrays when it prints them, and the numbers are lost: write them "
            "again, as lists (array.tolist())."
        )
    else:
        hint = "An embedding has as many numbers in every row: repair or remove the others."
    shown = repr(cell if len(cell) <= 40 else f"{cell[:39]}…")
    where = "" if first_row is None else f" in row {first_row + odd[0]:,} (counted from 0)"
    more = f", and {plural(odd.size - 1, 'other')}" if odd.size > 1 else ""
    return TableError(
        f"Not every cell of {called} is a list of numbers: {shown}{where}{more}.", hint
    )
