"""From a coreset to everything that the page shows, as a plain dict."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_random_state

from sklearn_zcore.inspection.report._chosen import Chosen, read_chosen
from sklearn_zcore.inspection.report._columns import Column, categories, read_columns
from sklearn_zcore.inspection.report._coverage import (
    Assignment,
    Curve,
    Space,
    assign,
    distance_bounds,
    find_missed,
    flattens_at,
    trace_curve,
)
from sklearn_zcore.inspection.report._features import compare_features
from sklearn_zcore.inspection.report._groups import compare_groups
from sklearn_zcore.inspection.report._layout import Layout, check_layout, lay_out
from sklearn_zcore.inspection.report._neighbours import (
    NEAR,
    Outliers,
    Repeats,
    default_threshold,
    find_outliers,
    find_repeats,
    measure_neighbours,
)
from sklearn_zcore.inspection.report._text import as_text
from sklearn_zcore.inspection.report._thumbnails import make_thumbnails
from sklearn_zcore.inspection.report._words import warnings_of
from sklearn_zcore.rows import ArraySource, first_equal, rebased, scan

Rows = NDArray[np.intp]

FORMAT_VERSION = 1
_N_CARDS = 500
_N_NEAREST = 6  # rows that a card opens to
_N_MISSED = 24
_N_OUTLIERS = 24
_N_REPEATS = 40  # groups of near-duplicates
_N_OF_A_REPEAT = 8
_N_CELLS = 20  # columns of a row
_N_UNNAMED = 100  # columns of an array: more are an embedding, of which none means anything
_N_MAP_GROUPS = 7  # colours of a group column, and one for the rest


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
    rows = rebased(rows)  # large integers as float64, by which distances are taken
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

    facts = _Facts(chosen, n)
    coreset = _coreset_section(facts, assignment, min(_N_CARDS, chosen.n_selected))
    nearest = [near["row"] for card in coreset["rows"] for near in card["nearest"]]
    shown_repeats = [row for group in repeats.groups[:_N_REPEATS] for row in group[:_N_OF_A_REPEAT]]
    special = np.unique(
        np.concatenate(
            [missed.rows, missed.nearest, outliers.rows[:_N_OUTLIERS], shown_repeats]
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
        "summary": _summary_section(chosen, space, assignment, curve, options, version),
        "curve": _curve_section(chosen, curve, n) if chosen.is_ranked else None,
        "map": _map_section(facts, layout, missed.rows, outliers.rows, groups),
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
        "near_duplicates": _repeats_section(facts, repeats, first, is_auto),
        "outliers": _outliers_section(facts, outliers),
        "groups": [compare_groups(column, chosen.coreset) for column in groups],
        "features": dict(
            zip(("columns", "skipped"), compare_features(columns, chosen.coreset), strict=True)
        ),
        "rows": _cells(columns, chain(cards, nearest, special.tolist())),
        "thumbnails": make_thumbnails(options.images, by_importance, options.max_thumbnails),
    }
    found["summary"]["warnings"] = warnings_of(found)
    return found


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


# --- sections -------------------------------------------------------------------------------------


class _Facts:
    """What is said of any row: its number, its rank and its score."""

    def __init__(self, chosen: Chosen, n_samples: int) -> None:
        self.chosen = chosen
        self.rank = np.zeros(n_samples, np.intp)
        self.rank[chosen.coreset] = np.arange(1, chosen.n_selected + 1)
        self.selected = self.rank > 0

    def of(self, row: int) -> dict[str, Any]:
        scores = self.chosen.scores
        is_ranked = self.selected[row] and self.chosen.is_ranked
        return {
            "row": int(row),
            "selected": bool(self.selected[row]),
            "rank": int(self.rank[row]) if is_ranked else None,
            "score": None if scores is None else float(scores[row]),
        }


def _summary_section(
    chosen: Chosen,
    space: Space,
    assignment: Assignment,
    curve: Curve,
    options: Options,
    version: str,
) -> dict[str, Any]:
    at = int(np.flatnonzero(curve.sizes == chosen.n_selected)[0])
    draws = curve.random_mean[:, at]
    compared, random = float(curve.mean[at]), float(draws.mean())
    n, d = space.X.shape
    return {
        "title": _title(chosen, options),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "version": version,
        "selector": {
            "label": chosen.label,
            "class": chosen.estimator,
            "parameters": chosen.parameters,
        },
        "call": as_text(options.call or chosen.call, 2000),
        "n_samples": n,
        "n_features": d,
        "share": chosen.n_selected / n,
        "coverage": {
            "n_selected": chosen.n_selected,
            "mean": float(assignment.distance.mean()),
            "p95": float(np.percentile(assignment.distance, 95)),
            "max": float(assignment.distance.max()),
            "n_rows": int(assignment.rows.size),
            "is_complete": assignment.is_complete,
        },
        "random": {
            "n_draws": int(draws.size),
            "mean": random,
            "std": float(draws.std(ddof=1)),
            "p95": float(curve.random_p95[:, at].mean()),
            "compared_mean": compared,
            "closer_by": 1 - compared / random if random > 0 else 0.0,
            "n_rows": curve.n_rows,
        },
        "stability": chosen.stability,
    }


def _title(chosen: Chosen, options: Options) -> str:
    if options.title:
        return as_text(options.title)
    return f"Coreset by {chosen.label}" if chosen.label else "Coreset"


def _curve_section(chosen: Chosen, curve: Curve, n: int) -> dict[str, Any]:
    return {
        "sizes": curve.sizes.tolist(),
        "mean": curve.mean.tolist(),
        "p95": curve.p95.tolist(),
        "random_mean": curve.random_mean.mean(axis=0).tolist(),
        "random_low": curve.random_mean.min(axis=0).tolist(),
        "random_high": curve.random_mean.max(axis=0).tolist(),
        "random_p95": curve.random_p95.mean(axis=0).tolist(),
        "n_selected": chosen.n_selected,
        "flattens_at": flattens_at(curve.sizes, curve.mean),
        "n_rows": curve.n_rows,
        "is_complete": curve.n_rows == n,
        "is_nested": chosen.is_nested,
    }


def _coreset_section(facts: _Facts, assignment: Assignment, n_cards: int) -> dict[str, Any]:
    chosen = facts.chosen
    stands_for = np.bincount(assignment.nearest, minlength=chosen.n_selected)
    by_card = np.lexsort((assignment.rows, assignment.distance, assignment.nearest))
    ends = np.cumsum(stands_for)
    rows = []
    for place, row in enumerate(chosen.coreset[:n_cards]):
        own = by_card[ends[place] - stands_for[place] : ends[place]]
        own = own[assignment.rows[own] != row][:_N_NEAREST]
        rows.append(
            {
                **facts.of(row),
                "stands_for": int(stands_for[place]),
                "nearest": [
                    {"row": int(assignment.rows[i]), "distance": float(assignment.distance[i])}
                    for i in own
                ],
            }
        )
    return {
        "n_selected": chosen.n_selected,
        "is_ranked": chosen.is_ranked,
        "n_rows": int(assignment.rows.size),
        "is_complete": assignment.is_complete,
        "rows": rows,
    }


def _repeats_section(facts: _Facts, repeats: Repeats, first: Rows, is_auto: bool) -> dict[str, Any]:
    kept = [int(facts.selected[group].sum()) for group in repeats.groups]
    n_rows = sum(group.size for group in repeats.groups)
    shown = zip(repeats.groups[:_N_REPEATS], kept, strict=False)
    return {
        "threshold": repeats.threshold,
        "rule": (
            f"{NEAR:g} times the median distance of a row to the nearest that is not equal"
            if is_auto
            else "given"
        ),
        "is_complete": repeats.is_complete,
        "n_groups": len(repeats.groups),
        "n_rows": int(n_rows),
        "n_exact": int(sum(np.unique(first, return_counts=True)[1] - 1)),
        "n_labels_saved": int(n_rows - len(repeats.groups)),
        "n_spare_in_coreset": int(sum(max(0, n - 1) for n in kept)),
        "groups": [
            {
                "n_rows": int(group.size),
                "n_selected": n_kept,
                "is_exact": bool((first[group] == first[group[0]]).all()),
                # The kept ones are what the reader looks for.
                "rows": [
                    facts.of(row)
                    for row in sorted(group, key=lambda r: (not facts.selected[r], r))[
                        :_N_OF_A_REPEAT
                    ]
                ],
            }
            for group, n_kept in shown
        ],
    }


def _outliers_section(facts: _Facts, outliers: Outliers) -> dict[str, Any]:
    return {
        "threshold": outliers.threshold,
        "rule": "third quartile of the distances to the nearest other row, and 3 times the range "
        "between their quartiles",
        "is_complete": outliers.is_complete,
        "n_outliers": int(outliers.rows.size),
        "n_selected": int(facts.selected[outliers.rows].sum()),
        "rows": [
            {**facts.of(row), "distance": float(distance)}
            for row, distance in zip(
                outliers.rows[:_N_OUTLIERS], outliers.distance[:_N_OUTLIERS], strict=True
            )
        ],
    }


def _map_section(
    facts: _Facts, layout: Layout, missed: Rows, outliers: Rows, groups: list[Column]
) -> dict[str, Any]:
    n = facts.selected.size
    role = np.zeros(n, np.intp)
    role[missed] = 1
    role[outliers] = 2
    role[facts.chosen.coreset] = 3
    rows, scores = layout.rows, facts.chosen.scores
    coded = []
    for column in groups:
        names, codes = categories(column.values)
        order = np.argsort(-np.bincount(codes, minlength=len(names)), kind="stable")
        place = np.full(len(names), _N_MAP_GROUPS)
        place[order[:_N_MAP_GROUPS]] = np.arange(min(_N_MAP_GROUPS, len(names)))
        coded.append(
            {
                "column": column.name,
                "names": [names[g] for g in order[:_N_MAP_GROUPS]],
                "n_others": max(0, len(names) - _N_MAP_GROUPS),
                "codes": place[codes[rows]].tolist(),
            }
        )
    return {
        "method": layout.method,
        "note": layout.note,
        "n_samples": n,
        "is_complete": rows.size == n,
        "roles": ["other row", "missed", "outlier", "coreset"],
        "rows": rows.tolist(),
        "x": layout.points[:, 0].tolist(),
        "y": layout.points[:, 1].tolist(),
        "role": role[rows].tolist(),
        "rank": facts.rank[rows].tolist() if facts.chosen.is_ranked else None,
        "score": None if scores is None else scores[rows].tolist(),
        "groups": coded,
    }
