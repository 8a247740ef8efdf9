"""What the user sees after the work: a summary to read, or JSON."""

import json
import sys
import textwrap
from typing import Any

from ._errors import shorten
from ._features import Features
from ._run import Outcome

_LABEL_WIDTH = 11
_KINDS = ("numeric", "datetime", "categorical", "text", "identifier", "empty")


def print_lines(title: str, lines: list[tuple[str, str]]) -> None:
    """Print labelled lines to stdout, folded under their label in a terminal.

    Parameters
    ----------
    title : str
        The first line.
    lines : list of (label, text)
        The rest; an empty label continues the line above.
    """
    from rich.console import Console
    from rich.text import Text

    class Lines(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # Rich itself would exit with an error here.

    console = Lines(file=sys.stdout, highlight=False)
    console.print(Text(title, style="bold"), soft_wrap=True)
    # A file or a pipe gets each line whole.
    width = max(40, console.width) - _LABEL_WIDTH - 2 if console.is_terminal else 10_000
    for label, text in lines:
        folded = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
        for i, part in enumerate(folded or [""]):
            head = "  " + (label if i == 0 else "").ljust(_LABEL_WIDTH)
            line = Text.assemble((head, "cyan"), part)
            console.print(line, soft_wrap=True)


def print_json(report: dict[str, Any]) -> None:
    """Print a report as JSON, the only thing on stdout."""
    json.dump(report, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def stability_sentence(stability: float) -> str:
    """Say in one sentence what a stability means."""
    return (
        f"{stability:.2f}: two independent halves of the draws agree on {100 * stability:.0f} % of "
        "the coreset"
    )


def _feature_lines(features: Features, outcome: Outcome) -> list[tuple[str, str]]:
    """Say how the columns became features."""
    lines = [("features", features.done[0]), *(("", line) for line in features.done[1:])]
    if outcome.roles.carried:
        lines.append(("carried", f"{shorten(outcome.roles.carried)} (written, not used)"))
    if outcome.roles.ignored:
        lines.append(("ignored", f"{shorten(outcome.roles.ignored)} (neither used nor written)"))
    return lines


def summary_lines(outcome: Outcome) -> list[tuple[str, str]]:
    """Describe a selection for people.

    Parameters
    ----------
    outcome : Outcome
        What was done.

    Returns
    -------
    lines : list of (label, text)
        For `print_lines`.
    """
    features, fit, output = outcome.features, outcome.fit, outcome.output
    rows = f"{outcome.source.n_rows:,}"
    if features.n_dropped:
        rows += f", {features.n_dropped:,} dropped for missing values: {len(features.X):,} remain"
    lines = [("input", str(outcome.source.path)), ("rows", rows)]
    lines += _feature_lines(features, outcome)
    draws = getattr(fit.selector, "n_iter_", None)
    if draws is None:
        lines.append(("method", f"{outcome.request.method}, {fit.seconds:.1f} s"))
    else:
        rate = draws / fit.seconds
        lines.append(("draws", f"{draws:,} in {fit.seconds:.1f} s ({rate:,.0f}/s)"))
    stability = getattr(fit.selector, "stability_", None)
    if stability is not None:
        lines.append(("stability", stability_sentence(stability)))
    lines.append(("coreset", outcome.budget.describe(len(features.X))))
    content = "row numbers only" if output.only_indices else "rows with zcore_row, _score and _rank"
    if output.format == ".npz":
        content = "X, indices, scores, ranks"
    lines.append(("written", f"{output.path} ({content}, by {outcome.request.order})"))
    return lines


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Describe a selection for programs.

    Parameters
    ----------
    outcome : Outcome
        What was done.

    Returns
    -------
    report : dict
        Of plain values.
    """
    from sklearn_zcore.tables import missing_by_kind

    request, features, fit = outcome.request, outcome.features, outcome.fit
    selector = fit.selector
    draws = getattr(selector, "n_iter_", None)
    stability = getattr(selector, "stability_", None)
    kinds: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for column in features.columns:
        kinds[column.kind].append(column.name)
    return {
        "input": str(outcome.source.path),
        "output": str(outcome.output.path),
        "method": request.method,
        "seed": request.seed,
        "n_rows": outcome.source.n_rows,
        "n_dropped": features.n_dropped,
        "n_features": int(features.X.shape[1]),
        "columns": {
            **kinds,
            "carried": outcome.roles.carried,
            "ignored": outcome.roles.ignored,
        },
        "raw": features.raw,
        "missing": missing_by_kind(features.columns, features.handling),
        "budget": request.budget,
        "n_selected": int(selector.n_selected_),
        "n_draws": None if draws is None else int(draws),
        "seconds": round(fit.seconds, 4),
        "draws_per_second": None if draws is None else round(draws / fit.seconds, 1),
        "stability": None if stability is None else float(stability),
        "order": request.order,
        "warnings": fit.warnings,
        "notes": outcome.roles.notes + features.notes,
    }
