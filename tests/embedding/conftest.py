"""What the tests of the embedder share."""

import numpy as np
import pytest
import torch
from PIL import Image

from sklearn_zcore import FoundationEmbedder
from tests.embedding import tiny

# For models this small, threads that wait for each other take longer than the work.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """Return the directory of a tiny model of a family, saved once a session."""
    folders = {}

    def folder(family):
        if family not in folders:
            folders[family] = tiny.save(family, tmp_path_factory.mktemp(family))
        return folders[family]

    return folder


@pytest.fixture
def embedder(saved):
    """Return a FoundationEmbedder of a family."""

    def make(family="resnet", **parameters):
        return FoundationEmbedder(saved(family), **parameters)

    return make


@pytest.fixture(scope="session")
def pictures():
    """Return twelve images of different sizes, of smooth noise."""
    rng = np.random.default_rng(0)
    sizes = [(40, 30), (33, 64), (32, 32), (90, 45)]
    coarse = [rng.integers(0, 256, (5, 4, 3), dtype=np.uint8) for _ in range(12)]
    return [
        np.asarray(Image.fromarray(pixels).resize(sizes[i % 4], Image.Resampling.BICUBIC))
        for i, pixels in enumerate(coarse)
    ]


@pytest.fixture
def files(tmp_path, pictures):
    """Return the paths of these images, as PNG in a folder."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    paths = []
    for number, pixels in enumerate(pictures):
        path = folder / f"{number:02d}.png"
        Image.fromarray(pixels).save(path)
        paths.append(str(path))
    return paths


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Keep every test off the network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def counted(monkeypatch):
    """Count the items that go through a model, in any thread."""
    import threading

    from sklearn_zcore.embedding._backbone import Backbone

    class Count:
        items = 0

    original, lock = Backbone._embed_all, threading.Lock()

    def embed_all(self, batch, start, stop):
        with lock:
            Count.items += stop - start
        return original(self, batch, start, stop)

    monkeypatch.setattr(Backbone, "_embed_all", embed_all)
    return Count
