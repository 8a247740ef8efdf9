"""Each mistake in a table has a message that says what, where and what to do."""

import gzip
import re
import shlex

import numpy as np
import pytest

pd = pytest.importorskip("pandas", reason="tables need the extra 'table'")
pytest.importorskip("pyarrow", reason="tables need the extra 'table'")

GOOD = "a,b\n1,2\n3,4\n5,6\n"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["empty (0 bytes)"]),
        ("\n\n", ["no header line"]),
        ("a,b\n", ["a header but no rows"]),
        ("a,b\n1,2\n3\n5,6\n", ["line 3: 1 field where the header has 2", "--sep"]),
        ("a,b\n1,2\n3,4\n5,6,7\n", ["line 4: 3 fields where the header has 2"]),
        ('a,b\n1,"x\ny"\n3\n', ["line 4: 1 field where"]),
        ('a,b\n1,2\n3,"open\n5,6\n', ["line 3: a quoted value is never closed"]),
        (
            "May {5}\n\na,b\n1,2\n",
            ["line 3: 2 fields", "first line, 'May {5}', is a title", "--sep"],
        ),
        ("sep=;\na;b\n1;2\n", ["tells Excel the separator", "Remove that line", "--sep ';'"]),
        ("a,b,a\n1,2,3\n", ["more than one column named 'a'"]),
        (",a,\n1,2,3\n", ["more than one column named ''"]),
        ("a;b\n1;2\n", ["only one column", "--sep ';'"]),
        ("a\tb\n1\t2\n", ["only one column", "--sep 'tab'"]),
        (b"a,b\n1,2\n3,\xe9t\xe9\n", ["line 3, byte 3 of the line: 0xe9 is not utf-8", "latin-1"]),
        (b"a,\xe9\n1,2\n", ["line 1, byte 3 of the line: 0xe9"]),
        ("a,b\n1,é\n".encode("utf-16"), ["UTF-16", "--encoding utf-16"]),
        ("a,b\n1,inf\n2,3\n", ["1 infinite value in 'b'", "row 0", "--na-values inf,-inf"]),
        ("a,b\n,NA\n,\n", ["No column is left", "none has a value"]),
    ],
)
def test_csv(fails, write, text, parts):
    message = fails(write(text))
    for part in ["table.csv"] if not {"infinite", "left"} & set(parts[0].split()) else []:
        assert part in message
    for part in parts:
        assert part in message


def test_paths(fails, write, tmp_path):
    path = write(GOOD)
    assert "does not exist; did you mean" in fails(tmp_path / "tabel.csv")
    assert "does not exist (nor does a directory" in fails(tmp_path / "no" / "t.csv")
    assert "is a directory" in fails(tmp_path)
    assert "extension" in fails(write(GOOD, "t.xlsx"))
    assert "extension" in fails(write(GOOD, "t"))
    assert "extension" in fails(write(GOOD, ".csv"))
    assert "Parquet" in fails(write(GOOD, "t.parquet"))
    assert "gzip" in fails(write(GOOD, "t.csv.gz"))
    assert "gzip" in fails(write(gzip.compress(GOOD.encode() * 99)[:-20], "u.csv.gz"))
    assert "more rows than there are (3)" in fails(path, budget="4")


def test_parquet_without_rows_or_columns(fails, tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": np.zeros(0)}).to_parquet(path)
    assert "1 columns and 0 rows" in fails(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "not a readable Parquet file" in fails(path)


@pytest.mark.parametrize("option", ["--columns", "--ignore", "--carry"])
def test_unknown_columns(fails, mixed, option):
    message = fails(mixed, option, "prise,city")
    assert f"{option}: the input has no column 'prise'; did you mean 'price'?" in message
    assert "8 columns" in message


def test_roles_that_contradict(fails, mixed):
    assert "'age' is in both --columns and --ignore" in fails(
        mixed, "--columns", "age,price", "--ignore", "age"
    )
    names = "id,age,price,city,member,since,code,label"
    assert "No column is left" in fails(mixed, "--carry", names)


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--missing", "fill"], ["--missing 'fill' is unknown", "impute, drop, error"]),
        (["--order", "ranks"], ["did you mean 'rank'?"]),
        (["--method", "zcor"], ["did you mean 'zcore'?", "Methods: facility-location, k-means"]),
        (["--method", "random"], ["--method random has no option --n-iter"]),
        (["--n-iter", "many"], ["neither a whole number"]),
        (["--n-iter", "1.5"], ["neither a whole number"]),
        (["--n-iter", "0"], ["n_iter"]),
        (["--n-neighbors", "0"], ["n_neighbors", "--n-neighbors"]),
        (["--sep", ";;"], ["not one character"]),
        (["--encoding", "utf-9"], ["--encoding 'utf-9' is unknown"]),
        (["--encoding", "hex"], ["--encoding 'hex' is unknown"]),
    ],
)
def test_options(fails, mixed, options, parts):
    message = fails(mixed, "--carry", "id", *options)
    for part in parts:
        assert part in message


@pytest.mark.parametrize("budget", ["0", "-1", "150%", "61", "nan", "abc", "1.5"])
def test_budgets(fails, mixed, budget):
    assert f"--budget {budget}" in fails(mixed, budget=budget).replace("'", "")


def test_missing_drop_that_leaves_nothing(fails, write):
    path = write("a,b\n1,\n,2\n3,\n,4\n")
    assert "leaves no row" in fails(path, "--missing", "drop")


def test_memory_that_a_parquet_file_would_need(fails, tmp_path, monkeypatch):
    """It is no fault of the file."""
    pa = pytest.importorskip("pyarrow", reason="tables need the extra 'table'")
    pq = pytest.importorskip("pyarrow.parquet", reason="tables need the extra 'table'")
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": np.arange(9.0)}).to_parquet(path)

    def read(self, *args, **kwargs):
        raise pa.ArrowMemoryError("malloc of size 80000000064 failed")

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", read)
    message = fails(path)
    assert "Not enough memory (malloc of size 80000000064 failed)" in message
    assert "not a readable Parquet file" not in message


def test_array_of_negative_shape(fails, write):
    """NumPy would take it for rows that are missing."""
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (-5, 3), }".ljust(117) + "\n"
    header = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode()
    message = fails(write(header + bytes(60), "X.npy"))
    assert "not a readable .npy file: negative dimensions" in message


def test_a_matrix_that_csv_cannot_hold_is_not_left_out(zcore, tmp_path):
    """Without the embeddings, the rows would be selected by what stands beside them."""
    pd = pytest.importorskip("pandas")
    rows = np.random.default_rng(0).normal(size=(30, 3)).tolist()
    table, out = tmp_path / "t.parquet", tmp_path / "o.csv"
    pd.DataFrame({"id": range(30), "emb": rows}).to_parquet(table)
    told = zcore("select", table, "-b", "3", "-o", out, code=2).stderr
    assert "cannot be written as CSV" in told and "leaves them out" not in told
    line = shlex.split(re.search(r"This keeps them: zcore (.*)", told)[1])
    assert line == ["select", str(table), "-b", "3", "-o", str(tmp_path / "o.parquet")]
    assert "'emb' holds lists of 3 numbers" in zcore(*line).stderr
    told = zcore("select", table, "-b", "3", f"--out={out}", code=2).stderr
    assert "This leaves them out" in told  # its output is not a word of its own


def test_labels_of_an_npz_file_are_an_array_of_it(zcore, tmp_path):
    np.savez(tmp_path / "xy.npz", X=np.eye(9), y=np.arange(9) % 2)
    told = zcore("compare", tmp_path / "xy.npz", code=2).stderr
    assert "--target is missing" in told and "--target y" in told


def test_nothing_but_ids(zcore, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("id\n" + "".join(f"AX-{i:05}\n" for i in range(60)))
    call = ("select", table, "-b", 5, "-o", tmp_path / "o.csv")
    told = zcore(*call, code=2).stderr
    assert "all are ids" in told and "If one is no id: --kind 'id=text'" in told
    zcore(*call, "--kind", "id=text")
