"""Tables in: CSV and Parquet."""

import gzip
import json

import numpy as np
import pytest

pd = pytest.importorskip("pandas", reason="tables need the extra 'table'")
pa = pytest.importorskip("pyarrow", reason="tables need the extra 'table'")
pq = pytest.importorskip("pyarrow.parquet", reason="tables need the extra 'table'")


ZCORE = ("--method", "zcore")


@pytest.fixture
def frame():
    """Return a DataFrame with many dtypes."""
    n = 60
    i = np.arange(n)
    return pd.DataFrame(
        {
            "x": np.random.default_rng(0).normal(size=n),
            "small": (i % 7).astype("float32") / 10,
            "count": pd.array([None if k % 9 == 0 else k % 5 for k in i], dtype="Int64"),
            "big": 2**62 + i,
            "colour": pd.Categorical.from_codes(i % 3, ["red", "green", "blue"]),
            "flag": i % 2 == 0,
            "when": pd.Timestamp("2024-01-01", tz="Europe/Berlin") + pd.to_timedelta(i, unit="h"),
            "text": [f"free text {k}" for k in i],
            "list": [[k, k + 1] for k in i],
        },
        index=pd.Index([f"row{k}" for k in i], name="key"),
    )


def test_csv_cells_stay_as_they_are(select, mixed, tmp_path):
    out = tmp_path / "out.csv"
    report = select(mixed, "--carry", "id,label", "--out", out)
    original = pd.read_csv(mixed, dtype=str, keep_default_na=False)
    written = pd.read_csv(out, dtype=str, keep_default_na=False)
    rows = written["zcore_row"].astype(int)
    assert len(written) == report["n_selected"] == 6
    assert rows.is_monotonic_increasing
    expected = original.iloc[rows].reset_index(drop=True)
    pd.testing.assert_frame_equal(written[original.columns], expected)
    assert sorted(written["zcore_rank"].astype(int)) == [1, 2, 3, 4, 5, 6]


def test_roles_and_kinds(select, mixed, tmp_path):
    out = tmp_path / "out.csv"
    report = select(mixed, "--carry", "id", "--ignore", "label", "--out", out)
    columns = report["columns"]
    assert columns["numeric"] == ["age", "price"]
    assert columns["datetime"] == ["since"]
    assert columns["categorical"] == ["city", "member", "code"]
    assert columns["carried"] == ["id"]
    assert columns["ignored"] == ["label"]
    # 3 numbers, 3 cities and the missing one, 2 truth values, 4 codes.
    assert report["n_features"] == 3 + 4 + 2 + 4
    assert report["missing"]["numeric"] == {
        "columns": {"age": 6},
        "cells": 6,
        "handling": "median",
    }
    assert report["missing"]["categorical"]["columns"] == {"city": 3}
    assert "label" not in pd.read_csv(out).columns


def test_columns(select, mixed, tmp_path):
    out = tmp_path / "out.csv"
    report = select(mixed, "--columns", "price", "--columns", "age,city", "--out", out)
    assert report["columns"]["numeric"] == ["age", "price"]
    assert report["columns"]["carried"] == ["id", "member", "since", "code", "label"]
    assert "id" in pd.read_csv(out).columns


def test_summary_says_what_was_done(zcore, mixed, tmp_path):
    out = tmp_path / "out.csv"
    result = zcore(
        "select",
        mixed,
        "--carry",
        "id",
        "-b",
        "10%",
        "-o",
        out,
        *ZCORE,
        "--n-iter",
        50,
        "--seed",
        3,
    )
    text = result.stdout
    assert "2 from" not in text
    assert "2 numeric (standardised)" not in text  # label is one, too
    assert "3 numeric (standardised), 1 datetime (in seconds, standardised)" in text
    assert "3 categorical (one-hot: 10 features)" in text
    assert "6 values in numeric 'age': filled with the column's median" in text
    assert "3 values in categorical 'city': filled with 'missing'" in text
    assert "'id' (written, not used)" in text
    assert "50 in" in text
    assert "two independent halves of the draws agree" in text
    assert "6 rows of 60 (10 %)" in text
    assert str(out) in text
    assert "column 'label' is used as a feature" in result.stderr
    assert "Warning: " in result.stderr
    assert "Hint: --n-iter sets n_iter; --seed sets random_state." in result.stderr
    assert "ConvergenceWarning" not in result.stderr


def test_missing(select, fails, mixed, tmp_path):
    out = tmp_path / "out.csv"
    report = select(mixed, "--carry", "id", "--missing", "drop", "--out", out, budget="100%")
    assert report["n_dropped"] == 9
    assert report["missing"]["numeric"]["handling"] == "drop"
    written = pd.read_csv(out)
    assert len(written) == 51
    assert written["age"].notna().all()
    assert list(written["id"]) == [f"row{k}" for k in written["zcore_row"]]
    out.unlink()
    message = fails(mixed, "--carry", "id", "--missing", "error")
    assert "9 missing values: age (6), city (3)" in message
    assert "--missing impute" in message


def test_raw(select, fails, mixed, tmp_path):
    message = fails(mixed, "--raw", "--carry", "id")
    assert "these are not: 'city', 'member', 'code', 'since'" in message
    assert "6 missing values: age (6)" in fails(mixed, "--raw", "--columns", "age,price")
    assert "--missing drop" in fails(mixed, "--raw", "--missing", "impute")
    out = tmp_path / "out.csv"
    select(mixed, "--raw", "--columns", "price", "--out", out, "--subspace-dim", 1)
    both = select(
        mixed, "--raw", "--columns", "price,age", "--missing", "drop", "--out", out, "--force"
    )
    assert both["raw"]
    assert both["n_dropped"] == 6


def test_parquet_keeps_dtypes(select, frame, tmp_path):
    path, out = tmp_path / "t.parquet", tmp_path / "out.parquet"
    frame.to_parquet(path)
    report = select(path, "--carry", "text,list", "--out", out)
    written = pd.read_parquet(out)
    expected = pd.read_parquet(path).iloc[written["zcore_row"].to_numpy()]
    pd.testing.assert_frame_equal(written[frame.columns], expected)
    assert written.index.name == "key"
    assert report["columns"]["numeric"] == ["x", "small", "count", "big"]
    assert report["columns"]["categorical"] == ["colour", "flag"]
    assert report["columns"]["datetime"] == ["when"]
    assert report["columns"]["carried"] == ["text", "list", "key"]
    assert report["missing"]["numeric"]["columns"] == {"count": 7}
    assert any("index" in note for note in report["notes"])


def test_parquet_to_csv(select, fails, frame, tmp_path):
    path, out = tmp_path / "t.parquet", tmp_path / "out.csv"
    frame.to_parquet(path)
    message = fails(path, "--carry", "text,list")
    assert "'list'" in message
    assert "--ignore" in message
    select(path, "--carry", "text", "--ignore", "list", "--out", out)
    written = pd.read_csv(out, dtype={"count": "Int64", "small": "float32"})
    original = frame.iloc[written["zcore_row"].to_numpy()]
    for name in ("x", "small", "count", "big", "flag"):
        pd.testing.assert_series_equal(
            written[name], original[name].reset_index(drop=True), check_exact=True
        )


def test_csv_to_parquet(select, mixed, tmp_path):
    out = tmp_path / "out.parquet"
    select(mixed, "--carry", "id", "--out", out)
    schema = pq.read_schema(out)
    types = {name: str(schema.field(name).type) for name in schema.names}
    assert types["age"] == "int64"  # Missing values do not make it a float.
    assert types["price"] == "double"
    assert types["member"] == "bool"
    assert types["since"].startswith("timestamp")
    assert types["code"] == "string"  # 007 is a code.
    assert types["zcore_row"] == types["zcore_rank"] == "int64"


def test_gzip_bom_separator_and_encoding(select, mixed, tmp_path):
    text = mixed.read_text("utf-8")
    plain = select(mixed, "--carry", "id", "--out", tmp_path / "a.csv")
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    marked = tmp_path / "bom.csv"
    marked.write_text(text, encoding="utf-8-sig")
    latin = tmp_path / "latin.csv"
    latin.write_text(text, encoding="latin-1")
    for path, extra in ((packed, ()), (marked, ()), (latin, ("--encoding", "latin-1"))):
        report = select(path, "--carry", "id", "--out", tmp_path / "b.csv", "--force", *extra)
        assert report["columns"] == plain["columns"]
        encoding = "latin-1" if extra else "utf-8"
        written = (tmp_path / "b.csv").read_text(encoding)
        assert written == (tmp_path / "a.csv").read_text("utf-8")


def test_separators(select, write, tmp_path):
    rows = [f"{i}S{i * i % 7}S{i % 3}" for i in range(40)]
    for name, sep, extra in [
        ("a.csv", ";", ("--sep", ";")),
        ("d.tsv", "\t", ()),
        ("b.csv", "\t", ("--sep", "tab")),
        ("c.csv", "|", ("--sep", "|")),
    ]:
        path = write("\n".join(["aSbSc", *rows]).replace("S", sep), name)
        out = tmp_path / f"out_{name.replace('tsv', 'csv')}"
        assert select(path, *extra, "--out", out)["n_features"] == 3
        assert out.read_text().splitlines()[0].split(sep)[:3] == ["a", "b", "c"]


def test_quotes_and_newlines(select, write, tmp_path):
    rows = [f'{i},"line\nbreak",5" pipe' for i in range(30)]
    path = write("\r\n".join(["a,b,c", *rows]))
    out = tmp_path / "out.csv"
    select(path, "--out", out, "--columns", "a", "--subspace-dim", 1)
    written = pd.read_csv(out)
    assert set(written["b"]) == {"line\nbreak"}
    assert set(written["c"]) == {'5" pipe'}


def test_na_values(select, zcore, write, tmp_path):
    rows = [f"{'?' if i % 9 == 4 else i * 1.5},{i % 5}" for i in range(60)]
    path = write("\n".join(["a,b", *rows]))
    report = select(path, "--out", tmp_path / "n.csv")
    assert report["missing"]["numeric"]["columns"] == {"a": 7}
    (note,) = [note for note in report["notes"] if "all but" in note]
    assert note.startswith("column 'a': all but '?' are numbers; taken for missing")
    assert "--na-values '?'" in note
    report = select(path, "--na-values", "?", "--out", tmp_path / "o.csv", budget="100%")
    assert report["missing"]["numeric"]["columns"] == {"a": 7}
    written = pd.read_csv(tmp_path / "o.csv", dtype=str)
    assert list(written["a"]) == [row.split(",")[0] for row in rows]  # "?" stays as it was
    few = write("\n".join(["a,b", *(f"{'?' if i == 4 else i % 15},{i}" for i in range(60))]))
    result = zcore("select", few, "-b", 5, "-o", tmp_path / "p.csv", *ZCORE, "--n-iter", 2000)
    assert "column 'a' is a category because of '?'" in result.stderr


def test_text_and_ids_stop_nothing(select, frame, mixed, tmp_path):
    report = select(mixed, "--out", tmp_path / "a.csv")
    assert report["columns"]["identifier"] == ["id"]
    (note,) = [note for note in report["notes"] if "'id'" in note]
    assert "'id' is text with 60 different values in 60 rows ('row0', 'row1')" in note
    assert "it is not used. As text: --kind 'id=text'" in note
    path = tmp_path / "t.parquet"
    frame.drop(columns="list").to_parquet(path)
    report = select(path, "--out", tmp_path / "b.csv")
    assert report["columns"]["text"] == ["text"]
    assert any("--carry 'text'" in note for note in report["notes"])


def test_lists_of_text_are_refused(fails, frame, tmp_path):
    path = tmp_path / "t.parquet"
    frame.assign(list=[[str(k)] for k in range(len(frame))]).to_parquet(path)
    message = fails(path, out="out.parquet")
    assert "'list' holds values of type list" in message
    assert "--carry 'list'" in message
    assert "--ignore 'list'" in message


def test_rare_categories_share_a_feature(select, zcore, write, tmp_path):
    rows = [f"c{i % 15},{i}" for i in range(60)]
    path = write("\n".join(["a,b", *rows]))
    assert select(path, "--out", tmp_path / "a.csv")["n_features"] == 16
    out = tmp_path / "b.csv"
    report = select(path, "--out", out, "--max-categories", 5)
    assert report["n_features"] == 6
    result = zcore(
        "select", path, "-b", 5, "-fo", out, *ZCORE, "--n-iter", 2000, "--max-categories", 5
    )
    assert "'a': the rarest of its 15 categories share one feature" in result.stdout


def test_constant_and_empty_columns(select, write, tmp_path):
    rows = [f"{i % 7},{i * 3 % 11},5,same,," for i in range(60)]
    path = write("\n".join(["a,b,c,d,e,f", *rows]))
    report = select(path, "--out", tmp_path / "o.csv")
    assert report["columns"]["empty"] == ["e", "f"]
    assert report["n_features"] == 4
    assert any("'e', 'f': no value in any row" in note for note in report["notes"])


def test_datetimes(select, write, tmp_path, frame):
    stamps = [f"2024-01-01T{i % 24:02d}:00:00Z,{i}" for i in range(60)]
    path = write("\n".join(["t,b", *stamps]))
    assert select(path, "--out", tmp_path / "a.csv")["columns"]["datetime"] == ["t"]
    table = pa.table(
        {
            "day": pa.array(list(range(60)), pa.date32()),
            "time": pa.array(list(range(60)), pa.time32("s")),
            "span": pa.array([None, *range(59)], pa.duration("ms")),
            "price": pa.array(range(60)).cast(pa.decimal128(21, 2)),
        }
    )
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    report = select(tmp_path / "t.parquet", "--out", tmp_path / "b.csv")
    assert report["columns"]["datetime"] == ["day", "time", "span"]
    assert report["columns"]["numeric"] == ["price"]
    assert report["missing"]["datetime"]["columns"] == {"span": 1}


def test_id_and_unnamed_columns_are_noted(select, write, tmp_path):
    rows = [f"{i},{1000 + i},{i % 7},{i * i % 13}" for i in range(60)]
    path = write("\n".join([",id,a,b", *rows]))
    report = select(path, "--out", tmp_path / "o.csv")
    assert report["columns"]["carried"] == [""]
    assert any("without a name" in note for note in report["notes"])
    assert any("'id' is used as a number" in note for note in report["notes"])


def test_indices(select, mixed, tmp_path):
    a, b = tmp_path / "a.csv", tmp_path / "b.npy"
    select(mixed, "--carry", "id", "--indices", "--out", a, "--order", "rank")
    select(mixed, "--carry", "id", "--out", b)
    rows = pd.read_csv(a)
    assert list(rows.columns) == ["zcore_row"]
    assert sorted(rows["zcore_row"]) == list(np.load(b))


def test_order(select, mixed, tmp_path):
    out = tmp_path / "o.parquet"
    select(mixed, "--carry", "id", "--out", out, "--order", "rank")
    written = pd.read_parquet(out)
    assert list(written["zcore_rank"]) == [1, 2, 3, 4, 5, 6]
    assert written["zcore_score"].is_monotonic_decreasing


def test_json_is_alone_on_stdout(zcore, mixed, tmp_path):
    out = tmp_path / "o.csv"
    result = zcore(
        "select", mixed, "-b", 5, "-o", out, *ZCORE, "--n-iter", 2000, "--json", "--carry=id"
    )
    assert json.loads(result.stdout)["output"] == str(out)
    assert "Note: " in result.stderr
    quiet = zcore("select", mixed, "-b", 5, "-fqo", out, *ZCORE, "--n-iter", 2000, "--carry", "id")
    assert quiet.stdout == ""
    assert "Note: " not in quiet.stderr


def test_names_that_collide(fails, select, write, tmp_path):
    path = write("\n".join(["a,zcore_rank", *(f"{i},{i % 7}" for i in range(60))]))
    message = fails(path)
    assert "already has the column zcore_rank" in message
    assert "--ignore zcore_rank" in message
    select(path, "--ignore", "zcore_rank", "--out", tmp_path / "a.csv", "--subspace-dim", 1)
    select(path, "--out", tmp_path / "a.npy")


def test_a_coreset_of_a_coreset(select, mixed, tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    select(mixed, "--carry", "id", "--out", first, budget="50%")
    added = "zcore_row,zcore_score,zcore_rank"
    select(first, "--carry", "id", "--ignore", added, "--out", second, budget="50%")
    assert len(pd.read_csv(second)) == 15
