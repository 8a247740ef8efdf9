"""Rounds, groups and weights: what is known of the rows besides their values."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ._column_values import column_numbers, joined, rows_in_file, rows_not_empty
from ._errors import TableError
from ._shares import parse_distance, parse_shares


@dataclass
class Campaign:
    """What the options say of the rows of the matrix.

    Attributes
    ----------
    parameters : dict
        Of the selector.
    keywords : dict
        Of its ``fit``.
    before : ndarray of int
        The rows selected before, by rank.
    goes_on : bool
        Whether they stay in the output.
    """

    parameters: dict[str, Any]
    keywords: dict[str, Any]
    before: Any
    goes_on: bool


def read_campaign(options: Any, input: Any, n_rows: int, out: Path) -> Campaign:
    """Look up what the options name.

    Parameters
    ----------
    options : object
        With the command's options of rounds, groups and weights as attributes.
    input : object
        Has the columns of the rows, by name.
    n_rows : int
        Rows of its matrix.
    out : Path
        Where the coreset goes.

    Returns
    -------
    Campaign
    """
    parameters: dict[str, Any] = {}
    keywords: dict[str, Any] = {}
    if options.min_distance is not None:
        parameters["min_distance"] = parse_distance(options.min_distance, "--min-distance")
    if options.group_budget is not None:
        if not options.group_by:
            raise TableError(
                "--group-budget shares the budget among groups, and there are none.",
                "Name their columns: --group-by site.",
            )
        parameters["group_budget"] = parse_shares(options.group_budget, "--group-budget")
    if options.group_by:
        names = [name for text in options.group_by for name in text.split(",")]
        keywords["groups"] = joined([input.column(name, "--group-by") for name in names])
    if options.weight_by is not None:
        values = input.column(options.weight_by, "--weight-by")
        keywords["sample_weight"] = column_numbers(values, options.weight_by, "--weight-by")
    before, goes_on = np.empty(0, np.intp), False
    if options.selected is not None:
        before = _selected_before(options.selected, input, n_rows)
        goes_on = _is_file(options.selected, out)
        keywords["selected"] = np.isin(np.arange(n_rows), before)
    return Campaign(parameters, keywords, before, goes_on)


def goes_on(options: Any, out: Path) -> bool:
    """Return whether the output is the earlier coreset itself."""
    return options.selected is not None and _is_file(options.selected, out)


def _is_file(name: str, path: Path) -> bool:
    return Path(name).exists() and path.exists() and Path(name).samefile(path)


def _selected_before(name: str, input: Any, n_rows: int) -> Any:
    """Return the rows of the matrix that a file or a column names, by rank where it has one."""
    if input.has_column(name):
        return rows_not_empty(input.column(name, "--selected"))
    if not Path(name).exists():
        raise TableError(
            f"--selected {name!r} is neither a file nor a column of the input.",
            "Name an earlier coreset, a .npy of row numbers, or a column.",
        )

    def column(of: str) -> Any:
        return input.all_values(of) if input.has_column(of) else None

    rows = rows_in_file(Path(name), input.n_rows, column, "--selected")
    if input.kept is None:
        return rows
    place = np.full(input.n_rows, -1)
    place[input.kept] = np.arange(n_rows)
    return place[rows][place[rows] >= 0]  # what has been dropped cannot be selected again, either
