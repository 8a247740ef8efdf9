"""RandomSelector: the yardstick."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_zcore.selection._base import BaseCoresetSelector


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

    Attributes
    ----------
    scores_ : ndarray of shape (n_samples,)
        Uniform(0, 1) numbers.
    ranking_ : ndarray of shape (n_samples,)
        Row indices from first to last drawn. Coresets of growing budgets are nested.
    support_ : ndarray of shape (n_samples,), bool
        Mask of the selected rows.
    indices_ : ndarray of shape (n_selected,)
        The selected rows, in row order.
    n_selected_ : int
        Number of selected rows.
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
        "random_state": ["random_state"],
    }

    def __init__(self, budget: float | str = 0.1, *, random_state: Any = None) -> None:
        self.budget = budget
        self.random_state = random_state

    def _score_rows(
        self, X: NDArray[Any], hashes: NDArray[np.uint64], n_selected: int
    ) -> NDArray[np.float64]:
        rng: np.random.RandomState = check_random_state(self.random_state)
        return np.asarray(rng.uniform(size=X.shape[0]))
