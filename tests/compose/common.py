"""What the tests of composition share."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from sklearn_zcore import RandomSelector, ZCoreSelector

RNG = np.random.default_rng(0)
N = 120
X = RNG.standard_normal((N, 4))
CLASSES = np.array(["ash", "elm", "oak"])
Y = CLASSES[np.argmax(X[:, :3] + 0.3 * RNG.standard_normal((N, 3)), axis=1)]
TARGET = X @ np.array([1.0, -2.0, 0.5, 0.0])
WEIGHT = RNG.uniform(0.5, 2, N)


def zcore(budget=0.3, **parameters):
    """Make a ZCoreSelector of few draws that never warns about them."""
    return ZCoreSelector(budget, **{"n_iter": 1000, "tol": 0, "random_state": 0, **parameters})


def random(budget=0.3, **parameters):
    return RandomSelector(budget, **{"random_state": 0, **parameters})


def frame():
    """Make a frame with a categorical column, a missing value in another, and an index."""
    data = pd.DataFrame(X, columns=["a", "b", "c", "d"], index=[f"row {i}" for i in range(N)])
    data["tree"] = pd.Categorical(np.resize(["fir", "yew", "box"], N))
    data.loc["row 7", "d"] = np.nan
    return data


class Recorder(BaseEstimator):
    """Remember what fit was given."""

    def fit(self, X, y, sample_weight=None, tag=None):
        self.X_, self.y_, self.sample_weight_, self.tag_ = X, y, sample_weight, tag
        return self

    def predict(self, X, offset=None):
        first = self.y_[0] if isinstance(self.y_, list) else np.asarray(self.y_)[0]
        self.predicted_, self.offset_ = X, offset
        return np.repeat(first, len(X))

    def score(self, X, y, sample_weight=None):
        self.score_weight_ = sample_weight
        return 0.5


class RecordingClassifier(ClassifierMixin, Recorder):
    def fit(self, X, y, sample_weight=None, tag=None):
        self.classes_ = np.unique(y)
        return super().fit(X, y, sample_weight, tag)

    def score(self, X, y, sample_weight=None):
        return Recorder.score(self, X, y, sample_weight)


class RecordingRegressor(RegressorMixin, Recorder):
    def score(self, X, y, sample_weight=None):
        return Recorder.score(self, X, y, sample_weight)


class FirstRows(BaseEstimator):
    """The least that a selector of another package can be."""

    def __init__(self, budget=10, support="mask"):
        self.budget = budget
        self.support = support

    def fit(self, X, y=None):
        self.n_ = len(X)
        return self

    def get_support(self):
        mask = np.arange(self.n_) < self.budget
        return mask if self.support == "mask" else np.flatnonzero(mask)[::-1]


class Never(BaseEstimator):
    """An embedder that must not be asked."""

    def fit(self, X, y=None):
        raise AssertionError

    def transform(self, X):
        raise AssertionError
