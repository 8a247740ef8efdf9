"""BudgetCurveDisplay: the picture of a budget curve."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.inspection._budget_curve import BudgetCurve, budget_curve, budget_label
from sklearn_zcore.inspection._extras import needed

_LEAST_RATIO = 1.25  # of neighbouring tick labels: nearer ones would overlap


class BudgetCurveDisplay:
    """Picture of what coresets of growing size cost.

    On a logarithmic axis of budgets: the mean score of the folds with its standard deviation, a
    band for random rows, a line for all rows, and a mark at the smallest budget that is good
    enough. Make it by `from_estimator` or `from_results`.

    Parameters
    ----------
    curve : BudgetCurve
        What `budget_curve` returned.

    Attributes
    ----------
    curve : BudgetCurve
        The scores.
    ax_ : matplotlib.axes.Axes
        Axes of the picture.
    figure_ : matplotlib.figure.Figure
        Its figure.
    line_ : matplotlib.container.ErrorbarContainer
        Scores of the coresets.
    band_ : matplotlib.collections.FillBetweenPolyCollection or None
        Scores of random rows.
    full_line_ : matplotlib.lines.Line2D
        Score of all rows.
    mark_ : matplotlib.lines.Line2D or None
        The smallest budget that is good enough; None if there is none.

    See Also
    --------
    budget_curve : The scores without the picture.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_zcore import BudgetCurveDisplay, CoresetClassifier, RandomSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> from sklearn.naive_bayes import GaussianNB
    >>> classifier = CoresetClassifier(GaussianNB(), RandomSelector(random_state=0))
    >>> display = BudgetCurveDisplay.from_estimator(
    ...     classifier, X, y, [0.1, 0.3], cv=3, random_state=0
    ... )
    >>> display.figure_.savefig("curve.png")  # doctest: +SKIP
    """

    def __init__(self, curve: BudgetCurve) -> None:
        self.curve = curve

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        budgets: Sequence[float | str] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
        *,
        tolerance: float = 0.01,
        absolute: bool = False,
        ax: Any = None,
        **parameters: Any,
    ) -> Self:
        """Compute a budget curve and plot it.

        Parameters
        ----------
        estimator : CoresetClassifier or CoresetRegressor
            What to train, with its selector; or a Pipeline that ends in one.
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        budgets : sequence of int, float or str, default=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
            Numbers of rows, fractions of them, or percentages (``"10%"``).
        tolerance, absolute, ax
            See `plot`.
        **parameters : dict
            Further parameters of `budget_curve`: ``cv``, ``scoring``, ``n_jobs``, ``baseline``,
            ``n_repeats``, ``random_state`` and others.

        Returns
        -------
        BudgetCurveDisplay
            With ``ax_`` and ``figure_``.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        needed("matplotlib.pyplot", f"{cls.__name__}.from_estimator")  # before anything is computed
        curve = budget_curve(estimator, X, y, budgets, **parameters)
        return cls(curve).plot(ax=ax, tolerance=tolerance, absolute=absolute)

    @classmethod
    def from_results(
        cls,
        curve: BudgetCurve,
        *,
        tolerance: float = 0.01,
        absolute: bool = False,
        ax: Any = None,
    ) -> Self:
        """Plot a budget curve that has been computed.

        Parameters
        ----------
        curve : BudgetCurve
            What `budget_curve` returned.
        tolerance, absolute, ax
            See `plot`.

        Returns
        -------
        BudgetCurveDisplay
            With ``ax_`` and ``figure_``.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        return cls(curve).plot(ax=ax, tolerance=tolerance, absolute=absolute)

    def plot(
        self,
        ax: Any = None,
        *,
        tolerance: float | None = 0.01,
        absolute: bool = False,
        label: str | None = None,
    ) -> Self:
        """Plot the curve.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to plot on, such as those of another curve to compare with; None makes new ones.
        tolerance : float or None, default=0.01
            Mark the smallest budget whose mean score is so close to that of all rows: a share of
            that score, or, if ``absolute``, a difference. None marks nothing.
        absolute : bool, default=False
            Which of the two.
        label : str, default=None
            Name of the coreset in the legend; None is the selector's.

        Returns
        -------
        BudgetCurveDisplay
            With ``ax_`` and ``figure_``.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        plt = needed("matplotlib.pyplot", f"{type(self).__name__}.plot")
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self._plot_baseline(plt)
        self._plot_coreset(label)
        self._plot_full(plt)
        self.mark_ = None if tolerance is None else self._plot_mark(tolerance, absolute)
        self._label_axes()
        return self

    @property
    def _in_rows(self) -> bool:
        return all(isinstance(budget, Integral) for budget in self.curve.budgets)

    def _places(self) -> NDArray[np.float64]:
        """Return where the budgets are on the axis: rows, if all are, or shares of the rows."""
        rows: NDArray[np.float64] = self.curve.n_selected.mean(axis=1)
        return rows if self._in_rows else rows / float(self.curve.n_train.mean())

    def _plot_baseline(self, plt: Any) -> None:
        self.band_ = None
        if self.curve.baseline_scores is None:
            return
        # Of all folds and draws; a draw that could not be trained on has warned already.
        flat = self.curve.baseline_scores.reshape(len(self.curve.budgets), -1)
        known = [row[np.isfinite(row)] for row in flat]
        mean = np.array([row.mean() if row.size else np.nan for row in known])
        sd = np.array([row.std() if row.size else np.nan for row in known])
        # The colour of text is seen on the ground of any style; a pale band of it, too.
        colour = plt.rcParams["text.color"]
        n_repeats = self.curve.baseline_scores.shape[2]
        self.band_ = self.ax_.fill_between(
            self._places(), mean - sd, mean + sd, color=colour, alpha=0.15, linewidth=0
        )
        self.ax_.plot(
            self._places(),
            mean,
            color=colour,
            alpha=0.7,
            linestyle=":",
            marker=".",
            label=f"random, {n_repeats} draws a fold",
        )

    def _plot_coreset(self, label: str | None) -> None:
        self.line_ = self.ax_.errorbar(
            self._places(),
            self.curve.scores.mean(axis=1),
            yerr=self.curve.scores.std(axis=1),
            marker="o",
            capsize=3,
            linewidth=2,
            elinewidth=1,
            label=label or self.curve.selector,
            zorder=3,
        )

    def _plot_full(self, plt: Any) -> None:
        mean = float(self.curve.full_scores.mean())
        self.full_line_ = self.ax_.axhline(
            mean,
            color=plt.rcParams["text.color"],
            linestyle="--",
            linewidth=1,
            label=f"all rows: {mean:.3f}",
        )

    def _plot_mark(self, tolerance: float, absolute: bool) -> Any:
        within = f"within {tolerance:g}" if absolute else f"within {100 * tolerance:g} %"
        budget = self.curve.smallest_within(tolerance, absolute=absolute)
        if budget is None:
            self.ax_.plot([], [], linestyle="none", label=f"none {within}")
            return None
        place = self.curve.budgets.index(budget)
        (mark,) = self.ax_.plot(
            self._places()[place],
            self.curve.scores[place].mean(),
            marker="o",
            markersize=14,
            markerfacecolor="none",
            markeredgewidth=2,
            color=self.line_.lines[0].get_color(),
            linestyle="none",
            label=f"smallest {within}: {budget_label(budget)}",
            zorder=4,
        )
        return mark

    def _label_axes(self) -> None:
        from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

        self.ax_.set_xscale("log")
        places = self._places()
        shown: list[int] = []
        for number, place in enumerate(places):
            if not shown or place / places[shown[-1]] >= _LEAST_RATIO:
                shown.append(number)
        texts = [self._tick(self.curve.budgets[i], places[i]) for i in shown]
        self.ax_.xaxis.set_major_locator(FixedLocator(places[shown].tolist()))
        self.ax_.xaxis.set_major_formatter(FixedFormatter(texts))
        self.ax_.xaxis.set_minor_locator(NullLocator())
        self.ax_.set_xlabel("Rows trained on" if self._in_rows else "Share of rows trained on")
        name = self.curve.scoring.replace("_", " ")
        self.ax_.set_ylabel(f"Test {name}, mean ± sd")
        handles, labels = self.ax_.get_legend_handles_labels()
        # Of another curve on the same axes, all rows may be the same line; error bars come last.
        entries = dict(zip(labels, handles, strict=True))
        order = sorted(entries, key=lambda label: not hasattr(entries[label], "has_yerr"))
        self.ax_.legend([entries[label] for label in order], order, fontsize="small")

    def _tick(self, budget: float, place: float) -> str:
        if self._in_rows:
            return f"{budget:,}"
        return budget_label(place if isinstance(budget, Integral) else budget)
