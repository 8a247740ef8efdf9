"""What a coreset costs: scores against budgets, and their picture."""

from sklearn_zcore.inspection._budget_curve import BudgetCurve, budget_curve
from sklearn_zcore.inspection._budget_curve_display import BudgetCurveDisplay

__all__ = ["BudgetCurve", "BudgetCurveDisplay", "budget_curve"]
