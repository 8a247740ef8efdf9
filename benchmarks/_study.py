"""Variants of ZCore: whether there is a setting, or a number of draws, that beats random draws."""

from math import ceil

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer

from sklearn_zcore import ZCoreSelector
from sklearn_zcore.scoring import Scorer, make_plan, scale_scores


class Variant(BaseEstimator):
    """ZCore on rescaled rows, with draws in proportion to the rows, or with other targets.

    Parameters
    ----------
    budget : int, default=1
    draws_a_row : float or None, default=None
        Draws are as many times the rows; None makes a million.
    scaler : transformer or None, default=None
        What rescales the rows before.
    marginals : bool, default=False
        Whether targets are drawn from the values of the features instead of triangles.
    parameters : dict or None, default=None
        Of the selector.
    random_state : int, default=0
    """

    nested_budgets = True

    def __init__(
        self,
        budget=1,
        draws_a_row=None,
        scaler=None,
        marginals=False,
        parameters=None,
        random_state=0,
    ):
        self.budget = budget
        self.draws_a_row = draws_a_row
        self.scaler = scaler
        self.marginals = marginals
        self.parameters = parameters
        self.random_state = random_state

    def fit(self, X, y=None):
        """Select among the rows of X."""
        if self.scaler is not None:
            X = self.scaler.fit_transform(X)
        n_iter = 1_000_000 if self.draws_a_row is None else ceil(self.draws_a_row * len(X))
        if self.marginals:
            self.ranking_ = _rank_by_marginals(X, n_iter, self.random_state)
        else:
            parameters = {"n_iter": n_iter, **(self.parameters or {})}
            selector = ZCoreSelector(tol=0, random_state=self.random_state, **parameters)
            self.ranking_ = selector.fit(X).ranking_
        return self.set_budget(self.budget)

    def set_budget(self, budget):
        """Select another number of rows."""
        self.budget = budget
        return self

    def get_support(self):
        """Return the selected rows."""
        return np.sort(self.ranking_[: self.budget])


def _rank_by_marginals(X, n_iter, seed):
    """Rank rows by targets whose coordinates are drawn from the values of the features."""
    shifted = (X - np.median(X, axis=0)).astype(np.float32)

    def plan_by_marginals(seed, round_, *args):
        plan = make_plan(seed, round_, *args)
        rng = np.random.default_rng([seed, round_])
        rows = rng.integers(len(shifted), size=plan.targets.shape)
        return plan._replace(targets=shifted[rows, plan.features[:, None, :]])

    scorer = Scorer(
        X,
        subspace_dim=2,
        n_neighbors=1000,
        exponent=4,
        targets_per_subspace="auto",
        seed=seed,
        n_jobs=None,
        planner=plan_by_marginals,
    )
    scorer.add(n_iter)
    scores = scale_scores(scorer.halves.sum(axis=0), random_init=True, seed=seed, stream=0)
    return np.argsort(-scores, kind="stable")


def variants():
    """Return what the study compares, by name."""
    study = {"ZCore": Variant()}
    for times in (2, 10, 100):
        study[f"ZCore, {times} n draws"] = Variant(draws_a_row=times)
    study["ZCore, features in [0, 1]"] = Variant(scaler=MinMaxScaler())
    study["ZCore, uniform features"] = Variant(scaler=QuantileTransformer(n_quantiles=200))
    for dim in (1, 3, 4):
        study[f"ZCore, subspaces of {dim}"] = Variant(
            parameters={"subspace_dim": dim, "n_iter": 100_000}
        )
    for exponent in (1, 2, 8):
        study[f"ZCore, exponent {exponent}"] = Variant(
            parameters={"exponent": exponent, "n_iter": 100_000}
        )
    for k in (10, 100):
        study[f"ZCore, {k} neighbours"] = Variant(parameters={"n_neighbors": k})
    study["ZCore, targets by the marginals"] = Variant(marginals=True)
    return study


def draws():
    """Return ZCore with numbers of draws in proportion to the rows, by name."""
    rates = (0.2, 0.8, 2, 5, 20, 100, 1000)
    return {f"ZCore, {rate:g} draws a row": Variant(draws_a_row=rate) for rate in rates}


def classifiers_of_draws(seed):
    """Return what is trained in the study of draws: a linear model, neighbours, boosted trees."""
    return {
        "logistic regression": LogisticRegression(max_iter=1000),
        "nearest neighbour": KNeighborsClassifier(n_neighbors=1),
        "boosted trees": HistGradientBoostingClassifier(
            max_iter=50, min_samples_leaf=5, random_state=seed
        ),
    }
