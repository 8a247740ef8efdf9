"""A comparison of selectors: run, and drawn."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sklearn_zcore.handover import Output
from sklearn_zcore.tables import TableError, require

from ._command import opt
from ._errors import CliError
from ._options import ForceOptions
from ._output import check_free

FIGURES = (".png", ".pdf", ".svg")


@dataclass(frozen=True, kw_only=True)
class FigureOptions(ForceOptions):
    """The picture of a comparison."""

    figure: Path | None = opt(
        None, "FILE", "Draw how far each method is ahead of random draws: .png, .pdf or .svg."
    )


def check_figure(path: Path, *, force: bool) -> Output:
    """Refuse a figure that could not be drawn or written, before any work is done."""
    require("matplotlib", "pandas", why="--figure")
    kind = path.suffix.lower()
    if kind not in FIGURES:
        raise CliError(f"--figure {path}: it can be {', '.join(FIGURES)}.")
    check_free(path, force=force)
    return Output(path, kind, force)


def run_comparison(*args: Any, **parameters: Any) -> Any:
    """Return what `compare_selectors` does; what it complains of becomes a message."""
    from sklearn_zcore.inspection import compare_selectors

    try:
        return compare_selectors(*args, **parameters)
    except TableError:
        raise  # Its words name options already.
    except (ValueError, TypeError) as error:
        raise CliError(str(error)) from error


def draw_figure(file: IO[bytes], output: Output, found: Any) -> None:
    """Write the picture of a comparison."""
    from matplotlib.figure import Figure

    from sklearn_zcore.inspection import SelectorComparisonDisplay

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    SelectorComparisonDisplay.from_comparison(found, ax=figure.subplots())
    figure.savefig(file, format=output.format[1:], dpi=150)
