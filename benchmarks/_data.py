"""Data sets of the benchmarks: tables and embeddings in a folder, or a suite of OpenML."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedKFold, train_test_split

from sklearn_zcore import TablePreparation

SUITE = Path(__file__).with_name("openml_cc18.csv")


@dataclass
class DataSet:
    """Rows with labels, before any preparation.

    Attributes
    ----------
    name : str
    X : DataFrame or ndarray
        A table, or embeddings.
    y : ndarray of shape (n_samples,)
        Labels, as text.
    fold : ndarray of shape (n_samples,), int, or None
        The fold in which each row is held out, where the data prescribe it.
    """

    name: str
    X: object
    y: np.ndarray
    fold: np.ndarray | None = None

    def part(self, max_rows, seed):
        """Return this set, or a part of it that has as many rows, drawn class by class."""
        if max_rows is None or len(self.y) <= max_rows:
            return self
        rows, _ = train_test_split(
            np.arange(len(self.y)), train_size=max_rows, stratify=self.y, random_state=seed
        )
        rows.sort()
        X = self.X[rows] if isinstance(self.X, np.ndarray) else self.X.iloc[rows]
        return DataSet(self.name, X, self.y[rows], None if self.fold is None else self.fold[rows])

    def splits(self, n_folds, seed):
        """Yield (training rows, test rows) of every fold: the prescribed ones, or stratified."""
        if self.fold is not None:
            for fold in np.unique(self.fold):
                yield np.flatnonzero(self.fold != fold), np.flatnonzero(self.fold == fold)
            return
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
        yield from folds.split(np.zeros(len(self.y)), self.y)

    def arrays(self, train, test):
        """Return training and test rows as numbers; what prepares them sees training rows only."""
        if isinstance(self.X, np.ndarray):
            return self.X[train], self.X[test]
        preparation = TablePreparation()
        X_train = preparation.fit_transform(self.X.iloc[train])
        return X_train, preparation.transform(self.X.iloc[test])


def find_data(folder):
    """Return the data files of a folder by name: *.parquet and *.npz."""
    files = sorted([*Path(folder).glob("*.parquet"), *Path(folder).glob("*.npz")])
    if not files:
        raise SystemExit(f"{folder}: no *.parquet and no *.npz in it.")
    return {path.stem: path for path in files}


def load_data(path, n_folds):
    """Load a table (last column ``target``, perhaps a column ``fold``) or embeddings (X, y, fold).

    Rows of classes that are too rare for every fold to have one are left out.
    """
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            if not {"X", "y"} <= set(arrays):
                raise SystemExit(
                    f"{path}: arrays X and y are expected, and it has {sorted(arrays)}."
                )
            X, y = arrays["X"], arrays["y"]
            fold = arrays["fold"] if "fold" in arrays else None
    else:
        import pandas as pd

        X = pd.read_parquet(path)
        if "target" not in X:
            raise SystemExit(f"{path}: it has no column 'target'.")
        y = X.pop("target")
        fold = X.pop("fold").to_numpy() if "fold" in X else None
    return _usable(path.stem, X, np.asarray(y).astype(str), fold, n_folds)


def _usable(name, X, y, fold, n_folds):
    classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    rows = np.flatnonzero(counts[codes] >= n_folds)
    if np.unique(codes[rows]).size < 2:
        raise SystemExit(f"{name}: fewer than two classes have {n_folds} rows.")
    X = X[rows] if isinstance(X, np.ndarray) else X.iloc[rows]
    return DataSet(name, X, y[rows], None if fold is None else np.asarray(fold)[rows])


def find_cc18():
    """Return the data sets of the OpenML-CC18 suite: name to number of the data set."""
    with SUITE.open(newline="") as file:
        return {row["name"]: int(row["data_id"]) for row in csv.DictReader(file)}


def load_openml(name, data_id, n_folds):
    """Fetch a data set from OpenML, or take it from scikit-learn's cache."""
    from sklearn.datasets import fetch_openml

    X, y = fetch_openml(data_id=data_id, as_frame=True, return_X_y=True, parser="auto")
    labelled = y.notna().to_numpy()
    return _usable(name, X[labelled], y[labelled].to_numpy().astype(str), None, n_folds)
