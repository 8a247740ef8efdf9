"""What the tests of the selectors share: all selectors of the registry, quick and reproducible."""

import numpy as np
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

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
subzerocore = _BY_NAME["subzerocore"]

SELECTORS = list(_BY_NAME.values())
SET_AWARE = [make for make in SELECTORS if issubclass(make.estimator, selection.SetAwareSelector)]
# A shift of all rows changes no distance between them, and it changes their cosines.
COMPARE_DISTANCES = [make for make in SET_AWARE if make is not subzerocore]
# k-means makes as many clusters as rows are to be selected: its ranking is that of one budget.
ONE_RANKING = [make for make in SELECTORS if make.estimator.nested_budgets]


def with_parameter(name):
    """Return the selectors that have a parameter: one of another package need not."""
    return [make for make in SELECTORS if name in make.estimator().get_params()]


# Selectors that can go on from rows selected before.
TAKES_SELECTED = [make for make in SELECTORS if has_fit_parameter(make.estimator, "selected")]
# RandomSelector takes any rows; tests/selection/test_sparse.py has it.
NEED_NUMBERS = [make for make in SELECTORS if make is not random]
# Those that take sparse rows by default are in tests/selection/test_sparse.py.
NEED_DENSE = [make for make in SELECTORS if not get_tags(make()).input_tags.sparse]
