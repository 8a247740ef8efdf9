"""What was embedded is kept: once and for all, whole, and for its own model only."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sklearn_zcore import FoundationEmbedder
from sklearn_zcore.embedding import CacheError, cache_info, clear_cache, default_cache_dir
from tests.embedding import tiny


def test_second_run_computes_nothing_and_loads_nothing(embedder, files, tmp_path, monkeypatch):
    first = embedder(cache_dir=tmp_path / "new" / "cache").transform(files)
    monkeypatch.setattr("sklearn_zcore.embedding._embedder.Backbone", None)
    again = embedder(cache_dir=str(tmp_path / "new" / "cache"))
    np.testing.assert_array_equal(again.transform(files), first)
    np.testing.assert_array_equal(again.transform(files[::-1]), first[::-1])
    assert again.get_feature_names_out().size == 16


def test_equal_items_are_computed_once(embedder, files, pictures, counted, tmp_path):
    copy = tmp_path / "copy.png"
    copy.write_bytes(Path(files[0]).read_bytes())
    embeddings = embedder().transform([files[0], copy, files[1], files[0]])
    assert counted.items == 2
    np.testing.assert_array_equal(embeddings[[1, 3]], embeddings[[0, 0]])
    embedder().transform([pictures[0], pictures[0].copy(), Image.fromarray(pictures[0])])
    assert counted.items == 4  # an array and a PIL image are not compared
    embedder("bert").transform(["a cat", "a dog", "a cat"])
    assert counted.items == 6


def test_new_items_only(embedder, files, counted, tmp_path):
    cached = embedder(cache_dir=tmp_path / "cache", batch_size=4)
    cached.transform(files[:7])
    assert counted.items == 7
    embeddings = cached.transform(files)
    assert counted.items == 12
    np.testing.assert_allclose(embeddings, embedder().transform(files), atol=1e-5)


def test_texts(embedder, counted, tmp_path):
    texts = ["a", "the cat sits on the mat", "dog", "a photo of a dog"]
    cached = embedder("bert", cache_dir=tmp_path, batch_size=2)
    expected = cached.transform(texts)
    np.testing.assert_array_equal(cached.transform(texts[::-1]), expected[::-1])
    assert counted.items == 4


def mean(hidden, mask):
    return hidden.mean(dim=1)


def test_whatever_changes_the_embedding_is_part_of_the_key(saved, files, counted, tmp_path):
    model, processor, _ = tiny.build("vit")
    other = tiny.processor("vit", size=tiny.SQUARE, resample=0)
    half = tmp_path / "half"
    tiny.save("vit", half)
    changed = {k: v * 0.5 for k, v in tiny.build("vit")[0].state_dict().items()}
    model.eval()
    twin = tiny.build("vit")[0].eval()
    twin.load_state_dict(changed)
    variants = [
        {"model": saved("vit")},
        {"model": saved("vit"), "pooling": "mean"},
        {"model": saved("vit"), "pooling": mean},
        {"model": saved("vit"), "layer": 1},
        {"model": saved("vit"), "dtype": "bfloat16"},
        {"model": saved("dinov2")},
        {"model": (model, processor)},
        {"model": (model, other)},
        {"model": (twin, processor)},
    ]
    results = []
    for _ in range(2):
        for variant in variants:
            cached = FoundationEmbedder(cache_dir=tmp_path / "cache", **variant)
            results.append(cached.transform(files))
    assert counted.items == 12 * len(variants)
    for first, second in zip(results[: len(variants)], results[len(variants) :], strict=True):
        np.testing.assert_array_equal(first, second)
    info = cache_info(tmp_path / "cache")
    assert [model.n_embeddings for model in info.models] == [12] * len(variants)
    assert {model.width for model in info.models} == {16}


def test_weights_that_were_changed_in_place(tmp_path, files, counted):
    from safetensors.torch import load_file, save_file

    folder = tiny.save("vit", tmp_path / "vit")
    embedder = FoundationEmbedder(folder, cache_dir=tmp_path / "cache")
    first = embedder.transform(files)
    weights = {key: value * 0.9 for key, value in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    second = embedder.transform(files)
    assert counted.items == 24
    assert np.abs(second - first).max() > 1e-3


def test_copy_of_a_model_is_the_same_model(tmp_path, files, counted):
    for name in ("one", "two"):
        folder = tiny.save("vit", tmp_path / name)
        FoundationEmbedder(folder, cache_dir=tmp_path / "cache").transform(files)
    assert counted.items == 12


def test_callables_that_cannot_be_told_apart(embedder, pictures, tmp_path):
    factor = 2
    for pooling in (lambda h, m: h.mean(1), lambda h, m: h.mean(1) * factor, torch.mean):
        cached = embedder("vit", pooling=pooling, cache_dir=tmp_path)
        with pytest.raises(ValueError, match="has to be a plain function, whose source tells"):
            cached.transform(pictures)


def test_info_and_clear(embedder, files, tmp_path):
    cache = tmp_path / "cache"
    assert cache_info(cache).models == []
    assert clear_cache(cache) == 0
    embedder(cache_dir=cache).transform(files)
    (cache / "mine.txt").touch()
    info = cache_info(cache)
    assert info.n_bytes == sum(
        path.stat().st_size for path in cache.iterdir() if path.name != "mine.txt"
    )
    assert info.models[0].identity["kind"] == "image"
    assert info.models[0].name == str(embedder().model)
    assert info.models[0].n_embeddings == 12
    assert clear_cache(cache) == info.n_bytes
    assert os.listdir(cache) == ["mine.txt"]


def test_default_folder(monkeypatch):
    monkeypatch.setenv("ZCORE_CACHE_DIR", "/some/where")
    assert default_cache_dir() == Path("/some/where")
    monkeypatch.delenv("ZCORE_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    monkeypatch.setattr(sys, "platform", "linux")
    assert default_cache_dir() == Path("/caches/sklearn-zcore")


# What goes wrong with disks and files


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody can write")
def test_folder_that_cannot_be_written(embedder, files):
    """Not even root can write there, unlike in a folder without the permission."""
    with pytest.raises(CacheError, match="cache directory /proc/self/cache cannot be written to: "):
        embedder(cache_dir="/proc/self/cache").transform(files)


def test_folder_without_the_permission(embedder, files, tmp_path, monkeypatch):
    def touch(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "touch", touch)
    with pytest.raises(CacheError, match="cannot be written to: Permission denied. Pass another"):
        embedder(cache_dir=tmp_path).transform(files)


def test_folder_that_is_a_file(embedder, files):
    with pytest.raises(CacheError, match="00.png cannot be written to: File exists"):
        embedder(cache_dir=files[0]).transform(files)


def test_full_disk(embedder, files, tmp_path, monkeypatch):
    """SQLite's limit on the pages of a file gives the error that a full disk gives."""
    expected = embedder(batch_size=2).transform(files)
    original = sqlite3.connect

    def connect(*args, **kwargs):
        database = original(*args, **kwargs)
        database.execute("PRAGMA page_size = 16384")
        database.execute("PRAGMA max_page_count = 7")
        return database

    wide = {"cache_dir": tmp_path / "cache", "batch_size": 2, "pooling": repeated}
    with monkeypatch.context() as patch:
        patch.setattr("sqlite3.connect", connect)
        with pytest.raises(CacheError, match="The disk of the cache .* is full.*goes on from ther"):
            embedder(**wide).transform(files)
    kept = cache_info(tmp_path / "cache").models[0].n_embeddings
    assert 0 < kept < 12 and kept % 2 == 0
    embeddings = embedder(**wide).transform(files)
    np.testing.assert_allclose(embeddings[:, :16], expected, atol=1e-5)


def repeated(hidden, mask):
    """Return vectors of 8 kB."""
    return hidden.mean(dim=1).repeat(1, 128)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_bytes(b"no database" * 999), "is damaged, or not a cache"),
        (lambda path: path.write_bytes(path.read_bytes()[:20_000]), "is damaged, or not a cache"),
        (lambda path: execute(path, "PRAGMA user_version = 9"), "another version .*format 9, not"),
        (lambda path: execute(path, "DROP TABLE embeddings"), "is damaged, or not a cache"),
    ],
)
def test_file_that_is_no_cache(spoil, message, embedder, files, tmp_path):
    embedder(cache_dir=tmp_path).transform(files)
    spoil(tmp_path / "embeddings.sqlite3")
    with pytest.raises(CacheError, match=f"{message}.*zcore cache clear --cache-dir {tmp_path}"):
        embedder(cache_dir=tmp_path).transform(files)
    clear_cache(tmp_path)
    embedder(cache_dir=tmp_path).transform(files)


def execute(path, statement, *values):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(statement, values)
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE embeddings SET vector = zeroblob(64)",
        "UPDATE embeddings SET vector = zeroblob(3)",
        "UPDATE embeddings SET vector = 'text'",
        "UPDATE embeddings SET checksum = 7",
    ],
)
def test_damaged_embeddings_are_computed_again(statement, embedder, files, counted, tmp_path):
    cached = embedder(cache_dir=tmp_path)
    expected = cached.transform(files)
    execute(tmp_path / "embeddings.sqlite3", statement)
    with pytest.warns(RuntimeWarning, match="is damaged; it is computed again"):
        np.testing.assert_array_equal(cached.transform(files), expected)
    np.testing.assert_array_equal(cached.transform(files), expected)
    assert counted.items == 24


def test_tampered_cache_runs_no_code(embedder, files, tmp_path):
    """A pickle in the place of a vector would run when it is loaded."""
    ran = tmp_path / "it ran"
    pickled = f"cbuiltins\nexec\n(S'open({str(ran)!r}, \"w\")'\ntR.".encode()
    cached = embedder(cache_dir=tmp_path / "cache")
    expected = cached.transform(files)
    execute(tmp_path / "cache" / "embeddings.sqlite3", "UPDATE embeddings SET vector = ?", pickled)
    with pytest.warns(RuntimeWarning, match="damaged"):
        np.testing.assert_array_equal(cached.transform(files), expected)
    assert not ran.exists()


# Several processes, and their end

RUN = """
import sys, time, json, os
import numpy as np, torch
torch.set_num_threads(1)
from sklearn_zcore import FoundationEmbedder, load_image_folder
from sklearn_zcore.embedding._backbone import Backbone

model, folder, cache, out, pause = sys.argv[1:]
original = Backbone.embed
def embed(self, batch):
    vectors = original(self, batch)
    with open(out + ".log", "a") as log:
        log.write(f"{len(batch)}\\n")
    time.sleep(float(pause))
    return vectors
Backbone.embed = embed
print("ready", flush=True)
paths = load_image_folder(folder).paths
embedder = FoundationEmbedder(model, cache_dir=cache, batch_size=4, num_workers=2)
np.save(out, embedder.transform(paths))
"""


def start(model, files, cache, out, pause):
    arguments = [str(model), str(Path(files[0]).parent), str(cache), str(out), str(pause)]
    command = [sys.executable, "-c", RUN, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def computed(out):
    log = Path(f"{out}.log")
    return [int(line) for line in log.read_text().split()] if log.exists() else []


@pytest.mark.slow
def test_killed(saved, files, tmp_path, embedder):
    """Killed again and again, it ends with the bits of a run that was left alone."""
    for number in range(12, 40):
        Image.new("RGB", (30, 40), (number * 5, 99, 250 - number)).save(
            Path(files[0]).with_name(f"{number}.png")
        )
    paths = sorted(str(path) for path in Path(files[0]).parent.iterdir())
    expected = embedder(batch_size=4, num_workers=2).transform(paths)
    out, cache = tmp_path / "out.npy", tmp_path / "cache"
    rng = np.random.default_rng(0)
    n_kills = 0
    while n_kills < 2:
        process = start(saved("resnet"), files, cache, out, 0.1)
        assert process.stdout.readline() == "ready\n"
        before = len(computed(out))
        while process.poll() is None and len(computed(out)) == before:
            time.sleep(0.01)  # the model is loaded, and a batch is done
        time.sleep(rng.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        n_kills += 1
    assert not out.exists()
    process = start(saved("resnet"), files, cache, out, 0)
    process.communicate(timeout=60)
    np.testing.assert_array_equal(np.load(out), expected)
    # Ten batches; each kill lost one at most.
    assert 40 <= sum(computed(out)) <= 40 + 4 * n_kills


@pytest.mark.slow
def test_two_processes_at_once(saved, files, tmp_path, embedder):
    """Both end right, and each batch is computed by one of them only."""
    expected = embedder(batch_size=4, num_workers=2).transform(files)
    outs = [tmp_path / "one.npy", tmp_path / "two.npy"]
    processes = [start(saved("resnet"), files, tmp_path / "cache", out, 0.1) for out in outs]
    for process in processes:
        process.communicate(timeout=100)
        assert process.returncode == 0
    for out in outs:
        np.testing.assert_array_equal(np.load(out), expected)
    assert sum(computed(outs[0]) + computed(outs[1])) == 12


def test_threads_at_once(embedder, files, tmp_path, counted):
    from joblib import Parallel, delayed

    expected = embedder(batch_size=4).transform(files)
    counted.items = 0
    cached = embedder(cache_dir=tmp_path, batch_size=4)
    results = Parallel(n_jobs=4, backend="threading")(
        delayed(cached.transform)(files) for _ in range(4)
    )
    for embeddings in results:
        np.testing.assert_array_equal(embeddings, expected)
    assert counted.items == 12
