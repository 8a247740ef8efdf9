"""The index of one subspace: rows sorted into the cells of a grid over its first two features.

Cells along one grid line are neighbours in memory, so the rows of all cells that meet an L1 ball
lie in a few contiguous *runs*, one per line, and the loops over them run at vector speed. The
search is exact: a cell is left out only when the float32 gap between it and the centre already
exceeds the radius, and rounding is monotone, so no row of that cell can be nearer than that.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore._jit import jit, jit_helper
from sklearn_zcore.scoring._vector import LANES


class Workspace(NamedTuple):
    """Memory of one kernel call, reused from subspace to subspace.

    NumPy allocates it, not numba: NumPy asks the system for huge pages, and the kernels jump
    about in these arrays.
    """

    start: NDArray[np.int32]  # (n_cells + 1,) first position of every cell
    cursor: NDArray[np.int32]  # (> n_cells,) where the sorts put the next row or target
    loaded: NDArray[np.uint8]  # (n_bins,) whether the points of a grid line have been fetched
    runs: NDArray[np.int32]  # (n_bins, 3) first position, end and grid line of every run
    pieces: NDArray[np.int32]  # (n_cells + n_bins, 3) the same, of runs less copies of a row
    rows: NDArray[np.int32]  # (n_samples,) row number at every position
    points: NDArray[np.float32]  # (subspace_dim, > n_samples) coordinates at every position
    delta: NDArray[np.float32]  # (n_samples,) change of score at every position
    hits: NDArray[np.int32]  # (n_samples,) how often a position is a cover
    cells: NDArray[np.int32]  # (targets_per_subspace,) cell of every target
    order: NDArray[np.int32]  # (targets_per_subspace,) in which they are searched
    found: NDArray[np.int32]  # (targets_per_subspace,) positions of their covers, in that order
    centre: NDArray[np.float32]  # (subspace_dim,) coordinates of the cover
    distances: NDArray[np.float32]  # (> n_samples,) distances, then weights
    spare: NDArray[np.float32]  # (> n_samples // 2,) scratch of the sums
    tied: NDArray[np.int32]  # (> n_samples,) which of them are at the k-th distance


def allocate(n_samples: int, subspace_dim: int, n_targets: int, n_bins: int) -> Workspace:
    """Allocate the `Workspace` of one kernel call."""
    n_cells = n_bins**2 if subspace_dim > 1 else n_bins
    return Workspace(
        start=np.empty(n_cells + 1, np.int32),
        cursor=np.empty(n_cells + 2, np.int32),
        loaded=np.empty(n_bins, np.uint8),
        runs=np.empty((n_bins, 3), np.int32),
        pieces=np.empty((n_cells + n_bins, 3), np.int32),
        rows=np.empty(n_samples, np.int32),
        points=np.empty((subspace_dim, n_samples + LANES), np.float32),
        delta=np.zeros(n_samples, np.float32),
        hits=np.zeros(n_samples, np.int32),
        cells=np.empty(n_targets, np.int32),
        order=np.empty(n_targets, np.int32),
        found=np.empty(n_targets, np.int32),
        centre=np.empty(subspace_dim, np.float32),
        distances=np.empty(n_samples + LANES, np.float32),
        spare=np.empty(n_samples // 2 + LANES, np.float32),
        tied=np.empty(n_samples + LANES, np.int32),
    )


# --- the index of one subspace ------------------------------------------------------------------


@jit
def encode_column(column, lower, first_step, bins, codes):
    """Write every value's bin to ``codes``: bin j starts at ``lower[j]``.

    ``lower`` is padded to 256 with infinity, ``first_step`` is the largest power of two below the
    number of bins, and ``bins`` is scratch for a block of values: they are bisected together,
    since alone each would wait for its own comparisons.
    """
    for start in range(0, column.size, bins.size):
        size = np.uint64(min(bins.size, column.size - start))
        offset = np.uint64(start)
        for i in range(size):
            bins[i] = 0
        step = np.int32(first_step)
        while step > 0:
            for i in range(size):
                above = lower[np.uint32(bins[i] + step)] <= column[offset + i]
                bins[i] += step if above else np.int32(0)
            step = np.int32(step >> 1)
        for i in range(size):
            codes[offset + i] = bins[i]


@jit_helper
def bin_of(lower, n_bins, value):
    """Return the bin that ``value`` belongs to; the first for a value below all."""
    low, high = 0, n_bins
    while high - low > 1:
        middle = (low + high) // 2
        if lower[middle] <= value:
            low = middle
        else:
            high = middle
    return low


@jit_helper
def sort_by_cell(code_a, code_b, n_a, n_b, m, work):
    """Sort the rows by cell, stably; cell c holds rows[start[c]] to rows[start[c + 1] - 1]."""
    start, cursor, rows = work.start, work.cursor, work.rows
    # A single feature makes a grid of a single line.
    stride = np.uint32(n_a) if m > 1 else np.uint32(0)
    for c in range(n_a * n_b + 1):
        start[c] = 0
    n = np.uint64(rows.size)
    for i in range(n):
        start[np.uint32(code_b[i]) * stride + np.uint32(code_a[i]) + np.uint32(1)] += 1
    total = np.int32(0)
    for c in range(n_a * n_b):
        cursor[c] = total
        total += start[c + 1]
        start[c + 1] = total
    for i in range(n):
        c = np.uint32(code_b[i]) * stride + np.uint32(code_a[i])
        p = np.uint32(cursor[c])
        cursor[c] += 1
        rows[p] = i


@jit_helper
def load_line(columns, slots, low, high, rows, points):
    """Fetch the coordinates of the rows at the positions low to high, those of a grid line.

    Reading rows out of order costs more than sorting their numbers, and few targets, or few
    neighbours, need few lines.
    """
    low, high = np.uint64(low), np.uint64(high)
    for f in range(np.uint64(slots.size)):
        slot = np.uint64(slots[f])
        for p in range(low, high):
            points[f, p] = columns[slot, np.uint64(rows[p])]


# --- which rows can lie within a radius ---------------------------------------------------------


@jit_helper
def runs_within(a, b, bin_a, bin_b, radius, grid_a, grid_b, start, runs):
    """List the runs of cells that meet the L1 ball around (a, b); return (runs, rows in them).

    ``grid_a`` and ``grid_b`` hold (smallest value, largest value) of every bin; ``runs`` receives
    (first position, end, grid line).
    """
    n_a, n_b = grid_a.shape[1], grid_b.shape[1]
    left = right = bin_a
    while left > 0 and a - grid_a[1, left - 1] <= radius:
        left -= 1
    while right < n_a - 1 and grid_a[0, right + 1] - a <= radius:
        right += 1
    cell = bin_b * n_a
    low, high = start[cell + left], start[cell + right + 1]
    runs[0, 0], runs[0, 1], runs[0, 2] = low, high, bin_b
    n_runs, total = 1, np.int64(high - low)
    # Away from the centre's line the ball only gets narrower: its two ends move inwards.
    for step in (1, -1):
        first, last = left, right
        line = bin_b + step
        while 0 <= line < n_b:
            gap = grid_b[0, line] - b if step == 1 else b - grid_b[1, line]
            if gap > radius:
                break
            while first < bin_a and (a - grid_a[1, first]) + gap > radius:
                first += 1
            while last > bin_a and (grid_a[0, last] - a) + gap > radius:
                last -= 1
            cell = line * n_a
            low, high = start[cell + first], start[cell + last + 1]
            if high > low:
                runs[n_runs, 0], runs[n_runs, 1], runs[n_runs, 2] = low, high, line
                n_runs += 1
                total += np.int64(high - low)
            line += step
    return n_runs, total


@jit_helper
def has_copies(grid_a, grid_b):
    """Whether there can be cells of equal points: bins of a single value, in both features."""
    a = b = False
    for c in range(grid_a.shape[1]):
        a = a or grid_a[0, c] == grid_a[1, c]
    for c in range(grid_b.shape[1]):
        b = b or grid_b[0, c] == grid_b[1, c]
    return a and b


@jit_helper
def leave_out_copies(n_runs, grid_a, grid_b, start, runs, pieces):
    """Write the runs to ``pieces``, of a cell of equal points only the first row; count them.

    That row, the lowest, speaks for all: such a cell may hold most of a table.
    """
    n_a = grid_a.shape[1]
    n_pieces = 0
    for r in range(n_runs):
        low, high, line = runs[r, 0], runs[r, 1], runs[r, 2]
        same_b = grid_b[0, line] == grid_b[1, line]
        for c in range(n_a):
            first, end = start[line * n_a + c], start[line * n_a + c + 1]
            if first < low or first >= high or first == end:
                continue
            if same_b and grid_a[0, c] == grid_a[1, c]:
                end = np.int32(first + 1)
            last = n_pieces - 1
            if last >= 0 and pieces[last, 1] == first and pieces[last, 2] == line:
                pieces[last, 1] = end
            else:
                pieces[n_pieces, 0], pieces[n_pieces, 1], pieces[n_pieces, 2] = first, end, line
                n_pieces += 1
    return n_pieces


@jit_helper
def block_around(bin_a, bin_b, needed, n_a, n_b, start):
    """Grow a square of cells around one until it holds ``needed`` rows; return its bounds."""
    half = 0
    while True:
        left, right = max(bin_a - half, 0), min(bin_a + half, n_a - 1)
        low, high = max(bin_b - half, 0), min(bin_b + half, n_b - 1)
        total = 0
        for line in range(low, high + 1):
            total += start[line * n_a + right + 1] - start[line * n_a + left]
        if total >= needed or (left == 0 and low == 0 and right == n_a - 1 and high == n_b - 1):
            return left, right, low, high, total
        half += 1 + half // 4
