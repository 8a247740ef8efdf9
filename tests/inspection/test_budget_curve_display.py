"""BudgetCurveDisplay: what is drawn, and how it reads."""

import sys

import matplotlib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sklearn_zcore import BudgetCurve, BudgetCurveDisplay, CoresetClassifier, budget_curve
from tests.compose.common import X, Y, random

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def made(budgets=(0.05, 0.1, 0.2, 0.5), means=(0.7, 0.8, 0.9, 0.95), random=True, full=0.95):
    """Return a curve of two folds and three draws."""
    budgets = list(budgets)
    rows = np.array([[b if isinstance(b, int) else int(b * 1000)] * 2 for b in budgets])
    scores = np.array(means)[:, None] + np.array([[-0.02, 0.02]])
    draws = scores[:, :, None] + np.array([-0.03, 0.0, 0.03]) - 0.05
    return BudgetCurve(
        budgets=budgets,
        n_selected=rows,
        n_train=np.array([1000, 1000]),
        scores=scores,
        baseline_scores=draws if random else None,
        full_scores=np.array([full - 0.01, full + 0.01]),
        scoring="balanced_accuracy",
        selector="ZCoreSelector",
    )


def legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def ticks(display):
    display.figure_.canvas.draw()
    return [text.get_text() for text in display.ax_.get_xticklabels()]


def test_what_is_drawn():
    curve = made()
    display = BudgetCurveDisplay.from_results(curve, tolerance=0.06)
    assert display.curve is curve and display.figure_ is display.ax_.figure
    assert display.ax_.get_xscale() == "log"
    line = display.line_.lines[0]
    np.testing.assert_allclose(line.get_xdata(), [0.05, 0.1, 0.2, 0.5])
    np.testing.assert_allclose(line.get_ydata(), [0.7, 0.8, 0.9, 0.95])
    (bars,) = display.line_.lines[2]
    np.testing.assert_allclose(bars.get_segments()[0][:, 1], [0.68, 0.72])
    band = display.band_.get_paths()[0].vertices
    sd = curve.baseline_scores.reshape(4, -1).std(axis=1)
    assert band[:, 1].min() == pytest.approx(0.65 - sd[0])
    assert display.full_line_.get_ydata()[0] == pytest.approx(0.95)
    assert display.mark_.get_xdata()[0] == 0.2 and display.mark_.get_ydata()[0] == 0.9
    assert legend(display) == [
        "ZCoreSelector",
        "random, 3 draws a fold",
        "all rows: 0.950",
        "smallest within 6 %: 20 %",
    ]
    assert ticks(display) == ["5 %", "10 %", "20 %", "50 %"]
    assert display.ax_.get_xlabel() == "Share of rows trained on"
    assert display.ax_.get_ylabel() == "Test balanced accuracy, mean ± sd"


def test_rows_on_the_axis():
    display = BudgetCurveDisplay(made((10, 100, 300, 1000))).plot(tolerance=0.06)
    assert ticks(display) == ["10", "100", "300", "1,000"]
    assert display.ax_.get_xlabel() == "Rows trained on"
    assert legend(display)[-1] == "smallest within 6 %: 300 rows"


def test_rows_among_shares():
    display = BudgetCurveDisplay(made((10, 0.1, 300, 0.5))).plot()
    assert ticks(display) == ["1 %", "10 %", "30 %", "50 %"]


def test_near_ticks_do_not_overlap():
    display = BudgetCurveDisplay(made((0.1, 0.11, 0.12, 0.2))).plot()
    assert ticks(display) == ["10 %", "20 %"]


def test_nothing_is_good_enough():
    display = BudgetCurveDisplay(made(full=0.99)).plot(tolerance=0.01, absolute=True)
    assert display.mark_ is None
    assert legend(display)[-1] == "none within 0.01"
    display = BudgetCurveDisplay(made()).plot(tolerance=None)
    assert display.mark_ is None and len(legend(display)) == 3


def test_without_a_baseline():
    display = BudgetCurveDisplay(made(random=False)).plot(tolerance=None)
    assert display.band_ is None
    assert legend(display) == ["ZCoreSelector", "all rows: 0.950"]


def test_draws_that_failed():
    curve = made()
    curve.baseline_scores[0, 0, 1] = np.nan
    curve.baseline_scores[1] = np.nan
    display = BudgetCurveDisplay(curve).plot()
    (dotted,) = [line for line in display.ax_.lines if "random" in str(line.get_label())]
    known = curve.baseline_scores[0][np.isfinite(curve.baseline_scores[0])]
    np.testing.assert_allclose(dotted.get_ydata()[0], known.mean())
    assert np.isnan(dotted.get_ydata()[1])


def test_two_curves_on_one_axes():
    first = BudgetCurveDisplay(made()).plot(tolerance=None)
    second = BudgetCurveDisplay(made(means=(0.5, 0.6, 0.7, 0.8), random=False))
    assert second.plot(first.ax_, tolerance=None, label="other").ax_ is first.ax_
    assert legend(second) == ["ZCoreSelector", "other", "random, 3 draws a fold", "all rows: 0.950"]
    colours = {display.line_.lines[0].get_color() for display in (first, second)}
    assert len(colours) == 2


@pytest.mark.parametrize("style", ["default", "dark_background", "grayscale"])
def test_everything_is_seen_on_the_ground_of_the_style(style):
    """Paper is white, and notebooks may be dark."""
    with plt.style.context(style):
        display = BudgetCurveDisplay(made()).plot(tolerance=0.06)
        ground = np.array(matplotlib.colors.to_rgb(display.ax_.get_facecolor()))
        for line in [display.line_.lines[0], display.full_line_, display.mark_]:
            colour = np.array(matplotlib.colors.to_rgb(line.get_color()))
            assert np.abs(colour - ground).max() > 0.4
        band = display.band_.get_facecolor()[0]
        seen = band[:3] * band[3] + ground * (1 - band[3])
        assert 0.1 < np.abs(seen - ground).max() < 0.3
        display.figure_.canvas.draw()


def test_from_estimator_is_budget_curve_and_plot():
    model = CoresetClassifier(LogisticRegression(), random())
    display = BudgetCurveDisplay.from_estimator(
        model, X, Y, [0.3, 0.6], cv=3, n_repeats=2, random_state=0, tolerance=0.5
    )
    curve = budget_curve(model, X, Y, [0.3, 0.6], cv=3, n_repeats=2, random_state=0)
    np.testing.assert_array_equal(display.curve.scores, curve.scores)
    np.testing.assert_array_equal(display.curve.baseline_scores, curve.baseline_scores)
    assert legend(display)[-1] == "smallest within 50 %: 30 %"
    _, ax = plt.subplots()
    assert BudgetCurveDisplay.from_results(curve, ax=ax).ax_ is ax


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    says = r'needs matplotlib: .*"\.\[plot\]"'
    with pytest.raises(ImportError, match=says):
        BudgetCurveDisplay(made()).plot()
    with pytest.raises(ImportError, match=says):  # before anything is computed
        BudgetCurveDisplay.from_estimator(None, None, None)
