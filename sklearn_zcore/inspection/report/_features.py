"""How the distribution of every column differs between all rows and the coreset."""

from typing import Any

import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from sklearn_zcore._parallel import in_order
from sklearn_zcore.inspection.report._columns import MISSING, Column, categories

_BINS = 24
_CATEGORIES = 12  # that are drawn; the others are one bar
_LEAST_DISTINCT = 50  # a column of fewer values is never taken for an identifier
_SHARE_DISTINCT = 0.1
DRAWN = 30  # features with a picture


def compare_features(
    columns: list[Column], coreset: NDArray[np.intp]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Compare every column over all rows and over the coreset.

    Numbers and dates by the Kolmogorov-Smirnov distance of what is not missing, categories (what
    is missing is one) by the total variation distance. Text that hardly repeats, such as names
    and identifiers, cannot be compared.

    Parameters
    ----------
    columns : list of Column
    coreset : ndarray of shape (n_selected,), int

    Returns
    -------
    features : list of dict
        Largest distance first; see `CoresetReport.to_dict`.
    skipped : list of dict
        Columns that were not compared, with the reason.
    """
    found, skipped = [], []
    calls = (delayed(_compare)(column, coreset) for column in columns)
    compared = in_order(calls, n_jobs=-1, require="sharedmem")
    for column, one in zip(columns, compared, strict=True):
        if isinstance(one, str):
            skipped.append({"column": column.name, "reason": one})
        else:
            found.append({"column": column.name, "kind": column.kind, **one})
    found.sort(key=lambda feature: -feature["distance"])
    for feature in found[DRAWN:]:
        feature["bars"] = None
    return found, skipped


def _compare(column: Column, coreset: NDArray[np.intp]) -> dict[str, Any] | str:
    """Return the comparison of a column, or why there is none."""
    compare = _compare_categories if column.kind == "category" else _compare_numbers
    return compare(column, coreset)


def ks_distance(values: NDArray[Any], part: NDArray[Any]) -> float:
    """Return the largest gap between the distribution functions of all values and of a part.

    Parameters
    ----------
    values, part : ndarray of shape (n,), (m,)
        Sorted.

    Returns
    -------
    float
        Between 0 and 1.
    """
    # The gap is largest at a value of the part, or just before one: there alone, its function
    # jumps, and between its jumps that of all values only rises.
    below_all = np.searchsorted(values, part, side="left") / values.size
    below_part = np.searchsorted(part, part, side="left") / part.size
    to_all = np.searchsorted(values, part, side="right") / values.size
    to_part = np.searchsorted(part, part, side="right") / part.size
    return float(max(np.abs(below_all - below_part).max(), np.abs(to_all - to_part).max()))


def _compare_numbers(column: Column, coreset: NDArray[np.intp]) -> dict[str, Any] | str:
    values = column.values
    present = ~np.isnat(values) if column.kind == "date" else np.isfinite(values)
    all_values = np.sort(values[present])
    part = np.sort(values[coreset][present[coreset]])
    if not all_values.size:
        return "it holds no values"
    if not part.size:
        return "it is missing in every row of the coreset"
    if column.kind == "date":
        all_values, part = all_values.astype(np.int64), part.astype(np.int64)
    return {
        "measure": "Kolmogorov-Smirnov",
        "distance": ks_distance(all_values, part),
        "missing": float(1 - present.mean()),
        "missing_selected": float(1 - present[coreset].mean()),
        "bars": _histogram(all_values, part, column.kind),
    }


def _histogram(values: NDArray[Any], part: NDArray[Any], kind: str) -> list[dict[str, Any]]:
    """Return the shares of all values and of a part in equal bins; both are sorted."""
    # Bins of the middle, with the tails in the outermost: one value far out would otherwise leave
    # all others in one bin.
    last = values.size - 1
    low, high = float(values[int(0.01 * last)]), float(values[int(np.ceil(0.99 * last))])
    if low == high:
        low, high = float(values[0]), float(values[-1])
    edges = np.linspace(low, high, _BINS + 1) if low < high else np.array([low, low + 1.0])

    def shares(some: NDArray[Any]) -> NDArray[Any]:
        below = np.searchsorted(some, edges[1:-1], side="left")
        return np.diff(below, prepend=0, append=some.size) / some.size

    return [
        {"label": _interval(a, b, kind), "share": float(all_rows), "share_selected": float(own)}
        for a, b, all_rows, own in zip(
            edges[:-1], edges[1:], shares(values), shares(part), strict=True
        )
    ]


def _interval(low: float, high: float, kind: str) -> str:
    if kind == "date":
        a, b = (str(np.datetime64(int(v), "us"))[:16].replace("T", " ") for v in (low, high))
        return f"{a} to {b}"
    return f"{low:.4g} to {high:.4g}"


def _compare_categories(column: Column, coreset: NDArray[np.intp]) -> dict[str, Any] | str:
    names, codes = categories(column.values)
    if len(names) > max(_LEAST_DISTINCT, _SHARE_DISTINCT * codes.size):
        return f"it has {len(names):,} different values, too many to compare"
    share = np.bincount(codes, minlength=len(names)) / codes.size
    own = np.bincount(codes[coreset], minlength=len(names)) / coreset.size
    order = np.argsort(-share, kind="stable")
    bars = [
        {"label": names[c], "share": float(share[c]), "share_selected": float(own[c])}
        for c in order[:_CATEGORIES]
    ]
    rest = order[_CATEGORIES:]
    if rest.size:
        bars.append(
            {
                "label": f"{rest.size:,} others",
                "share": float(share[rest].sum()),
                "share_selected": float(own[rest].sum()),
            }
        )
    return {
        "measure": "total variation",
        "distance": float(np.abs(share - own).sum() / 2),
        "missing": _share_missing(names, share),
        "missing_selected": _share_missing(names, own),
        "bars": bars,
    }


def _share_missing(names: list[str], share: NDArray[Any]) -> float:
    return float(share[names.index(MISSING)]) if MISSING in names else 0.0
