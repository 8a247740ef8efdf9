"""What a selector needs to take rows one block after the other."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.base import _fit_context
from sklearn.utils import check_random_state

from sklearn_zcore._budget import Budget
from sklearn_zcore._fitting import all_or_nothing
from sklearn_zcore.rows import RowSource, fingerprints, rebased, scan, source_of
from sklearn_zcore.selection._campaign import row_weights
from sklearn_zcore.selection._set_aware import SetAwareSelector

if TYPE_CHECKING:
    from sklearn_zcore.facility import RowStream, StreamRows

# What the rows that have come so far decide. It is worked out when it is first asked for.
_RANKED = (
    "ranking_",
    "indices_",
    "n_selected_",
    "_fingerprints",
    "_found",
    "_kept",
    "_n_most",
    "_n_ranked",
    "_n_wanted",
    "_places",
    "_sample_weight",
    "_taken",
    "_taken_rows",
)
_AS_LONG_AS_THE_STREAM = ("scores_", "support_")
_OF_FIT = ("_best_rows", "_rows_of_fit", "min_distance_")


class StreamingSelector(SetAwareSelector):
    """Base class of selectors that take a stream of rows.

    Between two calls of `partial_fit` they keep a `RowStream`. It is ranked when an attribute such
    as ``indices_`` is first asked for, and not by every call, of which there may be many.
    """

    random_state: Any
    n_jobs: int | None
    _stream: "RowStream | None" = None
    _kept: "StreamRows"
    _places: NDArray[np.intp]

    # With routing, weights that nobody has asked for go to others, as those of fit do.
    __metadata_request__partial_fit: ClassVar[dict[str, bool]] = {"sample_weight": False}

    @abstractmethod
    def _new_stream(self, seed: int) -> "RowStream":
        """Return a stream of no rows yet; raise ValueError if a parameter does not allow any."""

    @abstractmethod
    def _rank_kept(self, stream: "RowStream", rows: "StreamRows") -> NDArray[np.intp]:
        """Return positions of what is left of a stream, from most to least valuable."""

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: ArrayLike, y: Any = None, *, sample_weight: Any = None) -> Self:
        """Take the next rows of a stream.

        Of what came before, only the rows that stand for the others best are kept, with the number
        of rows that each stands for: the memory does not grow with the stream, unless the budget
        does. Which rows are kept, and their ranking, depend on the rows and their order, and not on
        how the stream is cut. Until the first ``32 * part_size`` rows have come, all are kept, and
        the result is that of ``fit``.

        ``budget`` should be a number of rows where the stream is long or its end is not known: kept
        are at most 16 times as many, or ``32 * part_size`` where that is more, and less than ``64 *
        part_size`` more until these are reduced, too. A fraction is one of the rows that have come
        so far, and what is kept grows with them.

        ``ranking_`` then holds the rows that are kept, numbered from the beginning of the stream;
        ``scores_`` and ``support_`` are as long as the stream; ``weights_`` and ``gains_`` are
        worked out from the rows that are kept and what these stand for. `transform` and `select`
        take arrays with all rows of the stream.

        ``fit`` ends the stream, and the next call of ``partial_fit`` begins another.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The next rows, at least one: array, data frame, memory map; any real dtype.
        y : None
            Ignored: selection uses no labels.
        sample_weight : array-like of shape (n_samples,), default=None
            As how many rows each counts in what is to be covered.

        Returns
        -------
        self : object
            The selector.

        Raises
        ------
        ValueError
            If X is not made of finite real numbers, or has other features than the rows before; if
            weights are negative, not finite, or not as many as there are rows; if a parameter that
            the stream depends on has been changed since it began; with ``min_distance``, a
            ``group_budget`` or ``exact=True``, which need all rows at once.

            An attribute such as ``indices_`` raises it if all rows so far are equal, or fewer than
            the budget.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_zcore import FacilityLocationSelector
        >>> X = np.random.default_rng(0).standard_normal((5000, 3))
        >>> selector = FacilityLocationSelector(budget=50, part_size=64, random_state=0)
        >>> for block in np.array_split(X, 10):
        ...     selector = selector.partial_fit(block)
        >>> selector.n_samples_seen_, selector.transform(X).shape
        (5000, (50, 3))
        """
        with all_or_nothing(self):
            stream = self._stream
            rows = self._as_rows(X, reset=stream is None, at_least=1)
            if stream is None:
                seed = int(check_random_state(self.random_state).randint(2**31 - 1))
                stream = self._new_stream(seed)
            elif not stream.has_settings_of(self._new_stream(stream.seed)):
                raise ValueError(
                    "metric, reduce_hubs or part_size has been changed in the middle of a stream. "
                    "Set it back, or begin anew with clone(selector)."
                )
            try:
                block = self._stream_rows(rows, stream.n_seen, sample_weight)
            except ValueError as error:
                error.add_note(
                    f"Rows are numbered within this block, whose first is row {stream.n_seen:,} of "
                    f"the stream."
                )
                raise
            self._stream = stream.add(block, self._wanted, self.n_jobs)
            self.n_samples_seen_ = self._stream.n_seen
            for name in (*_RANKED, *_AS_LONG_AS_THE_STREAM, *_OF_FIT):
                self.__dict__.pop(name, None)
        return self

    def max_rows_kept(self, n_samples: int) -> int:
        """Return how many rows `partial_fit` keeps in memory at most.

        Parameters
        ----------
        n_samples : int
            Rows of the stream.

        Returns
        -------
        int

        Raises
        ------
        ValueError
            If the parameters allow no stream, or the budget is none of so many rows.

        Examples
        --------
        >>> from sklearn_zcore import FacilityLocationSelector
        >>> FacilityLocationSelector(budget=1000).max_rows_kept(1_000_000_000)
        98304
        >>> FacilityLocationSelector(budget=100_000).max_rows_kept(1_000_000_000)
        1665536
        """
        n_kept = self._new_stream(0).most_kept(self._wanted(n_samples))
        return min(n_samples, n_kept)

    def _stream_rows(self, rows: Any, n_before: int, sample_weight: Any) -> "StreamRows":
        from sklearn_zcore.facility import StreamRows  # compiles kernels

        marks = scan(source_of(rows), self._feature_names(), type(self).__name__)
        compared = self._as_compared(rows)
        n = rows.shape[0]
        weights = row_weights(sample_weight, rows, some_count=False)
        return StreamRows(
            compared,
            np.arange(n_before, n_before + n),
            np.ones(n) if weights is None else weights,
            marks if compared is rows else fingerprints(compared),
            marks,
        )

    def _wanted(self, n_samples: int) -> int:
        """Return how many of the first rows of a stream the coreset would hold."""
        budget = Budget.parse(self.budget)
        if isinstance(budget.size, int):
            return min(budget.size, n_samples)
        return budget.rows(n_samples)

    # --- what is asked of a stream --------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        """Return what is worked out when it is first asked for."""
        stream = vars(self).get("_stream")
        if stream is not None and name in _RANKED:
            self._rank_stream(stream)
            return vars(self)[name]
        if stream is not None and name == "support_":
            self.support_ = np.zeros(stream.n_seen, bool)
            self.support_[self.indices_] = True
            return self.support_
        if stream is not None and name == "scores_":
            self.scores_ = np.zeros(stream.n_seen)  # of rows that have not been kept
            places = np.arange(stream.n_seen, stream.n_seen - self.ranking_.size, -1)
            self.scores_[self.ranking_] = places / stream.n_seen
            return self.scores_
        # Python also comes here when a property has raised AttributeError: its words are better.
        return object.__getattribute__(self, name)

    def _rank_stream(self, stream: "RowStream") -> None:
        with all_or_nothing(self):
            n_selected = self._budget_rows(stream.n_seen)
            rows = stream.left()
            self._kept, self._taken = rows, np.empty(0, np.intp)
            self._taken_rows = rows.X[:0]
            self._sample_weight = None if (rows.weights == 1).all() else rows.weights
            self._n_ranked = self._n_most = None
            if stream.kept is None:
                compared = rows.X if issparse(rows.X) else rebased(rows.X)
                scores = self._score_rows(compared, rows.hashes, min(n_selected, len(rows)))
                self._places = self._rank_rows(scores)
            else:
                self._places = self._rank_kept(stream, rows)
                self._n_ranked = len(rows)
            self.ranking_ = rows.numbers[self._places]
            self._fingerprints = rows.marks
            if n_selected > len(rows):
                raise ValueError(
                    f"budget={self.budget} is {n_selected} rows, and {len(rows)} of the stream are "
                    f"kept: {self._ranks_no_more}."
                )
            self._apply_budget(n_selected)

    def _apply_budget(self, n_selected: int) -> None:
        if self._stream is None:
            super()._apply_budget(n_selected)
            return
        self._forget_weights()
        self._n_wanted = self.n_selected_ = n_selected
        self.indices_ = np.sort(self.ranking_[:n_selected])
        self.__dict__.pop("support_", None)

    def _fit_rows(self, X: ArrayLike, **keywords: Any) -> Self:
        with all_or_nothing(self):
            if self._stream is not None:
                for name in (*_RANKED, *_AS_LONG_AS_THE_STREAM, "_stream", "n_samples_seen_"):
                    self.__dict__.pop(name, None)
            return super()._fit_rows(X, **keywords)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether rows have come, or a fit came to its end."""
        return self._stream is not None or super().__sklearn_is_fitted__()

    @property
    def _n_samples(self) -> int:
        return self.ranking_.size if self._stream is None else self._stream.n_seen

    @property
    def _ranks_no_more(self) -> str:  # type: ignore[override]
        if self._stream is None:
            return super()._ranks_no_more
        return (
            "of a stream, what a budget of so many rows needs is kept. Begin with the largest "
            "budget that is wanted, then set smaller ones"
        )

    def _places_of(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        if self._stream is None:
            return rows
        numbers = self._kept.numbers
        places = np.minimum(np.searchsorted(numbers, rows), numbers.size - 1)
        gone = np.flatnonzero(numbers[places] != rows)
        if gone.size:
            raise ValueError(f"Row {rows[gone[0]]} of the stream has not been kept.")
        return places

    def _source(self, name: str) -> RowSource:
        return super()._source(name) if self._stream is None else source_of(self._kept.X)

    def _coreset_rows(self) -> Any:
        if self._stream is None:
            return super()._coreset_rows()
        return self._kept.X[self._places[: self.n_selected_]]
