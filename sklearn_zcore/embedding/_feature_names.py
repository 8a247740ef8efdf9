"""How many features an embedder's models give, and what they are called."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.exceptions import NotFittedError

from sklearn_zcore.embedding._extra import require_embed_extra


class FeatureNamesMixin(ClassNamePrefixFeaturesOutMixin):
    """Adds `get_feature_names_out` to an embedder, before its first transform, too."""

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the features: the class's, in lower case, and their numbers.

        Before the first transform, the model is loaded and a blank item embedded to count them.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of str

        Raises
        ------
        ImportError, OSError, ValueError
            As `transform` does, if the model is not to be had.
        """
        self._n_features_out = self._count_features()
        names: NDArray[np.object_] = super().get_feature_names_out(input_features)
        return names

    def _count_features(self) -> int:
        parameters = self._output_parameters()
        seen = getattr(self, "_seen", None)
        if seen is None or seen[0] != parameters:
            if _is_displayed():
                raise NotFittedError("Features are counted by transform, not for a display.")
            require_embed_extra()
            width = 0
            for source in self._sources():
                image = self.modality != "text" and "image" in source.embeds
                width += self._backbone(source, "image" if image else "text").width
            self._seen = seen = parameters, width
        return int(seen[1])

    def _output_parameters(self) -> tuple[Any, ...]:
        return self.model, self.revision, self.modality, self.pooling, self.layer


def _is_displayed() -> bool:
    """Return whether scikit-learn is drawing a diagram, for which it asks for all names."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if str(frame.f_globals.get("__name__")).startswith("sklearn.utils._repr_html"):
            return True
    return False
