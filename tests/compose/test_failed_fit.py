"""A fit that fails leaves the estimator as it was."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetClassifier, CoresetRegressor, CoresetSampler
from tests.compose.common import TARGET, FirstRows, X, Y, random

ESTIMATORS = [
    CoresetClassifier(LogisticRegression(), random(), StandardScaler()),
    CoresetRegressor(Ridge(), random()),
    CoresetSampler(random()),
]


class Interrupted(BaseEstimator):
    """A selector that the user stops."""

    def fit(self, X, y=None):
        raise KeyboardInterrupt

    def get_support(self):
        raise AssertionError


@pytest.mark.parametrize("fitted_before", [True, False])
@pytest.mark.parametrize(
    "selector, error",
    [(FirstRows(0), ValueError), (random(200), ValueError), (Interrupted(), KeyboardInterrupt)],
)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
def test_attributes_stay(estimator, selector, error, fitted_before):
    estimator = clone(estimator)
    y = TARGET if isinstance(estimator, CoresetRegressor) else Y
    frame = pd.DataFrame(X, columns=list("abcd"))
    if fitted_before:
        estimator.fit(frame, y)
    estimator.selector = selector
    before = dict(vars(estimator))
    with pytest.raises(error):
        estimator.fit(frame[["a", "b", "c"]].rename(columns=str.upper), y)
    assert vars(estimator) == before
    if fitted_before:
        assert estimator.n_features_in_ == 4
        assert estimator.feature_names_in_.tolist() == list("abcd")
        if hasattr(estimator, "predict"):
            assert len(estimator.predict(frame)) == len(X)


def test_an_estimator_that_fails():
    class Fragile(Ridge):
        def fit(self, X, y, sample_weight=None):
            if X.shape[1] < 4:
                raise RuntimeError("too narrow")
            return super().fit(X, y, sample_weight)

    regressor = CoresetRegressor(Fragile(), random()).fit(X, TARGET)
    before = dict(vars(regressor))
    with pytest.raises(RuntimeError, match="too narrow"):
        regressor.fit(X[:, :3], TARGET)
    assert vars(regressor) == before
    np.testing.assert_array_equal(regressor.predict(X), before["estimator_"].predict(X))
