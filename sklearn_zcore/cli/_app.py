"""The commands and their options."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from . import _image_options as _i
from . import _options as _o
from ._compare_app import compare
from ._errors import EXIT_INTERRUPTED, CliError, reported, say, silence_stdout
from ._image_app import cache_app, embed

app = typer.Typer(
    name="zcore",
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
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Select a coreset: the small part of a table worth labelling, storing and training on.

    It needs no labels and no training. A typical run, on a table or on a folder of images:

    [bold]zcore select table.csv --budget 10% --out coreset.csv[/bold]

    [bold]zcore select photos --model clip --budget 5% --out coreset.csv[/bold]

    [bold]zcore demo[/bold] shows in seconds what a coreset is worth on a small data set.
    """


app.command(epilog=_EXIT_CODES)(embed)
app.command(epilog=_EXIT_CODES)(compare)
app.add_typer(cache_app, epilog=_EXIT_CODES)


@app.command(epilog=_EXIT_CODES)
@reported
def select(
    table: _o.Table,
    budget: _o.Budget,
    out: _o.Out,
    columns: _o.Columns = None,
    carry: _o.Carry = None,
    ignore: _o.Ignore = None,
    missing: _o.Missing = None,
    raw: _o.Raw = False,
    max_categories: _o.MaxCategories = 100,
    kind: _o.Kind = None,
    decimal: _o.Decimal = None,
    method: _o.Method = "zcore",
    n_iter: _o.NIter = None,
    subspace_dim: _o.SubspaceDim = None,
    n_neighbors: _o.NNeighbors = None,
    exponent: _o.Exponent = None,
    metric: _o.Metric = None,
    seed: _o.Seed = 0,
    jobs: _o.Jobs = -1,
    indices: _o.Indices = False,
    order: _o.Order = "row",
    force: _o.Force = False,
    key: _o.Key = None,
    sep: _o.Sep = None,
    encoding: _o.Encoding = None,
    na_values: _o.NaValues = None,
    model: _i.Model = None,
    pooling: _i.Pooling = None,
    layer: _i.Layer = None,
    revision: _i.Revision = None,
    offline: _i.Offline = False,
    on_error: _i.OnError = None,
    device: _i.Device = None,
    dtype: _i.Dtype = None,
    batch_size: _i.BatchSize = None,
    workers: _i.Workers = None,
    cache_dir: _i.CacheDir = None,
    no_cache: _i.NoCache = False,
    copy_to: _i.CopyTo = None,
    link_to: _i.LinkTo = None,
    quiet: _o.Quiet = False,
    json: _o.Json = False,
    debug: _o.Debug = False,
) -> None:
    """Select the most valuable rows of a table, or images of a folder, without labels.

    [bold]Examples[/bold]

    A tenth of a table; ids and labels are written through, not selected on:

    [cyan]zcore select table.csv --budget 10% --carry id,label --out coreset.csv[/cyan]

    500 rows, most valuable first, from a file in which '?' means missing:

    [cyan]zcore select table.csv -b 500 --na-values '?' --order rank -o coreset.parquet[/cyan]

    Row numbers from an array of embeddings, used as they are:

    [cyan]zcore select embeddings.npy --raw -b 5% -o rows.npy[/cyan]

    Images, copied to a folder of their own:

    [cyan]zcore select photos --model clip -b 5% -o coreset.csv --copy-to coreset[/cyan]
    """
    options = locals()  # by name: what says how to embed goes on as it is
    from ._features import parse_kinds
    from ._folder import FolderRequest
    from ._methods import parse_n_iter
    from ._run import Request, run_select

    _one_of("--missing", missing, ("impute", "drop", "error"))
    _one_of("--decimal", decimal, (".", ","))
    _one_of("--order", order, ("row", "rank"))
    _one_of("--metric", metric, ("manhattan", "euclidean"))
    given: dict[str, Any] = {
        "n_iter": parse_n_iter(n_iter),
        "subspace_dim": subspace_dim,
        "n_neighbors": n_neighbors,
        "exponent": exponent,
        "metric": metric,
    }
    request = Request(
        table=table,
        out=out,
        budget=budget,
        method=method,
        columns=columns or [],
        ignore=ignore or [],
        carry=carry or [],
        raw=raw,
        missing=missing,
        max_categories=max_categories,
        kind=parse_kinds(kind),
        decimal=decimal,
        key=key,
        sep=sep,
        encoding=encoding,
        na_values=tuple(v for text in na_values or [] for v in text.split(",")),
        selector={name: value for name, value in given.items() if value is not None},
        seed=seed,
        jobs=jobs,
        indices=indices,
        order=order,
        force=force,
        verbose=not quiet and sys.stderr.isatty(),
    )
    images = FolderRequest.of(table, options, verbose=request.verbose)
    if table.is_dir() and (images.given() or copy_to or link_to):
        _select_folder(request, images, copy_to, link_to, quiet=quiet, json=json)
        return
    for_images = images.given() + [
        option
        for option, value in (("--copy-to", copy_to), ("--link-to", link_to))
        if value is not None
    ]
    if for_images and table.exists():
        raise CliError(
            f"{', '.join(for_images)}: for folders of images, and {table} is a file.",
            "Leave it out, or name the folder.",
        )
    outcome = run_select(request)
    _tell(outcome, quiet=quiet, json=json)


def _select_folder(
    request: Any,
    images: Any,
    copy_to: Path | None,
    link_to: Path | None,
    *,
    quiet: bool,
    json: bool,
) -> None:
    """Select from a folder of images, and print what was done."""
    from ._folder import broken_note
    from ._report import print_json, print_lines
    from ._select_folder import refuse_table_options, select_folder, selected_json, selected_lines

    refuse_table_options(request)
    outcome = select_folder(request, images, copy_to, link_to)
    if json:
        print_json(selected_json(outcome))
    elif not quiet:
        print_lines("Coreset selected", selected_lines(outcome))
    if outcome.embedded.broken:
        say(broken_note(outcome.embedded.broken), label="Warning: ", style="bold yellow")
    _warn(outcome.fit.warnings)


@app.command(epilog=_EXIT_CODES)
@reported
def demo(
    budget: Annotated[
        str,
        typer.Option(
            "--budget",
            "-b",
            metavar="SIZE",
            help="How much to select: a percentage, a fraction or a number of rows.",
        ),
    ] = "10%",
    seed: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=2**32 - 1,
            help="Seed of the split, the draws and the random selections.",
        ),
    ] = 0,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", metavar="N", help="Threads; -1 is one per core.")
    ] = -1,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Also write the coreset (.csv, .parquet, .npy or .npz), with the pixels and the "
            "digit; zcore_row counts the rows of the whole data set.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Overwrite an existing output.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bar.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Measure in seconds what a coreset is worth, on scikit-learn's bundled digits.

    Selects a part of the training rows without their labels, trains two classifiers on it, on
    random draws of the same size and on all rows, and prints the accuracy of each on held-out
    rows, whatever it is. Nothing is downloaded.

    [bold]Examples[/bold]

    [cyan]zcore demo[/cyan]

    [cyan]zcore demo --budget 30% --seed 1[/cyan]
    """
    from ._demo import demo_json, print_demo, run_demo
    from ._report import print_json

    result = run_demo(
        budget=budget,
        seed=seed,
        out=out,
        force=force,
        jobs=jobs,
        verbose=not quiet and sys.stderr.isatty(),
    )
    if json:
        print_json(demo_json(result))
    else:
        print_demo(result)
    for message in result.fit.warnings:
        say(message, label="Warning: ", style="bold yellow")


def _tell(outcome: Any, *, quiet: bool, json: bool) -> None:
    """Print what was done."""
    from ._report import as_json, print_json, print_lines, summary_lines

    if json:
        print_json(as_json(outcome))
    elif not quiet:
        print_lines("Coreset selected", summary_lines(outcome))
    if not quiet:
        for note in outcome.roles.notes + outcome.features.notes:
            say(note, label="Note: ", style="bold")
    _warn(outcome.fit.warnings)


def _warn(messages: list[str]) -> None:
    """Print what the selector warned of, with the options that it means."""
    from ._run import option_hint

    for message in messages:
        say(message, label="Warning: ", style="bold yellow")
        if hint := option_hint(message):
            say(hint, label="Hint: ", style="bold")


def _one_of(option: str, value: str | None, allowed: tuple[str, ...]) -> None:
    """Refuse a value that an option does not have."""
    from ._errors import close_match

    if value is not None and value not in allowed:
        raise CliError(
            f"{option} {value!r} is unknown{close_match(value, allowed)}",
            f"It is one of {', '.join(allowed)}.",
        )


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
