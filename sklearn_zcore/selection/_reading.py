"""What is done with rows before a selector works with them: read, checked, and told of."""

import inspect
from typing import Any, ClassVar

from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.utils import get_tags
from sklearn.utils.validation import validate_data

from sklearn_zcore.rows import check_finite, source_of
from sklearn_zcore.selection._inputs import as_canonical, as_readable
from sklearn_zcore.selection._validation import (
    as_numbers,
    find_non_number,
    refuse_polars_dates,
)


class ReadsRows:
    """What a selector needs to take rows of many kinds, and to refuse others."""

    fits_stores: ClassVar[bool] = False
    _instead = ""  # what others make of collections that have blocks, for the message

    def _feature_names(self) -> NDArray[Any] | None:
        names: NDArray[Any] | None = getattr(self, "feature_names_in_", None)
        return names

    def _validate_rows(self, X: ArrayLike, *, reset: bool) -> Any:
        """Return X as a 2-d array of real numbers, without a copy where it is one.

        Whether they are finite is told by whoever looks at all of them next.
        """
        return self._as_rows(X, reset=reset, at_least=2 if reset else 1)

    def _as_rows(self, X: ArrayLike, *, reset: bool, at_least: int) -> Any:
        X = as_readable(X, type(self).__name__, able=_that_fit_stores(), instead=self._instead)
        takes_sparse = get_tags(self).input_tags.sparse
        if issparse(X) and not takes_sparse:
            self._refuse_sparse()
        try:
            rows: Any = validate_data(
                self,
                X,
                reset=reset,
                accept_sparse="csr" if takes_sparse else False,
                dtype="numeric",
                ensure_all_finite=False,
                ensure_min_samples=at_least,
            )
            refuse_polars_dates(X)
            if issparse(rows):
                return as_canonical(rows)
            if rows.dtype.kind not in "biuf":  # scikit-learn lets dates and categories pass
                rows = as_numbers(rows)
        except (TypeError, ValueError, OverflowError) as error:
            place = find_non_number(X, self._feature_names())
            if place is None:
                raise
            kind = TypeError if isinstance(error, TypeError) else ValueError
            reason = str(error).splitlines()[0].split(". ")[0]
            raise kind(
                f"{type(self).__name__} needs real numbers, and {place}: {reason}. Turn such "
                f"columns into real numbers first, e.g. with a ColumnTransformer and "
                f"OneHotEncoder, or leave them out."
            ) from None
        return rows

    def _validate_finite(self, X: ArrayLike) -> Any:
        """Return other rows than those of ``fit`` as a 2-d array of finite numbers."""
        rows: Any = self._validate_rows(X, reset=False)
        check_finite(source_of(rows), self._feature_names(), type(self).__name__)
        return rows

    def _refuse_sparse(self) -> None:
        """Raise TypeError about sparse rows, and name the selectors that take them."""
        raise TypeError(
            f"Sparse data was passed for X, and {type(self).__name__} needs dense rows. Take "
            f"FacilityLocationSelector(metric='cosine'), KMeansSelector, KCenterSelector or "
            f"RandomSelector; or pass X.toarray() if that fits in memory."
        )


def _that_fit_stores() -> list[str]:
    return sorted({kind.__name__ for kind in concrete_selectors() if kind.fits_stores})


def concrete_selectors() -> list[type[Any]]:
    """Return the selectors of this package that can be made."""
    found: set[Any] = set()  # some are below more than one base class
    waiting: list[Any] = [ReadsRows]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if not inspect.isabstract(kind) and kind.__module__.startswith(__package__):
            found.add(kind)
    return list(found)
