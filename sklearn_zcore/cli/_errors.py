"""Mistakes of the user, and how every exception becomes a message and an exit code."""

import functools
import os
import shlex
import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer

from sklearn_zcore._escape import shown
from sklearn_zcore.tables import Setting, TableError, spelled

ARGUMENTS = "sklearn_zcore.arguments"  # as they were given, in click's context

EXIT_BUG = 1
EXIT_MISTAKE = 2
EXIT_INTERRUPTED = 130


class CliError(Exception):
    """A mistake in the input or the options, told to the user in one message.

    Parameters
    ----------
    message : str
        What is wrong and where.
    hint : str, default=""
        What to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def say(text: str, *, label: str = "", style: str = "") -> None:
    """Write one message to stderr, where it cannot mix with the results."""
    from rich.console import Console
    from rich.text import Text

    line = Text.assemble((label, style), shown(text, lines=True))
    Console(stderr=True, highlight=False).print(line, soft_wrap=True)


# Settings whose values are words, which no shell takes apart.
_PLAIN = {"encoding", "key", "max_categories", "memory", "missing", "model", "split", "target"}


def as_option(setting: Setting) -> str:
    """Spell a parameter of the library's tables as the option of that name."""
    name, value = setting.parameter, setting.value
    if name == "kinds" and value:
        if set(value.values()) == {"ignore"}:
            names = ",".join(value)
            return f"--carry '{names}' (written, not used) or --ignore '{names}'"
        return " ".join(f"--kind '{column}={kind}'" for column, kind in value.items())
    if name == "header":
        return "--no-header"
    if name == "ignore" and value:
        return f"--ignore {shlex.quote(value)}"
    option = "--kind" if name == "kinds" else f"--{name.replace('_', '-')}"
    if value is None:
        return option
    if isinstance(value, list):
        return f"{option} {','.join(value)}"
    return f"{option} {value}" if name in _PLAIN else f"{option} '{value}'"


def reported(command: Callable[..., None]) -> Callable[..., None]:
    """Turn whatever a command raises into one message and the right exit code."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except typer.Exit:
            raise
        except BrokenPipeError as closed:
            # The reader, such as head, has what it wanted; the coreset is on disk by then.
            silence_stdout()
            raise typer.Exit(0) from closed
        except KeyboardInterrupt as interrupt:
            _trace(kwargs)
            say("Interrupted. No partial file is left behind.")
            raise typer.Exit(EXIT_INTERRUPTED) from interrupt
        except Exception as error:
            _trace(kwargs)
            mistake = _as_mistake(error, kwargs.get("ctx"))
            if mistake is not None:
                say(mistake.message, label="Error: ", style="bold red")
                if mistake.hint:
                    say(mistake.hint, label="Hint: ", style="bold")
                raise typer.Exit(EXIT_MISTAKE) from error
            say(f"{type(error).__name__}: {error}", label="Unexpected error: ", style="bold red")
            if not kwargs.get("debug"):
                say("This is a bug in zcore. Run it again with --debug for the traceback.")
            raise typer.Exit(EXIT_BUG) from error

    return run


def _as_mistake(error: Exception, ctx: Any = None) -> CliError | None:
    """Return what the user can do something about; None for a bug."""
    if isinstance(error, CliError):
        return error
    if isinstance(error, TableError):
        hint = spelled(error.hint, as_option)
        return CliError(spelled(error.message, as_option), hint + _mended(error, ctx))
    if isinstance(error, ImportError) and "sklearn-zcore[" in str(error):
        return CliError(str(error))
    if isinstance(error, FileExistsError) and error.filename is None:
        return CliError(str(error), "Overwrite it with --force, or name another.")
    if isinstance(error, OSError):
        reason = error.strerror or str(error) or type(error).__name__
        return CliError(f"{reason}: {error.filename}" if error.filename else reason)
    if isinstance(error, MemoryError):
        detail = f" ({error})" if str(error) else ""
        return CliError(f"Not enough memory{detail}.", "Use fewer columns: --columns, --ignore.")
    return None


def _mended(error: TableError, ctx: Any) -> str:
    """Return the command line to another format, or without the columns that are at fault."""
    args, options = (None, {}) if ctx is None else (ctx.meta.get(ARGUMENTS), ctx.params)
    named = [name for text in options.get("columns") or [] for name in text.split(",")]
    if not error.columns or not args or set(named) & set(error.columns):
        return ""
    out, _, rest = str(options.get("out")).rpartition(".csv")
    if error.remedy and f"{out}.csv{rest}" in args:
        line = [out + error.remedy if arg == f"{out}.csv{rest}" else arg for arg in args]
        return f"\nThis keeps them: {shlex.join(['zcore', ctx.info_name, *line])}"
    carried = [n for n in error.columns if "carry" in options and n not in error.unwritable]
    ignored = [name for name in error.columns if name not in carried]
    added = ["--carry", ",".join(carried)] * bool(carried)
    added += ["--ignore", ",".join(ignored)] * bool(ignored)
    return f"\nThis leaves them out: {shlex.join(['zcore', ctx.info_name, *args, *added])}"


def silence_stdout() -> None:
    """Send what is still to come to nowhere, lest the interpreter's last flush fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _trace(options: dict[str, Any]) -> None:
    """Print the traceback of the exception in flight where ``--debug`` asks for it."""
    if options.get("debug"):
        traceback.print_exc(file=sys.stderr)
