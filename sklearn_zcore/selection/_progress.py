"""The progress bar of a long fit."""

from collections.abc import Iterator
from contextlib import contextmanager


class Silent:
    """Progress that nobody sees."""

    def add_total(self, n: int) -> None:
        """Announce ``n`` more draws."""

    def advance(self, n: int) -> None:
        """Report ``n`` finished draws."""


class Bar(Silent):
    """Progress bar of rich: share done, draws, draws a second, time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self.display = Progress(
            TextColumn("ZCore"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("draws, {task.fields[rate]}, left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self.display.add_task("draws", total=0, rate="...")
        self._total = 0

    def add_total(self, n: int) -> None:
        """Announce ``n`` more draws."""
        self._total += n
        self.display.update(self._task, total=self._total)

    def advance(self, n: int) -> None:
        """Report ``n`` finished draws."""
        self.display.advance(self._task, n)
        speed = self.display.tasks[0].speed
        if speed:
            self.display.update(self._task, rate=f"{speed:,.0f}/s")


@contextmanager
def draws_progress(verbose: int) -> Iterator[Silent]:
    """Show a progress bar on stderr if ``verbose``, for as long as the context lasts."""
    if not verbose:
        yield Silent()
        return
    bar = Bar()
    with bar.display:
        yield bar
