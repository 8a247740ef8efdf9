"""The progress bar of long work."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


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


class Bar(Silent):
    """Progress bar of rich on stderr: draws (say) done, draws a second, time left."""

    def __init__(self, title: str, unit: str, rate: str = "/s") -> None:
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
        self._total = self._worked = self._done = 0
        self._per_second = rate
        self._begin = time.perf_counter()

    def add_total(self, n: int) -> None:
        """Announce ``n`` more."""
        self._total += n
        self.display.update(self._task, total=self._total)

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
        self.display.update(self._task, completed=self._done, pace=", ".join(told))


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
    Silent or Bar
        To be told of more to do, and of what is done.
    """
    if not verbose:
        yield Silent()
        return
    bar = Bar(title, unit, rate)
    with bar.display:
        yield bar
