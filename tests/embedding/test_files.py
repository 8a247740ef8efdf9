"""What lies in a folder and is no file, has no end, or changes while it is read."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sklearn_zcore import FoundationEmbedder
from tests.embedding import tiny

posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes and devices")


def within(seconds, code, *arguments):
    """Run code in a process that may not hang; return what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


LIST_BROKEN = """
import sys
from sklearn_zcore import FoundationEmbedder, load_image_folder
from sklearn_zcore.embedding import BrokenInputError
model, folder, workers = sys.argv[1:]
try:
    FoundationEmbedder(model, num_workers=int(workers)).transform(load_image_folder(folder).paths)
except BrokenInputError as error:
    print(error)
"""


@posix
@pytest.mark.parametrize("num_workers", [0, 2])
def test_images_that_never_end(num_workers, files, saved):
    """A pipe that nobody writes to would hang, and /dev/zero fill the memory."""
    folder = Path(files[0]).parent
    os.mkfifo(folder / "pipe.png")
    (folder / "linked.png").symlink_to(folder / "pipe.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    (folder / "good.png").symlink_to(files[0])
    told = within(100, LIST_BROKEN, saved("resnet"), folder, num_workers)
    assert told.startswith("3 of 16 items cannot be embedded")
    assert "pipe.png: is a named pipe, not a file" in told
    assert "linked.png: is a named pipe" in told and "zero.png: is a device" in told


LOAD = """
import sys
from PIL import Image
from sklearn_zcore import FoundationEmbedder
try:
    FoundationEmbedder(sys.argv[1]).transform([Image.new("RGB", (9, 9))])
except ValueError as error:
    print(error)
"""


@posix
@pytest.mark.parametrize(
    "name",
    ["config.json", "model.safetensors", "preprocessor_config.json", "other", "modules.json"],
)
def test_model_with_a_pipe(name, saved, tmp_path):
    folder = shutil.copytree(saved("resnet"), tmp_path / "model")
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    told = within(100, LOAD, folder)
    assert f"{name} is a named pipe, not a regular file" in told


def test_link_to_nothing_in_a_model(saved, tmp_path):
    folder = shutil.copytree(saved("resnet"), tmp_path / "model")
    (folder / "vocab.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(
        ValueError, match="cannot be loaded: No such file or directory: .*vocab.txt"
    ):
        FoundationEmbedder(folder).transform(np.zeros((1, 9, 9), np.uint8))


# One identity for the loaded model and for the cache


def edit(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_processor_that_was_changed(files, counted, tmp_path):
    """The model that is loaded must not be used on under the new key."""
    folder = tiny.save("vit", tmp_path / "model")
    embedder = FoundationEmbedder(folder, cache_dir=tmp_path / "cache")
    before = embedder.transform(files)
    edit(folder / "preprocessor_config.json", image_mean=[0.1, 0.2, 0.3])
    after = embedder.transform(files)
    assert counted.items == 24
    twin = shutil.copytree(folder, tmp_path / "twin")
    np.testing.assert_array_equal(after, FoundationEmbedder(twin).transform(files))
    assert np.abs(after - before).max() > 1e-3


def test_tokenizer_that_was_changed(tmp_path):
    folder = tiny.save("bert", tmp_path / "model")
    embedder = FoundationEmbedder(folder, cache_dir=tmp_path / "cache")
    before = embedder.transform(["a cat"])
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    vocabulary = content["model"]["vocab"]
    vocabulary["cat"], vocabulary["dog"] = vocabulary["dog"], vocabulary["cat"]
    path.write_text(json.dumps(content))
    after = embedder.transform(["a cat", "a dog"])
    np.testing.assert_allclose(after[1], before[0], atol=1e-6)
    assert np.abs(after[0] - before[0]).max() > 1e-4


def test_settings_of_a_model_of_the_hub(saved, files, tmp_path, monkeypatch, counted):
    """Its commit says nothing of files that were edited where they were downloaded to."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    root = tmp_path / "hub" / "models--nice--model"
    folder = root / "snapshots" / ("1" * 40)
    shutil.copytree(saved("vit"), folder)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("1" * 40)
    embedder = FoundationEmbedder("nice/model", cache_dir=tmp_path / "cache")
    before = embedder.transform(files)
    edit(folder / "preprocessor_config.json", image_mean=[0.1, 0.2, 0.3])
    after = embedder.transform(files)
    assert counted.items == 24 and np.abs(after - before).max() > 1e-3


def test_model_that_is_changed_while_it_is_loaded(files, tmp_path, monkeypatch):
    """Nothing is stored under a key that was made of other files."""
    from sklearn_zcore.embedding import _backbone, cache_info

    folder = tiny.save("vit", tmp_path / "model")
    original = _backbone._load_from

    def load(*args):
        edit(folder / "preprocessor_config.json", image_mean=[0.1, 0.2, 0.3])
        return original(*args)

    monkeypatch.setattr(_backbone, "_load_from", load)
    embedder = FoundationEmbedder(folder, cache_dir=tmp_path / "cache")
    with pytest.raises(ValueError, match="have changed while it was loaded. Run again"):
        embedder.transform(files)
    assert cache_info(tmp_path / "cache").models[0].n_embeddings == 0
    monkeypatch.setattr(_backbone, "_load_from", original)
    assert embedder.transform(files).shape == (12, 16)
