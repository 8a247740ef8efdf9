"""ZCoreSelector: coverage less redundancy over random subspaces, as published."""

from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar, Literal, NamedTuple, Self

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_zcore._progress import progress_bar
from sklearn_zcore._warnings import warn_user
from sklearn_zcore.rows import ColumnStore, block_source
from sklearn_zcore.selection._base import BaseCoresetSelector
from sklearn_zcore.selection._memory import call_cached
from sklearn_zcore.selection._parameters import CAMPAIGN_CONSTRAINTS, MEMORY_CONSTRAINT
from sklearn_zcore.selection._stability import draws_needed
from sklearn_zcore.selection._stored_rows import FitsStores, within_reach

_FIRST_DRAWS = 2**16  # what n_iter="auto" starts with
_SUMMED = ("subspace_dim", "n_neighbors", "exponent")  # draws can be added where these are equal


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


def _as_sums(arrays: list[NDArray[Any]], n_samples: int) -> Sums:
    """Return sums that have been stored; raise ValueError if they are none of these rows."""
    units, *numbers = arrays
    if units.shape != (2, n_samples) or units.dtype != np.int64 or len(numbers) != 3:
        raise ValueError("not the sums of the rows")
    return Sums(units, *(int(number) for number in numbers))


def _draw_seed(random_state: Any) -> int:
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _agreed_at(sums: Sums, random_init: bool) -> NDArray[np.intp]:
    """Return every row's worse rank by the two halves' own scores, sorted.

    As many as are below a coreset's size are the rows that both halves would select.
    """
    from sklearn_zcore.scoring import scale_scores

    ranks = np.empty(sums.units.shape, np.intp)
    for half, units in enumerate(sums.units):
        raw = units * 2.0**-32
        scores = scale_scores(raw, random_init=random_init, seed=sums.seed, stream=1 + half)
        ranks[half, np.argsort(-scores, kind="stable")] = np.arange(raw.size)
    return np.sort(ranks.max(axis=0))


def _agreement(agreed_at: NDArray[np.intp], n_selected: int) -> float:
    """Return the share of a coreset of this size that both halves select."""
    return float(np.searchsorted(agreed_at, n_selected) / n_selected)


def _sample(
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
                agreed_at = _agreed_at(sums(), scoring["random_init"])
                if _agreement(agreed_at, n_selected) >= tol:
                    break
            size = min(max(scorer.n_draws, _FIRST_DRAWS), max_iter - scorer.n_draws)
            progress.add_total(size)
            scorer.add(size, progress.advance)
        return sums()


class ZCoreSelector(FitsStores, BaseCoresetSelector):
    r"""Zero-shot coreset selection by iterative subspace sampling.

    Needs no labels and no training [1]_. ``n_iter`` times, a point is drawn in a random subspace of
    the features; the row nearest to it earns coverage, and that row's neighbours there lose
    redundancy. The rows with the highest scores are the coreset.

    At small budgets the published score prefers sparse outliers, and training on its coreset is
    often worse than on a `RandomSelector`'s; a `FacilityLocationSelector`'s is better.

    Parameters
    ----------
    budget : int, float or str, default=0.1
        How many rows to select: an int is a number of rows, a float in (0, 1] a fraction
        (rounded down, at least one row; 1.0 is every row), and ``"10%"`` a percentage.
    n_iter : int or "auto", default=1_000_000
        Number of draws (T in [1]_, whose default this is). ``"auto"`` starts with 65,536 and
        doubles them until ``stability_ >= tol``, or ``max_iter`` is reached.
    subspace_dim : int, default=2
        Number of features that span a subspace (m in [1]_).
    n_neighbors : int, default=1000
        Number of neighbours of a covering row that lose score (k in [1]_); at most all other
        rows.
    exponent : float, default=4
        Neighbours share one unit of redundancy in proportion to 1 / distance ** exponent
        (:math:`\beta` in [1]_). Copies of the covering row, at distance 0, share it alone.
    random_init : bool, default=True
        Whether to add a Uniform(0, 1) number to every score before scaling, as in [1]_.
    targets_per_subspace : int or "auto", default="auto"
        How many draws share a subspace. 1 is the paper to the letter; ``"auto"`` is about
        n_samples / 200, between 1 and 2048, which is far faster and leaves the expected score as
        it is. Its variance grows a little, see the notes.
    tol : float, default=0.8
        The ``stability_`` that is good enough: below it ``fit`` warns, and ``n_iter="auto"`` goes
        on.
    max_iter : int, default=16_000_000
        Most draws of ``n_iter="auto"``.
    warm_start : bool, default=False
        Whether another ``fit`` on the same rows adds its draws to those already made.
    memory : str, path-like, joblib.Memory or None, default=None
        Where to cache the draws. Scores do not depend on the budget, so a search over budgets
        then scores each training fold once. The key is the data, the scoring parameters and
        ``random_state``; with ``random_state=None`` a cached result is used again, too.
    checkpoint : str, path-like or None, default=None
        A file to keep the sums in, every half minute, while ``fit`` is at work. Where that was
        killed, the same call goes on from there, to the same bits; the file of another fit is
        refused. It is removed when all is done.
    n_jobs : int or None, default=None
        Number of parallel workers, threads unless `joblib.parallel_config` says otherwise. The
        scores are the same, bit for bit, for every number and backend.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws.
    verbose : int, default=0
        Whether to show a progress bar, with rate and time left, on stderr.
    group_budget : {"proportional", "equal", "sqrt"} or dict, default="proportional"
        Shares of the ``groups`` that ``fit`` is given: in proportion to their rows, equal, or in
        proportion to the root of their rows. A dictionary gives a group's rows (25) or share of
        the budget (0.25); groups that it does not name share the rest in proportion to theirs.
        Groups with fewer rows than their share give the rest to the others.
    min_distance : float, "auto" or None, default=None
        The distance that no selected row is nearer than to another, or to one selected before, so
        that near-copies are passed over. Fewer rows than the budget may come out: ``n_selected_``
        says how many, and a warning. ``"auto"`` is half the median distance of a row to its nearest
        neighbour. None keeps none. It is Euclidean.

    Attributes
    ----------
    scores_ : ndarray of shape (n_samples,)
        Score of every row, scaled to [0, 1].
    ranking_ : ndarray of shape (n_samples,)
        Row indices from most to least valuable. Coresets of growing budgets are nested.
    support_ : ndarray of shape (n_samples,), bool
        Mask of the selected rows.
    indices_ : ndarray of shape (n_selected,)
        The selected rows, in row order.
    n_selected_ : int
        Number of selected rows.
    weights_ : ndarray of shape (n_selected,)
        How many rows each selected row stands for, in row order: those nearest to it, by Euclidean
        distance. Worked out when first asked for, as ``gains_`` is.
    gains_ : ndarray of shape (n_selected,)
        By how much each selected row, in the order of ``ranking_``, lowers the sum of the
        distances of all rows to the coreset.
    stability_ : float
        The draws are split in two independent halves; this is the share of the coreset that both
        halves, each by itself, select. 1 means that more draws change nothing.
    n_iter_ : int
        Number of draws made.
    min_distance_ : float
        The distance that selected rows keep; only with ``min_distance``.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where X has string column names.

    See Also
    --------
    FacilityLocationSelector : The selector to start with.
    RandomSelector : The yardstick.

    Notes
    -----
    One draw takes a subspace of ``subspace_dim`` features that are not constant, and a target
    whose coordinates follow Triangular(min, median, max) of each. The row nearest to it by L1
    distance (the lowest index wins a tie) scores 1, and its ``n_neighbors`` nearest rows lose 1
    in all. The search is exact: distances are float32, after every feature has been shifted by
    its median in float64.

    Draws that share a subspace are not quite independent. Against one draw per subspace, the
    variance of the scores under ``targets_per_subspace="auto"`` was measured 0.2 to 2.5 % larger
    on normal features (1,000 to 20,000 rows), 30 % on standardised digits and up to 70 % on
    features with such heavy tails that a few rows take most hits (lognormal of sigma 2.5,
    Cauchy). ``stability_`` contains it: whole subspaces belong to one half or the other. More
    draws make up for it at a fraction of what one draw per subspace costs.

    Features should be on one scale, as for any distance: put a `StandardScaler` before.

    References
    ----------
    .. [1] B. A. Griffin, J. Marks, J. J. Corso, "Zero-Shot Coreset Selection via Iterative
       Subspace Sampling", arXiv:2411.15349.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_zcore import ZCoreSelector
    >>> X, y = load_iris(return_X_y=True)
    >>> selector = ZCoreSelector(budget=15, n_iter=20_000, random_state=0).fit(X)
    >>> selector.transform(X).shape
    (15, 4)
    >>> selector.select(y).shape
    (15,)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseCoresetSelector._parameter_constraints,
        **CAMPAIGN_CONSTRAINTS,
        "n_iter": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "subspace_dim": [Interval(Integral, 1, None, closed="left")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "exponent": [Interval(Real, 0, None, closed="left")],
        "random_init": ["boolean"],
        "targets_per_subspace": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "tol": [Interval(Real, 0, 1, closed="both")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "memory": MEMORY_CONSTRAINT,
        "checkpoint": [str, PathLike, None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        budget: float | str = 0.1,
        *,
        n_iter: int | Literal["auto"] = 1_000_000,
        subspace_dim: int = 2,
        n_neighbors: int = 1000,
        exponent: float = 4,
        random_init: bool = True,
        targets_per_subspace: int | Literal["auto"] = "auto",
        tol: float = 0.8,
        max_iter: int = 16_000_000,
        warm_start: bool = False,
        memory: Any = None,
        checkpoint: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        group_budget: Any = "proportional",
        min_distance: float | str | None = None,
    ) -> None:
        self.budget = budget
        self.group_budget = group_budget
        self.min_distance = min_distance
        self.n_iter = n_iter
        self.subspace_dim = subspace_dim
        self.n_neighbors = n_neighbors
        self.exponent = exponent
        self.random_init = random_init
        self.targets_per_subspace = targets_per_subspace
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.memory = memory
        self.checkpoint = checkpoint
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None, *, groups: Any = None, **others: Any) -> Self:
        """Score the rows of X and select the best.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or ColumnStore
            Rows of finite numbers: array, data frame, memory map, Zarr array; any real dtype. A
            memory map or a Zarr array that is larger than half of the free memory is written to a
            store for the time of the fit, and ``verbose`` says so.
        y : None
            Ignored: selection uses no labels.
        groups : array-like of shape (n_samples,) or (n_samples, n_columns), default=None
            The group of every row, such as its site: each gets its share of the coreset, see
            ``group_budget``. Of several columns, every combination is a group. Rows whose group
            is missing (None, NaN) are a group of their own.
        **others : None
            ``selected`` and ``sample_weight`` of other selectors: refused by name.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        TypeError
            If X is a collection that would have to be read into memory, such as a dask array; if
            there is a keyword that this selector does not have.
        ValueError
            If X is not made of finite real numbers, has fewer than 2 rows, or has fewer rows than
            the budget; if ``groups`` or ``group_budget`` do not fit X; if ``checkpoint`` is of
            another fit.
        MemoryError
            If there is not as much memory as scoring needs.
        OSError
            If X has to be written to a store, and the disk has not as much room.
        """
        self._refuse(others)
        with within_reach(X, n_jobs=self.n_jobs, verbose=self.verbose) as rows:
            self._fit_rows(rows, groups=groups)
            if isinstance(rows, ColumnStore) and rows is not X:
                self._rows_of_fit = block_source(X)
        return self

    def _validate_rows(self, X: Any, *, reset: bool) -> Any:
        """Return X as a 2-d array of real numbers, or as what reads them where they are."""
        stored = self._stored_rows(X, reset=reset)
        return super()._validate_rows(X, reset=reset) if stored is None else stored

    def _score_rows(
        self, X: NDArray[Any], hashes: NDArray[np.uint64], n_selected: int
    ) -> NDArray[np.float64]:
        from sklearn_zcore.scoring import scale_scores

        self._sums = self._sample(X, hashes, n_selected)
        self._summed = {name: getattr(self, name) for name in _SUMMED}
        self.n_iter_ = self._sums.n_draws
        self._agreed_at = _agreed_at(self._sums, self.random_init)
        return scale_scores(
            self._sums.units.sum(axis=0) * 2.0**-32,
            random_init=self.random_init,
            seed=self._sums.seed,
            stream=0,
        )

    def _sample(self, X: NDArray[Any], hashes: NDArray[np.uint64], n_selected: int) -> Sums:
        from sklearn_zcore.scoring import Checkpoint

        scoring = {
            "subspace_dim": self.subspace_dim,
            "n_neighbors": self.n_neighbors,
            "exponent": self.exponent,
            "targets_per_subspace": self.targets_per_subspace,
            "random_init": self.random_init,
        }
        stopping = (n_selected, self.tol, self.max_iter) if self.n_iter == "auto" else None
        start = self._warm_start_from(hashes)
        arguments = (X, scoring, self.n_iter, stopping, self.random_state, start)
        key = (X.fingerprint, *arguments[1:]) if isinstance(X, ColumnStore) else arguments
        checkpoint = None
        if self.checkpoint is not None:
            seeded = self.random_state if isinstance(self.random_state, Integral) else None
            checkpoint = Checkpoint(self.checkpoint, joblib.hash((*key[:4], seeded, start)))
        unimportant = {
            "n_jobs": self.n_jobs,
            "verbose": self.verbose,
            "checkpoint": checkpoint,
        }
        sums: Sums = call_cached(
            self.memory,
            _sample,
            arguments,
            unimportant,
            key=key,
            dump=lambda sums: [np.asarray(part) for part in sums],
            load=lambda arrays: _as_sums(arrays, X.shape[0]),
        )
        if checkpoint is not None:
            checkpoint.remove()
        return sums

    def _warm_start_from(self, hashes: NDArray[np.uint64]) -> Sums | None:
        """Return the sums to go on from, if this is another fit on the same rows."""
        if not self.warm_start or not hasattr(self, "_sums"):
            return None
        if not np.array_equal(self._fingerprints, hashes):
            raise ValueError(
                "warm_start=True adds draws to the rows of the previous fit, and this X has other "
                "rows. Fit a clone, or set warm_start=False."
            )
        changed = [name for name in _SUMMED if getattr(self, name) != self._summed[name]]
        if changed:
            raise ValueError(
                f"warm_start=True adds draws to those of the previous fit, and "
                f"{' and '.join(changed)} has changed since. Fit a clone, or set warm_start=False."
            )
        return self._sums

    def _apply_budget(self, n_selected: int) -> None:
        super()._apply_budget(n_selected)
        self.stability_ = _agreement(self._agreed_at, n_selected)

    def _warn_of_doubts(self) -> None:
        super()._warn_of_doubts()
        if self.stability_ >= self.tol:
            return
        advice = "No number of draws is enough for this tol"
        if self.tol < 1:
            needed = draws_needed(
                self.n_iter_, self.n_selected_, self.ranking_.size, self.stability_, self.tol
            )
            advice = f"About n_iter={float(f'{needed:.2g}'):,.0f} would help"
        warn_user(
            f"Half the draws agree with the other half on {self.stability_:.0%} of the coreset "
            f"(stability_ < tol={self.tol}). {advice}; n_iter_={self.n_iter_:,} were made.",
            ConvergenceWarning,
        )
