"""``zcore report``, and the report of ``zcore select``: a page about a coreset."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn_zcore._words import plural
from sklearn_zcore.handover import Output

from ._command import Options, command, opt
from ._errors import CliError
from ._input import open_input
from ._options import (
    ColumnOptions,
    ForceOptions,
    ImageOptions,
    ReadingOptions,
    Rows,
    TellOptions,
)
from ._output import check_free, write_together
from ._tell import print_json, print_lines, say_notes, say_warnings


@dataclass(frozen=True, kw_only=True)
class GroupOptions(Options):
    """What a report looks at besides."""

    panel = "The report"

    groups: list[str] | None = opt(
        None,
        "A,B",
        "Columns whose values are groups that should have their share of the coreset; of a folder, "
        "its sub-folders always are.",
        shown="none",
    )


@dataclass(frozen=True, kw_only=True)
class PageOptions(GroupOptions):
    """The report of a command that makes a coreset."""

    rare = {"groups"}

    report: Path | None = opt(
        None, "FILE", "Also write a page about the coreset, to look at before labelling: .html."
    )


@dataclass(frozen=True, kw_only=True)
class CoresetOptions(ForceOptions):
    """What ``zcore report`` reports on, and where it writes."""

    coreset: Path = opt(
        ...,
        "FILE",
        "What was selected, by whatever tool: a table with a column of row numbers (from 0) or of "
        "paths, such as zcore select writes, or a .npy file of row numbers.",
        short="-c",
    )
    coreset_column: str | None = opt(
        None, "NAME", "The column of --coreset with the row numbers or paths.", shown="found out"
    )
    out: Path = opt(..., "FILE", "The page: .html.", short="-o")


@command
def report(
    table: Rows,
    own: CoresetOptions,
    groups: GroupOptions,
    columns: ColumnOptions,
    reading: ReadingOptions,
    images: ImageOptions,
    tell: TellOptions,
) -> None:
    """Make a page about a coreset, to look at before it is labelled.

    [bold]Examples[/bold]

    [cyan]zcore report table.csv --coreset coreset.csv --groups region --out report.html[/cyan]

    [cyan]zcore report photos --model clip --coreset chosen.csv --out report.html[/cyan]
    """
    from sklearn_zcore.inspection.report import places_among, read_coreset_file

    input = open_input(
        table,
        reading=reading,
        columns=columns,
        images=images,
        for_tables=groups.given,
        verbose=tell.verbose,
    )
    page = check_page(own.out, input.sources, force=own.force)
    n_rows = input.read()
    column = own.coreset_column
    rows = read_coreset_file(own.coreset, n_rows, input.names(), column=column)
    X = input.prepare()
    write_page(page, places_among(rows, input.kept), X, input.beside(groups.groups))
    if tell.json:
        print_json({"report": str(page.path), "n_selected": len(rows)})
    elif not tell.quiet:
        coreset = f"{own.coreset}, {plural(len(rows), input.noun)}"
        print_lines("Report made", [("coreset", coreset), ("written", str(page.path))])
    if not tell.quiet:
        say_notes(input.notes)
    say_warnings(input.warnings)


def check_page(path: Path, sources: Sequence[Path], *, force: bool) -> Output:
    """Refuse a page that could not be written, or made, before any work is done."""
    from sklearn_zcore.inspection.report import require_report_extra

    require_report_extra()
    if path.suffix.lower() not in (".html", ".htm"):
        raise CliError(f"The report {path} is no page.", f"Name it {path.stem}.html.")
    check_free(path, sources, force=force)
    return Output(path, ".html", force)


def write_page(page: Output, coreset: Any, X: Any, beside: dict[str, Any]) -> None:
    """Make a report and write it, whole or not at all."""
    from sklearn_zcore.inspection import CoresetReport

    call = shlex.join(["zcore", *sys.argv[1:]])
    try:
        made = CoresetReport(coreset, X, call=call, **beside)
    except (ValueError, TypeError) as error:
        raise CliError(f"The report cannot be made: {error}") from error
    with write_together(page) as new:
        made.write_html(new.file(page.path))
