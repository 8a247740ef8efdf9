"""The algorithm of ZCore, and no estimator.

What to sample (plan), how to lay out and index the rows (columns, grid), how to search them
(kernels, on vector primitives), what runs where (engine: rows in memory, or stored), and what is
kept of a long run (checkpoint). `Scorer` turns rows into sums of
coverage less redundancy, and `scale_scores` turns these into the published score. What it draws is
what `make_plan` plans, unless it is given another planner.
"""

from sklearn_zcore.scoring._checkpoint import Checkpoint
from sklearn_zcore.scoring._engine import Scorer, scale_scores
from sklearn_zcore.scoring._plan import Plan, make_plan
from sklearn_zcore.scoring._stored import refuse_too_large_store

__all__ = [
    "Checkpoint",
    "Plan",
    "Scorer",
    "make_plan",
    "refuse_too_large_store",
    "scale_scores",
]
