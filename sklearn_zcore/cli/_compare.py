"""The work of ``zcore compare``: selectors against each other, on rows with labels."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sklearn_zcore.tables import Table, check_table, read_table, resolve_roles

from ._budget import Budget, parse_budget
from ._errors import CliError, close_match, plural, require, shorten
from ._folder import FolderRequest
from ._methods import METHODS, build_selector
from ._output import Output, atomic, check_output, probe_directory

N_RANDOM = 5
_FIGURES = (".png", ".pdf", ".svg")


@dataclass
class CompareRequest:
    """What ``zcore compare`` was asked to do; each field is an option of that name."""

    table: Path
    target: str | None
    budgets: str
    methods: list[str] = field(default_factory=list)
    folds: int = 5
    out: Path | None = None
    figure: Path | None = None
    columns: list[str] = field(default_factory=list)
    ignore: list[str] = field(default_factory=list)
    raw: bool = False
    missing: str | None = None
    max_categories: int = 100
    kind: dict[str, str] = field(default_factory=dict)
    decimal: str | None = None
    key: str | None = None
    sep: str | None = None
    encoding: str | None = None
    na_values: tuple[str, ...] = ()
    seed: int = 0
    jobs: int = -1
    force: bool = False
    verbose: bool = False


@dataclass
class Compared:
    """What was measured.

    Attributes
    ----------
    frame : DataFrame
        One line for each score.
    by_fold : DataFrame
        Macro-F1 in per cent: a row for each (fold, budget), a column for each method.
    budgets : list of Budget
    n_rows, n_features, n_classes : int
    all_rows : float
        Macro-F1 after training on all rows of a fold, in per cent.
    notes : list of str
    seconds : float
    """

    frame: Any
    by_fold: Any
    budgets: list[Budget]
    n_rows: int
    n_features: int
    n_classes: int
    all_rows: float
    notes: list[str]
    seconds: float


def run_compare(request: CompareRequest, images: FolderRequest) -> Compared:
    """Compare methods by cross-validation.

    Parameters
    ----------
    request : CompareRequest
        What to do.
    images : FolderRequest
        How to embed, where the input is a folder of images.

    Returns
    -------
    compared : Compared
        What was measured; the files that were asked for have been written.
    """
    budgets = [parse_budget(text) for text in request.budgets.split(",") if text.strip()]
    if not budgets:
        raise CliError("--budgets is empty.", "For example: --budgets 1%,5%,10%.")
    methods = _methods(request.methods)
    (pandas,) = require("pandas", why="zcore compare")
    if request.figure is not None:
        require("matplotlib", why="--figure")
    out = _check_outputs(request)
    start = time.perf_counter()
    X, labels, notes = _folder_rows(request, images) if request.table.is_dir() else _rows(request)
    X, y = _usable(X, labels, request.folds, notes)
    n_train = len(y) - -(-len(y) // request.folds)
    for budget in budgets:
        budget.rows(n_train)  # as many as the smallest fold trains on
    frame = pandas.DataFrame(_compare(request, methods, X, y, budgets))
    from sklearn_zcore.inspection._comparison import ALL_ROWS
    from sklearn_zcore.inspection._comparison_summary import plot_comparison, scores_by_set

    by_fold = scores_by_set(frame.assign(data=frame["fold"]))[list(methods)]
    if out is not None:
        from ._image_output import write_table

        columns = {name: frame[name].tolist() for name in frame}
        write_table(out, columns, force=request.force)
    if request.figure is not None:
        shown = plot_comparison(by_fold, {"budget": {b.text: b.text for b in budgets}}, "macro-F1")
        with atomic(request.figure, force=request.force) as file:
            shown.savefig(file, format=request.figure.suffix[1:].lower(), dpi=150)
    reached = frame.loc[frame["selector"] == ALL_ROWS, "macro_f1"].mean()
    seconds = time.perf_counter() - start
    n_classes = len(set(y.tolist()))
    return Compared(
        frame, by_fold, budgets, len(y), X.shape[1], n_classes, 100 * reached, notes, seconds
    )


def _methods(given: list[str]) -> dict[str, Any]:
    """Return the methods to compare; random always is one of them."""
    named = [name.strip() for text in given for name in text.split(",") if name.strip()]
    for name in named:
        if name not in METHODS:
            raise CliError(
                f"--methods: {name!r} is unknown{close_match(name, METHODS)}",
                f"Methods: {', '.join(METHODS)}.",
            )
    wanted = [name for name in METHODS if not named or name in named or name == "random"]
    return {name: METHODS[name] for name in wanted}


def _check_outputs(request: CompareRequest) -> Output | None:
    """Refuse files that could not be written, before any work is done."""
    if request.figure is not None:
        if request.figure.suffix.lower() not in _FIGURES:
            raise CliError(f"--figure {request.figure}: it can be {', '.join(_FIGURES)}.")
        if request.figure.exists() and not request.force:
            raise CliError(
                f"The output {request.figure} exists.",
                "Overwrite it with --force, or name another.",
            )
        probe_directory(request.figure)
    if request.out is None:
        return None
    if request.out.suffix.lower() not in (".csv", ".parquet"):
        raise CliError(f"--out {request.out}: it can be .csv or .parquet.")
    return check_output(
        request.out,
        source=request.table,
        source_format=".csv",
        only_indices=False,
        force=request.force,
    )


def _folder_rows(request: CompareRequest, images: FolderRequest) -> tuple[Any, Any, list[str]]:
    """Embed a folder whose sub-folders are classes."""
    from ._folder import broken_note, check_request, embed_folder, list_folder

    if request.target is not None:
        raise CliError(
            f"--target: for tables, and {request.table} is a folder: its sub-folders are the "
            f"classes.",
            "Leave it out.",
        )
    check_request(images)
    found = list_folder(images.folder)
    if found.labels is None:
        raise CliError(
            f"The images of {request.table} have no classes: they do not lie in sub-folders.",
            "Put each class into a sub-folder of its own.",
        )
    embedded = embed_folder(images, found)
    return embedded.X, embedded.labels, [broken_note(embedded.broken)] if embedded.broken else []


def _rows(request: CompareRequest) -> tuple[Any, Any, list[str]]:
    """Read a table and its labels; rows without one are left out."""
    import numpy as np

    from ._features import build_features

    if request.target is None:
        raise CliError("--target is missing.", "Name the column with the labels: --target COLUMN.")
    check_table(request.table)
    source = read_table(
        request.table,
        key=request.key,
        sep=request.sep,
        encoding=request.encoding,
        na_values=request.na_values,
        decimal=request.decimal or "auto",
    )
    labels = _labels(source, request.target)
    ignored = [request.target] if request.target in source.names else []
    roles = resolve_roles(source, request.columns, [*request.ignore, *ignored], [])
    missing = request.missing or ("error" if request.raw else "impute")
    features = build_features(
        source,
        roles,
        raw=request.raw,
        missing=missing,
        max_categories=request.max_categories,
        kinds=request.kind,
        decimal=request.decimal or "auto",
    )
    if features.kept is not None:
        labels = labels[features.kept]
    labelled = np.array([label is not None for label in labels])
    notes = roles.notes + features.notes
    if not labelled.all():
        notes.append(f"{plural(int((~labelled).sum()), 'row')} without a label left out.")
    return features.X[labelled], labels[labelled], notes


def _labels(source: Table, target: str) -> Any:
    """Return the labels as text, None where there is none."""
    import numpy as np

    if source.table is not None and target in source.names:
        import pyarrow.compute as pc

        column = source.table[target]
        if hasattr(column.type, "value_type"):  # of a dictionary
            column = column.cast(column.type.value_type)
        text = pc.cast(column, "string").to_pylist()
        return np.array(text, dtype=object)
    if source.array is not None and target in source.names:
        column = source.array[:, source.names.index(target)]
        return np.array([str(value) for value in column], dtype=object)
    if source.format == ".npz":
        with np.load(source.path, allow_pickle=False) as arrays:
            if target in arrays:
                labels = np.asarray(arrays[target])
                if labels.shape != (source.n_rows,):
                    raise CliError(
                        f"--target {target}: the array has shape {labels.shape}, and there are "
                        f"{source.n_rows:,} rows."
                    )
                return labels.astype(str).astype(object)
    raise CliError(
        f"--target: the input has no column {target!r}{close_match(target, set(source.names))}",
        f"It has {plural(len(source.names), 'column')}: {shorten(source.names, 20)}.",
    )


def _usable(X: Any, labels: Any, n_folds: int, notes: list[str]) -> tuple[Any, Any]:
    """Leave out classes that are too rare for every fold to have one."""
    import numpy as np

    labels = np.asarray(labels).astype(str)
    classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    rare = counts < n_folds
    if len(labels) and rare.mean() > 0.5 and classes.size > 20:
        raise CliError(
            f"The target has {classes.size:,} different values in {len(labels):,} rows: it does "
            f"not look like classes.",
            "zcore compare trains classifiers; put numbers into a few bins first.",
        )
    if rare.any():
        notes.append(
            f"{plural(int(counts[rare].sum()), 'row')} left out: fewer than {n_folds} in the class "
            f"{shorten(classes[rare].tolist())}."
        )
    keep = ~rare[codes] if len(labels) else np.zeros(0, bool)
    if np.unique(codes[keep]).size < 2:
        raise CliError(
            f"There are fewer than two classes with {n_folds} rows or more.",
            "Label more rows, or use fewer --folds.",
        )
    return X[keep], labels[keep]


def _compare(
    request: CompareRequest, methods: dict[str, Any], X: Any, y: Any, budgets: list[Budget]
) -> list[dict[str, Any]]:
    """Run the comparison; what selectors complain of becomes a message."""
    from sklearn_zcore._budget import Budget as Budget_
    from sklearn_zcore.inspection import _comparison as comparison

    from ._progress import steps

    def selectors(name: str) -> list[Any]:
        seeds = range(N_RANDOM) if name == "random" else range(1)
        quiet = {"tol": 0} if name == "zcore" else {}
        return [
            build_selector(
                methods[name],
                budget=1,
                seed=request.seed + 1000 * seed,
                jobs=1,
                verbose=False,
                given={},
            ).set_params(**quiet)
            for seed in seeds
        ]

    made = {name: selectors(name) for name in methods}
    total = request.folds * (1 + sum(len(some) for some in made.values()))
    sizes = [
        Budget_(b.count if b.count is not None else float(b.share or 0), b.text) for b in budgets
    ]
    try:
        with steps(total, "selections", request.verbose) as advance:
            return comparison.compare_selectors(
                X,
                y,
                made,
                sizes,
                n_folds=request.folds,
                seed=request.seed,
                n_jobs=request.jobs,
                progress=advance,
            )
    except (ValueError, TypeError) as error:
        raise CliError(str(error)) from error


def compared_json(compared: Compared) -> dict[str, Any]:
    """Describe a comparison for programs."""
    names = [budget.text for budget in compared.budgets]
    means = compared.by_fold.groupby(level="budget").mean()
    spread = compared.by_fold.groupby(level="budget").std()
    return {
        "n_rows": compared.n_rows,
        "n_features": compared.n_features,
        "n_classes": compared.n_classes,
        "macro_f1_all_rows": round(compared.all_rows, 3),
        "macro_f1": {
            method: {
                name: {
                    "mean": round(float(means.loc[name, method]), 3),
                    "std": round(float(spread.loc[name, method]), 3),
                }
                for name in names
            }
            for method in means
        },
        "seconds": round(compared.seconds, 3),
        "notes": compared.notes,
    }


def print_compared(compared: Compared) -> None:
    """Print a comparison for people."""
    from ._report import print_lines

    print_lines(
        "Selectors compared: macro-F1 of classifiers trained on the coreset, per cent",
        [
            ("data", f"{compared.n_rows:,} rows, {compared.n_features:,} features, "
                     f"{compared.n_classes} classes"),
            ("all rows", f"{compared.all_rows:.1f}"),
        ],
    )  # fmt: skip
    groups = compared.by_fold.groupby(level="budget")
    means, spread = groups.mean(), groups.std()
    names = [budget.text for budget in compared.budgets]
    print("\n  " + " " * 19 + "".join(f"{name:>16}" for name in names))
    for method in means:
        cells = [f"{means.loc[n, method]:.1f} ± {spread.loc[n, method]:.1f}" for n in names]
        print(f"  {method:<19}" + "".join(f"{cell:>16}" for cell in cells))
    print("\n  Mean of three classifiers; ± is the spread over folds.")
    lines = []
    for name in names:
        best = means.loc[name].idxmax()
        ahead = means.loc[name, best] - means.loc[name, "random"]
        told = "no method is ahead of random draws"
        if best != "random":
            scores = compared.by_fold.xs(name, level="budget")
            n_won = int((scores[best] > scores["random"]).sum())
            told = (
                f"{best} is {ahead:.1f} points ahead of random draws, in {n_won} of "
                f"{len(scores)} folds"
            )
        lines.append((name, told))
    lines.append(("time", f"{compared.seconds:.1f} s"))
    print_lines("Best", lines)
