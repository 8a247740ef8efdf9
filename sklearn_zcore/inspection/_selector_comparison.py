"""SelectorComparison: what a comparison of selectors found, as frames, a dict and HTML."""

from dataclasses import dataclass, field
from html import escape
from typing import Any

from sklearn_zcore.inspection._comparison_means import draw_scores, fold_scores, summarised
from sklearn_zcore.inspection._extras import needed
from sklearn_zcore.inspection._html import html_table, mean_and_spread
from sklearn_zcore.inspection._score_selector import ALL_ROWS


@dataclass(frozen=True, eq=False, repr=False)
class SelectorComparison:
    """Selectors against each other, as `compare_selectors` returns them.

    Attributes
    ----------
    records : list of dict
        A score of each metric for every fold, selector, draw, budget and classifier, see
        `to_frame`.
    selectors : list of str
        Names of the selectors; ``"random"`` is one of them.
    budgets : list of str
        The budgets, as they were given.
    estimators : list of str
        Names of the classifiers.
    metrics : list of str
        Names of the scores; the first is the one that counts unless another is named. Higher is
        better.
    n_samples : int
        Labelled rows that were compared on.
    n_features : int
        Features that the selectors saw, in the first fold.
    n_classes : int
        Classes.
    n_folds : int
        Folds.
    notes : list of str
        Rows that were left out, and why.
    preparation_notes : list of str
        What the preparation notes in the first fold, if it does, as `TablePreparation`: columns
        that look like ids, and how text was read.

    See Also
    --------
    compare_selectors : What makes it, with an example.
    SelectorComparisonDisplay : The picture.
    """

    records: list[dict[str, Any]]
    selectors: list[str]
    budgets: list[str]
    estimators: list[str]
    metrics: list[str]
    n_samples: int
    n_features: int
    n_classes: int
    n_folds: int
    notes: list[str] = field(default_factory=list)
    preparation_notes: list[str] = field(default_factory=list)

    def to_frame(self) -> Any:
        """Return the scores as a tidy data frame: a row for every classifier that was trained.

        Returns
        -------
        pandas.DataFrame
            Its columns are ``fold``, ``selector`` ("all rows" for none), ``draw`` (0, except for
            repeated selectors), ``n_train``, ``budget`` ("all rows" for all), ``n_selected``,
            ``n_classes`` (that the coreset has), ``classifier``, and the metrics.

        Raises
        ------
        ImportError
            If pandas is missing.
        """
        pd = needed("pandas", "SelectorComparison.to_frame")
        return pd.DataFrame(self.records)

    def by_fold(self, metric: str | None = None) -> Any:
        """Return the mean score of every selector in each fold.

        Parameters
        ----------
        metric : str, default=None
            One of ``metrics``; None is the first.

        Returns
        -------
        pandas.DataFrame
            A row for each (fold, budget), a column for each selector: the mean over classifiers
            and draws. Without rows in which a score is NaN.

        Raises
        ------
        ValueError
            If there is no such metric.
        """
        pd = needed("pandas", "SelectorComparison.by_fold")
        scores = fold_scores(self.records, self._metric(metric), self.selectors)
        places = pd.MultiIndex.from_tuples(list(scores), names=["fold", "budget"])
        return pd.DataFrame(list(scores.values()), index=places, columns=self.selectors)

    def summary(self, metric: str | None = None) -> Any:
        """Return what every selector reaches at every budget.

        Parameters
        ----------
        metric : str, default=None
            One of ``metrics``; None is the first.

        Returns
        -------
        pandas.DataFrame
            A row for each (budget, selector), in the order that they were given. Columns:
            ``mean`` and ``std`` over folds, ``ahead`` of random draws in the mean, and ``wins``,
            the share of folds in which it is ahead (a tie is half; NaN for the draws themselves).

        Raises
        ------
        ValueError
            If there is no such metric.
        """
        pd = needed("pandas", "SelectorComparison.summary")
        places = pd.MultiIndex.from_product(
            [self.budgets, self.selectors], names=["budget", "selector"]
        )
        found = self._summary(metric)
        return pd.DataFrame([found[place] for place in places], index=places)

    def _summary(self, metric: str | None = None) -> dict[tuple[str, str], dict[str, float]]:
        """Return the same by (budget, selector), without pandas."""
        scores = fold_scores(self.records, self._metric(metric), self.selectors)
        return summarised(scores, self.budgets, self.selectors)

    def scores_of_draws(self, metric: str | None = None) -> dict[tuple[str, str], list[float]]:
        """Return the scores of every selector at every budget, draw by draw.

        Parameters
        ----------
        metric : str, default=None
            One of ``metrics``; None is the first.

        Returns
        -------
        dict of (selector, budget) to list of float
            For each fold and draw, the mean over classifiers; of all rows as ``("all rows", "all
            rows")``.

        Raises
        ------
        ValueError
            If there is no such metric.
        """
        return draw_scores(self.records, self._metric(metric))

    def full_score(self, metric: str | None = None) -> float:
        """Return the mean score of the classifiers after training on all rows of a fold.

        Parameters
        ----------
        metric : str, default=None
            One of ``metrics``; None is the first.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If there is no such metric.
        """
        name = self._metric(metric)
        scores = [record[name] for record in self.records if record["selector"] == ALL_ROWS]
        return float(sum(scores) / len(scores))

    @property
    def best(self) -> dict[str, str]:
        """The selector with the best mean at each budget, by the first metric."""
        found = self._summary()
        best = {}
        for budget in self.budgets:
            means = {name: found[budget, name]["mean"] for name in self.selectors}
            if all(mean == mean for mean in means.values()):
                best[budget] = max(means, key=means.__getitem__)
        return best

    def to_dict(self) -> dict[str, Any]:
        """Return the means as a dict of plain values, ready for JSON.

        Returns
        -------
        dict
            ``n_samples``, ``n_features``, ``n_classes``, ``n_folds``, ``selectors``, ``budgets``,
            ``estimators``, ``full_scores`` by metric, ``scores`` by metric, selector and budget
            (each a dict of ``mean``, ``std``, ``ahead`` and ``wins``; None for NaN), ``best``,
            ``notes`` and ``preparation_notes``.
        """
        sizes = ("n_samples", "n_features", "n_classes", "n_folds")
        names = ("selectors", "budgets", "estimators", "notes", "preparation_notes")
        return {
            **{name: getattr(self, name) for name in sizes},
            **{name: list(getattr(self, name)) for name in names},
            "full_scores": {metric: self.full_score(metric) for metric in self.metrics},
            "scores": {metric: self._scores(metric) for metric in self.metrics},
            "best": self.best,
        }

    def _scores(self, metric: str) -> dict[str, dict[str, Any]]:
        scores: dict[str, dict[str, Any]] = {name: {} for name in self.selectors}
        for (budget, selector), values in self._summary(metric).items():
            scores[selector][budget] = {n: v if v == v else None for n, v in values.items()}
        return scores

    def _metric(self, metric: str | None) -> str:
        if metric is None:
            return self.metrics[0]
        if metric not in self.metrics:
            raise ValueError(f"metric={metric!r} is none of {', '.join(self.metrics)}.")
        return metric

    def __repr__(self) -> str:
        return (
            f"SelectorComparison({len(self.selectors)} selectors, {len(self.budgets)} budgets, "
            f"{self.n_folds} folds of {self.n_samples:,} rows)"
        )

    def _repr_html_(self) -> str:
        """Return a table of selectors and budgets, for notebooks."""
        summary, best = self._summary(), self.best
        rows = []
        for name in self.selectors:
            cells = []
            for budget in self.budgets:
                value = summary[budget, name]
                text = mean_and_spread(value["mean"], value["std"])
                cells.append(f"<b>{text}</b>" if best.get(budget) == name else text)
            rows.append([escape(name), *cells])
        about = [
            f"{self.metrics[0]}, mean ± sd over {self.n_folds} folds of {self.n_samples:,} rows "
            f"in {self.n_classes} classes; mean of {', '.join(self.estimators)}. All rows: "
            f"{self.full_score():.3f}.",
            *self.notes,
            *self.preparation_notes,
        ]
        return html_table(["selector", *map(escape, self.budgets)], rows, about)
