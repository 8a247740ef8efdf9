"""Folders of images: embedded, selected from, copied, and what can go wrong."""

import csv
import json
import os

import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image", reason="images need the extra 'embed'")
pytest.importorskip("torch", reason="images need the extra 'embed'")
pytest.importorskip("transformers", reason="images need the extra 'embed'")

from sklearn_zcore import FoundationEmbedder, load_image_folder  # noqa: E402
from tests.embedding import tiny  # noqa: E402

ZCORE = ("--method", "zcore")


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return tiny.save("resnet", tmp_path_factory.mktemp("resnet"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Leave the user's cache alone."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("ZCORE_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def photos(tmp_path):
    """Return a folder of two classes of images."""
    rng = np.random.default_rng(0)
    for number in range(20):
        path = tmp_path / "photos" / ("cat" if number % 2 else "dog/big") / f"{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(path)
    return tmp_path / "photos"


@pytest.fixture
def selected(zcore, photos, model, tmp_path):
    """Run ``zcore select`` on the folder; return the written rows."""

    def run(*args, out="coreset.csv", **kwargs):
        out = tmp_path / out
        result = zcore(
            *("select", photos, "--model", model, "-b", "25%", "-o", out, *ZCORE, "--n-iter", 500),
            *args,
            **kwargs,
        )
        if not out.exists():
            return result
        with open(out, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return run


def test_embed_parquet(zcore, photos, model, tmp_path):
    pd = pytest.importorskip("pandas", reason="Parquet needs the extra 'table'")
    out = tmp_path / "e.parquet"
    result = zcore("embed", photos, "--model", model, "--out", out)
    for part in ("Images embedded", "20 images in 2 classes", "16 features", "images/s", str(out)):
        assert part in result.stdout
    table = pd.read_parquet(out)
    paths, labels = load_image_folder(photos)
    assert table.columns.tolist() == ["path", "label", *(f"e{i}" for i in range(16))]
    assert table["path"].tolist() == paths and table["label"].tolist() == labels.tolist()
    expected = FoundationEmbedder(model).transform(paths)
    np.testing.assert_array_equal(table.iloc[:, 2:], expected)
    # What it is for.
    args = ("--raw", "--carry", "path,label", "-b", 3, "-o", tmp_path / "c.csv")
    zcore("select", out, *ZCORE, "--n-iter", 500, *args)


def test_embed_npy(zcore, photos, model, tmp_path):
    out = tmp_path / "e.npy"
    args = ("--pooling", "mean", "--layer", 1, "--workers", 0, "--batch-size", 3, "--no-cache")
    report = json.loads(zcore("embed", photos, "-m", model, "-o", out, *args, "--json").stdout)
    assert report["n_images"] == 20 and report["n_features"] == 8 and report["cache"] is None
    paths = load_image_folder(photos).paths
    expected = FoundationEmbedder(model, pooling="mean", layer=1, batch_size=3).transform(paths)
    np.testing.assert_array_equal(np.load(out), expected)
    lines = (tmp_path / "e.paths.csv").read_text().splitlines()
    assert lines[0] == "path,label" and lines[1] == f"{paths[0]},cat" and len(lines) == 21
    assert "e.npy exists" in zcore("embed", photos, "-m", model, "-o", out, code=2).stderr
    zcore("embed", photos, "-m", model, "-m", model, "-o", out, "--force")
    assert np.load(out).shape == (20, 32)


def test_select(selected, photos, model):
    rows = selected()
    assert list(rows[0]) == ["path", "label", "zcore_row", "zcore_score", "zcore_rank"]
    assert len(rows) == 5
    paths = load_image_folder(photos).paths
    assert [paths[int(row["zcore_row"])] for row in rows] == [row["path"] for row in rows]
    assert sorted(int(row["zcore_rank"]) for row in rows) == [1, 2, 3, 4, 5]
    assert all(f"/{row['label']}/" in row["path"] for row in rows)

    from sklearn_zcore import ZCoreSelector

    selector = ZCoreSelector(5, n_iter=500, random_state=0, tol=0)
    selector.fit(FoundationEmbedder(model).transform(paths))
    assert [int(row["zcore_row"]) for row in rows] == selector.indices_.tolist()
    scores = [float(row["zcore_score"]) for row in rows]
    np.testing.assert_array_equal(scores, selector.scores_[selector.indices_])


def test_select_by_rank(selected):
    rows = selected("--order", "rank", "--method", "random", "--json", code=2)
    assert "--method random has no option --n-iter" in rows.stderr
    rows = selected("--order", "rank")
    assert [row["zcore_rank"] for row in rows] == list("12345")


def test_select_without_classes(zcore, photos, model, tmp_path):
    out = tmp_path / "c.parquet"
    args = ("-b", 3, "-o", out, "--method", "random", "--json")
    report = json.loads(zcore("select", photos / "cat", "-m", model, *args).stdout)
    assert report["n_selected"] == 3 and report["n_classes"] is None
    import pyarrow.parquet as pq

    assert pq.read_table(out).column_names == ["path", "zcore_row", "zcore_score", "zcore_rank"]


@pytest.mark.parametrize("option", ["--copy-to", "--link-to"])
def test_files(option, selected, photos, tmp_path):
    target = tmp_path / "chosen"
    rows = selected(option, target)
    files = sorted(path for path in target.rglob("*") if path.is_file())
    assert [str(photos / path.relative_to(target)) for path in files] == sorted(
        row["path"] for row in rows
    )
    for path in files:
        original = photos / path.relative_to(target)
        assert path.read_bytes() == original.read_bytes()
        assert os.path.samefile(path, original) == (option == "--link-to")
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]


def test_files_that_cannot_be_copied(selected, tmp_path, monkeypatch):
    import shutil

    def copy(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", copy)
    result = selected("--copy-to", tmp_path / "chosen", code=2)
    assert "could not be put to" in result.stderr and "No space left on device" in result.stderr
    assert sorted(os.listdir(tmp_path)) == ["photos"]


def test_links_across_disks(selected, tmp_path, monkeypatch):
    def link(source, target):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", link)
    result = selected("--link-to", tmp_path / "chosen", code=2)
    assert "Invalid cross-device link" in result.stderr and "Use --copy-to" in result.stderr
    assert sorted(os.listdir(tmp_path)) == ["photos"]


def test_broken_images_stop(selected, photos, tmp_path):
    bad = photos / "cat" / "bad.png"
    bad.write_text("no picture")
    empty = photos / "dog" / "empty.jpg"
    empty.touch()
    result = selected(code=2)
    assert "2 images of 22 cannot be read:" in result.stderr
    assert f"  {bad}: is not an image that Pillow can read" in result.stderr
    assert f"  {empty}: is empty (0 bytes)" in result.stderr
    assert "--on-error skip" in result.stderr and "are in the cache" in result.stderr
    assert sorted(os.listdir(tmp_path)) == ["photos"]


def test_broken_images_are_skipped(selected, zcore, photos, model, tmp_path):
    bad = photos / "cat" / "00bad.png"
    bad.write_text("no picture")
    rows = selected("--on-error", "skip", "--order", "rank")
    paths = load_image_folder(photos).paths
    assert len(rows) == 5  # a quarter of twenty
    assert [paths[int(row["zcore_row"])] for row in rows] == [row["path"] for row in rows]
    out = tmp_path / "e.npy"
    result = zcore("embed", photos, "-m", model, "-o", out, "--on-error", "skip")
    assert "1 image skipped, which cannot be read:" in result.stderr
    assert f"  {bad}: is not an image" in result.stderr
    assert "Note:" not in result.stderr
    assert "20 images in 2 classes, 1 skipped" in result.stdout
    assert np.load(out).shape == (20, 16)
    only = tmp_path / "only"
    only.mkdir()
    bad.rename(only / "bad.png")
    args = ("-m", model, "-o", tmp_path / "x.npy", "--on-error", "skip")
    (photos / "cat" / "IMG_1.HEIC").touch()
    assert "Note: 1 picture in" in zcore("embed", photos, *args, "--force").stderr
    assert "No image in" in zcore("embed", only, *args, "--force", code=2).stderr


def test_cache(zcore, photos, model, tmp_path, own_cache):
    other = tmp_path / "other"
    args = ("embed", photos, "-m", model, "-o", tmp_path / "e.npy", "--force")
    zcore(*args)
    zcore(*args, "--cache-dir", other)
    for options in ([], ["--cache-dir", other]):
        shown = zcore("cache", "info", *options).stdout
        for part in ("20 embeddings", "20 images, 16 features", "float32", "kB", str(model)):
            assert part in shown
    report = json.loads(zcore("cache", "info", "--json").stdout)
    assert report["models"][0]["n_embeddings"] == 20 and report["bytes"] > 1000
    assert str(own_cache) in zcore("cache", "clear").stdout
    assert "0 embeddings" in zcore("cache", "info").stdout
    assert "20 embeddings" in zcore("cache", "info", "--cache-dir", other).stdout


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--carry", "a", "--sep", ";"], ["--carry, --sep: for tables, and", "folder of images"]),
        (["--indices"], ["--indices: for tables"]),
        (["--on-error", "ignore"], ["--on-error 'ignore' is unknown", "stop, skip"]),
        (["--pooling", "max"], ["--pooling 'max' is unknown"]),
        (["--dtype", "float64"], ["--dtype 'float64' is unknown"]),
        (["--no-cache", "--cache-dir", "x"], ["--no-cache and --cache-dir contradict"]),
        (["--copy-to", "a", "--link-to", "b"], ["--copy-to and --link-to contradict"]),
        (["--copy-to", "no/such/folder"], ["the directory no/such does not exist"]),
        (["--device", "gpu"], ["device='gpu' is not known to torch"]),
        (["--model", "nobody/nothing", "--offline"], ["local_files_only=True", "hf download"]),
        (["--method", "zcor"], ["did you mean 'zcore'?"]),
        (["--budget", "21"], ["more rows than there are (20)"]),
    ],
)
def test_mistakes(options, parts, selected):
    message = selected(*options, code=2).stderr
    for part in parts:
        assert part in message


def test_folders_for_files_that_are_in_use(selected, photos, tmp_path):
    assert "is not empty" in selected("--copy-to", tmp_path, code=2).stderr
    inside = selected("--link-to", photos / "chosen", code=2).stderr
    assert "where the next run would find the copies" in inside


def test_link_in_the_place_of_a_new_folder(selected, tmp_path):
    """Nothing could be put there: it is told before an hour of embedding, not after."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    result = selected("--copy-to", tmp_path / "link", code=2)
    assert "is a link" in result.stderr and "embed" not in result.stderr
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert "is a link" in selected("--link-to", tmp_path / "link", code=2).stderr


def test_a_folder_called_tilde(zcore, photos, model, tmp_path, monkeypatch):
    """The shell has replaced the ~ that means the home directory; one that is left is a name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    photos.rename("~")
    report = json.loads(zcore("embed", "~", "-m", model, "-o", "e.npy", "--json").stdout)
    assert report["n_images"] == 20


def test_embeddings_and_paths_appear_together(zcore, photos, model, tmp_path, monkeypatch):
    """A disk that fills with the paths leaves the embeddings of before, too."""
    from sklearn_zcore.cli import _embed

    args = ("embed", photos, "-m", model, "-o", tmp_path / "e.npy", "--force")
    zcore(*args)
    before = (tmp_path / "e.npy").read_bytes()
    (photos / "cat" / "01.png").unlink()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_embed, "write_columns", full)
    result = zcore(*args, code=2)
    assert "e.npy and" in result.stderr and "could not be written: No space left" in result.stderr
    assert (tmp_path / "e.npy").read_bytes() == before
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]


def test_image_that_needs_too_much_memory(zcore, photos, model, tmp_path, monkeypatch):
    def transform(self, X):
        raise MemoryError("80 GiB")

    monkeypatch.setattr(FoundationEmbedder, "fit_transform", transform)
    result = zcore("embed", photos, "-m", model, "-o", tmp_path / "e.npy", code=2)
    assert "Not enough memory to embed the images (80 GiB)" in result.stderr
    assert "--batch-size" in result.stderr and "columns" not in result.stderr


def test_outputs_and_inputs_that_do_not_go_together(zcore, photos, model, npy, tmp_path):
    args = ("select", photos, "-b", 3)
    result = zcore(*args, "-m", model, "-o", tmp_path / "c.npy", code=2)
    assert "does not write here" in result.stderr and ".csv, .parquet" in result.stderr
    result = zcore(*args, "-o", tmp_path / "c.csv", code=2)
    assert "is a directory" in result.stderr and "--model clip" in result.stderr
    result = zcore(*args, "-o", tmp_path / "c.csv", "--on-error", "skip", code=2)
    assert "is a directory, and --model is missing" in result.stderr
    result = zcore("select", npy, "-b", 3, "-o", tmp_path / "c.csv", "--model", "clip", code=2)
    assert "--model: for folders of images, and" in result.stderr
    result = zcore("embed", photos, "-o", tmp_path / "c.csv", "-m", model, code=2)
    assert ".parquet, .npy" in result.stderr
    empty = tmp_path / "empty"
    empty.mkdir()
    result = zcore("embed", empty, "-o", tmp_path / "c.npy", "-m", model, code=2)
    assert "holds no image" in result.stderr
    result = zcore("embed", tmp_path / "no", "-o", tmp_path / "c.npy", "-m", model, code=2)
    assert "does not exist" in result.stderr


def test_help_of_the_commands(zcore):
    for args, parts in [
        (["embed", "--help"], ["Examples", "--model", "Exit codes", "--workers"]),
        (["cache", "--help"], ["info", "clear"]),
        (["select", "--help"], ["--copy-to", "--link-to", "--on-error"]),
    ]:
        text = zcore(*args).stdout
        for part in parts:
            assert part in text


def test_the_docs_tell_of_every_key(zcore, photos, model, tmp_path):
    from tests.cli.test_cli_structure import DOCS

    text = DOCS.read_text("utf-8")
    args = (
        "select",
        photos,
        "-m",
        model,
        "-b",
        3,
        "-o",
        tmp_path / "c.csv",
        *ZCORE,
        "--n-iter",
        500,
    )
    for command in (args, ("embed", photos, "-m", model, "-o", tmp_path / "e.npy")):
        for key in json.loads(zcore(*command, "--json").stdout):
            assert f"``{key}``" in text, key


@pytest.mark.slow
def test_compare_on_sub_folders(zcore, photos, model, tmp_path):
    """The sub-folders are the classes; broken images are left out where that is asked for."""
    args = ("compare", photos, "--model", model, "-b", "50%", "--folds", "2", "--jobs", "1")
    figure = tmp_path / "compared.svg"
    args += ("--methods", "facility-location", "--figure", figure, "--json")
    report = json.loads(zcore(*args).stdout)
    assert report["n_rows"] == 20 and report["n_classes"] == 2
    assert set(report["macro_f1"]) == {"facility-location", "random"}
    assert "<svg" in figure.read_text()
    (photos / "cat" / "01.png").write_bytes(b"")
    assert "1 image of 20 cannot be read" in zcore(*args, "--force", code=2).stderr
    skipped = zcore(*args, "--force", "--on-error", "skip")
    assert json.loads(skipped.stdout)["n_rows"] == 19 and "01.png" in skipped.stderr
    flat = zcore("compare", photos / "cat", "--model", model, code=2)
    assert "have no classes" in flat.stderr
