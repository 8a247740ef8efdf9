"""Words for messages: counts, lists of names, and the name that was perhaps meant."""

import difflib
from collections.abc import Iterable
from typing import Any


def close_match(name: str, known: Iterable[str]) -> str:
    """End a sentence with ``; did you mean 'x'?`` where a known name is similar."""
    lowered = {k.lower(): k for k in known}
    found = [lowered[m] for m in difflib.get_close_matches(name.lower(), lowered, n=3)]
    return f"; did you mean {' or '.join(map(repr, found))}?" if found else "."


def shorten(items: Iterable[Any], limit: int = 6) -> str:
    """List items by name, the first few of them when there are many."""
    names = [repr(i) if isinstance(i, str) else str(i) for i in items]
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit:,} more"


def plural(count: int, noun: str) -> str:
    """Return ``1 row`` or ``1,200 rows``."""
    ending = "" if count == 1 else "s"
    return f"{count:,} {noun}{ending}"


def join_words(words: Iterable[str]) -> str:
    """Return ``2%, 5% and 10%``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
