"""Groups: exact shares at the budget, kept by every prefix; what may be a group, and what not."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from sklearn_zcore import FacilityLocationSelector, RandomSelector
from sklearn_zcore.selection import SetAwareSelector, _set_aware
from sklearn_zcore.selection._groups import Groups, group_counts, shares_of, turns
from tests.selection.common import (
    SET_AWARE,
    TAKES_SELECTED,
    facility,
    kcenter,
    random,
    table,
    with_parameter,
)

X = table(300, 4)
SITES = np.random.default_rng(0).choice(["a", "b", "c", "d"], 300, p=[0.6, 0.3, 0.08, 0.02])


def counts_of(groups, rows):
    return pd.Series(np.asarray(groups, object)[rows]).value_counts(dropna=False).to_dict()


def exact_shares(sizes, shares, n):
    """Fill groups in proportion to their shares, group by group as they have no more rows."""
    have, left = np.zeros(len(sizes)), float(n)
    while left > 1e-9:
        open_ = (have < sizes - 1e-12) & (shares > 0)
        if not open_.any():
            open_ = have < sizes - 1e-12
            rate = np.where(open_, sizes, 0.0)
        else:
            rate = np.where(open_, shares, 0.0)
        rate = rate / rate.sum()
        step = min(left, min((sizes - have)[open_] / rate[open_]))
        have += step * rate
        left -= step
    return have


@pytest.mark.parametrize("seed", range(60))
def test_every_prefix_keeps_the_shares(seed):
    rng = np.random.default_rng(seed)
    n_groups = int(rng.choice([1, 2, 7, 40]))
    sizes = rng.integers(0, 30, n_groups)
    sizes[0] = 2 if sizes.sum() < 2 else sizes[0]
    shares = [rng.random(n_groups) ** 3, np.ones(n_groups), np.sqrt(sizes) + 1e-6][seed % 3]
    if n_groups > 2 and seed % 4 == 0:
        shares[:2] = 0
    shares = shares / shares.sum()
    n = int(rng.integers(1, sizes.sum() + 1))
    order, counts = turns(sizes, shares, n), group_counts(sizes, shares, n)
    np.testing.assert_array_equal(np.bincount(order, minlength=n_groups), sizes)
    np.testing.assert_array_equal(np.bincount(order[:n], minlength=n_groups), counts)
    assert counts.sum() == n and (counts <= sizes).all()
    exact = exact_shares(sizes, shares, n)
    assert (np.abs(counts - exact) < 1 + 1e-6).all()
    for k in range(1, sizes.sum() + 1):
        found = np.bincount(order[:k], minlength=n_groups)
        assert (np.abs(found - exact_shares(sizes, shares, k)) < 1 + 1e-6).all()


def test_the_largest_remainder():
    # 10 rows for 47, 16, 16, 21 of 100: 4.7, 1.6, 1.6, 2.1.
    sizes = np.array([47, 16, 16, 21])
    np.testing.assert_array_equal(group_counts(sizes, sizes / 100, 10), [5, 2, 1, 2])


def test_a_thousand_groups():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 1000, 20_000)
    fitted = random(budget=2_000).fit(np.arange(20_000.0).reshape(-1, 1), groups=groups)
    sizes = np.bincount(groups, minlength=1000)
    chosen = np.bincount(groups[fitted.indices_], minlength=1000)
    assert chosen.sum() == 2000 and (np.abs(chosen - sizes / 10) < 1).all()


@pytest.mark.parametrize("make", with_parameter("group_budget"))
@pytest.mark.parametrize("group_budget", ["proportional", "equal", "sqrt", {"d": 1, "c": 0.25}])
def test_shares_of_the_budget(make, group_budget):
    fitted = make(budget=30, group_budget=group_budget).fit(X, groups=SITES)
    groups = Groups.of(SITES, 300)
    shares = shares_of(group_budget, groups, 30, groups.sizes())
    expected = dict(zip(groups.names, group_counts(groups.sizes(), shares, 30), strict=True))
    assert counts_of(SITES, fitted.indices_) == {k: v for k, v in expected.items() if v}
    assert fitted.n_selected_ == 30
    assert sorted(fitted.ranking_) == list(range(300))
    if isinstance(fitted, SetAwareSelector):
        np.testing.assert_array_equal(np.argsort(-fitted.scores_), fitted.ranking_)


@pytest.mark.parametrize("make", with_parameter("group_budget"))
def test_smaller_budgets_keep_the_shares(make):
    fitted = make(budget=60, group_budget="equal").fit(X, groups=SITES)
    before = set(fitted.indices_)
    fitted.set_budget(8)
    assert set(fitted.indices_) <= before
    assert counts_of(SITES, fitted.indices_) == dict.fromkeys("abcd", 2)


def test_small_groups_give_the_rest_to_the_others():
    sites = np.repeat(["a", "b", "c"], [290, 7, 3])
    fitted = facility(budget=60, group_budget="equal").fit(X, groups=sites)
    assert counts_of(sites, fitted.indices_) == {"a": 50, "b": 7, "c": 3}


@pytest.mark.parametrize("make", [facility, kcenter])
def test_a_group_is_selected_as_if_it_were_alone(make):
    fitted = make(budget=150, group_budget="equal").fit(X, groups=SITES)
    rows = np.flatnonzero(SITES == "b")
    mine = fitted.ranking_[SITES[fitted.ranking_] == "b"]
    count = int(np.count_nonzero(SITES[fitted.indices_] == "b"))
    np.testing.assert_array_equal(mine, rows[make(budget=count).fit(X[rows]).ranking_])


def test_one_group_is_none():
    expected = facility().fit(X)
    found = facility().fit(X, groups=np.zeros(300))
    np.testing.assert_array_equal(found.ranking_, expected.ranking_)
    np.testing.assert_array_equal(found.scores_, expected.scores_)


@pytest.mark.parametrize("make", with_parameter("group_budget"))
def test_groups_of_one_row_of_copies_and_of_what_is_selected(make):
    rows = np.r_[X[:50], np.repeat(X[:1], 20, axis=0)]
    groups = np.r_[np.arange(50), np.full(20, 99)]
    fitted = make(budget=40, group_budget="equal").fit(rows, groups=groups)
    assert len(set(groups[fitted.indices_])) == 40


@pytest.mark.parametrize("make", TAKES_SELECTED)
def test_groups_and_rows_selected_before(make):
    before = np.flatnonzero(SITES == "d")
    fitted = make(budget=30, group_budget="equal").fit(X, groups=SITES, selected=before)
    assert counts_of(SITES, fitted.indices_) == {"a": 10, "b": 10, "c": 10}
    assert sorted(fitted.ranking_[-before.size :]) == before.tolist()


def test_a_search_that_ended_with_the_budget(monkeypatch):
    monkeypatch.setattr(_set_aware, "_ALL_STEPS", 0)
    fitted = kcenter(budget=40).fit(X, groups=SITES)
    fitted.set_budget(20)
    with pytest.raises(ValueError, match="has ranked 4[0-9]"):
        fitted.set_budget(100)


def test_missing_groups_are_one_of_their_own():
    missing = [None, np.nan, pd.NA, pd.NaT, np.float64("nan")] * 20 + [1, "1", 2.5, "b"] * 50
    fitted = random(budget=30, group_budget={None: 10, "1": 5}).fit(X, groups=missing)
    rows = set(fitted.indices_)
    assert len(rows & set(range(100))) == 10
    assert sum(missing[row] == "1" for row in rows if row >= 100) == 5


@pytest.mark.parametrize(
    "travel",
    [
        list,
        tuple,
        np.array,
        pd.Series,
        pd.Categorical,
        pl.Series,
        pa.array,
        lambda s: pa.chunked_array([s]),
        lambda s: pd.DataFrame({"site": s}),
        lambda s: s.astype(object)[:, None],
    ],
)
def test_kinds_of_groups(travel):
    expected = random(budget=30).fit(X, groups=SITES).ranking_
    found = random(budget=30).fit(X, groups=travel(SITES)).ranking_
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("travel", [pd.DataFrame, pl.DataFrame, pa.table])
def test_groups_of_two_columns(travel):
    shift = np.where(np.arange(300) % 2, "day", "night")
    frame = travel({"site": SITES, "shift": shift})
    fitted = random(budget=20, group_budget={("a", "day"): 13}).fit(X, groups=frame)
    of = [(SITES[row], shift[row]) for row in fitted.indices_]
    assert of.count(("a", "day")) == 13


def test_pairs_with_missing_parts():
    """Of a zip of columns: every NaN of it is another object."""
    pairs = list(zip(pd.Series([np.nan, 1.0] * 150).to_numpy(), SITES, strict=True))
    share = {(np.nan, "a"): 13}
    fitted = random(budget=20, group_budget=share).fit(X, groups=pairs)
    assert sum(pairs[row][0] != 1 and pairs[row][1] == "a" for row in fitted.indices_) == 13


def test_times_as_groups_are_called_as_people_write_them():
    days = pd.to_datetime(["2024-01-01", "2024-01-02", None] * 100)
    for times in (days, days.to_numpy("M8[ns]")):
        share = {pd.Timestamp("2024-01-02"): 15, None: 4}
        fitted = random(budget=20, group_budget=share).fit(X, groups=times)
        assert np.bincount(fitted.indices_ % 3).tolist() == [1, 15, 4]
    odd = np.array([1, 2, 3] * 100, "m8[ns]")  # less than a microsecond
    fitted = random(budget=30, group_budget="equal").fit(X, groups=odd)
    assert np.bincount(fitted.indices_ % 3).tolist() == [10, 10, 10]


def test_dates_as_groups():
    days = np.datetime64("2024-01-01") + np.arange(300) % 3
    days[:30] = "NaT"
    fitted = random(budget=40, group_budget="equal").fit(X, groups=days)
    assert counts_of(np.datetime_as_string(days), fitted.indices_) == {
        "NaT": 10,
        **{f"2024-01-0{day}": 10 for day in (1, 2, 3)},
    }


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_groups_on_any_worker(backend):
    import joblib

    expected = facility(exact=False, part_size=16).fit(X, groups=SITES).ranking_
    with joblib.parallel_config(backend=backend):
        again = facility(exact=False, part_size=16, n_jobs=2).fit(X, groups=SITES).ranking_
    np.testing.assert_array_equal(again, expected)


@pytest.mark.parametrize(
    "group_budget, says",
    [
        ({"z": 3}, "names the group 'z', which no row is in.* Groups: "),
        ({"a": -1}, "gives the group 'a' -1: write a number of rows .25. or a share"),
        ({"a": 1.5}, "gives the group 'a' 1.5"),
        ({"a": True}, "gives the group 'a' True"),
        ({"a": "10%"}, "gives the group 'a' '10%'"),
        ({"a": float("nan")}, "gives the group 'a' nan"),
        ({"a": 31}, "asks for 31 rows, and budget is 30 rows. Ask for fewer"),
        ({"a": 0.8, "b": 0.5}, "asks for 39 rows, and budget is 30"),
        ({"a": 5, "b": 5, "c": 5, "d": 5}, "asks for 20 rows, .* or leave out a group"),
        ({"a": 0, "b": 0, "c": 0}, "leaves . rows to select from, and budget is 30 rows"),
    ],
)
def test_shares_that_cannot_be(group_budget, says):
    with pytest.raises(ValueError, match=says):
        facility(budget=30, group_budget=group_budget).fit(X, groups=SITES)


@pytest.mark.parametrize(
    "groups, error, says",
    [
        (SITES[:299], ValueError, "groups has 299 entries, and X has n_samples = 300"),
        ("site", TypeError, "groups is 'site'; give the group of every row: 300 values"),
        (3, TypeError, "groups is 3; give the group of every row"),
        (np.array("site"), TypeError, "groups is .*site.*; give the group of every row"),
        ([{}] * 300, TypeError, "groups holds {} in row 0, which is no name of a group"),
        (np.zeros((300, 0)), ValueError, r"groups has the shape \(300, 0\)"),
        (np.zeros((300, 2, 2)), ValueError, r"groups has the shape \(300, 2, 2\)"),
    ],
)
def test_what_cannot_be_groups(groups, error, says):
    fitted = facility(budget=30).fit(X)
    before = fitted.ranking_
    with pytest.raises(error, match=says):
        fitted.fit(X, groups=groups)
    assert fitted.ranking_ is before


@pytest.mark.parametrize("group_budget", ["even", 3, None, ["a"]])
def test_group_budget_is_validated(group_budget):
    with pytest.raises(InvalidParameterError, match="group_budget"):
        clone(RandomSelector()).set_params(group_budget=group_budget).fit(X, groups=SITES)


def test_shares_without_groups():
    with pytest.raises(ValueError, match="group_budget='equal' shares .*pass fit.X, groups=...."):
        FacilityLocationSelector(group_budget="equal").fit(X)


@pytest.mark.parametrize("make", SET_AWARE)
def test_all_rows_equal(make):
    with pytest.raises(ValueError, match="are constant"):
        make().fit(np.ones((20, 3)), groups=np.arange(20) % 2)
