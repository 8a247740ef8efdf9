"""From groups of options to a command: every option is declared once, as a field."""

import inspect
import sys
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from sklearn_zcore._words import close_match

from ._errors import ARGUMENTS, CliError, reported


def opt(
    default: Any,
    metavar: str,
    text: str,
    *,
    short: str = "",
    shown: bool | str = True,
    panel: str | None = None,
    **limits: int,
) -> Any:
    """Declare an option, as the default of a field of a group of `Options`.

    Parameters
    ----------
    default : object
        Its value where it is not given; ``...`` if it must be.
    metavar : str
        What stands for its value in the help; empty for a switch, and for a ``Literal``, whose
        values stand there.
    text : str
        The help.
    short : str, default=""
        A second name, such as ``-o``; the first is the field's with two dashes.
    shown : bool or str, default=True
        The default that the help shows: ``default``, none, or this text.
    panel : str or None, default=None
        The help's panel; None is the group's.
    **limits
        ``min`` and ``max``.

    Returns
    -------
    field : dataclasses.Field
        The declaration.
    """
    told = {"metavar": metavar, "help": text, "show_default": shown, "rich_help_panel": panel}
    metadata = {"short": short, "typer": {**told, **limits}}
    return field(default=MISSING if default is ... else default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Options:
    """A group of options that belong together; each field is one, declared with `opt`.

    Attributes
    ----------
    given : dict of str to str
        The options that were given, by field, as they are called on the command line. A default
        is not given; 0 or an empty text may be.
    """

    panel: ClassVar[str | None] = None  # of the help
    rare: ClassVar[set[str]] = set()  # what --help-all alone shows

    given: dict[str, str] = field(default_factory=dict)

    @classmethod
    def called(cls) -> dict[str, str]:
        """Return what the group's options are called on the command line, by field."""
        # Those of the class itself before those that it has from others.
        order = {name: (-i, j) for i, c in enumerate(reversed(cls.__mro__))
                 for j, name in enumerate(vars(c).get("__annotations__", {}))}  # fmt: skip
        names = [f.name for f in fields(cls) if f.metadata]
        return {n: f"--{n.replace('_', '-')}" for n in sorted(names, key=order.__getitem__)}

    @classmethod
    def parameters(cls) -> list[inspect.Parameter]:
        """Return the group's options as typer wants them."""
        hints = get_type_hints(cls)
        members = {f.name: f for f in fields(cls)}
        rare = {name for c in cls.__mro__ for name in vars(c).get("rare", ())}
        return [
            _parameter(name, hints[name], members[name], option, cls.panel, hidden=name in rare)
            for name, option in cls.called().items()
        ]

    def __post_init__(self) -> None:
        """Refuse values that an option does not have."""
        hints = get_type_hints(type(self))
        for name, option in self.called().items():
            allowed, value = _choices(hints[name]), getattr(self, name)
            if allowed and value is not None and value not in allowed:
                raise CliError(
                    f"{option} {value!r} is unknown{close_match(value, allowed)}",
                    f"It is one of {', '.join(allowed)}.",
                )


def _parameter(
    name: str, kind: Any, declared: Any, option: str, panel: str | None, *, hidden: bool
) -> inspect.Parameter:
    """Return one option as typer wants it."""
    told = {**declared.metadata["typer"], "hidden": hidden}
    if choices := _choices(kind):
        told["metavar"] = "|".join(choices)
        kind = str if type(None) not in get_args(kind) else str | None
    # A switch has no value: without the space, the help would say <bool>.
    told["metavar"] = told["metavar"] or (" " if kind is bool else None)
    told["rich_help_panel"] = told["rich_help_panel"] or panel
    # Spelled out: typer would give a switch a second name, --no-switch.
    names = [n for n in (option, declared.metadata["short"]) if n]
    default = inspect.Parameter.empty if declared.default is MISSING else declared.default
    annotation = Annotated[kind, typer.Option(..., *names, **told)]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def _choices(kind: Any) -> tuple[str, ...]:
    """Return the values of a ``Literal``, which may also be None."""
    for part in (kind, *get_args(kind)):
        if get_origin(part) is Literal:
            return get_args(part)
    return ()


def refuse(given: dict[str, str], why: str, hint: str = "Leave it out.") -> None:
    """Refuse options that mean nothing here, by name."""
    if given:
        raise CliError(f"{', '.join(given.values())}: {why}", hint)


class _PlainHelp:
    """Gives a command whose ``--help`` is a switch like any other."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return ``--help``: without the metavar, which would be <bool>."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.metavar = " "
        return option


class Commands(_PlainHelp, TyperGroup):
    """Several commands."""


class Command(_PlainHelp, TyperCommand):
    """A command that knows how it was called."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, and keep them as they were given."""
        ctx.meta[ARGUMENTS] = list(args)
        return super().parse_args(ctx, args)


def _show_all(ctx: typer.Context, value: bool) -> None:
    """Print the help with the rare options, and leave."""
    if value:
        options: list[Any] = [p for p in ctx.command.params if getattr(p, "hidden", False)]
        for option in options:
            option.hidden = False
        try:
            sys.stdout.write(ctx.get_help())
        finally:
            for option in options:
                option.hidden = True
        raise typer.Exit


_HELP_ALL = Annotated[
    bool,
    typer.Option(
        "--help-all",
        callback=_show_all,
        is_eager=True,
        metavar=" ",
        help="Show the help with the options that are rarely needed, and exit.",
    ),
]


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a function: its groups become options, its errors messages.

    Parameters
    ----------
    function : callable
        Each parameter is a subclass of `Options`, which is handed over filled in, or an argument
        as typer knows it. One of the options is the switch ``debug``.

    Returns
    -------
    command : callable
        For ``typer.Typer.command``.
    """
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, type[Options]] = {
        n: hint for n, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Options)
    }

    def run(ctx: typer.Context, help_all: bool, **values: Any) -> None:
        for name, group in groups.items():
            options = group.called()
            # Not whether it is true: 0 can be given, and a default can be true.
            given = {n: option for n, option in options.items() if _is_given(ctx, n)}
            values[name] = group(given=given, **{n: values.pop(n) for n in options})
        function(**values)

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("ctx", keyword, annotation=typer.Context),
        inspect.Parameter("help_all", keyword, default=False, annotation=_HELP_ALL),
    ]
    for name, parameter in inspect.signature(function).parameters.items():
        argument = parameter.replace(kind=keyword, annotation=hints[name])
        parameters += groups[name].parameters() if name in groups else [argument]
    typed: Any = reported(run)
    typed.__name__, typed.__doc__ = function.__name__, function.__doc__
    typed.__signature__ = inspect.Signature(parameters)
    typed.__annotations__ = {p.name: p.annotation for p in parameters}
    return typed  # type: ignore[no-any-return]


def _is_given(ctx: typer.Context, name: str) -> bool:
    """Tell whether the user gave an option."""
    return getattr(ctx.get_parameter_source(name), "name", "") in ("COMMANDLINE", "ENVIRONMENT")
