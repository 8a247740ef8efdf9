"""CoresetSampler goes through the checks of imbalanced-learn, at budgets that drop rows."""

import numpy as np
import pytest
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from imblearn.utils import estimator_checks
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from sklearn_zcore import CoresetSampler, FacilityLocationSelector, RandomSelector
from tests.compose.common import WEIGHT, N, X, Y, random, zcore

SAMPLERS = [
    CoresetSampler(random(0.6)),
    CoresetSampler(zcore(0.6)),
    CoresetSampler(FacilityLocationSelector(0.6, random_state=0), StandardScaler()),
]
EXPECTED_FAILURES = {
    "check_target_type": "y is not looked at: it may hold numbers, or several columns",
    "check_samplers_one_label": "y is not looked at: a coreset of one class is a coreset",
    "check_samplers_pandas_sparse": "selectors but a random draw refuse frames of sparse columns "
    "by name: they need dense rows",
}


def name_of(part):
    return part.func.__name__ if hasattr(part, "func") else type(part).__name__


def marked(sampler):
    """Return the checks; its own decorator passes an iterator, which pytest warns of."""
    expected = dict(EXPECTED_FAILURES)
    if isinstance(sampler.selector, RandomSelector):  # takes any rows
        del expected["check_samplers_pandas_sparse"]
    return estimator_checks.estimator_checks_generator(
        sampler, expected_failed_checks=expected, mark="xfail"
    )


CHECKS = [check for sampler in SAMPLERS for check in marked(sampler)]


# Strict: an expected failure that comes to pass fails, so that the table lists no other.
@pytest.mark.parametrize("estimator, check", CHECKS, ids=name_of)
def test_check_estimator(estimator, check):
    check(estimator)


def test_no_expected_failure_is_of_a_check_that_is_never_run():
    checks = estimator_checks.estimator_checks_generator(SAMPLERS[0])
    names = {check.func.__name__ for _, check in checks}
    assert set(EXPECTED_FAILURES) < names and len(names) > 10


@pytest.mark.parametrize(
    "check", ["check_param_validation", "check_dataframe_column_names_consistency"]
)
def test_further_checks(check):
    getattr(estimator_checks, check)("CoresetSampler", SAMPLERS[0])


def test_tags():
    tags = get_tags(CoresetSampler(random()))
    assert tags.estimator_type == "sampler" and tags.sampler_tags.sample_indices
    assert tags.input_tags.dataframe and tags.input_tags.sparse and tags.input_tags.string
    assert not tags.target_tags.required
    dense = get_tags(CoresetSampler(zcore())).input_tags
    assert not dense.sparse and not dense.string and not dense.allow_nan
    scaled = get_tags(CoresetSampler(zcore(), StandardScaler(with_mean=False))).input_tags
    assert scaled.sparse and not scaled.allow_nan


def test_there_is_no_sampling_strategy():
    sampler = CoresetSampler(random())
    assert "sampling_strategy" not in sampler.get_params()
    assert sampler.fit(X, Y).sampling_strategy_ == {}


def test_feature_names_out():
    names = CoresetSampler(random()).fit(X).get_feature_names_out()
    assert names.tolist() == ["x0", "x1", "x2", "x3"]
    frame = load_iris(as_frame=True).data
    sampler = CoresetSampler(random()).fit(frame)
    assert sampler.get_feature_names_out().tolist() == list(frame.columns)


def test_balanced_bagging():
    bag = BalancedBaggingClassifier(
        LogisticRegression(), n_estimators=4, sampler=CoresetSampler(random(0.5)), random_state=0
    ).fit(X, Y)
    assert bag.score(X, Y) > 0.7
    drawn = [tuple(model[0].sample_indices_) for model in bag.estimators_]
    assert len(set(drawn)) == 4 and {len(rows) for rows in drawn} == {60}  # seeds of their own


def test_classes_are_balanced_by_a_sampler_behind():
    labels = np.repeat([0, 1], [100, 20])
    pipeline = make_pipeline(
        CoresetSampler(zcore(0.5)), RandomUnderSampler(random_state=0), LogisticRegression()
    ).fit(X, labels)
    counts = np.bincount(labels[pipeline[0].sample_indices_][pipeline[1].sample_indices_])
    assert counts[0] == counts[1] > 0


class Recording(BaseEstimator):
    """A selector that remembers its metadata."""

    def fit(self, X, y=None, selected=None, groups=None, sample_weight=None):
        assert y is None
        self.n_ = len(X)
        self.given_ = {"selected": selected, "groups": groups, "sample_weight": sample_weight}
        return self

    def get_support(self):
        return np.arange(self.n_) % 3 == 0


class Labelling(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None, tag=None):
        self.tag_ = tag
        return self

    def transform(self, X):
        return X


SELECTED = np.arange(N) < 5
GROUPS = np.resize(["a", "b"], N)
METADATA = {"selected": SELECTED, "groups": GROUPS, "sample_weight": WEIGHT}


def assert_given(sampler):
    for name, value in METADATA.items():
        np.testing.assert_array_equal(sampler.selector_.given_[name], value)


@pytest.mark.parametrize("method", ["fit", "fit_resample"])
def test_metadata_goes_to_the_selector(method):
    sampler = CoresetSampler(Recording())
    getattr(sampler, method)(X, Y, **METADATA)
    assert_given(sampler)
    with pytest.raises(TypeError, match="unknown"):
        getattr(CoresetSampler(zcore()), method)(X, Y, unknown=SELECTED)


def test_metadata_is_routed_through_the_pipeline():
    with config_context(enable_metadata_routing=True):
        selector = Recording().set_fit_request(selected=True, groups=True, sample_weight=True)
        model = LogisticRegression().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(StandardScaler(), CoresetSampler(selector), model)
        pipeline[0].set_fit_request(sample_weight=False)
        assert_given(pipeline.fit(X, Y, **METADATA)[1])
        sampler = CoresetSampler(selector, Labelling().set_fit_request(tag=True))
        sampler.fit_resample(X, Y, **METADATA, tag="here")
        assert_given(sampler)
        assert sampler.embedder_.tag_ == "here"
        with pytest.raises(UnsetMetadataPassedError, match="groups"):
            CoresetSampler(Recording()).fit(X, Y, groups=GROUPS)


def test_rows_selected_before_are_routed_to_a_selector():
    with config_context(enable_metadata_routing=True):
        selector = FacilityLocationSelector(20, random_state=0).set_fit_request(selected=True)
        pipeline = make_pipeline(CoresetSampler(selector), LogisticRegression())
        pipeline.fit(X, Y, selected=SELECTED)
    by_hand = FacilityLocationSelector(20, random_state=0).fit(X, selected=SELECTED)
    np.testing.assert_array_equal(pipeline[0].sample_indices_, by_hand.indices_)
    assert not SELECTED[pipeline[0].sample_indices_].any()
