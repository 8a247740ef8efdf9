"""Whether a selector is a step of a Pipeline that has more steps behind it."""

import sys
from types import FrameType

# Of scikit-learn and imbalanced-learn alike: what a Pipeline fits all steps but the last with, and
# FeatureUnion and ColumnTransformer all of theirs.
_FITS_A_STEP = "_fit_transform_one"
_WRAPPERS = {"sklearn.utils._set_output", "sklearn.base"}


def steps_follow() -> bool:
    """Return whether the method that asks has been called for steps that come behind.

    A transformer is not told that it is a step. The call itself does not show it either: alone,
    ``fit_transform(X, y)`` is legal, and scikit-learn's checks make it. So the caller is looked
    at. Where that ceases to work, the next step raises an error of its own, only less clear.

    Returns
    -------
    bool
    """
    frame: FrameType | None = sys._getframe(1)
    package = __name__.partition(".")[0]
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module not in _WRAPPERS and module.partition(".")[0] != package:
            return frame.f_code.co_name == _FITS_A_STEP
        frame = frame.f_back
    return False
