"""Data sets of the benchmarks: tables and embeddings in a folder, or a suite of OpenML."""

import csv
import xml.etree.ElementTree as ElementTree
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


def find_cc18(folder=None):
    """Return the data sets of the OpenML-CC18 suite, by name: what `load_openml` takes.

    ``folder`` holds local copies, as OpenML's clients keep them: datasets/3/dataset.arff and its
    description.xml, tasks/3/datasplits.arff. Those of the suite that are there are returned.
    """
    with SUITE.open(newline="") as file:
        suite = list(csv.DictReader(file))
    if folder is None:
        return {row["name"]: int(row["data_id"]) for row in suite}
    root = next((f for f in (folder, folder / "org/openml/www") if (f / "datasets").is_dir()), None)
    if root is None:
        raise SystemExit(f"{folder}: no folder 'datasets' in it, as OpenML's clients keep them.")
    found = {
        row["name"]: (root / "datasets" / row["data_id"], root / "tasks" / row["task_id"])
        for row in suite
        if (root / "datasets" / row["data_id"]).is_dir()
    }
    if not found:
        raise SystemExit(f"{root / 'datasets'}: none of the {len(suite)} data sets of the suite.")
    if len(found) < len(suite):
        print(f"{len(found)} of the {len(suite)} data sets of the suite are in {root}.")
    return found


def load_openml(name, where, n_folds):
    """Load a data set of OpenML: from a local copy with its official splits, or from the network.

    scikit-learn's cache serves what has been fetched before; its folds are stratified ones.
    """
    if isinstance(where, tuple):
        return _load_copy(name, *where)
    from sklearn.datasets import fetch_openml

    X, y = fetch_openml(data_id=where, as_frame=True, return_X_y=True, parser="auto")
    labelled = y.notna().to_numpy()
    return _usable(name, X[labelled], y[labelled].to_numpy().astype(str), None, n_folds)


def _load_copy(name, dataset, task):
    """Load a local copy and the folds of its task."""
    description = dataset / "description.xml"
    if not description.exists():
        raise SystemExit(f"{description} is missing: it says which column is the target.")
    told = [(e.tag.rpartition("}")[2], e.text) for e in ElementTree.parse(description).iter()]
    target = dict(told).get("default_target_attribute")
    left_out = {text for tag, text in told if tag in ("ignore_attribute", "row_id_attribute")}
    X = _read_arff(dataset / "dataset.arff")
    if target not in X:
        raise SystemExit(f"{description}: its target {target!r} is no column of dataset.arff.")
    y = X.pop(target)
    X = X.drop(columns=left_out & set(X))
    splits = _read_arff(task / "datasplits.arff")
    tests = splits[(splits["type"] == "TEST") & (splits["repeat"] == 0)]
    fold = np.full(len(X), -1)
    fold[tests["rowid"].astype(int)] = tests["fold"].astype(int)
    if (fold < 0).any():
        raise SystemExit(
            f"{task / 'datasplits.arff'}: {(fold < 0).sum()} rows are in no test fold."
        )
    labelled = y.notna().to_numpy()
    return DataSet(name, X[labelled], y[labelled].to_numpy().astype(str), fold[labelled])


def _read_arff(path):
    """Return the table of an ARFF file, nominal columns as categories; ? is missing."""
    import pandas as pd
    from scipy.io import arff

    if not path.exists():
        raise SystemExit(f"{path} is missing.")
    with path.open(encoding="utf-8") as file:
        values, _ = arff.loadarff(file)
    table = pd.DataFrame(values)
    for name in table.columns[[dtype.kind == "O" for dtype in table.dtypes]]:
        text = table[name].str.decode("utf-8")
        table[name] = text.where(text != "?").astype("category")
    return table
