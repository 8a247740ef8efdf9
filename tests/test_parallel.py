"""Results in order, few of them held, on every backend."""

import threading
import time

import joblib
import pytest
from joblib import delayed

from sklearn_zcore._parallel import as_completed, in_order

BACKENDS = [
    "sequential",
    "threading",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("loky", "multiprocessing")),
]


def square(i):
    return i * i


def fail(i):
    raise ValueError(f"call {i}")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("n_calls", [0, 1, 64, 150])
def test_order(backend, n_calls):
    calls = [delayed(square)(i) for i in range(n_calls)]
    with joblib.parallel_config(backend=backend):
        assert list(in_order(iter(calls), n_jobs=2)) == [i * i for i in range(n_calls)]
        assert sorted(as_completed(iter(calls), n_jobs=2)) == [i * i for i in range(n_calls)]


def wait_for(event, i):
    assert event is None or event.wait(30)
    return i


def test_no_result_waits_for_one_before_it():
    event = threading.Event()
    calls = (delayed(wait_for)(event if i == 0 else None, i) for i in range(10))
    found = []
    for i in as_completed(calls, n_jobs=2, prefer="threads"):
        found.append(i)
        if len(found) == 9:
            event.set()
    assert found[-1] == 0


@pytest.mark.slow
def test_dask():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.Client(processes=False, n_workers=1, dashboard_address=":0"),
        joblib.parallel_config(backend="dask"),
    ):
        calls = [delayed(square)(i) for i in range(80)]
        found = list(in_order(iter(calls), look_ahead=20))
        assert sorted(as_completed(iter(calls))) == found
    assert found == [i * i for i in range(80)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_look_ahead_is_bounded(backend):
    """However slow the results are taken, no more calls are begun than were asked for."""
    begun = []

    def calls():
        for i in range(100):
            begun.append(i)
            yield delayed(square)(i)

    with joblib.parallel_config(backend=backend):
        for taken, _ in enumerate(in_order(calls(), n_jobs=2, look_ahead=10)):
            # The window at hand, and the first call of the next one.
            assert len(begun) <= taken - taken % 10 + 11


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("how", [in_order, as_completed])
def test_errors_pass(backend, how):
    calls = (delayed(fail if i == 5 else square)(i) for i in range(20))
    with (
        joblib.parallel_config(backend=backend),
        pytest.raises(ValueError, match="call 5"),
    ):
        list(how(calls, n_jobs=2))


@pytest.mark.filterwarnings("ignore:.*tasks which were still being processed.*:UserWarning")
@pytest.mark.parametrize("how", [in_order, as_completed])
def test_who_stops_taking_ends_the_work(how):
    before = threading.active_count()
    results = how((delayed(square)(i) for i in range(1000)), n_jobs=2, prefer="threads")
    assert next(results) in (0, 1)
    results.close()
    end = time.monotonic() + 30  # a thread that is told to end may still be at its last call
    while threading.active_count() > before + 1 and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before + 1


def test_shared_memory_is_threads_whatever_is_configured():
    found = []
    with joblib.parallel_config(backend="loky"):
        for _ in in_order(
            (delayed(found.append)(i) for i in range(10)), n_jobs=2, require="sharedmem"
        ):
            pass
    assert sorted(found) == list(range(10))
