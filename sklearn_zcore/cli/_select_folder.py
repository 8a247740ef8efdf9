"""The work of ``zcore select FOLDER``: embed, select, write, copy, and tell."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._budget import Budget, parse_budget
from ._errors import CliError
from ._folder import (
    EmbeddedFolder,
    FolderRequest,
    check_request,
    embed_folder,
    folder_json,
    folder_lines,
    list_folder,
)
from ._image_output import check_image_output, check_target, files_at, write_table
from ._methods import get_method
from ._output import ADDED, Output
from ._run import Fit, Request, fit_selector, make_coreset

_FORMATS = (".csv", ".parquet")


@dataclass
class FolderOutcome:
    """All that there is to report after a selection from a folder."""

    request: Request
    embedded: EmbeddedFolder
    budget: Budget
    fit: Fit
    output: Output
    target: Path | None


# The options of `Request` that say how to read a table.
_FOR_TABLES = (
    "columns",
    "ignore",
    "carry",
    "raw",
    "missing",
    "key",
    "sep",
    "encoding",
    "na_values",
    "kind",
    "decimal",
)


def refuse_table_options(request: Request) -> None:
    """Refuse options that mean nothing to images.

    Parameters
    ----------
    request : Request
    """
    given = [f"--{name.replace('_', '-')}" for name in _FOR_TABLES if getattr(request, name)]
    given += ["--indices"] if request.indices else []
    if given:
        raise CliError(
            f"{', '.join(given)}: for tables, and {request.table} is a folder of images.",
            "Leave it out.",
        )


def select_folder(
    request: Request, images: FolderRequest, copy_to: Path | None, link_to: Path | None
) -> FolderOutcome:
    """Select a coreset of a folder of images and write the list of its files.

    Parameters
    ----------
    request : Request
        What to select, and where to write.
    images : FolderRequest
        How to embed.
    copy_to, link_to : Path or None
        Where to put the coreset's files.

    Returns
    -------
    outcome : FolderOutcome
        What was done.
    """
    check_request(images)
    budget = parse_budget(request.budget)
    method = get_method(request.method, request.selector)
    output = check_image_output(request.out, images.folder, _FORMATS, request.force)
    if copy_to is not None and link_to is not None:
        raise CliError("--copy-to and --link-to contradict.", "Leave one of them out.")
    target = copy_to or link_to
    if target is not None:
        check_target(target, images.folder, "--link-to" if link_to else "--copy-to")
    found = list_folder(images.folder)
    budget.rows(len(found.paths))  # Before the images: a budget above n is soon told.
    embedded = embed_folder(images, found)
    fit = fit_selector(method, request, embedded.X, budget.rows(len(embedded.paths)))
    coreset = make_coreset(fit.selector, None, request.order)
    paths = [embedded.paths[row] for row in coreset.rows]
    columns: dict[str, Any] = {"path": paths}
    if embedded.labels is not None:
        columns["label"] = embedded.labels[coreset.rows].tolist()
    added = (embedded.rows[coreset.rows], coreset.scores, coreset.ranks)
    columns |= {name: values.tolist() for name, values in zip(ADDED, added, strict=True)}
    with ExitStack() as stack:
        if target is not None:
            link = link_to is not None
            stack.enter_context(files_at(target, images.folder, paths, link=link))
        write_table(output, columns, force=request.force)
    return FolderOutcome(request, embedded, budget, fit, output, target)


def selected_lines(outcome: FolderOutcome) -> list[tuple[str, str]]:
    """Describe a selection for people.

    Parameters
    ----------
    outcome : FolderOutcome
        What was done.

    Returns
    -------
    lines : list of (label, text)
        For `print_lines`.
    """
    from ._report import stability_sentence

    fit = outcome.fit
    lines = folder_lines(outcome.embedded, outcome.request.table)
    lines.append(("method", f"{outcome.request.method}, {fit.seconds:.1f} s"))
    stability = getattr(fit.selector, "stability_", None)
    if stability is not None:
        lines.append(("stability", stability_sentence(stability)))
    size = outcome.budget.describe(len(outcome.embedded.paths)).replace("row", "image", 1)
    lines.append(("coreset", size))
    lines.append(("written", f"{outcome.output.path} (by {outcome.request.order})"))
    if outcome.target is not None:
        lines.append(("files", str(outcome.target)))
    return lines


def selected_json(outcome: FolderOutcome) -> dict[str, Any]:
    """Describe a selection for programs.

    Parameters
    ----------
    outcome : FolderOutcome
        What was done.

    Returns
    -------
    report : dict
        Of plain values.
    """
    request, selector = outcome.request, outcome.fit.selector
    stability = getattr(selector, "stability_", None)
    return {
        **folder_json(outcome.embedded, request.table),
        "output": str(outcome.output.path),
        "files": None if outcome.target is None else str(outcome.target),
        "method": request.method,
        "seed": request.seed,
        "budget": request.budget,
        "n_selected": int(selector.n_selected_),
        "seconds": round(outcome.fit.seconds, 4),
        "stability": None if stability is None else float(stability),
    }
