"""
A step of imbalanced-learn
==========================

A step of scikit-learn's Pipeline cannot drop rows of y. A sampler of imbalanced-learn can: while
the Pipeline is fitted, the steps behind get fewer rows, and when it predicts, they get all.
"""

# %%
# A scaler, a coreset, a classifier
# ---------------------------------
#
# One class in twenty. First the coreset, without labels, then a balance of classes among its rows,
# with labels.
from collections import Counter

import matplotlib.pyplot as plt
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import PrecisionRecallDisplay
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.preprocessing import StandardScaler

from sklearn_zcore import CoresetSampler, FacilityLocationSelector, RandomSelector

X, y = make_classification(4000, 12, n_informative=6, weights=[0.95], class_sep=1.2, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
pipeline = make_pipeline(
    StandardScaler(),
    CoresetSampler(FacilityLocationSelector(0.1, random_state=0)),
    RandomOverSampler(random_state=0),
    LogisticRegression(),
)
pipeline.fit(X_train, y_train)
rows = pipeline.named_steps["coresetsampler"].sample_indices_
print(f"{len(X_train)} rows, of which the coreset holds {len(rows)}: {Counter(y_train[rows])}")

# %%
# Precision and recall on held-out rows
# -------------------------------------
#
# The same pipeline with random rows, and with all of them.
figure, ax = plt.subplots(layout="constrained")
for name, selector in [
    ("facility location, 10 %", FacilityLocationSelector(0.1, random_state=0)),
    ("random, 10 %", RandomSelector(0.1, random_state=0)),
    ("all rows", RandomSelector(1.0, random_state=0)),
]:
    pipeline.set_params(coresetsampler__selector=selector).fit(X_train, y_train)
    PrecisionRecallDisplay.from_estimator(pipeline, X_test, y_test, name=name, ax=ax)

# %%
# Budgets in a search, and regression
# -----------------------------------
#
# The budget is a parameter like any other, and y may hold numbers.
target = X_train @ X_train[0] + X_train[:, 0] ** 2
search = GridSearchCV(
    make_pipeline(StandardScaler(), CoresetSampler(RandomSelector(random_state=0)), Ridge()),
    {"coresetsampler__selector__budget": [0.01, 0.05, 0.2], "ridge__alpha": [0.1, 10]},
    cv=3,
).fit(X_train, target)
print(search.best_params_)

# %%
# No Pipeline drops rows of sample weights or of other metadata. With those, use
# :class:`~sklearn_zcore.CoresetClassifier` or :class:`~sklearn_zcore.CoresetRegressor`.
