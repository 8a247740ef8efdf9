"""The program: its commands, its version, and how it ends."""

import sys
from typing import Annotated

import typer

from ._cache import cache_app
from ._command import Command, Commands
from ._compare import compare
from ._demo import demo
from ._embed import embed
from ._errors import EXIT_INTERRUPTED, say, silence_stdout
from ._report import report
from ._select import select

app = typer.Typer(
    name="zcore",
    cls=Commands,
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_EXIT_CODES = (
    "[dim]Exit codes: 0 done, 1 unexpected error (a bug), 2 a mistake in the input or the options, "
    "130 interrupted.[/dim]"
)


def _show_version(value: bool) -> None:
    """Print the version and leave."""
    if value:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("sklearn-zcore")
        except PackageNotFoundError:
            number = "(not installed, run from its source)"
        typer.echo(f"zcore {number}")
        raise typer.Exit


@app.callback(epilog=_EXIT_CODES)
def _zcore(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            metavar=" ",
            help="Show the version.",
        ),
    ] = False,
) -> None:
    """Select a coreset: the small part of a table worth labelling, storing and training on.

    It needs no labels and no training. A typical run, on a table or on a folder of images:

    [bold]zcore select table.csv --budget 10% --out coreset.csv[/bold]

    [bold]zcore select photos --model clip --budget 5% --out coreset.csv[/bold]

    [bold]zcore demo[/bold] shows in seconds what a coreset is worth on a small data set.
    """


for _command in (select, report, compare, embed, demo):
    app.command(epilog=_EXIT_CODES, cls=Command)(_command)
app.add_typer(cache_app, epilog=_EXIT_CODES)


def main() -> None:
    """Run the command; the console script ``zcore``."""
    try:
        try:
            app(prog_name="zcore")
        finally:
            # Here, not when the interpreter ends: there a closed pipe would be a traceback.
            sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
        sys.exit(0)
    except KeyboardInterrupt:
        say("Interrupted.")
        sys.exit(EXIT_INTERRUPTED)
