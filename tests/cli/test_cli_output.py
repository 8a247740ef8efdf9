"""The output: refused before the work, whole or not at all."""

import errno
import os
import signal
import stat
import subprocess
import sys

import numpy as np
import pytest

from sklearn_zcore import _atomic
from sklearn_zcore.cli import _output, _table

FAST = ("--method", "zcore", "--n-iter", "2000")


def left(directory):
    """Return the names of all files, hidden ones too."""
    return sorted(os.listdir(directory))


@pytest.fixture
def no_work(monkeypatch):
    """Fail if the input is read: the output is to be checked before."""

    def read(*args, **kwargs):
        raise AssertionError("the input was read")

    monkeypatch.setattr(_table, "read_table", read)


@pytest.mark.usefixtures("no_work")
def test_refused_before_the_work(fails, npy, tmp_path):
    (tmp_path / "there.csv").write_text("precious")
    (tmp_path / "dir.csv").mkdir()
    assert "exists. " not in fails(npy, out="dir.csv")
    assert "is a directory" in fails(npy, out="dir.csv")
    message = fails(npy, out="there.csv")
    assert "there.csv exists" in message
    assert "--force" in message
    assert "does not exist" in fails(npy, out="no/out.csv")
    assert "cannot be written to: Not a directory" in fails(npy, out="there.csv/out.csv")
    assert "extension" in fails(npy, out="out.txt")
    assert "extension" in fails(npy, out="out.npy.gz")
    assert "--indices writes .csv or .npy" in fails(npy, "--indices", out="out.npz")
    assert "is the input itself" in fails(npy, "--force", out="X.npy")
    os.symlink(npy, tmp_path / "link.npy")
    assert "is the input itself" in fails(npy, "--force", out="link.npy")
    assert (tmp_path / "there.csv").read_text() == "precious"


@pytest.mark.usefixtures("no_work")
def test_directory_that_cannot_be_written(fails, npy, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(_output.os, "open", refuse)
    assert "cannot be written to: Permission denied" in fails(npy)


def test_table_to_npz(fails, mixed):
    assert "cannot be written as .npz" in fails(mixed, out="out.npz")


def test_force(zcore, npy, tmp_path):
    out = tmp_path / "out.npy"
    out.write_text("old")
    out.chmod(0o640)
    link = tmp_path / "link.npy"
    os.symlink(out, link)
    zcore("select", npy, "-b", 5, "-o", link, "--force", *FAST)
    assert len(np.load(out)) == 5
    assert link.is_symlink()
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert left(tmp_path) == ["X.npy", "link.npy", "out.npy"]


def test_usual_permissions(zcore, npy, tmp_path):
    out, plain = tmp_path / "out.npy", tmp_path / "plain"
    plain.touch()
    zcore("select", npy, "-b", 5, "-o", out, *FAST)
    assert out.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("name", ["out.npy", "out.csv", "out.npz"])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_full_disk(zcore, npy, tmp_path, monkeypatch, name, call):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_output.os, call, full)
    result = zcore("select", npy, "-b", 5, "-o", tmp_path / name, *FAST, code=2)
    assert "could not be written: No space left on device" in result.stderr
    assert left(tmp_path) == ["X.npy"]


def test_disk_that_fills_while_writing(tmp_path):
    with (
        pytest.raises(OSError, match="No space"),
        _atomic.atomic(tmp_path / "out", force=False) as file,
    ):
        file.write(b"x" * 100)
        raise OSError(errno.ENOSPC, "No space left on device")
    assert left(tmp_path) == []


def test_interrupt_while_writing(zcore, npy, tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(_output.os, "fsync", interrupt)
    result = zcore("select", npy, "-b", 5, "-o", tmp_path / "o.npy", *FAST, code=130)
    assert "Interrupted" in result.stderr
    assert left(tmp_path) == ["X.npy"]


def test_file_that_appears_meanwhile(zcore, npy, tmp_path, monkeypatch):
    out = tmp_path / "o.npy"
    monkeypatch.setattr(_output.os, "fsync", lambda fd: out.write_text("theirs"))
    result = zcore("select", npy, "-b", 5, "-o", out, *FAST, code=2)
    assert "in the meantime" in result.stderr
    assert out.read_text() == "theirs"
    assert left(tmp_path) == ["X.npy", "o.npy"]


def test_files_appear_together(tmp_path, monkeypatch):
    """A disk that fills with the second of two files leaves both as they were."""
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_text("old")
    real, calls = os.fsync, []

    def full(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(_atomic.os, "fsync", full)
    with pytest.raises(OSError, match="No space"), _atomic.new_files(force=True) as new:
        for path in paths:
            new.file(path).write(b"new")
    assert [path.read_text() for path in paths] == ["old", "old"]
    assert left(tmp_path) == ["a", "b"]
    monkeypatch.undo()
    with _atomic.new_files(force=True) as new:
        for path in paths:
            new.file(path).write(b"new")
        (new.folder(tmp_path / "c") / "d").write_text("new")
        assert not (tmp_path / "c").exists()
    assert [path.read_text() for path in paths] == ["new", "new"]
    assert left(tmp_path) == ["a", "b", "c"]


@pytest.mark.skipif(os.name == "nt", reason="a killed process is told apart by a lock of POSIX")
def test_what_a_killed_process_left_is_removed(zcore, spawn, npy, tmp_path):
    out = tmp_path / "o.npy"
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from sklearn_zcore._atomic import new_files\n"
        "with new_files(force=False) as new:\n"
        "    new.file(Path(sys.argv[1])).write(b'half')\n"
        "    (new.folder(Path(sys.argv[1])) / 'half').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(out)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(left(tmp_path)) == 3
    # Not what another process writes at this moment, nor files that only look like it.
    others = [".o.npy.0123456.tmp", ".o.npy.tmp", ".p.npy.01234567.tmp"]
    for name in others:
        (tmp_path / name).touch()
    with _atomic.atomic(out, force=False) as theirs:
        theirs.write(b"theirs")
        writing = set(left(tmp_path)) - {"X.npy", *others}
        assert len(writing) == 1
        zcore("select", npy, "-b", 5, "-o", out, *FAST)
        assert set(left(tmp_path)) == {"X.npy", "o.npy", *others} | writing
        out.unlink()
    assert out.read_bytes() == b"theirs"
