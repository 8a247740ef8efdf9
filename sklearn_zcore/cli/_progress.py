"""The progress bar of work that goes in steps."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def steps(total: int, unit: str, verbose: bool) -> Iterator[Callable[[], None]]:
    """Show a bar on stderr if ``verbose``.

    Parameters
    ----------
    total : int
        Number of steps.
    unit : str
        What a step is, in the plural.
    verbose : bool
        Whether to show it.

    Yields
    ------
    advance : callable
        To be called after every step.
    """
    if not verbose:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Left())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(unit, total=total)
        yield lambda: bar.advance(task)
