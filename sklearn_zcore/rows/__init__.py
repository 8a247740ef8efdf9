"""What is known of rows, wherever they are, and no estimator.

Where rows come from (source), what they are like (statistics), which of them are equal (distinct),
and how far they are from a coreset (coverage).
"""

from sklearn_zcore.rows._coverage import Coverage, cover, euclidean_to
from sklearn_zcore.rows._distinct import CentredRows, DistinctRows, first_equal
from sklearn_zcore.rows._source import (
    ArraySource,
    RowSource,
    frozen,
    gather_columns,
    is_beyond_float,
    rebased,
    row_blocks,
)
from sklearn_zcore.rows._statistics import (
    FeatureRange,
    check_finite,
    feature_ranges,
    fingerprints,
    refuse_constant,
    sample_columns,
    scan,
    summarize,
)

__all__ = [
    "ArraySource",
    "CentredRows",
    "Coverage",
    "DistinctRows",
    "FeatureRange",
    "RowSource",
    "check_finite",
    "cover",
    "euclidean_to",
    "feature_ranges",
    "fingerprints",
    "first_equal",
    "frozen",
    "gather_columns",
    "is_beyond_float",
    "rebased",
    "refuse_constant",
    "row_blocks",
    "sample_columns",
    "scan",
    "summarize",
]
