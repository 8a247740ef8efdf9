"""What the tests of the selectors share."""

import numpy as np

from sklearn_zcore import (
    FacilityLocationSelector,
    HerdingSelector,
    KCenterSelector,
    KMeansSelector,
    RandomSelector,
    ZCoreSelector,
)


def table(n=60, d=4, seed=0):
    """Make some rows of standard normal features."""
    return np.random.default_rng(seed).standard_normal((n, d))


def zcore(**parameters):
    """Make a ZCoreSelector of few draws that never warns about them."""
    defaults = {"budget": 0.3, "n_iter": 1000, "tol": 0, "random_state": 0}
    return ZCoreSelector(**{**defaults, **parameters})


def random(**parameters):
    return RandomSelector(**{"budget": 0.3, "random_state": 0, **parameters})


def facility(**parameters):
    return FacilityLocationSelector(**{"budget": 0.3, "random_state": 0, **parameters})


def kmeans(**parameters):
    return KMeansSelector(**{"budget": 0.3, "random_state": 0, **parameters})


def kcenter(**parameters):
    return KCenterSelector(**{"budget": 0.3, **parameters})


def herding(**parameters):
    return HerdingSelector(**{"budget": 0.3, "random_state": 0, **parameters})


SET_AWARE = [facility, kmeans, kcenter, herding]
SELECTORS = [zcore, random, *SET_AWARE]
# k-means makes as many clusters as rows are to be selected: its ranking is that of one budget.
ONE_RANKING = [zcore, random, facility, kcenter, herding]
