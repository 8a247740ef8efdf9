"""The sums that all draws add up to, and which of them are in."""

from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.scoring._chunks import zeros

UNIT = 2.0**-32
MOST_DRAWS = 2**31 - 1  # a row that every draw hits must not leave 64 bits


class Packed(NamedTuple):
    """Sums in few bytes, to be sent: those that are not 0, or all of them in 32 bits.

    Attributes
    ----------
    small : ndarray of shape (n_samples,), int32, or None
        Those that fit; None is 0 for all.
    rows : ndarray of shape (n_others,), int32
    values : ndarray of shape (n_others,), int64
        By how much the others are more.
    """

    small: NDArray[np.int32] | None
    rows: NDArray[np.int32]
    values: NDArray[np.int64]

    @classmethod
    def of(cls, sums: NDArray[np.int64]) -> Self:
        """Pack sums.

        Parameters
        ----------
        sums : ndarray of shape (n_samples,), int64

        Returns
        -------
        Packed
        """
        rows = np.flatnonzero(sums)
        if 12 * rows.size < 4 * sums.size:
            return cls(None, rows.astype(np.int32), sums[rows])
        small = sums.astype(np.int32)  # what does not fit wraps
        rows = np.flatnonzero(small != sums)
        return cls(small, rows.astype(np.int32), sums[rows] - small[rows])

    def add_to(self, total: NDArray[np.int64]) -> None:
        """Add the sums to others, without any copy of them."""
        if self.small is not None:
            total += self.small
        total[self.rows] += self.values


class Tally:
    """Sums of coverage less redundancy in integers of 2**-32, whose order does not matter.

    Parameters
    ----------
    n_samples : int
    in_parts : bool, default=False
        Whether what is summed should often be whole, for a checkpoint.

    Attributes
    ----------
    sums : ndarray of shape (2, n_samples), int64
        Over two disjoint, independent halves of the subspaces.
    done : ndarray of shape (n_subspaces,), bool
        Which subspaces of the plan at hand are in the sums.
    is_whole : bool
        Whether the sums are those of the subspaces done, and of no others.
    lock : Lock
        Held while these change.
    """

    def __init__(self, n_samples: int, *, in_parts: bool = False) -> None:
        self.sums = zeros(2, n_samples)
        self.done = np.zeros(0, bool)
        self.in_parts, self.is_whole = in_parts, True
        self.lock = Lock()

    def begin(self, n_subspaces: int, done: NDArray[np.bool_] | None) -> None:
        """Begin a plan, of which some subspaces may be done already."""
        if done is not None and done.size != n_subspaces:
            raise ValueError(f"{done.size} subspaces are said to be done, of {n_subspaces}.")
        self.done = np.zeros(n_subspaces, bool) if done is None else done
        self.is_whole = True

    def add(
        self, parts: Sequence[NDArray[np.int64] | Packed | None], subspaces: NDArray[np.intp]
    ) -> None:
        """Add the sums of some subspaces, one part for each half; None is nothing."""
        with self.lock:
            for total, own in zip(self.sums, parts, strict=True):
                if isinstance(own, Packed):
                    own.add_to(total)
                elif own is not None:
                    total += own
            self.done[subspaces] = True
