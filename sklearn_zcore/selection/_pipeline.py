"""Whether whoever called a selector can do with fewer rows than it gave.

A transformer is not told that it is a step of something. The call itself does not show it either:
alone, ``fit_transform(X, y)`` is legal, and scikit-learn's checks make it. So the callers are
looked at. Where that ceases to work, most of them raise an error of their own, only less clear.
"""

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, NamedTuple

# Of scikit-learn and imbalanced-learn alike: what a Pipeline fits all steps but the last with, and
# FeatureUnion and ColumnTransformer all of theirs.
_FITS_A_STEP = "_fit_transform_one"
_TRANSFORMS_A_STEP = "_transform_one"
_RUNS_SIDE_BY_SIDE = "sklearn.utils.parallel"
_WRAPPERS = {"sklearn.utils._set_output", "sklearn.base"}
# Frames of anybody else's end the search: what they do with the rows is theirs to know.
_PASSED_THROUGH = {"sklearn", "joblib", "skrub", "imblearn", __name__.partition(".")[0]}


class Misfit(NamedTuple):
    """Something that counts on the rows which a selector would drop.

    Attributes
    ----------
    kind : {"skrub", "side by side", "steps"}
    glue : str
        The class that puts outputs side by side.
    """

    kind: str
    glue: str = ""

    def refuse(self, owner: str, n_selected: int, n_samples: int) -> None:
        """Raise ValueError if fewer rows are returned than there are, and say what to do."""
        if n_selected == n_samples:
            return
        if self.kind == "skrub":
            raise ValueError(
                f"{owner} would return {n_selected} of {n_samples} rows, and skrub puts what a "
                f"transformer returns back beside all {n_samples}: it keeps every row. Select "
                f"outside of skrub's ApplyToCols and .skb.apply, e.g. "
                f"{owner}(...).fit_transform(X), or give .skb.apply a model: "
                f"CoresetClassifier(estimator, selector={owner}(...)), or CoresetRegressor."
            )
        if self.kind == "side by side":
            raise ValueError(
                f"{owner} would return {n_selected} of {n_samples} rows, and a {self.glue} puts "
                f"them beside what its other transformers return, which are other rows. Put all "
                f"columns together first and select from the whole: "
                f"make_pipeline({self.glue.split()[0]}(...), {owner}(...))."
            )
        raise ValueError(
            f"{owner} would pass {n_selected} of {n_samples} rows on to the next step, and y keeps "
            f"{n_samples}: a Pipeline's transformer cannot drop rows of y. Put the steps behind "
            f"{owner} into CoresetClassifier(estimator, selector={owner}(...)), or "
            f"CoresetRegressor; in imbalanced-learn's Pipeline, use CoresetSampler instead."
        )


def find_misfit(*, labelled: bool = False) -> Misfit | None:
    """Return what counts on every row that the method which asks has been given.

    Parameters
    ----------
    labelled : bool, default=False
        Whether there is a y.

    Returns
    -------
    Misfit or None
        None if rows may be dropped.
    """
    glue = _glue()
    if glue == "skrub":
        return Misfit("skrub")
    if labelled:
        return Misfit("steps") if _steps_follow() else None
    return None if glue is None else Misfit("side by side", glue)


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _module_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _steps_follow() -> bool:
    """Return whether the method that asks has been called for steps that come behind."""
    package = __name__.partition(".")[0]
    for frame in _callers():
        module = _module_of(frame)
        if module not in _WRAPPERS and module.partition(".")[0] != package:
            return frame.f_code.co_name == _FITS_A_STEP
    return False


def _glue() -> str | None:
    """Return what puts the rows that are returned beside others; None if nothing does."""
    side_by_side, before = False, ""
    for frame in _callers():
        module, called = _module_of(frame), frame.f_code.co_name
        if module.partition(".")[0] not in _PASSED_THROUGH:
            break
        if module.startswith("skrub._apply"):
            return "skrub"
        if module == _RUNS_SIDE_BY_SIDE and before in (_FITS_A_STEP, _TRANSFORMS_A_STEP):
            side_by_side = True
        parts = _parts(frame.f_locals.get("self")) if side_by_side else None
        if parts is not None:
            if parts > 1:
                return type(frame.f_locals["self"]).__name__
            side_by_side = False  # alone it is beside nothing; go on to what is around
        before = called
    # In a worker, what it works for is out of sight.
    return "ColumnTransformer or FeatureUnion" if side_by_side else None


def _parts(owner: Any) -> int | None:
    """Return how many outputs a FeatureUnion or ColumnTransformer glues; None for all else."""
    kind = type(owner).__name__
    if kind not in ("FeatureUnion", "ColumnTransformer"):
        return None
    listed = owner.transformer_list if kind == "FeatureUnion" else owner.transformers
    parts = [part for _, part, *_ in listed] + [getattr(owner, "remainder", "drop")]
    return sum(not isinstance(part, str) or part != "drop" for part in parts)
