"""Rows that stay where they are: what moves of them, and what comes out."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sklearn_zcore import ColumnStore
from sklearn_zcore.rows import block_source
from sklearn_zcore.selection import _blocks
from tests.selection.common import facility, herding, kcenter, kmeans, random, table, zcore

da = pytest.importorskip("dask.array")

N = 6000
X = table(N, 6).astype(np.float32)


def lazily(rows=X, chunk=1500):
    return da.from_array(rows, chunks=(chunk, rows.shape[1]))


def cosine(**parameters):
    return facility(metric="cosine", **parameters)


def mean_distance(rows, coreset):
    return cdist(rows, coreset, "cityblock").min(axis=1).mean()


@pytest.fixture
def few(monkeypatch):
    """Let a small X be one that is too large to be brought here."""
    monkeypatch.setattr(_blocks, "_FEW", 100)


@pytest.mark.parametrize("order", ["shuffled", "sorted"])
def test_as_good_as_in_memory(order):
    rows = X if order == "shuffled" else X[np.argsort(X[:, 0])]
    blocks, whole = facility().fit(lazily(rows)), facility().fit(rows)
    assert sorted(blocks.ranking_) == list(range(N)) and blocks.n_features_in_ == 6
    np.testing.assert_array_equal(np.argsort(-blocks.scores_, kind="stable"), blocks.ranking_)
    for share in (0.005, 0.02, 0.1):
        k = int(share * N)
        found, best = (mean_distance(rows, rows[s.ranking_[:k]]) for s in (blocks, whole))
        assert found <= 1.02 * best
    np.testing.assert_array_equal(blocks.transform(lazily(rows)), rows[blocks.indices_])
    np.testing.assert_array_equal(blocks.transform(rows), rows[blocks.indices_])
    assert blocks.score(rows) == pytest.approx(-cdist(rows, rows[blocks.indices_]).min(1).mean())


class Counted:
    """A source of blocks that counts the rows which functions return."""

    def __init__(self, source):
        self.source, self.shape, self.dtype = source, source.shape, source.dtype
        self.n_moved = 0

    def map(self, function, *, n_jobs=None):
        for rows, found in self.source.map(function, n_jobs=n_jobs):
            self.n_moved += sum(
                len(part) for part in found if getattr(part, "ndim", 0) == 2 and len(part)
            )
            yield rows, found

    def take(self, rows):
        self.n_moved += len(rows)
        return self.source.take(rows)


Counted.__module__ = "sklearn_zcore.rows._counted"


def test_an_eighth_of_the_rows_moves():
    """The sample of the first pass among them."""
    source = Counted(block_source(lazily(table(90_000, 3))))
    facility(part_size=64).fit(source)
    assert 90_000 / 10 < source.n_moved <= 90_000 / 8


@pytest.mark.parametrize("chunk", [700, 6000])
def test_copies_are_merged_across_blocks(few, chunk):
    rows = np.concatenate([X[:2000]] * 3)
    fitted = facility(budget=500, part_size=128).fit(lazily(rows, chunk))
    ranking = fitted.ranking_
    assert sorted(ranking) == list(range(N))
    assert set(ranking[:2000]) == set(range(2000))  # the first of each, before any copy
    np.testing.assert_array_equal(np.sort(ranking[2000:4000] % 2000), np.arange(2000))
    assert fitted.weights_.sum() == N


def test_rows_selected_before_and_weights(few):
    before, weights = np.arange(0, N, 7), np.ones(N)
    weights[X[:, 0] > 0] = 0
    fitted = facility(budget=100, part_size=128).fit(
        lazily(), selected=before, sample_weight=weights
    )
    assert not set(fitted.indices_) & set(before)
    np.testing.assert_array_equal(fitted.ranking_[-before.size :], before)
    assert (X[fitted.indices_, 0] > 0.3).mean() < 0.05
    assert fitted.weights_.sum() <= weights.sum()


def test_weights_and_gains_are_those_of_rows_in_memory(few):
    fitted, coreset = facility(budget=50, part_size=128).fit(lazily()), None
    coreset = X[fitted.ranking_[:50]]
    distances = np.minimum.accumulate(cdist(X, coreset), axis=1)
    sums = distances.sum(axis=0)
    np.testing.assert_allclose(
        fitted.gains_, -np.diff(sums, prepend=N * cdist(X, coreset[:1]).max()), rtol=1e-5
    )
    nearest = cdist(X, X[fitted.indices_]).argmin(axis=1)
    np.testing.assert_array_equal(fitted.weights_, np.bincount(nearest, minlength=50))


@pytest.mark.parametrize("parameters", [{"metric": "cosine"}, {"metric": "euclidean"}])
def test_other_metrics(few, parameters):
    fitted = facility(budget=60, part_size=128, **parameters).fit(lazily())
    whole = facility(budget=60, part_size=128, **parameters).fit(X)
    rows = X / np.linalg.norm(X, axis=1, keepdims=True) if "cosine" in parameters.values() else X
    found, best = (cdist(rows, rows[s.indices_]).min(axis=1).mean() for s in (fitted, whole))
    assert found <= 1.03 * best


def test_few_rows_are_brought_here():
    frame = pytest.importorskip("dask.dataframe")
    pd = pytest.importorskip("pandas")
    rows = pd.DataFrame(X[:300].astype(float), columns=list("abcdef"))
    fitted = facility(min_distance=0.1).fit(frame.from_pandas(rows, npartitions=3))
    np.testing.assert_array_equal(fitted.ranking_, facility(min_distance=0.1).fit(rows).ranking_)
    assert fitted.feature_names_in_.tolist() == list("abcdef")


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("kind", ["npy", "parquet", "zarr"])
def test_files(tmp_path, few, kind, n_jobs, monkeypatch):
    monkeypatch.setattr(_blocks, "free_memory", lambda: 1)
    monkeypatch.setattr("sklearn_zcore.rows._pieces.BLOCK_BYTES", 40_000)
    if kind == "npy":
        np.save(tmp_path / "X.npy", X)
        rows = np.load(tmp_path / "X.npy", mmap_mode="r")
    elif kind == "parquet":
        pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        columns = pa.table({f"x{i}": column for i, column in enumerate(X.T)})
        parquet.write_table(columns, tmp_path / "X.parquet", row_group_size=1700)
        rows = tmp_path / "X.parquet"
    else:
        zarr = pytest.importorskip("zarr")
        rows = zarr.create_array(tmp_path / "X.zarr", data=X, chunks=(1000, 6))
    fitted = facility(budget=0.1, part_size=128, n_jobs=n_jobs).fit(rows)
    assert sorted(fitted.ranking_) == list(range(N)) and fitted.n_selected_ == 600
    whole = facility(budget=0.1, part_size=128).fit(X)
    found, best = (mean_distance(X, X[s.indices_]) for s in (fitted, whole))
    assert found <= 1.04 * best


def test_too_little_memory_is_told_before_work_starts(few, monkeypatch):
    rows = da.map_blocks(lambda block: pytest.fail("computed"), lazily(), dtype=X.dtype, meta=X)
    monkeypatch.setattr(_blocks, "free_memory", lambda: 1000)
    for make in (facility, kmeans, kcenter):
        with pytest.raises(MemoryError, match=r"Selector takes some 3\d\d,\d\d\d bytes .* 1,000"):
            make().fit(rows)


def as_dask(rows, path):
    return lazily(rows, 700)


def as_zarr(rows, path):
    zarr = pytest.importorskip("zarr")
    path = path / "X.zarr"
    return zarr.create_array(path, data=rows, chunks=(700, rows.shape[1]), overwrite=True)


def as_parquet(rows, path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {f"f{i}": column for i, column in enumerate(rows.T)}
    parquet.write_table(pa.table(columns), path / "X.parquet", row_group_size=700)
    return path / "X.parquet"


def as_store(rows, path):
    pytest.importorskip("zarr")
    return ColumnStore.from_array(as_dask(rows, path), path / "X.zcols", overwrite=True)


CONTAINERS = [as_dask, as_zarr, as_parquet, as_store]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("make", [random, zcore, kmeans, kcenter, herding, facility, cosine])
def test_other_rows_are_scored_and_assigned_where_they_are(tmp_path, container, make):
    fitted, rows = make(budget=50).fit(X), X[::-2]
    elsewhere = container(rows, tmp_path)
    assert fitted.score(elsewhere) == pytest.approx(fitted.score(rows), rel=1e-9)
    np.testing.assert_array_equal(fitted.assign(elsewhere), fitted.assign(rows))
    with pytest.raises(ValueError, match="X has 5 features, but .* is expecting 6"):
        fitted.score(container(rows[:, 1:], tmp_path))


@pytest.mark.parametrize("container", CONTAINERS[:-1])
def test_places_count_from_the_first_row(tmp_path, few, container):
    """Not within a block, in fit and in score; and what is counted is counted in all blocks."""
    rows = X.copy()
    rows[4321, 2], rows[5000, 1] = np.nan, np.inf
    elsewhere = container(rows, tmp_path)
    for call in (facility().fit, kcenter().fit, facility().fit(X).score):
        with pytest.raises(ValueError, match=r"1 NaN value.* 1 infinite .* row 4321, column 2"):
            call(elsewhere)
    rows = X.copy()
    rows[[1234, 1240, 5900]] = 0
    elsewhere = container(rows, tmp_path)
    for call in (cosine().fit, kcenter(metric="cosine").fit, cosine().fit(X).score):
        with pytest.raises(ValueError, match="Row 1234 of X is all zeros, as 3 rows in all"):
            call(elsewhere)


def test_bad_values_have_their_place(few):
    rows = X.copy()
    rows[4321, 2], rows[5000, 1] = np.nan, np.inf
    with pytest.raises(ValueError, match=r"1 NaN value.* 1 infinite .* row 4321, column 2"):
        facility().fit(lazily(rows))
    with pytest.raises(ValueError, match="constant"):
        facility().fit(lazily(np.ones((N, 3))))
    rows = X.astype(float)
    rows[7, 2] = 1e38
    with pytest.raises(ValueError, match="Feature 2 spans .*, too wide"):
        facility().fit(lazily(rows))


def test_large_integers_keep_their_digits(few):
    seconds = np.random.default_rng(0).integers(0, 86_400, (N, 2))
    small, large = (facility().fit(lazily(rows)) for rows in (seconds, seconds + 2**62))
    assert mean_distance(seconds, seconds[large.indices_]) == pytest.approx(
        mean_distance(seconds, seconds[small.indices_]), rel=0.02
    )


@pytest.mark.parametrize(
    "parameters, keywords",
    [
        ({}, {"groups": np.arange(N) % 3}),
        ({"min_distance": 0.1}, {}),
        ({"exact": True}, {}),
    ],
)
def test_what_needs_rows_in_memory(few, parameters, keywords):
    fitted = facility().fit(X[:200])
    before = vars(fitted).copy()
    fitted.set_params(**parameters)
    with pytest.raises(ValueError, match="needs rows in memory, and X stays where it is"):
        fitted.fit(lazily(), **keywords)
    np.testing.assert_array_equal(fitted.ranking_, before["ranking_"])


@pytest.mark.slow
def test_the_death_of_a_worker_changes_nothing(tmp_path, few):
    distributed = pytest.importorskip("distributed")
    expected = facility(part_size=128).fit(lazily()).ranking_

    def dies_once(block, block_info=None):
        import os

        if block_info and block_info[0]["chunk-location"][0] == 2:
            marks = list(tmp_path.iterdir())
            if len(marks) < 3:
                (tmp_path / f"{len(marks)}").touch()
                if len(marks) == 2:
                    os.kill(os.getpid(), 9)
        return block

    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit="1GB"
        ) as cluster,
        distributed.Client(cluster),
    ):
        rows = da.map_blocks(dies_once, lazily(), dtype=X.dtype)
        fitted = facility(part_size=128).fit(rows)
    assert len(list(tmp_path.iterdir())) == 3
    np.testing.assert_array_equal(fitted.ranking_, expected)


# --- other selectors ----------------------------------------------------------------------------


def squares(rows, coreset):
    return (cdist(rows, coreset).min(axis=1) ** 2).sum()


@pytest.mark.parametrize("before", [[], np.arange(0, N, 50)])
def test_kmeans(few, before):
    blocks = kmeans(budget=120).fit(lazily(), selected=before)
    whole = kmeans(budget=120).fit(X, selected=before)
    assert sorted(blocks.ranking_) == list(range(N)) and not set(before) & set(blocks.indices_)
    found, best = (squares(X, X[np.r_[s.indices_, before].astype(int)]) for s in (blocks, whole))
    assert found <= 1.05 * best
    assert blocks.set_budget(200).n_selected_ == 200


@pytest.mark.parametrize("before", [[], np.arange(0, N, 50)])
@pytest.mark.parametrize("budget", [30, 1200])
def test_kcenter(few, before, budget):
    """Two rounds are within twice the bound of one; on such data they are far nearer."""
    blocks = kcenter(budget=budget).fit(lazily(), selected=before)
    whole = kcenter(budget=budget).fit(X, selected=before)
    assert sorted(blocks.ranking_) == list(range(N)) and not set(before) & set(blocks.indices_)
    found, best = (
        cdist(X, X[np.r_[s.indices_, before].astype(int)]).min(axis=1).max()
        for s in (blocks, whole)
    )
    assert found <= 1.2 * best
    with pytest.raises(ValueError, match="it goes as far as the budget of fit"):
        blocks.set_budget(budget + 1)


@pytest.mark.parametrize("make", [kmeans, kcenter])
def test_copies_of_rows_for_others(few, make):
    rows = np.concatenate([X[:2000]] * 3)
    fitted = make(budget=300).fit(lazily(rows))
    assert sorted(fitted.ranking_) == list(range(N))
    assert set(fitted.ranking_[:2000]) == set(range(2000)) and fitted.weights_.sum() == N


def test_random_looks_at_no_row():
    def fails(block):
        raise AssertionError("computed")

    rows = da.map_blocks(fails, lazily(), dtype=X.dtype, meta=np.empty((0, 0), X.dtype))
    fitted = random(budget=600).fit(rows)
    np.testing.assert_array_equal(fitted.indices_, random(budget=600).fit(X).indices_)
    np.testing.assert_array_equal(fitted.transform(lazily()).compute(), X[fitted.indices_])


def test_random_takes_whatever_has_a_length():
    pd, datasets = pytest.importorskip("pandas"), pytest.importorskip("datasets")
    dask_frame = pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame({"a": np.arange(40), "b": list("xyz" * 13 + "x")})
    expected = random(budget=10).fit(X[:40]).indices_
    sparse = pd.DataFrame(np.eye(40)).astype(pd.SparseDtype(float, 0.0))
    several = [
        datasets.Dataset.from_pandas(frame),
        dask_frame.from_pandas(frame, npartitions=3),
        sparse,
        frame["b"].tolist(),
        [object() for _ in range(40)],
    ]
    for rows in several:
        fitted = random(budget=10).fit(rows)
        np.testing.assert_array_equal(fitted.indices_, expected)
        assert len(fitted.transform(rows)) == 10 and len(fitted.select(rows)) == 10
    with pytest.raises(TypeError, match="does not read all of it into memory unasked"):
        random().fit(several[0].to_iterable_dataset())


def test_herding_names_those_that_take_blocks():
    names = "FacilityLocationSelector, KMeansSelector, KCenterSelector and RandomSelector"
    with pytest.raises(TypeError, match=f"does not read all of it into memory.*{names}"):
        herding().fit(lazily())
