"""Vector primitives of the kernels: distances, order statistics and weights of one block of rows.

Sorting and histograms are scalar work; counting, minima and sums over a contiguous block are
vector work, a fraction of a nanosecond a row. So the k-th smallest distance is found by counting.

No general fastmath: sums are folded pairwise in a fixed order, so that the bits of a score do not
depend on the vector width of the machine.
"""

import numpy as np

from sklearn_zcore.scoring._jit import jit_helper

_INF = np.float32(np.inf)
_INFINITY_BITS = 0x7F800000


@jit_helper
def _float_of(bits):
    """Return the float32 that has these bits."""
    return np.int32(bits).view(np.float32)


@jit_helper
def write_distances(points, centre, low, high, out, at):
    """Write the L1 distances of the positions low to high, summed in the features' order.

    Unsigned indices, here and below: numba's check for negative ones costs the vector loop.
    """
    zero, one = np.uint64(0), np.uint64(1)
    low, size, at = np.uint64(low), np.uint64(high - low), np.uint64(at)
    c = centre[0]
    if points.shape[0] == 1:
        for i in range(size):
            out[at + i] = abs(points[zero, low + i] - c)
        return
    d = centre[1]
    for i in range(size):
        out[at + i] = abs(points[zero, low + i] - c) + abs(points[one, low + i] - d)
    for f in range(np.uint64(2), np.uint64(points.shape[0])):
        e = centre[f]
        for i in range(size):
            out[at + i] += abs(points[f, low + i] - e)


@jit_helper
def smallest_above(values, bound):
    """Smallest value that is greater than ``bound``, or infinity.

    Distances are never negative, and such floats are ordered as their bits are: integer minima
    are vectorised where float minima, for the sake of NaN, are not.
    """
    bits = values.view(np.int32)
    best = np.int32(_INFINITY_BITS)
    for i in range(bits.size):
        candidate = bits[i] if values[i] > bound else np.int32(_INFINITY_BITS)
        best = min(best, candidate)
    return _float_of(best)


@jit_helper
def largest_finite(values):
    """Largest value that is not infinite."""
    bits = values.view(np.int32)
    best = np.int32(0)
    for i in range(bits.size):
        candidate = bits[i] if bits[i] < _INFINITY_BITS else np.int32(0)
        best = max(best, candidate)
    return _float_of(best)


@jit_helper
def count_upto(values, low, high):
    """Count the values <= low and the values <= high."""
    n_low = n_high = np.int32(0)
    for i in range(values.size):
        n_low = np.int32(n_low + (values[i] <= low))
        n_high = np.int32(n_high + (values[i] <= high))
    return np.int64(n_low), np.int64(n_high)


@jit_helper
def sum_pairwise(values, spare):
    """Sum of the values, folded in halves: vectorised, accurate, and the same on every machine."""
    n = values.size
    if n == 1:
        return values[0]
    half = n // 2
    folded = spare[:half]
    for i in range(half):
        folded[i] = values[i] + values[half + i]
    rest = values[n - 1] if n % 2 else np.float32(0)
    while half > 1:
        if half % 2:
            rest += folded[half - 1]
        half //= 2
        left, right = folded[:half], folded[half : 2 * half]
        for i in range(half):
            left[i] = left[i] + right[i]
    return folded[0] + rest


@jit_helper
def kth_smallest(values, k, high, n_high, dim):
    """Exact k-th smallest value, given that ``n_high`` >= k values are <= ``high``.

    Counting is a vector operation, sorting is not. Two thresholds around the interpolated answer
    shrink the bracket (low, high] about tenfold a pass; a few values, or ties, are then taken one
    by one from below while the bracket is halved from above.

    Returns (the value, the number of smaller values, the number of values up to it).
    """
    low, n_low = np.float32(-1), 0
    power = 1.0 / dim  # rows within a radius grow with its dim-th power; later brackets are narrow
    stuck = False
    while True:
        inside = n_high - n_low
        if inside > 8 and not stuck:
            wanted = k - n_low
            slack = 1.0 + np.sqrt(wanted * (inside - wanted) / inside)
            below = max(0.0, (wanted - slack) / inside) ** power
            above = min(1.0, (wanted + slack) / inside) ** power
            base = max(low, np.float32(0))
            t_low = np.float32(base + (high - base) * np.float32(below))
            t_high = np.float32(base + (high - base) * np.float32(above))
            c_low, c_high = count_upto(values, t_low, t_high)
            if c_high < k:
                low, n_low = t_high, c_high
            else:
                if c_high < n_high:
                    high, n_high = t_high, c_high
                if c_low >= k:
                    high, n_high = t_low, c_low
                elif c_low > n_low:
                    low, n_low = t_low, c_low
            stuck = 2 * (n_high - n_low) > inside
            power = 1.0
        else:
            nearest = smallest_above(values, low)
            middle = np.float32(0.5) * nearest + np.float32(0.5) * high
            c_near, c_mid = count_upto(values, nearest, middle)
            if c_near >= k:
                return nearest, n_low, c_near
            low, n_low = nearest, c_near
            if c_mid >= k:
                high, n_high = middle, c_mid
            elif c_mid > n_low:
                low, n_low = middle, c_mid
            stuck = False


@jit_helper
def row_limit(tied, k):
    """Return a number that exactly k of the (distinct) row numbers ``tied`` do not exceed."""
    low, high = np.int64(-1), np.int64(0)
    for i in range(tied.size):
        high = max(high, np.int64(tied[i]))
    while True:
        middle = (low + high + 1) // 2
        count = 0
        for i in range(tied.size):
            count += tied[i] <= middle
        if count == k:
            return middle
        if count > k:
            high = middle - 1
        else:
            low = middle


@jit_helper
def weigh(distances, limit, exponent, spare):
    """Turn distances into weights (nearest / distance) ** exponent, in place; return their sum.

    Distances above ``limit`` weigh nothing. If there are rows at distance 0, they alone count.
    """
    nearest = smallest_above(distances, np.float32(-1))
    if nearest == 0:
        for i in range(distances.size):
            distances[i] = np.float32(1) if distances[i] == 0 else np.float32(0)
    elif exponent == 4:
        for i in range(distances.size):
            ratio = nearest / distances[i]
            square = ratio * ratio
            distances[i] = square * square if distances[i] <= limit else np.float32(0)
    else:
        for i in range(distances.size):
            weight = np.float32(0)
            if distances[i] <= limit:
                weight = np.float32((nearest / distances[i]) ** exponent)
            distances[i] = weight
    return sum_pairwise(distances, spare)
