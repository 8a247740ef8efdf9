"""The progress bar of a long fit."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Silent:
    """Progress that nobody sees."""

    def add_total(self, n: int) -> None:
        """Announce ``n`` more draws, or whatever the fit counts."""

    def advance(self, n: int) -> None:
        """Report that ``n`` more are done."""


class Bar(Silent):
    """Progress bar of rich on stderr: draws (say) done, draws a second, time left."""

    def __init__(self, title: str, unit: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self.display = Progress(
            TextColumn(title),
            BarColumn(),
            TextColumn(
                "{task.completed:,.0f}/{task.total:,.0f} {task.description}, {task.fields[pace]}"
            ),
            console=Console(stderr=True),
        )
        # The first fit on a machine compiles the kernels, which can take ten seconds.
        self._task = self.display.add_task(unit, total=0, pace="preparing")
        self._total = self._done = 0
        self._begin = time.perf_counter()

    def add_total(self, n: int) -> None:
        """Announce ``n`` more."""
        self._total += n
        self.display.update(self._task, total=self._total)

    def advance(self, n: int) -> None:
        """Report that ``n`` more are done."""
        self._done += n
        rate = self._done / (time.perf_counter() - self._begin)
        left = time.strftime("%H:%M:%S", time.gmtime((self._total - self._done) / rate))
        self.display.update(self._task, completed=self._done, pace=f"{rate:,.0f}/s, {left} left")


@contextmanager
def fit_progress(verbose: int, title: str, unit: str) -> Iterator[Silent]:
    """Show a progress bar on stderr if ``verbose``, for as long as the context lasts."""
    if not verbose:
        yield Silent()
        return
    bar = Bar(title, unit)
    with bar.display:
        yield bar
