"""Compiled kernels are kept, and a damaged or full cache ends no fit."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # processes, or many fits

FIT = """
import resource, sys, warnings
import numpy as np
if len(sys.argv) > 1:  # no file of more than these bytes, as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
from sklearn_zcore import KCenterSelector
X = np.random.default_rng(0).standard_normal((50, 3))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    ranking = KCenterSelector(5).fit(X).ranking_
    KCenterSelector(5).fit(X.astype(np.float32))
print(*ranking)
for warning in caught:
    print(warning.filename, warning.message)
"""


def fit(folder, *arguments, **variables):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder), **variables}
    command = [sys.executable, "-c", FIT, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    ranking, *told = done.stdout.splitlines()
    return ranking, told


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")
    ranking, told = fit(folder)
    assert told == [] and list(folder.rglob("*.nbi"))
    return folder, ranking


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x04."])
@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_damaged_files(compiled, content, suffix):
    folder, ranking = compiled
    for path in folder.rglob(f"*.{suffix}"):
        path.write_bytes(content)
    again, told = fit(folder)
    assert again == ranking
    assert len(told) == 1 and told[0].startswith("<string>") and "could not be read" in told[0]
    assert fit(folder) == (ranking, [])  # mended


def test_full_disk(compiled, tmp_path):
    again, told = fit(tmp_path, "100")
    assert again == compiled[1]
    assert len(told) == 1 and "could not be written" in told[0] and "NUMBA_CACHE_DIR" in told[0]


def test_the_switch_keeps_nothing(compiled, tmp_path):
    ranking, told = fit(tmp_path, SKLEARN_ZCORE_NUMBA_CACHE="0")
    assert (ranking, told) == (compiled[1], []) and list(tmp_path.iterdir()) == []
