"""Draws of another plan than the paper's."""

import numpy as np

from sklearn_zcore.scoring import Scorer, make_plan


def test_targets_of_a_planner_are_those_that_are_searched():
    X = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
    offsets = X - np.median(X, axis=0)

    def around_row_7(*arguments):
        plan = make_plan(*arguments)
        targets = np.broadcast_to(offsets[7, plan.features[:, None, :]], plan.targets.shape)
        return plan._replace(targets=targets.copy())

    def covered(**parameters):
        scorer = Scorer(
            X,
            subspace_dim=2,
            n_neighbors=5,
            exponent=4,
            targets_per_subspace=1,
            seed=0,
            n_jobs=1,
            **parameters,
        )
        scorer.add(200)
        return np.flatnonzero(scorer.halves.sum(axis=0) > 0)

    np.testing.assert_array_equal(covered(planner=around_row_7), [7])
    assert covered().size > 10
