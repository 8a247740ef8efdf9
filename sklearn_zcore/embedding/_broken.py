"""What is said of items that cannot be embedded."""

import os
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from sklearn_zcore._escape import shown
from sklearn_zcore._warnings import warn_user


class BrokenInputError(ValueError):
    """Some items cannot be read; all others have been embedded.

    Attributes
    ----------
    errors : dict of int to str
        From the row of each broken item to the reason.
    embeddings : ndarray of shape (n_samples, n_features)
        What was computed, with NaN in the rows of the broken items.
    """

    def __init__(self, message: str, errors: dict[int, str], embeddings: NDArray[Any]) -> None:
        super().__init__(message)
        self.errors = errors
        self.embeddings = embeddings

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with all arguments, so that the error comes back from worker processes."""
        return type(self), (str(self), self.errors, self.embeddings)


class BrokenInputWarning(UserWarning):
    """Some items cannot be read, and their rows are NaN."""


def report(
    errors: dict[int, str],
    values: Sequence[Any],
    embeddings: NDArray[Any],
    on_error: str,
    cache_dir: str | os.PathLike[str] | None,
) -> None:
    """Raise, or for on_error="nan" warn, with a list of all broken items.

    Parameters
    ----------
    errors : dict of int to str
        From rows to reasons.
    values : sequence
        X.
    embeddings : ndarray of shape (n_samples, n_features)
    on_error, cache_dir
        Parameters of `FoundationEmbedder`.

    Raises
    ------
    BrokenInputError
    """
    errors = dict(sorted(errors.items()))
    message = list_errors(errors, values)
    if on_error == "nan":
        warn_user(f"{message}\nTheir rows are NaN.", BrokenInputWarning)
        return
    kept = (
        f"The embeddings of all others are in the cache {shown(os.fspath(cache_dir))}."
        if cache_dir is not None
        else "The embeddings of all others are in this error's attribute `embeddings`; with a "
        "cache_dir they would be kept."
    )
    raise BrokenInputError(
        f"{message}\n{kept} Mend or leave out the broken ones, or set on_error='nan'.",
        errors,
        embeddings,
    )


def list_errors(errors: dict[int, str], values: Sequence[Any]) -> str:
    """Return a message with one line for each broken item.

    Parameters
    ----------
    errors : dict of int to str
    values : sequence
        X.

    Returns
    -------
    str
    """
    n_errors, n_values = len(errors), len(values)
    lines = [f"{n_errors} of {n_values} items cannot be embedded:"]
    for row, reason in errors.items():
        name = f", {shown(name_of(values[row]))}" if isinstance(values, list | tuple) else ""
        lines.append(f"  row {row}{name}: {shown(reason)}")
    return "\n".join(lines)


def name_of(value: Any) -> str:
    """Return what tells an item from others: its path, if it has one."""
    if isinstance(value, dict):
        value = value.get("path") or "bytes"
    if isinstance(value, str | os.PathLike):
        return os.fspath(value)
    return str(getattr(value, "filename", None) or type(value).__name__)
