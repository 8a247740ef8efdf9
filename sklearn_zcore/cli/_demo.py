"""``zcore demo``: what coresets are worth, measured on scikit-learn's bundled digits."""

import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn_zcore._against_random import accuracy, verdict
from sklearn_zcore._atomic import NewFiles
from sklearn_zcore.handover import Output, make_coreset, write_coreset

from ._command import command, opt
from ._compared import FigureOptions, check_figure, draw_figure, run_comparison
from ._coreset import (
    FORMATS,
    budget_rows,
    fit_selector,
    known_method,
    parse_budget,
    run_parameters,
)
from ._options import RunOptions, TellOptions
from ._output import check_output, write_together
from ._tell import print_json, print_lines

METHODS = ("facility-location", "zcore", "k-means")  # and random draws
N_ITER = 200_000  # of ZCore: plenty for so few rows, in a fifth of the time
N_RANDOM = 10
_TEST_SHARE = 0.25
_NEXT = "zcore select YOUR_TABLE.csv --budget 10% --out coreset.csv"


@dataclass(frozen=True, kw_only=True)
class DemoOptions(FigureOptions):
    """What ``zcore demo`` selects and writes."""

    budget: str = opt(
        "2%,5%,10%,30%",
        "A,B",
        "How much to select: percentages, fractions or numbers of rows.",
        short="-b",
    )
    out: Path | None = opt(
        None,
        "FILE",
        "Also write the coreset of facility-location at the last of the budgets (.csv, .parquet, "
        ".npy or .npz), with the pixels and the digit; zcore_row counts the rows of the whole data "
        "set.",
        short="-o",
    )


@command
def demo(own: DemoOptions, run: RunOptions, tell: TellOptions) -> None:
    """Measure in seconds what a coreset is worth, on scikit-learn's bundled digits.

    Selects parts of the training rows without their labels, trains two classifiers on each, on
    random draws of the same size and on all rows, and prints the accuracy on held-out rows,
    whatever it is. Nothing is downloaded.

    [bold]Examples[/bold]

    [cyan]zcore demo[/cyan]

    [cyan]zcore demo --budget 30% --seed 1 --figure demo.png[/cyan]
    """
    start = time.perf_counter()
    sizes = [parse_budget(text) for text in own.budget.split(",")]
    # The data are part of scikit-learn: there is no input file that --out could overwrite.
    output = None if own.out is None else check_output(own.out, formats=FORMATS, force=own.force)
    figure = None if own.figure is None else check_figure(own.figure, force=own.force)
    X, y, train, test = _digits(run.seed)
    for size in sizes:
        budget_rows(size, len(train))
    found = _compare(X, y, (train, test), [size.label for size in sizes], run, tell.verbose)
    outputs = [file for file in (output, figure) if file is not None]
    with write_together(*outputs) as new:
        if output is not None:
            n_rows = budget_rows(sizes[-1], len(train))
            _write(new, output, X, y, train, n_rows, run)
        if figure is not None:
            draw_figure(new.file(figure.path), figure, found)
    measured = accuracy(found.scores_of_draws())
    report = {
        "data": "sklearn.datasets.load_digits",
        "n_train": len(train),
        "n_test": len(test),
        "n_features": X.shape[1],
        "n_selected": {size.label: budget_rows(size, len(train)) for size in sizes},
        "classifiers": found.estimators,
        "accuracy": measured,
        "verdict": verdict(measured, {name: known_method(name).label for name in METHODS}),
        "output": None if output is None else str(output.path),
        "figure": None if figure is None else str(figure.path),
        "seconds": round(time.perf_counter() - start, 3),
    }
    if tell.json:
        print_json(report)
    else:
        _print(report)


def _digits(seed: int) -> tuple[Any, Any, Any, Any]:
    """Return the digits, their labels, and the numbers of training and of held-out rows."""
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    X, y = load_digits(return_X_y=True)
    train, test = train_test_split(
        np.arange(len(X)), test_size=_TEST_SHARE, stratify=y, random_state=seed
    )
    return X / 16.0, y, np.sort(train), test  # Pixels are 0 to 16.


def _compare(
    X: Any, y: Any, split: tuple[Any, Any], budgets: list[str], run: RunOptions, verbose: bool
) -> Any:
    """Compare the methods by two classifiers that learn in different ways."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    selectors = {name: known_method(name).estimator(random_state=run.seed) for name in METHODS}
    return run_comparison(
        {**selectors, "zcore": selectors["zcore"].set_params(n_iter=N_ITER)},
        X,
        y,
        budgets,
        estimators={
            "logistic regression": LogisticRegression(max_iter=1000),
            "nearest neighbour": KNeighborsClassifier(n_neighbors=1),
        },
        cv=[split],
        scoring="accuracy",
        n_repeats=N_RANDOM,
        # A second process takes longer to start than it would save.
        n_jobs=run.jobs if "jobs" in run.given else 1,
        random_state=run.seed,
        verbose=int(verbose),
    )


def _write(
    new: NewFiles, output: Output, X: Any, y: Any, train: Any, n_rows: int, run: RunOptions
) -> None:
    """Write the coreset with the pixels and the digit; zcore_row counts the rows of the digits."""
    import numpy as np

    selector = known_method(METHODS[0]).estimator()
    known = selector.get_params()
    parameters = {n: value for n, value in run_parameters(run).items() if n in known}
    fit = fit_selector(selector.set_params(**parameters), X[train], n_rows)
    coreset = make_coreset(fit.selector, train, "row")
    pixels = np.rint(X[coreset.rows] * 16).astype(np.int64)
    columns = {f"pixel_{i // 8}_{i % 8}": values for i, values in enumerate(pixels.T)}
    columns["digit"] = y[coreset.rows]
    write_coreset(new, output, coreset, columns)


def _print(report: dict[str, Any]) -> None:
    """Print a demo for people."""
    found, budgets = report["accuracy"], list(report["n_selected"])
    print_lines(
        "Coresets of scikit-learn's digits (8x8 images), selected without labels",
        [
            ("data", f"{report['n_train']:,} rows to select from, {report['n_test']:,} held out"),
            ("accuracy", f"per cent; mean of {' and '.join(report['classifiers'])}"),
        ],
    )

    def line(name: str, cells: list[str]) -> None:
        print(f"  {name:<24}" + "".join(f"{cell:>13}" for cell in cells))

    print()
    line("trained on", budgets)
    for name in METHODS:
        line(known_method(name).label, [f"{found[name][b]:.1f}" for b in budgets])
    spread = [f"{row['mean']:.1f} ± {row['std']:.1f}" for row in found["random"].values()]
    line(f"random ({N_RANDOM} draws, ± sd)", spread)
    line("all rows", [f"{found['all_rows']:.1f}"] * len(budgets))
    print()
    told = [part for text in report["verdict"] for part in textwrap.wrap(text, 66)]
    lines = [("" if i else "result", text) for i, text in enumerate(told)]
    lines += [("written", report[name]) for name in ("output", "figure") if report[name]]
    print_lines("What it shows", [*lines, ("time", f"{report['seconds']:.1f} s in all")])
    print(f"\nNext, on a table of your own, by {known_method(METHODS[0]).label}:\n  {_NEXT}")
