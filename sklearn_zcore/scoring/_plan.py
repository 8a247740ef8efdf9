"""What to sample: which subspaces, and which targets in each (Algorithm 1 of the paper).

A plan depends on the seed, the number of draws and the ranges of the features, and on nothing
else: not on the number of workers, nor on the machine.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

# A round is planned at once and has a random stream of its own.
ROUND_DRAWS = 2**20
_MAX_TARGETS = 2048  # unless every feature is visited all the same
_ROWS_PER_TARGET = 200
_MIN_SUBSPACES = 16
_PART_TARGETS = 2**14


class Plan(NamedTuple):
    """The draws of one round.

    Attributes
    ----------
    features : ndarray of shape (n_subspaces, subspace_dim), int32
        The distinct features that span each subspace.
    targets : ndarray of shape (n_subspaces, targets_per_subspace, subspace_dim), float32
        The sampled points, as offsets from the features' medians.
    n_targets : ndarray of shape (n_subspaces,), int32
        How many of the targets count; the last subspace may have fewer.
    """

    features: NDArray[np.int32]
    targets: NDArray[np.float32]
    n_targets: NDArray[np.int32]


def resolve_targets_per_subspace(
    targets_per_subspace: int | Literal["auto"], n_samples: int, n_draws: int, n_features: int
) -> int:
    """Return the number of targets that share a subspace.

    Sharing leaves the expected score as it is. For q targets and normal features it inflates the
    variance by about 2.2 q / n_samples, since a draw's noise is nearly all within its subspace;
    for heavy-tailed features by more. So ``"auto"`` is n_samples / 200, and small enough to visit
    at least 16 subspaces; beyond 2048, at least as many as there are features that vary.
    """
    if targets_per_subspace != "auto":
        return min(targets_per_subspace, n_draws)
    at_most = min(_MAX_TARGETS, n_draws // _MIN_SUBSPACES)
    at_most = max(at_most, n_draws // max(n_features, _MIN_SUBSPACES))
    return max(1, min(n_samples // _ROWS_PER_TARGET, at_most))


def _draw_features(
    rng: np.random.Generator, varying: NDArray[np.intp], n_subspaces: int, subspace_dim: int
) -> NDArray[np.int32]:
    """Draw distinct features for every subspace at once (Floyd's algorithm, then shuffled)."""
    d = varying.size
    drawn = np.empty((n_subspaces, subspace_dim), np.int32)
    for i, last in enumerate(range(d - subspace_dim, d)):
        candidate = rng.integers(0, last + 1, n_subspaces, dtype=np.int32)
        taken = (drawn[:, :i] == candidate[:, None]).any(axis=1)
        drawn[:, i] = np.where(taken, last, candidate)
    if subspace_dim > 1:
        drawn = rng.permuted(drawn, axis=1)
    return varying.astype(np.int32)[drawn]


def make_plan(
    seed: int,
    round_: int,
    n_draws: int,
    targets_per_subspace: int,
    subspace_dim: int,
    varying: NDArray[np.intp],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> Plan:
    """Plan one round of draws.

    Parameters
    ----------
    seed, round_ : int
        Rounds of one seed are independent streams.
    n_draws : int
    targets_per_subspace, subspace_dim : int
    varying : ndarray of shape (n_varying,), int
        The features to draw from, at least ``subspace_dim`` of them.
    low, high : ndarray of shape (n_features,)
        Range of every feature; its median is 0.

    Returns
    -------
    Plan
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, round_)))
    q = targets_per_subspace
    n_subspaces = -(-n_draws // q)
    features = _draw_features(rng, varying, n_subspaces, subspace_dim)
    targets = np.empty((n_subspaces, q, subspace_dim), np.float32)
    part = max(1, _PART_TARGETS // q)
    for i in range(subspace_dim):
        left, right = low[features[:, i, None]], high[features[:, i, None]]
        # A part at a time: all of a round in float64 would be the most memory of a small fit.
        for j in range(0, n_subspaces, part):
            some = slice(j, j + part)
            shape = (min(part, n_subspaces - j), q)
            targets[some, :, i] = rng.triangular(left[some], 0.0, right[some], shape)
    n_targets = np.full(n_subspaces, q, np.int32)
    n_targets[-1] = n_draws - q * (n_subspaces - 1)
    return Plan(features, targets, n_targets)


def uniform_init(seed: int, stream: int, n_samples: int) -> NDArray[np.float64]:
    """Uniform(0, 1) numbers that the paper adds to the scores, independent of the draws."""
    sequence = np.random.SeedSequence(seed, spawn_key=(1, stream))
    return np.random.default_rng(sequence).random(n_samples)
