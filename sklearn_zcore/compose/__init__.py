"""Estimators with a selector inside: train, sample and search on coresets.

`CoresetFits`, `coresets_of_sizes`, `selector_of` and `good_enough` are for what measures such
estimators.
"""

from sklearn_zcore.compose._base import BaseCoresetEstimator
from sklearn_zcore.compose._classifier import CoresetClassifier
from sklearn_zcore.compose._coreset_fits import (
    Coreset,
    CoresetFits,
    coresets_of_sizes,
    selector_of,
)
from sklearn_zcore.compose._regressor import CoresetRegressor
from sklearn_zcore.compose._sampler import CoresetSampler
from sklearn_zcore.compose._smallest_within import good_enough, smallest_within

__all__ = [
    "BaseCoresetEstimator",
    "Coreset",
    "CoresetClassifier",
    "CoresetFits",
    "CoresetRegressor",
    "CoresetSampler",
    "coresets_of_sizes",
    "good_enough",
    "selector_of",
    "smallest_within",
]
