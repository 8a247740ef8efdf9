"""The decorators of the kernels: serial, without the GIL, compiled once and kept on disk."""

import os
from collections.abc import Callable
from typing import Any

import numba

# A cached kernel is compiled anew when its own file changes, not when a helper that it calls does:
# after editing _vector or _grid, touch _kernels.
#
# Compiled code is kept beside the package, or in the user's cache directory where that cannot be
# written to. SKLEARN_ZCORE_NUMBA_CACHE=0 turns it off, e.g. on a full or shared disk.
_CACHE = os.environ.get("SKLEARN_ZCORE_NUMBA_CACHE", "1").lower() not in {"0", "false", "no"}
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}


def jit(function: Callable[..., Any]) -> Any:
    """Compile a kernel that Python calls, lazily, with numba.

    Parameters
    ----------
    function : callable

    Returns
    -------
    callable
        The compiled kernel.
    """
    try:
        return numba.njit(cache=_CACHE, **_OPTIONS)(function)
    except RuntimeError:  # numba found no directory that it can write to: compile in each process
        return numba.njit(**_OPTIONS)(function)


def jit_helper(function: Callable[..., Any] | None = None, *, fastmath: Any = False) -> Any:
    """Compile a helper that only kernels call.

    Its code is part of theirs, on disk too. Without wrappers for Python and C and a cache of its
    own, the first fit on a machine compiles in three quarters of the time. Nor does it count
    references, which took a third of a draw's time: it can slice arrays, but not allocate them.

    Parameters
    ----------
    function : callable
        The helper.
    fastmath : bool or set of str, default=False
        LLVM's fast-math flags.

    Returns
    -------
    callable
        The compiled helper.
    """
    if function is None:
        return lambda f: jit_helper(f, fastmath=fastmath)
    options = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    options["fastmath"] = fastmath
    return numba.njit(**options)(function)
