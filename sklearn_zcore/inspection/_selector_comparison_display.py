"""SelectorComparisonDisplay: how far every selector is ahead of random draws."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from sklearn_zcore.inspection._comparison import compare_selectors
from sklearn_zcore.inspection._comparison_summary import RANDOM, ahead_of_random
from sklearn_zcore.inspection._extras import needed
from sklearn_zcore.inspection._selector_comparison import SelectorComparison

_MARKERS = "osD^vP*X"


class SelectorComparisonDisplay:
    """Picture of selectors against each other.

    For every budget, how far the mean score of each selector is ahead of random draws; bars are
    the standard error over folds (or data sets). Make it by `from_selectors` or
    `from_comparison`.

    Parameters
    ----------
    scores : DataFrame
        Mean scores: a row for each (fold, budget), a column for each selector, ``"random"`` among
        them; as of `SelectorComparison.by_fold`.
    metric : str, default="score"
        What the scores are called.

    Attributes
    ----------
    scores : DataFrame
        The scores.
    metric : str
        Their name.
    ax_ : matplotlib.axes.Axes
        Axes of the picture.
    figure_ : matplotlib.figure.Figure
        Its figure.
    lines_ : dict of str to matplotlib.container.ErrorbarContainer
        What is drawn for each selector.
    random_line_ : matplotlib.lines.Line2D
        The random draws.

    See Also
    --------
    compare_selectors : The scores without the picture.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_zcore import SelectorComparisonDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> display = SelectorComparisonDisplay.from_selectors(
    ...     ["facility-location", "k-center"], X, y, ["10%", "30%"], estimators=GaussianNB()
    ... )
    >>> display.figure_.savefig("compared.png")  # doctest: +SKIP
    """

    def __init__(self, scores: Any, *, metric: str = "score") -> None:
        self.scores = scores
        self.metric = metric

    @classmethod
    def from_selectors(
        cls,
        selectors: Any,
        X: Any,
        y: Any,
        budgets: Any = ("2%", "5%", "10%", "30%"),
        *,
        ax: Any = None,
        **parameters: Any,
    ) -> Self:
        """Compare selectors and plot the result.

        Parameters
        ----------
        selectors : list, dict, str, selector or None
            Names or instances, see `compare_selectors`.
        X : array-like of n_samples rows
            Rows.
        y : array-like of shape (n_samples,)
            Labels.
        budgets : sequence of int, float or str, default=("2%", "5%", "10%", "30%")
            Numbers, shares or percentages of rows.
        ax : matplotlib.axes.Axes, default=None
            Axes to plot on; None makes new ones.
        **parameters : dict
            Further parameters of `compare_selectors`.

        Returns
        -------
        SelectorComparisonDisplay
            With ``ax_`` and ``figure_``.

        Raises
        ------
        ImportError
            If matplotlib or pandas is missing.
        """
        needed("matplotlib.pyplot", f"{cls.__name__}.from_selectors")  # before anything is computed
        return cls.from_comparison(compare_selectors(selectors, X, y, budgets, **parameters), ax=ax)

    @classmethod
    def from_comparison(
        cls, comparison: SelectorComparison, *, metric: str | None = None, ax: Any = None
    ) -> Self:
        """Plot a comparison that has been computed.

        Parameters
        ----------
        comparison : SelectorComparison
            What `compare_selectors` returned.
        metric : str, default=None
            One of its metrics; None is the first.
        ax : matplotlib.axes.Axes, default=None
            Axes to plot on; None makes new ones.

        Returns
        -------
        SelectorComparisonDisplay
            With ``ax_`` and ``figure_``.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        name = comparison.metrics[0] if metric is None else metric
        display = cls(comparison.by_fold(name), metric=name.replace("_", " "))
        return display.plot(ax=ax, budgets=comparison.budgets)

    def plot(
        self,
        ax: Any = None,
        *,
        budgets: Sequence[str] | Mapping[str, str] | None = None,
        xlabel: str = "Budget",
        legend: bool = True,
    ) -> Self:
        """Plot the scores.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to plot on; None makes new ones.
        budgets : sequence of str, or dict of str to str, default=None
            The budgets to show, in this order, or what to write for each at the axis; None is
            all.
        xlabel : str, default="Budget"
            What stands below them.
        legend : bool, default=True
            Whether to say which selector is which.

        Returns
        -------
        SelectorComparisonDisplay
            With ``ax_`` and ``figure_``.

        Raises
        ------
        ImportError
            If matplotlib is missing.
        ValueError
            If none of the budgets has scores.
        """
        plt = needed("matplotlib.pyplot", f"{type(self).__name__}.plot")
        ahead = ahead_of_random(self.scores).groupby(level="budget", sort=False)
        mean, spread = ahead.mean(), ahead.sem()
        wanted = mean.index.tolist() if budgets is None else list(budgets)
        shown = [budget for budget in wanted if budget in mean.index]
        if not shown:
            raise ValueError("There is no score of any of the budgets in every fold and selector.")
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        x = np.arange(len(shown))
        self.lines_ = {}
        for i, selector in enumerate(mean.columns):
            bars = spread.loc[shown, selector]
            self.lines_[selector] = ax.errorbar(
                x + 0.04 * (i - (mean.shape[1] - 1) / 2),
                mean.loc[shown, selector],
                None if bars.isna().any() else bars,
                marker=_MARKERS[i % len(_MARKERS)],
                capsize=2,
                label=selector,
            )
        self.random_line_ = ax.axhline(0, color="0.5", linestyle="--", label=f"{RANDOM} draws")
        ax.set_xticks(x, [budgets[b] if isinstance(budgets, Mapping) else b for b in shown])
        ax.set_xlabel(xlabel)
        ax.set_ylabel(f"{self.metric}, ahead of random draws")
        ax.grid(axis="y", alpha=0.3)
        if legend:
            ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
        return self
