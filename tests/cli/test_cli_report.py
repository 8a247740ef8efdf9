"""``zcore report``, and ``zcore select --report``."""

import errno
import json
import os
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from sklearn_zcore import CoresetReport, _atomic
from sklearn_zcore.inspection.report import read_coreset_file
from sklearn_zcore.tables import TableError
from tests.embedding import tiny


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    columns = {
        "width": rng.normal(size=60),
        "height": rng.normal(size=60),
        "town": rng.choice(["Ulm", "Bonn, north"], size=60),
    }
    path = tmp_path / "table.csv"
    lines = [f'{w},{h},"{t}"' for w, h, t in zip(*columns.values(), strict=True)]
    path.write_text("\n".join([",".join(columns), *lines]) + "\n")
    return path


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    for place in range(12):
        file = tmp_path / "photos" / "ab"[place % 2] / f"{place}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(file)
    return tmp_path / "photos"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny.save("resnet", tmp_path_factory.mktemp("resnet"))


def coreset_of(page):
    """Return the rows on a page, in order."""
    text = page.read_text("utf-8")
    data = json.loads(re.search(r'id="report-data">(.*?)</script>', text, re.DOTALL)[1])
    return [row["row"] for row in data["coreset"]]


SELECT = ("--method", "facility-location")


def test_select_writes_a_report_beside_the_coreset(zcore, table, tmp_path):
    out, page = tmp_path / "c.csv", tmp_path / "r.html"
    args = ("select", table, "-b", 6, *SELECT, "-o", out, "--report", page, "--groups", "town")
    result = zcore(*args, "--order", "rank")
    rows = [int(line.split(",")[-3]) for line in out.read_text().splitlines()[1:]]
    assert coreset_of(page) == rows and len(rows) == 6
    assert str(page) in result.stdout
    text = page.read_text("utf-8")
    assert "facility location" in text and "Bonn, north" in text and ">width<" in text
    found = json.loads(zcore(*args, "--force", "--json").stdout)
    assert found["report"] == str(page)
    found = json.loads(zcore(*args[:-4], "--force", "--json").stdout)
    assert found["report"] is None


def test_a_report_of_a_folder(zcore, photos, model, tmp_path):
    embed = ("--model", model, "--cache-dir", tmp_path / "cache")
    out, page = tmp_path / "c.csv", tmp_path / "r.html"
    zcore("select", photos, *embed, "-b", 4, *SELECT, "-o", out, "--report", page)
    text = page.read_text("utf-8")
    data = json.loads(re.search(r'id="report-data">(.*?)</script>', text, re.DOTALL)[1])
    assert len(data["images"]) == 12 and "label" in text
    assert sorted(data["captions"].values()) == sorted(map(str, photos.rglob("*.png")))
    again = tmp_path / "again.html"
    zcore("report", photos, *embed, "--coreset", out, "--out", again)
    assert coreset_of(again) == coreset_of(page)


def test_row_numbers_of_skipped_images(zcore, photos, model, tmp_path):
    (photos / "a" / "0.png").write_bytes(b"broken")
    embed = ("--model", model, "--no-cache", "--on-error", "skip")
    coreset, page = tmp_path / "c.csv", tmp_path / "r.html"
    coreset.write_text("path\nb/3.png\na/4.png\n")
    zcore("report", photos, *embed, "-c", coreset, "-o", page)
    text = page.read_text("utf-8")
    cards = re.search(r'<ol class="cards">(.*?)</ol>', text, re.DOTALL)[1]
    assert cards.index("b/3.png") < cards.index("a/4.png")
    coreset.write_text("path\na/0.png\n")
    result = zcore("report", photos, *embed, "-c", coreset, "-o", page, "-f", code=2)
    assert "row 0, which had to be left out" in result.stderr


@pytest.mark.parametrize(
    "name, content",
    [
        ("rows.csv", "zcore_row,zcore_rank\n5,2\n7,1\n40,3\n"),
        ("rows.csv", "row,rank\n5,2\n7,1\n40,3\n"),
        ("rows.csv", "anything\n7\n5\n40\n"),
        ("rows.csv", "7\n5\n40\n"),
        ("rows.csv", "a,index\nx,7\ny,5\nz,40\n"),
        ("rows.npy", np.array([7, 5, 40])),
        ("rows.npy", np.array([[7], [5], [40]], dtype=np.uint8)),
        ("rows.parquet", {"index": [7.0, 5.0, 40.0], "b": ["x", "y", "z"]}),
    ],
)
def test_coresets_of_any_tool(zcore, table, tmp_path, name, content):
    coreset, page = tmp_path / name, tmp_path / "r.html"
    if isinstance(content, str):
        coreset.write_text(content)
    elif isinstance(content, dict):
        pq.write_table(pa.table(content), coreset)
    else:
        np.save(coreset, content)
    result = zcore("report", table, "--coreset", coreset, "--out", page, "--json")
    assert json.loads(result.stdout) == {"report": str(page), "n_selected": 3}
    assert coreset_of(page) == [7, 5, 40]
    rows = read_coreset_file(coreset, 60)
    expected = CoresetReport(rows, np.random.default_rng(0).normal(size=(60, 2)))
    assert [row["row"] for row in expected.to_dict()["coreset"]["rows"]] == [7, 5, 40]


def test_a_mask(tmp_path):
    mask = np.zeros(9, bool)
    mask[[2, 5]] = True
    np.save(tmp_path / "mask.npy", mask)
    assert read_coreset_file(tmp_path / "mask.npy", 9).tolist() == [2, 5]


@pytest.mark.parametrize("text", ["path\n{}\n{}\n", "{}\n{}\n", "n,filename\n1,{}\n2,{}\n"])
@pytest.mark.parametrize("form", ["whole", "folder", "name"])
def test_paths_in_every_form(tmp_path, text, form):
    paths = [str(tmp_path / folder / f"{i}.png") for i in range(4) for folder in ("a", "b")]
    paths += [str(tmp_path / "c" / "only.png"), str(tmp_path / "c" / "1")]
    wanted = {"whole": paths[3], "folder": "b/1.png", "name": "b/1.png"}[form]
    other = {"whole": paths[8], "folder": "c/only.png", "name": "only.png"}[form]
    (tmp_path / "c.csv").write_text(text.format(other, wanted))
    assert read_coreset_file(tmp_path / "c.csv", 10, paths).tolist() == [8, 3]


@pytest.mark.parametrize(
    "text, message",
    [
        ("row\n60\n", "60.*60 rows.*0 to 59"),
        ("row\n-1\n", "-1"),
        ("row\n1.5\n", "1.5"),
        ("row\n3\n4\n3\n", "row 3 twice"),
        ("row\nx\n", "'x'"),
        ("a,b\n1,2\n", "2 columns.*none is called zcore_row"),
        ("row\n", "no data|no rows|empty"),
    ],
)
def test_what_is_no_coreset(zcore, table, tmp_path, text, message):
    (tmp_path / "c.csv").write_text(text)
    page = tmp_path / "r.html"
    result = zcore("report", table, "-c", tmp_path / "c.csv", "-o", page, code=2)
    assert re.search(message, result.stderr, re.DOTALL), result.stderr
    assert not page.exists()


def test_a_path_that_was_kept_from_spreadsheets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.csv").write_text("path\n'=cmd.png\n")
    assert read_coreset_file("c.csv", 2, ["a.png", "=cmd.png"]).tolist() == [1]


def test_files_that_are_not_there(tmp_path):
    paths = [str(tmp_path / folder / "1.png") for folder in "ab"]
    coreset = tmp_path / "c.csv"
    coreset.write_text("path\nx.png\ny.png\n")
    with pytest.raises(TableError, match="2 files that are not in the folder: 'x.png', 'y.png'"):
        read_coreset_file(coreset, 2, paths)
    coreset.write_text("path\n1.png\n2.png\n")
    with pytest.raises(TableError, match="'1.png', and there are 2 such files"):
        read_coreset_file(coreset, 2, paths)
    with pytest.raises(TableError, match="no column 'z'"):
        read_coreset_file(coreset, 2, paths, column="z")


def test_dropped_rows_keep_their_numbers(zcore, table, tmp_path):
    lines = table.read_text().splitlines()
    lines[1] = ',1,"Ulm"'
    table.write_text("\n".join(lines) + "\n")
    (tmp_path / "c.csv").write_text("row\n59\n1\n")
    page = tmp_path / "r.html"
    zcore("report", table, "--missing", "drop", "-c", tmp_path / "c.csv", "-o", page)
    assert coreset_of(page) == [58, 0]
    assert "zcore_row" in page.read_text("utf-8")


def test_a_report_is_not_overwritten_without_force(zcore, table, tmp_path):
    out, page = tmp_path / "c.npy", tmp_path / "r.html"
    page.write_text("mine")
    select = ("select", table, "-b", 6, *SELECT, "-o", out, "--report", page)
    result = zcore(*select, code=2)
    assert "exists" in result.stderr and "--force" in result.stderr
    assert page.read_text() == "mine" and not out.exists()
    zcore(*select, "--force")
    assert page.read_text("utf-8").startswith("<!doctype html>")
    page.write_text("mine")
    result = zcore("report", table, "-c", out, "-o", page, code=2)
    assert "exists" in result.stderr and page.read_text() == "mine"
    zcore("report", table, "-c", out, "-o", page, "-f")
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_a_full_disk_leaves_nothing_of_the_report(zcore, table, tmp_path, monkeypatch):
    out, page = tmp_path / "c.npy", tmp_path / "r.html"
    real, calls = os.fsync, []

    def full(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(_atomic.os, "fsync", full)
    result = zcore("select", table, "-b", 6, *SELECT, "-o", out, "--report", page, code=2)
    assert "r.html could not be written: No space left on device" in result.stderr
    assert sorted(os.listdir(tmp_path)) == ["c.npy", "table.csv"]  # what took the time is kept


def test_mistakes_are_told_before_the_work(zcore, fails, table, tmp_path, monkeypatch):
    from sklearn_zcore import ZCoreSelector

    monkeypatch.setattr(ZCoreSelector, "fit", None)  # would be a bug
    page = tmp_path / "r.html"
    assert "is no page" in fails(table, "--report", tmp_path / "r.txt")
    assert "does not exist" in fails(table, "--report", tmp_path / "no" / "r.html")
    assert "--groups: for the report" in fails(table, "--groups", "town")
    message = fails(table, "--report", page, "--groups", "towm")
    assert "'towm'; did you mean 'town'?" in message
    monkeypatch.setitem(__import__("sys").modules, "bokeh", None)
    assert "sklearn-zcore[report]" in fails(table, "--report", page)


def test_options_of_tables_are_refused_for_folders(zcore, photos, model, tmp_path):
    (tmp_path / "c.csv").write_text("path\n1.png\n")
    args = ("report", photos, "--model", model, "-c", tmp_path / "c.csv", "-o", tmp_path / "r.html")
    result = zcore(*args, "--groups", "label", code=2)
    assert "--groups: for tables" in result.stderr
