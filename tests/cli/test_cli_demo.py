"""``zcore demo``: real measurements, and words that follow from them."""

import csv
import json

import numpy as np
import pytest

from sklearn_zcore.cli import _demo


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """Keep the tests quick."""
    monkeypatch.setattr(_demo, "N_ITER", 5000)
    monkeypatch.setattr(_demo, "N_RANDOM", 4)


@pytest.mark.slow
def test_numbers_are_measured(zcore):
    report = json.loads(zcore("demo", "--json", "--budget", "10%").stdout)
    assert report["n_train"] == 1347
    assert report["n_test"] == 450
    assert report["n_selected"] == 134
    for result in report["accuracy"].values():
        assert len(result["random"]) == 4
        assert result["random_mean"] == pytest.approx(np.mean(result["random"]))
        assert 0.1 < result["coreset"] <= 1
        assert 0.9 < result["all"] <= 1
    again = json.loads(zcore("demo", "--json", "--budget", "10%").stdout)
    assert again["accuracy"] == report["accuracy"]
    other = json.loads(zcore("demo", "--json", "--seed", 1).stdout)
    assert other["accuracy"] != report["accuracy"]


def test_prints_the_numbers(zcore):
    result = zcore("demo", "-b", "50", "--quiet")
    for part in ("450 held out", "50 rows of 1,347", "logistic regression", "mean ± sd of 4"):
        assert part in result.stdout


def test_writes_the_coreset(zcore, tmp_path):
    from sklearn.datasets import load_digits

    out = tmp_path / "digits.csv"
    zcore("demo", "-b", 40, "--out", out)
    with open(out, newline="") as file:
        rows = list(csv.DictReader(file))
    X, y = load_digits(return_X_y=True)
    assert len(rows) == 40
    for row in rows:
        place = int(row["zcore_row"])
        assert int(row["digit"]) == y[place]
        assert int(row["pixel_3_4"]) == X[place, 3 * 8 + 4]
    assert "exists" in zcore("demo", "-b", 40, "--out", out, code=2).stderr


def test_one_row(zcore):
    """Trained on one row, a classifier knows one digit, which about a tenth of the rows show."""
    report = json.loads(zcore("demo", "-b", 1, "--json").stdout)
    assert report["n_selected"] == 1
    for result in report["accuracy"].values():
        assert 0.05 < result["coreset"] < 0.15 and max(result["random"]) < 0.15


@pytest.mark.parametrize("budget", ["0", "200%", "1348"])
def test_mistakes(zcore, budget):
    assert f"--budget {budget}" in zcore("demo", "-b", budget, code=2).stderr


RANDOM = [0.77, 0.79, 0.8, 0.81, 0.83]


def accuracy_of(*coresets):
    """Return measurements in which random draws reach 0.8, give or take 0.03."""
    return {
        f"model {i}": {"coreset": c, "random": RANDOM, "all": 0.9} for i, c in enumerate(coresets)
    }


@pytest.mark.parametrize(
    ("coresets", "part"),
    [
        ((0.7, 0.78), "a random draw is the better training set"),
        ((0.9, 0.82), "the ZCore coreset is the better training set"),
        ((0.8, 0.805), "neither"),
        ((0.7, 0.9), "depends on the classifier"),
        ((0.8, 0.9), "depends on the classifier"),
    ],
)
def test_words_follow_from_the_numbers(coresets, part):
    assert part in _demo.explanation(accuracy_of(*coresets))


@pytest.mark.parametrize(
    ("coreset", "part"),
    [
        (0.7, "worse than most random draws: -10.0 points from their mean; it beats 0 of 5."),
        (0.9, "better than most random draws: +10.0 points from their mean; it beats 5 of 5."),
        (0.8, "about as good as a random draw: +0.0 points from their mean; it beats 2 of 5."),
    ],
)
def test_verdict(coreset, part):
    assert part in _demo.verdict(coreset, RANDOM, "any model")
