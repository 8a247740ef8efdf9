"""What a new selector costs: its class and one line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sklearn_zcore.selection import SELECTORS, RandomSelector, register_selector

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


@pytest.mark.slow
def test_the_common_tests_of_all_selectors_take_it_up_and_pass():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.selection.toy"]
    command += ["-p", "no:cacheprovider", "-k", "near-mean or NearMean"]
    done = subprocess.run(
        [*command, "tests/test_common.py", "tests/selection"],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 200


@pytest.mark.slow
def test_the_command_takes_it(tmp_path):
    np.save(tmp_path / "X.npy", np.arange(60.0).reshape(20, 3) ** 2)
    code = "import tests.selection.toy; from sklearn_zcore.cli import main; main()"
    words = "select X.npy --method near-mean --budget 25% --indices --out rows.npy".split()
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "rows.npy").tolist() == [9, 10, 11, 12, 13]


def test_one_name_is_one_selector():
    before = dict(SELECTORS)
    with pytest.raises(ValueError, match="'zcore' is ZCoreSelector already"):
        register_selector("zcore", RandomSelector)
    with pytest.raises(TypeError, match="is not a subclass of BaseCoresetSelector"):
        register_selector("thing", dict)
    register_selector("random", RandomSelector)
    assert before == SELECTORS
