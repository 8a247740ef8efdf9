"""The algorithm of ZCore, and no estimator.

What to sample (plan), how to lay out and index the rows (columns, grid), how to search them
(kernels, on vector primitives), what runs where (engine). `Scorer` turns rows into sums of
coverage less redundancy, and `scale_scores` turns these into the published score.
"""

from sklearn_zcore.scoring._engine import Scorer, scale_scores

__all__ = ["Scorer", "scale_scores"]
