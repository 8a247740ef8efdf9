"""``zcore demo``: what a coreset is worth, measured on scikit-learn's bundled digits."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn_zcore.tables import Table

from ._budget import Budget, parse_budget
from ._methods import get_method
from ._output import Coreset, Output, check_output, write_coreset
from ._run import Fit, Request, fit_selector, make_coreset

N_ITER = 200_000
N_RANDOM = 20
_TEST_SHARE = 0.25


@dataclass
class Demo:
    """What the demo measured.

    Attributes
    ----------
    n_train, n_test, n_features : int
        Size of the training rows and the held-out rows.
    budget : Budget
        How much was selected.
    n_selected : int
        Rows of the coreset.
    fit : Fit
        The fitted selector.
    accuracy : dict
        By classifier: held-out accuracy after training on ``coreset`` and ``all`` rows, and
        ``random``, one accuracy for each random draw.
    seconds : float
        Time of the whole demo.
    output : Path or None
        Where the coreset was written.
    """

    n_train: int
    n_test: int
    n_features: int
    budget: Budget
    n_selected: int
    fit: Fit
    accuracy: dict[str, dict[str, Any]]
    seconds: float
    output: Path | None


def run_demo(
    *, budget: str, seed: int, out: Path | None, force: bool, jobs: int, verbose: bool
) -> Demo:
    """Select from the digits without labels and train on the coreset, at random, on all.

    Parameters
    ----------
    budget : str
        How much to select.
    seed : int
        Seed of the split, of the draws and of the random selections.
    out : Path or None
        Where to write the coreset.
    force : bool
        Overwrite an existing file.
    jobs : int
        Number of threads.
    verbose : bool
        Show a progress bar.

    Returns
    -------
    demo : Demo
        The measurements.
    """
    start = time.perf_counter()
    wanted = parse_budget(budget)
    # The data are part of scikit-learn: there is no input file that --out could overwrite.
    output = (
        None
        if out is None
        else check_output(
            out, source=Path("digits"), source_format=".npy", only_indices=False, force=force
        )
    )
    X, y, X_test, y_test, train_rows = _split(seed)
    n_selected = wanted.rows(len(X))
    request = Request(table=Path(), out=Path(), budget=budget, seed=seed, jobs=jobs)
    request.selector, request.verbose = {"n_iter": N_ITER}, verbose
    fit = fit_selector(get_method("zcore", request.selector), request, X, n_selected)
    accuracy = _compare(X, y, X_test, y_test, fit.selector.indices_, seed)
    if output is not None:
        _write(output, X, y, train_rows, fit.selector, force=force)
    seconds = time.perf_counter() - start
    return Demo(
        n_train=len(X),
        n_test=len(X_test),
        n_features=X.shape[1],
        budget=wanted,
        n_selected=n_selected,
        fit=fit,
        accuracy=accuracy,
        seconds=seconds,
        output=out,
    )


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


def _compare(X: Any, y: Any, X_test: Any, y_test: Any, coreset: Any, seed: int) -> Any:
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

    # Fits this small take longer with several BLAS threads, 50 times so on a busy machine.
    with threadpool_limits(1):
        return {
            name: {
                "coreset": accuracy(model, coreset),
                "random": [accuracy(model, rows) for rows in draws],
                "all": accuracy(model, slice(None)),
            }
            for name, model in _classifiers().items()
        }


def _write(output: Output, X: Any, y: Any, rows: Any, selector: Any, *, force: bool) -> None:
    """Write the coreset with the pixels and the digit; zcore_row counts the rows of the digits."""
    import numpy as np

    names = [f"pixel_{i // 8}_{i % 8}" for i in range(X.shape[1])] + ["digit"]
    chosen = make_coreset(selector, None, "row")
    table = np.zeros((int(rows.max()) + 1, len(names)), dtype=np.int64)
    table[rows, :-1] = np.rint(X * 16)
    table[rows, -1] = y
    coreset = Coreset(rows[chosen.rows], chosen.scores, chosen.ranks)
    source = Table(Path("digits"), ".npy", names, len(table), array=table)
    write_coreset(output, source, names, coreset, force=force)


def compare(coreset: float, random: list[float]) -> int:
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
    difference = 100 * (coreset - _moments(random)[0])
    beaten = sum(r < coreset for r in random)
    words = {
        -1: "is worse than most random draws",
        0: "is about as good as a random draw",
        1: "is better than most random draws",
    }
    how = words[compare(coreset, random)]
    return (
        f"With {name} the ZCore coreset {how}: {difference:+.1f} points from their mean; it beats "
        f"{beaten} of {len(random)}."
    )


def explanation(demo: Demo) -> str:
    """Say what follows from all classifiers together.

    Parameters
    ----------
    demo : Demo
        The measurements.

    Returns
    -------
    text : str
        One or two sentences.
    """
    sides = {compare(r["coreset"], r["random"]) for r in demo.accuracy.values()}
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


def _moments(values: list[float]) -> tuple[float, float]:
    """Return mean and standard deviation."""
    import numpy as np

    return float(np.mean(values)), float(np.std(values, ddof=1))


def demo_json(demo: Demo) -> dict[str, Any]:
    """Describe a demo for programs.

    Parameters
    ----------
    demo : Demo
        The measurements.

    Returns
    -------
    report : dict
        Of plain values.
    """
    accuracy = {}
    for name, result in demo.accuracy.items():
        mean, spread = _moments(result["random"])
        accuracy[name] = {**result, "random_mean": mean, "random_std": spread}
    selector = demo.fit.selector
    return {
        "data": "sklearn.datasets.load_digits",
        "n_train": demo.n_train,
        "n_test": demo.n_test,
        "n_features": demo.n_features,
        "budget": demo.budget.text,
        "n_selected": demo.n_selected,
        "n_draws": int(selector.n_iter_),
        "stability": float(selector.stability_),
        "accuracy": accuracy,
        "verdict": [verdict(r["coreset"], r["random"], n) for n, r in demo.accuracy.items()],
        "explanation": explanation(demo),
        "seconds": round(demo.seconds, 3),
        "seconds_selecting": round(demo.fit.seconds, 3),
        "output": None if demo.output is None else str(demo.output),
        "warnings": demo.fit.warnings,
    }


def print_demo(demo: Demo) -> None:
    """Print a demo for people.

    Parameters
    ----------
    demo : Demo
        The measurements.
    """
    from ._report import print_lines, stability_sentence

    selector = demo.fit.selector
    print_lines(
        "ZCore on scikit-learn's digits (8x8 images), without labels",
        [
            ("data", f"{demo.n_train:,} rows to select from, {demo.n_test:,} held out, "
                     f"{demo.n_features} features"),
            ("coreset", demo.budget.describe(demo.n_train)),
            ("draws", f"{selector.n_iter_:,} in {demo.fit.seconds:.1f} s"),
            ("stability", stability_sentence(selector.stability_)),
        ],
    )  # fmt: skip
    at_random = f"random (mean ± sd of {N_RANDOM})"
    print(f"\n  {'held-out accuracy':<22}{'ZCore':>8}{at_random:>27}{'all rows':>10}")
    for name, result in demo.accuracy.items():
        mean, spread = _moments(result["random"])
        between = f"{mean:.3f} ± {spread:.3f}"
        print(f"  {name:<22}{result['coreset']:>8.3f}{between:>27}{result['all']:>10.3f}")
    print()
    sentences = [verdict(r["coreset"], r["random"], n) for n, r in demo.accuracy.items()]
    lines = [("result", s) for s in sentences[:1]] + [("", s) for s in sentences[1:]]
    lines.append(("", explanation(demo)))
    if demo.output is not None:
        lines.append(("written", str(demo.output)))
    lines.append(("time", f"{demo.seconds:.1f} s in all"))
    lines.append(("next", "zcore select YOUR_TABLE.csv --budget 10% --out coreset.csv"))
    print_lines("Result", lines)
