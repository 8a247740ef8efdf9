"""Coresets for scikit-learn: the few per cent of a data set worth labelling, storing, training on.

No labels and no training are needed. See `FacilityLocationSelector` for the selector to start
with, `ZCoreSelector` for zero-shot coreset selection as published, `RandomSelector` for the
yardstick that every selection has to beat, `CoresetClassifier` for training on a coreset, and
`FoundationEmbedder` for rows of numbers from images and texts.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn_zcore.compose import (
        CoresetClassifier,
        CoresetRegressor,
        CoresetSampler,
        smallest_within,
    )
    from sklearn_zcore.embedding import FoundationEmbedder, load_image_folder
    from sklearn_zcore.inspection import (
        BudgetCurve,
        BudgetCurveDisplay,
        CoresetReport,
        SelectorComparison,
        SelectorComparisonDisplay,
        budget_curve,
        compare_selectors,
    )
    from sklearn_zcore.rows import ColumnStore
    from sklearn_zcore.selection import (
        FacilityLocationSelector,
        HerdingSelector,
        KCenterSelector,
        KMeansSelector,
        RandomSelector,
        SubZeroCoreSelector,
        ZCoreSelector,
    )
    from sklearn_zcore.tables import TablePreparation

__version__ = "0.1.0"
__all__ = [
    "BudgetCurve",
    "BudgetCurveDisplay",
    "ColumnStore",
    "CoresetClassifier",
    "CoresetRegressor",
    "CoresetReport",
    "CoresetSampler",
    "FacilityLocationSelector",
    "FoundationEmbedder",
    "HerdingSelector",
    "KCenterSelector",
    "KMeansSelector",
    "RandomSelector",
    "SelectorComparison",
    "SelectorComparisonDisplay",
    "SubZeroCoreSelector",
    "TablePreparation",
    "ZCoreSelector",
    "__version__",
    "budget_curve",
    "compare_selectors",
    "load_image_folder",
    "smallest_within",
]

# Where a public name is defined; in selection, unless it stands here.
_PACKAGES = {
    "BudgetCurve": "inspection",
    "BudgetCurveDisplay": "inspection",
    "ColumnStore": "rows",
    "CoresetClassifier": "compose",
    "CoresetRegressor": "compose",
    "CoresetReport": "inspection",
    "CoresetSampler": "compose",
    "FoundationEmbedder": "embedding",
    "TablePreparation": "tables",
    "SelectorComparison": "inspection",
    "SelectorComparisonDisplay": "inspection",
    "budget_curve": "inspection",
    "compare_selectors": "inspection",
    "load_image_folder": "embedding",
    "smallest_within": "compose",
}


def __getattr__(name: str) -> Any:
    # Lazy, so that the command answers --help before scikit-learn has been imported.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    package = import_module(f"sklearn_zcore.{_PACKAGES.get(name, 'selection')}")
    return getattr(package, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
