"""Embedding of images and texts by foundation models, once.

torch, transformers and Pillow (the extra ``embed``) are imported when an item has to be computed.
"""

from sklearn_zcore.embedding._backbone import release_models
from sklearn_zcore.embedding._broken import BrokenInputError, BrokenInputWarning
from sklearn_zcore.embedding._cache_info import cache_info, clear_cache, default_cache_dir
from sklearn_zcore.embedding._database import CacheError
from sklearn_zcore.embedding._embedder import FoundationEmbedder
from sklearn_zcore.embedding._folder import load_image_folder
from sklearn_zcore.embedding._images import UnreadableImage
from sklearn_zcore.embedding._models import ALIASES
from sklearn_zcore.embedding._run import EmbeddingRun
from sklearn_zcore.embedding._thumbnail import encode_thumbnail, image_sequence

__all__ = [
    "ALIASES",
    "BrokenInputError",
    "BrokenInputWarning",
    "CacheError",
    "EmbeddingRun",
    "FoundationEmbedder",
    "UnreadableImage",
    "cache_info",
    "clear_cache",
    "default_cache_dir",
    "encode_thumbnail",
    "image_sequence",
    "load_image_folder",
    "release_models",
]
