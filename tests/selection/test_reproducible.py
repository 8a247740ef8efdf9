"""The seed decides the scores to the last bit; workers and backends do not."""

import joblib
import numpy as np
import pytest

from sklearn_zcore.scoring import _chunks, _in_memory
from tests.selection.common import SELECTORS, herding, kmeans, random, table, zcore

X = table(2500, 12, seed=3).astype(np.float32)
N_ITER = 6000
# The others draw at most the order of ties.
DRAWN = [zcore, random, kmeans, herding]
KINDS = {
    "neighbours": {"n_neighbors": 100},
    "one target": {"n_neighbors": 100, "targets_per_subspace": 1},
    "all rows": {"n_neighbors": 5000, "n_iter": 500},
    "three features": {"n_neighbors": 20, "subspace_dim": 3, "n_iter": 1000},
}


def scores(**parameters):
    selector = zcore(**{"n_iter": N_ITER, "n_neighbors": 100, **parameters})
    return selector.fit(X).scores_


@pytest.fixture(autouse=True)
def many_chunks(monkeypatch):
    """Cut the draws so finely that every worker gets several chunks."""
    monkeypatch.setattr(_chunks, "_CHUNK_SECONDS", (0.002, 0.002))


@pytest.mark.parametrize("make", DRAWN)
def test_seed(make):
    rows = table()
    fitted = make(random_state=5).fit(rows)
    again = make(random_state=5).fit(rows)
    np.testing.assert_array_equal(fitted.scores_, again.scores_)
    np.testing.assert_array_equal(fitted.fit(rows).scores_, again.scores_)
    assert (make(random_state=6).fit(rows).scores_ != again.scores_).any()
    seeded = [make(random_state=np.random.RandomState(5)).fit(rows) for _ in range(2)]
    np.testing.assert_array_equal(seeded[0].scores_, seeded[1].scores_)


@pytest.mark.parametrize("make", DRAWN)
def test_no_seed(make):
    """Without one, fits differ; with a generator, each fit goes on in its stream."""
    rows = table()
    for random_state in (None, np.random.RandomState(0)):
        selector = make(random_state=random_state)
        first = selector.fit(rows).scores_
        assert (selector.fit(rows).scores_ != first).any()


@pytest.mark.parametrize("make", SELECTORS)
def test_global_random_state_is_left_alone(make):
    before = np.random.get_state()[1].copy()
    make().fit(table())
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_there_are_many_chunks(monkeypatch):
    calls = []
    score_chunk = _in_memory.score_chunk

    def counted(*args):
        calls.append(args)
        return score_chunk(*args)

    monkeypatch.setattr(_in_memory, "score_chunk", counted)
    scores()
    assert len(calls) > 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_jobs", [2, 3, -1])
def test_threads(kind, n_jobs):
    expected = scores(n_jobs=1, **KINDS[kind])
    np.testing.assert_array_equal(scores(n_jobs=n_jobs, **KINDS[kind]), expected)


@pytest.mark.slow
def test_columns_fetched_in_blocks(monkeypatch):
    whole = scores(n_jobs=1)
    monkeypatch.setattr(_in_memory, "_COLUMNS_BYTES", 0)
    expected = scores(n_jobs=1)
    np.testing.assert_array_equal(scores(n_jobs=2), expected)
    # Summed in another order, and only that.
    np.testing.assert_allclose(expected, whole, rtol=0, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing", "sequential"])
def test_joblib_backends(backend):
    expected = scores(n_jobs=1, **KINDS["neighbours"])
    with joblib.parallel_config(backend, n_jobs=2):
        np.testing.assert_array_equal(scores(n_jobs=None, **KINDS["neighbours"]), expected)


@pytest.mark.slow
def test_loky_with_memory_mapped_arguments():
    """joblib hands big arrays to processes as read-only memory maps."""
    expected = scores(n_jobs=1)
    with joblib.parallel_config("loky", n_jobs=2, max_nbytes=100):
        np.testing.assert_array_equal(scores(n_jobs=2), expected)


@pytest.mark.slow
def test_dask():
    distributed = pytest.importorskip("distributed")
    expected = scores(n_jobs=1)
    cluster = distributed.LocalCluster(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0"
    )
    with cluster, distributed.Client(cluster), joblib.parallel_config(backend="dask"):
        np.testing.assert_array_equal(scores(), expected)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of ray itself
def test_ray():
    ray = pytest.importorskip("ray", reason="ray is not installed: a backend that users may have")
    from ray.util.joblib import register_ray

    expected = scores(n_jobs=1)
    register_ray()
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        with joblib.parallel_config("ray", n_jobs=2):
            np.testing.assert_array_equal(scores(n_jobs=None), expected)
    finally:
        ray.shutdown()


@pytest.mark.slow
def test_within_a_worker():
    """A search that runs in processes fits selectors that run in threads."""
    expected = scores(n_jobs=1)
    jobs = (joblib.delayed(scores)(n_jobs=2) for _ in range(2))
    for result in joblib.Parallel(n_jobs=2)(jobs):
        # The worker cuts the chunks as it likes to: another order of the sums.
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-9)
