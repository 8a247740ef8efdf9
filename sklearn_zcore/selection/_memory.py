"""Rankings and draws kept on disk, so that a search over budgets works them out once a fold."""

import os
from collections.abc import Callable
from typing import Any

import joblib
from sklearn.utils._param_validation import HasMethods

MEMORY_CONSTRAINT: list[Any] = [str, os.PathLike, HasMethods("cache"), None]


def cached(function: Callable[..., Any], memory: Any, ignore: list[str]) -> Callable[..., Any]:
    """Return the function, or one that looks its results up in ``memory`` first.

    Parameters
    ----------
    function : callable
    memory : str, path-like, joblib.Memory or None
    ignore : list of str
        Arguments that do not change the result.

    Returns
    -------
    callable
    """
    if memory is None:
        return function
    if isinstance(memory, str | os.PathLike):
        memory = joblib.Memory(os.fspath(memory), verbose=0)
    kept: Callable[..., Any] = memory.cache(function, ignore=ignore)
    return kept
