"""The selectors that the command offers: one entry each."""

from dataclasses import dataclass
from typing import Any

from ._errors import CliError, close_match


@dataclass(frozen=True)
class Method:
    """A selector as the command knows it.

    Attributes
    ----------
    estimator : str
        Name of the class in `sklearn_zcore`.
    options : frozenset of str
        Its parameters that the command can set, besides budget and random_state.
    seeded : bool
        Whether it has a random_state.
    """

    estimator: str
    options: frozenset[str] = frozenset()
    seeded: bool = True


METHODS: dict[str, Method] = {
    "zcore": Method(
        "ZCoreSelector",
        frozenset({"n_iter", "subspace_dim", "n_neighbors", "exponent", "n_jobs", "verbose"}),
    ),
    "facility-location": Method(
        "FacilityLocationSelector", frozenset({"metric", "n_jobs", "verbose"})
    ),
    "k-means": Method("KMeansSelector"),
    "k-center": Method("KCenterSelector", seeded=False),
    "herding": Method("HerdingSelector"),
    "random": Method("RandomSelector"),
}

# What each parameter of a selector is called on the command line.
OPTION_NAMES = {
    "n_iter": "--n-iter",
    "subspace_dim": "--subspace-dim",
    "n_neighbors": "--n-neighbors",
    "exponent": "--exponent",
    "metric": "--metric",
    "n_jobs": "--jobs",
    "random_state": "--seed",
}


def get_method(name: str, given: dict[str, Any]) -> Method:
    """Look a method up and refuse options that it does not have.

    Parameters
    ----------
    name : str
        A key of `METHODS`.
    given : dict
        The selector's parameters that the user set.

    Returns
    -------
    method : Method
        The method.
    """
    if name not in METHODS:
        raise CliError(
            f"--method {name!r} is unknown{close_match(name, METHODS)}",
            f"Methods: {', '.join(METHODS)}.",
        )
    method = METHODS[name]
    foreign = [OPTION_NAMES[p] for p in given if p not in method.options]
    if foreign:
        raise CliError(f"--method {name} has no option {', '.join(foreign)}.", "Leave it out.")
    return method


def build_selector(
    method: Method, *, budget: int, seed: int, jobs: int, verbose: bool, given: dict[str, Any]
) -> Any:
    """Build the selector; what the user did not set keeps the selector's own default."""
    import sklearn_zcore

    own = {"n_jobs": jobs, "verbose": int(verbose), **given}
    params = {name: value for name, value in own.items() if name in method.options}
    estimator = getattr(sklearn_zcore, method.estimator)
    if method.seeded:
        params["random_state"] = seed
    return estimator(budget, **params)


def parse_n_iter(text: str | None) -> int | str | None:
    """Read ``--n-iter``: a whole number (also 2e6 or 2,000,000) or ``auto``."""
    if text is None or text == "auto":
        return text
    try:
        value = float(text.replace(",", ""))  # Messages write 2,000,000; it may be copied.
    except ValueError:
        value = float("nan")
    if not value.is_integer():
        raise CliError(f"--n-iter {text!r} is neither a whole number of draws nor 'auto'.")
    return int(value)
