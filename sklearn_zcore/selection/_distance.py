"""Directions instead of rows, and rows that keep their distance from each other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import diags_array, issparse
from scipy.spatial.distance import cdist
from sklearn.preprocessing import normalize

from sklearn_zcore._progress import Silent, progress_bar
from sklearn_zcore._warnings import warn_user
from sklearn_zcore._words import plural
from sklearn_zcore.rows import UnusableRows

_ALL_STEPS = 4e9  # differences: some seconds
_SAMPLED_ROWS = 512  # whose distances to their nearest neighbours "auto" looks at
_AT_ONCE = 2**21  # distances: 16 MB


def directions(rows: Any, owner: str) -> Any:
    """Return rows of length 1: their Euclidean distances order them as cosine distances do.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_features)
    owner : str
        Name of the estimator, for the message.

    Returns
    -------
    ndarray of shape (n_samples, n_features), float32 or float64

    Raises
    ------
    UnusableRows
        If a row is all zeros.
    """
    zero = np.flatnonzero(_largest(rows) == 0)
    if zero.size:
        raise UnusableRows(
            int(zero[0]),
            zero.size,
            f"Row {{row}} of X is all zeros, as {{rows}} in all: it has no direction, which is "
            f"what {owner}(metric='cosine') compares. Leave such rows out, or take "
            f"metric='euclidean'.",
        )
    return unit_rows(rows)


def unit_rows(rows: Any) -> Any:
    """Return rows of length 1, whatever their size; those of zeros stay.

    Parameters
    ----------
    rows : ndarray or sparse matrix of shape (n_samples, n_features)

    Returns
    -------
    ndarray or sparse matrix of shape (n_samples, n_features), float32 or float64
    """
    if rows.dtype.kind != "f" or rows.dtype.itemsize < 4:
        rows = rows.astype(np.float64)
    largest = _largest(rows)
    extreme = (largest > 1e15) | ((largest < 1e-15) & (largest > 0))  # squares may be too wide
    if extreme.any():
        by = np.where(extreme, largest, 1).astype(rows.dtype)
        rows = (diags_array(1 / by) @ rows).tocsr() if issparse(rows) else rows / by[:, None]
    return normalize(rows)


def _largest(rows: Any) -> NDArray[Any]:
    """Return every row's largest value, its sign apart."""
    if issparse(rows):
        return np.asarray(abs(rows).max(axis=1).toarray()).ravel()
    return np.asarray(np.abs(rows).max(axis=1))


class Distances:
    """The distances that ``min_distance`` is about, in float64.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Rows as they are compared: of length 1 for ``"cosine"``.
    metric : {"euclidean", "manhattan", "cosine"}
    """

    def __init__(self, X: NDArray[Any], metric: str) -> None:
        self.X = X
        self.metric = metric

    def between(self, rows: Any, others: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distances of some rows, by number, to others, by their values."""
        kind = "cityblock" if self.metric == "manhattan" else "euclidean"
        found = cdist(self.values(rows), others, kind)
        # Of rows of length 1, the cosine distance is half the square of the Euclidean one.
        return np.asarray(found**2 / 2 if self.metric == "cosine" else found)

    def values(self, rows: Any) -> NDArray[np.float64]:
        """Return some rows as float64."""
        return np.atleast_2d(self.X[rows]).astype(np.float64)

    def of_neighbours(self) -> float:
        """Return half the median distance of a row to the nearest one that is no copy of it."""
        n = self.X.shape[0]
        sample = np.unique(np.linspace(0, n - 1, min(n, _SAMPLED_ROWS)).astype(np.intp))
        points = self.values(sample)
        nearest = np.full(sample.size, np.inf)
        step = max(1, _AT_ONCE // sample.size)
        for first in range(0, n, step):
            found = self.between(slice(first, first + step), points)
            found[found <= 1e-12 * found.max(initial=0)] = np.inf
            np.minimum(nearest, found.min(axis=0), out=nearest)
        nearest = nearest[np.isfinite(nearest)]
        return float(np.median(nearest)) / 2 if nearest.size else 0.0


def keep_apart(
    distances: Distances,
    ranking: NDArray[np.intp],
    group: NDArray[np.intp] | None,
    taken: NDArray[np.intp],
    least: float,
    n_selected: int,
    progress: Silent,
) -> tuple[NDArray[np.intp], int, bool]:
    """Go down a ranking and pass over rows that are too near to one before, or to a taken one.

    Parameters
    ----------
    distances : Distances
    ranking : ndarray of shape (n_free,), int
        The rows that can be selected, from most to least valuable.
    group : ndarray of shape (n_free,), int, or None
        Whose turn each place of the ranking is: what is passed over makes place for the next row of
        its group.
    taken : ndarray of int
        Rows that have been selected before.
    least : float
        The distance that they keep.
    n_selected : int
        How many are wanted.
    progress : Silent

    Returns
    -------
    ranking : ndarray of shape (n_free,), int
        Rows that keep their distance, then those not looked at, then those passed over.
    n_apart : int
        How many keep it.
    is_complete : bool
        Whether all rows have been looked at; else it ended with ``n_selected``.
    """
    n, d = ranking.size, distances.X.shape[1]
    progress.add_total(n)
    looks_at_all = float(n) * (n_selected + taken.size) * d <= _ALL_STEPS
    queues = [ranking] if group is None else [ranking[group == g] for g in range(group.max() + 1)]
    at = [0] * len(queues)
    turns = [0] * n if group is None else group.tolist()
    points = np.empty((taken.size + min(n, 1024), d))
    points[: taken.size] = distances.values(taken) if taken.size else 0
    n_points = taken.size
    apart: list[int] = []
    passed: list[int] = []
    for turn in turns:
        if len(apart) >= n_selected and not looks_at_all:
            break
        queue = queues[turn]
        while at[turn] < queue.size:
            row = int(queue[at[turn]])
            at[turn] += 1
            progress.advance()
            if n_points and distances.between([row], points[:n_points]).min() < least:
                passed.append(row)
                continue
            if n_points == points.shape[0]:
                points = np.concatenate([points, np.empty_like(points)])
            points[n_points] = distances.values(row)[0]
            n_points += 1
            apart.append(row)
            break
    rest = np.setdiff1d(ranking, apart + passed)
    progress.advance(0, free=rest.size)
    rest = ranking[np.isin(ranking, rest)]
    order = np.concatenate([np.array(apart, np.intp), rest, np.array(passed, np.intp)])
    return order, len(apart), not rest.size


class KeepsDistance:
    """What a selector needs for ``min_distance``."""

    min_distance: float | str | None = None
    metric: str
    n_selected_: int
    ranking_: NDArray[np.intp]
    _taken: NDArray[np.intp]
    _n_ranked: int | None
    _n_most: int | None
    _n_wanted: int

    def _keep_apart(self, X: NDArray[Any], order: NDArray[np.intp] | None, n_selected: int) -> None:
        """Reorder the ranking so that its first rows keep their distance."""
        if issparse(X):
            raise ValueError(
                f"min_distance={self.min_distance!r} needs dense rows, and X is sparse. Leave it "
                f"out, or reduce X first, e.g. with TruncatedSVD."
            )
        distances = Distances(X, getattr(self, "metric", "euclidean"))
        least = self.min_distance
        self.min_distance_ = distances.of_neighbours() if least == "auto" else float(least or 0)
        n_free = self.ranking_.size - self._taken.size
        free, taken = self.ranking_[:n_free], self.ranking_[n_free:]
        with progress_bar(getattr(self, "verbose", 0), "Keeping apart", "rows") as progress:
            free, n_apart, is_complete = keep_apart(
                distances, free, order, taken, self.min_distance_, n_selected, progress
            )
        self.ranking_ = np.concatenate([free, taken])
        if is_complete:
            self._n_ranked, self._n_most = None, n_apart
        else:
            self._n_ranked = n_apart

    def _warn_of_fewer(self) -> None:
        """Warn if fewer rows came out than were wanted, for they would be too near."""
        if self.min_distance is not None and self.n_selected_ < self._n_wanted:
            warn_user(
                f"Only {plural(self.n_selected_, 'row')} can be selected that "
                f"{'is' if self.n_selected_ == 1 else 'are'} min_distance = "
                f"{self.min_distance_:.4g} apart from each other and from what has been selected "
                f"before; the budget is {plural(self._n_wanted, 'row')}. Lower min_distance for "
                f"more."
            )
