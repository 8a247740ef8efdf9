"""What a reader has at hand: a table, a folder of images, and models that are downloaded."""

import os
import string

import numpy as np
import pandas as pd
import pytest
import torch
from huggingface_hub import constants
from PIL import Image

from tests.embedding import tiny
from tests.tables.caches import write_openml

# For models this small, threads that wait for each other take longer than the work.
torch.set_num_threads(1)

# What the aliases stand for, each by a tiny model of its family.
DOWNLOADED = {
    "openai/clip-vit-large-patch14": "clip",
    "facebook/dinov2-base": "dinov2",
    "microsoft/resnet-18": "resnet",
    "sentence-transformers/all-MiniLM-L6-v2": "bert",
}


@pytest.fixture(scope="session")
def hub(tmp_path_factory):
    """Return a folder laid out as the hub's own client does when it has downloaded models."""
    root = tmp_path_factory.mktemp("hub")
    for repo_id, family in DOWNLOADED.items():
        tiny.download(root, repo_id, tiny.save(family, tmp_path_factory.mktemp(family)))
    return root


@pytest.fixture
def desk(tmp_path, hub, monkeypatch):
    """Move to a folder with the files that the pages speak of, and with no way out."""
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("ZCORE_CACHE_DIR", str(tmp_path / "kept"))
    frame = made_table()
    frame.to_csv("table.csv", index=False)
    frame.to_parquet("table.parquet")
    np.save("embeddings.npy", np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32))
    pd.DataFrame({"zcore_row": [5, 80, 311]}).to_csv("earlier.csv", index=False)
    draw_photos("photos")
    columns = {
        "duration": np.arange(120.0).tolist(),
        "housing": [["own", "rent"][i % 2] for i in range(120)],
        "class": [["good", "bad"][i % 3 == 0] for i in range(120)],
    }
    write_openml(tmp_path / "home", "credit-g", 31, columns, target="class")
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))
    for month, part in {"january": frame[:300], "february": frame[300:]}.items():
        part.to_csv(f"{month}.csv", index=False)
    frame.to_csv("table.csv.gz", index=False)
    paths = [
        f"photos/{kind}/{name}"
        for kind in ("cats", "dogs")
        for name in os.listdir(f"photos/{kind}")
    ]
    pd.DataFrame({"path": paths}).to_csv("list.csv", index=False)
    said = [f"{colour} parcel {i}" for i, colour in enumerate(frame["colour"][:80])]
    pd.DataFrame({"review": said}).to_csv("reviews.csv", index=False)
    pd.DataFrame({"zcore_row": [1, 2]}).to_csv("label.csv", index=False)
    pd.DataFrame({"path": ["photos/cats/c2.png", "dogs/a0.png"]}).to_csv("chosen.csv", index=False)
    return folder


def made_table(n=600):
    """Make a labelled table of numbers and categories, with ids, and with cells that miss."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, n)
    frame = pd.DataFrame({"id": np.arange(n), "label": label})
    for name in ("length", "width", "weight"):
        frame[name] = np.round(rng.normal(label, 1.0), 3)
    frame["colour"] = rng.choice(["red", "green", "blue"], n)
    frame["site"] = rng.choice(["north", "south"], n)
    frame.loc[[3, 77], "weight"] = np.nan
    return frame


def draw_photos(folder, n=60):
    """Draw images of two kinds, in a sub-folder each."""
    rng = np.random.default_rng(0)
    for kind, colour in {"cats": (200, 120, 60), "dogs": (60, 90, 200)}.items():
        os.makedirs(os.path.join(folder, kind))
        for i in range(n // 2):
            pixels = np.clip(rng.normal(colour, 40, (6, 6, 3)), 0, 255).astype(np.uint8)
            image = Image.fromarray(pixels).resize((40, 32))
            image.save(os.path.join(folder, kind, f"{string.ascii_lowercase[i % 26]}{i}.png"))
