"""
The smallest budget that is good enough
=======================================

How few rows would have been enough? A search over budgets answers it, with every budget judged on
rows that had no part in the selection. The data are the digits of scikit-learn: 1,797 rows, 64
features, ten classes.
"""

# %%
# A classifier that selects before it trains
# ------------------------------------------
#
# ``fit`` selects rows without looking at y, and trains on them. ``predict`` and ``score`` see
# every row. ``memory`` stores the ranking of the selector: it does not depend on the budget, so
# that a search computes it once for each training fold.
import tempfile

from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split

from sklearn_zcore import (
    BudgetCurveDisplay,
    CoresetClassifier,
    FacilityLocationSelector,
    budget_curve,
    smallest_within,
)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=0.25, stratify=y, random_state=0
)
cache = tempfile.TemporaryDirectory()
classifier = CoresetClassifier(
    LogisticRegression(max_iter=1000),
    FacilityLocationSelector(random_state=0, memory=cache.name),
)

# %%
# Search
# ------
#
# More rows nearly always score better, so that a search which maximises the score would take the
# largest budget on offer. :func:`~sklearn_zcore.smallest_within` takes the smallest one whose mean
# score is within 2 % of the best.
search = GridSearchCV(
    classifier,
    {"selector__budget": [0.1, 0.2, 0.4, 0.8], "estimator__C": [1, 10]},
    cv=3,
    n_jobs=2,
    refit=smallest_within(0.02),
).fit(X_train, y_train)
best = search.best_estimator_
print(f"chosen: {search.best_params_}")
print(f"rows trained on: {best.coreset_indices_.size} of {len(X_train)}")
print(f"accuracy on held-out rows: {best.score(X_test, y_test):.3f}")

# %%
# Compare it with training on every row:
full = LogisticRegression(max_iter=1000).fit(X_train, y_train)
print(f"accuracy after training on all rows: {full.score(X_test, y_test):.3f}")

# %%
# The whole curve, next to random rows
# ------------------------------------
#
# What the search does not say: would as many random rows have done as well? The curve does. The
# band is the mean and standard deviation of random draws.
curve = budget_curve(
    classifier,
    X_train,
    y_train,
    [0.02, 0.05, 0.1, 0.2, 0.4, 0.8],
    cv=3,
    n_jobs=2,
    n_repeats=2,
    random_state=0,
)
BudgetCurveDisplay.from_results(curve, tolerance=0.02)
print(curve.to_frame().groupby(["rows", "budget"]).score.mean().unstack(0).round(3))
cache.cleanup()

# %%
# Where the line runs below the band, random rows are the better choice for this data and this
# classifier. Look before you rely on a coreset.
