"""The work of the quality benchmark: one selector on one fold of one data set."""

import json
import os
import time
from functools import lru_cache

import _data
import _study
import numpy as np
from sklearn.base import clone

from sklearn_zcore import FacilityLocationSelector
from sklearn_zcore.inspection import ALL_ROWS, Budget, default_classifiers, score_selector
from sklearn_zcore.selection import SELECTORS

FRACTIONS = [Budget(share / 100, f"{share} %") for share in (2, 5, 10, 30)]
PER_CLASS = [Budget(k, f"{k} a class", per_class=True) for k in (1, 2, 4, 8, 16, 32)]
BUDGETS = [*FRACTIONS, *PER_CLASS]
COMPARED = {
    **{entry.label: entry.estimator() for entry in SELECTORS.values()},
    "facility location (L2)": FacilityLocationSelector(metric="euclidean"),
}
OF_DRAWS = [Budget(share / 100, f"{share} %") for share in (2, 5, 10, 30, 50)]
STUDY = [*_study.variants(), "facility location", "random"]
DRAWS = ["random", "facility location", "k-means", "herding", *_study.draws()]


def make_selector(name, seed):
    """Make a selector by its name in the results."""
    selector = clone({**_study.variants(), **_study.draws(), **COMPARED}[name])
    seeded = {"random_state": seed} if "random_state" in selector.get_params() else {}
    return selector.set_params(**seeded)


def within_reach(budgets, n_samples, n_classes):
    """Return the budgets that are no more than the rows there are."""
    sizes = [b.size * (n_classes if b.per_class else 1) for b in budgets]
    return [b for b, size in zip(budgets, sizes, strict=True) if size <= n_samples]


@lru_cache(maxsize=1)
def _split(source, fold, n_folds, seed, max_rows):
    """Load a data set and prepare one of its folds; a worker keeps its last one."""
    kind, name, where = source
    load = _data.load_openml if kind == "openml" else lambda _, path, n: _data.load_data(path, n)
    data = load(name, where, n_folds).part(max_rows, seed)
    train, test = list(data.splits(n_folds, seed))[fold]
    X_train, X_test = data.arrays(train, test)
    return (X_train, data.y[train]), (X_test, data.y[test]), np.unique(data.y)


def run_unit(out, source, fold, selector, draw, budgets, settings, of_draws=False):
    """Score one selector on one fold and keep the result, whole or not at all."""
    seed = settings[1]
    train, test, classes = _split(source, fold, *settings)
    chosen = None if selector == ALL_ROWS else make_selector(selector, seed + 1000 * draw)
    begin = time.perf_counter()
    reached = within_reach(budgets, len(train[1]), classes.size)
    classifiers = (_study.classifiers_of_draws if of_draws else default_classifiers)(seed)
    records = score_selector(chosen, train, test, reached, classifiers, classes)
    unit = {"data": source[1], "fold": fold, "selector": selector, "draw": draw}
    target = unit_path(out, unit)
    part = target.with_suffix(f".{os.getpid()}.part")
    entry = {"seconds": time.perf_counter() - begin, "n_train": len(train[1])}
    part.write_text(json.dumps([{**unit, **entry, **record} for record in records]))
    part.replace(target)


def unit_path(out, unit):
    """Return where the records of a unit of work are kept."""
    words = [unit["data"], str(unit["fold"]), unit["selector"], str(unit["draw"])]
    name = "--".join(words).replace("/", "_").replace(" ", "_")
    return out / "units" / f"{name}.json"
