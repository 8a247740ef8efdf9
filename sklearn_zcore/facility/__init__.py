"""Facility location at a cost that is near-linear in the rows, and no estimator.

What is chosen within one matrix of distances (kernels, greedy), how rows are split into parts that
such a matrix fits (split), how the parts' choices become one ranking (pyramid), and the same of
rows that come one after the other (stream) or stay where they are (blocks).
"""

from sklearn_zcore.facility._blocks import BlockProblem, rank_blocks
from sklearn_zcore.facility._distances import (
    Rows,
    distance_to_nearest,
    hub_scale,
    square_distances_from,
)
from sklearn_zcore.facility._pyramid import rank_rows
from sklearn_zcore.facility._split import split_rows
from sklearn_zcore.facility._stream import RowStream, StreamRows

__all__ = [
    "BlockProblem",
    "RowStream",
    "Rows",
    "StreamRows",
    "distance_to_nearest",
    "hub_scale",
    "rank_blocks",
    "rank_rows",
    "split_rows",
    "square_distances_from",
]
