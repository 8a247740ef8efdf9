"""HerdingSelector: rows whose mean is the mean of all rows, in a kernel's feature space."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from sklearn_zcore._progress import progress_bar
from sklearn_zcore.rows import DistinctRows, row_blocks
from sklearn_zcore.selection._parameters import CAMPAIGN_CONSTRAINTS
from sklearn_zcore.selection._set_aware import NEEDS_MEMORY, SetAwareSelector

_PAIRS = 10_000  # whose median distance is the width of the kernel


def _median_gamma(X: NDArray[np.float32], rng: np.random.RandomState) -> float:
    """Return the gamma of a Gaussian kernel as wide as the median distance of two rows."""
    n, d = X.shape
    pairs = np.sort(rng.randint(n, size=(2, _PAIRS)), axis=0)
    # Each pair once: there are no more than n * (n - 1) / 2. And some of them at a time: with many
    # features, all of them would be more than X.
    distinct, place = np.unique(pairs[0] * n + pairs[1], return_inverse=True)
    first, second = np.divmod(distinct, n)
    found = [
        ((X[first[some]] - X[second[some]]) ** 2).sum(axis=1)
        for some in row_blocks(distinct.size, d)
    ]
    squares = np.concatenate(found)[place]
    squares = squares[squares > 0]
    return float(0.5 / np.median(squares)) if squares.size else 1.0


class HerdingSelector(SetAwareSelector):
    """Coreset selection by kernel herding: the coreset's mean follows the mean of all rows.

    Every choice is the row that brings the mean of the coreset nearest to the mean of all rows
    [1]_, in the feature space of a Gaussian kernel, approximated by random Fourier features [2]_.
    So the coreset matches the density of the data, better than a random draw does. Rows passed as
    ``selected`` are the first choices: what is selected besides brings the mean of all of them
    nearest.

    Parameters
    ----------
    budget : int, float or str, default=0.1
        How many rows to select: an int is a number of rows, a float in (0, 1] a fraction
        (rounded down, at least one row; 1.0 is every row), and ``"10%"`` a percentage.
    gamma : float or None, default=None
        The kernel is exp(-gamma * squared distance), with distances on the scale of X. None
        takes 1 / (2 * median squared distance of 10,000 random pairs of rows).
    n_components : int, default=256
        Number of random features. The memory is 4 * n_samples * n_components bytes for these,
        12 * n_features * n_components for what makes them, and a float32 copy of X.
    random_state : int, RandomState instance or None, default=None
        Seed of the random features and pairs.
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
        Share of the rows that each row comes before in the ranking, itself included.
    ranking_ : ndarray of shape (n_samples,)
        Row indices from most to least valuable. Where n_samples ** 2 * n_components is above
        4e9, the herding ends with the budget of ``fit`` (`set_budget` takes none that is larger),
        and the other rows are ordered by how well they would go on.
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
    min_distance_ : float
        The distance that selected rows keep; only with ``min_distance``.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where X has string column names.

    See Also
    --------
    FacilityLocationSelector : Rows that stand for all others best.
    RandomSelector : The yardstick.

    Notes
    -----
    The time is of order n_selected * n_samples * n_components. Ties go to the lower row.

    Distances compare features, so these should be on one scale: put a `StandardScaler` before,
    or embed.

    References
    ----------
    .. [1] Y. Chen, M. Welling, A. Smola, "Super-Samples from Kernel Herding", UAI 2010.
    .. [2] A. Rahimi, B. Recht, "Random Features for Large-Scale Kernel Machines", NIPS 2007.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_zcore import HerdingSelector
    >>> X, y = load_iris(return_X_y=True)
    >>> HerdingSelector(budget=15, random_state=0).fit_transform(X).shape
    (15, 4)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SetAwareSelector._parameter_constraints,
        **CAMPAIGN_CONSTRAINTS,
        "gamma": [Interval(Real, 0, None, closed="neither"), None],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        budget: float | str = 0.1,
        *,
        gamma: float | None = None,
        n_components: int = 256,
        random_state: Any = None,
        verbose: int = 0,
        group_budget: Any = "proportional",
        min_distance: float | str | None = None,
    ) -> None:
        self.budget = budget
        self.group_budget = group_budget
        self.min_distance = min_distance
        self.gamma = gamma
        self.n_components = n_components
        self.random_state = random_state
        self.verbose = verbose

    _instead = NEEDS_MEMORY

    def _order_rows(self, distinct: DistinctRows, n_selected: int) -> NDArray[np.intp]:
        from sklearn.kernel_approximation import RBFSampler  # slow to import

        rng = check_random_state(self.random_state)
        X, taken = distinct.values()[:], distinct.taken_values()
        gamma = None if self.gamma is None else self.gamma * distinct.scale**2
        if gamma is None:
            gamma = _median_gamma(np.concatenate([X, taken]) if taken.size else X, rng)
        sampler = RBFSampler(gamma=gamma, n_components=self.n_components, random_state=rng)
        features = sampler.set_output(transform="default").fit_transform(X)
        if taken.size:
            before = sampler.transform(taken)
            total = distinct.weights @ features + distinct.taken_weights @ before
            mean = total / (distinct.weights.sum() + distinct.taken_weights.sum())
        else:
            mean = np.average(features, axis=0, weights=distinct.weights)
        to_mean = features @ mean
        # Inner product of every row with the sum of (mean - row) over the choices, plus the mean.
        wanted = to_mean.astype(np.float64)
        if taken.size:  # as if they were the choices so far
            chosen_sum = distinct.taken_counts @ before.astype(np.float64)
            wanted += distinct.taken_counts.sum() * to_mean - features @ chosen_sum
        chosen = np.empty(self._n_steps(features.shape, n_selected), np.intp)
        with progress_bar(self.verbose, "Herding", "rows") as progress:
            progress.add_total(chosen.size)
            for k in range(chosen.size):
                chosen[k] = wanted.argmax()
                wanted += to_mean
                wanted -= features @ features[chosen[k]]
                wanted[chosen[: k + 1]] = -np.inf  # without replacement
                progress.advance()
        rest = np.argsort(-wanted, kind="stable")[: wanted.size - chosen.size]
        return np.concatenate([chosen, rest])
