"""RandomSelector: the yardstick."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.base import _fit_context
from sklearn.utils import check_random_state

from sklearn_zcore._rows_of import count_rows
from sklearn_zcore.selection._base import BaseCoresetSelector
from sklearn_zcore.selection._inputs import is_elsewhere
from sklearn_zcore.selection._parameters import CAMPAIGN_CONSTRAINTS


class RandomSelector(BaseCoresetSelector):
    """Select rows uniformly at random, without replacement.

    The yardstick: a selection that costs more than this has to be better than this. At small
    budgets many published methods are not.

    Parameters
    ----------
    budget : int, float or str, default=0.1
        How many rows to select: an int is a number of rows, a float in (0, 1] a fraction
        (rounded down, at least one row; 1.0 is every row), and ``"10%"`` a percentage.
    random_state : int, RandomState instance or None, default=None
        Seed of the draw.
    verbose : int, default=0
        Whether to show a progress bar on stderr while rows are kept apart (``min_distance``): a
        draw by itself takes no time.
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
        Uniform(0, 1) numbers; with weights, the share of the rows that each row comes before.
    ranking_ : ndarray of shape (n_samples,)
        Row indices from first to last drawn. Coresets of growing budgets are nested.
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
    FacilityLocationSelector : The rows that stand for all others best.
    ZCoreSelector : Zero-shot coreset selection by iterative subspace sampling.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_zcore import RandomSelector
    >>> X = np.arange(20.0).reshape(10, 2)
    >>> selector = RandomSelector(budget=0.3, random_state=0).fit(X)
    >>> selector.transform(X).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseCoresetSelector._parameter_constraints,
        **CAMPAIGN_CONSTRAINTS,
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    fits_stores = True  # of which it reads nothing

    def __init__(
        self,
        budget: float | str = 0.1,
        *,
        random_state: Any = None,
        verbose: int = 0,
        group_budget: Any = "proportional",
        min_distance: float | str | None = None,
    ) -> None:
        self.budget = budget
        self.group_budget = group_budget
        self.min_distance = min_distance
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: Any = None,
        *,
        selected: Any = None,
        groups: Any = None,
        sample_weight: Any = None,
        **others: None,
    ) -> Self:
        """Draw rows of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Anything that has a length and is indexable by row: numbers, also missing ones, text,
            paths, objects, dask frames, data sets of Hugging Face. Rows that are not in memory are
            not read. Distances, such as `score` goes by, are those of finite numbers only.
        y : None
            Ignored: selection uses no labels.
        selected : array-like of shape (n_samples,), bool, or (n_rows,), int, default=None
            Rows that have been selected before, as a mask or by number: they are not drawn, and
            come last in ``ranking_``.
        groups : array-like of shape (n_samples,) or (n_samples, n_columns), default=None
            The group of every row, such as its site: each gets its share, see ``group_budget``.
        sample_weight : array-like of shape (n_samples,), default=None
            As how many rows each counts: a row of weight 2 is twice as likely to be the next one,
            as if it stood there twice. Rows of weight 0 are drawn when no others are left.
        **others : None
            There are no others: refused by name.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        TypeError, ValueError
            As `FacilityLocationSelector.fit` does.
        """
        self._refuse(others)
        return self._fit_rows(X, selected=selected, groups=groups, sample_weight=sample_weight)

    def _validate_rows(self, X: Any, *, reset: bool) -> Any:
        """Return X as an array of finite numbers, or the numbers of its rows where it is none."""
        if not reset and self._any_rows:
            return np.arange(float(count_rows(X)))[:, None]
        if reset and is_elsewhere(X) and hasattr(X, "__len__"):  # all that a draw needs
            return self._as_numbers_of(X)
        try:
            rows = super()._validate_rows(X, reset=reset)
            values = rows.data if issparse(rows) else rows
            any_rows = values.dtype.kind == "f" and not np.isfinite(values).all()
        except (TypeError, ValueError):
            if not reset or _is_meant_as_numbers(X):
                raise
            any_rows = True
        if reset:
            self._any_rows = any_rows
        if not (any_rows and reset):
            return rows
        return self._as_numbers_of(X)

    def _as_numbers_of(self, X: Any) -> NDArray[np.float64]:
        """Return the numbers of rows that have no distances, or whose values nobody looks at."""
        self._any_rows = True
        if self.min_distance is not None:
            raise ValueError(
                f"min_distance={self.min_distance!r} needs rows of finite numbers in memory, and X "
                f"holds something else. Leave it out, or prepare X first."
            )
        return np.arange(float(count_rows(X)))[:, None]

    def _need_numbers(self, what: str) -> None:
        if self._any_rows:
            raise AttributeError(
                f"{what} is a matter of distances, and the X of fit was not made of finite numbers."
            )

    def _score_rows(
        self, X: NDArray[Any], hashes: NDArray[np.uint64], n_selected: int
    ) -> NDArray[np.float64]:
        rng: np.random.RandomState = check_random_state(self.random_state)
        uniform = np.asarray(rng.uniform(size=X.shape[0]))
        if self._sample_weight is None:
            return uniform
        # The largest of w uniform numbers is u ** (1 / w): the first of w copies to be drawn.
        with np.errstate(divide="ignore"):
            keys = np.log(uniform) / self._sample_weight
        ranking = np.lexsort((-uniform, -keys))
        scores = np.empty(ranking.size)
        scores[ranking] = np.arange(ranking.size, 0, -1) / ranking.size
        return scores

    def __sklearn_tags__(self) -> Any:
        """Return the tags: any rows."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags


def _is_meant_as_numbers(X: Any) -> bool:
    """Return whether rows that are refused are numbers of a wrong shape or kind."""
    if not hasattr(X, "__len__") or isinstance(X, str | bytes | dict) or len(X) < 2:
        return True
    if hasattr(X, "dtypes") or hasattr(X, "column_names"):  # a data frame, or a data set
        return len(getattr(X, "columns", [None])) == 0
    if not isinstance(X, np.ndarray | list | tuple):
        return not hasattr(X, "__getitem__")
    try:
        kind = np.asarray(X).dtype.kind
    except ValueError:  # of unequal length
        return False
    return kind in "biufc"
