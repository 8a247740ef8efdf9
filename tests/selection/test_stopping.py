"""When to stop drawing: stability_, n_iter="auto", the warning, and going on by warm_start."""

import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sklearn_zcore.scoring import Scorer
from sklearn_zcore.selection import _zcore_sums
from sklearn_zcore.selection._stability import draws_needed
from tests.selection.common import table, zcore

X = table(300, 6)


def test_stability_grows_with_the_draws():
    stabilities = [zcore(n_iter=n).fit(X).stability_ for n in (300, 10_000, 300_000)]
    assert stabilities == sorted(stabilities)
    assert stabilities[0] < 0.7 and stabilities[-1] > 0.85


def test_stability_is_the_overlap_of_the_halves():
    selector = zcore(n_iter=5000, budget=50, random_init=False).fit(X)
    coresets = [set(np.argsort(-half, kind="stable")[:50]) for half in selector._sums.halves]
    assert selector.stability_ == len(coresets[0] & coresets[1]) / 50


def test_stability_predicts_what_another_seed_selects():
    """Halves disagree more than two whole runs do: an honest, cautious figure."""
    runs = [zcore(n_iter=20_000, random_state=seed).fit(X) for seed in (0, 1)]
    agreement = (runs[0].support_ & runs[1].support_).sum() / runs[0].n_selected_
    assert agreement > runs[0].stability_ - 0.05


@pytest.mark.parametrize("n_iter", [1000, 8000])
@pytest.mark.parametrize("budget", [0.05, 0.3])
def test_warning_says_what_would_help(n_iter, budget):
    selector = zcore(n_iter=n_iter, budget=budget, tol=0.8)
    with pytest.warns(ConvergenceWarning) as caught:
        selector.fit(X)
    (text,) = [str(warning.message) for warning in caught]
    assert f"{selector.stability_:.0%} of the coreset" in text
    assert "tol=0.8" in text and f"n_iter_={n_iter:,} were made" in text
    advised = int(re.search(r"About n_iter=([\d,]+) would help", text)[1].replace(",", ""))
    # Right within a factor of 4, for all that it is a guess.
    assert zcore(n_iter=4 * advised, budget=budget).fit(X).stability_ > 0.78
    assert zcore(n_iter=advised // 4, budget=budget).fit(X).stability_ < 0.82


@pytest.mark.parametrize("n_draws", [1, 10**6])
@pytest.mark.parametrize("n_selected", [1, 2, 50, 299])
@pytest.mark.parametrize("tol", [1e-3, 0.8, 0.999999])
def test_advice_is_a_finite_larger_number(n_draws, n_selected, tol):
    for stability in np.linspace(0, tol, 6)[:-1]:
        needed = draws_needed(n_draws, n_selected, 300, stability, tol)
        assert 1.5 * n_draws <= needed < 1e12 * n_draws


def test_warning_where_nothing_would_help():
    with pytest.warns(ConvergenceWarning, match="No number of draws is enough for this tol"):
        zcore(tol=1.0, n_iter=500).fit(X)


def test_set_budget_warns_for_the_new_budget():
    selector = zcore(n_iter=2000, tol=0.8, budget=1.0).fit(X)
    with pytest.warns(ConvergenceWarning, match="of the coreset"):
        selector.set_budget(5)
    assert selector.n_selected_ == 5
    selector.set_budget(1.0)


def test_warning_as_error_leaves_a_whole_selector():
    selector = zcore(tol=1.0, n_iter=500)
    with pytest.raises(ConvergenceWarning):  # warnings are errors in these tests
        selector.fit(X)
    assert selector.transform(X).shape == (90, 6) and selector.score(X) < 0


@pytest.mark.slow
def test_auto_reaches_tol():
    selector = zcore(n_iter="auto", tol=0.95).fit(X)
    assert selector.stability_ >= 0.95
    doublings = np.log2(selector.n_iter_ / 2**16)
    assert doublings >= 1 and doublings == int(doublings)


def test_auto_stops_at_once_where_that_is_enough():
    assert zcore(n_iter="auto", tol=0).fit(X).n_iter_ == 2**16
    assert zcore(n_iter="auto", tol=1, budget=1.0).fit(X).n_iter_ == 2**16


@pytest.mark.parametrize("max_iter", [1, 1000, 2**16, 70_000, 150_000])
def test_auto_stops_at_the_cap(max_iter):
    selector = zcore(n_iter="auto", tol=1, max_iter=max_iter)
    with pytest.warns(ConvergenceWarning, match=f"n_iter_={max_iter:,} were made"):
        selector.fit(X)
    assert selector.n_iter_ == max_iter


@pytest.mark.slow
def test_auto_adds_to_its_draws():
    """Doubling continues the sums, it does not start again."""
    drawn = []

    class Counting(Scorer):
        def add(self, n_draws, progress=None):
            drawn.append(n_draws)
            super().add(n_draws, progress)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sklearn_zcore.scoring.Scorer", Counting)
        selector = zcore(n_iter="auto", tol=0.95).fit(X)
    assert drawn[:2] == [_zcore_sums._FIRST_DRAWS] * 2 and sum(drawn) == selector.n_iter_


def test_warm_start_adds_draws():
    selector = zcore(warm_start=True, n_iter=1000)
    sums = []
    for i in range(1, 4):
        assert selector.fit(X).n_iter_ == 1000 * i
        sums.append(selector._sums.halves.sum(axis=0))
    first, second = sums[0], sums[1] - sums[0]
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.95 and (first != second).any()
    assert clone(selector).set_params(n_iter=1000).fit(X).n_iter_ == 1000
    cold = zcore(n_iter=1000).fit(X)
    np.testing.assert_array_equal(cold._sums.halves.sum(axis=0), sums[0])


@pytest.mark.slow
def test_warm_start_is_one_long_run():
    """The same expected scores and no more noise: no stream of random numbers is used twice."""
    reference = zcore(n_iter=400_000, random_state=99, random_init=False).fit(X).scores_

    def error(selectors):
        return np.mean([np.mean((s.scores_ - reference) ** 2) for s in selectors])

    in_parts, in_one = [], []
    for seed in range(12):
        parts = zcore(warm_start=True, n_iter=2000, random_state=seed, random_init=False)
        for _ in range(8):
            parts.fit(X)
        in_parts.append(parts)
        in_one.append(zcore(n_iter=16_000, random_state=seed, random_init=False).fit(X))
    assert error(in_parts) == pytest.approx(error(in_one), rel=0.25)


def test_warm_start_with_another_budget_or_number_of_draws():
    selector = zcore(warm_start=True, n_iter=500, budget=10).fit(X)
    selector.set_params(n_iter=700, budget=20, targets_per_subspace=1, n_jobs=2).fit(X)
    assert selector.n_iter_ == 1200 and selector.n_selected_ == 20


def test_warm_start_takes_the_same_rows_in_another_container():
    selector = zcore(warm_start=True).fit(X)
    assert selector.fit(X.tolist()).n_iter_ == 2000


@pytest.mark.parametrize("other", [X[::-1], X[:200], X[:, :4], X + 1, np.r_[X, X]])
def test_warm_start_refuses_other_rows(other):
    selector = zcore(warm_start=True).fit(X)
    with pytest.raises(ValueError, match="this X has other rows. Fit a clone, or set warm_start"):
        selector.fit(other)
    assert selector.n_iter_ == 1000
    assert selector.set_params(warm_start=False).fit(other).n_iter_ == 1000


@pytest.mark.parametrize(
    "changed", [{"subspace_dim": 3}, {"n_neighbors": 7}, {"exponent": 2, "n_neighbors": 7}]
)
def test_warm_start_refuses_to_mix_two_scores(changed):
    selector = zcore(warm_start=True).fit(X).set_params(**changed)
    with pytest.raises(ValueError, match="has changed since. Fit a clone") as error:
        selector.fit(X)
    assert all(name in str(error.value) for name in changed)


def test_warm_start_of_auto_keeps_to_the_cap():
    selector = zcore(n_iter="auto", tol=1, max_iter=100_000, warm_start=True)
    for _ in range(2):
        with pytest.warns(ConvergenceWarning):
            selector.fit(X)
        assert selector.n_iter_ == 100_000
    assert selector.set_params(tol=0, max_iter=10**7).fit(X).n_iter_ == 100_000
    assert selector.set_params(n_iter=500).fit(X).n_iter_ == 100_500
