"""What Python calls methods in its own messages about arguments."""

import inspect
from types import FunctionType
from typing import Any


def name_methods_plainly(cls: type[Any]) -> None:
    """Have methods that a class inherits within the package called by their names alone.

    "BaseCoresetSelector.fit() got an unexpected keyword argument" names a class that whoever called
    ``KMeansSelector().fit`` has never heard of. Python takes what it says from the function.

    Parameters
    ----------
    cls : type
        A class that has just been made.
    """
    package = __name__.partition(".")[0]
    for base in cls.__mro__[1:]:
        if base.__module__.partition(".")[0] != package:
            continue
        for name, method in vars(base).items():
            method = getattr(method, "fn", method)  # of available_if
            if name.startswith("_") or not isinstance(method, FunctionType):
                continue
            method.__qualname__ = name
            inner = inspect.unwrap(method)  # what scikit-learn has put its own around
            inner.__qualname__ = name
