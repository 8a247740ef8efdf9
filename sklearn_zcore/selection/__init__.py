"""The selectors: one file each; `_base` and `_set_aware` are what they share."""

from sklearn_zcore.selection._base import BaseCoresetSelector
from sklearn_zcore.selection._facility_location import FacilityLocationSelector
from sklearn_zcore.selection._herding import HerdingSelector
from sklearn_zcore.selection._kcenter import KCenterSelector
from sklearn_zcore.selection._kmeans import KMeansSelector
from sklearn_zcore.selection._random import RandomSelector
from sklearn_zcore.selection._registry import SELECTORS, SelectorEntry, register_selector
from sklearn_zcore.selection._set_aware import SetAwareSelector
from sklearn_zcore.selection._zcore import ZCoreSelector

__all__ = [
    "SELECTORS",
    "BaseCoresetSelector",
    "FacilityLocationSelector",
    "HerdingSelector",
    "KCenterSelector",
    "KMeansSelector",
    "RandomSelector",
    "SelectorEntry",
    "SetAwareSelector",
    "ZCoreSelector",
    "register_selector",
]
