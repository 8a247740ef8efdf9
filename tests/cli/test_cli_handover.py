"""What is handed over to other tools, read by their own readers where they are installed."""

import csv
import gc
import json
import shutil
import warnings

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.embedding import tiny

FORMATS = ["csv", "parquet", "jsonl", "label-studio", "fiftyone", "imagefolder"]
ADDED = ["zcore_row", "zcore_score", "zcore_rank"]


def load_images(folder, cache):
    """Load a folder by the reader it is for, which leaves its metadata.csv open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        data = datasets.load_dataset(
            "imagefolder", data_dir=str(folder), split="train", cache_dir=str(cache)
        )
        gc.collect()
    return data


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny.save("resnet", tmp_path_factory.mktemp("resnet"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ZCORE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def photos(tmp_path):
    """Return a folder of two classes of images, with names that are hard on formats."""
    rng = np.random.default_rng(0)
    for number in range(12):
        name = f"{number:02d} ä&?#%.png" if number % 3 else f"={number:02d},'x'.png"
        path = tmp_path / "photos" / ("cat" if number % 2 else "dog/big") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(path)
    return tmp_path / "photos"


@pytest.fixture
def chosen(zcore, photos, model):
    """Select half of the images; return what was written."""

    def run(out, *args, **kwargs):
        base = (
            "select",
            photos,
            "--model",
            model,
            "-b",
            "50%",
            "-o",
            out,
            "--method",
            "zcore",
            "--n-iter",
            500,
        )
        zcore(*base, *args, **kwargs)
        return out

    return run


@pytest.fixture
def reference(chosen, tmp_path):
    """Return the rows of the CSV file."""
    out = chosen(tmp_path / "reference.csv", "--formulas", "keep")
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_imagefolder_is_read_by_hugging_face(chosen, reference, photos, tmp_path):
    out = chosen(tmp_path / "hf", "--format", "imagefolder")
    data = load_images(out, tmp_path / "hf_cache")
    assert data.num_rows == 6
    assert set(data.column_names) == {"image", "path", "label", *ADDED}
    by_path = {row["path"]: row for row in data}
    for row in reference:
        found = by_path[row["path"]]
        assert found["label"] == row["label"]
        assert found["zcore_score"] == pytest.approx(float(row["zcore_score"]))
        with Image.open(row["path"]) as original:
            np.testing.assert_array_equal(np.asarray(found["image"]), np.asarray(original))
    assert len([path for path in out.rglob("*") if path.is_file()]) == 7


def test_fiftyone(chosen, reference, tmp_path):
    """As its importer of FiftyOneDataset reads it; fiftyone itself needs a database."""
    out = chosen(tmp_path / "fo", "--format", "fiftyone")
    assert [path.name for path in out.iterdir()] == ["samples.json"]
    samples = json.loads((out / "samples.json").read_text("utf-8"))["samples"]
    assert [sample["filepath"] for sample in samples] == [row["path"] for row in reference]
    for sample, row in zip(samples, reference, strict=True):
        assert sample["tags"] == ["coreset"]
        assert sample["ground_truth"] == {"_cls": "Classification", "label": row["label"]}
        assert [sample[name] for name in ADDED] == [json.loads(row[name]) for name in ADDED]


def test_label_studio(chosen, reference, photos, tmp_path):
    """Tasks as documented: a list of objects, whose data hold what is shown."""
    from urllib.parse import parse_qs, urlsplit

    out = chosen(tmp_path / "tasks.json", "--format", "label-studio")
    tasks = json.loads(out.read_text("utf-8"))
    assert all(list(task) == ["data"] for task in tasks)
    for task, row in zip(tasks, reference, strict=True):
        url = urlsplit(task["data"]["image"])
        assert url.path == "/data/local-files/" and not url.fragment
        assert str(photos / parse_qs(url.query)["d"][0]) == row["path"] == task["data"]["path"]
        assert task["data"]["label"] == row["label"]
        assert task["data"]["zcore_row"] == int(row["zcore_row"])


def test_fiftyone_reads_it(chosen, reference, tmp_path):
    importers = pytest.importorskip(
        "fiftyone.utils.data.importers", reason="fiftyone is no test dependency: it has a server"
    )
    importer = importers.FiftyOneDatasetImporter(
        str(chosen(tmp_path / "fo", "--format", "fiftyone"))
    )
    assert importer._is_legacy_format_data()  # it then reads samples.json by itself
    importer = importer._to_legacy_importer()
    importer.setup()
    for sample, row in zip(importer, reference, strict=True):
        assert (sample.filepath, sample.ground_truth.label) == (row["path"], row["label"])
        assert sample["zcore_rank"] == int(row["zcore_rank"]) and sample.tags == ["coreset"]


def test_label_studio_takes_the_tasks(chosen, tmp_path):
    sdk = pytest.importorskip(
        "label_studio_sdk.label_interface", reason="Label Studio's client is no test dependency"
    )
    project = sdk.LabelInterface(
        '<View><Image name="image" value="$image"/><Choices name="kind" toName="image">'
        '<Choice value="cat"/><Choice value="dog"/></Choices></View>'
    )
    out = chosen(tmp_path / "tasks.json", "--format", "label-studio")
    assert all(project.validate_task(task) for task in json.loads(out.read_text("utf-8")))


@pytest.fixture
def typed(tmp_path):
    """Return a Parquet file of many types, with missing values."""
    n = 20
    table = pa.table(
        {
            "id": [f"row {i}" for i in range(n)],
            "x": np.random.default_rng(0).normal(size=n),
            "z": np.random.default_rng(1).normal(size=n),
            "holes": [None if i % 3 else float("nan") if i % 2 else i / 7 for i in range(n)],
            "day": pd.date_range("2024-01-01", periods=n).date,
            "when": pd.date_range("2024-01-01", periods=n, freq="h"),
            "price": pa.array([None, "1.10"] * (n // 2)).cast(pa.decimal128(5, 2)),
            "tags": [["a", "ü"]] * n,
            "kind": pd.Categorical(["p", "q"] * (n // 2)),
            "flag": [True, None] * (n // 2),
        }
    )
    path = tmp_path / "typed.parquet"
    pq.write_table(table, path)
    return path


CARRY = ("--carry", "id,holes,day,when,price,tags,kind,flag")


def test_jsonl(select, typed, tmp_path):
    for out, args in (("a.jsonl", ()), ("b.txt", ("--format", "jsonl"))):
        select(typed, *CARRY, "-o", tmp_path / out, *args, budget="8")
    text = (tmp_path / "a.jsonl").read_text("utf-8")
    assert text == (tmp_path / "b.txt").read_text("utf-8") and "ü" in text
    rows = [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]
    source = pq.read_table(typed).to_pylist()
    assert len(rows) == 8
    for row in rows:
        original = source[row["zcore_row"]]
        assert row["id"] == original["id"] and row["x"] == original["x"]
        assert row["day"] == original["day"].isoformat()
        assert row["when"] == original["when"].isoformat()
        assert row["price"] == (None if original["price"] is None else "1.10")
        assert row["tags"] == ["a", "ü"] and row["flag"] is original["flag"]
        assert row["holes"] is None or row["holes"] == original["holes"]
    data = datasets.load_dataset(
        "json", data_files=str(tmp_path / "a.jsonl"), split="train", cache_dir=str(tmp_path / "c")
    )
    assert list(data["id"]) == [row["id"] for row in rows]


def test_label_studio_of_a_table(select, typed, tmp_path):
    select(typed, *CARRY, "-o", tmp_path / "t.json", "--format", "label-studio", budget="8")
    tasks = json.loads((tmp_path / "t.json").read_text("utf-8"))
    source = pq.read_table(typed)["id"].to_pylist()
    assert [task["data"]["id"] for task in tasks] == [
        source[task["data"]["zcore_row"]] for task in tasks
    ]
    assert "image" not in tasks[0]["data"]


def test_array_as_jsonl(select, npy, X, tmp_path):
    select(npy, "--raw", "-o", tmp_path / "x.jsonl", budget="5")
    for line in (tmp_path / "x.jsonl").read_text().splitlines():
        row = json.loads(line)
        np.testing.assert_array_equal(
            np.float32([row[f"f{i}"] for i in range(4)]), X[row["zcore_row"]]
        )


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_format_says_more_than_an_extension(select, typed, tmp_path, format):
    drop = ("--carry", "id,holes,day,when,price,kind,flag", "--ignore", "tags")
    select(typed, *drop, "-o", tmp_path / "out.dat", "--format", format, budget="8")
    read = pd.read_csv if format == "csv" else pd.read_parquet
    assert len(read(tmp_path / "out.dat")) == 8


@pytest.fixture
def listed(photos, tmp_path):
    """Return a table beside the folder, with paths relative to it."""
    paths = sorted(str(path.relative_to(tmp_path)) for path in photos.rglob("*.png"))
    frame = pd.DataFrame({"path": paths, "x": np.random.default_rng(0).normal(size=len(paths))})
    frame["z"] = frame["x"].to_numpy()[::-1]
    frame["id"], frame["_hidden"], frame["a.b"] = range(12), 1, 2
    frame.to_csv(tmp_path / "list.csv", index=False)
    return tmp_path / "list.csv"


def test_tables_of_paths(select, listed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path.parent)
    args = (listed, "--columns", "x,z")
    select(*args, "-o", tmp_path / "hf", "--format", "imagefolder", budget="6")
    select(*args, "-o", tmp_path / "fo", "--format", "fiftyone", budget="6")
    data = load_images(tmp_path / "hf", tmp_path / "c")
    samples = json.loads((tmp_path / "fo" / "samples.json").read_text("utf-8"))["samples"]
    assert len(samples) == data.num_rows == 6
    assert {sample["filepath"] for sample in samples} == {str(tmp_path / p) for p in data["path"]}
    # FiftyOne has an id of its own, hidden fields, and fields within fields.
    assert {"id_", "hidden", "a_b"} < set(samples[0]) and "id" not in samples[0]


def test_files_that_are_not_there(fails, listed, photos, npy):
    shutil.rmtree(photos / "cat")
    for format in ("fiftyone", "imagefolder"):
        message = fails(listed, "--columns", "x,z", "--format", format, out="new", budget="100%")
        assert "6 files of the column 'path' cannot be found" in message
        assert "relative to the table's folder" in message
        assert "no column of their paths" in fails(npy, "--format", format, out="new")


def test_an_image_column_would_collide(fails, listed, tmp_path):
    frame = pd.read_csv(listed).rename(columns={"path": "image"})
    frame.to_csv(tmp_path / "images.csv", index=False)
    message = fails(
        tmp_path / "images.csv", "--columns", "x,z", "--format", "imagefolder", out="new"
    )
    assert "column 'image' would stand beside the images" in message


def test_new_folders_only(fails, npy, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("")
    for args in ((), ("--force",)):
        message = fails(npy, "--format", "imagefolder", *args, out="full")
        assert "--out: " in message and "exists and is not empty" in message
    assert "does not exist" in fails(npy, "--format", "fiftyone", out="no/folder")


def test_folder_within_the_images(chosen, photos):
    chosen(photos / "inside", "--format", "imagefolder", code=2)
    assert not (photos / "inside").exists()


def test_formats_that_mean_nothing(fails, npy, mixed):
    assert "'coco' is unknown" in fails(npy, "--format", "coco")
    assert "--indices writes .csv or .npy" in fails(npy, "--indices", "--format", "jsonl")
    assert "--formulas: for CSV files" in fails(
        mixed, "--format", "label-studio", "--formulas", "keep"
    )
    assert "extension" in fails(npy, out="out.parquet.gz")


def test_bytes_are_no_json(fails, tmp_path):
    table = pa.table({"x": [1.0, 2.0, 3.0], "z": [2.0, 2.5, 1.0], "blob": [b"1", b"2", b"3"]})
    pq.write_table(table, tmp_path / "blob.parquet")
    message = fails(tmp_path / "blob.parquet", "--carry", "blob", out="o.jsonl")
    assert "Column 'blob' holds bytes" in message and "--ignore" in message


def test_a_full_disk_leaves_no_folder(chosen, photos, tmp_path, monkeypatch):
    def copy(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", copy)
    chosen(tmp_path / "new", "--format", "imagefolder", code=2)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_json_report(zcore, npy, tmp_path):
    out = tmp_path / "tasks.json"
    args = ("-b", 5, "-o", out, "--format", "label-studio", "--method", "zcore", "--n-iter", 500)
    assert json.loads(zcore("select", npy, *args, "--json").stdout)["output"] == str(out)
    assert str(out) in zcore("select", npy, *args, "--force").stdout
