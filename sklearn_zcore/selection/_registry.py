"""The selectors by name: what the command, the tests and the benchmarks read."""

from dataclasses import dataclass

from sklearn_zcore.selection._base import BaseCoresetSelector


@dataclass(frozen=True)
class SelectorEntry:
    """A selector and what it is called.

    Attributes
    ----------
    name : str
        On the command line: ``"facility-location"``.
    estimator : type
        The class.
    label : str
        In tables and figures: ``"facility location"``.
    """

    name: str
    estimator: type[BaseCoresetSelector]
    label: str


SELECTORS: dict[str, SelectorEntry] = {}


def register_selector(
    name: str, estimator: type[BaseCoresetSelector], label: str | None = None
) -> None:
    """Make a selector known by name, to the command among others.

    Parameters
    ----------
    name : str
        Lower case, with hyphens.
    estimator : type
        A subclass of `BaseCoresetSelector`.
    label : str or None, default=None
        None is the name, with spaces for hyphens.

    Raises
    ------
    TypeError
        If it is no such subclass.
    ValueError
        If the name is that of another one.
    """
    if not (isinstance(estimator, type) and issubclass(estimator, BaseCoresetSelector)):
        raise TypeError(f"{estimator!r} is not a subclass of BaseCoresetSelector.")
    known = SELECTORS.get(name)
    if known is not None and known.estimator is not estimator:
        raise ValueError(f"The selector {name!r} is {known.estimator.__name__} already.")
    SELECTORS[name] = SelectorEntry(name, estimator, label or name.replace("-", " "))
