"""The engine's sums equal the literal loop's, draw for draw, on every kind of data."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_zcore.scoring import Scorer, _engine, _in_memory, _plan
from sklearn_zcore.scoring._in_memory import _groups
from sklearn_zcore.scoring._plan import make_plan
from tests.oracle import literal_scores


def normal(rng, n, d):
    return rng.standard_normal((n, d))


def integers(rng, n, d):
    return rng.integers(0, 4, (n, d))


def binary(rng, n, d):
    return (rng.random((n, d)) < 0.1).astype(np.float32)


def duplicates(rng, n, d):
    return rng.standard_normal((max(1, n // 4), d))[rng.integers(0, max(1, n // 4), n)]


def skewed(rng, n, d):
    return rng.lognormal(sigma=2.5, size=(n, d))


def heavy_tailed(rng, n, d):
    return rng.standard_cauchy((n, d))


def clustered(rng, n, d):
    return rng.normal(scale=50, size=(5, d))[rng.integers(0, 5, n)] + rng.normal(
        scale=0.01, size=(n, d)
    )


def mostly_zero(rng, n, d):
    return np.where(rng.random((n, d)) < 0.8, 0.0, rng.exponential(size=(n, d)))


def correlated(rng, n, d):
    return rng.standard_normal((n, 1)) * np.arange(1, d + 1) + rng.normal(scale=1e-3, size=(n, d))


def with_constant_columns(rng, n, d):
    return np.column_stack([np.full(n, 7.0), rng.standard_normal((n, d)), np.zeros(n)])


def timestamps(rng, n, d):
    return 1.7e9 + rng.integers(0, 3600, (n, d))


DATA = [
    normal,
    integers,
    binary,
    duplicates,
    skewed,
    heavy_tailed,
    clustered,
    mostly_zero,
    correlated,
    with_constant_columns,
    timestamps,
]


def score_with_plan(X, m, k, q, n_draws, exponent=4.0, seed=0):
    """Run the engine and the oracle on the same plan."""
    X = np.ascontiguousarray(X)
    scorer = Scorer(
        X,
        subspace_dim=m,
        n_neighbors=k,
        exponent=exponent,
        targets_per_subspace=q,
        seed=seed,
        n_jobs=1,
    )
    columns = scorer._columns
    plan = make_plan(seed, 0, n_draws, q, m, columns.varying, columns.low, columns.high)
    scorer.add(n_draws)
    return scorer.halves.sum(axis=0), literal_scores(X, *plan, k, exponent)


def assert_same_scores(scores, expected):
    """Equal within 1e-4 before scaling, which makes them smaller; not all zero by accident."""
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-4)
    assert expected.size == 2 or np.abs(expected).max() > 0


@pytest.mark.parametrize("index", [True, False])
@settings(max_examples=100)
@given(
    make=st.sampled_from(DATA),
    n=st.one_of(st.integers(2, 60), st.integers(60, 900), st.sampled_from([2500, 5000])),
    m=st.integers(1, 3),
    k=st.one_of(st.integers(1, 40), st.sampled_from([200, 1000, 10_000])),
    q=st.sampled_from([1, 3, 20]),
    seed=st.integers(0, 2**31),
)
def test_equal_to_literal_loop(index, make, n, m, k, q, seed):
    """With both searches, whichever the engine would choose."""
    X = make(np.random.default_rng(seed), n, 4)
    if np.count_nonzero(np.ptp(X, axis=0)) < m:
        return  # refused, see the tests of bad input
    use_index = index and k < n - 1
    with patch.object(_engine, "index_pays", lambda *_: use_index):
        assert_same_scores(*score_with_plan(X, m, k, q, n_draws=20, seed=seed))


@pytest.mark.slow
@pytest.mark.parametrize("make", DATA)
@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("k", [1, 50, 1000])
def test_equal_to_literal_loop_on_5000_rows(make, m, k):
    X = make(np.random.default_rng(m), 5000, 5)
    assert_same_scores(*score_with_plan(X, m, k, q=25, n_draws=50))


@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize("n", [63, 64, 65, 66, 127, 128, 129, 130, 193, 257])
def test_rows_that_fill_vectors_or_not(n, index):
    """Blocks of distances are padded to multiples of 64; the cover is not its own neighbour."""
    for make in (normal, duplicates):
        X = make(np.random.default_rng(n), n, 3)
        for k in (1, 63, 64, 65, n - 2):
            with patch.object(_engine, "index_pays", lambda *_, k=k: index and k < n - 1):
                assert_same_scores(*score_with_plan(X, 2, min(k, n - 1), q=3, n_draws=21))


@pytest.mark.parametrize("m", [1, 2, 3])
def test_cells_of_equal_points_on_full_lines(m):
    """Few values, some rare: runs of whole grid lines, cells of copies beside cells of others."""
    rng = np.random.default_rng(m)
    X = np.where(rng.random((5000, 4)) < 0.7, rng.integers(0, 3, (5000, 4)), rng.random((5000, 4)))
    for k in (5, 1500, 4000):
        assert_same_scores(*score_with_plan(X, m, k, q=25, n_draws=100))


def test_a_plan_does_not_depend_on_the_parts_it_is_drawn_in(monkeypatch):
    low, high = -np.arange(1.0, 8), np.arange(2.0, 9)
    arguments = (5, 0, 1001, 10, 2, np.arange(7), low, high)
    whole = make_plan(*arguments)
    monkeypatch.setattr(_plan, "_PART_TARGETS", 30)
    for expected, part in zip(whole, make_plan(*arguments), strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("n_draws", [1, 2, 3])
def test_a_single_subspace_leaves_half_of_the_draws_empty(n_draws):
    X = np.random.default_rng(0).standard_normal((3000, 3))
    assert_same_scores(*score_with_plan(X, 2, 50, q=n_draws, n_draws=n_draws))


@pytest.mark.parametrize("exponent", [0, 0.5, 1, 2, 4, 7.5])
@pytest.mark.parametrize("k", [30, 500])
def test_exponents(exponent, k):
    X = np.random.default_rng(0).standard_normal((400, 3))
    assert_same_scores(*score_with_plan(X, 2, k, q=2, n_draws=50, exponent=exponent))


@pytest.mark.parametrize("m", [4, 6])
def test_higher_dimensional_subspaces(m):
    X = np.random.default_rng(0).standard_normal((700, 8))
    assert_same_scores(*score_with_plan(X, m, 60, q=5, n_draws=60))


def test_extreme_scales():
    rng = np.random.default_rng(0)
    for scale in (1e-30, 1e30):
        X = scale * rng.standard_normal((300, 3))
        assert_same_scores(*score_with_plan(X, 2, 20, q=2, n_draws=100))


def test_copies_share_one_unit_of_redundancy():
    """Four equal rows and a far one: a hit of the group costs its other three a third each."""
    X = np.array([[0.0, 0.0]] * 4 + [[100.0, 100.0]])
    scores, expected = score_with_plan(X, 2, k=4, q=1, n_draws=200)
    assert_same_scores(scores, expected)
    far = scores[4]  # its own hits, which cost the four a quarter each
    group = 200 - far
    copies = [-group / 3 - far / 4] * 3
    np.testing.assert_allclose(scores[:4], [group - far / 4, *copies], atol=1e-3)


@pytest.mark.parametrize("m", [1, 2, 3])
def test_groups_cover_every_subspace_once_within_capacity(m):
    rng = np.random.default_rng(0)
    features = np.array([rng.choice(40, m, replace=False) for _ in range(300)], np.int32)
    groups = list(_groups(features, 12, 40))
    assert sorted(np.concatenate(groups)) == list(range(300))
    assert len(groups) > 1
    for group in groups:
        assert np.unique(features[group]).size <= 12 + 2 * m  # blocks are rounded up


@pytest.mark.parametrize("m", [1, 2, 3])
def test_columns_fetched_in_blocks_change_nothing(m, monkeypatch):
    X = np.random.default_rng(0).standard_normal((5100, 30)).astype(np.float32)
    whole, expected = score_with_plan(X, m, 50, q=2, n_draws=200)
    monkeypatch.setattr(_in_memory, "_COLUMNS_BYTES", 0)
    in_blocks, _ = score_with_plan(X, m, 50, q=2, n_draws=200)
    assert_same_scores(whole, expected)
    np.testing.assert_allclose(in_blocks, whole, atol=1e-6)
