"""The parameters of the algorithm, at their edges."""

import numpy as np
import pytest

from tests.selection.common import table, zcore

X = table(40, 5)


@pytest.mark.parametrize("subspace_dim", [1, 2, 3, 5])
@pytest.mark.parametrize("n_neighbors", [1, 10, 38, 39, 40, 10**9])
def test_subspaces_and_neighbours(subspace_dim, n_neighbors):
    selector = zcore(subspace_dim=subspace_dim, n_neighbors=n_neighbors).fit(X)
    assert np.isfinite(selector.scores_).all()
    assert np.unique(selector.scores_).size == 40


def test_more_neighbours_than_rows_are_all_other_rows():
    expected = zcore(n_neighbors=39).fit(X).scores_
    np.testing.assert_array_equal(zcore(n_neighbors=1000).fit(X).scores_, expected)


@pytest.mark.parametrize("exponent", [0, 0.5, 1, 2.5, 4, 4.0, 50, 1e10])
def test_exponent(exponent):
    scores = zcore(exponent=exponent).fit(X).scores_
    assert scores.min() == 0 and scores.max() == 1


def test_exponent_4_is_4():
    np.testing.assert_array_equal(
        zcore(exponent=4).fit(X).scores_, zcore(exponent=4.0).fit(X).scores_
    )
    near = zcore(exponent=4 + 1e-9).fit(X).scores_  # takes the general way
    np.testing.assert_allclose(zcore(exponent=4).fit(X).scores_, near, atol=1e-4)


def test_random_init_matters_less_with_more_draws():
    few = [
        zcore(n_iter=1, n_neighbors=1, random_init=init).fit(X).scores_ for init in (False, True)
    ]
    assert np.unique(few[0]).size < 40 and np.unique(few[1]).size == 40
    many = [zcore(n_iter=50_000, random_init=init).fit(X).scores_ for init in (False, True)]
    np.testing.assert_allclose(many[0], many[1], atol=1e-3)


def test_without_draws_to_speak_of_random_init_decides():
    scores = [zcore(n_iter=1, random_state=seed).fit(X).scores_ for seed in (0, 1)]
    assert (scores[0] != scores[1]).all()


@pytest.mark.parametrize("n_iter", [1, 2, 3, 17, 1000])
@pytest.mark.parametrize("targets_per_subspace", ["auto", 1, 2, 7, 1000, 10**9])
def test_every_draw_is_made(n_iter, targets_per_subspace):
    """Each adds 1 and takes 1 away: no remainder is dropped, and the sums stay at 0."""
    selector = zcore(n_iter=n_iter, targets_per_subspace=targets_per_subspace).fit(X)
    assert selector.n_iter_ == n_iter == selector._sums.n_draws
    assert selector._sums.halves.sum() == pytest.approx(0, abs=1e-3)
    covered = zcore(
        n_iter=n_iter, targets_per_subspace=targets_per_subspace, n_neighbors=1, exponent=0
    ).fit(X)
    assert np.abs(covered._sums.halves).sum() <= 2 * n_iter + 1e-6


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("subspace_dim", [1, 2, 3])
def test_few_rows(n, subspace_dim):
    selector = zcore(budget=1, subspace_dim=subspace_dim).fit(X[:n])
    assert selector.n_selected_ == 1 and np.isfinite(selector.scores_).all()


@pytest.mark.parametrize("odd", [0, 17, 29])
@pytest.mark.parametrize("n_neighbors", [5, 1000])
def test_equal_rows_but_one(odd, n_neighbors):
    """The odd one and the lowest of the equal rows are what there is to cover."""
    rows = np.zeros((30, 3))
    rows[odd] = 1
    selector = zcore(budget=2, n_neighbors=n_neighbors).fit(rows)
    assert list(selector.indices_) == sorted({odd, 1 if odd == 0 else 0})


def test_copies_are_selected_once():
    """Of every group of equal rows the lowest stands for all: which duplicates are kept."""
    groups = table(10, 3, seed=4)
    rows = np.repeat(groups, 6, axis=0)[np.random.default_rng(0).permutation(60)]
    selector = zcore(budget=10, n_iter=20_000, n_neighbors=30).fit(rows)
    first = {tuple(row): i for i, row in reversed(list(enumerate(rows)))}
    assert set(selector.indices_) <= set(first.values())


def test_constant_features_take_no_part():
    expected = zcore(subspace_dim=2).fit(X[:, :2]).scores_
    padded = np.column_stack([np.full(40, 3.0), X[:, 0], np.zeros(40), X[:, 1], np.full(40, -1e30)])
    np.testing.assert_allclose(zcore(subspace_dim=2).fit(padded).scores_, expected, atol=0.2)
    one = np.column_stack([np.full(40, 3.0), X[:, 0]])
    np.testing.assert_array_equal(
        zcore(subspace_dim=1).fit(one).scores_, zcore(subspace_dim=1).fit(X[:, :1]).scores_
    )


def test_order_of_a_subspace_does_not_matter_much():
    """Subspaces are drawn as sets, so mirrored features have the same scores up to noise."""
    scores = zcore(n_iter=50_000).fit(X).scores_
    mirrored = zcore(n_iter=50_000).fit(X[:, ::-1]).scores_
    assert np.corrcoef(scores, mirrored)[0, 1] > 0.99
