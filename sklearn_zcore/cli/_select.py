"""``zcore select``: a table or a folder in, a coreset out."""

from dataclasses import dataclass, replace
from typing import Any

from sklearn_zcore._atomic import STDOUT
from sklearn_zcore.handover import make_coreset

from ._command import Options, command, opt, refuse
from ._coreset import (
    budget_rows,
    build_selector,
    fit_report,
    fit_selector,
    is_blind,
    known_method,
    parse_budget,
)
from ._errors import CliError
from ._input import open_input
from ._options import (
    BudgetOptions,
    CampaignOptions,
    CarryOptions,
    FileOptions,
    ImageOptions,
    ReadingOptions,
    Rows,
    RunOptions,
    SelectorOptions,
    TellOptions,
    WritingOptions,
)
from ._report import PageOptions, check_page, write_page
from ._tell import print_json, print_lines, say_notes, say_warnings, stability_sentence


@dataclass(frozen=True, kw_only=True)
class ScaleOptions(Options):
    """What a selection may take, and who does its work."""

    panel = "Large inputs"
    rare = {"memory", "scheduler"}

    memory: str | None = opt(
        None,
        "SIZE",
        "What a table may take, such as 2GB: a larger one is read a part at a time.",
        shown="half of what is free",
    )
    scheduler: str | None = opt(
        None,
        "URL|local",
        "Have the workers of Dask do the work: tcp://HOST:PORT, or local.",
        shown=False,
    )


@command
def select(
    table: Rows,
    size: BudgetOptions,
    writing: WritingOptions,
    page: PageOptions,
    columns: CarryOptions,
    selection: SelectorOptions,
    campaign: CampaignOptions,
    run: RunOptions,
    scale: ScaleOptions,
    reading: ReadingOptions,
    images: ImageOptions,
    files: FileOptions,
    tell: TellOptions,
) -> None:
    """Select the most valuable rows of a table, or images of a folder, without labels.

    [bold]Examples[/bold]

    A tenth of a table; ids and labels are written through, not selected on:

    [cyan]zcore select table.csv --budget 10% --carry id,label --out coreset.csv[/cyan]

    Row numbers from an array of embeddings, used as they are:

    [cyan]zcore select embeddings.npy --raw -b 5% -o rows.npy[/cyan]

    By ZCore, as published:

    [cyan]zcore select table.csv -b 10% --method zcore -o coreset.csv[/cyan]

    A further round: what was selected is covered, and each site gets its share:

    [cyan]zcore select table.csv -b 9 --selected coreset.csv --group-by site -o next.csv[/cyan]

    Images, copied to a folder of their own:

    [cyan]zcore select photos --model clip -b 5% -o coreset.csv --copy-to coreset[/cyan]

    And a page to look at before the labels are paid for:

    [cyan]zcore select photos --model clip -b 5% -o coreset.csv --report report.html[/cyan]
    """
    input = open_input(
        table,
        reading=reading,
        columns=columns,
        images=images,
        files=files,
        for_tables={
            n: o for n, o in {**writing.given, **page.given}.items() if n in ("indices", "groups")
        },
        verbose=tell.verbose,
    )
    budget = parse_budget(size.budget)
    selector = build_selector(selection, run, verbose=tell.verbose)
    from sklearn_zcore.tables import (
        goes_on,
        on_cluster,
        parse_bytes,
        read_campaign,
        refuse_on_disk,
    )

    # An earlier coreset that goes on is meant to be replaced.
    on = goes_on(campaign, writing.out)
    output = input.check_output(replace(writing, force=writing.force or on))
    if page.report is None:
        refuse(page.given, "for the report, which is not asked for.", "Add --report report.html.")
    report_to = page.report and check_page(page.report, input.sources, force=writing.force)
    if output.path == STDOUT and tell.json:
        raise CliError("--out - and --json both write to stdout.", "Name a file.")
    blind = not (report_to or campaign.given) and is_blind(selector)
    # Before the work: a budget above n is soon told.
    values = not (blind and input.may_be_counted(output))
    limit = None if scale.memory is None else parse_bytes(scale.memory, "--memory")
    n_first = budget_rows(budget, input.read(values=values, limit=limit))
    if input.on_disk:
        refuse_on_disk({**campaign.given, **page.given}, selector=selector)
        if not (scale.scheduler or campaign.selected):
            input.streamed = selector.set_params(budget=n_first)
    X = input.prepare(output)
    n = input.n_rows if input.kept is None else len(input.kept)
    known = read_campaign(campaign, input, n, output.path)
    selector.set_params(**known.parameters)
    beside = input.beside(page.groups) if report_to else {}
    n_selected = budget_rows(budget, n, n_taken=len(known.before))
    with on_cluster(scale.scheduler):
        fit = fit_selector(selector, X, n_selected, **known.keywords)
    before = known.before if known.goes_on else ()
    coreset = make_coreset(
        fit.selector, input.kept, writing.order, before=before, weights=campaign.weights
    )
    input.write(output, coreset)
    if report_to:  # last: whatever becomes of it, the coreset is there
        write_page(report_to, fit.selector, X, beside)
    report = {
        **input.report(),
        "output": str(output.path),
        "report": page.report and str(page.report),
        "method": selection.method,
        "seed": run.seed,
        "budget": budget.label,
        "order": writing.order,
        **fit_report(fit),
        "warnings": input.warnings + fit.warnings,
    }
    if tell.json:
        print_json(report)
    elif not tell.quiet:
        lines = input.lines() + _fit_lines(report)
        lines.append(("coreset", budget.describe(n).replace("row", input.noun, 1)))
        lines += input.written(output, writing.order)
        lines += [("report", str(page.report))] if report_to else []
        print_lines(_title(selection), lines, err=output.path == STDOUT)
    if not tell.quiet:
        say_notes(input.notes)
    say_warnings(input.warnings + fit.warnings)


def _title(selection: SelectorOptions) -> str:
    """Say what was selected by; who has not chosen is told of the choice."""
    by = f"Coreset selected by {known_method(selection.method).label}"
    if "method" in selection.given:
        return by
    return f"{by}, the default (for ZCore, as published: --method zcore)"


def _fit_lines(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Describe a fit for people."""
    took = f"{report['seconds']:.1f} s"
    if report["n_draws"] is None:
        lines = [("method", f"{report['method']}, {took}")]
    else:
        draws = f"{report['n_draws']:,} in {took} ({report['draws_per_second']:,.0f}/s)"
        lines = [("method", report["method"]), ("draws", draws)]
    if report["stability"] is not None:
        lines.append(("stability", stability_sentence(report["stability"])))
    return lines
