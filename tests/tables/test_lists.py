"""Columns of lists of numbers: a matrix, in Python and in the command."""

import gzip
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.preprocessing import StandardScaler
from typer.testing import CliRunner

from sklearn_zcore import FacilityLocationSelector
from sklearn_zcore.cli._app import app
from sklearn_zcore.tables import TableError, TablePreparation, lists_to_matrix

X = np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32)
TEXT = [str(row) for row in X.tolist()]


def makes():
    wide = pa.array(X.tolist(), pa.list_(pa.float32()))
    return {
        "pandas, arrays": pd.Series(list(X), name="emb"),
        "pandas, lists": pd.Series(X.astype(float).tolist()),
        "pandas, tuples": pd.Series([tuple(row) for row in X.tolist()], index=range(40, 80)),
        "polars": pl.Series("emb", X.tolist()),
        "polars, arrays": pl.Series("emb", X.tolist(), dtype=pl.Array(pl.Float32, 30)),
        "pyarrow": wide,
        "chunks": pa.chunked_array([wide.slice(0, 7), wide.slice(7)]),
        "fixed": wide.cast(pa.list_(pa.float32(), 30)),
        "half": pa.array(X.astype(np.float16).tolist(), pa.list_(pa.float16())),
        "list": X.tolist(),
        "text of Python": pd.Series(TEXT),
        "text of NumPy": pl.Series([str(row) for row in X]),
        "text of PostgreSQL": pa.chunked_array(
            [["{" + ",".join(map(str, row)) + "}"] for row in X]
        ),
        "text, large": pa.array([f" [{', '.join(map(str, r))},]" for r in X], pa.large_string()),
    }


@pytest.mark.parametrize("make", list(makes()))
def test_matrix(make):
    found = lists_to_matrix(makes()[make])
    assert found.shape == X.shape and found.dtype in (np.float32, np.float64)
    np.testing.assert_allclose(found, X, rtol=2e-3 if make == "half" else 1e-6, atol=1e-3)


def test_of_a_slice_and_of_integers():
    column = pa.array([[9, 9], [1, 2], None, [3, 4]]).slice(1)
    np.testing.assert_array_equal(lists_to_matrix(column), [[1, 2], [np.nan, np.nan], [3, 4]])
    fixed = pa.array([[9, 9], [1, 2], None, [3, 4]], pa.list_(pa.int32(), 2)).slice(1)
    np.testing.assert_array_equal(lists_to_matrix(fixed), [[1, 2], [np.nan, np.nan], [3, 4]])


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([[1.0, 2.0], None, [3.0]], "differ in length: 2 numbers in row 0, 1 in row 2"),
        ([["a"], ["b"]], "no lists of numbers"),
        ([1.0, 2.0], "no lists of numbers"),
        ([[1.0], "a"], "Not every cell of the column"),
        (pa.array([None, None], pa.list_(pa.float32())), "All cells of the column are missing"),
        (pd.Series([[1.0], [2.0, 3.0]], name="emb"), "in column 'emb' differ"),
        (["[1, 2]", None, "[3]"], "differ in length: 2 numbers in row 0, 1 in row 2"),
        (
            ["[1, 2]", None, "x", "[]", "[[1]]"],
            "column is a list of numbers: 'x' in row 2.*2 others",
        ),
        (["[1, ham]"], "'\\[1, ham\\]' in row 0"),
        (["[0.25 0.5  ... 1.   2. ]"], "NumPy shortens"),
        (pa.array([None, None], pa.string()), "All cells"),
    ],
)
def test_mistakes(column, message):
    with pytest.raises(TableError, match=message):
        lists_to_matrix(column)


def test_a_frame_in_python():
    frame = pd.DataFrame({"x": X[:, 0], "emb": X.tolist()})
    with pytest.raises(TableError, match="'emb' holds.*with lists_to_matrix.*'emb': 'ignore'"):
        TablePreparation().fit(frame)
    as_text = TablePreparation().fit(frame.assign(emb=TEXT))
    assert "lists of numbers: lists_to_matrix makes a matrix of it." in as_text.report()[-1]


def zcore(*args, code=0):
    result = CliRunner().invoke(app, [str(a) for a in args])
    assert result.exit_code == code, f"{result.stdout}\n{result.stderr}"
    return result


@pytest.fixture
def parquet(tmp_path):
    """Return a file with ids and a column of lists."""
    column = pa.array(X.tolist(), pa.list_(pa.float32()))
    table = pa.table({"id": [f"r{i}" for i in range(40)], "emb": column, "y": [0, 1] * 20})
    pq.write_table(table, tmp_path / "emb.parquet")
    return tmp_path / "emb.parquet"


def test_select(parquet, tmp_path):
    out = tmp_path / "out.parquet"
    args = ("select", parquet, "-b", 6, "-o", out, "--carry", "id,y", "--raw", "--json")
    report = json.loads(zcore(*args).stdout)
    assert report["n_features"] == 30 and report["columns"]["numeric"] == ["emb"]
    rows = pq.read_table(out)
    assert rows["emb"].type == pa.list_(pa.float32())
    expected = FacilityLocationSelector(6, random_state=0).fit(X).indices_
    assert rows["zcore_row"].to_pylist() == expected.tolist()


def test_select_prepared(parquet, tmp_path):
    args = ("select", parquet, "-b", 6, "-fo", tmp_path / "rows.npy", "--carry", "id")
    told = " ".join(zcore(*args).stderr.split())
    assert "column 'emb' holds lists of 30 numbers, a feature each; --raw takes" in told


def test_compare(parquet):
    args = ("compare", parquet, "-t", "y", "--ignore", "id", "-b", 9, "--methods", "random", "-j1")
    assert json.loads(zcore(*args, "--json").stdout)["n_features"] == 30


def text_table(tmp_path, cells):
    """Write a table as pandas does."""
    frame = pd.DataFrame({"id": [f"r{i}" for i in range(len(cells))], "emb": cells})
    frame.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def select(path, *args, code=0):
    out = path.parent / "rows.npy"
    result = zcore("select", path, "-b", 6, "-fo", out, "--ignore", "id", *args, code=code)
    return " ".join((result.stdout + result.stderr).split()), np.load(out) if code == 0 else None


@pytest.mark.parametrize("memory", [(), ("--memory", "1kB")], ids=["in memory", "beyond memory"])
class TestText:
    def test_select(self, tmp_path, memory):
        path = text_table(tmp_path, TEXT)
        told, rows = select(path, *memory)
        assert "features 30 from 30 numeric" in told
        assert "column 'emb' is text that holds lists of 30 numbers, a feature each" in told
        assert "As text: --kind 'emb=text'." in told
        selector = FacilityLocationSelector(6, random_state=0)
        expected = selector.fit(StandardScaler().fit_transform(X.astype(float))).indices_
        np.testing.assert_array_equal(rows, expected)

    def test_select_as_they_are(self, tmp_path, memory):
        path = text_table(tmp_path, TEXT)
        rows = select(path, "--raw", *memory)[1]
        expected = FacilityLocationSelector(6, random_state=0).fit(X.astype(float)).indices_
        np.testing.assert_array_equal(rows, expected)

    def test_missing(self, tmp_path, memory):
        path = text_table(tmp_path, [cell if i % 9 else None for i, cell in enumerate(TEXT)])
        assert "missing: 150 values in numeric 'emb[0]'" in select(path, *memory)[0]

    def test_text_that_is_asked_for(self, tmp_path, memory):
        path = text_table(tmp_path, TEXT)
        assert "30 from 1 text" in select(path, "--kind", "emb=text", *memory)[0]

    @pytest.mark.parametrize(
        ("cell", "says"),
        [
            ("error", "Not every cell of column 'emb' is a list of numbers: 'error' in row 7 "),
            ("[1.0, 2.0]", "differ in length: 30 numbers in row 0, 2 in row 7 (counted from 0)"),
        ],
    )
    def test_one_is_broken(self, tmp_path, memory, cell, says):
        path = text_table(tmp_path, [*TEXT[:7], cell, *TEXT[8:]])
        told = select(path, *memory, code=2)[0]
        assert says in told and "--carry emb" in told

    @pytest.mark.parametrize(
        ("cells", "says"),
        [
            (["[18, 25]", "[26, 40]"] * 20, "1 categorical"),  # a range
            ([str(list(range(i % 7))) + "." for i in range(40)], "1 categorical"),
            ([str(list(range(i % 20 + 1))) for i in range(40)], "categorical"),  # tags
            (["[see below]", "[none]"] * 20, "1 categorical"),
        ],
    )
    def test_other_text(self, tmp_path, memory, cells, says):
        assert says in select(text_table(tmp_path, cells), *memory)[0]


def test_numbers_that_numpy_has_left_out(tmp_path):
    path = text_table(tmp_path, [str(row) for row in np.random.default_rng(0).random((9, 1200))])
    assert "NumPy shortens long arrays" in select(path, code=2)[0]


def test_lists_that_differ(tmp_path):
    pq.write_table(pa.table({"a": [[1.0], [1.0, 2.0]]}), tmp_path / "t.parquet")
    args = ("select", tmp_path / "t.parquet", "-b", 1, "-o", tmp_path / "o.npy")
    assert "The lists in column 'a' differ in length" in zcore(*args, code=2).stderr


def test_json_names_no_thousand_features(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(30, 1280)))
    args = ("select", tmp_path / "x.npy", "-b", 3, "-o", tmp_path / "o.npy", "--raw", "--json")
    assert json.loads(zcore(*args).stdout)["columns"]["numeric"] == ["f0...f1279"]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_json_lines(tmp_path, name):
    path = tmp_path / name
    lines = [json.dumps({"id": f"r{i}", "emb": row}) for i, row in enumerate(X.tolist())]
    data = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    out = tmp_path / "out.csv"
    args = ("select", path, "-b", 6, "-o", tmp_path / "o.npy", "--carry", "id", "--raw", "--json")
    assert json.loads(zcore(*args).stdout)["n_features"] == 30
    expected = FacilityLocationSelector(6, random_state=0).fit(X).indices_
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy"), expected)
    told = zcore(*args[:4], "-o", out, "--carry", "id", code=2).stderr
    assert "cannot be written as CSV" in told and ".parquet" in told


@pytest.mark.parametrize("text", ["{", '{"a": 1}\n{"a": "x"}\n', "[1, 2]\n", "\n", "{}\n"])
def test_broken_json_lines(tmp_path, text):
    (tmp_path / "t.jsonl").write_text(text)
    args = ("select", tmp_path / "t.jsonl", "-b", 1, "-o", tmp_path / "o.npy")
    assert "t.jsonl" in zcore(*args, code=2).stderr
