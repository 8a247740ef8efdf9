"""What the extras bring, imported when it is wanted."""

from importlib import import_module
from typing import Any

from sklearn_zcore._extras import install

_EXTRAS = {
    "PIL": "report",
    "bokeh": "report",
    "jinja2": "report",
    "matplotlib": "plot",
    "pandas": "table",
}


def needed(module: str, caller: str) -> Any:
    """Import a module of an extra.

    Parameters
    ----------
    module : str
        Such as ``"pandas"`` or ``"matplotlib.pyplot"``.
    caller : str
        What needs it, for the message.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If it is missing; says which extra brings it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        raise ImportError(f"{caller} needs {package}: {install(_EXTRAS[package])}.") from error
