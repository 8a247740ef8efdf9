"""The algorithm of ZCore: what to sample (plan), how to search (kernels), what runs where (engine).

No estimator lives here. `Scorer` turns rows into sums of coverage less redundancy, and
`scale_scores` turns these into the published score.
"""

from sklearn_zcore.scoring._engine import Scorer, scale_scores

__all__ = ["Scorer", "scale_scores"]
