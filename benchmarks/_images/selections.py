"""Coresets of the training pictures, by every selector, kept in a folder."""

from math import ceil

import numpy as np
from sklearn.base import clone

from _images.embeddings import save_array
from sklearn_zcore.selection import SELECTORS

ALL_ROWS = "all"
PER_ROW = "zcore:"  # zcore:0.8 makes 0.8 draws a row


def known(name):
    """Return a selector's name; raise ValueError if there is none of that name."""
    if name.startswith(PER_ROW):
        if not float(name.removeprefix(PER_ROW)) > 0:
            raise ValueError(name)
    elif name not in SELECTORS:
        raise ValueError(name)
    return name


def label(name):
    """Return what a selector is called in tables."""
    if name == ALL_ROWS:
        return "all rows"
    if name.startswith(PER_ROW):
        rate = name.removeprefix(PER_ROW)
        return f"ZCore, {rate} draw{'' if float(rate) == 1 else 's'} a row"
    return SELECTORS[name].label


def make_selector(name, budget, n_rows, seed):
    """Make a selector by its name."""
    if name.startswith(PER_ROW):
        n_iter = max(1, ceil(float(name.removeprefix(PER_ROW)) * n_rows))
        selector = SELECTORS["zcore"].estimator(n_iter=n_iter)
    else:
        selector = clone(SELECTORS[name].estimator())
    selector.set_params(budget=budget)
    parameters = selector.get_params()
    # What is selected is compared here, and not how sure the selector is of it.
    chosen = {"random_state": seed, "tol": 0}
    return selector.set_params(**{key: chosen[key] for key in chosen if key in parameters})


def select(X, name, budget, largest, seed, folder):
    """Return the rows of a coreset.

    Parameters
    ----------
    X : ndarray of shape (n, n_features)
    name : str
    budget, largest : int
        Rows wanted, and the most that any coreset of this selector will have.
    seed : int
    folder : Path

    Returns
    -------
    ndarray of shape (budget,), int
    """
    if name == ALL_ROWS:
        return np.arange(len(X))
    nested = make_selector(name, budget, len(X), seed).nested_budgets
    size = largest if nested else budget
    file = folder / f"{name.replace(':', '-')}--{size}--{seed}.npy"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        selector = make_selector(name, size, len(X), seed).fit(X)
        save_array(file, selector.ranking_[:size])
    return np.load(file)[:budget]
