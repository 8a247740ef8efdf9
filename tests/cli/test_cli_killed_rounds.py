"""A campaign in the command whose second round is killed, between rounds or within one."""

import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

# Killed at the worst moment: the file of the round is written, and not in its place yet.
KILLED = """
import os, signal, sys
replace = os.replace
def kill(source, target, *args, **keywords):
    if str(target).endswith("coreset.csv"):
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(source, target, *args, **keywords)
os.replace = kill
from sklearn_zcore.cli._app import app
app(sys.argv[1:])
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_round_is_done_again_from_the_file(zcore, tmp_path):
    table, out, other = (tmp_path / name for name in ("rows.npy", "coreset.csv", "other.csv"))
    np.save(table, load_breast_cancer().data)
    budget = ("-b", "1%")
    for path in (out, other):
        zcore("select", table, *budget, "-o", path)
    for _ in range(2):
        zcore("select", table, *budget, "--selected", other, "-o", other)
    before = out.read_bytes()
    goes_on = ("select", table, *budget, "--selected", out, "-o", out)
    command = [sys.executable, "-c", KILLED, *map(str, goes_on)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert out.read_bytes() == before  # the first round, whole
    for _ in range(2):
        zcore(*goes_on)
    rows = pd.read_csv(out)["zcore_row"]
    assert rows.is_unique and len(rows) == 15
    assert set(rows) == set(pd.read_csv(other)["zcore_row"])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "coreset.csv",
        "other.csv",
        table.name,
    ]
