"""The comparison of selectors, and what is made of its scores."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from sklearn_zcore import KMeansSelector, RandomSelector
from sklearn_zcore._budget import Budget
from sklearn_zcore.inspection import _comparison as comparison
from sklearn_zcore.inspection import _comparison_summary as summary
from tests.selection.common import facility, kmeans, random, table

BUDGETS = [
    Budget(0.1, "10 %"),
    Budget(7, "7"),
    Budget(2, "2 a class", per_class=True),
]


def test_budgets():
    assert [comparison.rows_of(b, 100, 4) for b in BUDGETS] == [10, 7, 8]
    assert [comparison.rows_of(b, 6, 4) for b in BUDGETS] == [1, None, None]


@pytest.mark.parametrize("make", [facility, kmeans, random])
def test_coresets_are_those_of_fits_with_their_budgets(make):
    X, sizes = table(60), [3, 20, 8]
    for size, rows in zip(sizes, comparison.coresets(make(), X, sizes), strict=True):
        np.testing.assert_array_equal(rows, make(budget=size).fit(X).indices_)


def test_one_class_predicts_itself():
    X, y = table(10), np.array(["a"] * 5 + ["b"] * 5)
    scores = comparison.score_classifier(
        LogisticRegression(), (X[:5], y[:5]), (X, y), np.array(["a", "b"])
    )
    assert scores == {"macro_f1": pytest.approx(1 / 3), "balanced_accuracy": 0.5}


def test_compare_selectors():
    X, y = make_blobs(90, 2, centers=3, cluster_std=0.3, random_state=0)
    calls = []
    records = comparison.compare_selectors(
        X,
        y,
        {"k-means": [KMeansSelector(random_state=0)], "random": [random(), RandomSelector()]},
        BUDGETS,
        classifiers={"tree": DecisionTreeClassifier(random_state=0)},
        n_folds=3,
        progress=lambda: calls.append(1),
    )
    frame = pd.DataFrame(records)
    assert len(calls) == 3 * 4
    assert len(frame) == 3 * (3 * len(BUDGETS) + 1)
    sizes = frame.query("selector == 'k-means'").groupby("budget")["n_selected"].first()
    assert sizes.to_dict() == {"10 %": 6, "7": 7, "2 a class": 6}
    assert (frame.query("selector == 'all rows'")["n_selected"] == 60).all()
    assert (frame.query("selector == 'k-means'")["macro_f1"] > 0.9).all()


@pytest.fixture
def by_set():
    """Return scores of two selectors and random draws on five sets."""
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product([list("vwxyz"), ["2 %", "5 %"]], names=["data", "budget"])
    frame = pd.DataFrame({"random": rng.uniform(50, 60, 10)}, index=index)
    frame["good"], frame["same"] = frame["random"] + rng.uniform(1, 9, 10), frame["random"]
    return frame


def test_tables(by_set):
    wins, ranks = (t(by_set, ["5 %", "2 %"]) for t in (summary.win_table, summary.rank_table))
    assert wins.columns.tolist() == ["5 %", "2 %"]
    assert (wins.loc["good"] == 1).all() and (wins.loc["same"] == 0.5).all()
    assert (ranks.loc["good"] == 1).all() and (ranks.loc["random"] == 2.5).all()
    p = summary.p_table(by_set, ["2 %", "5 %", "10 %"])
    assert p.loc["same"].isna().all()
    ahead = (by_set["good"] - by_set["random"]).xs("2 %", level="budget")
    assert p.loc["good", "2 %"] == pytest.approx(min(1, 2 * wilcoxon(ahead).pvalue))


def test_holm():
    adjusted = summary._holm(np.array([0.01, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(adjusted, [0.03, 0.06, 0.06, 0.02])


def test_sets_on_which_a_budget_is_out_of_reach_do_not_count():
    records = [
        {"data": d, "budget": b, "selector": s, "macro_f1": 0.5}
        for d, b, s in [("a", "2 %", "random"), ("a", "2 %", "x"), ("b", "2 %", "random")]
    ]
    assert summary.scores_by_set(pd.DataFrame(records)).index.tolist() == [("a", "2 %")]


def test_markdown(by_set):
    text = summary.as_markdown(summary.rank_table(by_set, ["2 %"]), 2)
    assert text.splitlines()[0] == "| selector | 2 % |" and "| good | 1.00 |" in text


def test_picture(by_set):
    figure = summary.plot_comparison(by_set, {"share": {"2 %": "2", "5 %": "5"}}, "macro-F1")
    (panel,) = figure.axes
    assert [label.get_text() for label in panel.get_xticklabels()] == ["2", "5"]
    assert panel.get_xlabel() == "share" and "ahead of a random draw" in panel.get_ylabel()
