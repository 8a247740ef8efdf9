"""``zcore demo``: real measurements, and words that follow from them."""

import csv
import json
import re

import numpy as np
import pytest
from sklearn.datasets import load_digits

from sklearn_zcore._against_random import verdict
from sklearn_zcore.cli import _demo


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """Keep the tests quick."""
    monkeypatch.setattr(_demo, "N_ITER", 5000)
    monkeypatch.setattr(_demo, "N_RANDOM", 4)


@pytest.mark.slow
def test_numbers_are_measured(zcore):
    report = json.loads(zcore("demo", "--json", "--budget", "5%,50").stdout)
    assert report["n_train"] == 1347 and report["n_test"] == 450
    assert report["n_selected"] == {"5%": 67, "50": 50}
    accuracy = report["accuracy"]
    assert list(accuracy) == ["facility-location", "zcore", "k-means", "random", "all_rows"]
    assert 95 < accuracy["all_rows"] <= 100
    for budget in ("5%", "50"):
        random = accuracy["random"][budget]
        assert len(set(random["draws"])) > 1 and len(random["draws"]) == 4
        assert random["mean"] == pytest.approx(np.mean(random["draws"]))
        assert random["std"] == pytest.approx(np.std(random["draws"], ddof=1))
        for method in _demo.METHODS:
            assert 30 < accuracy[method][budget] <= 100
    again = json.loads(zcore("demo", "--json", "--budget", "5%,50").stdout)
    assert again["accuracy"] == accuracy
    other = json.loads(zcore("demo", "--json", "--budget", "5%,50", "--seed", 1).stdout)
    assert other["accuracy"] != accuracy


def test_what_is_measured(zcore):
    """The nearest neighbour and the logistic regression, trained on the coreset by hand."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    from sklearn_zcore import FacilityLocationSelector

    report = json.loads(zcore("demo", "--json", "--budget", "40").stdout)
    X, y, train, test = _demo._digits(0)
    rows = train[FacilityLocationSelector(40, random_state=0).fit(X[train]).indices_]
    models = (LogisticRegression(max_iter=1000), KNeighborsClassifier(1))
    scores = [model.fit(X[rows], y[rows]).score(X[test], y[test]) for model in models]
    assert report["accuracy"]["facility-location"]["40"] == pytest.approx(
        100 * np.mean(scores), abs=0.001
    )


def test_prints_one_table_that_fits(zcore):
    shown = zcore("demo").stdout
    lines = shown.rstrip("\n").split("\n")
    assert max(map(len, lines[:-1])) <= 80
    start = next(i for i, line in enumerate(lines) if line.strip().startswith("trained on"))
    assert lines[start].split()[2:] == ["2%", "5%", "10%", "30%"]
    names = [re.split(r"\s{2,}", line.strip())[0] for line in lines[start + 1 : start + 6]]
    assert names[:3] == ["facility location", "ZCore", "k-means"]
    assert names[3].startswith("random (4 draws") and names[4] == "all rows"
    assert "450 held out" in shown
    assert lines[-1] == "  zcore select YOUR_TABLE.csv --budget 10% --out coreset.csv"


def test_writes_the_coreset(zcore, tmp_path):
    out = tmp_path / "digits.csv"
    figure = tmp_path / "demo.svg"
    zcore("demo", "-b", "10,40", "--out", out, "--figure", figure)
    with open(out, newline="") as file:
        rows = list(csv.DictReader(file))
    X, y = load_digits(return_X_y=True)
    assert len(rows) == 40
    for row in rows:
        place = int(row["zcore_row"])
        assert int(row["digit"]) == y[place]
        assert int(row["pixel_3_4"]) == X[place, 3 * 8 + 4]
    assert "</svg>" in figure.read_text("utf-8")
    assert "exists" in zcore("demo", "-b", 40, "--out", out, code=2).stderr
    assert "exists" in zcore("demo", "-b", 40, "--figure", figure, code=2).stderr


def test_one_row(zcore):
    """Trained on one row, a classifier knows one digit, which about a tenth of the rows show."""
    report = json.loads(zcore("demo", "-b", 1, "--json").stdout)
    assert report["n_selected"] == {"1": 1}
    accuracy = report["accuracy"]
    assert max(accuracy["random"]["1"]["draws"]) < 15
    for method in _demo.METHODS:
        assert 5 < accuracy[method]["1"] < 15


@pytest.mark.parametrize("budget", ["0", "200%", "1348"])
def test_mistakes(zcore, budget):
    assert f"--budget {budget}" in zcore("demo", "-b", budget, code=2).stderr


def test_a_budget_twice(zcore):
    assert "twice" in zcore("demo", "-b", "5%,5%", code=2).stderr


def found(*scores):
    """Return measurements in which random draws reach 80, give or take 3."""
    random = {f"{i}%": {"draws": [77, 79, 80, 81, 83]} for i in range(len(scores))}
    return {"zcore": {f"{i}%": s for i, s in enumerate(scores)}, "random": random, "all_rows": 90}


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ((70,), "ZCore loses to random draws at 0%."),
        ((90, 82), "ZCore beats random draws at 0% and 1%."),
        (
            (70, 80, 90, 90.5),
            "ZCore beats random draws at 2% and 3%, is level with them at 1%, loses to them at 0%.",
        ),
    ],
)
def test_words_follow_from_the_numbers(scores, words):
    assert verdict(found(*scores), {"zcore": "ZCore"}) == [words]
