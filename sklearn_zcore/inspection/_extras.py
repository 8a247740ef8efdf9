"""What the extras bring, imported when it is wanted."""

from typing import Any


def pyplot(caller: str) -> Any:
    """Return matplotlib.pyplot.

    Parameters
    ----------
    caller : str
        What needs it, for the message.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If matplotlib is missing.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib: pip install 'sklearn-zcore[plot]'."
        ) from error
    return plt


def pandas(caller: str) -> Any:
    """Return pandas.

    Parameters
    ----------
    caller : str
        What needs it, for the message.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If pandas is missing.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(f"{caller} needs pandas: pip install 'sklearn-zcore[table]'.") from error
    return pd
