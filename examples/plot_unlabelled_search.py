"""
A search without labels
=======================

Before anything is labelled there is no accuracy to search by. But a selector has a ``score`` of
its own: minus the mean distance from rows to their nearest row in the coreset. Measured on rows
that the selector has not seen, it tells how well a coreset stands for data to come.
"""

# %%
# A search over selectors and budgets
# -----------------------------------
#
# ``fit`` gets no y. The scaler is a step before, so that all distances are on one scale.
import tempfile

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import FacilityLocationSelector, RandomSelector, ZCoreSelector

X, _ = load_breast_cancer(return_X_y=True)
cache = tempfile.TemporaryDirectory()
selectors = [
    FacilityLocationSelector(random_state=0, memory=cache.name),
    ZCoreSelector(n_iter=100_000, tol=0, random_state=0, memory=cache.name),  # few draws
    RandomSelector(random_state=0),
]
budgets = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8]
search = GridSearchCV(
    Pipeline([("scale", StandardScaler()), ("select", selectors[0])]),
    {"select": selectors, "select__budget": budgets},
    cv=3,
).fit(X)
results = pd.DataFrame(search.cv_results_)
results["selector"] = [type(selector).__name__ for selector in results["param_select"]]
distance = -results.pivot_table("mean_test_score", "param_select__budget", "selector")
print(distance.round(2))
cache.cleanup()

# %%
# How far a row is from the coreset
# ---------------------------------
#
# Coverage grows with the budget, and each doubling buys less: the bend is a place to stop.
figure, ax = plt.subplots(layout="constrained")
for (name, values), marker in zip(distance.items(), "osD", strict=True):
    ax.plot(values.index, values, marker=marker, label=name)
ax.set_xscale("log")
ax.set_xticks(budgets, [f"{100 * budget:g} %" for budget in budgets])
ax.minorticks_off()
ax.set_xlabel("Share of rows selected")
ax.set_ylabel("Mean distance of unseen rows\nto the nearest selected row")
ax.legend()

# %%
# Coverage is not accuracy. It tells budgets and selectors apart before there are labels; once some
# rows are labelled, :func:`~sklearn_zcore.budget_curve` measures what counts.
