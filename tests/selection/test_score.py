"""score: minus the mean distance to the coreset, on any rows."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from tests.selection.common import ONE_RANKING, SELECTORS, table, zcore

X = table()
OTHER = table(35, seed=1)


def literal_score(rows, coreset):
    return -cdist(np.asarray(rows, float), np.asarray(coreset, float)).min(axis=1).mean()


@pytest.mark.parametrize("make", SELECTORS)
@pytest.mark.parametrize("budget", [1, 0.1, 0.5, 1.0])
def test_equals_its_definition(make, budget):
    selector = make(budget=budget).fit(X)
    for rows in (X, OTHER, OTHER[:1]):
        score = selector.score(rows)
        assert type(score) is float and score <= 0
        assert score == pytest.approx(literal_score(rows, selector.transform(X)), abs=1e-6)
    assert selector.score(OTHER, y=np.zeros(35)) == selector.score(OTHER)


@pytest.mark.slow
@pytest.mark.parametrize("make", SELECTORS)
def test_larger_coresets_cover_more(make):
    selector = make(budget=1.0).fit(X)
    scores = [selector.set_budget(budget).score(OTHER) for budget in range(1, 61)]
    assert np.all(np.diff(scores) >= -1e-9)
    assert selector.score(X) == pytest.approx(0, abs=1e-7)


def test_more_rows_than_are_scored_at_once():
    rows = table(10_000, seed=2)
    selector = zcore().fit(X)
    assert selector.score(rows) == pytest.approx(literal_score(rows, selector.transform(X)))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, np.int64, bool, object])
def test_dtypes(dtype):
    rows = np.abs(np.round(X)).astype(dtype)
    selector = zcore().fit(rows)
    expected = literal_score(rows, selector.transform(rows))
    assert selector.score(rows) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert selector.score(rows.tolist()) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("offset", [1e9, -1e12])
def test_distances_of_large_numbers_keep_their_digits(offset):
    """Euclidean distances by way of squares would be off by the offset's rounding."""
    far = X + offset
    selector = zcore(budget=0.2).fit(far)
    expected = literal_score(far, selector.transform(far))
    assert selector.score(far) == pytest.approx(expected, rel=1e-6)


def test_frames():
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    assert zcore().fit(frame).score(frame) == pytest.approx(zcore().fit(X).score(X))


@pytest.mark.parametrize("make", ONE_RANKING)
def test_a_smaller_budget_is_scored_as_if_fitted_for_it(make):
    selector = make(budget=30).fit(X).set_budget(8)
    assert selector.score(OTHER) == make(budget=8).fit(X).score(OTHER)
    assert selector.set_budget(30).score(OTHER) == make(budget=30).fit(X).score(OTHER)


@pytest.mark.parametrize("make", SELECTORS)
def test_an_enlarged_coreset_cannot_be_scored(make):
    """Its rows were not kept: a fitted selector must not carry all of X about."""
    selector = make(budget=10).fit(X).set_budget(11)
    with pytest.raises(ValueError, match="fitted for 10 rows .* coreset of 11, fit with that"):
        selector.score(X)
    assert selector.set_budget(10).score(X) < 0


def test_bad_rows():
    selector = zcore().fit(X)
    with pytest.raises(ValueError, match="first is in row 2, column 1"):
        selector.score(np.where(np.arange(240).reshape(60, 4) == 9, np.nan, X))
    with pytest.raises(ValueError, match="X has 3 features, but ZCoreSelector is expecting 4"):
        selector.score(X[:, :3])
    with pytest.raises(ValueError, match="0 sample"):
        selector.score(X[:0])
