"""Coresets for scikit-learn: the few per cent of a data set worth labelling, storing, training on.

No labels and no training are needed. See `ZCoreSelector` for the published method and
`RandomSelector` for the yardstick that every selection has to beat; `FoundationEmbedder` makes rows
of numbers from images and texts.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn_zcore.embedding import FoundationEmbedder, load_image_folder
    from sklearn_zcore.selection import RandomSelector, ZCoreSelector

__version__ = "0.1.0"
__all__ = [
    "FoundationEmbedder",
    "RandomSelector",
    "ZCoreSelector",
    "__version__",
    "load_image_folder",
]
_EMBEDDING = ("FoundationEmbedder", "load_image_folder")


def __getattr__(name: str) -> Any:
    # Lazy, so that the command answers --help before scikit-learn has been imported.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _EMBEDDING:
        from sklearn_zcore import embedding

        return getattr(embedding, name)
    from sklearn_zcore import selection

    return getattr(selection, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
