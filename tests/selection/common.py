"""What the tests of the selectors share: all selectors of the registry, quick and reproducible."""

import numpy as np

from sklearn_zcore import selection

# What keeps a selector quick, and from warning that it was: few draws. Others need nothing.
PARAMETERS = {"zcore": {"n_iter": 1000, "tol": 0}}


def table(n=60, d=4, seed=0):
    """Make some rows of standard normal features."""
    return np.random.default_rng(seed).standard_normal((n, d))


def maker(entry):
    """Return a function that makes a selector; parameters go before its defaults."""
    defaults = {"budget": 0.3, **PARAMETERS.get(entry.name, {})}
    if "random_state" in entry.estimator().get_params():
        defaults["random_state"] = 0

    def make(**parameters):
        return entry.estimator(**{**defaults, **parameters})

    make.__name__ = entry.name
    make.estimator = entry.estimator
    return make


_BY_NAME = {entry.name: maker(entry) for entry in selection.SELECTORS.values()}

zcore = _BY_NAME["zcore"]
random = _BY_NAME["random"]
facility = _BY_NAME["facility-location"]
kmeans = _BY_NAME["k-means"]
kcenter = _BY_NAME["k-center"]
herding = _BY_NAME["herding"]

SELECTORS = list(_BY_NAME.values())
SET_AWARE = [make for make in SELECTORS if issubclass(make.estimator, selection.SetAwareSelector)]
# k-means makes as many clusters as rows are to be selected: its ranking is that of one budget.
ONE_RANKING = [make for make in SELECTORS if make.estimator.nested_budgets]
