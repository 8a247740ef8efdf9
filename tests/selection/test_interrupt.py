"""Ctrl-C ends a long fit at once, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.selection.common import zcore

LONG_FIT = """
import sys
import joblib, numpy as np
from sklearn_zcore import ZCoreSelector

backend, n_jobs, memory = sys.argv[1], int(sys.argv[2]), sys.argv[3] or None
X = np.random.default_rng(0).standard_normal((5000, 20))
with joblib.parallel_config(backend, n_jobs=n_jobs):
    ZCoreSelector(n_iter=1000, tol=0).fit(X)  # workers are up, kernels are compiled
    print("ready", flush=True)
    ZCoreSelector(n_iter=2_000_000_000, tol=0, random_state=0, memory=memory).fit(X)
"""


def start(folder, *arguments):
    environment = {**os.environ, "TMPDIR": str(folder), "JOBLIB_TEMP_FOLDER": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-c", LONG_FIT, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)  # into the draws; the end is the same if it comes before them
    assert process.poll() is None
    return process


def interrupt(process, send):
    """Send SIGINT, and see the process end: its draws alone would take many minutes."""
    send(process.pid, signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode != 0 and "KeyboardInterrupt" in errors


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["process", "terminal"])
@pytest.mark.parametrize("backend, n_jobs", [("threading", "1"), ("threading", "2"), ("loky", "2")])
def test_ctrl_c(backend, n_jobs, send, tmp_path):
    """A terminal sends SIGINT to all processes of its group, workers among them."""
    process = start(tmp_path, backend, n_jobs, "")
    interrupt(process, send)
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_ctrl_c_leaves_the_cache_whole(tmp_path):
    temporary, cache = tmp_path / "temporary", tmp_path / "cache"
    temporary.mkdir()
    process = start(temporary, "threading", "2", str(cache))
    interrupt(process, os.killpg)
    assert os.listdir(temporary) == []
    assert list(cache.rglob("*.arrays")) == []  # nothing half-done
    X = np.random.default_rng(0).standard_normal((50, 20))
    scores = [zcore(memory=cache).fit(X).scores_ for _ in range(2)]
    np.testing.assert_array_equal(scores[0], zcore().fit(X).scores_)
    np.testing.assert_array_equal(scores[0], scores[1])
    assert len(list(cache.rglob("*.arrays"))) == 1
