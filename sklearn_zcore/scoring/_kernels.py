"""What is done with every target: find its cover, and take the redundancy from the neighbours.

Everything here is serial and releases the GIL; the engine decides what runs where.
"""

import numpy as np

from sklearn_zcore._jit import jit, jit_helper
from sklearn_zcore.scoring._grid import (
    bin_of,
    block_around,
    has_copies,
    leave_out_copies,
    load_line,
    runs_within,
    sort_by_cell,
)
from sklearn_zcore.scoring._vector import (
    count_upto,
    find,
    largest_finite,
    neighbour_limit,
    pad,
    padded,
    row_limit,
    smallest_above,
    units_of,
    weigh,
    write_distances,
)

_INF = np.float32(np.inf)
_BLOCK = 8  # bins; the rows of 8 x 8 cells and of those around them fit a core's own cache


# --- cover and redundancy -----------------------------------------------------------------------


@jit_helper
def _measure(columns, slots, centre, n_runs, runs, n_a, work):
    """Write the distances of all rows in the runs to ``work.distances``, padded; count them."""
    start, loaded, rows = work.start, work.loaded, work.rows
    points, distances = work.points, work.distances
    done = np.int64(0)  # not a literal: numba would compile helpers for this number alone
    for r in range(n_runs):
        low, high, line = np.int64(runs[r, 0]), np.int64(runs[r, 1]), runs[r, 2]
        if not loaded[line]:
            loaded[line] = 1
            load_line(columns, slots, start[line * n_a], start[(line + 1) * n_a], rows, points)
        write_distances(points, centre, low, high, distances, done)
        done += high - low
    pad(distances[: padded(done)], done)
    return done


@jit_helper
def _cover(columns, slots, target, bin_a, bin_b, copies, grid_a, grid_b, work):
    """Position of the row nearest to ``target``; the lowest row number wins a tie."""
    start, rows, runs = work.start, work.rows, work.runs
    n_a, n_b = grid_a.shape[1], grid_b.shape[1]
    one_row = np.int64(1)  # again not a literal
    left, right, low, high, _ = block_around(bin_a, bin_b, one_row, n_a, n_b, start)
    n_runs = high - low + 1
    for r in range(n_runs):
        cell = (low + r) * n_a
        runs[r, 0], runs[r, 1], runs[r, 2] = start[cell + left], start[cell + right + 1], low + r
    # The block's nearest row bounds the distance: then look at all cells within it.
    if copies:
        n_runs = leave_out_copies(n_runs, grid_a, grid_b, start, work.runs, work.pieces)
        runs = work.pieces
    total = _measure(columns, slots, target, n_runs, runs, n_a, work)
    radius = smallest_above(work.distances[: padded(total)], np.float32(-1))
    b = target[1] if target.size > 1 else np.float32(0)
    n_runs, _ = runs_within(target[0], b, bin_a, bin_b, radius, grid_a, grid_b, start, work.runs)
    if copies:
        n_runs = leave_out_copies(n_runs, grid_a, grid_b, start, work.runs, work.pieces)
    total = _measure(columns, slots, target, n_runs, runs, n_a, work)
    near = work.distances[: padded(total)]
    nearest = smallest_above(near, np.float32(-1))
    index, n_nearest = find(near, nearest)
    done, best = 0, -1
    for r in range(n_runs):
        low, high = runs[r, 0], runs[r, 1]
        if n_nearest == 1:
            if index < done + high - low:
                return low + index - done
        else:
            for p in range(low, high):
                if near[done + p - low] == nearest and (best < 0 or rows[p] < rows[best]):
                    best = p
        done += high - low
    return best


@jit_helper
def _first_radius(bin_a, bin_b, k, grid_a, grid_b, start):
    """Guess the radius that holds k rows from a block of cells; any guess gives the same result."""
    n_a, n_b = grid_a.shape[1], grid_b.shape[1]
    left, right, low, high, total = block_around(bin_a, bin_b, k + 1, n_a, n_b, start)
    width = grid_a[1, right] - grid_a[0, left]
    height = grid_b[1, high] - grid_b[0, low]
    if n_b == 1 or height <= 0:
        return np.float32(0.5 * width * k / total)
    if width <= 0:
        return np.float32(0.5 * height * k / total)
    return np.float32(np.sqrt(0.5 * width * height * k / total))


@jit_helper
def _collect_neighbours(columns, slots, position, bin_a, bin_b, k, diameter, grid_a, grid_b, work):
    """Write the distances of a set of rows that holds the k nearest to ``work.centre``.

    Returns (number of runs, number of rows, a radius, how many rows it holds, a larger radius, how
    many rows that holds: at least k). The cover itself, at ``position``, is put at infinity.
    """
    start, runs, centre = work.start, work.runs, work.centre
    m, n = slots.size, work.rows.size
    a, b = centre[0], centre[1] if m > 1 else np.float32(0)
    n_a = grid_a.shape[1]
    radius = _first_radius(bin_a, bin_b, k, grid_a, grid_b, start)
    tries = 0
    while True:
        n_runs, total = runs_within(a, b, bin_a, bin_b, radius, grid_a, grid_b, start, runs)
        tries += 1
        if total == n:
            radius = diameter  # so that the rows are counted once
        # The cells that meet a ball hold some 1.7 times the rows in it.
        elif total < 1.3 * k:
            growth = min(max(np.sqrt(1.7 * k / max(total, 1)), 1.1), 2.0)
            radius = np.float32(min(max(radius * growth, diameter * 1e-6), diameter))
            continue
        elif total > 3 * k and tries < 5:
            radius = np.float32(radius * max(np.sqrt(1.8 * k / total), 0.5))
            continue
        _measure(columns, slots, centre, n_runs, runs, n_a, work)
        near = work.distances[: padded(total)]
        done = 0
        for r in range(n_runs):
            low, high = runs[r, 0], runs[r, 1]
            if low <= position < high:
                near[done + position - low] = _INF
            done += high - low
        inner = np.float32(0.9) * radius
        n_inner, within = count_upto(near, inner, radius)
        if within >= k:
            return n_runs, total, inner, n_inner, radius, within
        growth = min(max((1.1 * k / max(within, 1)) ** (1.0 / m), 1.1), 2.0)
        radius = np.float32(min(max(radius * growth, diameter * 1e-6), diameter))


@jit_helper
def _limit(near, k, inner, n_inner, radius, within, m):
    """`neighbour_limit` of a block with two counts known."""
    if n_inner < k:
        return neighbour_limit(near, k, inner, n_inner, radius, within, 1.0)
    return neighbour_limit(near, k, np.float32(-1), np.int64(0), inner, n_inner, 1.0 / m)


@jit_helper
def _cut_ties(limit, n_keep, n_runs, work):
    """Keep the ``n_keep`` lowest rows at distance ``limit``, put the others at infinity."""
    runs, rows, distances, tied = work.runs, work.rows, work.distances, work.tied
    n_tied = done = 0
    for r in range(n_runs):
        low, high = runs[r, 0], runs[r, 1]
        for p in range(low, high):
            if distances[done + p - low] == limit:
                tied[n_tied] = rows[p]
                n_tied += 1
        done += high - low
    last = row_limit(tied[:n_tied], n_keep)
    done = 0
    for r in range(n_runs):
        low, high = runs[r, 0], runs[r, 1]
        for p in range(low, high):
            if distances[done + p - low] == limit and rows[p] > last:
                distances[done + p - low] = _INF
        done += high - low


@jit_helper
def _take_redundancy(
    columns, slots, position, n_hits, bin_a, bin_b, k, diameter, exponent, grid_a, grid_b, work
):
    """Add to ``work.delta`` what a cover gains that was hit ``n_hits`` times, and others lose."""
    delta, runs, near = work.delta, work.runs, work.distances
    n_runs, total, inner, n_inner, radius, within = _collect_neighbours(
        columns, slots, position, bin_a, bin_b, k, diameter, grid_a, grid_b, work
    )
    block = near[: padded(total)]
    limit, n_below, n_upto = _limit(block, k, inner, n_inner, radius, within, slots.size)
    if n_upto > k:
        _cut_ties(limit, k - n_below, n_runs, work)
    share = np.float32(n_hits) / weigh(block, limit, exponent, work.spare)
    done = np.uint64(0)
    for r in range(n_runs):
        first, size = np.uint64(runs[r, 0]), np.uint64(runs[r, 1] - runs[r, 0])
        for i in range(size):
            delta[first + i] -= share * near[done + i]
        done += size
    delta[position] += np.float32(n_hits)


@jit_helper
def _order_targets(targets, grid_a, grid_b, work):
    """Write the cell of every target, and an order that visits the grid block by block.

    Targets that are near each other look at the same rows, while these are in the fast caches.
    """
    cells, order, first = work.cells, work.order, work.cursor
    n_a, n_b = grid_a.shape[1], grid_b.shape[1]
    stride = n_a // _BLOCK + 1
    n_blocks = (n_b // _BLOCK + 1) * stride
    for block in range(n_blocks + 1):
        first[block] = 0
    for t in range(targets.shape[0]):
        bin_a = bin_of(grid_a[0], n_a, targets[t, 0])
        bin_b = bin_of(grid_b[0], n_b, targets[t, 1]) if targets.shape[1] > 1 else 0
        cells[t] = bin_b * n_a + bin_a
        first[bin_b // _BLOCK * stride + bin_a // _BLOCK + 1] += 1
    for block in range(n_blocks):
        first[block + 1] += first[block]
    for t in range(targets.shape[0]):
        bin_b, bin_a = divmod(np.int64(cells[t]), n_a)
        block = bin_b // _BLOCK * stride + bin_a // _BLOCK
        order[first[block]] = t
        first[block] += 1


@jit_helper
def _score_subspace(
    columns, codes, slots, features, targets, k, exponent, grid_a, grid_b, diameter, work, scores
):
    """Do one subspace's part of `score_nearest`."""
    start, rows, points = work.start, work.rows, work.points
    delta, hits, found, centre = work.delta, work.hits, work.found, work.centre
    m, n_a, n_b = slots.size, grid_a.shape[1], grid_b.shape[1]
    code_a, code_b = codes[features[0]], codes[features[min(1, m - 1)]]
    sort_by_cell(code_a, code_b, n_a, n_b, m, work)
    for line in range(n_b):
        work.loaded[line] = 0

    copies = m <= 2 and has_copies(grid_a, grid_b)  # equal in two features, not in a third
    _order_targets(targets, grid_a, grid_b, work)
    for i in range(targets.shape[0]):
        t = work.order[i]
        bin_b, bin_a = divmod(np.int64(work.cells[t]), n_a)
        found[i] = _cover(columns, slots, targets[t], bin_a, bin_b, copies, grid_a, grid_b, work)
        hits[found[i]] += 1

    for i in range(targets.shape[0]):
        position = np.int64(found[i])
        n_hits = hits[position]
        if n_hits == 0:
            continue  # done: a cover hit several times is worked out once
        hits[position] = 0
        for f in range(m):
            centre[f] = points[f, position]
        row = rows[position]
        bin_a, bin_b = np.int64(code_a[row]), np.int64(code_b[row]) if m > 1 else 0
        _take_redundancy(
            columns, slots, position, n_hits, bin_a, bin_b, k, diameter, exponent, grid_a, grid_b,
            work,
        )  # fmt: skip

    for line in range(n_b):
        if not work.loaded[line]:
            continue
        low, high = np.uint64(start[line * n_a]), np.uint64(start[(line + 1) * n_a])
        for p in range(low, high):
            scores[np.uint64(rows[p])] += units_of(delta[p])
        for p in range(low, high):
            delta[p] = np.float32(0)


# --- what the engine calls ----------------------------------------------------------------------


@jit
def score_nearest(
    columns, codes, grids, n_bins, slots, features, targets, n_targets, k, exponent, work, scores
):
    """Add to ``scores`` the cover and the redundancy of every target, k < n - 1 neighbours.

    Parameters
    ----------
    columns : float32 array of shape (n_columns, n_samples)
        Values of some of the features.
    codes : uint8 array of shape (n_features, n_samples)
        The bin of every value.
    grids : float32 array of shape (n_features, 2, n_bins)
        Smallest and largest value of every bin.
    n_bins : int32 array of shape (n_features,)
    slots, features : int32 array of shape (n_subspaces, subspace_dim)
        What spans each subspace: as rows of ``columns``, and as rows of the other arrays.
    targets : float32 array of shape (n_subspaces, targets_per_subspace, subspace_dim)
    n_targets : int32 array of shape (n_subspaces,)
        How many of the targets count.
    k, exponent : int, float
    work : Workspace
    scores : int64 array of shape (n_samples,)
        In units of 2**-32, see `units_of`.
    """
    n_subspaces, m = features.shape
    one_line = np.zeros((2, 2), np.float32)[:, :1]
    for s in range(n_subspaces):
        f_a, f_b = features[s, 0], features[s, min(1, m - 1)]
        grid_a = grids[f_a, :, : n_bins[f_a]]
        grid_b = grids[f_b, :, : n_bins[f_b]] if m > 1 else one_line
        diameter = np.float32(0)
        for f in features[s]:
            diameter += np.float32(2) * (grids[f, 1, n_bins[f] - 1] - grids[f, 0, 0])
        _score_subspace(
            columns, codes, slots[s], features[s], targets[s, : n_targets[s]], k, exponent,
            grid_a, grid_b, diameter, work, scores,
        )  # fmt: skip


@jit
def score_brute(columns, slots, targets, n_targets, k, exponent, work, scores):
    """Add to ``scores`` what `score_nearest` does, by looking at every row.

    For subspaces in which an index does not pay: few targets or features without end, or so many
    neighbours that most rows are among them.
    """
    m = slots.shape[1]
    n = columns.shape[1]
    points, centre, near = work.points, work.centre, work.distances[: padded(n)]
    for i in range(n):
        work.rows[i] = i
    # One run that holds all rows.
    work.runs[0, 0], work.runs[0, 1] = 0, n
    for s in range(slots.shape[0]):
        for f in range(m):
            slot = slots[s, f]
            for i in range(n):
                points[f, i] = columns[slot, i]
        for t in range(n_targets[s]):
            write_distances(points, targets[s, t], 0, n, near, 0)
            pad(near, n)
            row, _ = find(near, smallest_above(near, np.float32(-1)))
            for f in range(m):
                centre[f] = points[f, row]
            write_distances(points, centre, 0, n, near, 0)
            pad(near, n)
            near[row] = _INF
            limit = largest_finite(near)
            if k < n - 1:
                limit, n_below, n_upto = neighbour_limit(
                    near, k, np.float32(-1), np.int64(0), limit, n - 1, 1.0 / m
                )
                if n_upto > k:
                    _cut_ties(limit, k - n_below, 1, work)
            share = 1.0 / weigh(near, limit, exponent, work.spare)
            for i in range(np.uint64(n)):
                scores[i] -= units_of(share * near[i])
            scores[row] += units_of(1.0)
