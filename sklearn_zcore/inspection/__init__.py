"""What a coreset costs: scores against budgets, selectors against each other, their pictures.

`score_selector` and the tables of scores are what `compare_selectors` is made of, for studies over
several data sets.
"""

from sklearn_zcore._budget import Budget
from sklearn_zcore.inspection._budget_curve import BudgetCurve, budget_curve
from sklearn_zcore.inspection._budget_curve_display import BudgetCurveDisplay
from sklearn_zcore.inspection._comparison import compare_selectors
from sklearn_zcore.inspection._comparison_summary import (
    RANDOM,
    as_markdown,
    mean_table,
    p_table,
    rank_table,
    scores_by_set,
    win_table,
)
from sklearn_zcore.inspection._score_selector import (
    ALL_ROWS,
    default_classifiers,
    score_selector,
)
from sklearn_zcore.inspection._selector_comparison import SelectorComparison
from sklearn_zcore.inspection._selector_comparison_display import SelectorComparisonDisplay
from sklearn_zcore.inspection.report import CoresetReport

__all__ = [
    "ALL_ROWS",
    "RANDOM",
    "Budget",
    "BudgetCurve",
    "BudgetCurveDisplay",
    "CoresetReport",
    "SelectorComparison",
    "SelectorComparisonDisplay",
    "as_markdown",
    "budget_curve",
    "compare_selectors",
    "default_classifiers",
    "mean_table",
    "p_table",
    "rank_table",
    "score_selector",
    "scores_by_set",
    "win_table",
]
