"""The meta-estimators go through every check of scikit-learn, at budgets that drop rows."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_zcore import CoresetClassifier, CoresetRegressor, CoresetSampler
from tests.compose.common import random, zcore

ESTIMATORS = [
    CoresetClassifier(LogisticRegression(), random(0.6)),
    CoresetClassifier(
        LogisticRegression(), zcore(0.6), StandardScaler(), min_per_class=1, weighting="voronoi"
    ),
    CoresetClassifier(make_pipeline(StandardScaler(), LogisticRegression()), zcore(0.6)),
    CoresetRegressor(Ridge(), random(0.6)),
    CoresetRegressor(Ridge(), zcore(0.6), StandardScaler(), weighting="voronoi"),
    CoresetSampler(random(0.6)),
]
CHANGES = "leaving a row out, or repeating it, changes which rows are selected; a weight does not"
FURTHER_CHECKS = [
    "check_param_validation",
    "check_dataframe_column_names_consistency",
    "check_inplace_ensure_writeable",
]


def expected_failures(estimator):
    if isinstance(estimator, CoresetSampler):
        return {}
    kinds = ["dense", *(["sparse"] if get_tags(estimator).input_tags.sparse else [])]
    return {f"check_sample_weight_equivalence_on_{kind}_data": CHANGES for kind in kinds}


def check_name(check):
    return getattr(check, "func", check).__name__


def name_of(value):
    return value if isinstance(value, str) else type(value).__name__


# Strict: an expected failure that comes to pass fails, so that the table lists no other.
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures, xfail_strict=True)
def test_check_estimator(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name_of)
def test_no_expected_failure_is_of_a_check_that_is_never_run(estimator):
    yielded = estimator_checks.estimator_checks_generator(estimator)
    names = {check_name(check) for _, check in yielded}
    assert set(expected_failures(estimator)) < names and len(names) > 20


@pytest.mark.parametrize("check", FURTHER_CHECKS)
@pytest.mark.parametrize("estimator", [ESTIMATORS[0], ESTIMATORS[3], ESTIMATORS[5]], ids=name_of)
def test_further_checks(estimator, check):
    getattr(estimator_checks, check)(type(estimator).__name__, clone(estimator))


def test_the_checks_did_drop_rows():
    """A coreset of every row would pass everything."""
    X = np.random.default_rng(0).standard_normal((50, 3))
    for estimator in ESTIMATORS:
        fitted = clone(estimator).fit(X, np.resize([0, 1], 50))
        rows = getattr(fitted, "coreset_indices_", getattr(fitted, "sample_indices_", None))
        assert len(rows) == 30


def test_tags_are_those_of_the_parts():
    tags = CoresetClassifier(LogisticRegression(), random()).__sklearn_tags__()
    assert tags.input_tags.sparse and not tags.input_tags.allow_nan
    trees = HistGradientBoostingClassifier()
    assert not CoresetClassifier(trees, zcore()).__sklearn_tags__().input_tags.allow_nan
    assert CoresetClassifier(trees, random()).__sklearn_tags__().input_tags.allow_nan
    embedded = CoresetClassifier(trees, random(), StandardScaler()).__sklearn_tags__()
    assert embedded.input_tags.allow_nan and not embedded.input_tags.sparse
    assert embedded.estimator_type == "classifier" and embedded.target_tags.required
