"""Columns of categories and of free text as numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.preprocessing import OneHotEncoder

from ._report import MISSING_CATEGORY
from ._texts import encode_texts, transform_texts


class TextEncoders:
    """One-hot categories, and features of free text, as they are learned from training rows.

    Parameters
    ----------
    categorical, free : sequence of str
        Names of the columns of categories, and of those of free text.
    max_categories, n_text_features : int
        As `TablePreparation` takes them.
    """

    def __init__(
        self,
        categorical: Sequence[str],
        free: Sequence[str],
        *,
        max_categories: int,
        n_text_features: int,
    ) -> None:
        self._categorical, self._free = list(categorical), list(free)
        self._max_categories, self._n_text_features = max_categories, n_text_features
        self._one_hot: OneHotEncoder | None = None
        self._of_text: dict[str, Any] = {}

    def fit_transform(self, texts: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Learn from the columns of training rows, by name; return their features."""
        parts = []
        if self._categorical:
            self._one_hot = OneHotEncoder(
                handle_unknown="ignore",
                max_categories=self._max_categories,
                sparse_output=False,
                dtype=np.float32,
            )
            parts.append(self._one_hot.fit_transform(self._category_matrix(texts)))
        for name in self._free:
            encoder, features = encode_texts(name, texts[name], self._n_text_features)
            self._of_text[name] = encoder
            parts.append(features)
        return parts

    def transform(self, texts: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Return the features of other rows."""
        parts = []
        if self._one_hot is not None:
            parts.append(self._one_hot.transform(self._category_matrix(texts)))
        for name, encoder in self._of_text.items():
            parts.append(transform_texts(encoder, name, texts[name]))
        return parts

    def suffixes(self) -> dict[str, list[str]]:
        """Return for each column what its features are named, after the column's name."""
        found = {name: self._category_suffixes(i) for i, name in enumerate(self._categorical)}
        for name, encoder in self._of_text.items():
            found[name] = [f"_{i}" for i in range(encoder.n_components_)]
        return found

    def n_categories(self) -> dict[str, int]:
        """Return for each column of categories how many there are."""
        if self._one_hot is None:
            return {}
        sizes = map(len, self._one_hot.categories_)
        return dict(zip(self._categorical, sizes, strict=True))

    def _category_matrix(self, texts: dict[str, np.ndarray]) -> np.ndarray:
        """Put the columns of categories side by side; what is missing is a category."""
        columns = []
        for name in self._categorical:
            values = texts[name]
            columns.append(np.where(values == np.array(None), MISSING_CATEGORY, values))
        return np.column_stack(columns)

    def _category_suffixes(self, i: int) -> list[str]:
        assert self._one_hot is not None
        rare = self._one_hot.infrequent_categories_[i]
        kept = [c for c in self._one_hot.categories_[i] if rare is None or c not in set(rare)]
        return [f"_{c}" for c in kept] + ([] if rare is None else ["_rare"])
