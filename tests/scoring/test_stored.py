"""Draws on a store are those in memory, bit for bit, however they are run; and read little."""

import subprocess
import sys
import tracemalloc

import joblib
import numpy as np
import pytest

pytest.importorskip("zarr")

from sklearn_zcore import ColumnStore  # noqa: E402
from sklearn_zcore._jit import jit  # noqa: E402
from sklearn_zcore.scoring import Scorer, _chunks, _stored  # noqa: E402
from sklearn_zcore.scoring._plan import resolve_targets_per_subspace  # noqa: E402
from sklearn_zcore.scoring._slab import visiting_order  # noqa: E402
from sklearn_zcore.scoring._tally import Packed, Tally  # noqa: E402
from sklearn_zcore.scoring._vector import units_of  # noqa: E402

N, D = 5100, 9


def rows(dtype="f2", order="C"):
    X = np.random.default_rng(0).standard_normal((N, D))
    X[:, 3] = 7  # constant
    X[:, 5] = np.rint(X[:, 5])  # ties
    return np.asarray(10 * X, order=order).astype(dtype)


def sums(X, *, n_draws=4000, m=2, k=60, q=25, n_jobs=1):
    """Return the sums of some draws, and how many features were read."""
    scorer = Scorer(
        X,
        subspace_dim=m,
        n_neighbors=k,
        exponent=4,
        targets_per_subspace=q,
        seed=3,
        n_jobs=n_jobs,
    )
    scorer.add(n_draws)
    return scorer.sums, getattr(scorer._runner, "n_reads", None)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return ColumnStore.from_array(rows(), tmp_path_factory.mktemp("store") / "f2.zcols")


@pytest.fixture(scope="module")
def expected():
    return sums(rows())[0]


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_dtypes_and_layouts(tmp_path, dtype, order):
    X = rows(dtype, order)
    stored = ColumnStore.from_array(X, tmp_path / "X.zcols")
    np.testing.assert_array_equal(sums(stored, n_draws=1000)[0], sums(X, n_draws=1000)[0])


@pytest.mark.parametrize(
    "draws",
    [
        {"m": 1},
        {"m": 3, "n_draws": 400},
        {"k": N, "n_draws": 100},
        {"k": N - 1, "n_draws": 100, "q": 1},
        {"q": 1, "n_draws": 300},
        {"q": 7, "n_draws": 1000},
    ],
)
def test_kinds_of_draws(store, draws):
    np.testing.assert_array_equal(sums(store, **draws)[0], sums(rows(), **draws)[0])


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("slab", [3, 5, D])
@pytest.mark.parametrize("task", [1, 4, 16])
def test_slabs_and_tasks(store, expected, monkeypatch, n_jobs, slab, task):
    monkeypatch.setattr(_stored, "_SLAB_BYTES", 5 * N * slab)
    monkeypatch.setattr(_stored, "_LEAST_A_TASK", task)
    monkeypatch.setattr(_stored, "_TASK_SECONDS", 0)
    np.testing.assert_array_equal(sums(store, n_jobs=n_jobs)[0], expected)


def test_costly_subspaces_are_cut_between_targets(store, monkeypatch):
    monkeypatch.setattr(_chunks, "_CHUNK_SECONDS", (1e-4, 1e-4))
    assert _chunks.targets_at_once(N, 2, 60, 500) < 250
    np.testing.assert_array_equal(sums(store, q=500)[0], sums(rows(), q=500)[0])


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_processes(store, expected, backend):
    with joblib.parallel_config(backend=backend, n_jobs=2):
        np.testing.assert_array_equal(sums(store, n_jobs=None)[0], expected)


@pytest.mark.slow
def test_dask(store, expected):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.Client(processes=False, n_workers=1, dashboard_address=":0"),
        joblib.parallel_config(backend="dask"),
    ):
        np.testing.assert_array_equal(sums(store, n_jobs=None)[0], expected)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of ray itself
def test_ray(store, expected):
    ray = pytest.importorskip("ray", reason="ray is not installed: a backend that users may have")
    from ray.util.joblib import register_ray

    register_ray()
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        with joblib.parallel_config("ray", n_jobs=2):
            np.testing.assert_array_equal(sums(store, n_jobs=None)[0], expected)
    finally:
        ray.shutdown()


def test_features_are_read_once_where_they_fit(store):
    assert sums(store)[1] == D - 1  # but for the constant one


@pytest.mark.parametrize("n_subspaces", [489, 512])
def test_few_features_are_read(tmp_path, monkeypatch, n_subspaces):
    """At most 1.25 a subspace of two at 512 features, of which three are held at a time."""
    X = np.random.default_rng(0).standard_normal((50, 512)).astype(np.float16)
    monkeypatch.setattr(_stored, "_SLAB_BYTES", 0)
    monkeypatch.setattr(_stored, "_TASK_SECONDS", 0)
    store = ColumnStore.from_array(X, tmp_path / "wide")
    stored, n_reads = sums(store, k=5, q=2, n_draws=2 * n_subspaces, n_jobs=2)
    assert n_subspaces < n_reads <= 1.25 * n_subspaces
    np.testing.assert_array_equal(stored, sums(X, k=5, q=2, n_draws=2 * n_subspaces)[0])


def test_many_subspaces_are_sorted():
    features = np.random.default_rng(0).integers(0, 200, (20_000, 2)).astype(np.int32)
    order = visiting_order(features, 3)
    np.testing.assert_array_equal(np.sort(order), np.arange(20_000))
    firsts = np.sort(features, axis=1)[order, 0]
    assert (np.diff(firsts) >= 0).all()


@pytest.mark.parametrize("share", [0, 0.1, 0.9, 1])
def test_what_is_sent_is_whole(share):
    rng = np.random.default_rng(0)
    values = rng.integers(-(2**31), 2**31, 1000)
    values[::50] = rng.integers(-(2**60), 2**60, 20)
    values[rng.random(1000) >= share] = 0
    packed = Packed.of(values)
    total = rng.integers(-(2**60), 2**60, 1000)
    expected = total + values
    packed.add_to(total)
    np.testing.assert_array_equal(total, expected)
    assert packed.values.nbytes + packed.rows.nbytes <= 0.5 * values.nbytes


def test_what_is_sent_is_added_without_a_copy():
    """At the client of a cluster, whose memory must hold few arrays as long as the rows."""
    n = 10**6
    packed = Packed.of(np.random.default_rng(0).integers(-(2**31), 2**31, n))
    tally = Tally(n)
    tracemalloc.start()
    tally.add([packed, None], np.zeros(0, np.intp))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < n


def test_the_client_of_a_cluster_needs_no_numba():
    code = (
        "import sys, sklearn_zcore.scoring as s; assert s.Scorer; assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@jit
def _units(values, out):
    for i in range(values.size):
        out[i] = units_of(values[i])


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_units_are_rounded_to_the_nearest(dtype):
    rng = np.random.default_rng(0)
    values = rng.standard_normal(1000) * 10.0 ** rng.integers(-12, 5, 1000)
    values = np.r_[values, 0, -0.0, 1, -1, 2**18, -(2**18), 2.0**-33, 3 * 2.0**-33].astype(dtype)
    out = np.empty(values.size, np.int64)
    _units(values, out)
    np.testing.assert_array_equal(out, np.rint(values.astype("f8") * 2**32).astype(np.int64))


def test_the_order_of_rounds_and_adds_changes_no_bit():
    X = rows("f4")
    whole = sums(X, n_draws=3000)[0]
    scorer = Scorer(
        X, subspace_dim=2, n_neighbors=60, exponent=4, targets_per_subspace=25, seed=3, n_jobs=2,
    )  # fmt: skip
    scorer.add(3000)
    np.testing.assert_array_equal(scorer.sums, whole)
    np.testing.assert_array_equal(scorer.halves, whole * 2.0**-32)


def test_more_draws_than_can_be_summed():
    scorer = Scorer(
        rows(), subspace_dim=2, n_neighbors=60, exponent=4, targets_per_subspace=25, seed=3,
        n_jobs=1,
    )  # fmt: skip
    with pytest.raises(ValueError, match="more than the 2,147,483,647 that can be summed"):
        scorer.add(2**31)


@pytest.mark.parametrize(
    ("n_samples", "n_draws", "n_features", "expected"),
    [
        (1_000, 1_000_000, 30, 5),
        (400_000, 1_000_000, 256, 2000),
        (5_000_000, 1_000_000, 1024, 2048),  # as many subspaces as ever
        (5_000_000, 1_000_000, 256, 3906),  # one for every feature
        (5_000_000, 16_000_000, 256, 25_000),  # n_samples / 200
        (10**9, 1_000_000, 2, 62_500),  # 16 of them
        (5_000_000, 100, 256, 6),
    ],
)
def test_targets_of_many_rows(n_samples, n_draws, n_features, expected):
    found = resolve_targets_per_subspace("auto", n_samples, n_draws, n_features)
    assert found == expected


def test_too_little_memory_is_told_before_work_starts(store, monkeypatch):
    monkeypatch.setattr(_chunks, "free_memory", lambda: 10_000)
    with pytest.raises(
        MemoryError, match=r"2 worker\(s\) takes some [\d,]+ bytes of memory.*n_jobs"
    ):
        sums(store, n_jobs=2)
    with pytest.raises(MemoryError, match=r"bytes beside X, and 10,000 are free.*from_array"):
        sums(rows())
