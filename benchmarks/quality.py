"""Quality of the selectors: what classifiers reach that are trained on their coresets.

    python benchmarks/quality.py DIR --out RESULTS              # tables and embeddings of a folder
    python benchmarks/quality.py --openml-cc18 --out RESULTS    # the suite, fetched from OpenML
    python benchmarks/quality.py COPIES --openml-cc18 --out RESULTS    # local copies of it
    python benchmarks/quality.py DIR --study-zcore --out STUDY  # settings of ZCore instead
    python benchmarks/quality.py DIR --study-draws --out DRAWS  # its numbers of draws instead

DIR holds tables (*.parquet: features, last column ``target``, perhaps a column ``fold``) and
embeddings (*.npz: X and y, perhaps fold). COPIES is laid out as the caches of OpenML's clients are
(datasets/3/dataset.arff and description.xml, tasks/3/datasplits.arff), and its folds are the
official ones. Every selector selects among the training rows of every fold, without labels; three
classifiers are trained on the coreset and scored on the held-out rows. What is finished is kept in
RESULTS: a run that was stopped goes on where it was.

RESULTS gets scores.csv (one line for each score), summary.md (means, mean ranks, win rates
against random with Wilcoxon p values, adjusted by Holm's method) and ahead_of_random.png.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path.insert(0, str(Path(__file__).parent))

import _data  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from _work import (  # noqa: E402
    BUDGETS,
    COMPARED,
    DRAWS,
    FRACTIONS,
    OF_DRAWS,
    PER_CLASS,
    STUDY,
    run_unit,
    unit_path,
)
from joblib import Parallel, delayed  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: E402

import sklearn_zcore as zcore  # noqa: E402
from sklearn_zcore import inspection  # noqa: E402
from sklearn_zcore.inspection import ALL_ROWS, as_markdown, default_classifiers  # noqa: E402

METRICS = {"macro_f1": "macro-F1", "balanced_accuracy": "balanced accuracy"}


def plan(arguments):
    """Return the units of work: (source, fold, selector, draw)."""
    if arguments.openml_cc18:
        sources = [
            ("openml", name, number) for name, number in _data.find_cc18(arguments.folder).items()
        ]
    else:
        found = _data.find_data(arguments.folder)
        sources = [("file", name, path) for name, path in found.items()]
    wanted = [source for source in sources if not arguments.only or source[1] in arguments.only]
    if not wanted:
        raise SystemExit(f"--only: none of {', '.join(s[1] for s in sources)}.")
    for source in wanted:
        for fold in range(arguments.folds):
            for selector in [*arguments.selectors, ALL_ROWS]:
                n_draws = arguments.draws if selector == "random" else 1
                for draw in range(n_draws):
                    yield source, fold, selector, draw


def check_settings(arguments):
    """Refuse to go on with results of other settings."""
    settings = {
        "folds": arguments.folds,
        "seed": arguments.seed,
        "max_rows": arguments.max_rows,
        "study_zcore": arguments.study_zcore,
        "study_draws": arguments.study_draws,
    }
    path = arguments.out / "settings.json"
    (arguments.out / "units").mkdir(parents=True, exist_ok=True)
    if path.exists() and json.loads(path.read_text()) != settings:
        raise SystemExit(
            f"{arguments.out} holds results of other settings, {path.read_text()}. Choose another "
            f"--out, or delete it."
        )
    path.write_text(json.dumps(settings))


def run(arguments):
    """Do what is not yet done."""
    budgets = FRACTIONS if arguments.study_zcore else BUDGETS
    budgets = OF_DRAWS if arguments.study_draws else budgets
    settings = (arguments.folds, arguments.seed, arguments.max_rows)
    units = list(plan(arguments))
    left = [
        (source, fold, selector, draw)
        for source, fold, selector, draw in units
        if not unit_path(
            arguments.out, {"data": source[1], "fold": fold, "selector": selector, "draw": draw}
        ).exists()
    ]
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("selections", total=len(units), completed=len(units) - len(left))
        done = Parallel(n_jobs=arguments.jobs, return_as="generator_unordered")(
            delayed(run_unit)(arguments.out, *unit, budgets, settings, arguments.study_draws)
            for unit in left
        )
        for _ in done:
            bar.advance(task)


def write_results(arguments):
    """Write the table of scores, the summary and the figure."""
    parts = [
        pd.DataFrame(json.loads(path.read_text()))
        for path in sorted((arguments.out / "units").glob("*.json"))
    ]
    frame = pd.concat([part for part in parts if len(part)], ignore_index=True)
    frame = frame[frame["selector"].isin([*arguments.selectors, ALL_ROWS])]
    frame.to_csv(arguments.out / "scores.csv", index=False)
    if arguments.study_draws:
        return write_draws(arguments, frame)
    labels = [budget.label for budget in BUDGETS]
    text = [
        f"{frame['data'].nunique()} data sets, {arguments.folds} folds, mean of "
        f"{', '.join(default_classifiers())}. Python {platform.python_version()}, "
        + ", ".join(f"{m} {v}" for m, v in versions().items())
        + "."
    ]
    for metric, called in METRICS.items():
        by_set = 100 * inspection.scores_by_set(frame, metric)[list(arguments.selectors)]
        reached = 100 * frame[frame["selector"] == ALL_ROWS].groupby("data")[metric].mean().mean()
        text += [f"## {called}, per cent (all rows: {reached:.1f})"]
        text += [as_markdown(inspection.mean_table(by_set, labels))]
        text += ["Mean rank:", as_markdown(inspection.rank_table(by_set, labels), 2)]
        text += ["Share of data sets on which it beats the mean of the random draws:"]
        text += [as_markdown(inspection.win_table(by_set, labels), 2)]
        text += ["p value of that (Wilcoxon, adjusted by Holm's method):"]
        text += [as_markdown(inspection.p_table(by_set, labels), 4)]
        if metric == "macro_f1":
            draw(by_set, called).savefig(arguments.out / "ahead_of_random.png", dpi=150)
    report = "\n\n".join(text) + "\n"
    (arguments.out / "summary.md").write_text(report)
    print(report)


def write_draws(arguments, frame):
    """Write mean and standard error over the folds, for every data set and classifier."""
    text = [f"Python {platform.python_version()}, " + ", ".join(map(" ".join, versions().items()))]
    frame = frame[frame["selector"] != ALL_ROWS]
    for (data, classifier), part in frame.groupby(["data", "classifier"]):
        n_train = int(part["n_train"].median())
        text.append(f"## {data}, {n_train:,} rows to select from, {classifier}: macro-F1, per cent")
        # Draws of random rows are averaged within a fold: folds differ more than they do.
        of_fold = part.groupby(["selector", "budget", "fold"])["macro_f1"].mean()
        cells = (100 * of_fold).groupby(level=[0, 1]).agg(["mean", "sem"])
        labels = [f"{mean:.1f} ± {error:.1f}" for mean, error in cells.to_numpy()]
        table = pd.Series(labels, cells.index).unstack().reindex(index=arguments.selectors)
        table = table.reindex(columns=[budget.label for budget in OF_DRAWS]).fillna("")
        lines = ["| coreset | " + " | ".join(table) + " |", "|" + " --- |" * (1 + table.shape[1])]
        lines += [f"| {name} | " + " | ".join(row) + " |" for name, row in table.T.items()]
        text.append("\n".join(lines))
    report = "\n\n".join(text) + "\n"
    (arguments.out / "summary.md").write_text(report)
    print(report)


def draw(by_set, called):
    """Draw how far the selectors are ahead of random draws: shares, and rows a class."""
    groups = {
        "budget, share of the training rows": {b.label: b.label for b in FRACTIONS},
        "budget, rows a class": {b.label: f"{b.size}" for b in PER_CLASS},
    }
    present = set(by_set.index.get_level_values("budget"))
    groups = {title: budgets for title, budgets in groups.items() if present & set(budgets)}
    figure = Figure(figsize=(1 + 4.2 * len(groups), 4.2), layout="constrained")
    panels = figure.subplots(1, len(groups), sharey=True, squeeze=False)[0]
    display = inspection.SelectorComparisonDisplay(by_set, metric=f"{called}, points")
    for panel, (title, budgets) in zip(panels, groups.items(), strict=True):
        display.plot(panel, budgets=budgets, xlabel=title, legend=panel is panels[-1])
        panel.label_outer()
    return figure


def versions():
    """Return what the results depend on."""
    import sklearn

    return {m.__name__: m.__version__ for m in (np, sklearn, zcore)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, help="of *.parquet and *.npz, or of copies")
    parser.add_argument("--openml-cc18", action="store_true", help="the suite, fetched or from DIR")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--folds", type=int, help="default: 3; 10 with --openml-cc18")
    parser.add_argument("--draws", type=int, default=5, help="random draws a fold, default: 5")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-rows", type=int, help="draw as many of larger sets, by class")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; -1 is one a core")
    parser.add_argument("--only", nargs="+", default=[], help="these data sets only")
    parser.add_argument("--selectors", nargs="+", choices=COMPARED, help="default: all")
    studies = parser.add_mutually_exclusive_group()
    studies.add_argument("--study-zcore", action="store_true", help="variants of ZCore instead")
    studies.add_argument("--study-draws", action="store_true", help="its numbers of draws instead")
    arguments = parser.parse_args()
    if arguments.folder is None and not arguments.openml_cc18:
        parser.error("give a folder, or --openml-cc18")
    every = DRAWS if arguments.study_draws else STUDY if arguments.study_zcore else list(COMPARED)
    arguments.selectors = arguments.selectors or every
    if "random" not in arguments.selectors:
        parser.error("--selectors: random is what the others are compared with")
    arguments.folds = arguments.folds or (10 if arguments.openml_cc18 else 3)
    check_settings(arguments)
    run(arguments)
    write_results(arguments)


if __name__ == "__main__":
    main()
