"""What compare_selectors refuses, and what it says."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB

from sklearn_zcore import KMeansSelector
from tests.compose.common import Never
from tests.inspection.test_compare_selectors import X, Y, compare


@pytest.mark.parametrize(
    "selectors, error, says",
    [
        ("k-mean", ValueError, "no selector 'k-mean'. Names: .*k-means"),
        ([], ValueError, "selectors is empty. Name some of"),
        (["k-means", "k-means"], ValueError, "Two of the selectors would be called 'k-means'"),
        (["k-means", KMeansSelector()], ValueError, "called 'k-means'. Give a dict"),
        ({"all rows": "k-means"}, ValueError, "called 'all rows'"),
        ([KMeansSelector], TypeError, "is no selector. Give a name"),
        ([3], TypeError, "3 is no selector"),
        ([KMeans()], TypeError, "KMeans does not select rows to a budget"),
        (3, ValueError, "'selectors' parameter of compare_selectors"),
    ],
)
def test_selectors(selectors, error, says):
    with pytest.raises(error, match=says):
        compare(selectors)


@pytest.mark.parametrize(
    "labels, says",
    [
        (X[:, 0], "y holds numbers that are no classes.*CoresetRegressor"),
        (np.arange(90), "90 different values in 90 rows: it does not look like classes.*qcut"),
        (np.zeros(90), "fewer than two classes with 3 rows or more"),
        (np.full(90, np.nan), "fewer than two classes"),
        (Y[:80], "X has 90 rows, and y 80"),
        (np.column_stack([Y, Y]), "1d array"),
    ],
)
def test_labels(labels, says):
    with pytest.raises(ValueError, match=says):
        compare(y=labels)


@pytest.mark.parametrize(
    "budgets, says",
    [
        ([], "compare_selectors needs at least one budget"),
        (["ten"], "Every budget must be a number of rows .* Got 'ten'"),
        ([0], "Got 0"),
        ([True], "Got True"),
        ([None], "Got None"),
        (["10%", "10%"], "A budget is given twice"),
        ([61], "budget=61 is more than the 60 training rows of fold 0 .of 3."),
    ],
)
def test_budgets(budgets, says):
    with pytest.raises(ValueError, match=says):
        compare(budgets=budgets)


@pytest.mark.parametrize(
    "estimators, error, says",
    [
        (Ridge(), TypeError, r"Ridge \('Ridge'\) is a regressor.*CoresetRegressor\(Ridge"),
        ({"cluster": KMeans()}, TypeError, "'cluster' among the estimators is no classifier"),
        ([], ValueError, "estimators is empty"),
        ([GaussianNB(), GaussianNB()], ValueError, "have the same name"),
        ("svm", ValueError, "'estimators' parameter"),
    ],
)
def test_estimators(estimators, error, says):
    with pytest.raises(error, match=says):
        compare(estimators=estimators)


@pytest.mark.parametrize(
    "parameters, says",
    [
        ({"n_repeats": 0}, "'n_repeats' parameter"),
        ({"preparation": "scale"}, "'preparation' parameter"),
        ({"cv": 1}, "n_splits"),
        ({"cv": [(np.arange(90), np.arange(0))]}, "Fold 0 has 90 training rows and 0 test rows"),
        ({"scoring": "accurate"}, "accurate"),
        ({"error_score": "ignore"}, "'error_score' parameter"),
    ],
)
def test_other_parameters(parameters, says):
    with pytest.raises(ValueError, match=says):
        compare(**parameters)


def test_rows_that_are_no_numbers():
    frame = pd.DataFrame({"a": X[:, 0], "b": np.where(Y == 1, "x", "y")})
    with pytest.raises(ValueError, match="needs rows of numbers.*preparation='auto'"):
        compare(X=frame, preparation=None)
    with pytest.raises(ValueError, match="needs rows of numbers.*shape .60,.*FoundationEmbedder"):
        compare(X=["a text"] * 90)


def test_rows_that_are_not_finite():
    rows = X.copy()
    rows[5, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        compare(X=rows)


class NeverBoth(Never):
    def fit_transform(self, X, y=None):
        raise AssertionError


def test_mistakes_are_found_before_any_work():
    with pytest.raises(ValueError, match="budget=61"):
        compare(budgets=[61], preparation=NeverBoth())


WITHOUT_PANDAS = """
import sys
from importlib.abc import MetaPathFinder

class NoPandas(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("pandas", "pyarrow", "skrub"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NoPandas())
"""


def test_without_pandas():
    code = """
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB
from sklearn_zcore import compare_selectors

X, y = load_iris(return_X_y=True)
found = compare_selectors("random", X, y, ["20%"], estimators=GaussianNB(), cv=3)
assert found.best == {"20%": "random"} and "20%" in found._repr_html_()
assert 0.7 < found.to_dict()["scores"]["macro_f1"]["random"]["20%"]["mean"] < 1
try:
    found.summary()
except ImportError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PANDAS + code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "SelectorComparison.summary needs pandas" in done.stdout
