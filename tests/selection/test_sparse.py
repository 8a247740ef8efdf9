"""Sparse rows, without a dense copy, and any rows for RandomSelector."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.spatial.distance import cdist

from sklearn_zcore.selection import _kmeans
from tests.selection.common import facility, herding, kcenter, kmeans, random, zcore

S = sp.random(600, 200, 0.05, format="csr", random_state=0)
S = S[np.diff(S.indptr) > 0]
D = S.toarray()
N = len(D)


def euclidean(**parameters):
    return facility(**{"metric": "euclidean", "budget": 40, **parameters})


def cosine(**parameters):
    return euclidean(metric="cosine", **parameters)


def pyramid(**parameters):
    return euclidean(exact=False, part_size=64, **parameters)


def few(make):
    return lambda **parameters: make(**{"budget": 40, **parameters})


ALIKE = [euclidean, cosine, pyramid, few(kcenter), few(random)]
SPARSE = [*ALIKE, few(kmeans), lambda **p: kcenter(**{"budget": 40, "metric": "cosine", **p})]
CONTAINERS = [sp.csr_matrix, sp.csr_array, sp.csc_matrix, sp.coo_array, sp.lil_matrix]
KEYWORDS = [{}, {"selected": np.arange(30)}, {"groups": np.arange(N) % 3}]


@pytest.mark.parametrize("make", ALIKE)
@pytest.mark.parametrize("keywords", KEYWORDS, ids=["alone", "selected", "groups"])
def test_the_rows_that_are_selected_of_dense_ones(make, keywords):
    sparse, dense = make().fit(S, **keywords), make().fit(D, **keywords)
    assert len(set(sparse.indices_) & set(dense.indices_)) >= 38  # near ties may turn
    assert sparse.score(S) == pytest.approx(dense.score(D), rel=1e-3)


@pytest.mark.parametrize("make", SPARSE)
@pytest.mark.parametrize("keywords", KEYWORDS, ids=["alone", "selected", "groups"])
def test_they_cover_as_well(make, keywords):
    sparse, dense = make().fit(S, **keywords), make().fit(D, **keywords)
    assert sparse.score(S) > 1.02 * dense.score(D)  # both are below 0
    assert sorted(sparse.ranking_) == list(range(N))


@pytest.mark.parametrize("make", SPARSE)
@pytest.mark.parametrize("container", CONTAINERS)
def test_containers(make, container):
    expected = make().fit(S)
    fitted = make().fit(container(S))
    np.testing.assert_array_equal(fitted.ranking_, expected.ranking_)
    kept = fitted.transform(container(S).tocsr())
    assert sp.issparse(kept)
    np.testing.assert_array_equal(kept.toarray(), D[fitted.indices_])
    assert fitted.weights_.sum() == N and fitted.gains_.shape == (40,)
    assert set(fitted.assign(S[:50])) <= set(fitted.indices_)


@pytest.mark.parametrize("make", SPARSE)
def test_explicit_zeros_and_double_entries(make):
    coo = S.tocoo()
    row, col = np.r_[coo.row, coo.row, [0, 1]], np.r_[coo.col, coo.col, [3, 5]]
    odd = sp.csr_matrix((np.r_[coo.data / 2, coo.data / 2, [0, 0]], (row, col)), shape=S.shape)
    np.testing.assert_array_equal(make().fit(odd).ranking_, make().fit(S).ranking_)


@pytest.mark.parametrize("make", [euclidean, few(kcenter), few(kmeans)])
def test_copies_come_last(make):
    rows = sp.vstack([S, S[:60]]).tocsr()
    ranking = make().fit(rows).ranking_
    assert {row % N for row in ranking[:N]} == set(range(N))


@pytest.mark.parametrize("keywords", [{}, {"selected": np.arange(30)}, {"sample_weight": None}])
def test_kmeans_in_parts(keywords, monkeypatch):
    """Of many sparse rows, whose centres would be too many dense ones at once."""
    if "sample_weight" in keywords:
        keywords = {"sample_weight": (np.arange(N) % 3).astype(float)}
    whole = kmeans(budget=60).fit(S, **keywords)
    monkeypatch.setattr(_kmeans, "_SPLIT_ABOVE", 0)
    parts = kmeans(budget=60).fit(S, **keywords)
    assert parts.n_selected_ == 60 and sorted(parts.ranking_) == list(range(N))
    assert not set(parts.indices_) & set(keywords.get("selected", ()))
    assert not np.array_equal(parts.ranking_, whole.ranking_)
    draws = [random(budget=60, random_state=seed).fit(S, **keywords).score(S) for seed in range(10)]
    if "sample_weight" not in keywords:
        assert parts.score(S) > max(draws)
    assert (kmeans(budget=60).fit(S, **keywords).ranking_ == parts.ranking_).all()
    # Fewer rows that count than clusters that are wanted: most parts have none.
    few = kmeans(budget=60).fit(S, sample_weight=np.r_[np.ones(20), np.zeros(N - 20)])
    assert few.n_selected_ == 60 and sorted(few.ranking_) == list(range(N))


@pytest.mark.parametrize("make", SPARSE)
def test_no_dense_copy(make):
    """A dense copy of these rows would take 80 GB."""
    rng = np.random.default_rng(0)
    wide = sp.csr_matrix(
        (rng.random(20_000), (np.repeat(np.arange(1_000), 20), rng.integers(0, 10**7, 20_000))),
        shape=(1_000, 10**7),
    )
    if make is SPARSE[-2]:
        wide = wide[:, :50_000] + sp.eye_array(1_000, 50_000)  # its centres are dense
    parameters = {"part_size": 64} if make in (euclidean, cosine) else {}
    assert make(budget=5, **parameters).fit(sp.csr_matrix(wide)).n_selected_ == 5


@pytest.mark.parametrize("make", [euclidean, few(kcenter), few(kmeans)])
@pytest.mark.parametrize("value, says", [(np.nan, "1 NaN value"), (np.inf, "1 infinite value")])
def test_what_is_not_finite_has_its_place(make, value, says):
    bad = S.copy()
    bad.data[bad.indptr[7]] = value
    with pytest.raises(ValueError, match=f"{says}.*row 7, column {bad.indices[bad.indptr[7]]}"):
        make().fit(bad)


@pytest.mark.parametrize("make", [euclidean, few(kcenter), few(kmeans)])
def test_all_rows_equal(make):
    with pytest.raises(ValueError, match="are constant"):
        make().fit(sp.vstack([S[:1]] * 50))


@pytest.mark.parametrize("make", [euclidean, few(kcenter), few(kmeans)])
def test_too_wide(make):
    with pytest.raises(ValueError, match="X holds values up to 1e.300, too wide .*MaxAbsScaler"):
        make().fit(S * (1e300 / S.max()))


def test_rows_without_direction():
    rows = sp.vstack([S, sp.csr_matrix((1, 200))]).tocsr()
    with pytest.raises(ValueError, match=f"Row {N} of X is all zeros"):
        cosine().fit(rows)


def test_a_row_of_zeros_that_has_been_selected():
    rows = sp.vstack([sp.csr_matrix((1, 200)), S]).tocsr()
    for make in (euclidean, few(kcenter), few(kmeans)):
        assert 0 not in make().fit(rows, selected=[0]).indices_


@pytest.mark.parametrize("make", [facility, zcore, herding])
def test_selectors_that_need_dense_rows(make):
    with pytest.raises(TypeError, match="Sparse data was passed"):
        make().fit(S)


def test_min_distance_needs_dense_rows():
    with pytest.raises(ValueError, match="min_distance=0.5 needs dense rows, and X is sparse"):
        euclidean(min_distance=0.5).fit(S)


def test_a_radius():
    fitted = kcenter(budget=None, radius=2.0).fit(S)
    assert cdist(D, D[fitted.indices_]).min(axis=1).max() <= 2.0


# --- any rows -----------------------------------------------------------------------------------

ANY = {
    "paths": [f"photos/{i}.jpg" for i in range(50)],
    "texts": np.array([f"text {i}" for i in range(50)]),
    "objects": [{"id": i} for i in range(50)],
    "tuples": [(i, "x" * i) for i in range(50)],
    "NaN": np.where(np.arange(100).reshape(50, 2) % 7 == 0, np.nan, 1.0),
    "frame": pd.DataFrame({"day": pd.date_range("2024", periods=50), "name": list("ab") * 25}),
    "series": pd.Series([f"text {i}" for i in range(50)]),
}


@pytest.mark.parametrize("rows", ANY.values(), ids=list(ANY))
def test_random_takes_any_rows(rows):
    fitted = random(budget=10).fit(rows)
    expected = random(budget=10).fit(np.arange(50.0)[:, None]).indices_
    np.testing.assert_array_equal(fitted.indices_, expected)
    kept = fitted.transform(rows)
    assert len(kept) == 10 and type(kept) is type(rows)
    assert len(fitted.select(rows)) == 10
    with pytest.raises(ValueError, match="it has 49 rows, and fit saw 50"):
        fitted.transform(rows[:49])
    for name in ("weights_", "gains_"):
        with pytest.raises(AttributeError, match=f"{name} is a matter of distances"):
            getattr(fitted, name)
    for call in (fitted.score, fitted.assign):
        with pytest.raises(AttributeError, match="is a matter of distances"):
            call(rows)
    fitted.fit(D)
    assert fitted.score(D) < 0


def test_min_distance_needs_numbers():
    with pytest.raises(ValueError, match="min_distance=1.0 needs rows of finite numbers"):
        random(min_distance=1.0).fit(ANY["paths"])


@pytest.mark.parametrize("rows", [np.arange(5.0), [1, 2, 3], np.ones((3, 2)) * 1j, 7, "text", []])
def test_random_still_refuses_numbers_of_a_wrong_shape(rows):
    with pytest.raises((ValueError, TypeError)):
        random(budget=1).fit(rows)
