"""Budgets of a cross-validation: several, each of the rows that a fold trains on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore._budget import Budget


def parse_budgets(budgets: Any, caller: str) -> list[Budget]:
    """Read budgets.

    Parameters
    ----------
    budgets : iterable of int, float, str or Budget
    caller : str
        Whose parameter it is.

    Returns
    -------
    list of Budget

    Raises
    ------
    ValueError
        If there are none, or one of them is no budget.
    """
    found = []
    for budget in budgets:
        try:
            if isinstance(budget, bool | np.bool_):
                raise TypeError
            found.append(Budget.parse(budget))
        except (TypeError, ValueError):
            raise ValueError(
                f"Every budget must be a number of rows (an int of 1 or more), a fraction (a "
                f'float in (0, 1]) or a percentage ("10%"). Got {budget!r}.'
            ) from None
    if not found:
        raise ValueError(f"{caller} needs at least one budget, e.g. budgets=[0.05, 0.1, 0.2].")
    return found


def rows_of_budgets(
    budgets: Sequence[Budget], n_train: Sequence[int], n_classes: int = 1
) -> NDArray[np.intp]:
    """Return the number of rows of every budget in every training fold.

    Parameters
    ----------
    budgets : sequence of Budget
    n_train : sequence of int
        Training rows of each fold.
    n_classes : int, default=1
        For budgets per class.

    Returns
    -------
    ndarray of shape (n_budgets, n_folds)

    Raises
    ------
    ValueError
        If a budget is more than the training rows of a fold.
    """
    rows = np.empty((len(budgets), len(n_train)), dtype=np.intp)
    for fold, n_rows in enumerate(n_train):
        for number, budget in enumerate(budgets):
            try:
                rows[number, fold] = budget.rows(n_rows, n_classes=n_classes)
            except ValueError:
                raise ValueError(
                    f"budget={budget.label} is more than the {n_rows} training rows of fold {fold} "
                    f"(of {len(n_train)}). Give a smaller budget, a fraction, or a cv with larger "
                    f"training folds."
                ) from None
    return rows
