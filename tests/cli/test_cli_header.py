"""The first line of a CSV file: names of columns, or a row."""

import csv
import json

import numpy as np
import pytest

from sklearn_zcore.tables import TableError, read_table
from sklearn_zcore.tables._read_csv import looks_like_a_row

pytest.importorskip("pandas", reason="tables need the extra 'table'")


@pytest.fixture
def rows(tmp_path):
    """Return a file of 20 rows without a header."""
    path = tmp_path / "rows.csv"
    np.savetxt(path, np.random.default_rng(0).normal(size=(20, 3)), delimiter=",", fmt="%.4f")
    return path


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["5.1", "3.5", "1.4", "setosa"], True),
        (["-1", "2", "7"], True),
        (["0.1", "0.2", "0.3"], True),
        (["1", "male", "22", "0"], True),
        (["0", "1", "2"], False),
        (["city", "2019", "2020"], False),
        (["2019", "city"], False),
        (["", "0"], False),
        (["id", "age"], False),
    ],
)
def test_what_looks_like_a_row(names, expected):
    assert looks_like_a_row(names) is expected


def test_a_row_taken_for_names_is_told(rows):
    table = read_table(rows)
    assert table.n_rows == 19
    (warning,) = table.warnings
    assert "'0.1257', '-0.1321', '0.6404'" in warning and "header=False" in warning


def test_without_a_header(rows):
    table = read_table(rows, header=False)
    assert table.n_rows == 20 and table.names == ["f0", "f1", "f2"] and not table.warnings
    assert table.table["f0"].to_pylist()[0] == 0.1257
    with pytest.raises(TableError, match="header=False is for CSV files only"):
        np.save(rows.with_suffix(".npy"), np.ones((3, 3)))
        read_table(rows.with_suffix(".npy"), header=False)


def test_a_line_with_a_field_too_many_has_its_number(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("1,2\n3,4\n5,6,7\n")
    with pytest.raises(TableError, match="line 3: 3 fields"):
        read_table(path, header=False)


def test_equal_cells_of_a_first_row(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("0,0,1.5\n3,4,2\n")
    with pytest.raises(TableError, match="looks like a row.*header=False"):
        read_table(path)
    assert read_table(path, header=False).n_rows == 2


def test_command(zcore, rows, tmp_path):
    args = ("select", rows, "-b", 5, "-fo", tmp_path / "o.csv")
    told = " ".join(zcore(*args, "--quiet").stderr.split())
    assert "Warning: The first line was taken for names" in told and "--no-header" in told
    report = json.loads(zcore(*args, "--no-header", "--json").stdout)
    assert report["n_rows"] == 20 and not report["warnings"]
    with open(tmp_path / "o.csv", newline="") as file:
        assert next(csv.reader(file))[:4] == ["f0", "f1", "f2", "zcore_row"]


@pytest.mark.parametrize("raw", [(), ("--raw",)])
def test_one_complete_row(zcore, tmp_path, raw):
    path = tmp_path / "holes.csv"
    path.write_text("a,b\n1,2\n3,\n,4\n")
    args = ("select", path, "-b", 1, "-o", tmp_path / "o.csv", "--missing", "drop", *raw)
    told = " ".join(zcore(*args, code=2).stderr.split())
    assert "--missing drop leaves one row of 3, which is nothing to select from" in told
    assert "FacilityLocation" not in told
