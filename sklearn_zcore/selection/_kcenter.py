"""KCenterSelector: farthest first."""

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.rows import DistinctRows
from sklearn_zcore.selection._set_aware import ExtendsSelection


class KCenterSelector(ExtendsSelection):
    """Coreset selection by k-center: leave no row far from the coreset.

    Farthest-first traversal [1]_: the first choice is the row nearest to the mean, and every
    further one is the row that is farthest from all before it. The largest distance of any row to
    the coreset is at most twice the smallest possible one. Known to active learning as the core-set
    approach [2]_. It visits outliers first: where these are noise, a random draw is better.

    Parameters
    ----------
    budget : int, float or str, default=0.1
        How many rows to select: an int is a number of rows, a float in (0, 1] a fraction
        (rounded down, at least one row; 1.0 is every row), and ``"10%"`` a percentage.

    Attributes
    ----------
    scores_ : ndarray of shape (n_samples,)
        Share of the rows that each row comes before in the ranking, itself included.
    ranking_ : ndarray of shape (n_samples,)
        Row indices from most to least valuable. Where n_samples ** 2 * n_features is above 4e9,
        the traversal ends with the budget of ``fit`` (`set_budget` takes none that is larger), and
        the other rows are ordered by their distance to the coreset.
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
    FacilityLocationSelector : Rows that stand for all others best, on average.
    RandomSelector : The yardstick.

    Notes
    -----
    Deterministic; ties go to the lower row. The time is of order n_selected * n_samples *
    n_features, the memory that of a float32 copy of X, or of none
    where X is float32, without copies of rows, and the median of every feature is 0.

    Distances compare features, so these should be on one scale: put a `StandardScaler` before,
    or embed.

    References
    ----------
    .. [1] T. F. Gonzalez, "Clustering to minimize the maximum intercluster distance", Theoretical
       Computer Science 38, 1985.
    .. [2] O. Sener, S. Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set
       Approach", ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_zcore import KCenterSelector
    >>> X = np.array([[0.0], [1.0], [2.0], [10.0]])
    >>> KCenterSelector(budget=2).fit(X).get_support(indices=True)
    array([2, 3])
    """

    def __init__(self, budget: float | str = 0.1) -> None:
        self.budget = budget

    def _order_rows(self, distinct: DistinctRows, n_selected: int) -> NDArray[np.intp]:
        from sklearn_zcore.facility import distance_to_nearest, square_distances_from

        values, taken = distinct.values(), distinct.taken_values()
        X, scale = values.matrix()
        norms = np.einsum("ij,ij->i", X, X)
        near = np.full(norms.size, np.inf, np.float32)
        if taken.size:
            near = (scale * distance_to_nearest(values, taken, "euclidean")) ** 2
        chosen = np.empty(self._n_steps(X.shape, n_selected), np.intp)
        for k in range(chosen.size):
            if np.isinf(near[0]):  # nothing has been chosen
                mean = np.average(X, axis=0, weights=distinct.weights).astype(np.float32)
                chosen[k] = np.argmin(norms - 2 * (X @ mean))
            else:
                chosen[k] = near.argmax()
            np.minimum(near, square_distances_from(X, norms, int(chosen[k])), out=near)
            near[chosen[: k + 1]] = -1  # not again, though copies as float32 are at distance 0
        rest = np.argsort(-near, kind="stable")[: norms.size - chosen.size]
        return np.concatenate([chosen, rest])
