"""Names that are no text, or more than text: written reversibly, shown without harm."""

import csv
import json
import os
import re
import sys

import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image", reason="images need the extra 'embed'")
pytest.importorskip("torch", reason="images need the extra 'embed'")
pytest.importorskip("transformers", reason="images need the extra 'embed'")

from sklearn_zcore._escape import shown, written  # noqa: E402
from tests.embedding import tiny  # noqa: E402

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems have no names that are not text"
)

ZCORE = ("--method", "zcore")


NAMES = [b"d\xff", b"caf\xe9", b"a\\xe9", "Köln".encode(), b"new\nline", b"red\x1b[31m"]


def original(text):
    """Return the bytes that were written: what a program does that reads the output."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes.fromhex(m[1].decode()), text.encode())


@pytest.mark.parametrize("name", [*NAMES, b"\\", b"\\x", b"\\x5c", b"\\x5cxff", b"C:\\xenon"])
def test_written_and_back(name):
    text = written(os.fsdecode(name))
    text.encode("utf-8")
    assert original(text) == name
    assert written("plain") == "plain"


def test_shown():
    assert shown("a\x1b[2Jb\x9b\r\n\t\u202e") == "a\\x1b[2Jb\\x9b\\r\\n\\t\\u202e"
    assert shown("a\n  b\x07", lines=True) == "a\n  b\\x07"
    assert shown(os.fsdecode(b"d\xff")) == "d\\xff"
    assert shown("Köln, 北京") == "Köln, 北京"


@pytest.fixture
def photos(tmp_path):
    """Return a folder with an image in a sub-folder of each name."""
    rng = np.random.default_rng(0)
    for name in NAMES:
        folder = os.path.join(os.fsencode(tmp_path / "photos"), name)
        os.makedirs(folder)
        image = Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8))
        image.save(tmp_path / "image.png")
        os.rename(tmp_path / "image.png", os.path.join(folder, name + b".png"))
    return tmp_path / "photos"


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv("ZCORE_CACHE_DIR", str(tmp_path / "cache"))
    return tiny.save("resnet", tmp_path / "resnet")


def test_names_of_files(zcore, photos, model, tmp_path):
    import pyarrow.parquet as pq

    zcore("embed", photos, "-m", model, "-o", tmp_path / "e.parquet")
    zcore("embed", photos, "-m", model, "-o", tmp_path / "e.npy", "--json")
    args = ("select", photos, "-m", model, "-b", "100%", "--method", "random")
    zcore(*args, "-o", tmp_path / "c.csv", "--copy-to", tmp_path / "copied")
    zcore(*args, "-o", tmp_path / "c.parquet", "--json")
    table = pq.read_table(tmp_path / "e.parquet").to_pydict()
    for file in ("e.paths.csv", "c.csv"):
        with open(tmp_path / file, encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert [row["path"] for row in rows] == table["path"]
        assert [row["label"] for row in rows] == table["label"]
    assert pq.read_table(tmp_path / "c.parquet").to_pydict()["path"] == table["path"]
    assert {original(label) for label in table["label"]} == set(NAMES)
    assert all(os.path.exists(original(path)) for path in table["path"])
    assert set(os.listdir(os.fsencode(tmp_path / "copied"))) == set(NAMES)


def test_names_of_broken_files(zcore, photos, model, tmp_path):
    bad = os.path.join(os.fsencode(photos), b"d\xff", b"bad\xff\x1b[31m\n.png")
    with open(bad, "wb") as file:
        file.write(b"no picture")
    args = ("embed", photos, "-m", model, "-o", tmp_path / "e.npy")
    told = zcore(*args, code=2).stderr
    assert "bad\\xff\\x1b[31m\\n.png: is not an image" in told and "\x1b" not in told
    result = zcore(*args, "--on-error", "skip", "--json")
    (skipped,) = json.loads(result.stdout)["skipped"]
    assert original(skipped) == bad
    assert "bad\\xff\\x1b[31m\\n.png: is not an image" in result.stderr


def test_names_of_columns(zcore, write, tmp_path):
    rows = [f"{i % 7},{i * 3 % 11}" for i in range(60)]
    path = write("\n".join(["a,red\x1b[31m", *rows]), "t\x1b[1m.csv")
    args = (
        "select",
        path,
        "-b",
        5,
        "-o",
        tmp_path / "o.csv",
        *ZCORE,
        "--n-iter",
        500,
        "--subspace-dim",
        1,
    )
    result = zcore(*args, "--carry", "red\x1b[31m")
    assert "\x1b" not in result.stdout + result.stderr
    assert "t\\x1b[1m.csv" in result.stdout and "red\\x1b[31m" in result.stdout
    told = zcore("select", tmp_path / "no\x1b[1m.csv", "-b", 5, "-o", tmp_path / "p.csv", code=2)
    assert "no\\x1b[1m.csv does not exist" in told.stderr and "\x1b" not in told.stderr
