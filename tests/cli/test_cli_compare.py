"""zcore compare: the methods against each other, on labelled rows; and the methods of select."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs

from sklearn_zcore.selection import SELECTORS

pytestmark = pytest.mark.slow  # processes, or many fits

FEW = ("--methods", "facility-location,k-means", "--folds", "3", "--jobs", "1")


@pytest.fixture
def blobs():
    """Return 300 rows of 10 classes, easy for all that see each class."""
    return make_blobs(300, 4, centers=10, cluster_std=0.3, random_state=1)


@pytest.fixture
def table(tmp_path, blobs):
    """Return a table of them with a label, an unlabelled row and a row alone in its class."""
    X, y = blobs
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["colour"] = np.where(X[:, 0] > 0, "red", "blue")
    frame["kind"] = [f"k{label}" for label in y]
    frame.loc[0, "kind"] = None
    frame.loc[1, "kind"] = "rare"
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("method", list(SELECTORS))
def test_select_by_every_method(zcore, npy, tmp_path, method):
    out = tmp_path / "rows.npy"
    result = zcore("select", npy, "--method", method, "-b", 6, "-o", out, "--json")
    assert json.loads(result.stdout)["method"] == method
    assert np.load(out).shape == (6,)


def test_metric_belongs_to_facility_location(zcore, npy, tmp_path):
    args = ("select", npy, "-b", 6, "-o", tmp_path / "rows.npy", "--metric")
    zcore(*args, "euclidean", "--method", "facility-location")
    assert "no option --metric" in zcore(*args, "euclidean", "--method", "k-means", code=2).stderr
    assert "did you mean 'manhattan'" in zcore(*args, "manhatan", code=2).stderr


@pytest.mark.slow
def test_what_is_printed(zcore, table):
    result = zcore("compare", table, "--target", "kind", "--budgets", "5%,30", *FEW)
    lines = result.stdout.splitlines()
    assert any(
        line.split() == ["data", "298", "rows,", "6", "features,", "10", "classes"]
        for line in lines
    )
    rows = {line.split()[0]: line for line in lines if "±" in line}
    assert {"facility-location", "k-means", "random"} < set(rows)
    # With the four budgets that it has by default, a line fits into 80 columns.
    name = 2 + len("facility-location") + 1
    assert 2 * (len(rows["random"]) - name) <= 80 - name
    assert "zcore" not in rows
    assert any("facility-location is" in line and "ahead of random" in line for line in lines)
    assert "1 row without a label left out" in result.stderr
    assert "1 row left out: fewer than 3 in the class 'rare'" in result.stderr


@pytest.mark.slow
def test_numbers_and_files(zcore, table, tmp_path):
    out, figure = tmp_path / "scores.parquet", tmp_path / "compared.png"
    args = ("compare", table, "-t", "kind", "-b", "5%,30", *FEW, "-o", out, "--figure", figure)
    report = json.loads(zcore(*args, "--json").stdout)
    assert report["n_classes"] == 10 and report["macro_f1_all_rows"] > 95
    means = report["macro_f1"]
    assert means["facility-location"]["5%"]["mean"] > means["random"]["5%"]["mean"] + 5
    scores = pd.read_parquet(out)
    # Three folds, three classifiers: two budgets of two methods and five draws, and all rows.
    assert len(scores) == 3 * 3 * (2 * (2 + 5) + 1)
    mean = scores.query("selector == 'k-means' and budget == '30'")["macro_f1"].mean()
    assert means["k-means"]["30"]["mean"] == pytest.approx(100 * mean, abs=1e-3)
    assert figure.read_bytes()[:4] == b"\x89PNG"
    assert "exists" in zcore(*args, code=2).stderr
    again = json.loads(zcore(*args, "--json", "--force").stdout)
    assert again["macro_f1"] == means


@pytest.mark.slow
def test_embeddings_with_labels_beside_them(zcore, tmp_path, blobs):
    path = tmp_path / "embeddings.npz"
    np.savez(path, X=blobs[0], y=blobs[1])
    result = zcore("compare", path, "--key", "X", "-t", "y", "--raw", "-b", "10%", *FEW, "--json")
    assert json.loads(result.stdout)["n_classes"] == 10
    np.savez(path, X=blobs[0], y=blobs[1][:-1])
    result = zcore("compare", path, "--key", "X", "-t", "y", "-b", "10%", *FEW, code=2)
    assert "--target y: the array has shape (299,), and there are 300 rows" in result.stderr


@pytest.mark.slow
def test_labels_that_are_numbers(zcore, tmp_path, blobs):
    path = tmp_path / "table.parquet"
    pd.DataFrame(blobs[0], columns=list("abcd")).assign(kind=blobs[1]).to_parquet(path)
    result = zcore("compare", path, "-t", "kind", "-b", "10%", *FEW, "--json")
    assert json.loads(result.stdout)["n_features"] == 4


@pytest.mark.parametrize(
    "args, says",
    [
        ((), "--target is missing"),
        (("-t", "kid"), "no column 'kid'; did you mean 'kind'?"),
        (("-t", "a"), "different values in 300 rows: it does not look like classes"),
        (("-t", "kind", "--folds", "60"), "fewer than two classes with 60 rows"),
        (("-t", "kind", "-b", ","), "--budgets is empty"),
        (("-t", "kind", "-b", "5%,x"), "'x' is not a number"),
        (("-t", "kind", "-b", "290"), "asks for more rows than there are"),
        (("-t", "kind", "--methods", "kmeans"), "did you mean 'k-means'?"),
        (("-t", "kind", "--out", "x.txt"), "it can be .csv or .parquet"),
        (("-t", "kind", "--figure", "x.bmp"), "it can be .png, .pdf, .svg"),
        (("-t", "kind", "--figure", "no/such/x.png"), "no/such"),
    ],
)
def test_mistakes(zcore, table, args, says):
    args = args if "--folds" in args else (*args, "--folds", "3")
    assert says in " ".join(zcore("compare", table, *args, code=2).stderr.split())


def test_no_such_table(zcore, tmp_path):
    assert "no.csv" in zcore("compare", tmp_path / "no.csv", "-t", "y", code=2).stderr


def test_folders_of_images(zcore, tmp_path):
    (tmp_path / "photos").mkdir()
    folder = tmp_path / "photos"
    assert "--target: for tables" in zcore("compare", folder, "-t", "y", code=2).stderr
    assert "--model is missing" in zcore("compare", folder, code=2).stderr


def test_no_fold_sees_its_held_out_rows(zcore, table, monkeypatch):
    """What prepares a table is fitted on the training rows of each fold alone."""
    from sklearn_zcore import TablePreparation

    fitted, prepared = [], []
    fit_transform, transform = TablePreparation.fit_transform, TablePreparation.transform

    def on_training_rows(self, X, y=None):
        rows = fit_transform(self, X, y)
        fitted.append(len(rows))
        return rows

    def on_other_rows(self, X):
        rows = transform(self, X)
        prepared.append(len(rows))
        return rows

    monkeypatch.setattr(TablePreparation, "fit_transform", on_training_rows)
    monkeypatch.setattr(TablePreparation, "transform", on_other_rows)
    zcore("compare", table, "--target", "kind", "--budgets", "5%", *FEW)
    # All rows once, to say what their columns are; of those, two have no class to compare.
    assert fitted[0] == 300
    assert [a + b for a, b in zip(fitted[1:], prepared, strict=True)] == [298] * 3
    assert max(fitted[1:]) == 199


def test_select_and_compare_see_the_same_numbers(table):
    from sklearn_zcore.cli._options import ColumnOptions, ReadingOptions
    from sklearn_zcore.cli._table import TableInput
    from sklearn_zcore.tables import find_origin

    for columns in (ColumnOptions(), ColumnOptions(missing="drop"), ColumnOptions(raw=True)):
        columns = columns if not columns.raw else ColumnOptions(raw=True, ignore=["colour"])
        input = TableInput(find_origin([table]), ReadingOptions(), columns)
        input.read()
        X, _, preparation = input.labelled("kind")
        prepared = X if preparation is None else preparation.fit_transform(X)
        np.testing.assert_array_equal(prepared, input.prepare(target="kind"))
