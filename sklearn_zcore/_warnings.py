"""Warnings that point at the user's line."""

import sys
import warnings
from types import FrameType

# Whose frames lie between a call of the user's and the warning.
_PASSED_THROUGH = {"sklearn_zcore", "sklearn", "joblib", "numba", "contextlib", "imblearn"}


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and name the line outside of this package and scikit-learn that led here.

    Parameters
    ----------
    message : str
    category : type of Warning, default=UserWarning
    """
    level = 2
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _PASSED_THROUGH:
            break
        frame, level = frame.f_back, level + 1
    else:
        level = 2  # nobody's but ours, as in the command
    warnings.warn(message, category, stacklevel=level)
