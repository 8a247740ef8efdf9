"""Text that a spreadsheet would run as a formula is written so that it does not, and back."""

import csv
import re

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="tables need the extra 'table'")

CELLS = ["=HYPERLINK(1)", "@x", "+1", "-2+3", "'=x", "''@y", "\t=z", "it's", "-", "-7", "plain"]
SAFE = ["'=HYPERLINK(1)", "'@x", "'+1", "'-2+3", "''=x", "'''@y", "'\t=z", *CELLS[7:]]


def back(cell):
    """Return what was in the cell: what a program does that reads the output."""
    return re.sub(r"^'(?='*[=+\-@\t\r].)", "", cell, flags=re.DOTALL)


@pytest.fixture
def table(tmp_path):
    """Return a table with such cells, and numbers that look like them."""
    path = tmp_path / "t.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["x", "signed", "=note"])
        for i in range(44):
            lines.writerow([i * 7 % 11, f"{'+' if i % 2 else '-'}{i}.50", CELLS[i % len(CELLS)]])
    return path


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


ARGS = ("-b", "100%", "--method", "random", "--carry", "=note")


def test_text_is_escaped_and_numbers_are_not(zcore, table, tmp_path):
    zcore("select", table, *ARGS, "-o", tmp_path / "o.csv")
    header, *written = rows(tmp_path / "o.csv")
    assert header[:3] == ["x", "signed", "'=note"]
    assert [row[2] for row in written[: len(SAFE)]] == SAFE
    assert [[back(cell) for cell in row[:3]] for row in [header, *written]] == rows(table)
    assert written[1][1] == "+1.50"


def test_kept_where_asked_for(zcore, table, tmp_path):
    zcore("select", table, *ARGS, "-o", tmp_path / "o.csv", "--formulas", "keep")
    assert [row[:3] for row in rows(tmp_path / "o.csv")] == rows(table)


def test_parquet_is_no_spreadsheet(zcore, table, tmp_path):
    import pyarrow.parquet as pq

    zcore("select", table, *ARGS, "-o", tmp_path / "o.parquet")
    assert pq.read_table(tmp_path / "o.parquet")["=note"].to_pylist()[:11] == CELLS
    result = zcore(
        "select", table, *ARGS, "-fo", tmp_path / "o.parquet", "--formulas", "keep", code=2
    )
    assert "--formulas: for CSV files" in result.stderr
    zcore("select", tmp_path / "o.parquet", *ARGS, "--ignore", "zcore_row,zcore_score,zcore_rank",
          "-o", tmp_path / "p.csv")  # fmt: skip
    assert [row[2] for row in rows(tmp_path / "p.csv")[1 : len(SAFE) + 1]] == SAFE


@pytest.mark.slow
def test_paths_and_labels(zcore, tmp_path, monkeypatch):
    Image = pytest.importorskip("PIL.Image", reason="images need the extra 'embed'")
    pytest.importorskip("torch", reason="images need the extra 'embed'")
    from tests.embedding import tiny

    monkeypatch.setenv("ZCORE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    model = tiny.save("resnet", tmp_path / "resnet")
    for label in ("=cmd", "@b"):
        (tmp_path / "=photos" / label).mkdir(parents=True)
        image = Image.fromarray(np.zeros((30, 40, 3), np.uint8))
        image.save(tmp_path / "=photos" / label / "1.png")
    zcore("select", "=photos", "-m", model, "-b", "100%", "--method", "random", "-o", "c.csv")
    expected = [["'=photos/=cmd/1.png", "'=cmd"], ["'=photos/@b/1.png", "'@b"]]
    assert [row[:2] for row in rows("c.csv")[1:]] == expected
    zcore("embed", "=photos", "-m", model, "-o", "e.npy")
    assert rows("e.paths.csv")[1:] == expected
    zcore("embed", "=photos", "-m", model, "-fo", "e.npy", "--formulas", "keep")
    assert rows("e.paths.csv")[1:] == [[back(cell) for cell in row] for row in expected]
    result = zcore("embed", "=photos", "-m", model, "-o", "e.parquet", "--formulas", "keep", code=2)
    assert "--formulas: for CSV files" in result.stderr
