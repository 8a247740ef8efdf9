"""The progress bar of long work."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SECONDS_APART = 0.2  # of a line that is written over


class Silent:
    """Progress that nobody sees."""

    def add_total(self, n: int) -> None:
        """Announce ``n`` more draws, rows, or whatever the work counts."""

    def advance(self, n: int = 1, *, free: int = 0, note: str = "") -> None:
        """Report that ``n`` more are done, and ``free`` more that took no work.

        Parameters
        ----------
        n : int, default=1
        free : int, default=0
            Found done, say in a cache: they count as done, and not for the rate.
        note : str, default=""
            What else there is to say, at the end of the line.
        """


class Counter(Silent):
    """What is done of how much, at which rate; subclasses show it."""

    def __init__(self, unit: str, rate: str) -> None:
        self._unit = unit
        self._total = self._worked = self._done = 0
        self._per_second = rate
        self._begin = time.perf_counter()
        # The first fit on a machine compiles the kernels, which can take ten seconds.
        self._pace = "preparing"

    def add_total(self, n: int) -> None:
        """Announce ``n`` more."""
        self._total += n
        self._show()

    def advance(self, n: int = 1, *, free: int = 0, note: str = "") -> None:
        """Report that ``n`` more are done, and ``free`` more that took no work."""
        self._worked += n
        self._done += n + free
        told = []
        if self._worked:
            rate = self._worked / (time.perf_counter() - self._begin)
            seconds = max(0, self._total - self._done) / rate
            digits = 0 if rate >= 10 else 1
            told.append(f"{rate:,.{digits}f}{self._per_second}")
            told.append(time.strftime("%H:%M:%S left", time.gmtime(seconds)))
        if note:
            told.append(note)
        self._pace = ", ".join(told)
        self._show()

    def _show(self) -> None:
        raise NotImplementedError


class Bar(Counter):
    """Progress bar of rich on stderr: draws (say) done, draws a second, time left."""

    def __init__(self, console: Any, title: str, unit: str, rate: str) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        super().__init__(unit, rate)
        self.display = Progress(
            TextColumn(title),
            BarColumn(),
            TextColumn(
                "{task.completed:,.0f}/{task.total:,.0f} {task.description}, {task.fields[pace]}"
            ),
            console=console,
        )
        self._task = self.display.add_task(unit, total=0, pace=self._pace)

    def _show(self) -> None:
        self.display.update(self._task, total=self._total, completed=self._done, pace=self._pace)


class Line(Counter):
    """The same as one line of text that is written over: for notebooks, with widgets or without.

    A notebook keeps what was written last, and so shows the end of the work when it is saved.
    """

    def __init__(self, title: str, unit: str, rate: str) -> None:
        super().__init__(unit, rate)
        self._title = title
        self._width = 0
        self._last = float("-inf")
        self._text = ""

    def _show(self) -> None:
        share = self._done / self._total if self._total else 0.0
        bar = "#" * round(20 * share)
        done = f"{self._done:,}/{self._total:,} {self._unit}"
        self._text = f"{self._title} [{bar:<20}] {done}, {self._pace}"
        if time.perf_counter() - self._last > _SECONDS_APART:
            self.write()

    def write(self, end: str = "") -> None:
        """Write the line over what stands there."""
        self._last = time.perf_counter()
        sys.stderr.write(f"\r{self._text:<{self._width}}{end}")
        sys.stderr.flush()
        self._width = len(self._text)


@contextmanager
def progress_bar(verbose: int, title: str, unit: str, *, rate: str = "/s") -> Iterator[Silent]:
    """Show a progress bar on stderr if ``verbose``, for as long as the context lasts.

    Parameters
    ----------
    verbose : int
    title : str
        What is going on.
    unit : str
        What is counted, in the plural.
    rate : str, default="/s"
        What is written after the number done in a second.

    Yields
    ------
    Silent, Bar or Line
        To be told of more to do, and of what is done.
    """
    if not verbose:
        yield Silent()
        return
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_jupyter:
        line = Line(title, unit, rate)
        try:
            yield line
        finally:
            line.write("\n")
        return
    bar = Bar(console, title, unit, rate)
    with bar.display:
        yield bar
