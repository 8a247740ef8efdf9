"""What the user sees after the work: a summary to read, or JSON."""

import json
import sys
import textwrap
from collections.abc import Iterable
from typing import Any

from sklearn_zcore._escape import plain, shown

from ._coreset import option_hint
from ._errors import say

_LABEL_WIDTH = 11


def print_lines(title: str, lines: list[tuple[str, str]], *, err: bool = False) -> None:
    """Print labelled lines to stdout, folded under their label in a terminal.

    Parameters
    ----------
    title : str
        The first line.
    lines : list of (label, text)
        The rest; an empty label continues the line above.
    err : bool, default=False
        Print them to stderr: stdout holds the coreset.
    """
    from rich.console import Console
    from rich.text import Text

    class Lines(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # Rich itself would exit with an error here.

    console = Lines(file=sys.stderr if err else sys.stdout, highlight=False)
    console.print(Text(title, style="bold"), soft_wrap=True)
    # A file or a pipe gets each line whole.
    width = max(40, console.width) - _LABEL_WIDTH - 2 if console.is_terminal else 10_000
    for label, text in lines:
        folded = textwrap.wrap(shown(text), width, break_long_words=False, break_on_hyphens=False)
        for i, part in enumerate(folded or [""]):
            head = "  " + (label if i == 0 else "").ljust(_LABEL_WIDTH)
            line = Text.assemble((head, "cyan"), part)
            console.print(line, soft_wrap=True)


def print_json(report: dict[str, Any]) -> None:
    """Print a report as JSON, the only thing on stdout."""
    json.dump(plain(report), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def say_notes(notes: Iterable[str]) -> None:
    """Tell what the user should know."""
    for note in notes:
        say(note, label="Note: ", style="bold")


def say_warnings(warnings: Iterable[str]) -> None:
    """Tell what may be wrong with the result, with the options that a warning means."""
    for message in warnings:
        say(message, label="Warning: ", style="bold yellow")
        if hint := option_hint(message):
            say(hint, label="Hint: ", style="bold")


def stability_sentence(stability: float) -> str:
    """Say in one sentence what a stability means."""
    return (
        f"{stability:.2f}: two independent halves of the draws agree on {100 * stability:.0f} % of "
        "the coreset"
    )
