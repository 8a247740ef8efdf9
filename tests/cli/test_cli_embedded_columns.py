"""Columns of a table that a model embeds: paths of images, and texts."""

import json
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.embedding import tiny

N = 24


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return {
        "images": tiny.save("resnet", tmp_path_factory.mktemp("resnet")),
        "text": tiny.save("bert", tmp_path_factory.mktemp("bert")),
        "clip": tiny.save("clip", tmp_path_factory.mktemp("clip")),
    }


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ZCORE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def listed(tmp_path):
    """Return a table of images, in a folder of its own."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(N):
        path = tmp_path / "data" / "pictures" / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(path)
        said = " ".join(rng.choice(["a", "red", "blue", "car", "house"], 3)) + f" {i}"
        rows.append((i, f"pictures/{i:02d}.png", said, ["no", "yes"][i % 2]))
    frame = pd.DataFrame(rows, columns=["id", "file", "said", "label"])
    frame.to_csv(tmp_path / "data" / "list.csv", index=False)
    return tmp_path / "data" / "list.csv"


@pytest.mark.slow
def test_a_column_of_paths_is_a_folder_of_images(zcore, listed, models, tmp_path):
    out = tmp_path / "o.csv"
    more = ("-m", models["images"], "-b", 6, "--method", "k-means")
    call = ("select", listed, "--images", "file", *more, "-o", out)
    report = json.loads(zcore(*call, "--json").stdout)
    assert report["columns"]["embedded"] == ["file"]
    assert report["columns"]["carried"] == ["id", "said", "label"]
    assert (report["n_computed"], report["n_rows"], report["raw"]) == (N, N, True)
    table = pd.read_csv(out)
    assert table.columns[:4].tolist() == ["id", "file", "said", "label"]
    zcore("select", listed.parent / "pictures", *more, "-o", tmp_path / "folder.csv")
    folder = pd.read_csv(tmp_path / "folder.csv")
    names = [os.path.basename(path) for path in folder["path"]]
    found = [os.path.basename(path) for path in table["file"]]
    assert len(found) == 6 and found == names
    # The second run is known before, and says so.
    again = zcore(*call, "--force").stdout
    assert f"{N} of {N} known before" in " ".join(again.split())
    assert json.loads(zcore(*call, "--force", "--json").stdout)["n_computed"] == 0


@pytest.mark.slow
def test_texts(zcore, listed, models, tmp_path):
    from sklearn_zcore import FoundationEmbedder, KMeansSelector

    out = tmp_path / "o.csv"
    call = ("select", listed, "--text", "said", "-m", models["text"], "-b", 5, "-o", out)
    report = json.loads(zcore(*call, "--method", "k-means", "--json").stdout)
    assert report["columns"]["embedded"] == ["said"]
    X = FoundationEmbedder(models["text"]).transform(pd.read_csv(listed)["said"])
    expected = KMeansSelector(5, random_state=0).fit(X).indices_
    assert pd.read_csv(out)["zcore_row"].tolist() == expected.tolist()


@pytest.mark.slow
def test_images_and_texts_and_what_is_broken(zcore, listed, models, tmp_path):
    frame = pd.read_csv(listed)
    (listed.parent / "pictures" / "03.png").write_bytes(b"no image")
    frame.loc[5, "said"] = None
    frame.loc[7, "file"] = "pictures/nowhere.png"
    frame.to_csv(listed, index=False)
    out = tmp_path / "o.csv"
    call = ("select", listed, "--images", "file", "--text", "said", "-m", models["clip"])
    call = (*call, "-b", "100%", "-o", out)
    said = zcore(*call, code=2).stderr
    assert "2 images of 24 cannot be read" in said
    assert "pictures/03.png" in said and "nowhere.png" in said and "--on-error skip" in said
    report = json.loads(zcore(*call, "--on-error", "skip", "--json").stdout)
    assert report["n_selected"] == N - 3 and len(report["skipped"]) == 3
    assert any("row 5 of 'said'" in name for name in report["skipped"])
    assert set(pd.read_csv(out)["zcore_row"]) == set(range(N)) - {3, 5, 7}


@pytest.mark.slow
def test_handed_over_with_its_images(zcore, listed, models, tmp_path):
    call = ("select", listed, "--images", "file", "-m", models["images"], "-b", 4)
    out = tmp_path / "folder"
    zcore(*call, "--format", "imagefolder", "-o", out)
    assert len(list(out.rglob("*.png"))) == 4
    zcore(*call, "--format", "label-studio", "-o", tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    assert all(task["data"]["image"].startswith("/data/local-files/?d=") for task in tasks)


@pytest.mark.slow
def test_compared_by_embeddings(zcore, listed, models):
    call = ("compare", listed, "--images", "file", "-m", models["images"], "-t", "label")
    report = json.loads(zcore(*call, "-b", 6, "--methods", "random", "--folds", 2, "--json").stdout)
    assert report["n_classes"] == 2 and report["n_features"] > 4


@pytest.mark.slow
def test_images_within_a_data_set(zcore, listed, models, tmp_path):
    datasets = pytest.importorskip("datasets", reason="hf: needs the extra 'hf'")
    pictures = [str(listed.parent / "pictures" / f"{i:02d}.png") for i in range(N)]
    data = datasets.Dataset.from_dict({"image": pictures, "i": list(range(N))})
    data.cast_column("image", datasets.Image()).save_to_disk(str(tmp_path / "saved"))
    call = ("select", f"hf:{tmp_path}/saved", "--images", "image", "-m", models["images"])
    zcore(*call, "-b", 4, "-o", tmp_path / "o.parquet")
    assert len(pd.read_parquet(tmp_path / "o.parquet")) == 4


def test_mistakes(fails, listed, npy, models, tmp_path):
    images = ("--images", "file", "--model", models["images"])
    assert "--images needs the model" in fails(listed, "--images", "file")
    assert "--text needs the model" in fails(listed, "--text", "said")
    message = fails(listed, *images, "--columns", "id", "--raw", "--kind", "id=text")
    assert "--columns, --raw, --kind: with --images" in message
    assert "has no column 'files'; did you mean 'file'?" in fails(
        listed, "--images", "files", "--model", models["images"]
    )
    assert "Column 'id' is of type int64" in fails(
        listed, "--images", "id", "--model", models["images"]
    )
    assert "nothing to embed" in fails(npy, "--images", "f0", "--model", models["images"])
    message = fails(listed, "--model", "clip")
    assert "--model: for folders of images" in message and "--images COLUMN" in message
    message = fails(listed.parent / "pictures", "--model", "clip", "--images", "file")
    assert "--images: for tables" in message
