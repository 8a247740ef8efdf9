"""What is known of rows, wherever they are, and no estimator.

Where rows come from (source; blocks, where they are not in memory), what they are like
(statistics), which of them are equal (distinct), and how far they are from a coreset (coverage).
"""

from sklearn_zcore.rows._block_coverage import cover_blocks, saved_by_blocks
from sklearn_zcore.rows._blocks import block_source
from sklearn_zcore.rows._coverage import (
    Coverage,
    cover,
    distances_to,
    euclidean_to,
    represented_by,
    saved_by,
)
from sklearn_zcore.rows._distinct import (
    CentredRows,
    DistinctRows,
    first_equal,
    rank_with_copies,
)
from sklearn_zcore.rows._ingest_source import RowStream
from sklearn_zcore.rows._overview import Overview, look_over
from sklearn_zcore.rows._pieces import BlockSource, is_block_source
from sklearn_zcore.rows._source import (
    ArraySource,
    RowSource,
    frozen,
    gather_columns,
    is_beyond_float,
    rebased,
    row_blocks,
)
from sklearn_zcore.rows._sparse import ScaledSparseRows, SparseSource, source_of, square_norms
from sklearn_zcore.rows._statistics import (
    FeatureRange,
    UnusableRows,
    check_finite,
    feature_ranges,
    fingerprints,
    refuse_constant,
    sample_columns,
    scan,
    summarize,
)
from sklearn_zcore.rows._store import ColumnStore, temporary_store

__all__ = [
    "ArraySource",
    "BlockSource",
    "CentredRows",
    "ColumnStore",
    "Coverage",
    "DistinctRows",
    "FeatureRange",
    "Overview",
    "RowSource",
    "RowStream",
    "ScaledSparseRows",
    "SparseSource",
    "UnusableRows",
    "block_source",
    "check_finite",
    "cover",
    "cover_blocks",
    "distances_to",
    "euclidean_to",
    "feature_ranges",
    "fingerprints",
    "first_equal",
    "frozen",
    "gather_columns",
    "is_beyond_float",
    "is_block_source",
    "look_over",
    "rank_with_copies",
    "rebased",
    "represented_by",
    "refuse_constant",
    "row_blocks",
    "sample_columns",
    "saved_by",
    "saved_by_blocks",
    "scan",
    "source_of",
    "square_norms",
    "summarize",
    "temporary_store",
]
