"""Whether the groups of the rows have their share of the coreset."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.inspection.report._columns import Column, categories

_SHOWN = 50  # groups of a column


def compare_groups(column: Column, coreset: NDArray[np.intp]) -> dict[str, Any]:
    """Compare the share of every group of a column among all rows and in the coreset.

    Parameters
    ----------
    column : Column
    coreset : ndarray of shape (n_selected,), int

    Returns
    -------
    dict
        See `CoresetReport.to_dict`.
    """
    names, codes = categories(column.values)
    n_rows = np.bincount(codes, minlength=len(names))
    n_selected = np.bincount(codes[coreset], minlength=len(names))
    share, share_selected = n_rows / codes.size, n_selected / coreset.size
    gap = share_selected - share
    order = np.lexsort((np.arange(len(names)), -n_rows, -np.abs(gap)))
    absent = order[n_selected[order] == 0]
    absent = absent[np.argsort(-n_rows[absent], kind="stable")]
    return {
        "column": column.name,
        "n_groups": len(names),
        "groups": [
            {
                "group": names[g],
                "n_rows": int(n_rows[g]),
                "share": float(share[g]),
                "n_selected": int(n_selected[g]),
                "share_selected": float(share_selected[g]),
                "gap": float(gap[g]),
            }
            for g in order[:_SHOWN]
        ],
        "n_absent": int(absent.size),
        "absent": [{"group": names[g], "n_rows": int(n_rows[g])} for g in absent[:_SHOWN]],
        "total_variation": float(np.abs(gap).sum() / 2),
    }
