"""ZCoreSelector: coverage less redundancy over random subspaces, as published."""

from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_zcore._warnings import warn_user
from sklearn_zcore.rows import ColumnStore, block_source
from sklearn_zcore.selection._base import BaseCoresetSelector
from sklearn_zcore.selection._memory import call_cached
from sklearn_zcore.selection._parameters import CAMPAIGN_CONSTRAINTS, MEMORY_CONSTRAINT
from sklearn_zcore.selection._stability import draws_needed
from sklearn_zcore.selection._stored_rows import FitsStores, within_reach
from sklearn_zcore.selection._zcore_sums import Sums, agreed_at, agreement, as_sums, sample

_SUMMED = ("subspace_dim", "n_neighbors", "exponent")  # draws can be added where these are equal


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
        doubles them until ``stability_ >= tol``, or ``max_iter`` is reached: for a ranking that
        another seed repeats. That is not the number that trains best, see the notes.
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
        n_samples / 200, at most 2048 or as many as leave a subspace for every feature, which is far
        faster and leaves the expected score as it is. Its variance grows a little, see the notes.
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
        halves, each by itself, select. 1 means that more draws change nothing. It measures how
        reproducible the coreset is, not how good it is to train on.
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
    ColumnStore : Rows that do not fit in memory.
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

    The paper made 0.8 draws a row (ImageNet) to 20 (CIFAR); a million are that for 50,000 rows and
    up. The scores are then far from converged, and the coreset is in part a random one. With more
    draws a row it goes to sparse regions: at budgets up to 10 %, models trained on it are mostly
    worse, and with no number of draws reliably better than on random rows. At 30 % and more, the
    number of draws hardly matters. ``stability_`` is no reason to make more, unless the same rows
    must come out for another seed.

    Rows that do not fit in memory are fitted from a `ColumnStore`, in about
    ``n_samples * (65 * n_jobs + 40)`` bytes, and 200 MB, and 64 MB a worker, whatever the number of
    features; each more than two that a subspace has takes 9 bytes a row and worker.

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
        m, n_jobs, verbose = self.subspace_dim, self.n_jobs, self.verbose
        with within_reach(X, subspace_dim=m, n_jobs=n_jobs, verbose=verbose) as rows:
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
        self._agreed_at = agreed_at(self._sums, self.random_init)
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
            sample,
            arguments,
            unimportant,
            key=key,
            dump=lambda sums: [np.asarray(part) for part in sums],
            load=lambda arrays: as_sums(arrays, X.shape[0]),
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
        self.stability_ = agreement(self._agreed_at, n_selected)

    def _warn_of_doubts(self) -> None:
        super()._warn_of_doubts()
        if self.stability_ >= self.tol:
            return
        advice = "No number of draws is enough for this tol"
        if self.tol < 1:
            needed = draws_needed(
                self.n_iter_, self.n_selected_, self.ranking_.size, self.stability_, self.tol
            )
            advice = f"About n_iter={float(f'{needed:.2g}'):,.0f} would reach it"
        warn_user(
            f"Half the draws agree with the other half on {self.stability_:.0%} of the coreset "
            f"(stability_ < tol={self.tol}): with another random_state, other rows are selected. "
            f"{advice}; n_iter_={self.n_iter_:,} were made. More draws make the coreset "
            f"reproducible, not better to train on: at budgets up to 10 %, models were mostly "
            f"better with that of fewer draws. tol=0 asks for no stability, and does not warn.",
            ConvergenceWarning,
        )
