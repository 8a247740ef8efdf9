"""The draws of ZCore: sums that can be cached, and how well their two halves agree."""

from numbers import Integral
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_zcore._progress import progress_bar

_FIRST_DRAWS = 2**16  # what n_iter="auto" starts with


class Sums(NamedTuple):
    """State of the sampling, before the scores are scaled.

    Attributes
    ----------
    units : ndarray of shape (2, n_samples), int64
        Coverage less redundancy, over two independent halves of the subspaces, in units of 2**-32:
        sums of integers, whose order does not matter.
    n_draws, n_rounds : int
        How far the sampling has come.
    seed : int
    """

    units: NDArray[np.int64]
    n_draws: int
    n_rounds: int
    seed: int

    @property
    def halves(self) -> NDArray[np.float64]:
        """Return the sums of both halves as floats."""
        return np.asarray(self.units * 2.0**-32, np.float64)


def as_sums(arrays: list[NDArray[Any]], n_samples: int) -> Sums:
    """Return sums that have been stored; raise ValueError if they are none of these rows."""
    units, *numbers = arrays
    if units.shape != (2, n_samples) or units.dtype != np.int64 or len(numbers) != 3:
        raise ValueError("not the sums of the rows")
    return Sums(units, *(int(number) for number in numbers))


def _draw_seed(random_state: Any) -> int:
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def agreed_at(sums: Sums, random_init: bool) -> NDArray[Any]:
    """Return every row's worse rank by the two halves' own scores, sorted.

    As many as are below a coreset's size are the rows that both halves would select.
    """
    ranks = _ranks(sums, 0, random_init)
    np.maximum(ranks, _ranks(sums, 1, random_init), out=ranks)
    ranks.sort()
    return ranks


def _ranks(sums: Sums, half: int, random_init: bool) -> NDArray[Any]:
    """Return the ranks of all rows by the scores of one half.

    A function of its own: what it needs is given back before the other half is ranked.
    """
    from sklearn_zcore.scoring import scale_scores

    scores = scale_scores(
        sums.units[half] * 2.0**-32, random_init=random_init, seed=sums.seed, stream=1 + half
    )
    order = np.argsort(np.negative(scores, out=scores), kind="stable")
    del scores
    dtype = np.intp if order.size > np.iinfo(np.int32).max else np.int32
    ranks: NDArray[Any] = np.empty(order.size, dtype)
    ranks[order] = np.arange(order.size, dtype=dtype)
    return ranks


def agreement(agreed_at: NDArray[Any], n_selected: int) -> float:
    """Return the share of a coreset of this size that both halves select."""
    return float(np.searchsorted(agreed_at, n_selected) / n_selected)


def sample(
    X: NDArray[Any],
    scoring: dict[str, Any],
    n_iter: int | Literal["auto"],
    stopping: tuple[int, float, int] | None,
    random_state: Any,
    start: Sums | None,
    n_jobs: int | None,
    verbose: int,
    checkpoint: Any,
) -> Sums:
    """Draw ``n_iter`` times, or double the draws until the coreset is stable.

    This is what ``memory`` caches: ``stopping`` (coreset size, tol, max_iter) is None unless
    n_iter is "auto", so that other scores serve every budget.
    """
    from sklearn_zcore.scoring import Scorer

    kept = None if checkpoint is None else checkpoint.load()
    if kept is not None:
        seed = kept.seed
    else:
        seed = _draw_seed(random_state) if start is None else start.seed
    parameters = {name: value for name, value in scoring.items() if name != "random_init"}
    scorer = Scorer(
        X,
        **parameters,
        seed=seed,
        n_jobs=n_jobs,
        first_round=0 if start is None else start.n_rounds,
        checkpoint=checkpoint,
    )
    n_before = 0
    if start is not None:
        scorer.sums[:] = start.units
        scorer.n_draws = n_before = start.n_draws

    def sums() -> Sums:
        return Sums(scorer.sums, scorer.n_draws, scorer.n_rounds, seed)

    with progress_bar(verbose, "ZCore", "draws") as progress:
        if kept is not None:
            progress.add_total(kept.n_wanted - n_before)
            progress.advance(0, free=kept.n_draws - n_before, note="from the checkpoint")
            scorer.resume(kept, progress.advance)
        if stopping is None:
            n_left = int(n_iter) - (scorer.n_draws - n_before)
            if n_left:
                progress.add_total(n_left)
                scorer.add(n_left, progress.advance)
            return sums()
        n_selected, tol, max_iter = stopping
        while scorer.n_draws < max_iter:
            if scorer.n_draws:
                at = agreed_at(sums(), scoring["random_init"])
                if agreement(at, n_selected) >= tol:
                    break
            size = min(max(scorer.n_draws, _FIRST_DRAWS), max_iter - scorer.n_draws)
            progress.add_total(size)
            scorer.add(size, progress.advance)
        return sums()
