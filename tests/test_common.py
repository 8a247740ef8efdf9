"""Every selector of the package goes through every check of scikit-learn that applies."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

import sklearn_zcore
from sklearn_zcore.selection import SELECTORS, BaseCoresetSelector
from tests.selection.common import PARAMETERS

DROPS_ROWS = "transform drops rows: the coreset is its result"
FITTED_ROWS = "transform takes only the rows it was fitted on, and refuses a part of them"
# What cannot hold for a transformer that drops rows, and nothing else.
EXPECTED_FAILED_CHECKS = {
    "check_transformer_general": DROPS_ROWS,
    "check_transformer_data_not_an_array": DROPS_ROWS,
    "check_methods_sample_order_invariance": "transform drops rows, and refuses reordered ones",
    "check_methods_subset_invariance": FITTED_ROWS,
    "check_fit_idempotent": FITTED_ROWS + ", or other ones",
}

# Checks that scikit-learn runs on its own estimators, outside check_estimator.
FURTHER_CHECKS = [
    "check_param_validation",
    "check_dataframe_column_names_consistency",
    "check_inplace_ensure_writeable",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_set_output_transform",
    "check_set_output_transform_polars",
    "check_global_set_output_transform_polars",
]
# These compare with a frame that has every row of the input, so the budget has to be every row.
# Even then they fail, on one case of six: fitted on an array, transform of a frame. They build the
# frame that they expect from the default output as if it were an array; ours is a frame with the
# names of its columns, which they look for under other names, and find NaN. tests/selection/
# test_set_output.py has all cases, at budgets that drop rows.
PANDAS_CHECKS = ["check_set_output_transform_pandas", "check_global_output_transform_pandas"]
# They fit with names and transform without, on purpose.
MIXES_NAMES = pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")


def all_selectors():
    """Return one instance of every selector of the registry, with few draws."""
    return [entry.estimator(**PARAMETERS.get(entry.name, {})) for entry in SELECTORS.values()]


def name_of_check(check):
    return getattr(check, "func", check).__name__


def name_of(value):
    return value if isinstance(value, str) else type(value).__name__


def test_every_public_selector_is_registered():
    public = [getattr(sklearn_zcore, name) for name in sklearn_zcore.__all__]
    classes = {
        thing
        for thing in public
        if inspect.isclass(thing) and issubclass(thing, BaseCoresetSelector)
    }
    assert len(classes) >= 6
    assert classes <= {entry.estimator for entry in SELECTORS.values()}


@parametrize_with_checks(
    all_selectors(),
    expected_failed_checks=lambda selector: EXPECTED_FAILED_CHECKS,
    xfail_strict=True,
)
def test_check_estimator(estimator, check):
    check(estimator)


@pytest.mark.parametrize("selector", all_selectors(), ids=name_of)
def test_expected_failures_are_among_the_checks(selector):
    """They are strict: one that passes fails the test above. One that never runs would not."""
    names = [name_of_check(check) for _, check in estimator_checks_generator(selector)]
    assert set(EXPECTED_FAILED_CHECKS) <= set(names) and len(names) > 30


@MIXES_NAMES
@pytest.mark.parametrize("check", FURTHER_CHECKS)
@pytest.mark.parametrize("selector", all_selectors(), ids=name_of)
def test_further_checks(selector, check):
    selector = clone(selector).set_params(budget=1.0 if "set_output" in check else 0.3)
    getattr(estimator_checks, check)(type(selector).__name__, selector)


@MIXES_NAMES
@pytest.mark.parametrize("check", PANDAS_CHECKS)
@pytest.mark.parametrize("selector", all_selectors(), ids=name_of)
def test_pandas_output_checks_fail_in_one_case_only(selector, check):
    selector = clone(selector).set_params(budget=1.0)
    with pytest.raises(AssertionError, match="in the fit.transform/array/df case"):
        getattr(estimator_checks, check)(type(selector).__name__, selector)


class ArrayByDefault(sklearn_zcore.RandomSelector):
    """What the pandas checks take for granted: unless configured, an array."""

    def transform(self, X):
        frame = super().transform(X)
        return frame if self._sklearn_output_config["transform"] == "pandas" else np.asarray(frame)


@MIXES_NAMES
def test_pandas_output_checks_pass_where_the_default_output_is_an_array():
    selector = ArrayByDefault(budget=1.0)
    estimator_checks.check_set_output_transform_pandas("ArrayByDefault", selector)
