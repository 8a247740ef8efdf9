"""SubZeroCore: the rule, step by step in NumPy, and what it is for."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist

from sklearn_zcore import SubZeroCoreSelector
from sklearn_zcore.selection import _subzerocore
from tests.selection.common import table

X = table(150, 6)


def neighbours(coverage, n, m):
    """Try K = 1, 2, ... until one of K rows is among m of the n - 1 others often enough."""
    missed, k = 1.0, 0
    while 1 - missed < coverage:
        k += 1
        missed *= (n - m - k) / (n - k)
    return k


def literal(X, budget, coverage=0.6):
    """Rank rows as the formulas say, with all distances and all gains of every step."""
    cosines = 1 - cdist(X, X, "cosine")
    k = neighbours(coverage, len(X), budget)
    radii = np.sort(1 - cosines, axis=1)[:, k]  # the nearest of all is the row itself
    weights = np.exp(-((radii - radii.mean()) ** 2) / (2 * radii.var()))
    covered, chosen = np.zeros(len(X)), []
    for _ in range(budget):
        gains = np.maximum(weights * cosines - covered[:, None], 0).sum(axis=0)
        gains[chosen] = -1
        chosen.append(int(gains.argmax()))
        covered = np.maximum(covered, weights[chosen[-1]] * cosines[:, chosen[-1]])
    return chosen


@pytest.mark.parametrize("budget, coverage", [(5, 0.6), (40, 0.6), (15, 0.2), (15, 0.95)])
def test_the_rule_step_by_step(budget, coverage):
    found = SubZeroCoreSelector(budget, coverage=coverage).fit(X)
    assert found.n_neighbors_ == neighbours(coverage, 150, budget)
    assert found.ranking_[:budget].tolist() == literal(X, budget, coverage)


def test_looking_at_a_few_candidates_and_rows_at_a_time(monkeypatch):
    whole = SubZeroCoreSelector(40).fit(X).ranking_[:40]
    monkeypatch.setattr(_subzerocore, "_FIRST_LOOK", 1)
    monkeypatch.setattr(_subzerocore, "_AT_ONCE", 300)
    np.testing.assert_array_equal(SubZeroCoreSelector(40).fit(X).ranking_[:40], whole)


@pytest.mark.parametrize("n, m", [(500, 112), (20_000, 400), (1000, 1), (10, 9), (10, 10)])
@pytest.mark.parametrize("coverage", [0.01, 0.6, 0.99])
def test_number_of_neighbours(n, m, coverage):
    assert _subzerocore.n_neighbors_for(coverage, n, m) == neighbours(coverage, n, m)


def test_number_of_neighbours_is_what_random_coresets_need():
    """Drawn: with one neighbour fewer than K, too few coresets have one of them."""
    rng = np.random.default_rng(0)
    k = _subzerocore.n_neighbors_for(0.6, 100, 10)
    others = rng.permuted(np.tile(np.arange(99), (20_000, 1)), axis=1)[:, :10]
    assert (others < k).any(axis=1).mean() > 0.6 > (others < k - 1).any(axis=1).mean()


def test_outliers_and_near_copies_stand_for_less():
    """A direction of its own and a tight bunch, beside rows where it is as dense as usual."""
    rng = np.random.default_rng(0)
    usual = np.c_[rng.normal(size=(200, 10)), np.zeros(200)]
    bunch = usual[0] + 1e-3 * rng.normal(size=(20, 11))
    alone = np.r_[np.zeros(10), 9.0]
    rows = np.concatenate([usual[1:], bunch, [alone]])
    radii = np.sort(cdist(rows, rows, "cosine"), axis=1)[:, 3]
    density = _subzerocore.density_weights(radii, np.ones(220))
    assert density[:199].mean() > 10 * density[199:219].max()
    assert density[:199].mean() > 10 * density[219]
    chosen = SubZeroCoreSelector(60).fit(rows).indices_
    assert 219 not in chosen and np.isin(chosen, range(199, 219)).sum() <= 2


def test_weights_are_copies():
    counts = np.random.default_rng(1).integers(1, 4, 150)
    weighted = SubZeroCoreSelector(20).fit(X, sample_weight=counts)
    copies = np.repeat(np.arange(150), counts)
    copied = SubZeroCoreSelector(20).fit(X[copies])
    assert weighted.n_neighbors_ == copied.n_neighbors_
    assert weighted.n_neighbors_ != SubZeroCoreSelector(20).fit(X).n_neighbors_
    assert copies[copied.ranking_[:20]].tolist() == weighted.ranking_[:20].tolist()
    shares = SubZeroCoreSelector(20).fit(X, sample_weight=np.full(150, 1 / 150))
    np.testing.assert_array_equal(shares.ranking_, SubZeroCoreSelector(20).fit(X).ranking_)


def test_radii_where_there_are_copies_and_where_not():
    """One copy has all rows counted one by one: the radii of the others are the same."""
    rows = np.concatenate([X, X[:1]])
    with_copy, progress = np.r_[2.0, np.ones(149)], _subzerocore.Silent()
    directions = (X / np.linalg.norm(X, axis=1)[:, None]).astype(np.float32)
    for k in (1, 5, 149):
        found, _ = _subzerocore._look_around(directions, with_copy, k, progress)
        expected = np.sort(cdist(rows, rows, "cosine"), axis=1)[:150, k]
        np.testing.assert_allclose(found, expected, atol=1e-6)
        found, _ = _subzerocore._look_around(directions, np.ones(150), k, progress)
        expected = np.sort(cdist(X, X, "cosine"), axis=1)[:, k]
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_rows_selected_before_count_as_covered():
    """The greedy search goes on where it was, if its coreset is to be as large."""
    first = SubZeroCoreSelector(20).fit(X)
    before = first.ranking_[:8]
    second = SubZeroCoreSelector(12).fit(X, selected=before)
    assert second.n_neighbors_ == first.n_neighbors_
    np.testing.assert_array_equal(second.ranking_[:12], first.ranking_[8:20])


def test_sparse_rows():
    rows = np.random.default_rng(0).random((120, 30)) * (
        np.random.default_rng(1).random((120, 30)) < 0.2
    )
    np.testing.assert_array_equal(
        SubZeroCoreSelector(15).fit(csr_array(rows)).ranking_[:15],
        SubZeroCoreSelector(15).fit(rows).ranking_[:15],
    )


def test_size_of_rows_does_not_matter_and_zeros_cover_nothing():
    lengths = np.random.default_rng(0).uniform(1e-3, 1e3, (150, 1))
    found = SubZeroCoreSelector(20).fit(X).ranking_[:20]
    np.testing.assert_array_equal(SubZeroCoreSelector(20).fit(X * lengths).ranking_[:20], found)
    np.testing.assert_array_equal(SubZeroCoreSelector(20).fit(X * 1e30).ranking_[:20], found)
    rows = np.concatenate([np.zeros((1, 6)), X])
    assert 0 not in SubZeroCoreSelector(40).fit(rows).indices_


def test_when_all_is_covered_the_typical_rows_are_next():
    """Here no further row gains anything: their own density weights order them."""
    found = SubZeroCoreSelector(100).fit(X)
    cosines = 1 - cdist(X, X, "cosine")
    radii = np.sort(1 - cosines, axis=1)[:, found.n_neighbors_]
    weights = np.exp(-((radii - radii.mean()) ** 2) / (2 * radii.var()))
    values = weights * cosines
    n_gaining = 1
    while (values[:, found.ranking_[:n_gaining]].max(axis=1) < values.max(axis=1) - 1e-6).any():
        n_gaining += 1
    assert n_gaining < 90
    np.testing.assert_allclose(
        weights[found.ranking_[n_gaining:]], np.sort(weights[found.ranking_[n_gaining:]])[::-1]
    )


def test_one_direction():
    """All rows are alike: any of them will do, in their order."""
    found = SubZeroCoreSelector(3).fit(np.arange(1.0, 21)[:, None])
    assert found.n_selected_ == 3 and sorted(found.ranking_) == list(range(20))
