"""What the tests of the command share."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sklearn_zcore.cli._app import app

FAST = ("--method", "zcore", "--n-iter", "2000")


@pytest.fixture
def zcore():
    """Run the command in this process and check the exit code."""

    def run(*args, code=0):
        result = CliRunner().invoke(app, [str(a) for a in args])
        shown = f"{result.stdout}\n{result.stderr}"
        assert result.exit_code == code, shown
        assert "Traceback" not in shown
        assert ("Error: " in result.stderr) == (code == 2 and "Usage:" not in result.stderr), shown
        return result

    return run


@pytest.fixture
def select(zcore):
    """Run ``zcore select`` with few draws; return the report of ``--json``."""

    def run(*args, budget="10%"):
        result = zcore("select", *FAST, *args, "--budget", budget, "--json")
        return json.loads(result.stdout)

    return run


@pytest.fixture
def fails(zcore, tmp_path):
    """Run ``zcore select`` and return the error message; nothing may be written."""

    def run(*args, out="out.csv", budget="50%"):
        out = Path(out) if os.path.isabs(out) else tmp_path / out
        before = sorted(tmp_path.rglob("*"))
        result = zcore("select", *FAST, *args, "--budget", budget, "--out", out, code=2)
        assert sorted(tmp_path.rglob("*")) == before
        assert result.stdout == ""
        return result.stderr

    return run


@pytest.fixture
def spawn():
    """Run the command in a process of its own."""

    def start(*args, **kwargs):
        command = [sys.executable, "-m", "sklearn_zcore.cli", *map(str, args)]
        kwargs = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | kwargs
        return subprocess.Popen(command, **kwargs)

    return start


@pytest.fixture
def X():
    """Return 60 rows of 4 features."""
    return np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)


@pytest.fixture
def npy(tmp_path, X):
    """Return an .npy file."""
    path = tmp_path / "X.npy"
    np.save(path, X)
    return path


@pytest.fixture
def write(tmp_path):
    """Write a text file and return its path."""

    def file(text, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return file


@pytest.fixture
def mixed(write):
    """Return a CSV file with all kinds of columns and with missing values."""
    rng = np.random.default_rng(1)
    lines = ["id,age,price,city,member,since,code,label"]
    for i in range(60):
        age = "" if i % 10 == 3 else str(20 + i % 40)
        city = "NA" if i % 20 == 7 else ["Bonn", "Köln, Süd", 'Ulm "Mitte"'][i % 3]
        quoted = '"' + city.replace('"', '""') + '"'
        price = f"{rng.normal():.2f}0"
        member = ["true", "false"][i % 2]
        day = f"2024-01-{1 + i % 28:02d}"
        lines.append(f"row{i},{age},{price},{quoted},{member},{day},00{i % 4},{i % 2}")
    return write("\n".join(lines) + "\n")
