"""A fit that fails leaves its estimator as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def all_or_nothing(estimator: Any) -> Iterator[None]:
    """Give an estimator its attributes of before back where the context ends in an exception.

    What an attribute refers to is not copied: it must be replaced, not changed.

    Parameters
    ----------
    estimator : object
    """
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:  # Ctrl-C, too
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
