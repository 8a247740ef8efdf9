"""The progress bar of a long embedding."""

from collections.abc import Iterator
from contextlib import contextmanager


class Silent:
    """Progress that nobody sees."""

    def advance(self, *, computed: int = 0, reused: int = 0, broken: int = 0) -> None:
        """Report finished items: computed, taken from the cache or an equal item, or broken."""


class Bar(Silent):
    """Progress bar of rich on stderr: items done, items a second, time left."""

    def __init__(self, total: int, noun: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.display = Progress(
            TextColumn("Embedding"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} " + noun + "s{task.fields[pace]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(stderr=True),
        )
        self._task = self.display.add_task("items", total=total, pace="")
        self._noun = noun
        self._computed = self._reused = self._broken = 0

    def advance(self, *, computed: int = 0, reused: int = 0, broken: int = 0) -> None:
        """Report finished items."""
        self._computed += computed
        self._reused += reused
        self._broken += broken
        self.display.advance(self._task, computed + reused + broken)
        elapsed = self.display.tasks[0].elapsed
        told = []
        if self._computed and elapsed:
            told.append(f"{self._computed / elapsed:,.1f} {self._noun}s/s")
        if self._reused:
            told.append(f"{self._reused:,} known")
        if self._broken:
            told.append(f"{self._broken:,} broken")
        self.display.update(self._task, pace="".join(f", {part}" for part in told))


@contextmanager
def embedding_progress(verbose: int, total: int, noun: str) -> Iterator[Silent]:
    """Show a progress bar on stderr if ``verbose``, for as long as the context lasts."""
    if not verbose:
        yield Silent()
        return
    bar = Bar(total, noun)
    with bar.display:
        yield bar
