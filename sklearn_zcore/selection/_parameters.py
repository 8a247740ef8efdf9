"""How parameters that several selectors have are checked."""

import os
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, Options, RealNotInt, StrOptions

from sklearn_zcore._budget import Budget


class _BudgetAsWritten(Options):
    """Fractions of NumPy's kinds, and budgets as text."""

    def __init__(self) -> None:
        super().__init__(str, {"10%"})

    def is_satisfied_by(self, value: Any) -> bool:
        """Return whether a value is a budget."""
        if not isinstance(value, str | np.floating):
            return False
        try:
            Budget.parse(value)
        except ValueError:
            return False
        return True

    def __str__(self) -> str:
        return "a str such as '10%'"


class _Number(Interval):
    """An interval of numbers; True is the number 1, and says nothing that is meant as one."""

    def is_satisfied_by(self, value: Any) -> bool:
        """Return whether a value is a number in the interval."""
        return not isinstance(value, bool) and super().is_satisfied_by(value)


ABOVE_ZERO = _Number(Real, 0, None, closed="neither")
BUDGET_CONSTRAINT: list[Any] = [
    _Number(Integral, 1, None, closed="left"),
    Interval(RealNotInt, 0, 1, closed="right"),
    _BudgetAsWritten(),
]
MEMORY_CONSTRAINT: list[Any] = [str, os.PathLike, HasMethods("cache"), None]
# Of selectors that share the budget among groups, and that keep rows apart.
CAMPAIGN_CONSTRAINTS: dict[str, list[Any]] = {
    "group_budget": [StrOptions({"proportional", "equal", "sqrt"}), dict],
    "min_distance": [ABOVE_ZERO, StrOptions({"auto"}), None],
}
