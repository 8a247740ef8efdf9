"""The work of ``zcore select``: read, select, write, and tell."""

import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sklearn_zcore.tables import Roles, Table, check_table, read_table, resolve_roles

from ._budget import Budget, parse_budget
from ._errors import CliError
from ._features import Features, build_features
from ._methods import OPTION_NAMES, Method, build_selector, get_method
from ._output import Coreset, Output, check_columns, check_output, write_coreset


@dataclass
class Request:
    """What ``zcore select`` was asked to do; each field is an option of that name.

    Attributes
    ----------
    selector : dict
        The selector's parameters that the user set.
    verbose : bool
        Show a progress bar.
    """

    table: Path
    out: Path
    budget: str
    method: str = "zcore"
    columns: list[str] = field(default_factory=list)
    ignore: list[str] = field(default_factory=list)
    carry: list[str] = field(default_factory=list)
    raw: bool = False
    missing: str | None = None
    max_categories: int = 100
    kind: dict[str, str] = field(default_factory=dict)
    decimal: str | None = None
    key: str | None = None
    sep: str | None = None
    encoding: str | None = None
    na_values: tuple[str, ...] = ()
    selector: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    jobs: int = -1
    indices: bool = False
    order: str = "row"
    force: bool = False
    verbose: bool = False


@dataclass
class Fit:
    """A fitted selector with the time that it took and what it warned of."""

    selector: Any
    seconds: float
    warnings: list[str]


@dataclass
class Outcome:
    """All that there is to report after a selection."""

    request: Request
    source: Table
    roles: Roles
    features: Features
    budget: Budget
    fit: Fit
    output: Output


def run_select(request: Request) -> Outcome:
    """Select a coreset from a file and write it.

    Parameters
    ----------
    request : Request
        What to do.

    Returns
    -------
    outcome : Outcome
        What was done.
    """
    budget, missing = parse_budget(request.budget), _missing(request)
    method = get_method(request.method, request.selector)
    output = check_output(
        request.out,
        source=request.table,
        source_format=check_table(request.table),
        only_indices=request.indices,
        force=request.force,
    )
    source = read_table(
        request.table,
        key=request.key,
        sep=request.sep,
        encoding=request.encoding,
        na_values=request.na_values,
        decimal=request.decimal or "auto",
    )
    budget.rows(source.n_rows)  # Before the columns: a budget above n is soon told.
    roles = resolve_roles(source, request.columns, request.ignore, request.carry)
    written = [name for name in source.names if name not in set(roles.ignored)]
    check_columns(source, written, output)
    features = build_features(
        source,
        roles,
        raw=request.raw,
        missing=missing,
        max_categories=request.max_categories,
        kinds=request.kind,
        decimal=request.decimal or "auto",
    )
    fit = fit_selector(method, request, features.X, budget.rows(len(features.X)))
    coreset = make_coreset(fit.selector, features.kept, request.order)
    write_coreset(output, source, written, coreset, force=request.force)
    return Outcome(request, source, roles, features, budget, fit, output)


def _missing(request: Request) -> str:
    """Return what to do about missing values."""
    if request.raw and request.missing == "impute":
        raise CliError(
            "--raw uses the columns as they are, --missing impute changes them.",
            "Leave one of them out, or use --missing drop.",
        )
    return request.missing or ("error" if request.raw else "impute")


def fit_selector(method: Method, request: Request, X: Any, n_rows: int) -> Fit:
    """Fit the selector; its complaints become the user's messages.

    Parameters
    ----------
    method : Method
        The kind of selector.
    request : Request
        Its options.
    X : ndarray
        The features.
    n_rows : int
        The number of rows to select.

    Returns
    -------
    fit : Fit
        The fitted selector.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            selector = build_selector(
                method,
                budget=n_rows,
                seed=request.seed,
                jobs=request.jobs,
                verbose=request.verbose,
                given=request.selector,
            )
            start = time.perf_counter()
            selector.fit(X)
            seconds = time.perf_counter() - start
        except (ValueError, TypeError) as error:
            raise CliError(str(error), option_hint(str(error))) from error
    told = list(dict.fromkeys(str(w.message) for w in caught))
    return Fit(selector, seconds, told)


def option_hint(message: str) -> str:
    """Name the options behind the parameters that a message mentions.

    Parameters
    ----------
    message : str
        From the library, which knows parameters, not options.

    Returns
    -------
    hint : str
        Empty if it mentions none.
    """
    named = [f"{option} sets {p}" for p, option in OPTION_NAMES.items() if p in message]
    text = "; ".join(named) + "." if named else ""
    if "n_iter" in message:
        text += " With --n-iter auto it is as many as the coreset needs to be stable."
    return text


def make_coreset(selector: Any, kept: Any, order: str) -> Coreset:
    """Collect the selected rows with scores and ranks.

    Parameters
    ----------
    selector : estimator
        A fitted selector.
    kept : ndarray or None
        The input's row of each row that the selector saw; None if they are the same.
    order : {"row", "rank"}
        How to sort the coreset.

    Returns
    -------
    coreset : Coreset
        The rows, numbered as in the input.
    """
    import numpy as np

    ranking = np.asarray(selector.ranking_)
    rank_of = np.empty(len(ranking), dtype=np.int64)
    rank_of[ranking] = np.arange(1, len(ranking) + 1)
    chosen = np.asarray(selector.indices_, dtype=np.int64)
    if order == "rank":
        chosen = chosen[np.argsort(rank_of[chosen], kind="stable")]
    rows = chosen if kept is None else np.asarray(kept, dtype=np.int64)[chosen]
    return Coreset(rows, np.asarray(selector.scores_)[chosen], rank_of[chosen])
