"""Estimators with a selector inside: train, sample and search on coresets."""

from sklearn_zcore.compose._classifier import CoresetClassifier
from sklearn_zcore.compose._regressor import CoresetRegressor
from sklearn_zcore.compose._sampler import CoresetSampler
from sklearn_zcore.compose._smallest_within import smallest_within

__all__ = ["CoresetClassifier", "CoresetRegressor", "CoresetSampler", "smallest_within"]
