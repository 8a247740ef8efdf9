"""The optional packages behind the extra ``embed``."""

import importlib.util
import sys

from sklearn_zcore._extras import how_to_install

PACKAGES = {
    "torch": "torch",
    "transformers": "transformers",
    "safetensors": "safetensors",
    "PIL": "pillow",
}


def require_embed_extra() -> None:
    """Raise if a package that embedding needs is not installed; import none of them.

    Raises
    ------
    ImportError
        Names the packages and the extra that brings them.
    """
    missing = [package for module, package in PACKAGES.items() if not _is_installed(module)]
    if missing:
        raise ImportError(
            f"FoundationEmbedder needs {', '.join(missing)}, which cannot be imported. "
            f"{how_to_install('embed')}"
        )


def _is_installed(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None
    return importlib.util.find_spec(module) is not None
