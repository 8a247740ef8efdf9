"""From rows to columns."""

import numpy as np

from sklearn_zcore._jit import jit


@jit
def copy_columns(X, features, rows, out):
    """Copy some columns of X into rows of ``out``, a cache-sized piece at a time."""
    # Rows a power of two apart share a few places in a cache: many would push each other out.
    for start in range(0, X.shape[0], 64):
        first, end = np.uint64(start), np.uint64(min(start + 64, X.shape[0]))
        for j in range(features.size):
            f, row = np.uint64(features[j]), np.uint64(rows[j])
            for i in range(first, end):
                out[row, i] = X[i, f]
