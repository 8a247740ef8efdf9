"""Greedy facility location and medoid swaps, on one matrix of distances.

Both lower the cost ``sum_t weights[t] * near[t]``, where ``near[t]`` is the distance of row t to
its nearest medoid. Counted from where it starts, what the greedy saves is the facility location
objective with similarity ``cap - distance``: each choice adds the row that saves most.

Matrices are float32, symmetric and row-major: the distances of a candidate are contiguous.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore._jit import jit, jit_helper


# Two rows at a time, so that a column is loaded once for both, and four features at a time, so that
# the sums are written once for all four. Every pair is summed in the same order.
@jit_helper
def _write_two(columns, first, a, b, row_a, row_b):
    """Write the L1 distances of two rows to columns, from a first one on."""
    d, n = columns.shape[0], np.uint64(columns.shape[1] - first)
    for j in range(n):
        row_a[j] = np.float32(0)
        row_b[j] = np.float32(0)
    whole = d // 4 * 4
    for f in range(0, whole, 4):
        a0, a1, a2, a3 = a[f], a[f + 1], a[f + 2], a[f + 3]
        b0, b1, b2, b3 = b[f], b[f + 1], b[f + 2], b[f + 3]
        x0, x1 = columns[f, first:], columns[f + 1, first:]
        x2, x3 = columns[f + 2, first:], columns[f + 3, first:]
        for j in range(n):
            row_a[j] += (abs(x0[j] - a0) + abs(x1[j] - a1)) + (abs(x2[j] - a2) + abs(x3[j] - a3))
            row_b[j] += (abs(x0[j] - b0) + abs(x1[j] - b1)) + (abs(x2[j] - b2) + abs(x3[j] - b3))
    for f in range(whole, d):
        a0, b0, x0 = a[f], b[f], columns[f, first:]
        for j in range(n):
            row_a[j] += abs(x0[j] - a0)
            row_b[j] += abs(x0[j] - b0)


@jit
def write_manhattan(centres, columns, out):
    """Write the L1 distances of rows (``centres``) to rows given as ``columns``."""
    n = centres.shape[0]
    spare = np.empty(out.shape[1], np.float32)
    for i in range(0, n - 1, 2):
        _write_two(columns, 0, centres[i], centres[i + 1], out[i], out[i + 1])
    if n % 2:
        _write_two(columns, 0, centres[n - 1], centres[n - 1], out[n - 1], spare)


@jit
def write_manhattan_among(rows, columns, out):
    """Write the L1 distances between rows, also given as ``columns``, working out a pair once."""
    n, side = rows.shape[0], 32
    spare = np.empty(n, np.float32)
    for i in range(0, n - 1, 2):
        _write_two(columns, i, rows[i], rows[i + 1], out[i, i:], out[i + 1, i:])
    if n % 2:
        _write_two(columns, n - 1, rows[n - 1], rows[n - 1], out[n - 1, n - 1 :], spare)
    # In squares, so that what is read down a column is still in the cache for the next one.
    for i0 in range(0, n, side):
        for j0 in range(0, i0 + 1, side):
            for i in range(i0, min(i0 + side, n)):
                for j in range(j0, min(j0 + side, i)):
                    out[i, j] = out[j, i]


@jit
def add_mean_differences(column, values, below, sums, out):
    """Add to ``out`` the weighted mean distance of each of some numbers to some values.

    Parameters
    ----------
    column : ndarray of shape (n_numbers,), float32
    values : ndarray of shape (n_values,), float32
        Sorted; as many as a power of two less one, the last of them infinite to fill up.
    below : ndarray of shape (n_values + 1,), float64
        Sum of the weights of the values before each, the sum of all being 1.
    sums : ndarray of shape (n_values + 1,), float64
        The same of the values times their weights.
    out : ndarray of shape (n_numbers,), float64
    """
    n, one = np.uint64(column.size), np.uint32(1)
    k = np.zeros(column.size, np.uint32)  # how many values are below each number
    step = np.uint32((values.size + 1) // 2)
    while step > 0:  # all numbers in one go, without a branch
        for i in range(n):
            k[i] += step * np.uint32(values[k[i] + step - one] < column[i])
        step = step // np.uint32(2)
    total = sums[values.size]
    for i in range(n):
        out[i] += column[i] * (2 * below[k[i]] - 1) + total - 2 * sums[k[i]]


@jit_helper(fastmath={"reassoc", "nsz"})
def _square_distance(a, b):
    """Return the squared Euclidean distance of two rows."""
    total = np.float32(0)
    for f in range(np.uint64(a.size)):
        difference = a[f] - b[f]
        total += difference * difference
    return total


@jit
def mend_near(A, B, squares_a, squares_b, share, squares):
    """Work out anew the squared distances that a matrix product has lost, from differences.

    A product leaves errors in proportion to the squares of the rows. Where ``squares[i, j]`` is
    less than ``share`` of these, nothing much of it need be right.
    """
    for i in range(A.shape[0]):
        for j in range(np.uint64(B.shape[0])):
            if squares[i, j] < share * (squares_a[i] + squares_b[j]):
                squares[i, j] = _square_distance(A[i], B[j])


# --- greedy -------------------------------------------------------------------------------------


class Queue(NamedTuple):
    """Candidates by the gain that each had when it was last worked out, in a binary heap.

    Gains only shrink, so a candidate whose gain is up to date and still the largest is the best
    one; the others need no look (Minoux 1978). Ties go to the lower row.
    """

    heap: NDArray[np.int64]  # (n_candidates,) rows, the largest bound first
    bounds: NDArray[np.float64]  # (n_samples,) last known gain of every row
    known_at: NDArray[np.int64]  # (n_samples,) after how many choices it was worked out
    state: NDArray[np.int64]  # (size of the heap, choices made)


def make_queue(candidates: NDArray[np.int64], n_samples: int) -> Queue:
    """Return a queue of candidates whose gains are not yet known."""
    return Queue(
        heap=candidates.astype(np.int64),
        bounds=np.full(n_samples, np.inf),
        known_at=np.full(n_samples, -1, np.int64),
        state=np.array([candidates.size, 0]),
    )


# Sums of thousands of float32: in any order, so that they are vectorised.
@jit_helper(fastmath={"reassoc", "nsz"})
def _gain(distances, weights, near):
    """Return what a candidate with these distances would save."""
    total = np.float32(0)
    for t in range(np.uint64(near.size)):
        total += weights[t] * max(near[t] - distances[t], np.float32(0))
    return total


@jit_helper
def _sift_down(heap, bounds, size):
    """Bring the heap in order after the bound of its first row has shrunk."""
    row, place = heap[0], 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size:
            left, right = heap[child], heap[child + 1]
            if bounds[right] > bounds[left] or (bounds[right] == bounds[left] and right < left):
                child += 1
        other = heap[child]
        if bounds[row] > bounds[other] or (bounds[row] == bounds[other] and row < other):
            break
        heap[place] = other
        place = child
    heap[place] = row


@jit
def choose(distances, weights, near, queue, chosen, gains):
    """Choose ``chosen.size`` candidates one by one; ``near`` and ``queue`` say where it stands."""
    heap, bounds, known_at, state = queue.heap, queue.bounds, queue.known_at, queue.state
    for k in range(chosen.size):
        while known_at[heap[0]] != state[1]:
            row = heap[0]
            bounds[row] = _gain(distances[row], weights, near)
            known_at[row] = state[1]
            _sift_down(heap, bounds, state[0])
        row = heap[0]
        chosen[k], gains[k] = row, bounds[row]
        for t in range(np.uint64(near.size)):
            near[t] = min(near[t], distances[row, t])
        state[0] -= 1
        state[1] += 1
        heap[0] = heap[state[0]]
        _sift_down(heap, bounds, state[0])


# --- swaps --------------------------------------------------------------------------------------


@jit_helper
def _two_nearest(distances, medoids, base, t):
    """Nearest and second nearest medoid of row t; -1 is what ``base`` stands for."""
    first, second = np.int64(-1), np.int64(-1)
    d_first, d_second = base[t], np.float32(np.inf)
    for m in range(medoids.size):
        d = distances[medoids[m], t]
        if d < d_first:
            second, d_second = first, d_first
            first, d_first = np.int64(m), d
        elif d < d_second:
            second, d_second = np.int64(m), d
    return first, second, d_first, d_second


@jit
def swap(distances, weights, base, medoids):
    """Try every row once in the place of a medoid, in place; return the number of swaps.

    FasterPAM (Schubert, Rousseeuw 2021): the changes of cost of swapping a row with each of the
    medoids are worked out in one pass, and the best swap is made at once if it pays. ``base`` is
    every row's distance to what is not to be swapped.
    """
    n, k = weights.size, medoids.size
    first, second = np.empty(n, np.int64), np.empty(n, np.int64)
    d_first, d_second = np.empty(n, np.float32), np.empty(n, np.float32)
    is_medoid = np.zeros(n, np.bool_)
    for m in range(k):
        is_medoid[medoids[m]] = True
    cost = 0.0
    for t in range(n):
        first[t], second[t], d_first[t], d_second[t] = _two_nearest(distances, medoids, base, t)
        cost += weights[t] * d_first[t]
    removal, change = np.zeros(k), np.empty(k)
    for t in range(n):
        if first[t] >= 0:
            removal[first[t]] += weights[t] * (d_second[t] - d_first[t])
    n_swaps = 0
    for x in range(n):
        if is_medoid[x]:
            continue
        for m in range(k):
            change[m] = removal[m]
        gain = 0.0
        for t in range(n):
            d = distances[x, t]
            if d < d_second[t]:
                m = first[t]
                if d < d_first[t]:
                    gain += weights[t] * (d_first[t] - d)
                    d = d_first[t]
                if m >= 0:
                    change[m] -= weights[t] * (d_second[t] - d)
        best = 0
        for m in range(1, k):
            if change[m] < change[best]:
                best = m
        if change[best] - gain >= -1e-6 * cost:
            continue
        cost += change[best] - gain
        is_medoid[medoids[best]], is_medoid[x] = False, True
        medoids[best] = x
        n_swaps += 1
        for m in range(k):
            removal[m] = 0
        for t in range(n):
            d = distances[x, t]
            if first[t] == best or second[t] == best:
                first[t], second[t], d_first[t], d_second[t] = _two_nearest(
                    distances, medoids, base, t
                )
            elif d < d_first[t]:
                second[t], d_second[t] = first[t], d_first[t]
                first[t], d_first[t] = best, d
            elif d < d_second[t]:
                second[t], d_second[t] = best, d
            if first[t] >= 0:
                removal[first[t]] += weights[t] * (d_second[t] - d_first[t])
    return n_swaps
