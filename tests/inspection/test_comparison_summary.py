"""What is made of the scores of a comparison: means, ranks, wins, p values."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from sklearn_zcore.inspection import (
    as_markdown,
    mean_table,
    p_table,
    rank_table,
    scores_by_set,
    win_table,
)
from sklearn_zcore.inspection._comparison_summary import _holm


@pytest.fixture
def by_set():
    """Return scores of two selectors and random draws on five sets."""
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product([list("vwxyz"), ["2 %", "5 %"]], names=["data", "budget"])
    frame = pd.DataFrame({"random": rng.uniform(50, 60, 10)}, index=index)
    frame["good"], frame["same"] = frame["random"] + rng.uniform(1, 9, 10), frame["random"]
    return frame


def test_tables(by_set):
    wins, ranks = (t(by_set, ["5 %", "2 %"]) for t in (win_table, rank_table))
    assert wins.columns.tolist() == ["5 %", "2 %"]
    assert (wins.loc["good"] == 1).all() and (wins.loc["same"] == 0.5).all()
    assert (ranks.loc["good"] == 1).all() and (ranks.loc["random"] == 2.5).all()
    p = p_table(by_set, ["2 %", "5 %", "10 %"])
    assert p.loc["same"].isna().all()
    ahead = (by_set["good"] - by_set["random"]).xs("2 %", level="budget")
    assert p.loc["good", "2 %"] == pytest.approx(min(1, 2 * wilcoxon(ahead).pvalue))
    means = mean_table(by_set, ["2 %"])
    by_hand = by_set["good"].xs("2 %", level="budget").mean()
    assert means.loc["good", "2 %"] == pytest.approx(by_hand)


def test_holm():
    adjusted = _holm(np.array([0.01, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(adjusted, [0.03, 0.06, 0.06, 0.02])


def records(*places, score=0.5):
    return pd.DataFrame(
        [{"data": d, "budget": b, "selector": s, "macro_f1": score} for d, b, s in places]
    )


def test_sets_on_which_a_budget_is_out_of_reach_do_not_count():
    frame = records(("a", "2 %", "random"), ("a", "2 %", "x"), ("b", "2 %", "random"))
    assert scores_by_set(frame).index.tolist() == [("a", "2 %")]


def test_sets_on_which_a_fit_has_failed_do_not_count():
    """The mean of the other scores would be that of other classifiers."""
    frame = pd.concat([records(("a", "2 %", "x"), ("b", "2 %", "x"))] * 2, ignore_index=True)
    frame.loc[3, "macro_f1"] = np.nan
    assert scores_by_set(frame).index.tolist() == [("a", "2 %")]


def test_markdown(by_set):
    text = as_markdown(rank_table(by_set, ["2 %"]), 2)
    assert text.splitlines()[0] == "| selector | 2 % |" and "| good | 1.00 |" in text
