"""Calls that are wrong: what the message calls things by is what the caller wrote."""

import re

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression, Ridge

from sklearn_zcore import (
    CoresetClassifier,
    CoresetRegressor,
    CoresetSampler,
    FacilityLocationSelector,
)
from tests.selection.common import SELECTORS, facility, herding, random, table, zcore

X = table(60)
Y = np.arange(60) % 2
META = {
    "CoresetClassifier": lambda: CoresetClassifier(LogisticRegression(), random()),
    "CoresetRegressor": lambda: CoresetRegressor(Ridge(), random()),
    "CoresetSampler": lambda: CoresetSampler(random()),
}
ALL = [*SELECTORS, *META.values()]
NAMES = [*(make.__name__ for make in SELECTORS), *META]
WRONG = {
    "a keyword": lambda e: e.fit(X, Y, colour="red"),
    "weights": lambda e: e.fit(X, Y, sample_weight=np.ones(3)),
    "selected": lambda e: e.fit(X, Y, selected=[99]),
    "groups": lambda e: e.fit(X, Y, groups=[1, 2]),
    "too many": lambda e: e.fit(X, Y, None),
    "no X": lambda e: e.fit(),
    "no X for transform": lambda e: e.fit_transform(),
    "no X for fit_resample": lambda e: e.fit_resample(),
    "partial_fit": lambda e: e.partial_fit(X, colour="red"),
    "support": lambda e: e.fit(X, Y).get_support(rows=True),
    "set_budget": lambda e: e.fit(X, Y).set_budget(),
    "another budget": lambda e: e.fit(X, Y).set_budget(budget=3, rows=4),
    "score": lambda e: e.fit(X, Y).score(),
    "assign": lambda e: e.fit(X, Y).assign(),
    "transform": lambda e: e.fit(X, Y).transform(X, Y, 3),
    "no such parameter": lambda e: e.set_params(colour="red"),
    "constructor": lambda e: type(e)(colour="red"),
    "not fitted": lambda e: e.get_support(),
}
PRIVATE = re.compile(
    r"\bBase[A-Z]\w*|\b(SetAware|Streaming|Block)Selector|\w*Mixin\b|(?<![\w`'.])_[a-z]\w*"
)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
@pytest.mark.parametrize("make", ALL, ids=NAMES)
def test_no_message_names_what_is_private(make, wrong):
    estimator = make()
    try:
        wrong(estimator)
    except (TypeError, ValueError, AttributeError) as error:
        assert not PRIVATE.search(str(error)), str(error)


def test_an_unexpected_keyword_is_named():
    for make in SELECTORS:
        with pytest.raises(TypeError, match=r"fit\(\) got an unexpected keyword argument 'colour'"):
            make().fit(X, colour="red")


SPARSE = sp.random(60, 8, 0.5, format="csr", random_state=0)


def test_sparse_rows_and_manhattan_distances():
    """The default metric takes none: the message names those that do, and they work."""
    says = (
        r"Sparse data was passed for X, and FacilityLocationSelector\(metric='manhattan'\), the "
        r"default, needs dense rows. Take metric='cosine', as for TF-IDF, or metric='euclidean'; "
        r"or pass X\.toarray\(\) if that fits in memory\."
    )
    for rows in (SPARSE, sp.csc_array(SPARSE), SPARSE.tocoo()):
        with pytest.raises(TypeError, match=says):
            FacilityLocationSelector().fit(rows)
        with pytest.raises(TypeError, match=says):
            FacilityLocationSelector().partial_fit(rows)
    fitted = facility().fit(SPARSE.toarray())
    with pytest.raises(TypeError, match=says):
        fitted.score(SPARSE)
    assert facility(metric="cosine").fit(SPARSE).n_selected_ == 18


@pytest.mark.parametrize("make", [zcore, herding])
def test_selectors_that_take_no_sparse_rows_name_those_that_do(make):
    with pytest.raises(TypeError, match=r"Take FacilityLocationSelector\(metric='cosine'\), KMe"):
        make().fit(SPARSE)
