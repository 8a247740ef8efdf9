"""What a comparison tells: frames, a dict for JSON, HTML, and its picture."""

import json
import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pytest  # noqa: E402
from sklearn.naive_bayes import GaussianNB  # noqa: E402

from sklearn_zcore import SelectorComparison, SelectorComparisonDisplay  # noqa: E402
from tests.inspection.test_compare_selectors import X, Y  # noqa: E402

SCORES = {"good": [0.9, 0.7], "random": [0.6, 0.7], "<b>": [0.5, 0.4]}


@pytest.fixture
def made():
    """Return a comparison of two folds, at two budgets, with scores that are easy to see."""
    records = [
        {
            "fold": fold,
            "selector": selector,
            "draw": 0,
            "budget": budget,
            "classifier": "c",
            "first": score + (0.05 if budget == "9" else 0),
            "second": -score,
        }
        for selector, scores in SCORES.items()
        for fold, score in enumerate(scores)
        for budget in ("9", "10%")
    ]
    records += [
        {
            "fold": f,
            "selector": "all rows",
            "budget": "all rows",
            "first": 0.9 + f / 10,
            "second": 1,
        }
        for f in (0, 1)
    ]
    return SelectorComparison(
        records=records,
        selectors=list(SCORES),
        budgets=["10%", "9"],
        estimators=["c"],
        metrics=["first", "second"],
        n_samples=1200,
        n_features=3,
        n_classes=2,
        n_folds=2,
        notes=["1 row < 2 left out."],
    )


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_frames(made):
    assert len(made.to_frame()) == 14
    by_fold = made.by_fold()
    assert list(by_fold) == list(SCORES)
    assert by_fold.loc[(1, "9"), "good"] == 0.75
    summary = made.summary()
    assert summary.index.tolist() == [(b, s) for b in ("10%", "9") for s in SCORES]
    good = summary.loc[("10%", "good")]
    assert good["mean"] == pytest.approx(0.8) and good["std"] == pytest.approx(0.02**0.5)
    assert good["ahead"] == pytest.approx(0.15) and good["wins"] == 0.75
    assert summary.loc[("9", "random"), ["ahead", "wins"]].isna().all()
    assert made.summary("second").loc[("9", "good"), "mean"] == pytest.approx(-0.8)
    assert made.full_score() == pytest.approx(0.95) and made.full_score("second") == 1


def test_best(made):
    assert made.best == {"10%": "good", "9": "good"}


def test_a_metric_that_is_none(made):
    for ask in (made.summary, made.by_fold, made.full_score):
        with pytest.raises(ValueError, match="metric='third' is none of first, second"):
            ask("third")


def test_json(made):
    told = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    assert told["scores"]["first"]["good"]["10%"]["mean"] == pytest.approx(0.8)
    assert told["scores"]["first"]["random"]["9"]["wins"] is None
    assert told["full_scores"]["first"] == pytest.approx(0.95)
    assert told["n_samples"] == 1200 and told["best"] == made.best
    assert told["notes"] == made.notes


def test_in_a_notebook(made):
    html = made._repr_html_()
    assert "<th>good</th>" in html and "<b>0.800 ± 0.141</b>" in html
    assert "&lt;b&gt;" in html and "<b></th>" not in html
    assert "All rows: 0.950" in html and "1 row &lt; 2 left out." in html
    assert html.count("<b>") == html.count("</b>") == 2
    assert repr(made) == "SelectorComparison(3 selectors, 2 budgets, 2 folds of 1,200 rows)"


def test_a_budget_without_scores(made):
    for record in made.records:
        if record["budget"] == "9":
            record["first"] = np.nan
    assert made.best == {"10%": "good"}
    assert made.to_dict()["scores"]["first"]["good"]["9"]["mean"] is None
    assert "nan" not in made._repr_html_()


def test_without_pandas(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"to_frame needs pandas: .*\[table\]"):
        made.to_frame()


def test_picture(made):
    display = SelectorComparisonDisplay.from_comparison(made)
    axes = display.ax_
    assert display.figure_ is axes.figure and display.metric == "first"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10%", "9"]
    assert axes.get_xlabel() == "Budget" and axes.get_ylabel() == "first, ahead of random draws"
    assert list(display.lines_) == ["good", "<b>"]
    ahead = np.asarray(display.lines_["good"].lines[0].get_ydata(), float)
    np.testing.assert_allclose(ahead, [0.15, 0.15])
    assert display.random_line_.get_ydata()[0] == 0
    legend = {text.get_text() for text in axes.get_legend().get_texts()}
    assert legend == {"good", "<b>", "random draws"}


def test_picture_on_given_axes(made):
    figure, axes = plt.subplots(1, 2)
    display = SelectorComparisonDisplay(made.by_fold("second"), metric="loss")
    assert display.plot(axes[1], budgets={"9": "nine"}, xlabel="rows", legend=False) is display
    assert display.ax_ is axes[1] and display.figure_ is figure
    assert [label.get_text() for label in axes[1].get_xticklabels()] == ["nine"]
    assert axes[1].get_legend() is None and axes[1].get_xlabel() == "rows"
    with pytest.raises(ValueError, match="no score of any of the budgets"):
        display.plot(axes[0], budgets=["30%"])


def test_picture_of_one_fold():
    index = pd.MultiIndex.from_tuples([(0, "9")], names=["fold", "budget"])
    scores = pd.DataFrame({"x": [0.5], "random": [0.25]}, index=index)
    display = SelectorComparisonDisplay(scores).plot()
    assert not display.lines_["x"].has_yerr  # of one fold, nothing is known about the spread


def test_picture_from_selectors():
    display = SelectorComparisonDisplay.from_selectors(
        "k-center", X, Y, [9, "20%"], estimators=GaussianNB(), cv=3, n_repeats=1
    )
    assert list(display.lines_) == ["k-center"] and display.metric == "macro f1"
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["9", "20%"]


def test_picture_without_matplotlib(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"Display.plot needs matplotlib: .*\[plot\]"):
        SelectorComparisonDisplay.from_comparison(made)
    with pytest.raises(ImportError, match="from_selectors needs matplotlib"):
        SelectorComparisonDisplay.from_selectors("k-center", X, Y)
