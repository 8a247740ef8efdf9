"""Runs that share a cache share the work: each item is computed by one of them."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading

import numpy as np
import pytest

from sklearn_zcore.embedding._backbone import Backbone
from sklearn_zcore.embedding._cache import EmbeddingCache
from sklearn_zcore.embedding._claims import Claims, key_of

IDENTITY = {"a": "model"}
ITEMS = [bytes([i]) * 32 for i in range(6)]
KEYS = [key_of("", item) for item in ITEMS]


@pytest.fixture
def cache(tmp_path):
    with EmbeddingCache(tmp_path, IDENTITY, "model") as opened:
        yield opened


def test_an_item_is_claimed_once(cache, tmp_path):
    with EmbeddingCache(tmp_path, IDENTITY, "model") as other:
        assert cache.claim(ITEMS[:3]) == ({}, set(ITEMS[:3]))
        assert other.claim(ITEMS[1:5]) == ({}, set(ITEMS[3:5]))
        assert cache.claim(ITEMS) == ({}, {*ITEMS[:3], ITEMS[5]})
        vectors = np.ones((1, 4), np.float32)
        cache.put([ITEMS[1]], vectors)
        cache.release([ITEMS[1]])
        known, mine = other.claim([ITEMS[1]])
        assert list(known) == [ITEMS[1]] and not mine
        assert other.wait(ITEMS[:3]) == [ITEMS[1]]
        cache.release([ITEMS[0]])
        assert other.claim([ITEMS[0]])[1] == {ITEMS[0]}


def test_another_model_has_items_of_its_own(cache, tmp_path):
    with EmbeddingCache(tmp_path, {"another": "model"}, "another") as other:
        assert cache.claim(ITEMS)[1] == other.claim(ITEMS)[1] == set(ITEMS)


def test_claims_end_with_their_user(cache, tmp_path):
    other = EmbeddingCache(tmp_path, IDENTITY, "model")
    other.claim(ITEMS)
    assert cache.claim(ITEMS)[1] == set()
    other.close()
    assert cache.claim(ITEMS)[1] == set(ITEMS)
    cache.close()
    assert sorted(os.listdir(tmp_path)) == ["embeddings.sqlite3", "embeddings.sqlite3.lock"]


def test_claims_are_given_up_on_errors(embedder, files, tmp_path, monkeypatch):
    def embed(self, batch):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Backbone, "embed", embed)
        with pytest.raises(KeyboardInterrupt):
            embedder(cache_dir=tmp_path).transform(files)
    assert not list(tmp_path.glob("*.claims"))
    assert embedder(cache_dir=tmp_path).transform(files).shape == (12, 16)


def test_overlapping_runs_compute_each_item_once(embedder, files, tmp_path, monkeypatch):
    """One is held up in its first batch until the other has come to a batch of its own."""
    expected = embedder(batch_size=4).transform(files)
    first_is_computing, other_is_computing = threading.Event(), threading.Event()
    original, computed = Backbone.embed, {}

    def embed(self, batch):
        name = threading.current_thread().name
        computed[name] = computed.get(name, 0) + len(batch)
        if name == "first":
            first_is_computing.set()
            assert other_is_computing.wait(60)
        else:
            other_is_computing.set()
        return original(self, batch)

    monkeypatch.setattr(Backbone, "embed", embed)
    cached, results = embedder(cache_dir=tmp_path, batch_size=4), {}

    def run(part):
        results[threading.current_thread().name] = cached.transform(files[part])

    first = threading.Thread(target=run, args=[slice(0, 8)], name="first")
    other = threading.Thread(target=run, args=[slice(2, 12)], name="other")
    first.start()
    assert first_is_computing.wait(60)
    other.start()
    first.join(60)
    other.join(60)
    assert computed == {"first": 8, "other": 4}
    np.testing.assert_array_equal(results["first"], expected[:8])
    np.testing.assert_array_equal(results["other"], expected[2:])


def test_batches_are_filled_up(embedder, files, tmp_path, monkeypatch):
    """What another one is computing is left out of a batch, and does not make it smaller."""
    cached, sizes = embedder(cache_dir=tmp_path, batch_size=4), []
    cached.transform(files[:1])
    original, others = Backbone.embed, []

    def embed(self, batch):
        sizes.append(len(batch))
        return original(self, batch)

    real = EmbeddingCache.claim

    def claim(self, digests):
        if not others:  # somebody else is faster, with three of the first batch
            others.append(EmbeddingCache(tmp_path, *self_identity(self)))
            real(others[0], digests[:3])
        return real(self, digests)

    def wait(self, digests):
        others[0].close()
        return list(digests)

    monkeypatch.setattr(Backbone, "embed", embed)
    monkeypatch.setattr(EmbeddingCache, "claim", claim)
    monkeypatch.setattr(EmbeddingCache, "wait", wait)
    embeddings = cached.transform(files)
    assert sizes == [4, 4, 3]
    np.testing.assert_allclose(embeddings, embedder().transform(files), atol=1e-5)


def self_identity(cache):
    import json

    return json.loads(cache._text), "model"


HOLD = """
import sys, time
from sklearn_zcore.embedding._backbone import Backbone
from sklearn_zcore import FoundationEmbedder, load_image_folder

def embed(self, batch):
    print("computing", flush=True)
    time.sleep(600)

Backbone.embed = embed
model, folder, cache = sys.argv[1:]
FoundationEmbedder(model, cache_dir=cache).transform(load_image_folder(folder).paths)
"""


@pytest.fixture
def holder(saved, files, tmp_path):
    """Start a process that has claimed all images, and is at its first batch."""
    arguments = [str(saved("resnet")), os.path.dirname(files[0]), str(tmp_path / "cache")]
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "computing\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs signals that stop a process")
def test_one_that_was_stopped_is_named(holder, embedder, files, tmp_path, monkeypatch):
    """And when it has been ended, its items are computed here."""
    monkeypatch.setattr("sklearn_zcore.embedding._claims.PATIENCE", 0.1)
    original = Claims.tell

    def tell(self, *args):
        original(self, *args)
        holder.kill()

    monkeypatch.setattr(Claims, "tell", tell)
    holder.send_signal(signal.SIGSTOP)
    with pytest.warns(RuntimeWarning, match="waiting since .* s for process") as caught:
        embeddings = embedder(cache_dir=tmp_path / "cache").transform(files)
    message = str(caught[0].message)
    assert f"for process {holder.pid} to finish 12 items that both need" in message
    np.testing.assert_array_equal(embeddings, embedder().transform(files))
    assert not list((tmp_path / "cache").glob("*.claims"))


def test_one_that_is_writing_for_long_is_named(embedder, files, tmp_path, monkeypatch):
    cached = embedder(cache_dir=tmp_path)
    cached.transform(files[:1])
    monkeypatch.setattr("sklearn_zcore.embedding._cache.PATIENCE", 0.1)
    writer = sqlite3.connect(tmp_path / "embeddings.sqlite3", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    original = Claims.tell

    def tell(self, *args):
        original(self, *args)
        writer.close()

    monkeypatch.setattr(Claims, "tell", tell)
    with pytest.warns(RuntimeWarning, match=f"The cache {tmp_path}: waiting since .* for another"):
        assert cached.transform(files).shape == (12, 16)


def test_one_that_is_claiming_for_long_is_named(cache, tmp_path, monkeypatch):
    from filelock import FileLock

    monkeypatch.setattr("sklearn_zcore.embedding._claims.PATIENCE", 0.1)
    lock = FileLock(tmp_path / "embeddings.sqlite3.lock", thread_local=False)
    original = Claims.tell

    def tell(self, *args):
        original(self, *args)
        lock.release()

    monkeypatch.setattr(Claims, "tell", tell)
    with EmbeddingCache(tmp_path, IDENTITY, "model"):
        lock.acquire()
        with pytest.warns(RuntimeWarning, match=f"for process {os.getpid()}. If it has been stop"):
            assert cache.claim(ITEMS)[1] == set(ITEMS)
