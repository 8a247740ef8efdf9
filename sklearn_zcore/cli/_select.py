"""``zcore select``: a table or a folder in, a coreset out."""

from dataclasses import replace
from typing import Any

from ._campaign import goes_on, read_campaign
from ._command import command
from ._coreset import (
    budget_rows,
    build_selector,
    fit_report,
    fit_selector,
    make_coreset,
    parse_budget,
)
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
from ._tell import print_json, print_lines, say_notes, say_warnings, stability_sentence


@command
def select(
    table: Rows,
    size: BudgetOptions,
    writing: WritingOptions,
    columns: CarryOptions,
    selection: SelectorOptions,
    campaign: CampaignOptions,
    run: RunOptions,
    reading: ReadingOptions,
    images: ImageOptions,
    files: FileOptions,
    tell: TellOptions,
) -> None:
    """Select the most valuable rows of a table, or images of a folder, without labels.

    [bold]Examples[/bold]

    A tenth of a table; ids and labels are written through, not selected on:

    [cyan]zcore select table.csv --budget 10% --carry id,label --out coreset.csv[/cyan]

    500 rows, most valuable first, from a file in which '?' means missing:

    [cyan]zcore select table.csv -b 500 --na-values '?' --order rank -o coreset.parquet[/cyan]

    Row numbers from an array of embeddings, used as they are:

    [cyan]zcore select embeddings.npy --raw -b 5% -o rows.npy[/cyan]

    A further round: what has a label is covered, and each site gets its share:

    [cyan]zcore select t.csv -b 9 --method k-means --selected label --group-by site -o b.csv[/cyan]

    Images, copied to a folder of their own:

    [cyan]zcore select photos --model clip -b 5% -o coreset.csv --copy-to coreset[/cyan]
    """
    input = open_input(
        table,
        reading=reading,
        columns=columns,
        images=images,
        files=files,
        for_tables={n: option for n, option in writing.given.items() if n == "indices"},
        verbose=tell.verbose,
    )
    budget = parse_budget(size.budget)
    selector = build_selector(selection, run, verbose=tell.verbose)
    # An earlier coreset that goes on is meant to be replaced.
    on = goes_on(campaign, writing.out)
    output = input.check_output(replace(writing, force=writing.force or on))
    budget_rows(budget, input.read())  # Before the work: a budget above n is soon told.
    X = input.prepare(output)
    known = read_campaign(campaign, input, len(X), output)
    selector.set_params(**known.parameters)
    n_selected = budget_rows(budget, len(X), n_taken=len(known.before))
    fit = fit_selector(selector, X, n_selected, **known.keywords)
    before = known.before if known.goes_on else ()
    coreset = make_coreset(
        fit.selector, input.kept, writing.order, before=before, weights=campaign.weights
    )
    input.write(output, coreset)
    report = {
        **input.report(),
        "output": str(output.path),
        "method": selection.method,
        "seed": run.seed,
        "budget": budget.label,
        "order": writing.order,
        **fit_report(fit),
    }
    if tell.json:
        print_json(report)
    elif not tell.quiet:
        lines = input.lines() + _fit_lines(report)
        lines.append(("coreset", budget.describe(len(X)).replace("row", input.noun, 1)))
        print_lines("Coreset selected", lines + input.written(output, writing.order))
    if not tell.quiet:
        say_notes(input.notes)
    say_warnings(input.warnings + fit.warnings)


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
