"""Facility location in near-linear time: a pyramid of small, exact problems.

One level splits the rows into parts of near ones, chooses greedily inside every part, and keeps
the eighth of the rows that saved most; each row then hands its weight to the nearest kept row of
its part. The levels go on with the kept rows until these fit one matrix of distances. The ranking
is the order within that one, followed by what the levels left behind, the highest level first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from sklearn_zcore._blas import one_blas_thread
from sklearn_zcore._parallel import in_order
from sklearn_zcore.facility._distances import (
    Floats,
    Metric,
    Rows,
    distance_matrix,
    scaled_distances,
)
from sklearn_zcore.facility._greedy import rank_part, rank_top
from sklearn_zcore.facility._split import split_rows

Progress = Callable[[int], None]

KEEP = 8  # a level keeps one row in this many
PARTS_A_TASK = 16  # what a worker gets at a time


@dataclass(frozen=True)
class Choices:
    """What was chosen in the parts of one task, part after part.

    Attributes
    ----------
    order : ndarray of shape (n_rows,), int
        The task's rows, in each part from first to last chosen.
    gains : ndarray of shape (n_rows,)
        What each saved; they never grow within a part.
    bounds : ndarray of shape (n_parts + 1,), int
        Where the parts begin and end.
    """

    order: NDArray[np.intp]
    gains: NDArray[np.float64]
    bounds: NDArray[np.intp]


def choose_in_parts(rows: Rows, metric: Metric, part_size: int) -> Choices:
    """Split some rows into parts and choose in each."""
    # Whatever the backend: the bits of a product depend on the number of threads.
    with one_blas_thread():
        order, bounds = split_rows(rows.X, part_size)
        gains = np.empty(order.size)
        for first, end in pairwise(bounds):
            members = order[first:end]
            part = rows.take(members)
            distances = distance_matrix(part, metric)
            chosen, gains[first:end] = rank_part(distances, part.weights, part.near)
            order[first:end] = members[chosen]
            if part.near is None:
                gains[first] = np.inf  # the first choice stands for all of the part: it is kept
    return Choices(order, gains, bounds)


def hand_over(
    rows: Rows, metric: Metric, choices: Choices, n_kept: NDArray[np.intp]
) -> list[Floats]:
    """Return, for every part, the weights of its kept rows once all have handed over their own.

    A row that is better covered by what had been selected before hands over nothing.
    """
    handed = []
    with one_blas_thread():
        for (first, end), kept in zip(pairwise(choices.bounds), n_kept, strict=True):
            if kept == 0:
                continue
            part = rows.take(choices.order[first:end])
            distances = scaled_distances(part, part.take(slice(kept)), metric)
            nearest = distances.argmin(axis=1)
            nearest[:kept] = np.arange(kept)
            weights = part.weights
            if part.near is not None:
                is_nearer = distances[np.arange(end - first), nearest] <= part.near
                is_nearer[:kept] = True
                weights = np.where(is_nearer, weights, np.float32(0))
            handed.append(np.bincount(nearest, weights, kept).astype(np.float32))
    return handed


def thin_out(
    rows: Rows,
    n_kept: int,
    *,
    metric: Metric,
    part_size: int,
    n_jobs: int | None,
    progress: Progress,
) -> tuple[NDArray[np.intp], Floats, NDArray[np.intp]]:
    """Split the rows into parts, choose in all parts and keep the best.

    Parameters
    ----------
    rows : Rows
        Distinct, and in random order, since ties go to the lower one.
    n_kept : int
        How many to keep; there is at least one of every part.
    metric : {"euclidean", "manhattan"}
    part_size : int
        Rows of the small problems, at least 16.
    n_jobs : int or None
    progress : callable
        Told how many more rows have been worked on.

    Returns
    -------
    kept : ndarray of int
        The rows that the next level goes on with.
    weights : ndarray of shape (n_kept,), float32
        What they stand for.
    left : ndarray of int
        The other rows, from most to least valuable.
    """
    order, bounds = split_rows(rows.X, PARTS_A_TASK * part_size)

    def tasks() -> Iterator[Rows]:
        # One by one as they are due, for they are copies.
        return (rows.take(order[first:end]) for first, end in pairwise(bounds))

    choices: list[Choices] = []
    calls = (delayed(choose_in_parts)(task, metric, part_size) for task in tasks())
    for choice in in_order(calls, n_jobs=n_jobs, prefer="threads"):
        choices.append(choice)
        progress(choice.order.size)
    chosen = np.concatenate([c.order + at for c, at in zip(choices, bounds, strict=False)])
    gains = np.concatenate([c.gains for c in choices])
    n_parts = sum(c.bounds.size - 1 for c in choices)
    n_kept = max(n_parts, n_kept)
    best_first = np.argsort(-gains, kind="stable")
    is_kept = np.zeros(chosen.size, bool)
    is_kept[best_first[:n_kept]] = True
    # Gains never grow within a part, so what is kept of a part are its first choices.
    kept_in_parts = (
        np.add.reduceat(is_kept[at : at + c.order.size], c.bounds[:-1], dtype=np.intp)
        for c, at in zip(choices, bounds, strict=False)
    )
    calls = (
        delayed(hand_over)(task, metric, choice, kept)
        for task, choice, kept in zip(tasks(), choices, kept_in_parts, strict=True)
    )
    handed = in_order(calls, n_jobs=n_jobs, prefer="threads")
    weights = np.concatenate([part for parts in handed for part in parts])
    ranked = order[chosen]
    return ranked[is_kept], weights, ranked[best_first[n_kept:]]


def rank_rows(
    rows: Rows,
    *,
    metric: Metric,
    part_size: int,
    top_size: int,
    n_jobs: int | None,
    progress: Progress,
    n_least: int = 0,
) -> NDArray[np.intp]:
    """Rank rows by facility location.

    Parameters
    ----------
    rows : Rows
        Distinct, and in random order, since ties go to the lower one.
    metric : {"euclidean", "manhattan"}
    part_size : int
        Rows of the small problems, at least 16.
    top_size : int
        Rows of the last one, at least ``part_size``. With as many as there are, the ranking is
        that of one greedy over all rows.
    n_jobs : int or None
    progress : callable
        Told how many more rows have been worked on, of as many as there are.
    n_least : int, default=0
        How many rows a level keeps at least, at most ``top_size``.

    Returns
    -------
    ndarray of shape (n_rows,), int
        From most to least valuable; the same for every ``n_jobs`` and backend.
    """
    n = rows.weights.size
    numbers, tails = np.arange(n), []
    with one_blas_thread():
        while numbers.size > top_size:
            report: Progress = progress if numbers.size == n else lambda n_done: None
            kept, weights, left = thin_out(
                rows,
                max(numbers.size // KEEP, n_least),
                metric=metric,
                part_size=part_size,
                n_jobs=n_jobs,
                progress=report,
            )
            tails.append(numbers[left])
            numbers = numbers[kept]
            rows = replace(rows.take(kept), weights=weights)
        top = rank_top(distance_matrix(rows, metric), rows.weights, rows.near)
    if not tails:
        progress(n)
    return np.concatenate([numbers[top], *tails[::-1]])
