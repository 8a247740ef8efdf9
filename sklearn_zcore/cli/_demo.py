"""``zcore demo``: what a coreset is worth, measured on scikit-learn's bundled digits."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from sklearn_zcore.handover import make_coreset

from ._command import command, opt
from ._coreset import (
    FORMATS,
    budget_rows,
    fit_report,
    fit_selector,
    parse_budget,
    run_parameters,
    write_coreset,
)
from ._options import BUDGET_HELP, ForceOptions, RunOptions, TellOptions
from ._output import Output, check_output, write_together
from ._tell import print_json, print_lines, say_warnings, stability_sentence

N_ITER = 200_000
N_RANDOM = 20
_TEST_SHARE = 0.25


@dataclass(frozen=True, kw_only=True)
class DemoOptions(ForceOptions):
    """What ``zcore demo`` selects and writes."""

    budget: str = opt("10%", "SIZE", BUDGET_HELP, short="-b")
    out: Path | None = opt(
        None,
        "FILE",
        "Also write the coreset (.csv, .parquet, .npy or .npz), with the pixels and the digit; "
        "zcore_row counts the rows of the whole data set.",
        short="-o",
    )


@command
def demo(own: DemoOptions, run: RunOptions, tell: TellOptions) -> None:
    """Measure in seconds what a coreset is worth, on scikit-learn's bundled digits.

    Selects a part of the training rows without their labels, trains two classifiers on it, on
    random draws of the same size and on all rows, and prints the accuracy of each on held-out
    rows, whatever it is. Nothing is downloaded.

    [bold]Examples[/bold]

    [cyan]zcore demo[/cyan]

    [cyan]zcore demo --budget 30% --seed 1[/cyan]
    """
    from sklearn_zcore import ZCoreSelector

    start = time.perf_counter()
    wanted = parse_budget(own.budget)
    # The data are part of scikit-learn: there is no input file that --out could overwrite.
    output = None if own.out is None else check_output(own.out, formats=FORMATS, force=own.force)
    X, y, X_test, y_test, train_rows = _split(run.seed)
    selector = ZCoreSelector(n_iter=N_ITER, verbose=int(tell.verbose), **run_parameters(run))
    fit = fit_selector(selector, X, budget_rows(wanted, len(X)))
    accuracy = _measure(X, y, X_test, y_test, fit.selector.indices_, run.seed)
    if output is not None:
        _write(output, X, y, train_rows, fit.selector)
    report = {
        "data": "sklearn.datasets.load_digits",
        "n_train": len(X),
        "n_test": len(X_test),
        "n_features": X.shape[1],
        "budget": wanted.label,
        **fit_report(fit),
        "seconds_selecting": round(fit.seconds, 3),
        "accuracy": accuracy,
        "verdict": [verdict(r["coreset"], r["random"], n) for n, r in accuracy.items()],
        "explanation": explanation(accuracy),
        "output": None if output is None else str(output.path),
        "seconds": round(time.perf_counter() - start, 3),
    }
    if tell.json:
        print_json(report)
    else:
        _print(report, wanted.describe(len(X)))
    say_warnings(fit.warnings)


def _split(seed: int) -> tuple[Any, Any, Any, Any, Any]:
    """Return training rows, their labels, held-out rows, their labels, and the row numbers."""
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    X, y = load_digits(return_X_y=True)
    X = X / 16.0  # Pixels are 0 to 16.
    train, test = train_test_split(
        np.arange(len(X)), test_size=_TEST_SHARE, stratify=y, random_state=seed
    )
    train.sort()
    return X[train], y[train], X[test], y[test], train


def _classifiers() -> dict[str, Any]:
    """Return two classifiers that learn in different ways."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    return {
        "logistic regression": LogisticRegression(max_iter=2000),
        "nearest neighbour": KNeighborsClassifier(n_neighbors=1),
    }


def _measure(X: Any, y: Any, X_test: Any, y_test: Any, coreset: Any, seed: int) -> Any:
    """Measure held-out accuracy after training on the coreset, on random draws and on all rows."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from sklearn_zcore import RandomSelector

    draws = [
        RandomSelector(len(coreset), random_state=np.random.RandomState([seed, i])).fit(X).indices_
        for i in range(N_RANDOM)
    ]

    def accuracy(model: Any, rows: Any) -> float:
        # One class alone trains no classifier; then every prediction is that class.
        if len(set(y[rows])) == 1:
            return float(np.mean(y_test == y[rows][0]))
        return float(model.fit(X[rows], y[rows]).score(X_test, y_test))

    measured = {}
    # Fits this small take longer with several BLAS threads, 50 times so on a busy machine.
    with threadpool_limits(1):
        for name, model in _classifiers().items():
            random = [accuracy(model, rows) for rows in draws]
            measured[name] = {
                "coreset": accuracy(model, coreset),
                "random": random,
                "random_mean": fmean(random),
                "random_std": stdev(random),
                "all": accuracy(model, slice(None)),
            }
    return measured


def _write(output: Output, X: Any, y: Any, train_rows: Any, selector: Any) -> None:
    """Write the coreset with the pixels and the digit; zcore_row counts the rows of the digits."""
    import numpy as np

    coreset = make_coreset(selector, None, "row")
    pixels = np.rint(X[coreset.rows] * 16).astype(np.int64)
    columns = {f"pixel_{i // 8}_{i % 8}": values for i, values in enumerate(pixels.T)}
    columns["digit"] = y[coreset.rows]
    with write_together(output) as new:
        coreset = replace(coreset, rows=train_rows[coreset.rows])
        write_coreset(new, output, coreset, columns)


def side(coreset: float, random: list[float]) -> int:
    """Say whether a coreset is better (1) or worse (-1) than most random draws, or neither (0).

    Parameters
    ----------
    coreset : float
        Accuracy after training on the coreset.
    random : list of float
        Accuracies after training on random draws of that size.

    Returns
    -------
    side : {-1, 0, 1}
        Not 0 where the coreset beats at most a quarter or at least three quarters of the draws;
        a tie is half a win.
    """
    wins = sum((r < coreset) + 0.5 * (r == coreset) for r in random) / len(random)
    return (wins >= 0.75) - (wins <= 0.25)


def verdict(coreset: float, random: list[float], name: str) -> str:
    """Say what the measurements of one classifier show.

    Parameters
    ----------
    coreset : float
        Accuracy after training on the coreset.
    random : list of float
        Accuracies after training on random draws of that size.
    name : str
        The classifier.

    Returns
    -------
    sentence : str
        The comparison, in words that follow from the numbers.
    """
    difference = 100 * (coreset - fmean(random))
    beaten = sum(r < coreset for r in random)
    words = {
        -1: "is worse than most random draws",
        0: "is about as good as a random draw",
        1: "is better than most random draws",
    }
    how = words[side(coreset, random)]
    return (
        f"With {name} the ZCore coreset {how}: {difference:+.1f} points from their mean; it beats "
        f"{beaten} of {len(random)}."
    )


def explanation(accuracy: dict[str, dict[str, Any]]) -> str:
    """Say what follows from all classifiers together.

    Parameters
    ----------
    accuracy : dict of str to dict
        By classifier: the held-out accuracy after training on the ``coreset``, and on each of
        the ``random`` draws.

    Returns
    -------
    text : str
        One or two sentences.
    """
    sides = {side(r["coreset"], r["random"]) for r in accuracy.values()}
    if sides == {-1}:
        return (
            "So at this budget a random draw is the better training set here. A likely reason: the "
            "published ranking favours rows in sparse regions, which are often outliers. Before "
            "you rely on a coreset, compare it with --method random on your own data."
        )
    if sides == {1}:
        return "So at this budget the ZCore coreset is the better training set here."
    if sides == {0}:
        return "So at this budget neither ZCore nor a random draw is the better training set here."
    return "So at this budget the better training set depends on the classifier."


def _print(report: dict[str, Any], size: str) -> None:
    """Print a demo for people."""
    data = f"{report['n_train']:,} rows to select from, {report['n_test']:,} held out"
    print_lines(
        "ZCore on scikit-learn's digits (8x8 images), without labels",
        [
            ("data", f"{data}, {report['n_features']} features"),
            ("coreset", size),
            ("draws", f"{report['n_draws']:,} in {report['seconds_selecting']:.1f} s"),
            ("stability", stability_sentence(report["stability"])),
        ],
    )
    at_random = f"random (mean ± sd of {N_RANDOM})"
    print(f"\n  {'held-out accuracy':<22}{'ZCore':>8}{at_random:>27}{'all rows':>10}")
    for name, result in report["accuracy"].items():
        between = f"{result['random_mean']:.3f} ± {result['random_std']:.3f}"
        print(f"  {name:<22}{result['coreset']:>8.3f}{between:>27}{result['all']:>10.3f}")
    print()
    sentences = [*report["verdict"], report["explanation"]]
    lines = [("" if i else "result", sentence) for i, sentence in enumerate(sentences)]
    if report["output"] is not None:
        lines.append(("written", report["output"]))
    lines.append(("time", f"{report['seconds']:.1f} s in all"))
    lines.append(("next", "zcore select YOUR_TABLE.csv --budget 10% --out coreset.csv"))
    print_lines("Result", lines)
