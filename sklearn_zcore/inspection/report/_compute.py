"""From a coreset to everything that the page shows, as a plain dict."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_random_state

from sklearn_zcore.inspection.report._chosen import read_chosen
from sklearn_zcore.inspection.report._columns import Column, read_columns
from sklearn_zcore.inspection.report._coverage import (
    Space,
    assign,
    distance_bounds,
    find_missed,
    trace_curve,
)
from sklearn_zcore.inspection.report._features import compare_features
from sklearn_zcore.inspection.report._groups import compare_groups
from sklearn_zcore.inspection.report._layout import check_layout, lay_out
from sklearn_zcore.inspection.report._neighbours import (
    default_threshold,
    find_outliers,
    find_repeats,
    measure_neighbours,
)
from sklearn_zcore.inspection.report._sections import (
    N_OF_A_REPEAT,
    N_OUTLIERS,
    N_REPEATS,
    Facts,
    coreset_section,
    curve_section,
    map_section,
    outliers_section,
    repeats_section,
    summary_section,
)
from sklearn_zcore.inspection.report._text import as_text
from sklearn_zcore.inspection.report._thumbnails import make_thumbnails
from sklearn_zcore.inspection.report._words import warnings_of
from sklearn_zcore.rows import ArraySource, first_equal, rebased, scan

Rows = NDArray[np.intp]

FORMAT_VERSION = 1
_LARGEST, _LARGEST_OF_FLOAT32 = 1e140, 1e15  # their squares can be added up
_N_CARDS = 500
_N_MISSED = 24
_N_CELLS = 20  # columns of a row
_N_UNNAMED = 100  # columns of an array: more are an embedding, of which none means anything


@dataclass(frozen=True)
class Options:
    """What a report is asked for besides the coreset: parameters of `CoresetReport`."""

    images: Sequence[Any] | None
    data: Any
    groups: Any
    layout: Any
    duplicate_threshold: Any
    n_random: int
    max_thumbnails: int
    title: str | None
    call: str | None
    random_state: Any


def compute_report(selector: Any, X: Any, options: Options, version: str) -> dict[str, Any]:
    """Compute everything that the page shows.

    Parameters
    ----------
    selector, X : object
        See `CoresetReport`.
    options : Options
    version : str
        Of this package.

    Returns
    -------
    dict
        See `CoresetReport.to_dict`.
    """
    seed = int(check_random_state(options.random_state).randint(np.iinfo(np.int32).max))
    chosen, embedding = read_chosen(selector, X)
    rows = check_array(embedding, dtype="numeric", ensure_all_finite=False, input_name="X")
    columns, groups = _columns_beside(X, rows, options, rows.shape[0])
    hashes = scan(ArraySource(rows), _names(embedding), "CoresetReport")
    rows = _for_distances(rows)
    space = Space(rows, np.random.default_rng(seed))
    n = space.n_samples
    check_layout(options.layout, n)
    if options.images is not None and len(options.images) != n:
        raise ValueError(f"images has {len(options.images)} items, and X has {n} rows.")

    first = first_equal(ArraySource(rows), hashes)
    assignment = assign(space, chosen.coreset)
    curve = trace_curve(space, chosen.order, chosen.n_selected, options.n_random)
    neighbours = measure_neighbours(space, first)
    bounds, anchors = None, chosen.coreset[:0]
    if not (assignment.is_complete and neighbours.is_complete):
        bounds, anchors = distance_bounds(space, chosen.coreset)
    missed = find_missed(space, chosen.coreset, assignment, bounds, _N_MISSED)
    outliers = find_outliers(space, first, neighbours, bounds, anchors)
    is_auto = options.duplicate_threshold == "auto"
    threshold = default_threshold(neighbours) if is_auto else float(options.duplicate_threshold)
    repeats = find_repeats(space, first, neighbours, threshold)

    facts = Facts(chosen, n)
    coreset = coreset_section(facts, assignment, min(_N_CARDS, chosen.n_selected))
    nearest = [near["row"] for card in coreset["rows"] for near in card["nearest"]]
    shown_repeats = [row for group in repeats.groups[:N_REPEATS] for row in group[:N_OF_A_REPEAT]]
    special = np.unique(
        np.concatenate(
            [missed.rows, missed.nearest, outliers.rows[:N_OUTLIERS], shown_repeats]
        ).astype(np.intp)
    )
    layout = lay_out(space, options.layout, chosen.coreset, special, seed)
    cards = [card["row"] for card in coreset["rows"]]
    # What is looked at first gets its picture first; whatever is left goes to the map.
    by_importance = chain(
        cards[: options.max_thumbnails // 2],
        special,
        nearest[: options.max_thumbnails // 4],
        cards,
        nearest,
        np.random.default_rng(seed).permutation(layout.rows),
    )
    found: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "summary": summary_section(
            chosen, space, assignment, curve, options.title, options.call, version
        ),
        "curve": curve_section(chosen, curve, n) if chosen.is_ranked else None,
        "map": map_section(facts, layout, missed.rows, outliers.rows, groups),
        "coreset": coreset,
        "missed": {
            "rows": [
                {"row": int(row), "distance": float(distance), "nearest": facts.of(near)}
                for row, distance, near in zip(
                    missed.rows, missed.distance, missed.nearest, strict=True
                )
            ],
            "is_complete": missed.is_complete,
        },
        "near_duplicates": repeats_section(facts, repeats, first, is_auto),
        "outliers": outliers_section(facts, outliers),
        "groups": [compare_groups(column, chosen.coreset) for column in groups],
        "features": dict(
            zip(("columns", "skipped"), compare_features(columns, chosen.coreset), strict=True)
        ),
        "rows": _cells(columns, chain(cards, nearest, special.tolist())),
        "thumbnails": make_thumbnails(options.images, by_importance, options.max_thumbnails),
    }
    found["summary"]["warnings"] = warnings_of(found)
    return found


def _for_distances(rows: NDArray[Any]) -> NDArray[Any]:
    """Return rows whose squares fit their type, or refuse them."""
    rows = rebased(rows)  # large integers as float64
    largest = max(abs(float(rows.max())), abs(float(rows.min())))
    if largest > _LARGEST:
        raise ValueError(
            f"X holds values as large as {largest:.3g}, between which no distance can be taken: "
            f"rescale it, e.g. with StandardScaler, or take its logarithm."
        )
    is_small = rows.dtype.kind != "f" or largest < _LARGEST_OF_FLOAT32
    return rows if is_small or rows.dtype.itemsize > 4 else rows.astype(np.float64)


# --- what stands beside the rows ------------------------------------------------------------------


def _names(X: Any) -> NDArray[Any] | None:
    names = getattr(X, "columns", None)
    return None if names is None else np.array([as_text(name) for name in names], dtype=object)


def _columns_beside(
    X: Any, rows: NDArray[Any], options: Options, n: int
) -> tuple[list[Column], list[Column]]:
    """Return the columns that are compared and shown, and those that rows are grouped by."""
    data, groups = options.data, options.groups
    if data is None and options.images is None:
        named = hasattr(X, "columns") or hasattr(X, "column_names")
        if named:
            data = X
        elif rows.shape[1] <= _N_UNNAMED:
            data = {f"x{place}": rows[:, place] for place in range(rows.shape[1])}
    columns = read_columns(data, n, "data")
    wanted = [groups] if isinstance(groups, str) else groups
    is_names = isinstance(wanted, list | tuple) and wanted and len(wanted) != n
    if is_names and all(isinstance(name, str) for name in wanted):
        known = {column.name: column for column in columns}
        missing = [name for name in wanted if as_text(name) not in known]
        if missing:
            raise ValueError(
                f"groups names the column {missing[0]!r}, and data has {list(known)[:6]}. Give the "
                f"names of columns of data, or one value for each of the {n} rows."
            )
        return columns, [known[as_text(name)] for name in wanted]
    return columns, read_columns(groups, n, "groups")


def _cells(columns: list[Column], rows: Any) -> dict[str, Any]:
    shown = columns[:_N_CELLS]
    return {
        "columns": [column.name for column in shown],
        "n_columns": len(columns),
        "cells": {
            str(row): [as_text(column.values[row], 120) for column in shown]
            for row in dict.fromkeys(rows)
        }
        if shown
        else {},
    }
