"""Coresets for scikit-learn: the few per cent of a data set worth labelling, storing, training on.

No labels and no training are needed. See `ZCoreSelector` for the published method and
`RandomSelector` for the yardstick that every selection has to beat.
"""

from sklearn_zcore.selection import RandomSelector, ZCoreSelector

__version__ = "0.1.0"
__all__ = ["RandomSelector", "ZCoreSelector", "__version__"]
