"""What a long run has summed so far, kept in a file, so that another process can go on."""

import json
import os
import time
import zlib
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore._atomic import atomic
from sklearn_zcore._warnings import warn_user

_MAGIC = b"sklearn-zcore checkpoint 1\n"
_SECONDS_APART = 30.0
_AT_ONCE = 2**22  # bytes


class State(NamedTuple):
    """Where a run is.

    Attributes
    ----------
    sums : ndarray of shape (2, n_samples), int64
    done : ndarray of shape (n_subspaces,), bool
        Which subspaces of the plan at hand are in the sums.
    n_draws, n_rounds : int
        What had been drawn before that plan.
    n_wanted : int
        How many draws there are to be at the end of this `Scorer.add`.
    n_targets : int
        How many of them share a subspace.
    seed : int
    """

    sums: NDArray[np.int64]
    done: NDArray[np.bool_]
    n_draws: int
    n_rounds: int
    n_wanted: int
    n_targets: int
    seed: int


class Checkpoint:
    """A file that is replaced now and then, whole at any time.

    Parameters
    ----------
    path : str or path-like
    key : str
        Of the data and the parameters: what is kept of others is refused.
    """

    def __init__(self, path: str | os.PathLike[str], key: str) -> None:
        self._path, self._key = Path(path), key
        self._last = time.monotonic()

    def load(self) -> State | None:
        """Return what is kept; None if there is no file.

        Raises
        ------
        ValueError
            If it is of another fit, no checkpoint, or damaged.
        """
        remedy = "Delete it, or give the path of another file."
        try:
            with open(self._path, "rb") as file:
                if file.readline() != _MAGIC:
                    raise ValueError(f"{self._path} is no checkpoint of a fit. {remedy}")
                try:
                    header = json.loads(file.readline())
                    key, n_samples, n_subspaces = (header.pop(name) for name in _NAMES)
                    sums = np.empty((2, n_samples), np.int64)
                    done = np.empty(n_subspaces, bool)
                    check = _read(file, done, _read(file, sums, 0))
                    if check != int.from_bytes(file.read(8), "little"):
                        raise ValueError("check sum")
                    state = State(sums, done, **header)
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    raise ValueError(f"{self._path} is damaged. {remedy}") from error
        except FileNotFoundError:
            return None
        if key != self._key:
            raise ValueError(
                f"The checkpoint in {self._path} is of other rows or other parameters. {remedy}"
            )
        return state

    def is_due(self) -> bool:
        """Return whether the last one is old enough."""
        return time.monotonic() - self._last >= _SECONDS_APART

    def save(self, state: State) -> None:
        """Replace what is kept; a full disk costs no work, and a warning says so."""
        self._last = time.monotonic()
        numbers = {name: int(getattr(state, name)) for name in State._fields[2:]}
        sizes = (self._key, state.sums.shape[1], state.done.size)
        header = {**dict(zip(_NAMES, sizes, strict=True)), **numbers}
        try:
            with atomic(self._path, force=True) as file:
                file.write(_MAGIC + json.dumps(header).encode() + b"\n")
                check = _write(file, state.done, _write(file, state.sums, 0))
                file.write(check.to_bytes(8, "little"))
        except OSError as error:
            warn_user(
                f"checkpoint: {self._path} could not be written ({error.strerror}). The fit goes "
                f"on without."
            )

    def remove(self) -> None:
        """Forget what is kept."""
        self._path.unlink(missing_ok=True)


_NAMES = ("key", "n_samples", "n_subspaces")


def _pieces(array: NDArray[Any]) -> list[memoryview]:
    view = memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return [view[i : i + _AT_ONCE] for i in range(0, len(view), _AT_ONCE)]


def _write(file: IO[bytes], array: NDArray[Any], check: int) -> int:
    for piece in _pieces(array):
        file.write(piece)
        check = zlib.crc32(piece, check)
    return check


def _read(file: IO[bytes], array: NDArray[Any], check: int) -> int:
    for piece in _pieces(array):
        if file.readinto(piece) != len(piece):  # type: ignore[attr-defined]
            raise ValueError("cut short")
        check = zlib.crc32(piece, check)
    return check
