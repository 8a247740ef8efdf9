"""Rows in blocks, which workers read for themselves."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, Protocol, TypeVar

import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from sklearn_zcore._extras import how_to_install
from sklearn_zcore._parallel import in_order
from sklearn_zcore.rows._statistics import fingerprints

T = TypeVar("T")
OnBlock = Callable[[NDArray[Any], int], T]

# A worker holds one block, and often a copy of it: few enough bytes for small workers, enough that
# what is done once a block costs nothing.
BLOCK_BYTES = 32 * 2**20
_LOOK_AHEAD = 16  # results that may wait for being taken; they may be large


class BlockSource(Protocol):
    """Rows of numbers in blocks that stay where they are.

    Attributes
    ----------
    shape : tuple of int
        (n_samples, n_features)
    dtype : dtype
        That of every block: boolean, integer or floating.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n_samples, n_features)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of the values."""

    def map(
        self,
        function: OnBlock[T],
        *,
        n_jobs: int | None = None,
        done: Sequence[tuple[int, int]] = (),
    ) -> Iterator[tuple[slice, T]]:
        """Call a function of every block, and yield what it returns, in the order of the rows.

        Parameters
        ----------
        function : callable
            ``function(block, first_row)``: an array of shape (n_block, n_features), and the number
            of its first row. It runs where the block is: in a worker of joblib, or of Dask for a
            dask collection, and only what it returns moves. A worker that dies has it called
            again, so it must do no harm when it is called twice; and it must not change the block.
            If it has a method ``part(first, end)``, what that returns goes along with these rows
            instead: it may leave out what other rows need.
        n_jobs : int or None, default=None
            Workers of joblib, threads unless `joblib.parallel_config` says otherwise. A dask
            collection is worked on by the scheduler at hand, whatever this is.
        done : sequence of (int, int), default=()
            Runs of rows, first and end, that need not be looked at: a block of such rows alone is
            left out.

        Yields
        ------
        rows : slice
            Numbers of the block's rows.
        result : object
            What the function returned. Few results wait for being taken; who stops taking them
            ends the work.
        """

    def take(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Return some rows, by number, in the order that they are asked for.

        Parameters
        ----------
        rows : ndarray of shape (n_rows,), int

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            Read from the blocks that hold them, and from no others.
        """


def is_block_source(X: Any) -> bool:
    """Return whether X is a source of blocks already."""
    return (
        callable(getattr(X, "map", None))
        and callable(getattr(X, "take", None))
        and (type(X).__module__.startswith(f"{__package__}."))
    )


def check_table(kind: str, shape: Sequence[Any], dtype: np.dtype[Any]) -> None:
    """Raise unless something is a table of real numbers.

    Parameters
    ----------
    kind : str
        What it is, for the message.
    shape : sequence
    dtype : dtype
    """
    if len(shape) != 2:
        raise ValueError(
            f"X is a {kind} of {len(shape)} dimension(s), shape {tuple(shape)}, and rows of "
            f"numbers need two: (n_samples, n_features)."
        )
    if dtype.kind not in "biuf":
        raise TypeError(
            f"X is a {kind} of {dtype} values, and real numbers are needed. Turn it into numbers "
            f"first."
        )


class Pieces:
    """Blocks that joblib's workers read, each by its number.

    Parameters
    ----------
    bounds : ndarray of shape (n_pieces + 1,), int
        First row of every piece, and the end. What `read` gives of a piece may be several blocks.
    n_features : int
    dtype : dtype

    Attributes
    ----------
    feature_names : sequence of str or None
        Of tables.
    """

    feature_names: Any = None

    def __init__(self, bounds: NDArray[np.intp], n_features: int, dtype: np.dtype[Any]) -> None:
        self.bounds = bounds
        self.shape = (int(bounds[-1]), n_features)
        self.dtype = np.dtype(dtype)

    def read(self, piece: int) -> Iterator[NDArray[Any]]:
        """Yield the blocks of one piece in order."""
        raise NotImplementedError

    def part(self, piece: int) -> "Pieces":
        """Return what a worker needs to read this piece: little, for it may be sent to it."""
        return self

    def map(
        self,
        function: OnBlock[T],
        *,
        n_jobs: int | None = None,
        done: Sequence[tuple[int, int]] = (),
    ) -> Iterator[tuple[slice, T]]:
        """Call a function of every block, see `BlockSource`."""
        pieces = pieces_left(self.bounds, done)
        calls = (
            delayed(_on_piece)(
                self.part(p),
                p,
                int(self.bounds[p]),
                part_of(function, *self.bounds[p : p + 2].tolist()),
            )
            for p in pieces
        )
        results = in_order(calls, n_jobs=n_jobs, prefer="threads", look_ahead=_LOOK_AHEAD)
        for found in results:
            yield from found

    def blocks(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Yield all rows in order, some at a time, with their numbers."""
        for piece, first in enumerate(self.bounds[:-1].tolist()):
            for block in self.read(piece):
                yield slice(first, first + block.shape[0]), block
                first += block.shape[0]

    def fingerprints(self) -> NDArray[np.uint64]:
        """Return a hash of every row: equal for equal rows, whatever holds them."""
        hashes = np.empty(self.shape[0], np.uint64)
        for rows, block in self.blocks():
            hashes[rows] = fingerprints(block)
        return hashes

    def take(self, rows: NDArray[np.integer[Any]] | slice) -> NDArray[Any]:
        """Return some rows, by number, in the order that they are asked for."""
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(self.shape[0]))
        numbers, order, cuts = by_piece(rows, self.bounds)
        out = np.empty((numbers.size, self.shape[1]), self.dtype)
        for p in np.flatnonzero(np.diff(cuts)):
            own = order[cuts[p] : cuts[p + 1]]
            out[own] = self.pick(int(p), numbers[own] - self.bounds[p])
        return out

    def pick(self, piece: int, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return some rows of one piece, ascending, numbered from its first."""
        first, found = 0, []
        for block in self.read(piece):
            end = first + block.shape[0]
            found.append(block[rows[(rows >= first) & (rows < end)] - first])
            first = end
        return np.concatenate(found)


def part_of(function: OnBlock[T], first: int, end: int) -> OnBlock[T]:
    """Return what of a function goes along with some rows, see `BlockSource.map`."""
    part = getattr(function, "part", None)
    return function if part is None else part(first, end)


def by_piece(
    wanted: NDArray[np.integer[Any]], bounds: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Sort row numbers, and cut them where pieces end.

    Parameters
    ----------
    wanted : ndarray of shape (n_rows,), int
    bounds : ndarray of shape (n_pieces + 1,), int

    Returns
    -------
    rows : ndarray of shape (n_rows,), int
    order : ndarray of shape (n_rows,), int
        Positions in ``rows`` that sort them.
    cuts : ndarray of shape (n_pieces + 1,), int
        Where those of each piece begin in ``order``.
    """
    rows = np.asarray(wanted, np.intp)
    if rows.size and not (rows.min() >= 0 and rows.max() < bounds[-1]):
        raise IndexError(f"Rows {rows.min()} to {rows.max()} are asked for, of {bounds[-1]}.")
    order = np.argsort(rows, kind="stable")
    return rows, order, np.searchsorted(rows[order], bounds)


def pieces_left(bounds: NDArray[np.intp], done: Sequence[tuple[int, int]]) -> list[int]:
    """Return the pieces that have rows, less those all of whose rows are done.

    Parameters
    ----------
    bounds : ndarray of shape (n_pieces + 1,), int
    done : sequence of (int, int)
        Runs of rows, first and end; those beside each other count as one.

    Returns
    -------
    list of int
    """
    runs: list[list[int]] = []
    for first, end in sorted(done):
        if runs and first <= runs[-1][1]:
            runs[-1][1] = max(end, runs[-1][1])
        else:
            runs.append([first, end])
    firsts = np.array([first for first, _ in runs], np.intp)
    ends = np.array([end for _, end in runs] + [-1], np.intp)
    # The last run that begins at or before each piece.
    of_piece = np.searchsorted(firsts, bounds[:-1], side="right") - 1
    covered = (of_piece >= 0) & (ends[of_piece] >= bounds[1:])
    left: list[int] = np.flatnonzero((np.diff(bounds) > 0) & ~covered).tolist()
    return left


def _on_piece(pieces: Pieces, piece: int, first: int, function: Any) -> list[tuple[slice, Any]]:
    found = []
    for block in pieces.read(piece):
        end = first + block.shape[0]
        found.append((slice(first, end), function(block, first)))
        first = end
    return found


def rows_of_block(row_bytes: int) -> int:
    """Return how many rows a block has of some `BLOCK_BYTES`, at least one."""
    return max(1, BLOCK_BYTES // max(1, row_bytes))


def even_bounds(n_samples: int, row_bytes: int, multiple: int = 1) -> NDArray[np.intp]:
    """Cut rows into blocks of some `BLOCK_BYTES`.

    Parameters
    ----------
    n_samples, row_bytes : int
    multiple : int, default=1
        What the number of a block's rows is a multiple of, if that is not far more.

    Returns
    -------
    ndarray of shape (n_blocks + 1,), int
    """
    rows = rows_of_block(row_bytes)
    if multiple > 1:
        rows = max(1, rows // multiple) * multiple
    return np.append(np.arange(0, n_samples, rows), n_samples).astype(np.intp)


def joined(
    blocks: Iterable[Any], sizes: Sequence[int], most: int
) -> tuple[list[list[Any]], list[int]]:
    """Put small neighbours together: lists of blocks, and the number of rows of each list.

    Parameters
    ----------
    blocks : iterable
    sizes : sequence of int
        Rows of each.
    most : int
        A list has no more rows, unless a single block has.

    Returns
    -------
    lists : list of list
    rows : list of int
    """
    lists: list[list[Any]] = []
    rows: list[int] = []
    for block, size in zip(blocks, sizes, strict=True):
        if rows and rows[-1] + size <= most:
            lists[-1].append(block)
            rows[-1] += size
        else:
            lists.append([block])
            rows.append(size)
    return lists, rows


def need(module: str, extra: str, what: str) -> Any:
    """Import a module of an extra; raise ImportError that names the extra if it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        if sys.modules.get(module, module) is not None and error.name not in (None, module):
            raise
        raise ImportError(f"{what} need {module}. {how_to_install(extra)}") from error
