"""A fit that fails, or a budget that cannot be set, leaves the selector as it was."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from tests.selection.common import NEED_NUMBERS, SELECTORS, facility, kcenter, table, zcore


def state(selector):
    return {name: np.copy(value) for name, value in vars(selector).items() if name != "_sums"}


def assert_same(selector, before):
    assert vars(selector).keys() - {"_sums"} == before.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(getattr(selector, name), value)


BAD_ROWS = {
    "NaN": np.full((200, 4), np.nan),
    "fewer rows": table(2),
    "other width": np.full((200, 3), np.inf),
    "text": np.array([["a", "b"]] * 200),
}


@pytest.mark.parametrize("bad", BAD_ROWS)
@pytest.mark.parametrize("make", NEED_NUMBERS)
def test_failed_refit(make, bad):
    selector = make(budget=20).fit(table(200))
    before = state(selector)
    with pytest.raises((ValueError, TypeError)):
        selector.fit(BAD_ROWS[bad])
    assert_same(selector, before)
    assert selector.set_budget(0.5).n_selected_ == 100


@pytest.mark.parametrize("make", [facility, kcenter])
@pytest.mark.parametrize("selected", [range(200), [1000], range(150)])
def test_failed_refit_with_rows_selected_before(make, selected):
    selector = make(budget=60).fit(table(200))
    before = state(selector)
    with pytest.raises(ValueError, match="selected|left"):
        selector.fit(table(200), selected=list(selected))
    assert_same(selector, before)
    assert selector.set_budget(0.5).n_selected_ == 100


@pytest.mark.parametrize("make", SELECTORS)
def test_interrupt(make, monkeypatch):
    selector = make(budget=20).fit(table(200))
    before = state(selector)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(selector), "_apply_budget", interrupt)
    with pytest.raises(KeyboardInterrupt):
        selector.fit(table(300, seed=1))
    with pytest.raises(KeyboardInterrupt):
        selector.set_budget(3)
    assert_same(selector, before)


@pytest.mark.parametrize("make", NEED_NUMBERS)
def test_failed_first_fit(make):
    selector = make()
    with pytest.raises(ValueError, match="NaN"):
        selector.fit(np.full((200, 4), np.nan))
    assert vars(selector).keys() == make().get_params().keys()


def test_warnings_point_at_the_line_of_the_user():
    selector = zcore(n_iter=50, tol=1, budget=5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        selector.fit(table(300))
        selector.set_budget(7)
        selector.fit_transform(table(300))
    assert [w.category for w in caught] == [ConvergenceWarning] * 3
    assert {w.filename for w in caught} == {__file__}
