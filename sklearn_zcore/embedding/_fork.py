"""What a forked child must do otherwise than its parent.

Of the parent's threads a child has none but the one that forked, and waits forever for those of
torch's pool that it believes to have, and for locks that others held.
"""

import os
import sys
import threading
from typing import Any

_was_torch_there = False


def _note() -> None:
    global _was_torch_there
    _was_torch_there = _was_torch_there or "torch" in sys.modules


def _in_children(call: Any) -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=call)


_in_children(_note)


class Lock:
    """A lock that is free in a child, whoever holds it in the parent when that is forked."""

    def __init__(self) -> None:
        self._renew()
        _in_children(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        """Wait for the lock."""
        self._lock.acquire()

    def __exit__(self, *exception: object) -> None:
        """Release it."""
        self._lock.release()


def keep_to_what_works(torch: Any) -> None:
    """Have torch compute in the one thread that there is, in a child whose parent has used it.

    Parameters
    ----------
    torch : module
    """
    if _was_torch_there and torch.get_num_threads() != 1:
        torch.set_num_threads(1)


def check_device(torch: Any, device: Any) -> None:
    """Refuse CUDA in a child whose parent has used it.

    Raises
    ------
    RuntimeError
    """
    is_bad = getattr(torch.cuda, "_is_in_bad_fork", None)
    if device.type == "cuda" and is_bad is not None and is_bad():
        raise RuntimeError(
            "This process was forked from one that has used CUDA, and cannot use it. Use joblib's "
            "backend 'threading' or 'loky', the start method 'spawn' of multiprocessing, or "
            "device='cpu'."
        )
