"""The coreset: how much and by which selector, fitted, and as rows to write."""

import time
import warnings
from dataclasses import dataclass
from typing import Any

from sklearn_zcore._budget import Budget
from sklearn_zcore._words import close_match

from ._errors import CliError
from ._options import RunOptions, SelectorOptions

FORMATS = (".csv", ".parquet", ".jsonl", ".npy", ".npz")

# The options that are not called as the selectors' parameter is.
_PARAMETER_OF = {"seed": "random_state", "jobs": "n_jobs"}


@dataclass
class Fit:
    """A fitted selector with the time that it took and what it warned of."""

    selector: Any
    seconds: float
    warnings: list[str]


def parse_budget(text: str, option: str = "--budget") -> Budget:
    """Read a budget; whether there are as many rows is told by `budget_rows`.

    Parameters
    ----------
    text : str
        ``10%``, ``0.1`` or ``500``.
    option : str, default="--budget"
        Where it was given.

    Returns
    -------
    budget : Budget
    """
    try:
        return Budget.parse(text)
    except ValueError as error:
        message, _, forms = str(error).removeprefix(f"budget {text!r}").rpartition(". ")
        # What looks like a number needs no quotes.
        shown = text if text[:1] in tuple("+-.0123456789") else repr(text)
        raise CliError(f"{option} {shown}{message}.", forms) from error


def budget_rows(budget: Budget, n_rows: int, option: str = "--budget", n_taken: int = 0) -> int:
    """Return the number of rows that a budget means, of ``n_rows`` but for those taken before."""
    try:
        return budget.rows(n_rows, n_taken)
    except ValueError as error:
        if n_taken:
            raise CliError(
                f"{option} {budget.label} asks for more than the {n_rows - n_taken:,} rows left.",
                "The others have been selected before, by --selected.",
            ) from error
        raise CliError(
            f"{option} {budget.label} asks for more rows than there are ({n_rows:,}).",
            "Write fewer rows, a fraction of them (0.1) or a percentage (10%).",
        ) from error


def known_method(name: str, option: str = "--method") -> Any:
    """Return the selector of a name, or say which there are."""
    from sklearn_zcore.selection import SELECTORS

    if name not in SELECTORS:
        raise CliError(
            f"{option} {name!r} is unknown{close_match(name, SELECTORS)}",
            f"Methods: {', '.join(SELECTORS)}.",
        )
    return SELECTORS[name]


def build_selector(selection: SelectorOptions, run: RunOptions, *, verbose: bool = False) -> Any:
    """Build the selector that was asked for; what was not given keeps its own default.

    Parameters
    ----------
    selection : SelectorOptions
        The method and its parameters.
    run : RunOptions
        What is told to every method that knows it.
    verbose : bool, default=False
        Show a progress bar.

    Returns
    -------
    selector : estimator
        Its budget is still the default.
    """
    from sklearn_zcore.tables import parse_draws

    selector = known_method(selection.method).estimator()
    known = selector.get_params()
    values = {name: getattr(selection, name) for name in selection.given if name != "method"}
    given = {n: o for n, o in {**selection.given, **run.given}.items() if n != "method"}
    foreign = [option for name, option in given.items() if _parameter(name) not in known]
    if foreign:
        raise CliError(
            f"--method {selection.method} has no option {', '.join(foreign)}.",
            f"Leave it out{_methods_with(given)}.",
        )
    if "n_iter" in values:
        values["n_iter"] = parse_draws(values["n_iter"], "--n-iter")
    values |= {**run_parameters(run), "verbose": int(verbose)}
    return selector.set_params(**{name: v for name, v in values.items() if name in known})


def is_blind(selector: Any) -> bool:
    """Tell whether a selector takes rows of any kind: it looks at none of their values."""
    tags = selector.__sklearn_tags__().input_tags
    return bool(tags.string and tags.allow_nan)


def _methods_with(given: dict[str, str]) -> str:
    """Name the methods that have all options that were given, if there are any."""
    from sklearn_zcore.selection import SELECTORS

    names = {_parameter(name) for name in given}
    able = [n for n, e in SELECTORS.items() if names <= e.estimator().get_params().keys()]
    return f", or use --method {' or '.join(able)}" if able else ""


def run_parameters(run: RunOptions) -> dict[str, Any]:
    """Return what every selector is told that knows such a parameter."""
    return {_parameter(name): getattr(run, name) for name in run.called()}


def _parameter(option: str) -> str:
    return _PARAMETER_OF.get(option, option)


def fit_selector(selector: Any, X: Any, n_rows: int, **keywords: Any) -> Fit:
    """Fit a selector; its complaints become the user's messages.

    Parameters
    ----------
    selector : estimator
        From `build_selector`.
    X : ndarray of shape (n_samples, n_features)
        The features.
    n_rows : int
        The number of rows to select.
    **keywords : object
        Of ``fit``.

    Returns
    -------
    fit : Fit
        The fitted selector.
    """
    from sklearn_zcore.tables import TableError, fit_rows

    with warnings.catch_warnings(record=True, action="default") as caught:
        try:
            start = time.perf_counter()
            fit_rows(selector.set_params(budget=n_rows), X, **keywords)
            seconds = time.perf_counter() - start
        except (ValueError, TypeError) as error:
            if isinstance(error, TableError):  # of a row that has been read by now
                raise
            raise CliError(str(error), option_hint(str(error))) from error
    return Fit(selector, seconds, list(dict.fromkeys(str(w.message) for w in caught)))


def fit_report(fit: Fit) -> dict[str, Any]:
    """Describe a fit for programs."""
    draws = getattr(fit.selector, "n_iter_", None)
    stability = getattr(fit.selector, "stability_", None)
    return {
        "n_selected": int(fit.selector.n_selected_),
        "n_draws": None if draws is None else int(draws),
        "seconds": round(fit.seconds, 4),
        "draws_per_second": None if draws is None else round(draws / fit.seconds, 1),
        "stability": None if stability is None else float(stability),
        "warnings": fit.warnings,
    }


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
    called = {**SelectorOptions.called(), **RunOptions.called()}
    options = {_parameter(n): o for n, o in called.items() if n != "method"}
    named = [f"{option} sets {name}" for name, option in options.items() if name in message]
    text = "; ".join(named) + "." if named else ""
    if "n_iter" in message:
        text += " --n-iter auto goes on until another seed selects the same, no better to train on."
    return text
