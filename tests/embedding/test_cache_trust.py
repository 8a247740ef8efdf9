"""A cache that others have written to, or that is not one: nothing of theirs is used or deleted."""

import hashlib
import json
import os
import sqlite3
import sys

import numpy as np
import pytest

from sklearn_zcore.embedding import CacheError, cache_info, clear_cache
from sklearn_zcore.embedding._cache import _checksum

NAME = "embeddings.sqlite3"


@pytest.fixture
def cache(embedder, files, tmp_path):
    """Return the folder of a cache with twelve embeddings."""
    embedder(cache_dir=tmp_path / "cache").transform(files)
    return tmp_path / "cache"


def execute(folder, statement, *values):
    database = sqlite3.connect(folder / NAME, isolation_level=None)
    rows = database.execute(statement, values).fetchall()
    database.close()
    return rows


def forge(folder, change):
    """Put other vectors in the place of all, with checksums that are right."""
    ((identity,),) = execute(folder, "SELECT identity FROM models")
    for item, vector in execute(folder, "SELECT item, vector FROM embeddings"):
        forged = change(np.frombuffer(vector, "<f4"))
        data = forged if isinstance(forged, bytes) else forged.astype("<f4").tobytes()
        execute(
            folder,
            "UPDATE embeddings SET vector = ?, checksum = ? WHERE item = ?",
            data,
            _checksum(identity, item, data),
            item,
        )


@pytest.mark.parametrize(
    "change",
    [
        lambda vector: vector[:5],
        lambda vector: np.append(vector, 0),
        lambda vector: vector * np.nan,
        lambda vector: vector + np.inf,
        lambda vector: b"",
        lambda vector: b"12345",
    ],
)
def test_rows_that_cannot_be_embeddings(change, cache, embedder, files, counted):
    expected = embedder().transform(files)
    forge(cache, change)
    with pytest.warns(RuntimeWarning, match="is damaged; it is computed again"):
        embeddings = embedder(cache_dir=cache).transform(files)
    np.testing.assert_array_equal(embeddings, expected)
    np.testing.assert_array_equal(embedder(cache_dir=cache).transform(files), expected)
    assert counted.items == 24


@pytest.mark.parametrize("width", [7, -1, 10**12, "'wide'", "NULL"])
def test_width_that_cannot_be(width, cache, embedder, files):
    expected = embedder().transform(files)
    execute(cache, f"UPDATE models SET width = {width}")
    embedded = embedder(cache_dir=cache, on_error="nan")
    if width == 7:
        with pytest.warns(RuntimeWarning, match="is damaged"):
            np.testing.assert_array_equal(embedded.transform(files), expected)
    else:
        np.testing.assert_array_equal(embedded.transform(files), expected)
        with pytest.warns(match="cannot be embedded"):
            assert embedded.transform(["no.png"]).shape == (1, 16)


def test_another_width_all_over(cache, embedder, files):
    """All rows agree on it, and the model does not."""
    forge(cache, lambda vector: vector[:5])
    execute(cache, "UPDATE models SET width = 5")
    execute(cache, "DELETE FROM embeddings WHERE rowid = 12")
    with pytest.raises(
        CacheError, match="is damaged, .* has embeddings of 5 features, and the model gives 16"
    ):
        embedder(cache_dir=cache).transform(files)


# What is deleted


def foreign(folder, statements="CREATE TABLE mine (a)"):
    folder.mkdir(exist_ok=True)
    execute(folder, statements)
    return {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_database_of_something_else(embedder, files, tmp_path):
    before = foreign(tmp_path)
    for use in (clear_cache, cache_info, embedder(cache_dir=tmp_path).transform):
        with pytest.raises(CacheError, match="a database of something else, .* it is left alone"):
            use(files if use.__name__ == "transform" else tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_file_of_something_else(tmp_path):
    (tmp_path / NAME).write_bytes(b"my own embeddings")
    with pytest.raises(CacheError, match="cannot be told for a cache of sklearn-zcore"):
        clear_cache(tmp_path)
    assert os.listdir(tmp_path) == [NAME]


def test_files_beside_the_database(cache):
    kept = ["batch-01.lock", "open.lock", f"{NAME}.backup", f"{NAME}.1-mine.lock", "notes.lock"]
    for name in kept:
        (cache / name).write_text("mine")
    (cache / f"{NAME}.77-0123abcd.claims").touch()  # of a process that was killed
    clear_cache(cache)
    assert sorted(os.listdir(cache)) == sorted(kept)


def test_old_format_can_be_cleared(cache, embedder, files):
    execute(cache, "PRAGMA user_version = 9")
    assert clear_cache(cache) > 0
    assert os.listdir(cache) == []


# What is only looked at


def test_info_writes_nothing(cache):
    states = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in cache.iterdir()}
    assert cache_info(cache).models[0].n_embeddings == 12
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in cache.iterdir()} == states


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and users")
def test_info_of_a_folder_that_cannot_be_written(cache):
    """Asked by a user who may read it and no more."""
    for path in (cache, *cache.parents):
        if path.stat().st_uid == os.getuid() and path.name:
            path.chmod(0o755)
    for path in cache.iterdir():
        path.chmod(0o444)
    cache.chmod(0o555)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover
        try:
            if os.getuid() == 0:
                os.setuid(65534)
            told = json.dumps(cache_info(cache).models[0].n_embeddings)
        except BaseException as error:
            told = repr(error)
        os.write(writing, told.encode())
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(reading, 1000).decode()
    os.close(reading)
    os.close(writing)
    assert told == "12"


def test_info_while_it_is_written_to(cache):
    """What is still in the log counts, too."""
    writer = sqlite3.connect(cache / NAME, isolation_level=None)
    writer.execute("DELETE FROM embeddings WHERE rowid = 1")
    assert (cache / f"{NAME}-wal").stat().st_size
    assert cache_info(cache).models[0].n_embeddings == 11
    writer.close()


@pytest.mark.parametrize(
    "identity", ["{", "3", "null", "[]", "{}", '{"kind": 1, "pooling": "a", "dtype": "b"}']
)
def test_identity_that_cannot_be_read(identity, cache, embedder, files):
    execute(cache, "UPDATE models SET identity = ?", identity)
    with pytest.raises(CacheError, match="is damaged, or not a cache: the identity of the model"):
        cache_info(cache)
    assert embedder(cache_dir=cache).transform(files).shape == (12, 16)
    assert clear_cache(cache) > 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("end", ["", "-wal", ".lock", ".12-0123abcd.claims"])
def test_cache_of_a_pipe(end, embedder, files, tmp_path):
    os.mkfifo(tmp_path / f"{NAME}{end}")
    with pytest.raises(CacheError, match="is a named pipe, not a regular file. Pass another"):
        embedder(cache_dir=tmp_path).transform(files)


def test_a_literal_tilde(embedder, files, tmp_path, monkeypatch):
    """The home is meant, as in a shell; and a folder of that name is never made."""
    from sklearn_zcore import load_image_folder
    from sklearn_zcore.embedding import default_cache_dir

    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    embedder(cache_dir="~/cache").transform(files)
    assert cache_info("~/cache").n_bytes > 0
    monkeypatch.setenv("ZCORE_CACHE_DIR", "~/cache")
    assert default_cache_dir() == tmp_path / "home" / "cache"
    for use in (cache_info, load_image_folder):
        with pytest.raises(FileNotFoundError, match="The home directory in '~nobody-here/x'"):
            use("~nobody-here/x")
    with pytest.raises(OSError, match="home directory in '~nobody-here/x'"):
        embedder(cache_dir="~nobody-here/x").transform(files)
    assert sorted(os.listdir(tmp_path)) == ["home", "pictures"]
    (tmp_path / "~").mkdir()
    (tmp_path / "~" / "a.png").write_bytes(hashlib.sha256(b"").digest())
    assert load_image_folder("./~").paths == [os.path.join("~", "a.png")]
