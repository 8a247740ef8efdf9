"""``zcore compare``: the methods against each other, on rows with labels."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn_zcore.handover import Output, write_columns
from sklearn_zcore.tables import file_format, require

from ._command import command, opt
from ._compared import FIGURES, FigureOptions, check_figure, draw_figure, run_comparison
from ._coreset import budget_rows, known_method, parse_budget
from ._errors import CliError
from ._input import open_input
from ._options import (
    ColumnOptions,
    ImageOptions,
    ReadingOptions,
    Rows,
    RunOptions,
    TellOptions,
)
from ._output import check_output, write_together
from ._tell import print_json, print_lines, say_notes, say_warnings

_SCORES = (".csv", ".parquet")
_YARDSTICK = "random"


@dataclass(frozen=True, kw_only=True)
class CompareOptions(FigureOptions):
    """What ``zcore compare`` compares, and where it writes the result."""

    target: str | None = opt(
        None,
        "COLUMN",
        "The column with the labels; of an .npz file, another array of it; the sub-folders of a "
        "folder are its labels. No selector sees them.",
        short="-t",
    )
    budgets: str = opt(
        "2%,5%,10%,30%",
        "A,B",
        "Percentages, fractions or numbers of rows, of the rows that a fold trains on.",
        short="-b",
    )
    methods: list[str] | None = opt(
        None, "A,B", "The methods to compare; random always is one.", shown="all"
    )
    folds: int = opt(5, "N", "Folds of the cross-validation.", min=2)
    out: Path | None = opt(None, "FILE", "Write every score, as .csv or .parquet.", short="-o")


@command
def compare(
    table: Rows,
    own: CompareOptions,
    columns: ColumnOptions,
    run: RunOptions,
    reading: ReadingOptions,
    images: ImageOptions,
    tell: TellOptions,
) -> None:
    """Compare the methods on labelled rows of your own.

    By cross-validation: each method selects among the training rows without their labels, three
    classifiers are trained on the coreset, on random draws and on all rows, and scored on the
    held-out rows by macro-F1.

    [bold]Examples[/bold]

    [cyan]zcore compare table.csv --target label --budgets 1%,5%,10%[/cyan]

    [cyan]zcore compare photos --model dinov2 --figure compared.png[/cyan]
    """
    input = open_input(
        table,
        reading=reading,
        columns=columns,
        images=images,
        for_tables={n: option for n, option in own.given.items() if n == "target"},
        verbose=tell.verbose,
    )
    input.check_target(own.target)
    sizes = [parse_budget(text, "--budgets") for text in own.budgets.split(",") if text.strip()]
    if not sizes:
        raise CliError("--budgets is empty.", "For example: --budgets 1%,5%,10%.")
    methods = _methods(own.methods or [])
    outputs = _check_outputs(own, input.sources)
    start = time.perf_counter()
    n_rows = input.read()
    for size in sizes:
        # As many as the smallest fold trains on; rows without a label are told of later.
        budget_rows(size, n_rows - -(-n_rows // own.folds), "--budgets")
    parameters = {"cv": own.folds, "n_jobs": run.jobs, "random_state": run.seed}
    X, y, preparation = input.labelled(own.target)
    found = run_comparison(
        methods,
        X,
        y,
        [size.label for size in sizes],
        preparation=preparation,
        verbose=int(tell.verbose),
        **parameters,
    )
    _write(outputs, found)
    seconds = time.perf_counter() - start
    notes = input.notes + found.notes
    if tell.json:
        print_json({**report(found), "seconds": round(seconds, 3), "notes": notes})
    else:
        print_found(found, seconds)
    if not tell.quiet:
        say_notes(notes)
    say_warnings(input.warnings)


def _methods(given: list[str]) -> list[str]:
    """Return the methods to compare, in the order of the registry; random always is one."""
    from sklearn_zcore.selection import SELECTORS

    named = [name.strip() for text in given for name in text.split(",") if name.strip()]
    for name in named:
        known_method(name, "--methods:")
    return [name for name in SELECTORS if not named or name in named or name == _YARDSTICK]


def _check_outputs(own: CompareOptions, sources: Sequence[Path]) -> list[Output]:
    """Refuse files that could not be written, before any work is done."""
    outputs = []
    if own.out is not None:
        if file_format(own.out) not in _SCORES:
            raise CliError(f"--out {own.out}: it can be {' or '.join(_SCORES)}.")
        require("pandas", why="--out")
        outputs.append(check_output(own.out, formats=_SCORES, force=own.force, sources=sources))
    if own.figure is not None:
        outputs.append(check_figure(own.figure, force=own.force))
    return outputs


def _write(outputs: list[Output], found: Any) -> None:
    """Write every score, and the figure."""
    with write_together(*outputs) as new:
        for output in outputs:
            file = new.file(output.path)
            if output.format in FIGURES:
                draw_figure(file, output, found)
            else:
                frame = found.to_frame()
                columns = {name: frame[name].tolist() for name in frame}
                write_columns(file, output.format[1:], columns, output.style)


def report(found: Any) -> dict[str, Any]:
    """Describe a comparison for programs."""
    scores = found.to_dict()["scores"][found.metrics[0]]
    return {
        "n_rows": found.n_samples,
        "n_features": found.n_features,
        "n_classes": found.n_classes,
        "macro_f1_all_rows": round(100 * found.full_score(), 3),
        "macro_f1": {
            method: {
                budget: {name: _per_cent(row[budget][name]) for name in ("mean", "std")}
                for budget in found.budgets
            }
            for method, row in scores.items()
        },
    }


def _per_cent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 3)


def _cell(mean: float | None, std: float | None) -> str:
    return "–" if mean is None or std is None else f"{mean:.1f} ± {std:.1f}"


def print_found(found: Any, seconds: float) -> None:
    """Print a comparison for people."""
    rows = f"{found.n_samples:,} rows, {found.n_features:,} features, {found.n_classes} classes"
    print_lines(
        "Selectors compared: macro-F1 of classifiers trained on the coreset, per cent",
        [("data", rows), ("all rows", f"{100 * found.full_score():.1f}")],
    )
    print("\n  " + " " * 18 + "".join(f"{budget:>15}" for budget in found.budgets))
    for method, values in report(found)["macro_f1"].items():
        cells = [_cell(**value) for value in values.values()]
        print(f"  {method:<18}" + "".join(f"{cell:>15}" for cell in cells))
    print("\n  Mean of three classifiers; ± is the spread over folds.")
    scores = found.to_dict()["scores"][found.metrics[0]]
    lines = [
        (budget, _winner({name: row[budget] for name, row in scores.items()}, found.n_folds))
        for budget in found.budgets
    ]
    print_lines("Best", [*lines, ("time", f"{seconds:.1f} s")])


def _winner(scores: dict[str, dict[str, Any]], n_folds: int) -> str:
    """Say which method is best at a budget, from its mean over folds."""
    known = {name: row for name, row in scores.items() if row["mean"] is not None}
    if not known:
        return "no fold has a score of every method"
    best = max(known, key=lambda name: float(known[name]["mean"]))
    if best == _YARDSTICK:
        return "no method is ahead of random draws"
    return (
        f"{best} is {100 * known[best]['ahead']:.1f} points ahead of random draws, in "
        f"{known[best]['wins'] * n_folds:.0f} of {n_folds} folds"
    )
