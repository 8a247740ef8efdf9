"""benchmarks/quality.py as it is run: over a folder, stopped and taken up again."""

import io
import runpy
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris, make_blobs

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
FEW = ("--selectors", "random", "facility location", "--draws", "2", "--folds", "2", "--jobs", "1")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return a folder with a table, which has a column of text and holes, and embeddings."""
    folder = tmp_path_factory.mktemp("data")
    X, y = load_iris(return_X_y=True, as_frame=True)
    X["where"] = np.where(X.iloc[:, 0] > 6, "here", None)
    X.iloc[3, 1] = np.nan
    X.assign(target=y.map({0: "a", 1: "b", 2: "c"})).to_parquet(folder / "iris.parquet")
    X, y = make_blobs(120, 8, centers=4, random_state=0)
    np.savez(folder / "blobs.npz", X=X.astype(np.float32), y=y, fold=np.arange(120) % 3)
    return folder


@dataclass
class Done:
    """What a run has printed."""

    stdout: str
    stderr: str


def run(*args, code=0):
    """Run the benchmark in this process, which has imported what it needs."""
    script, ended = str(BENCHMARKS / "quality.py"), None
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", [script, *map(str, args)]),
        patch.object(sys, "path", [str(BENCHMARKS), *sys.path]),
        redirect_stdout(out),
        redirect_stderr(err),
        warnings.catch_warnings(action="default"),
    ):
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as end:
            ended = end.code
    for name, module in list(sys.modules.items()):  # as those of another benchmark may be called
        if str(getattr(module, "__file__", None)).startswith(str(BENCHMARKS)):
            del sys.modules[name]
    done = Done(out.getvalue(), err.getvalue())
    if isinstance(ended, str):  # what Python itself prints of it
        done.stderr, ended = f"{done.stderr}{ended}\n", 1
    assert (ended or 0) == code, done.stderr
    return done


@pytest.fixture(scope="module")
def results(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    return out, run(data, "--out", out, *FEW, "--folds", "3").stdout


def test_what_is_written(results):
    out, printed = results
    assert (out / "summary.md").read_text() == printed.removesuffix("\n")
    for title in ("macro-F1", "balanced accuracy", "Mean rank", "beats the mean", "Wilcoxon"):
        assert title in printed
    scores = pd.read_csv(out / "scores.csv")
    assert set(scores["data"]) == {"iris", "blobs"} and set(scores["fold"]) == {0, 1, 2}
    assert scores["classifier"].nunique() == 3
    # Of 80 rows of blobs: K rows for each of 4 classes, as long as there are as many.
    blobs = scores.query("data == 'blobs' and selector == 'facility location' and fold == 0")
    sizes = blobs.groupby("budget")["n_selected"].first().to_dict()
    expected = {f"{k} a class": 4 * k for k in (1, 2, 4, 8, 16)}
    expected |= {"2 %": 1, "5 %": 4, "10 %": 8, "30 %": 24}
    assert sizes == expected
    assert (scores.query("selector == 'all rows'")["n_selected"] == scores["n_train"].max()).any()
    assert (out / "ahead_of_random.png").read_bytes()[:4] == b"\x89PNG"


def test_the_data_prescribe_folds(results):
    scores = pd.read_csv(results[0] / "scores.csv")
    assert set(scores.query("data == 'blobs'")["n_train"]) == {80}


def test_a_run_that_was_stopped_goes_on(data, results):
    out, printed = results
    units = sorted((out / "units").glob("*.json"))
    before = {unit: unit.stat().st_mtime_ns for unit in units}
    units[3].unlink()
    again = run(data, "--out", out, *FEW, "--folds", "3").stdout
    assert again == printed
    written = [unit for unit in units if unit.stat().st_mtime_ns != before[unit]]
    assert written == [units[3]]


def test_other_settings_are_refused(data, results):
    args = (data, "--out", results[0], *FEW, "--folds", "2")
    assert "holds results of other settings" in run(*args, code=1).stderr


def test_study(data, tmp_path):
    args = ("--study-zcore", "--folds", "2", "--draws", "1", "--jobs", "1", "--max-rows", "60")
    printed = run(data, "--out", tmp_path, *args, "--only", "iris").stdout
    assert "ZCore, 10 n draws" in printed and "by the marginals" in printed


def test_study_of_draws(data, tmp_path):
    args = ("--study-draws", "--folds", "2", "--draws", "1", "--jobs", "1", "--max-rows", "60")
    printed = run(data, "--out", tmp_path, *args, "--only", "iris").stdout
    lines = [line.split(" | ") for line in printed.splitlines() if line.startswith("| ZCore, 0.2")]
    assert len(lines) == 3  # one for each classifier, 2 to 50 %
    assert all(len(line) == 6 and "±" in line[1] for line in lines)
    assert "boosted trees" in printed and "| facility location |" in printed


@pytest.mark.parametrize(
    "args, says",
    [
        ((), "give a folder, or --openml-cc18"),
        (("--selectors", "k-means"), "random is what the others are compared with"),
    ],
)
def test_mistakes(tmp_path, args, says):
    folder = [tmp_path] if args else []
    assert says in run(*folder, "--out", tmp_path / "out", *args, code=2).stderr


def test_folders_without_data(tmp_path):
    assert "no *.parquet and no *.npz" in run(tmp_path, "--out", tmp_path / "o", code=1).stderr


def test_the_suite_is_whole():
    suite = pd.read_csv(BENCHMARKS / "openml_cc18.csv")
    assert len(suite) == 72
    assert all(suite[column].is_unique for column in ("task_id", "data_id", "name"))


def write_copy(folder, task_id, data_id, X, y, fold, header):
    """Write a data set as OpenML's clients keep it: ARFF, its description, and official splits."""
    dataset, task = folder / "datasets" / str(data_id), folder / "tasks" / str(task_id)
    dataset.mkdir(parents=True)
    task.mkdir(parents=True)
    rows = [
        ",".join([*map(str, x), f"'{label}'", str(n)])
        for n, (x, label) in enumerate(zip(X, y, strict=True))
    ]
    text = ["@RELATION made_up", *header, "@ATTRIBUTE Class {'class a','class b'}"]
    text += ["@ATTRIBUTE row NUMERIC", "@DATA", *rows]
    (dataset / "dataset.arff").write_text("\n".join(text) + "\n")
    (dataset / "description.xml").write_text(
        '<oml:data_set_description xmlns:oml="http://openml.org/openml">'
        "<oml:default_target_attribute>Class</oml:default_target_attribute>"
        "<oml:row_id_attribute>row</oml:row_id_attribute></oml:data_set_description>"
    )
    splits = [
        f"{'TEST' if fold[row] == f else 'TRAIN'},{row},0,{f}"
        for f in range(3)
        for row in range(len(y))
    ]
    text = ["@RELATION splits", "@ATTRIBUTE type {TRAIN,TEST}"]
    text += [f"@ATTRIBUTE {name} NUMERIC" for name in ("rowid", "repeat", "fold")]
    (task / "datasplits.arff").write_text("\n".join([*text, "@DATA", *splits]) + "\n")


def test_local_copies_of_the_suite(tmp_path):
    """Two of the 72, with official folds, three here, holes, categories and row ids."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(["class a", "class b"], 40))
    fold = rng.permutation(80) % 3
    fold[:9] = 0  # no stratified folds would be of these sizes
    numbers = np.where(y == "class a", 0.0, 3.0)[:, None] + rng.normal(size=(80, 2)).round(3)
    mixed = [[a, "red" if b > 1 else "blue"] for a, b in numbers.tolist()]
    mixed[3][0] = mixed[4][1] = "?"
    numeric = [f"@ATTRIBUTE x{i} NUMERIC" for i in range(2)]
    nominal = ["@ATTRIBUTE size REAL", "@ATTRIBUTE colour {red,blue}"]
    write_copy(tmp_path / "copies", 3, 3, numbers.tolist(), y, fold, numeric)
    write_copy(tmp_path / "copies", 11, 11, mixed, y, fold, nominal)
    out = tmp_path / "out"
    few = ("--selectors", "random", "--folds", "3", "--draws", "1", "--jobs", "1")
    printed = run(tmp_path / "copies", "--openml-cc18", "--out", out, *few).stdout
    assert "2 of the 72 data sets of the suite" in printed and "macro-F1" in printed
    scores = pd.read_csv(out / "scores.csv")
    assert set(scores["data"]) == {"kr-vs-kp", "balance-scale"}
    assert set(scores["fold"]) == {0, 1, 2}
    sizes = scores.groupby(["data", "fold"])["n_train"].first().loc["kr-vs-kp"]
    assert sizes.tolist() == (80 - np.bincount(fold)).tolist()
    best = scores.query("selector == 'all rows'").groupby("data")["macro_f1"].mean()
    assert (best > 0.85).all()  # the row ids, the target and the folds are where they belong


def test_copies_that_are_none(tmp_path):
    assert (
        "no folder 'datasets'"
        in run(tmp_path, "--openml-cc18", "--out", tmp_path / "o", code=1).stderr
    )
