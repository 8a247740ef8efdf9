"""The selectors: one file each, and the table of them; `_base` has what they share.

A new selector is imported, named and registered here.
"""

from sklearn_zcore.selection._base import BaseCoresetSelector
from sklearn_zcore.selection._facility_location import FacilityLocationSelector
from sklearn_zcore.selection._herding import HerdingSelector
from sklearn_zcore.selection._kcenter import KCenterSelector
from sklearn_zcore.selection._kmeans import KMeansSelector
from sklearn_zcore.selection._random import RandomSelector
from sklearn_zcore.selection._registry import SELECTORS, SelectorEntry, register_selector
from sklearn_zcore.selection._set_aware import SetAwareSelector
from sklearn_zcore.selection._subzerocore import SubZeroCoreSelector
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
    "SubZeroCoreSelector",
    "ZCoreSelector",
    "register_selector",
]

# In the order in which they are listed to people.
register_selector("facility-location", FacilityLocationSelector)
register_selector("k-means", KMeansSelector, "k-means")
register_selector("herding", HerdingSelector)
register_selector("k-center", KCenterSelector, "k-center")
register_selector("subzerocore", SubZeroCoreSelector, "SubZeroCore")
register_selector("zcore", ZCoreSelector, "ZCore")
register_selector("random", RandomSelector)
