"""The command ``zcore compare``."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from . import _image_options as _i
from . import _options as _o
from ._errors import reported, say


@reported
def compare(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE|FOLDER",
            help="Rows with labels: .csv, .csv.gz, .tsv, .parquet, .npy or .npz; or a folder of "
            "images whose sub-folders are classes (with --model).",
            show_default=False,
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            "-t",
            metavar="COLUMN",
            help="The column with the labels; of an .npz file, another array of it. No selector "
            "sees it.",
            show_default=False,
        ),
    ] = None,
    budgets: Annotated[
        str,
        typer.Option(
            "--budgets",
            "-b",
            metavar="A,B",
            help="Percentages, fractions or numbers of rows, of the rows that a fold trains on.",
        ),
    ] = "2%,5%,10%,30%",
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--methods",
            metavar="A,B",
            help="The methods to compare; random always is one.",
            show_default="all",
        ),
    ] = None,
    folds: Annotated[
        int, typer.Option(metavar="N", min=2, help="Folds of the cross-validation.")
    ] = 5,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write every score, as .csv or .parquet.",
            show_default=False,
        ),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw how far each method is ahead of random draws: .png, .pdf or .svg.",
            show_default=False,
        ),
    ] = None,
    columns: _o.Columns = None,
    ignore: _o.Ignore = None,
    missing: _o.Missing = None,
    raw: _o.Raw = False,
    max_categories: _o.MaxCategories = 100,
    kind: _o.Kind = None,
    decimal: _o.Decimal = None,
    seed: _o.Seed = 0,
    jobs: _o.Jobs = -1,
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
    quiet: _o.Quiet = False,
    json: _o.Json = False,
    debug: _o.Debug = False,
) -> None:
    """Compare the methods on labelled rows of your own.

    By cross-validation: each method selects among the training rows without their labels, three
    classifiers are trained on the coreset, on random draws and on all rows, and scored on the
    held-out rows by macro-F1.

    [bold]Examples[/bold]

    [cyan]zcore compare table.csv --target label --budgets 1%,5%,10%[/cyan]

    [cyan]zcore compare photos --model dinov2 --figure compared.png[/cyan]
    """
    options: dict[str, Any] = locals()  # by name
    from ._app import _one_of
    from ._compare import CompareRequest, compared_json, print_compared, run_compare
    from ._features import parse_kinds
    from ._folder import FolderRequest
    from ._report import print_json

    _one_of("--missing", missing, ("impute", "drop", "error"))
    _one_of("--decimal", decimal, (".", ","))
    verbose = not quiet and sys.stderr.isatty()
    request = CompareRequest(
        table=table,
        target=target,
        budgets=budgets,
        methods=methods or [],
        folds=folds,
        out=out,
        figure=figure,
        columns=columns or [],
        ignore=ignore or [],
        raw=raw,
        missing=missing,
        max_categories=max_categories,
        kind=parse_kinds(kind),
        decimal=decimal,
        key=key,
        sep=sep,
        encoding=encoding,
        na_values=tuple(v for text in na_values or [] for v in text.split(",")),
        seed=seed,
        jobs=jobs,
        force=force,
        verbose=verbose,
    )
    compared = run_compare(request, FolderRequest.of(table, options, verbose=verbose))
    if json:
        print_json(compared_json(compared))
    else:
        print_compared(compared)
    for note in [] if quiet else compared.notes:
        say(note, label="Note: ", style="bold")
