"""The labelled rows of a comparison: which of them count, and their folds as numbers."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _num_samples, column_or_1d

_MANY_CLASSES = 20  # more than these, and most of them rare: those are no classes

Rows = tuple[NDArray[Any], NDArray[np.intp]]


class Split(NamedTuple):
    """One fold: rows of numbers, with their classes.

    Attributes
    ----------
    train, test : (X, y)
        Arrays of shape (n_samples, n_features) and (n_samples,).
    """

    train: Rows
    test: Rows


class LabelledRows:
    """Rows with the number of their class, and the folds to compare on.

    Parameters
    ----------
    X : array-like of n_samples rows
    y : array-like of shape (n_samples,)
        Labels; None or NaN where there is none.
    cv : int, splitter, iterable or None
        None is 5. A number of folds is stratified and shuffled.
    groups : array-like of shape (n_samples,) or None
    seed : int
        Of the shuffling.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        The labels.
    folds : list of (ndarray, ndarray)
        Training and test rows of X.
    n_samples : int
        Rows that count.
    notes : list of str
        What was left out.

    Raises
    ------
    ValueError
        If y holds no classes, or fewer than two that are in every fold; if a fold is empty.
    """

    def __init__(self, X: Any, y: Any, cv: Any, groups: Any, seed: int) -> None:
        self._X = X
        self.notes: list[str] = []
        labels, known = _check_labels(y)
        if _num_samples(X) != labels.size:
            raise ValueError(
                f"Found input variables with inconsistent numbers of samples: X has "
                f"{_num_samples(X)} rows, and y {labels.size}."
            )
        if not known.all():
            self.notes.append(f"{_rows(int((~known).sum()))} without a label left out.")
        n_folds = 5 if cv is None else cv
        least = int(n_folds) if isinstance(n_folds, int | np.integer) else 1
        keep = self._leave_out_rare_classes(labels, known, least)
        self.classes, codes = np.unique(labels[keep], return_inverse=True)
        self._codes = np.full(labels.size, -1, dtype=np.intp)
        self._codes[keep] = codes
        self.n_samples = int(keep.size)
        self.folds = self._split(n_folds, keep, groups, seed)
        for fold, (train, test) in enumerate(self.folds):
            if not len(train) or not len(test):
                raise ValueError(
                    f"Fold {fold} has {len(train)} training rows and {len(test)} test rows with a "
                    f"label. Give another cv."
                )

    def _leave_out_rare_classes(
        self, labels: NDArray[Any], known: NDArray[np.bool_], least: int
    ) -> NDArray[np.intp]:
        """Return the rows of classes that have at least so many rows."""
        rows = np.flatnonzero(known)
        classes, codes, counts = np.unique(labels[rows], return_inverse=True, return_counts=True)
        rare = counts < max(least, 2)
        if classes.size > _MANY_CLASSES and rare.mean() > 0.5:
            raise ValueError(
                f"y has {classes.size:,} different values in {rows.size:,} rows: it does not look "
                f"like classes. {_INSTEAD}"
            )
        if least > 1 and rare.any():
            named = ", ".join(repr(name) for name in classes[rare].tolist()[:5])
            more = ", ..." if rare.sum() > 5 else ""
            self.notes.append(
                f"{_rows(int(counts[rare].sum()))} left out: fewer than {least} in the class "
                f"{named}{more}."
            )
            rows, codes = rows[~rare[codes]], codes[~rare[codes]]
        if np.unique(codes).size < 2:
            raise ValueError(
                f"y has fewer than two classes with {least} rows or more. Label more rows, or use "
                f"fewer folds."
            )
        return rows

    def _split(self, cv: Any, keep: NDArray[np.intp], groups: Any, seed: int) -> list[Any]:
        """Return the folds, as rows of X."""
        y = self.classes[self._codes[keep]]
        if isinstance(cv, int | np.integer):
            folds = StratifiedKFold(int(cv), shuffle=True, random_state=seed).split(keep, y)
        elif hasattr(cv, "split"):
            some = None if groups is None else _safe_indexing(groups, keep)
            folds = check_cv(cv, y, classifier=True).split(_safe_indexing(self._X, keep), y, some)
        else:  # the rows of folds that are given are rows of X
            counts = np.zeros(self._codes.size, dtype=bool)
            counts[keep] = True
            given = [(np.arange(counts.size)[a], np.arange(counts.size)[b]) for a, b in cv]
            return [(train[counts[train]], test[counts[test]]) for train, test in given]
        return [(keep[train], keep[test]) for train, test in folds]

    def splits(
        self, preparation: Any, config: Mapping[str, Any], notes: list[str]
    ) -> Iterator[Split]:
        """Yield the folds as numbers; what prepares them is fitted on the training rows alone.

        Parameters
        ----------
        preparation : transformer or None
            It stays as it is; each fold fits a clone.
        config : mapping
            Configuration of scikit-learn: folds may be asked for in another thread.
        notes : list of str
            Gets what the preparation notes in the first fold.

        Yields
        ------
        Split
        """
        for fold, (train, test) in enumerate(self.folds):
            with config_context(**config):
                X_train, X_test = _safe_indexing(self._X, train), _safe_indexing(self._X, test)
                if preparation is not None:
                    prepare = clone(preparation)
                    X_train = prepare.fit_transform(X_train)
                    X_test = prepare.transform(X_test)
                    if fold == 0:
                        notes += getattr(prepare, "notes_", [])
            y_train, y_test = self._codes[train], self._codes[test]
            yield Split((_numbers(X_train), y_train), (_numbers(X_test), y_test))


_INSTEAD = (
    "compare_selectors trains classifiers: put the numbers into a few bins first "
    "(pandas.qcut(y, 5)), or compare budget_curve(CoresetRegressor(selector=...), X, y) of each "
    "selector."
)


def _rows(n: int) -> str:
    return f"{n:,} {'row' if n == 1 else 'rows'}"


def _check_labels(y: Any) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the labels as an array that can be sorted, and which of the rows have one."""
    labels = column_or_1d(np.asarray(y))
    if labels.dtype.kind == "O":
        known = np.array([_is_label(label) for label in labels], dtype=bool)
        labels = np.where(known, labels, "").astype(str)
    elif labels.dtype.kind == "f":
        known = ~np.isnan(labels)
    else:
        known = np.ones(labels.size, dtype=bool)
    if known.any() and type_of_target(labels[known]) == "continuous":
        raise ValueError(f"y holds numbers that are no classes. {_INSTEAD}")
    return labels, known


def _is_label(value: Any) -> bool:
    """Return whether it is neither None, NaN, nor what pandas has for them."""
    try:
        return value is not None and bool(value == value)
    except TypeError:  # pandas.NA is neither true nor false
        return False


def _numbers(X: Any) -> NDArray[Any]:
    """Return rows as an array of numbers."""
    rows: NDArray[Any] = X.toarray() if issparse(X) else np.asarray(X)
    if rows.ndim != 2 or rows.dtype.kind not in "biuf":
        raise ValueError(
            f"compare_selectors needs rows of numbers, and got an array of {rows.dtype} of shape "
            f"{rows.shape}. Give a data frame with preparation='auto', or the transformer that "
            f"makes numbers of such rows, such as FoundationEmbedder(), as preparation."
        )
    return rows
