"""``zcore select`` on a table with all that people have in theirs: no dead end, and a report."""

import json
import re
import shlex

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sklearn_zcore import FacilityLocationSelector, TablePreparation
from sklearn_zcore.cli._app import app
from tests.tables.conftest import messy_frame


@pytest.fixture
def path(tmp_path):
    messy_frame(300).to_csv(tmp_path / "people.csv", index=False)
    return tmp_path / "people.csv"


def select(path, *args, code=0, out="out.csv"):
    out = path.with_name(out)
    out.unlink(missing_ok=True)
    command = ["select", path, "-b", "10%", "-o", out, "--method", "facility-location", *args]
    result = CliRunner().invoke(app, [str(arg) for arg in command])
    assert result.exit_code == code, result.output
    return result


def test_it_says_what_it_did(path):
    result = select(path)
    told = " ".join(result.stdout.split())
    assert "5 numeric (standardised), 2 datetime (in seconds, standardised)" in told
    assert "2 categorical (one-hot: 6 features), 1 text" in told
    assert "31 values in numeric 'age', 'income': filled with the column's median" in told
    assert "15 values in categorical 'city': filled with 'missing'" in told
    for sentence in (
        "'income' is text that holds numbers: '$2,613.16' is read as 2613.16.",
        "'weight' is text that holds numbers:",
        "'customer_id' is text with 300 different values in 300 rows ('C-1000', 'C-1001')",
        "As text: --kind 'customer_id=text'",
        "'zip' is used as a number, and by its name its numbers are names. As categories: --kind "
        "'zip=categorical'; or leave it out: --carry 'zip'",
        "'seen' is read as dates of the format %d.%m.%Y.",
        "used as free text; to leave it out: --carry 'about'",
    ):
        assert sentence in result.stderr


def test_the_numbers_are_those_of_the_transformer(path):
    """The command, a frame and a Parquet file: one preparation, one coreset."""
    frame = messy_frame(300)
    select(path)
    rows = pd.read_csv(path.with_name("out.csv"))["zcore_row"].to_numpy()
    X = TablePreparation().fit_transform(frame)
    expected = FacilityLocationSelector(30, random_state=0).fit(X).indices_
    assert np.array_equal(rows, expected)
    frame.to_parquet(path.with_suffix(".parquet"))
    select(path.with_suffix(".parquet"))
    assert np.array_equal(pd.read_csv(path.with_name("out.csv"))["zcore_row"], expected)


def test_the_cells_stay_as_they_were(path):
    select(path)
    written = pd.read_csv(path.with_name("out.csv"), dtype=str, keep_default_na=False)
    original = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows = written["zcore_row"].astype(int)
    pd.testing.assert_frame_equal(
        written[original.columns], original.iloc[rows].reset_index(drop=True)
    )


def test_the_user_knows_better(path):
    kinds = ("--kind", "zip=categorical", "--kind", "customer_id=text")
    report = json.loads(select(path, *kinds, "--max-categories", 20, "--json").stdout)
    assert report["columns"]["categorical"] == ["zip", "city", "member"]
    assert report["columns"]["text"] == ["customer_id", "about"]
    assert "did you mean 'zip'" in select(path, "--kind", "zipp=text", code=2).stderr
    assert "is not of the form NAME=KIND" in select(path, "--kind", "zip", code=2).stderr
    assert (
        "--kind: 'word', of column 'zip', is unknown"
        in select(path, "--kind", "zip=word", code=2).stderr
    )
    assert (
        "--kind and --decimal mean nothing"
        in select(path, "--raw", "--columns", "age", "--kind", "age=text", code=2).stderr
    )


def test_decimal_commas(tmp_path):
    path = tmp_path / "prices.csv"
    lines = ["price;amount;rate", *(f"{k},5;1.{k % 1000:03d};{k}" for k in range(60))]
    path.write_text("\n".join(lines))
    notes = json.loads(select(path, "--sep", ";", "--json").stdout)["notes"]
    assert any("'price' is text that holds numbers: '0,5' is read as 0.5." in n for n in notes)
    told = json.loads(select(path, "--sep", ";", "--decimal", ",", "--json").stdout)
    assert told["columns"]["numeric"] == ["price", "amount", "rate"]
    assert any("'amount' is text that holds numbers: '1.000' is read as 1000." in n
               for n in told["notes"])  # fmt: skip


def test_missing_drop(path):
    report = json.loads(select(path, "--missing", "drop", "--json").stdout)
    frame = messy_frame(300)
    assert report["n_dropped"] == frame.isna().any(axis=1).sum()
    assert report["missing"]["numeric"]["columns"] == {"age": 30, "income": 1}
    assert "rows dropped" in select(path, "--missing", "drop").stdout


def test_all_troubles_are_told_at_once(tmp_path):
    frame = pd.DataFrame({"a": [[str(k)] for k in range(9)], "b": range(9), "c": [{"x": 1}] * 9})
    frame.to_parquet(tmp_path / "t.parquet")
    told = select(tmp_path / "t.parquet", code=2, out="out.parquet").stderr
    assert "2 columns cannot be used" in told
    assert "--ignore 'a,c'" in told
    select(tmp_path / "t.parquet", "--ignore", "a,c")


def test_troubles_of_all_kinds_and_the_command_that_works(tmp_path):
    """What cannot be written, read as numbers, or used is told in one go, not one at a time."""
    n = 20
    frame = pd.DataFrame(
        {
            "a": np.arange(n) % 7,
            "inf": [np.inf, *[1.0] * (n - 1)],
            "dict": [{"x": 1}] * n,
            "odd": [*[[1.0, 2.0]] * (n - 1), [1.0]],
            "bytes": [b"x"] * n,
        }
    )
    path, out = tmp_path / "t.parquet", tmp_path / "o.csv"
    frame.to_parquet(path)
    call = ["select", str(path), "-b", "3", "-o", str(out), "--method", "k-means"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 2
    told = " ".join(done.stderr.split())
    assert "4 columns cannot be used" in told
    assert "cannot be written as CSV" in told and "differ in length" in told
    assert "1 infinite value in 'inf'" in told and "of type binary" in told
    line = re.search(r"This leaves them out: zcore (.*)", done.stderr)[1]
    assert shlex.split(line) == [*call, "--carry", "bytes,inf", "--ignore", "dict,odd"]
    assert CliRunner().invoke(app, shlex.split(line)).exit_code == 0
    assert pd.read_csv(out).columns[:3].tolist() == ["a", "inf", "bytes"]
    done = CliRunner().invoke(app, [*call, "--columns", "a,inf"])
    assert "leaves them out" not in done.stderr  # --columns would name it still


def test_all_unknown_names_are_told(tmp_path):
    pd.DataFrame({"abc": range(9), "x": range(9)}).to_csv(tmp_path / "t.csv", index=False)
    told = select(tmp_path / "t.csv", "--carry", "abd", "--ignore", "q", code=2).stderr
    assert "--ignore: the input has no column 'q'; --carry: the input has no column 'abd'" in told
    assert "did you mean 'abc'" in told
