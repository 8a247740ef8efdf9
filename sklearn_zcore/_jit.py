"""The decorators of the kernels: serial, without the GIL, compiled once and kept on disk."""

import contextlib
import os
from collections.abc import Callable
from typing import Any

import numba

from sklearn_zcore._warnings import warn_user

# A cached kernel is compiled anew when its own file changes, not when a helper that it calls does:
# after editing _vector or _grid, touch _kernels.
#
# Compiled code is kept beside the package, or in the user's cache directory where that cannot be
# written to; NUMBA_CACHE_DIR names another. SKLEARN_ZCORE_NUMBA_CACHE=0 turns it off.
_CACHE = os.environ.get("SKLEARN_ZCORE_NUMBA_CACHE", "1").lower() not in {"0", "false", "no"}
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}


class _ForgivingCache:
    """numba's cache of a kernel, which ends nothing when it is damaged or the disk is full.

    Parameters
    ----------
    cache : numba.core.caching.FunctionCache
    """

    _has_told = False  # for all kernels: one warning a process

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def load_overload(self, *args: Any) -> Any:
        """Return compiled code, or None where there is none that can be read."""
        try:
            return self._cache.load_overload(*args)
        except Exception as error:  # whatever a file that is no pickle makes of the unpickler
            self._tell("read", error)
            with contextlib.suppress(Exception):
                self._cache.flush()  # an empty index: what is compiled now is kept again
            return None

    def save_overload(self, *args: Any) -> None:
        """Keep compiled code, if that can be done."""
        try:
            self._cache.save_overload(*args)
        except Exception as error:
            self._tell("written", error)

    def _tell(self, what: str, error: Exception) -> None:
        if _ForgivingCache._has_told:
            return
        _ForgivingCache._has_told = True
        warn_user(
            f"The cache of compiled kernels in {self._cache.cache_path} could not be {what} "
            f"({type(error).__name__}: {error}). Kernels are compiled anew; delete that folder, "
            f"set NUMBA_CACHE_DIR to another, or SKLEARN_ZCORE_NUMBA_CACHE=0 to keep none."
        )


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
    kernel = numba.njit(**_OPTIONS)(function)
    if _CACHE:
        try:
            kernel.enable_caching()
        except RuntimeError:  # numba found no directory that it can write to
            return kernel
        kernel._cache = _ForgivingCache(kernel._cache)
    return kernel


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
