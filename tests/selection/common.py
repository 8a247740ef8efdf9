"""What the tests of the selectors share."""

import numpy as np

from sklearn_zcore import RandomSelector, ZCoreSelector


def table(n=60, d=4, seed=0):
    """Make some rows of standard normal features."""
    return np.random.default_rng(seed).standard_normal((n, d))


def zcore(**parameters):
    """Make a ZCoreSelector of few draws that never warns about them."""
    defaults = {"budget": 0.3, "n_iter": 1000, "tol": 0, "random_state": 0}
    return ZCoreSelector(**{**defaults, **parameters})


def random(**parameters):
    return RandomSelector(**{"budget": 0.3, "random_state": 0, **parameters})


SELECTORS = [zcore, random]
