"""The selectors: one file each, and `_base`, what they share."""

from sklearn_zcore.selection._random import RandomSelector
from sklearn_zcore.selection._zcore import ZCoreSelector

__all__ = ["RandomSelector", "ZCoreSelector"]
