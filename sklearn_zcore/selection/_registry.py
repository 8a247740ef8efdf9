"""The selectors by name: what the command, the tests and the benchmarks read."""

from dataclasses import dataclass

from sklearn_zcore.selection._base import BaseCoresetSelector
from sklearn_zcore.selection._facility_location import FacilityLocationSelector
from sklearn_zcore.selection._herding import HerdingSelector
from sklearn_zcore.selection._kcenter import KCenterSelector
from sklearn_zcore.selection._kmeans import KMeansSelector
from sklearn_zcore.selection._random import RandomSelector
from sklearn_zcore.selection._zcore import ZCoreSelector


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


# In the order in which they are listed to people.
register_selector("facility-location", FacilityLocationSelector)
register_selector("k-means", KMeansSelector, "k-means")
register_selector("herding", HerdingSelector)
register_selector("k-center", KCenterSelector, "k-center")
register_selector("zcore", ZCoreSelector, "ZCore")
register_selector("random", RandomSelector)
