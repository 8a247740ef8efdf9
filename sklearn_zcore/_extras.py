"""How to get what an extra brings: from a checkout, and from an index."""


def how_to_install(extra: str) -> str:
    """Say how to install an extra.

    Parameters
    ----------
    extra : str
        Such as ``"table"``.

    Returns
    -------
    sentence : str

    Examples
    --------
    >>> from sklearn_zcore._extras import how_to_install
    >>> print(how_to_install("plot"))
    Install the extra: pip install "sklearn-zcore[plot]"; in a checkout: pip install ".[plot]".
    """
    return f"Install the extra: {install(extra)}."


def install(extra: str) -> str:
    """Return the commands alone.

    Parameters
    ----------
    extra : str

    Returns
    -------
    commands : str
    """
    return f'pip install "sklearn-zcore[{extra}]"; in a checkout: pip install ".[{extra}]"'
