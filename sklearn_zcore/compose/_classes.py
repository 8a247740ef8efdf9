"""The only place where labels touch a coreset: that no class is left out."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _preference(selector: Any, coreset: NDArray[np.intp], n_samples: int) -> NDArray[np.intp]:
    """Return all rows, the coreset's first, each part in the order of ``ranking_`` if it exists."""
    place = np.arange(n_samples)
    ranking = getattr(selector, "ranking_", None)
    if ranking is not None and np.shape(ranking) == (n_samples,):
        place[ranking] = np.arange(n_samples)
    outside = np.ones(n_samples, dtype=bool)
    outside[coreset] = False
    return np.lexsort((place, outside))


def check_enough_rows(
    n_selected: int, labels: NDArray[Any], min_per_class: int, selector: Any
) -> None:
    """Raise ValueError if there are too few rows for the classes.

    Parameters
    ----------
    n_selected : int
        Rows of the coreset.
    labels : ndarray of shape (n_samples,)
        Class of each of the rows.
    min_per_class : int
    selector : object
        Whose budget it is.
    """
    classes, sizes = np.unique(labels, return_counts=True)
    leaves = f"the budget of {type(selector).__name__} leaves {n_selected} of {labels.size} rows"
    needed = int(np.minimum(sizes, min_per_class).sum())
    if needed > n_selected:
        raise ValueError(
            f"min_per_class={min_per_class} needs {needed} rows for {classes.size} classes, and "
            f"{leaves}. Raise the budget to at least {needed} rows, or lower min_per_class."
        )
    if n_selected < classes.size:
        raise ValueError(
            f"{leaves[0].upper()}{leaves[1:]}, and y has {classes.size} classes: there must be at "
            f"least as many rows as classes. Raise the budget to {classes.size} rows or more, and "
            f"set min_per_class=1 to have every class in the coreset."
        )


def keep_every_class(
    coreset: NDArray[np.intp], labels: NDArray[Any], min_per_class: int, selector: Any
) -> NDArray[np.intp]:
    """Exchange rows of a coreset so that every class has ``min_per_class`` rows.

    Parameters
    ----------
    coreset : ndarray of shape (n_selected,)
        Indices of the selected rows.
    labels : ndarray of shape (n_samples,)
        Class of each of the rows.
    min_per_class : int
        A class that has fewer rows in all gives all that it has.
    selector : object
        The fitted selector. Its ``ranking_`` says which rows come in, and which go out for them.

    Returns
    -------
    ndarray of shape (n_selected,)
        As many rows as before, in row order.
    """
    classes, class_of = np.unique(labels, return_inverse=True)
    order = _preference(selector, coreset, labels.size)
    by_class = class_of[order]
    must = np.zeros(labels.size, dtype=bool)
    for number in range(classes.size):
        must[np.flatnonzero(by_class == number)[:min_per_class]] = True
    kept = np.concatenate([order[must], order[~must]])[: coreset.size]
    return np.sort(kept)


def check_classes(coreset: NDArray[np.intp], labels: NDArray[Any], *, warn: bool) -> None:
    """Say what to do about a coreset that misses classes.

    Parameters
    ----------
    coreset : ndarray of shape (n_selected,)
        Indices of the coreset's rows.
    labels : ndarray of shape (n_samples,)
        Class of each of the rows.
    warn : bool
        Whether to warn about a coreset that a classifier can be trained on.

    Raises
    ------
    ValueError
        If there is one class only.
    """
    classes = np.unique(labels)
    present = np.unique(labels[coreset])
    if present.size == classes.size:
        return
    advice = (
        "Set min_per_class=1 (or more) so that the coreset holds rows of every class, or raise "
        "the budget."
    )
    if present.size == 1:
        raise ValueError(
            f"All {coreset.size} rows of the coreset are of one class, {present.tolist()[0]!r}, "
            f"and y has {classes.size}: no classifier can be trained on them. {advice}"
        )
    if warn:
        missing = np.setdiff1d(classes, present)
        shown = ", ".join(repr(name) for name in missing[:5].tolist())
        shown += ", ..." if missing.size > 5 else ""
        warnings.warn(
            f"The coreset has no row of {missing.size} of the {classes.size} classes ({shown}), "
            f"which the classifier will never predict. {advice}",
            UserWarning,
            stacklevel=6,
        )
