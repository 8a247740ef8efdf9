"""Run the draws: plan them in rounds, have them scored where the rows are, and add them up.

Sums are integers, so that scores are the same, bit for bit, for every ``n_jobs``, every joblib
backend, and wherever the rows are.
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.rows import ColumnStore, refuse_constant
from sklearn_zcore.scoring._checkpoint import Checkpoint, State
from sklearn_zcore.scoring._chunks import index_pays
from sklearn_zcore.scoring._in_memory import InMemory
from sklearn_zcore.scoring._plan import (
    ROUND_DRAWS,
    Plan,
    make_plan,
    resolve_targets_per_subspace,
    uniform_init,
)
from sklearn_zcore.scoring._stored import Stored
from sklearn_zcore.scoring._tally import MOST_DRAWS, UNIT, Tally

Progress = Callable[[int], None]


class Scorer:
    """Sums of coverage less redundancy, before scaling; more draws can be added at any time.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features) or ColumnStore
        Real and finite, of any dtype.
    subspace_dim, n_neighbors : int
    exponent : float
    targets_per_subspace : int or "auto"
    seed : int
    n_jobs : int or None
        Passed to joblib; threads unless `joblib.parallel_config` says otherwise.
    first_round : int, default=0
        Where the random stream goes on.
    planner : callable, default=make_plan
        What draws subspaces and targets, for studies of other draws than the paper's.
    checkpoint : Checkpoint or None, default=None
        Where the sums are kept now and then.

    Attributes
    ----------
    sums : ndarray of shape (2, n_samples), int64
        The sums over two disjoint, independent halves of the subspaces, in units of 2**-32.
    halves : ndarray of shape (2, n_samples)
        The same as floats.
    n_draws, n_rounds : int
        What has been drawn.

    Raises
    ------
    ValueError
        If fewer features vary than a subspace has dimensions.
    MemoryError
        If there is not as much memory as is needed.
    """

    def __init__(
        self,
        X: NDArray[Any] | ColumnStore,
        *,
        subspace_dim: int,
        n_neighbors: int,
        exponent: float,
        targets_per_subspace: int | Literal["auto"],
        seed: int,
        n_jobs: int | None,
        first_round: int = 0,
        planner: Callable[..., Plan] = make_plan,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        n, d = X.shape
        self._k = min(n_neighbors, n - 1)
        self._m, self._exponent = subspace_dim, float(exponent)
        self._targets_per_subspace = targets_per_subspace
        self._seed, self._n_jobs, self._planner = seed, n_jobs, planner
        binned = index_pays(n, subspace_dim, self._k)
        where: Any = Stored if isinstance(X, ColumnStore) else InMemory
        self._runner: Any = where(X, subspace_dim, self._k, self._exponent, binned, n_jobs)
        self._columns = self._runner.features
        n_varying = self._columns.varying.size
        if n_varying == 0:
            refuse_constant(d, self._columns.spread)
        if n_varying < subspace_dim:
            raise ValueError(
                f"subspace_dim={subspace_dim} is more than the number of features of X that are "
                f"not constant: {n_varying} of n_features = {d}. Set subspace_dim to at most "
                f"{n_varying}."
            )
        self._checkpoint = checkpoint
        self._tally = Tally(n, in_parts=checkpoint is not None)
        self.n_draws, self.n_rounds = 0, first_round

    @property
    def sums(self) -> NDArray[np.int64]:
        """Return the sums of both halves, in units of 2**-32."""
        return self._tally.sums

    @property
    def halves(self) -> NDArray[np.float64]:
        """Return the sums of both halves."""
        return np.asarray(self.sums * UNIT, np.float64)

    def add(self, n_draws: int, progress: Progress | None = None) -> None:
        """Add draws.

        Parameters
        ----------
        n_draws : int
        progress : callable, optional
            Called with the number of draws that have just been finished.

        Raises
        ------
        ValueError
            If there would be 2**31 draws or more.
        """
        if self.n_draws + n_draws > MOST_DRAWS:
            raise ValueError(
                f"{self.n_draws + n_draws:,} draws are more than the {MOST_DRAWS:,} that can be "
                f"summed. Lower n_iter."
            )
        n, d = self.sums.shape[1], self._columns.varying.size
        q = resolve_targets_per_subspace(self._targets_per_subspace, n, n_draws, d)
        self._draw(self.n_draws + n_draws, q, None, progress)

    def resume(self, state: State, progress: Progress | None = None) -> None:
        """Take up what a checkpoint has kept, and make the draws that were still to be added.

        Parameters
        ----------
        state : State
        progress : callable, optional
            As for `add`.
        """
        self.sums[:] = state.sums
        self.n_draws, self.n_rounds = state.n_draws, state.n_rounds
        self._draw(state.n_wanted, state.n_targets, state.done, progress)

    def _draw(
        self, n_wanted: int, q: int, done: NDArray[np.bool_] | None, progress: Progress | None
    ) -> None:
        """Draw until there are ``n_wanted`` draws; of the first plan, some may be done."""
        tally, kept = self._tally, self._checkpoint
        while self.n_draws < n_wanted:
            size = min(n_wanted - self.n_draws, ROUND_DRAWS * self._runner.rounds_at_once)
            plan, half = self._plan(size, q)
            tally.begin(half.size, done)
            done = None
            try:
                for n_done in self._runner.run(plan, half, tally):
                    if progress is not None:
                        progress(n_done)
                    if kept is not None and kept.is_due():
                        self._save(kept, n_wanted, q)
            except KeyboardInterrupt:
                if kept is not None:
                    self._save(kept, n_wanted, q)
                raise
            self.n_rounds += -(-size // ROUND_DRAWS)
            self.n_draws += size

    def _save(self, checkpoint: Checkpoint, n_wanted: int, q: int) -> None:
        tally = self._tally
        with tally.lock:
            if tally.is_whole:
                numbers = (self.n_draws, self.n_rounds, n_wanted, q, self._seed)
                checkpoint.save(State(tally.sums, tally.done, *numbers))

    def _plan(self, n_draws: int, q: int) -> tuple[Plan, NDArray[np.intp]]:
        """Plan some rounds; return what to draw, and the half that each subspace belongs to."""
        columns, plans = self._columns, []
        for number, first in enumerate(range(0, n_draws, ROUND_DRAWS), start=self.n_rounds):
            plans.append(
                self._planner(
                    self._seed,
                    number,
                    min(ROUND_DRAWS, n_draws - first),
                    q,
                    self._m,
                    columns.varying,
                    columns.low,
                    columns.high,
                )  # fmt: skip
            )
        half = np.concatenate([np.arange(plan.n_targets.size) % 2 for plan in plans])
        if len(plans) == 1:
            return plans[0], half
        return Plan(*(np.concatenate(parts) for parts in zip(*plans, strict=True))), half


def scale_scores(
    raw: NDArray[np.float64], *, random_init: bool, seed: int, stream: int
) -> NDArray[np.float64]:
    """Add the random initialisation and scale to [0, 1]; equal scores all become 0.

    Parameters
    ----------
    raw : ndarray of shape (n_samples,)
    random_init : bool
    seed, stream : int

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    scores = uniform_init(seed, stream, raw.size) if random_init else np.zeros_like(raw)
    scores += raw
    scores -= scores.min()
    highest = scores.max()
    if highest > 0:
        scores /= highest
    return scores
