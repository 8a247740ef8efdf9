"""Rounds, groups and weights in the command."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import FacilityLocationSelector

FACILITY = ("--method", "facility-location")


@pytest.fixture
def sites(tmp_path):
    """Return a CSV file of 300 rows with sites, some labels and counts."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((300, 3)), columns=["a", "b", "c"])
    frame["site"] = rng.choice(["north", "south", None], 300, p=[0.7, 0.2, 0.1])
    frame["shift"] = np.where(np.arange(300) % 2, "day", "night")
    frame["label"] = np.where(np.arange(300) < 20, "cat", None)
    frame["count"] = 1 + np.arange(300) % 4
    path = tmp_path / "sites.csv"
    frame.to_csv(path, index=False)
    return path


CARRY = ("--carry", "site,shift,label,count")


def run(zcore, table, out, *args, budget=30):
    more = () if "--method" in args else FACILITY
    result = zcore("select", table, *more, *CARRY, *args, "-b", budget, "-o", out, "--json")
    return json.loads(result.stdout), pd.read_csv(out)


def test_rows_with_a_label_are_not_selected_again(zcore, sites, tmp_path):
    report, coreset = run(zcore, sites, tmp_path / "out.csv", "--selected", "label")
    assert report["n_selected"] == len(coreset) == 30
    assert coreset["zcore_row"].min() >= 20 and coreset["label"].isna().all()
    frame = pd.read_csv(sites)
    X = StandardScaler().fit_transform(frame[["a", "b", "c"]].to_numpy())
    fitted = FacilityLocationSelector(30, random_state=0).fit(X, selected=np.arange(20))
    assert set(coreset["zcore_row"]) == set(fitted.indices_)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
def test_an_earlier_coreset(zcore, sites, tmp_path, suffix):
    first = tmp_path / f"first{suffix}"
    zcore("select", sites, *FACILITY, *CARRY, "-b", 30, "-o", first)
    _, second = run(zcore, sites, tmp_path / "second.csv", "--selected", first)
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".npy": np.load}[suffix]
    rows = read(first) if suffix == ".npy" else read(first)["zcore_row"]
    assert not set(rows) & set(second["zcore_row"]) and len(second) == 30


def test_rounds_go_on_in_one_file(zcore, sites, tmp_path):
    """As after a kill between two rounds: all that is known is in the file."""
    out = tmp_path / "coreset.csv"
    _, first = run(zcore, sites, out, "--order", "rank")
    for number in (2, 3):
        report, coreset = run(
            zcore, sites, out, "--selected", out, "--order", "rank", "--weights", budget=20
        )
        assert report["n_selected"] == 20 and len(coreset) == 30 + 20 * (number - 1)
        assert coreset["zcore_row"].is_unique
        assert coreset["zcore_row"][:30].tolist() == first["zcore_row"].tolist()
        assert coreset["zcore_rank"].tolist() == list(range(1, len(coreset) + 1))
        assert coreset["zcore_weight"].sum() == 300
    message = zcore("select", sites, *FACILITY, "-b", 20, "-o", out, code=2).stderr
    assert "--force" in message


def test_groups(zcore, sites, tmp_path):
    out = tmp_path / "out.csv"
    _, coreset = run(zcore, sites, out, "--group-by", "site", "--group-budget", "equal")
    assert coreset["site"].value_counts(dropna=False).tolist() == [10, 10, 10]
    shares = ("--group-by", "site", "--group-budget", "north=5,south=50%", "-f")
    _, coreset = run(zcore, sites, out, *shares)
    counts = coreset["site"].value_counts(dropna=False)
    assert (counts["north"], counts["south"], counts.sum()) == (5, 15, 30)
    two = ("--group-by", "site,shift", "--group-budget", "north/day=12", "-f")
    _, coreset = run(zcore, sites, out, *two, "--method", "random")
    assert ((coreset["site"] == "north") & (coreset["shift"] == "day")).sum() == 12


def test_weights(zcore, sites, tmp_path):
    _, coreset = run(zcore, sites, tmp_path / "a.csv", "--weight-by", "count", "--weights")
    assert coreset["zcore_weight"].sum() == pd.read_csv(sites)["count"].sum()
    zcore("select", sites, *FACILITY, *CARRY, "-b", 30, "-o", tmp_path / "b.csv")
    assert set(coreset["zcore_row"]) != set(pd.read_csv(tmp_path / "b.csv")["zcore_row"])


def test_min_distance(zcore, sites, tmp_path):
    for value in ("auto", "1.5"):
        report, coreset = run(
            zcore, sites, tmp_path / f"{value}.csv", "--min-distance", value, budget=290
        )
        assert report["n_selected"] == len(coreset) < 290
        assert "min_distance" in " ".join(report["warnings"])


def test_rows_that_are_dropped(zcore, tmp_path):
    frame = pd.DataFrame(np.random.default_rng(0).standard_normal((60, 2)), columns=["a", "b"])
    frame.loc[[3, 7], "a"] = np.nan
    frame["w"] = 1
    frame.to_csv(tmp_path / "t.csv", index=False)
    np.save(tmp_path / "before.npy", np.array([3, 4, 5]))
    more = ("--missing", "drop", "--carry", "w", "--weight-by", "w", *FACILITY)
    before = ("--selected", tmp_path / "before.npy")
    zcore("select", tmp_path / "t.csv", *more, *before, "-b", 56, "-o", tmp_path / "o.csv")
    assert set(pd.read_csv(tmp_path / "o.csv")["zcore_row"]) == set(range(60)) - {3, 4, 5, 7}


@pytest.mark.parametrize(
    "args, says",
    [
        (("--selected", "nothing"), "--selected 'nothing' is neither a file nor a column"),
        (("--selected", "label", "-b", "290"), "asks for more than the 280 rows left"),
        (("--selected", "label", "--method", "zcore"), "ZCoreSelector takes no selected"),
        (
            ("--group-by", "sight"),
            "--group-by: the input has no column 'sight'; did you mean 'site'",
        ),
        (("--group-budget", "equal"), "--group-budget shares the budget among groups, and there"),
        (("--group-by", "site", "--group-budget", "even"), "--group-budget 'even' is neither"),
        (("--group-by", "site", "--group-budget", "north=x"), "'north=x' is neither"),
        (("--group-by", "site", "--group-budget", "west=3"), "names the group 'west'"),
        (("--group-by", "site", "--group-budget", "north=99"), "asks for 99 rows, and budget is"),
        (("--weight-by", "site"), "--weight-by site: row .* holds 'north'|is empty, and weights"),
        (("--weight-by", "label"), "--weight-by label: row 0 holds 'cat', and weights are numb"),
        (
            ("--weight-by", "count", "--method", "k-center"),
            "KCenterSelector takes no sample_weight",
        ),
        (("--weight-by", "a"), "Negative values in data passed to `sample_weight`"),
        (("--min-distance", "0"), "--min-distance '0' is neither a number above 0 nor 'auto'"),
        (("--min-distance", "far"), "--min-distance 'far' is neither"),
        (("--metric", "manhattan", "--method", "k-center"), "metric"),
    ],
)
def test_mistakes(zcore, sites, tmp_path, args, says):
    import re

    out = tmp_path / "out.csv"
    method = () if "--method" in args else FACILITY
    budget = () if "-b" in args else ("-b", 30)
    result = zcore("select", sites, *CARRY, *method, *budget, *args, "-o", out, code=2)
    assert re.search(says, " ".join(result.stderr.split())), result.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    "name, values, says",
    [
        ("rows.npy", np.array([1, 300]), "names row 300, and the input has 300 rows"),
        ("rows.npy", np.array([0.5]), "holds float64 of shape"),
        ("rows.npy", np.array([[1]]), "holds int64 of shape"),
        ("other.csv", "x,y\n1,2\n", "has no column 'zcore_row', and no 'path'"),
        ("rows.csv", "zcore_row,x\nfirst,2\n", "zcore_row holds no row numbers"),
        ("rows.npy", None, "cannot be read"),
    ],
)
def test_files_that_name_no_rows(zcore, sites, tmp_path, name, values, says):
    path = tmp_path / name
    if isinstance(values, np.ndarray):
        np.save(path, values)
    else:
        path.write_text(values or "no array", encoding="utf-8")
    more = (*FACILITY, *CARRY, "-b", 30, "--selected", path, "-o", tmp_path / "out.csv")
    assert says in " ".join(zcore("select", sites, *more, code=2).stderr.split())
