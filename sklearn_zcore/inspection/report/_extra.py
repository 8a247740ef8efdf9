"""The optional packages behind the extra ``report``."""

import importlib.util
import sys

_PACKAGES = {"jinja2": "jinja2", "bokeh": "bokeh", "PIL": "pillow"}


def require_report_extra() -> None:
    """Raise if a package that the report needs is not installed; import none of them.

    Raises
    ------
    ImportError
        Names the packages and the extra that brings them.
    """
    missing = [package for module, package in _PACKAGES.items() if not _is_installed(module)]
    if missing:
        raise ImportError(
            f"CoresetReport needs {', '.join(missing)}, which cannot be imported. Install the "
            f'extra that brings it: pip install "sklearn-zcore[report]".'
        )


def _is_installed(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None
    return importlib.util.find_spec(module) is not None
