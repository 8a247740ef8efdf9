"""How many rows a budget stands for, and changing it after the fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils._param_validation import InvalidParameterError

from sklearn_zcore._budget import Budget
from tests.selection.common import ONE_RANKING, SELECTORS, table, zcore

N = 61
NOT_VALID = [0, -1, 0.0, -0.1, 1.5, np.nan, np.inf, "x", "150%", "0", "", np.float32(1.5), None]
NOT_VALID += [True]  # an int to Python, and one row; every row may have been meant


@pytest.mark.parametrize(
    "budget, n_selected",
    [(1, 1), (7, 7), (N, N), (1.0, N), (0.1, 6), (0.5, 30), (1e-9, 1), (0.999, 60)],
)
@pytest.mark.parametrize("make", SELECTORS)
def test_int_is_rows_and_float_a_fraction(make, budget, n_selected):
    assert make(budget=budget).fit(table(N)).n_selected_ == n_selected


@pytest.mark.parametrize("budget", [np.int64(7), np.int8(7), np.float64(0.12)])
def test_numpy_numbers(budget):
    assert zcore(budget=budget).fit(table(N)).n_selected_ == 7


@pytest.mark.parametrize(
    "budget, n_selected",
    [
        ("10%", 6),
        ("0.1", 6),
        ("7", 7),
        (" 50 % ", 30),
        ("100%", N),
        (np.float32(0.1), 6),
        (np.float16(0.5), 30),
    ],
)
@pytest.mark.parametrize("make", SELECTORS)
def test_budgets_as_people_write_them(make, budget, n_selected):
    assert make(budget=budget).fit(table(N)).n_selected_ == n_selected
    assert make(budget=1.0).fit(table(N)).set_budget(budget).n_selected_ == n_selected


def test_a_float32_means_what_it_prints():
    """np.float32(0.29) is a little less than 0.29."""
    assert zcore(budget=np.float32(0.29)).fit(table(100)).n_selected_ == 29


@given(n=st.integers(1, 2_000_000), data=st.data())
def test_a_whole_number_of_rows_is_not_lost_to_rounding(n, data):
    rows = data.draw(st.integers(1, n))
    assert Budget.parse(rows / n).rows(n) == rows
    assert Budget.parse(rows).rows(n) == rows


@given(n=st.integers(1, 10**7), fraction=st.floats(0, 1, exclude_min=True))
def test_a_fraction_is_rounded_down_to_at_least_one_row(n, fraction):
    n_selected = Budget.parse(fraction).rows(n)
    assert 1 <= n_selected <= n
    assert n_selected == 1 or n_selected <= fraction * n * (1 + 1e-9)
    assert n_selected > fraction * n - 1


@pytest.mark.parametrize(
    "fraction, n, rows", [(0.29, 100, 29), (0.07, 100, 7), (0.57, 100, 57), (0.1, 30, 3)]
)
def test_decimal_fractions_mean_what_they_say(fraction, n, rows):
    assert Budget.parse(fraction).rows(n) == rows


@pytest.mark.parametrize("budget", NOT_VALID)
@pytest.mark.parametrize("make", SELECTORS)
def test_not_a_budget(make, budget):
    with pytest.raises(InvalidParameterError, match=r"The 'budget' parameter .* Got .* instead"):
        make(budget=budget).fit(table())


def test_true_is_no_budget_elsewhere():
    with pytest.raises(InvalidParameterError, match="'budget' parameter .* Got True instead"):
        zcore(budget=7).fit(table(N)).set_budget(True)
    with pytest.raises(TypeError, match="budget=True is neither a number nor text"):
        Budget.parse(True)


@pytest.mark.parametrize("make", SELECTORS)
def test_more_rows_than_there_are(make):
    with pytest.raises(ValueError, match=r"budget=62 is more than the n_samples = 61 rows of X"):
        make(budget=N + 1).fit(table(N))


def test_too_large_a_budget_is_found_before_any_draw():
    with pytest.raises(ValueError, match="budget=62"):
        zcore(budget=N + 1, n_iter=10**12).fit(table(N))


@pytest.mark.parametrize("budget", [1, 3, 0.5, 40, 1.0])
@pytest.mark.parametrize("make", ONE_RANKING)
def test_set_budget_is_a_fresh_fit_without_the_scoring(make, budget):
    X = table(N)
    changed = make(budget=10).fit(X)
    scores = changed.scores_
    assert changed.set_budget(budget) is changed
    fresh = make(budget=budget).fit(X)
    assert changed.get_params()["budget"] == budget
    assert changed.scores_ is scores
    assert changed.n_selected_ == fresh.n_selected_
    np.testing.assert_array_equal(changed.support_, fresh.support_)
    np.testing.assert_array_equal(changed.indices_, fresh.indices_)
    np.testing.assert_array_equal(changed.transform(X), fresh.transform(X))
    assert getattr(changed, "stability_", None) == getattr(fresh, "stability_", None)


@pytest.mark.parametrize("make", SELECTORS)
def test_coresets_of_growing_budgets_are_nested(make):
    selector = make().fit(table(N))
    before = set()
    for budget in range(1, N + 1):
        indices = set(selector.set_budget(budget).indices_.tolist())
        assert len(indices) == budget and indices > before
        before = indices


@pytest.mark.parametrize("budget", NOT_VALID + [N + 1])
@pytest.mark.parametrize("make", SELECTORS)
def test_a_refused_set_budget_changes_nothing(make, budget):
    X = table(N)
    selector = make(budget=10).fit(X)
    with pytest.raises(ValueError, match="budget"):
        selector.set_budget(budget)
    assert selector.budget == 10 and selector.n_selected_ == 10
    assert selector.transform(X).shape == (10, 4)


def test_set_params_waits_for_the_next_fit():
    X = table(N)
    selector = zcore(budget=10).fit(X).set_params(budget=20)
    assert selector.transform(X).shape == (10, 4)
    assert selector.fit_transform(X).shape == (20, 4)
