"""Vector primitives of the kernels: distances, order statistics and weights of one block of rows.

Sorting and histograms are scalar work; counting, minima and sums over a contiguous block are
vector work, a fraction of a nanosecond a row. So the neighbours are told apart by counting.

Blocks are short, a few thousand rows, and a loop's last few rows, those that do not fill a vector,
cost as much as hundreds of others. So a block is padded with infinity to a multiple of `LANES`, and
every loop over it runs to a multiple of `LANES`, which spares compiled code the rest.

No general fastmath: sums are folded in a fixed order, so that the bits of a score do not depend
on the vector width of the machine.
"""

import numpy as np

from sklearn_zcore._jit import jit_helper

LANES = 64  # four vectors of 16 float32, the widest there are

_LANES = np.uint64(LANES)
_INF = np.float32(np.inf)
_INFINITY_BITS = 0x7F800000
_UNITS = 2.0**32
_ROUNDER = 1.5 * 2.0**52  # the floats around it are whole numbers
_ROUNDER_BITS = 0x4338000000000000
_LAST_INDEX = 0x7FFFFFFF


@jit_helper
def _float_of(bits):
    """Return the float32 that has these bits."""
    return np.int32(bits).view(np.float32)


@jit_helper
def units_of(value):
    """Return a number as a whole number of 2**-32, rounded to the nearest.

    Sums of integers do not depend on their order. Adding to a large float and taking its bits
    rounds as vectors can; it is right for numbers below 2**19, as many as there can be targets.
    """
    shifted = np.float64(np.float64(value) * _UNITS + _ROUNDER)
    return np.float64(shifted).view(np.int64) - np.int64(_ROUNDER_BITS)


@jit_helper
def padded(size):
    """Round up to a multiple of `LANES`."""
    return np.int64((np.uint64(size) + _LANES - np.uint64(1)) // _LANES * _LANES)


@jit_helper
def _whole(block):
    """Size of a padded block, in the form that tells the compiler that it is a multiple."""
    return np.uint64(block.size) // _LANES * _LANES


@jit_helper
def pad(block, size):
    """Fill what follows the first ``size`` values of a padded block with infinity."""
    for i in range(np.uint64(size), np.uint64(block.size)):
        block[i] = _INF


@jit_helper
def write_distances(points, centre, low, high, out, at):
    """Write the L1 distances of the positions low to high, summed in the features' order.

    Up to `LANES` - 1 values after them are overwritten: with what is written next, or by `pad`.

    Unsigned indices, here and below: numba's check for negative ones costs the vector loop.
    """
    zero, one = np.uint64(0), np.uint64(1)
    low, at, size = np.uint64(low), np.uint64(at), np.uint64(high - low)
    size = (size + _LANES - one) // _LANES * _LANES
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
    """Smallest value of a padded block that is greater than ``bound``, or infinity.

    Distances are never negative, and such floats are ordered as their bits are: integer minima
    are vectorised where float minima, for the sake of NaN, are not.
    """
    bits = values.view(np.int32)
    best = np.int32(_INFINITY_BITS)
    for i in range(_whole(values)):
        candidate = bits[i] if values[i] > bound else np.int32(_INFINITY_BITS)
        best = min(best, candidate)
    return _float_of(best)


@jit_helper
def largest_finite(values):
    """Largest value of a padded block that is not infinite."""
    bits = values.view(np.int32)
    best = np.int32(0)
    for i in range(_whole(values)):
        candidate = bits[i] if bits[i] < _INFINITY_BITS else np.int32(0)
        best = max(best, candidate)
    return _float_of(best)


@jit_helper
def find(values, value):
    """Return (the first index of ``value`` in a padded block, how often it is there)."""
    first, count = np.int32(values.size), np.int32(0)
    for i in range(_whole(values)):
        equal = values[i] == value
        first = min(first, np.int32(i) if equal else np.int32(_LAST_INDEX))
        count = np.int32(count + equal)
    return np.int64(first), np.int64(count)


@jit_helper
def count_upto(values, low, high):
    """Count the values <= low and the values <= high of a padded block."""
    n_low = n_high = np.int32(0)
    for i in range(_whole(values)):
        n_low = np.int32(n_low + (values[i] <= low))
        n_high = np.int32(n_high + (values[i] <= high))
    return np.int64(n_low), np.int64(n_high)


@jit_helper
def _sum_folded(values, spare):
    """Sum of a padded block, folded in halves: vectorised, accurate, the same on every machine."""
    size = _whole(values)
    half = (size // _LANES + np.uint64(1)) // np.uint64(2) * _LANES
    other = size - half
    for i in range(other // _LANES * _LANES):
        spare[i] = values[i] + values[half + i]
    for i in range(other, half):
        spare[i] = values[i]
    while half > _LANES:
        size = half
        half = (size // _LANES + np.uint64(1)) // np.uint64(2) * _LANES
        left, right = spare[:half], spare[half:size]
        for i in range((size - half) // _LANES * _LANES):
            left[i] = left[i] + right[i]
    total = np.float32(0)
    quarter = LANES // 4
    for i in range(quarter):
        left, right = spare[i] + spare[2 * quarter + i], spare[quarter + i] + spare[3 * quarter + i]
        total += left + right
    return total


@jit_helper
def neighbour_limit(values, k, low, n_low, high, n_high, power):
    """Find a distance that exactly k values of a padded block do not exceed.

    Given that ``n_low`` < k values are <= ``low`` and ``n_high`` >= k are <= ``high``; in between,
    about as many as the ``power``-th root of the share of the way says. Two thresholds around the
    interpolated answer shrink the bracket some tenfold a pass. If there is no such distance,
    values are tied at the k-th place; they are found from below, value by value, while the bracket
    is halved from above.

    Returns (the limit, the number of smaller values if there is a tie, the number of values up to
    it).
    """
    stuck = False
    while n_high != k:
        inside = n_high - n_low
        if stuck:
            t_low = smallest_above(values, low)
            t_high = np.float32(0.5) * t_low + np.float32(0.5) * high
        else:
            wanted = k - n_low
            # How far off a rank is that is interpolated between two others.
            slack = np.sqrt(wanted * (inside - wanted) / inside)
            slack *= 0.7 if inside > 12 else 0.5
            below = max(0.05, wanted - slack) / inside
            above = min(inside - 0.05, wanted + slack) / inside
            base = max(low, np.float32(0))
            if power != 1:
                below, above, power = below**power, above**power, 1.0
            t_low = np.float32(base + (high - base) * np.float32(below))
            t_high = np.float32(base + (high - base) * np.float32(above))
        c_low, c_high = count_upto(values, t_low, t_high)
        if stuck and c_low >= k:
            return t_low, n_low, c_low
        if c_low == k:
            return t_low, n_low, c_low
        if c_high < k:
            low, n_low = t_high, c_high
        else:
            high, n_high = t_high, c_high
            if c_low >= k:
                high, n_high = t_low, c_low
            elif c_low > n_low:
                low, n_low = t_low, c_low
        stuck = not stuck and 2 * (n_high - n_low) > inside
    return high, n_low, n_high


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
        for i in range(_whole(distances)):
            distances[i] = np.float32(1) if distances[i] == 0 else np.float32(0)
    elif exponent == 4:
        for i in range(_whole(distances)):
            ratio = nearest / distances[i]
            square = ratio * ratio
            distances[i] = square * square if distances[i] <= limit else np.float32(0)
    else:
        for i in range(_whole(distances)):
            weight = np.float32(0)
            if distances[i] <= limit:
                weight = np.float32((nearest / distances[i]) ** exponent)
            distances[i] = weight
    return _sum_folded(distances, spare)
