"""Free text as numbers: what character n-grams it shares, by skrub's StringEncoder."""

import warnings
from typing import Any

import numpy as np

from ._errors import require

# A seed of its own: the singular vectors of a text column must not change from call to call.
_SEED = 0


def encode_texts(name: str, values: np.ndarray, n_components: int) -> tuple[Any, np.ndarray]:
    """Fit skrub's encoder on a column of text.

    Parameters
    ----------
    name : str
        The column's name.
    values : ndarray of shape (n_rows,) of str or None
        Its values.
    n_components : int
        At most so many features.

    Returns
    -------
    encoder : skrub.StringEncoder
        The fitted encoder.
    features : ndarray of shape (n_rows, n_features), float32
        Of total variance 1, as a standardised column has it.
    """
    (skrub,) = require("skrub", why="Encoding free text")
    encoder = skrub.StringEncoder(
        n_components=min(n_components, max(1, len(values) - 1)), random_state=_SEED
    )
    with warnings.catch_warnings():
        # Of few rows or n-grams it keeps the first n-grams, with a warning for each column.
        warnings.filterwarnings("ignore", message="The matrix shape is", category=UserWarning)
        encoder.fit(_series(name, values))
    # Not fit_transform: its singular vectors differ in the last digits from what transform gives.
    return encoder, transform_texts(encoder, name, values)


def transform_texts(encoder: Any, name: str, values: np.ndarray) -> np.ndarray:
    """Encode other rows of a column of text; a missing text is an empty one."""
    features = np.asarray(encoder.transform(_series(name, values)), dtype=np.float32)
    return np.nan_to_num(features, copy=False)


def _series(name: str, values: np.ndarray) -> Any:
    import pandas as pd

    text = ["" if value is None else value for value in values]
    return pd.Series(pd.array(text, dtype="string"), name=name)
