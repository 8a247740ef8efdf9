"""The command as a program: help, exit codes, streams, signals."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from sklearn_zcore.cli import _table

ZCORE = ("--method", "zcore")


def test_help_teaches(zcore):
    for args, parts in [
        (["--help"], ["select", "demo", "Exit codes"]),
        (["select", "--help"], ["Examples", "--carry", "Exit codes", "default: 0"]),
        (["demo", "-h"], ["Examples", "--budget", "Exit codes"]),
    ]:
        text = zcore(*args).stdout
        for part in parts:
            assert part in text


def test_help_states_the_selectors_defaults():
    from sklearn_zcore import ZCoreSelector
    from sklearn_zcore.cli._options import SelectorOptions

    defaults = ZCoreSelector().get_params()
    options = {option.name: option.annotation for option in SelectorOptions.parameters()}
    for name in ("n_iter", "subspace_dim", "n_neighbors", "exponent"):
        assert str(defaults[name]) == options[name].__metadata__[0].show_default


def test_no_arguments_shows_help(spawn):
    process = spawn()
    out, err = process.communicate(timeout=60)
    assert "Usage: zcore" in out + err
    assert "Traceback" not in err


def test_version(zcore):
    assert zcore("--version").stdout.startswith("zcore ")


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "import sklearn_zcore\n"
        "before = set(sys.modules)\n"
        "sys.argv = ['zcore', 'select', '--help']\n"
        "from sklearn_zcore.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'sklearn', 'numba', 'pandas', 'pyarrow', 'scipy', 'numpy'}\n"
        "heavy |= {'matplotlib', 'torch'}\n"
        "sys.stderr.write(' '.join(sorted(heavy & set(sys.modules) - before)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_usage_errors(zcore, npy, tmp_path):
    assert "Missing" in zcore("select", npy, code=2).stderr
    zcore("selekt", code=2)
    zcore("select", npy, "-b", 5, "-o", tmp_path / "o.npy", "--seed", "x", code=2)
    zcore("select", npy, "-b", 5, "-o", tmp_path / "o.npy", "--seed", "-1", code=2)
    zcore("select", npy, "-b", 5, "-o", tmp_path / "o.npy", "--colums", "a", code=2)


@pytest.mark.parametrize(
    ("error", "code", "parts"),
    [
        (OSError(5, "Input/output error", "X.npy"), 2, ["Error: Input/output error: X.npy"]),
        (PermissionError(13, "Permission denied", "X.npy"), 2, ["Permission denied: X.npy"]),
        (MemoryError("8 GiB"), 2, ["Error: Not enough memory (8 GiB)"]),
        (KeyboardInterrupt(), 130, ["Interrupted"]),
        (KeyError("oops"), 1, ["Unexpected error: KeyError: 'oops'", "--debug"]),
    ],
)
def test_exit_codes(npy, tmp_path, monkeypatch, error, code, parts):
    from typer.testing import CliRunner

    from sklearn_zcore.cli._app import app

    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(_table, "read_table", fail)
    args = ["select", str(npy), "-b", "5", "-o", str(tmp_path / "o.npy")]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == code
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for part in parts:
        assert part in result.stderr
    result = CliRunner().invoke(app, [*args, "--debug"])
    assert result.exit_code == code
    assert "Traceback" in result.stderr


@pytest.mark.slow
def test_mistake_and_debug(spawn, tmp_path):
    args = ("select", tmp_path / "no.npy", "-b", 5, "-o", tmp_path / "o.npy")
    process = spawn(*args)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert err.startswith("Error: ")
    assert len(err.splitlines()) == 1
    process = spawn(*args, "--debug")
    assert "Traceback" in process.communicate(timeout=60)[1]
    assert process.returncode == 2


@pytest.mark.slow
def test_json_stdout_is_pure(spawn, npy, tmp_path):
    args = (
        "select",
        npy,
        "-b",
        "10%",
        "-o",
        tmp_path / "o.npy",
        *ZCORE,
        "--n-iter",
        2000,
        "--json",
    )
    process = spawn(*args)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert json.loads(out)["n_selected"] == 6


@pytest.mark.slow
def test_closed_pipe(spawn, npy, tmp_path):
    args = ("select", npy, "-b", "10%", "-o", tmp_path / "o.npy", *ZCORE, "--n-iter", 2000)
    read, write = os.pipe()
    os.close(read)
    process = spawn(*args, stdout=write)
    os.close(write)
    err = process.communicate(timeout=120)[1]
    assert process.returncode == 0
    assert "Broken" not in err
    assert "Traceback" not in err
    assert (tmp_path / "o.npy").exists()


# The command, which says on stderr when its fit begins.
TELLS_OF_ITS_FIT = """
import functools, sys
from sklearn_zcore import ZCoreSelector
from sklearn_zcore.cli import main

original = ZCoreSelector.fit

@functools.wraps(original)
def fit(self, X, *args, **kwargs):
    ZCoreSelector.fit = original
    ZCoreSelector(n_iter=1000, tol=0).fit(X)  # kernels are compiled
    print("ready", file=sys.stderr, flush=True)
    return original(self, X, *args, **kwargs)

ZCoreSelector.fit = fit
main()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
def test_interrupt(npy, tmp_path):
    """The draws would take many minutes: who ends here, was stopped."""
    args = ("select", npy, "-b", "10%", "-o", tmp_path / "o.npy", *ZCORE, "--n-iter", "2000000000")
    process = subprocess.Popen(
        [sys.executable, "-c", TELLS_OF_ITS_FIT, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr.readline() == "ready\n"
    time.sleep(0.5)  # into the draws; the end is the same if it comes before them
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == ["X.npy"]
