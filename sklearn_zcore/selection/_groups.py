"""Groups that are owed a share of the coreset: who they are, their shares, and whose turn it is."""

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _num_samples

from sklearn_zcore._words import close_match, plural, shorten

_ROUNDING = 1e-9  # shares are worked out in float64: what is a whole number but for this is one


@dataclass(frozen=True)
class Groups:
    """Which group every row is in.

    Attributes
    ----------
    names : list
        What the groups are called, in the order in which they appear; None is that of the rows
        whose group is missing.
    number : ndarray of shape (n_samples,), int
        The group of every row.
    """

    names: list[Any]
    number: NDArray[np.intp]

    @classmethod
    def of(cls, values: Any, n_samples: int) -> "Groups":
        """Read what was passed as ``groups``.

        Parameters
        ----------
        values : array-like of shape (n_samples,) or (n_samples, n_columns)
            Of several columns, every combination is a group: a tuple.
        n_samples : int

        Returns
        -------
        Groups

        Raises
        ------
        TypeError, ValueError
            If it is no such thing.
        """
        is_one = isinstance(values, str | bytes) or getattr(values, "ndim", 1) == 0
        if is_one or not hasattr(values, "__len__"):
            raise TypeError(
                f"groups is {values!r}; give the group of every row: {n_samples} values."
            )
        if _num_samples(values) != n_samples:
            raise ValueError(
                f"groups has {_num_samples(values)} entries, and X has n_samples = {n_samples}."
            )
        shape = getattr(values, "shape", (n_samples,))
        if len(shape) > 2 or 0 in shape[1:]:
            raise ValueError(
                f"groups has the shape {tuple(shape)}; give one column of groups, or several."
            )
        rows = _as_rows(values)
        known: dict[Any, int] = {}
        number = np.empty(n_samples, np.intp)
        for row, value in enumerate(rows):
            try:
                number[row] = known.setdefault(value, len(known))
            except TypeError:
                raise TypeError(
                    f"groups holds {value!r} in row {row}, which is no name of a group: give "
                    f"numbers, text or dates."
                ) from None
        return cls(list(known), number)

    def sizes(self, rows: Any = slice(None)) -> NDArray[np.intp]:
        """Return how many rows each group has, of all or of some."""
        return np.bincount(self.number[rows], minlength=len(self.names))


def _as_rows(values: Any) -> list[Any]:
    """Return one hashable value for every row; what is missing is None."""
    if hasattr(values, "columns") and hasattr(values, "shape"):  # a data frame
        # Column by column, so that none takes on the type of another.
        return _combined([values[name] for name in getattr(values, "column_names", values.columns)])
    if isinstance(values, np.ndarray) and values.ndim == 2:
        return _combined(list(values.T))
    for method in ("tolist", "to_list", "to_pylist"):
        if hasattr(values, method):
            rows = getattr(values, method)()
            break
    else:
        rows = list(values)
    if isinstance(values, np.ndarray) and values.dtype.kind in "mM":
        no_time, micro = np.isnat(values), values.astype(f"{values.dtype.kind}8[us]")
        if (no_time | (micro == values)).all() and isinstance(next(iter(rows), None), int):
            rows = micro.tolist()  # names that people can write, not nanoseconds
        rows = [None if no_time[row] else value for row, value in enumerate(rows)]
    return [_name_of(value) for value in rows]


def _combined(columns: list[Any]) -> list[Any]:
    parts = [_as_rows(column) for column in columns]
    return parts[0] if len(parts) == 1 else list(zip(*parts, strict=True))


def _is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return type(value).__name__ == "NAType"


def _name_of(value: Any) -> Any:
    """Return what a group is called: a missing value is None, wherever it stands in a tuple."""
    if isinstance(value, list | tuple):  # of lists of pairs, say
        return tuple(map(_name_of, value))
    if _is_missing(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def shares_of(
    group_budget: Any, groups: Groups, n_selected: int, n_free: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return what share of the coreset each group is owed.

    Parameters
    ----------
    group_budget : {"proportional", "equal", "sqrt"} or dict
    groups : Groups
    n_selected : int
        Rows of the coreset.
    n_free : ndarray of shape (n_groups,), int
        Rows of each group that can be selected.

    Returns
    -------
    ndarray of shape (n_groups,)
        Of sum 1.

    Raises
    ------
    ValueError
        If a dictionary names groups that there are not, no rows or shares, or too many or too few.
    """
    sizes = groups.sizes().astype(np.float64)
    if isinstance(group_budget, dict):
        return _wanted_shares(group_budget, groups, n_selected, n_free)
    shares = {"proportional": sizes, "equal": np.ones(sizes.size), "sqrt": np.sqrt(sizes)}
    return np.asarray(shares[group_budget] / shares[group_budget].sum())


def _wanted_shares(
    group_budget: dict[Any, Any], groups: Groups, n_selected: int, n_free: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the shares that a dictionary asks for; groups that it does not name get the rest."""
    place = {name: number for number, name in enumerate(groups.names)}
    wanted = np.full(len(place), np.nan)
    for key, size in group_budget.items():
        name = _name_of(key)
        if name not in place:
            raise ValueError(
                f"group_budget names the group {key!r}, which no row is in"
                f"{close_match(str(key), [str(known) for known in place])} Groups: "
                f"{shorten(place)}."
            )
        is_rows = isinstance(size, int | np.integer) and not isinstance(size, bool)
        if not (is_rows and size >= 0) and not (
            isinstance(size, float | np.floating) and 0 <= size <= 1
        ):
            raise ValueError(
                f"group_budget gives the group {key!r} {size!r}: write a number of rows (25) or a "
                f"share of the budget between 0 and 1 (0.25)."
            )
        wanted[place[name]] = float(size) if is_rows else float(size) * n_selected
    named = np.nan_to_num(wanted).sum()
    rest = n_selected - named
    if abs(rest) < _ROUNDING * n_selected:
        rest = 0.0
    others = np.isnan(wanted)
    if rest < 0:
        raise ValueError(
            f"group_budget asks for {named:g} rows, and budget is {n_selected} rows. Ask for "
            f"fewer, or raise the budget."
        )
    if rest and not others.any():
        raise ValueError(
            f"group_budget asks for {named:g} rows, and budget is {n_selected} rows: make them "
            f"equal, or leave out a group that is to get the rest."
        )
    sizes = groups.sizes()
    wanted[others] = rest * sizes[others] / max(1, sizes[others].sum())
    n_reachable = int(n_free[wanted > 0].sum())
    if n_reachable < n_selected:
        raise ValueError(
            f"group_budget leaves {plural(n_reachable, 'row')} to select from, and budget is "
            f"{n_selected} rows: other groups get none."
        )
    return np.asarray(wanted / n_selected)


class _Filling:
    """How much each group has, of any number of rows: its share, and no more than it has rows.

    A group that has no more rows gives its share to the others, in proportion to theirs. Groups
    whose share is 0 come when all others have no more.

    Parameters
    ----------
    sizes : ndarray of shape (n_groups,), int
    shares : ndarray of shape (n_groups,)
    """

    def __init__(self, sizes: NDArray[np.intp], shares: NDArray[np.float64]) -> None:
        # Time runs so that a group gets its share of rows per unit of it, until it has them all.
        last = shares <= 0
        self.rate = np.where(last, np.maximum(sizes, 1), shares)
        self.start = np.zeros(sizes.size)
        ends = sizes / self.rate
        if last.any():
            self.start[last] = ends[~last].max(initial=0.0)
            ends = ends + self.start
        self.sizes, self.ends = sizes, ends
        self.times = np.unique(np.concatenate([self.start, ends]))
        # The rows that all have together, at the times at which a group begins or ends.
        gained = np.zeros(self.times.size)
        np.add.at(gained, np.searchsorted(self.times, self.start), self.rate)
        np.subtract.at(gained, np.searchsorted(self.times, ends), self.rate)
        rates = np.cumsum(gained)[:-1]
        self.totals = np.concatenate([[0.0], np.cumsum(rates * np.diff(self.times))])

    def at(self, n_rows: int) -> NDArray[np.float64]:
        """Return how much each group has when all have ``n_rows`` together."""
        time = np.interp(n_rows, self.totals, self.times)
        return np.asarray(np.clip((time - self.start) * self.rate, 0, self.sizes))

    def total_when(self, group: NDArray[np.intp], n_rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return how much all have together when groups have some numbers of rows."""
        times = self.start[group] + n_rows / self.rate[group]
        return np.asarray(np.interp(times, self.times, self.totals))


def group_counts(
    sizes: NDArray[np.intp], shares: NDArray[np.float64], n_selected: int
) -> NDArray[np.intp]:
    """Return how many rows each group gets, by the largest remainder.

    Parameters
    ----------
    sizes : ndarray of shape (n_groups,), int
        Rows that can be selected.
    shares : ndarray of shape (n_groups,)
    n_selected : int
        At most the sum of ``sizes``.

    Returns
    -------
    ndarray of shape (n_groups,), int
        Of sum ``n_selected``, none larger than its group; ties go to the group that comes first.
    """
    exact = _Filling(sizes, shares).at(n_selected)
    counts = np.floor(exact + _ROUNDING).astype(np.intp)
    remainder = np.where(counts < sizes, exact - counts, -np.inf)
    order = np.argsort(-np.round(remainder, 9), kind="stable")
    counts[order[: n_selected - int(counts.sum())]] += 1
    return counts


def turns(
    sizes: NDArray[np.intp], shares: NDArray[np.float64], n_selected: int
) -> NDArray[np.intp]:
    """Return whose turn it is, from the first row to the last.

    Of the first k, every group has its share, rounded up or down; of the first ``n_selected``,
    what `group_counts` says.

    Parameters
    ----------
    sizes : ndarray of shape (n_groups,), int
    shares : ndarray of shape (n_groups,)
    n_selected : int

    Returns
    -------
    ndarray of shape (sum of sizes,), int
        Numbers of groups.

    Notes
    -----
    The i-th row of a group may come as soon as its share of the rows so far is above i - 1, and
    must have come when it reaches i. Of those that may come, the one that must come first does:
    that keeps all times wherever they can be kept.
    """
    n = int(sizes.sum())
    filling, counts = _Filling(sizes, shares), group_counts(sizes, shares, n_selected)
    group = np.repeat(np.arange(sizes.size), sizes)
    number = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    tolerance = _ROUNDING * max(n, 1)
    due = np.ceil(filling.total_when(group, number + 1) - tolerance).astype(np.intp)
    ready = np.floor(filling.total_when(group, number) + tolerance).astype(np.intp)
    is_early = number < counts[group]
    due = np.where(is_early, np.minimum(due, n_selected), due)
    ready = np.where(is_early, ready, np.maximum(ready, n_selected))
    by_time = np.lexsort((group, number, ready))
    keys = list(zip(due.tolist(), number.tolist(), group.tolist(), strict=True))
    ready_at, waiting = ready.tolist(), by_time.tolist()
    heap: list[tuple[int, int, int]] = []
    order = np.empty(n, np.intp)
    at = 0
    for turn in range(n):
        while at < n and (not heap or ready_at[waiting[at]] <= turn):
            heapq.heappush(heap, keys[waiting[at]])
            at += 1
        order[turn] = heapq.heappop(heap)[2]
    return order


def merge(order: NDArray[np.intp], rankings: list[NDArray[np.intp]]) -> NDArray[np.intp]:
    """Return one ranking of the rows of all groups.

    Parameters
    ----------
    order : ndarray of shape (n_rows,), int
        Whose turn it is.
    rankings : list of ndarray of int
        The rows of every group, from most to least valuable.

    Returns
    -------
    ndarray of shape (n_rows,), int
    """
    ranking = np.empty(order.size, np.intp)
    ranking[np.argsort(order, kind="stable")] = np.concatenate(rankings)
    return ranking
