"""Embeddings that are written to a store as they are made."""

import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from sklearn_zcore import ColumnStore, FoundationEmbedder, ZCoreSelector
from sklearn_zcore.embedding import BrokenInputError, BrokenInputWarning
from tests.embedding import tiny

pytest.importorskip("zarr", reason="stores need the extra 'scale'")

N = 40


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(tiny.save("resnet", tmp_path_factory.mktemp("resnet")))


@pytest.fixture
def paths(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for i in range(N):
        pixels = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{i:02d}.png")
    return [str(tmp_path / "photos" / f"{i:02d}.png") for i in range(N)]


@pytest.mark.parametrize("with_cache", [True, False])
def test_what_transform_gives(model, paths, tmp_path, with_cache):
    cache = tmp_path / "cache" if with_cache else None
    embedder = FoundationEmbedder(model, cache_dir=cache, batch_size=4)
    store = embedder.transform_to(paths, tmp_path / "e.zarr", block_size=8)
    assert isinstance(store, ColumnStore) and store.shape[0] == N and store.dtype == np.float32
    expected = embedder.transform(paths)
    np.testing.assert_array_equal(store.take(np.arange(N)), expected)
    ZCoreSelector(4, n_iter=500, tol=0, random_state=0).fit(store)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        embedder.transform_to(paths, tmp_path / "e.zarr")
    again = embedder.transform_to(paths[:9], tmp_path / "e.zarr", overwrite=True)
    assert again.shape[0] == 9


def test_a_full_disk_is_told_after_the_first_block(model, paths, tmp_path, monkeypatch):
    embedded = []
    transform = FoundationEmbedder.transform

    def counted(self, X):
        embedded.extend(X)
        return transform(self, X)

    monkeypatch.setattr(FoundationEmbedder, "transform", counted)
    monkeypatch.setattr("sklearn_zcore.rows._ingest.free_disk", lambda path: 1000)
    with pytest.raises(OSError, match=r"takes [\d,]+ bytes, and 1,000 are free"):
        FoundationEmbedder(model).transform_to(paths, tmp_path / "e.zarr", block_size=8)
    assert len(embedded) == 8 and not (tmp_path / "e.zarr").exists()


def test_broken_items(model, paths, tmp_path):
    for row in (3, 21):
        with open(paths[row], "wb") as file:
            file.write(b"no image")
    embedder = FoundationEmbedder(model, cache_dir=tmp_path / "cache", batch_size=4)
    with pytest.raises(BrokenInputError, match="2 of 40 items") as told:
        embedder.transform_to(paths, tmp_path / "e.zarr", block_size=8)
    assert sorted(told.value.errors) == [3, 21] and "row 21" in str(told.value)
    assert not (tmp_path / "e.zarr").exists()
    embedder.set_params(on_error="nan")
    with pytest.warns(BrokenInputWarning, match="2 items are left out"):
        store = embedder.transform_to(paths, tmp_path / "e.zarr", block_size=8)
    kept = np.setdiff1d(np.arange(N), [3, 21])
    expected = FoundationEmbedder(model, batch_size=4).transform([paths[i] for i in kept])
    np.testing.assert_allclose(store.take(np.arange(N - 2)), expected, atol=1e-5)


RUN = """
import sys, time
import torch
torch.set_num_threads(1)  # with several, bits need not be the same
from sklearn_zcore import FoundationEmbedder
from sklearn_zcore.embedding import _engine
embed = _engine.Engine._embed
def slow(self, *args):
    embed(self, *args)
    print("batch", flush=True)
    time.sleep(0.2)
_engine.Engine._embed = slow
model, cache, out, *paths = sys.argv[1:]
FoundationEmbedder(model, cache_dir=cache, batch_size=4).transform_to(paths, out, block_size=8)
"""


@pytest.mark.slow
def test_a_killed_run_goes_on(model, paths, tmp_path):
    """What was embedded is not embedded again, and the store is that of a run in one go."""
    out, cache = tmp_path / "e.zarr", tmp_path / "cache"
    start = [sys.executable, "-c", RUN, model]
    # In a process, too: with another number of threads, torch rounds otherwise.
    whole = tmp_path / "whole.zarr"
    subprocess.run([*start, str(tmp_path / "other"), str(whole), *paths], check=True)
    call = [*start, str(cache), str(out), *paths]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
    for _ in range(4):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    n_left = process.stdout.read().count("batch")
    process.wait()
    process.stdout.close()
    assert n_left < 6
    run = subprocess.run(call, capture_output=True, text=True, check=True)
    assert run.stdout.count("batch") <= 6  # of ten
    assert ColumnStore.open(out).fingerprint == ColumnStore.open(whole).fingerprint


def test_blocks_of_dask(model, paths):
    """As images.rst documents it: each block of paths is embedded where it is."""
    da = pytest.importorskip("dask.array", reason="dask collections need the extra 'dask'")
    embedder = FoundationEmbedder(model, batch_size=4)
    width = len(embedder.get_feature_names_out())
    items = da.from_array(np.array(paths, dtype=object), chunks=16)
    X = items.map_blocks(
        embedder.transform,
        dtype=np.float32,
        new_axis=1,
        chunks=(items.chunks[0], (width,)),
        meta=np.empty((0, 0), np.float32),
    )
    assert X.shape == (N, width)
    np.testing.assert_allclose(X.compute(), embedder.transform(paths), atol=1e-5)
