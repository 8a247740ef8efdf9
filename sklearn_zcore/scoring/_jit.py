"""One decorator for every kernel: serial, without the GIL, compiled once and kept on disk."""

import os
from collections.abc import Callable
from typing import Any

import numba

# A cached kernel is compiled anew when its own file changes, not when a kernel that it calls does:
# after editing _vector or _grid, touch _kernels.
#
# Compiled code is kept beside the package, or in the user's cache directory where that cannot be
# written to. SKLEARN_ZCORE_NUMBA_CACHE=0 turns it off, e.g. on a full or shared disk.
_CACHE = os.environ.get("SKLEARN_ZCORE_NUMBA_CACHE", "1").lower() not in {"0", "false", "no"}


def jit(function: Callable[..., Any] | None = None, *, fastmath: Any = False) -> Any:
    """Compile ``function`` lazily with numba.

    Parameters
    ----------
    function : callable
        The kernel.
    fastmath : bool or set of str, default=False
        LLVM's fast-math flags; only flags that cannot change a result are used in this package.

    Returns
    -------
    callable
        The compiled kernel.
    """
    if function is None:
        return lambda f: jit(f, fastmath=fastmath)
    options = {"nogil": True, "fastmath": fastmath, "error_model": "numpy"}
    try:
        return numba.njit(cache=_CACHE, **options)(function)
    except RuntimeError:  # numba found no directory that it can write to: compile in each process
        return numba.njit(**options)(function)
