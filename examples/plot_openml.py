"""
A table with categories and holes
=================================

A table as it comes: numbers, categories, holes. The selector needs finite numbers, and gets them
from a TablePreparation in ``embedder``; the boosted trees get the raw table.
"""

# %%
# The data
# --------
#
# ``fetch_openml`` downloads it once. Without a network this example says so, and makes a table of
# the same kind from data that scikit-learn brings along.
from urllib.error import URLError

import numpy as np
import pandas as pd
from sklearn.datasets import fetch_openml, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier

from sklearn_zcore import (
    BudgetCurveDisplay,
    CoresetClassifier,
    FacilityLocationSelector,
    TablePreparation,
)


def bundled_table():
    """Return a table with a category and missing values, and classes."""
    frame, classes = load_wine(return_X_y=True, as_frame=True)
    frame["hue"] = pd.cut(frame["hue"], 3, labels=["pale", "medium", "deep"])
    holes = np.random.default_rng(0).random(len(frame)) < 0.05
    frame.loc[holes, "magnesium"] = np.nan
    return frame, classes


try:
    X, y = fetch_openml(
        "credit-g", version=1, return_X_y=True, as_frame=True, n_retries=1, delay=0.1
    )
    print("credit-g from OpenML")
except (URLError, TimeoutError, ConnectionError) as error:
    print(f"OpenML cannot be reached ({error}): the wines of scikit-learn instead")
    X, y = bundled_table()
print(f"{X.shape[0]} rows, {X.shape[1]} columns, {X.isna().sum().sum()} missing values")
print(X.dtypes.value_counts())

# %%
# Numbers for the selector, the raw table for the trees
# -----------------------------------------------------
#
# The preparation says what it makes of each column.
preparation = TablePreparation().fit(X)
print("\n".join(preparation.report()))
trees = HistGradientBoostingClassifier(
    categorical_features="from_dtype", max_iter=10, min_samples_leaf=5, random_state=0
)
classifier = CoresetClassifier(
    trees, FacilityLocationSelector(random_state=0), preparation, min_per_class=2
)

# %%
# What a coreset costs
# --------------------
#
# ``min_per_class=2`` looks at labels, and makes sure that no class is left out.
BudgetCurveDisplay.from_estimator(
    classifier, X, y, [0.1, 0.3, 0.8], cv=2, n_jobs=2, n_repeats=2, random_state=0, tolerance=0.02
)
