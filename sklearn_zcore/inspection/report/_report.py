"""CoresetReport: look at a coreset before it is labelled."""

import json
import math
import os
import webbrowser
from numbers import Integral, Real
from pathlib import Path
from typing import IO, Any

from sklearn_zcore.embedding import image_sequence
from sklearn_zcore.inspection._extras import needed
from sklearn_zcore.inspection.report._compute import Options, compute_report
from sklearn_zcore.inspection.report._write import temporary_page, write_whole


def require_report_extra() -> None:
    """Raise ImportError, which names the extra, if a package that the report needs is missing."""
    for module in ("jinja2", "bokeh", "PIL"):
        needed(module, "CoresetReport")


class CoresetReport:
    """A page about a coreset: what it holds, misses and repeats, and how good it is.

    Everything is computed once, when the report is made; it keeps neither the selector nor X. The
    page is one file that needs no network.

    Parameters
    ----------
    selector : object
        What chose the coreset: a fitted selector, a `Pipeline` that ends in one, a fitted
        `CoresetClassifier`, `CoresetRegressor` or `CoresetSampler`. Or the coreset itself: numbers
        of rows, in order of rank, or a boolean mask.
    X : array-like of n_samples rows
        What ``selector`` was fitted on; with a pipeline or an embedder, what went into these. For
        row numbers or a mask: rows of finite numbers, between which distances mean something.
    images : array-like of n_samples images, default=None
        Pictures of the rows: paths, PIL images or arrays, as `FoundationEmbedder` takes them.
    data : data frame of n_samples rows, default=None
        Columns that are shown beside the rows, and compared: of pandas, polars or pyarrow, or a
        dict of arrays. None is X itself where it is a data frame, or an array of at most 100
        features, and there are no images.
    groups : array-like, data frame, str or list of str, default=None
        Groups that should have their share of the coreset: one value for each row, several such
        columns, or names of columns of ``data``. Missing values are a group.
    layout : {"pca", "umap", "pacmap"} or array-like of shape (n_samples, 2), default="pca"
        Where the rows lie on the map. ``"umap"`` and ``"pacmap"`` need the package of that name.
    duplicate_threshold : float or "auto", default="auto"
        Rows nearer than this (Euclidean distance between rows of X, or of the embedding) are
        near-duplicates; exact copies always are. ``"auto"`` is a tenth of the median distance of a
        row to the nearest that is not equal.
    n_random : int, default=10
        Random draws that the coreset is compared with: at least 2.
    max_thumbnails : int, default=500
        How many images get a picture on the page, each of 160 pixels and 12 kB at most.
    title : str or None, default=None
        Of the page; None is made from the selector.
    call : str or None, default=None
        What reproduces the coreset, for the page; None is how the selector prints.
    random_state : int, RandomState instance or None, default=0
        Seed of the random draws and samples.

    Raises
    ------
    ImportError
        If the extra ``report`` is not installed, or the package that ``layout`` needs.
    NotFittedError
        If the selector is not fitted.
    TypeError
        If ``selector`` selects no rows, or ``images`` holds no images.
    ValueError
        If X is not what the selector was fitted on, or anything beside it has another number of
        rows.

    See Also
    --------
    budget_curve : What coresets of growing size cost a model.

    Notes
    -----
    Where a figure would take too long, it is taken over a random sample of the rows, and the page
    says so. All rows are always looked at for exact copies, groups and features. Up to some
    20,000 rows nothing is sampled for near-duplicates and outliers; beyond, near-duplicates are
    found by locality-sensitive hashing, which misses about 3 % of the pairs at the threshold, and
    outliers and missed rows are searched among those that may be farthest.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_zcore import CoresetReport, FacilityLocationSelector
    >>> X, y = load_wine(return_X_y=True)
    >>> X = StandardScaler().fit_transform(X)
    >>> selector = FacilityLocationSelector(0.1, random_state=0).fit(X)
    >>> report = CoresetReport(selector, X, groups={"cultivar": y})
    >>> figures = report.to_dict()
    >>> figures["summary"]["coverage"]["n_selected"]
    17
    >>> figures["summary"]["random"]["closer_by"] > 0.1
    True
    >>> page = report.html()
    """

    def __init__(
        self,
        selector: Any,
        X: Any,
        *,
        images: Any = None,
        data: Any = None,
        groups: Any = None,
        layout: Any = "pca",
        duplicate_threshold: float | str = "auto",
        n_random: int = 10,
        max_thumbnails: int = 500,
        title: str | None = None,
        call: str | None = None,
        random_state: Any = 0,
    ) -> None:
        from sklearn_zcore import __version__

        require_report_extra()  # before anything is computed
        _check_numbers(duplicate_threshold, n_random, max_thumbnails)
        options = Options(
            images=None if images is None else image_sequence(images),
            data=data,
            groups=groups,
            layout=layout,
            duplicate_threshold=duplicate_threshold,
            n_random=int(n_random),
            max_thumbnails=int(max_thumbnails),
            title=title,
            call=call,
            random_state=random_state,
        )
        self._found = compute_report(selector, X, options, __version__)
        self._page: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return everything that the page shows.

        Returns
        -------
        dict
            Of numbers, text, lists and dicts alone, without NaN: ``json.dumps`` takes it. A copy.
            Distances are Euclidean, between rows of X or of the embedding; rows are numbers from
            0, ranks from 1, shares between 0 and 1. A section that has nothing to say is None or
            empty.

            ``format_version`` : int
                Raised when a key changes its meaning or goes.
            ``summary`` : dict
                ``title``, ``created`` (ISO 8601, UTC), ``version``, ``call``, ``selector``
                (``label``, ``class``, ``parameters``), ``n_samples``, ``n_features``, ``share``,
                ``stability`` (of ZCore), ``warnings``; ``coverage``: ``n_selected`` and the
                ``mean``, ``p95`` and ``max`` distance of ``n_rows`` rows to the nearest coreset
                row; ``random``: ``mean`` and ``std`` over ``n_draws`` random draws of that size,
                their mean ``p95``, ``compared_mean`` of the coreset on the same ``n_rows`` rows,
                and ``closer_by``, 1 - compared_mean / mean.
            ``curve`` : dict or None
                Along the ranking: ``sizes``, ``mean`` and ``p95`` distance, ``random_mean``,
                ``random_low`` and ``random_high`` (mean and range of the means of the random
                draws), ``random_p95``, ``n_selected``, ``flattens_at``.
            ``map`` : dict
                ``rows``, ``x``, ``y``, ``role`` (number in ``roles``), ``rank`` (0: not selected),
                ``score``, ``groups`` (``column``, ``names``, ``codes``), ``method``, ``note``.
            ``coreset`` : dict
                ``rows`` by rank, up to 500: ``row``, ``rank``, ``score``, ``stands_for`` (rows,
                of the ``n_rows`` looked at, that are nearest to it) and ``nearest`` of these.
            ``missed`` : dict
                ``rows``, the farthest first: ``row``, ``distance``, ``nearest`` coreset row.
            ``near_duplicates`` : dict
                ``threshold``, ``rule``, ``n_groups``, ``n_rows`` in them, ``n_exact`` (rows that
                equal an earlier one), ``n_labels_saved`` (one label a group instead of one a
                row), ``n_spare_in_coreset`` (rows of the coreset that repeat another of it),
                ``groups``, the largest first.
            ``outliers`` : dict
                ``threshold``, ``rule``, ``n_outliers``, ``n_selected``, ``rows`` with their
                ``distance`` to the nearest other row.
            ``groups`` : list of dict
                For every column: ``column``, ``n_groups``, ``groups`` (``group``, ``n_rows``,
                ``share``, ``n_selected``, ``share_selected``, ``gap``), largest gap first,
                ``n_absent``, ``absent`` and ``total_variation``.
            ``features`` : dict
                ``columns``, largest distance first: ``column``, ``kind``, ``measure``,
                ``distance``, ``missing``, ``missing_selected``, ``bars``; and ``skipped``.
            ``rows`` : dict
                ``columns`` and ``cells`` of the rows that are shown, as text.
            ``thumbnails`` : dict
                ``images`` (row to data URI), ``broken`` (row to reason), ``captions``.
        """
        found: dict[str, Any] = json.loads(self.json())
        return found

    def json(self) -> str:
        """Return `to_dict` as JSON text."""
        return json.dumps(self._found, allow_nan=False, ensure_ascii=True)

    def html(self) -> str:
        """Return the page: one whole HTML document, which needs no network."""
        from sklearn_zcore.inspection.report._page import render_page

        if self._page is None:
            self._page = render_page(self._found)
        return self._page

    def html_snippet(self) -> str:
        """Return the page as a part of another one, in a frame: neither styles the other."""
        from sklearn_zcore.inspection.report._page import render_snippet

        return render_snippet(self.html(), self._found["summary"]["title"])

    def write_html(self, file: str | os.PathLike[str] | IO[Any]) -> None:
        """Write the page.

        Parameters
        ----------
        file : str, path-like or file
            A path: the file appears when it is whole, and replaces one that is there. Or what has
            been opened for writing, text in UTF-8 or binary.

        Raises
        ------
        ValueError
            If a text file is not UTF-8.
        OSError
            If it cannot be written; then nothing is left behind.
        """
        write_whole(self.html(), file)

    def open(self) -> None:
        """Show the page in a browser, from a temporary file."""
        webbrowser.open(Path(temporary_page(self.html())).as_uri())

    def __repr__(self) -> str:
        """Return what it is about."""
        summary = self._found["summary"]
        by = f" by {label}" if (label := summary["selector"]["label"]) else ""
        return (
            f"<CoresetReport: {summary['coverage']['n_selected']:,} of {summary['n_samples']:,} "
            f"rows{by}; .open() shows it>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Show the page in a notebook."""
        return {"text/html": self.html_snippet(), "text/plain": repr(self)}

    def _repr_html_(self) -> str:
        """Show the page where only this is known, such as in a gallery of examples."""
        return self.html_snippet()


def _check_numbers(duplicate_threshold: Any, n_random: Any, max_thumbnails: Any) -> None:
    is_number = isinstance(duplicate_threshold, Real) and math.isfinite(duplicate_threshold)
    is_auto = isinstance(duplicate_threshold, str) and duplicate_threshold == "auto"
    if not is_auto and not (is_number and float(duplicate_threshold) >= 0):
        raise ValueError(
            f"duplicate_threshold={duplicate_threshold!r} is neither 'auto' nor a distance."
        )
    for name, value, least in (
        ("n_random", n_random, 2),
        ("max_thumbnails", max_thumbnails, 0),
    ):
        if not isinstance(value, Integral) or value < least:
            raise ValueError(f"{name}={value!r} must be a whole number of at least {least}.")
