"""Rows as files that other tools read, from Python."""

import datetime
import io
import json
import os
from decimal import Decimal

import numpy as np
import pytest

from sklearn_zcore.handover import (
    Media,
    media_of,
    plain_columns,
    write_columns,
    write_file,
    write_folder,
)
from sklearn_zcore.tables import TableError


def tasks(columns, media=None):
    file = io.BytesIO()
    write_file("label-studio", file, columns, media)
    return json.loads(file.getvalue())


def test_plain_values():
    columns = {
        "array": np.array([0.5, np.nan, -np.inf], dtype=np.float32),
        "flags": np.array([True, False, True]),
        "values": [Decimal("1.10"), datetime.time(1, 2), datetime.timedelta(hours=1)],
        "nested": [{"a": [np.nan, 1]}, (1, None), "ü"],
    }
    assert plain_columns(columns) == {
        "array": [0.5, None, None],
        "flags": [True, False, True],
        "values": ["1.10", "01:02:00", "1:00:00"],
        "nested": [{"a": [None, 1]}, [1, None], "ü"],
    }
    with pytest.raises(TableError, match=r"Column 'x' holds complex, which JSON cannot.*ignore"):
        plain_columns({"x": np.array([1j])})


def test_no_rows():
    assert tasks({"x": []}) == []
    file = io.BytesIO()
    write_file("jsonl", file, {"x": []})
    assert file.getvalue() == b""


def test_tables():
    file = io.BytesIO()
    write_columns(file, "csv", {"text": ["=1+1", None], "x": np.array([0.1, np.nan])})
    assert file.getvalue() == b"text,x\n'=1+1,0.1\n,\n"


@pytest.fixture
def media(tmp_path):
    for name in ("a/1.png", "b/1.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(name.encode())
    return Media(tmp_path, [str(tmp_path / "a/1.png"), str(tmp_path / "b/1.png")])


def test_columns_of_a_table_are_kept_beside_the_image(media):
    assert tasks({"image": ["x", "y"], "n": [1, 2]}) == [
        {"data": {"image": "x", "n": 1}},
        {"data": {"image": "y", "n": 2}},
    ]
    urls = [task["data"]["image"] for task in tasks({"n": [1, 2]}, media)]
    assert urls == ["/data/local-files/?d=a/1.png", "/data/local-files/?d=b/1.png"]


def test_fields_of_fiftyone(media, tmp_path):
    columns = {"id": [1, 2], "id_": [3, 4], "_": [5, 6], "label": ["cat", None], "a.b": [None, 7]}
    write_folder("fiftyone", tmp_path, columns, media)
    first, second = json.loads((tmp_path / "samples.json").read_text())["samples"]
    assert first == {
        "filepath": media.paths[0],
        "tags": ["coreset"],
        "id__": 1,
        "id_": 3,
        "column": 5,
        "ground_truth": {"_cls": "Classification", "label": "cat"},
    }
    assert second["a_b"] == 7 and "ground_truth" not in second


def test_imagefolder_keeps_sub_folders(media, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write_folder("imagefolder", out, {"tags": [["a"], None], "file_name": ["old", "old"]}, media)
    assert (out / "b/1.png").read_bytes() == b"b/1.png"
    lines = (out / "metadata.csv").read_text().splitlines()
    assert lines == ["file_name,tags", 'a/1.png,"[""a""]"', "b/1.png,"]


@pytest.mark.skipif(os.name == "nt", reason="names of files are text on Windows")
@pytest.mark.parametrize("format", ["fiftyone", "imagefolder"])
def test_names_that_are_no_text(format, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    media = Media(tmp_path, [path])
    with pytest.raises(TableError, match=r"caf\\xe9.png.*no UTF-8.*Rename it"):
        write_folder(format, tmp_path, {"x": [1]}, media)
    with pytest.raises(TableError, match="no UTF-8"):
        tasks({"x": [1]}, media)


def test_files_of_a_table(media, tmp_path):
    found = media_of({"path": ["a/1.png"], "file_name": ["b/1.png"]}, tmp_path, "fiftyone")
    assert found == Media(tmp_path / "b", [media.paths[1]])  # the more telling name comes first
    assert media_of({"path": ["a/1.png", media.paths[1]]}, tmp_path, "fiftyone").root == tmp_path
    with pytest.raises(TableError, match="1 file of the column 'path' cannot be found, such as"):
        media_of({"path": ["a/1.png", None]}, tmp_path, "fiftyone")
    with pytest.raises(TableError, match="fiftyone is for files, and the table has no column"):
        media_of({"x": [1]}, tmp_path, "fiftyone")
