"""memory on the bad day: damaged and forged files, a full disk, somebody who holds the lock."""

import errno
import multiprocessing
import os
import pickle

import numpy as np
import pytest

from sklearn_zcore.selection import _memory
from tests.selection.common import facility, table, zcore

X = table(90, 5)
MAKE = [zcore, facility]


class Bomb:
    def __reduce__(self):
        return os._exit, (3,)


def only_file(folder):
    (path,) = folder.rglob("*.arrays")
    return path


def flip(content, at):
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


DAMAGES = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "longer": lambda content: content + b"x",
    "a bit at the begin": lambda content: flip(content, 3),
    "a bit of the checksum": lambda content: flip(content, 30),
    "a bit in the middle": lambda content: flip(content, len(content) // 2),
    "a bit at the end": lambda content: flip(content, -1),
    "a pickle": lambda content: pickle.dumps(Bomb()),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("make", MAKE)
def test_damaged_files_are_computed_anew(make, damage, tmp_path):
    expected = make(memory=tmp_path).fit(X)
    path = only_file(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(DAMAGES[damage](whole))
    with pytest.warns(UserWarning, match=r"memory: .*arrays is damaged; .* computed anew") as told:
        again = make(memory=tmp_path).fit(X)
    assert told[0].filename == __file__
    np.testing.assert_array_equal(again.scores_, expected.scores_)
    assert path.read_bytes() == whole
    np.testing.assert_array_equal(make(memory=tmp_path).fit(X).scores_, expected.scores_)


FORGED = {
    "other rows": [np.zeros((2, 7)), np.array(5), np.array(1), np.array(0)],
    "NaN": [np.full((2, 90), np.nan), np.array(5), np.array(1), np.array(0)],
    "a repeated row": [np.zeros(90, int)],
    "nothing": [],
    "pickled": [np.array([Bomb()], dtype=object)],
}


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("make", MAKE)
def test_forged_files_with_a_right_checksum(make, forged, tmp_path, monkeypatch):
    expected = make(memory=tmp_path).fit(X)
    path = only_file(tmp_path)
    with monkeypatch.context() as patch:
        savez = np.savez
        patch.setattr(np, "savez", lambda file, *arrays, **_: savez(file, *arrays))
        _memory._write(path, FORGED[forged])
    with pytest.warns(UserWarning, match="is damaged"):
        again = make(memory=tmp_path).fit(X)
    np.testing.assert_array_equal(again.scores_, expected.scores_)


@pytest.mark.parametrize("make", MAKE)
def test_a_full_disk_does_not_lose_the_work(make, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_memory.os, "fsync", full)
    with pytest.warns(UserWarning, match="could not be stored in .*: No space left on device"):
        fitted = make(memory=tmp_path).fit(X)
    np.testing.assert_array_equal(fitted.scores_, make().fit(X).scores_)
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] in ([], [".lock"])


def hold(folder, held, release):
    from filelock import FileLock

    lock = next(folder.rglob("*.lock"))
    with FileLock(lock):
        lock.with_suffix(".pid").write_text(str(os.getpid()))
        held.set()
        release.wait(60)


@pytest.mark.slow
def test_who_is_waited_for_is_told(tmp_path, monkeypatch):
    expected = zcore(memory=tmp_path).fit(X).scores_
    monkeypatch.setattr(_memory, "_PATIENCE", 0.2)
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    process = context.Process(target=hold, args=(tmp_path, held, release))
    process.start()
    assert held.wait(60)
    warn = _memory.warn_user

    def told(message):
        release.set()  # it goes on as soon as somebody has been told
        warn(message)

    monkeypatch.setattr(_memory, "warn_user", told)
    with pytest.warns(UserWarning, match=rf"waiting for process {process.pid}, which computes"):
        scores = zcore(memory=tmp_path).fit(X).scores_
    process.join()
    np.testing.assert_array_equal(scores, expected)
