"""The command ``zcore``: a table in, a coreset out.

``main`` is the console script. Everything heavy (scikit-learn, numba, pandas) is imported by
the command that needs it, so that ``zcore --help`` answers at once.
"""

from ._app import main

__all__ = ["main"]
