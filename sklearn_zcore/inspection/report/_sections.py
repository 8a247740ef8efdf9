"""The sections of the page as dicts, from what was computed for them."""

import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.inspection.report._chosen import Chosen
from sklearn_zcore.inspection.report._columns import Column, categories
from sklearn_zcore.inspection.report._coverage import Assignment, Curve, Space, flattens_at
from sklearn_zcore.inspection.report._layout import Layout
from sklearn_zcore.inspection.report._neighbours import NEAR, Outliers, Repeats
from sklearn_zcore.inspection.report._text import as_text

Rows = NDArray[np.intp]

N_OUTLIERS = 24
N_REPEATS = 40  # groups of near-duplicates
N_OF_A_REPEAT = 8  # rows of each
_N_NEAREST = 6  # rows that a card opens to
_N_MAP_GROUPS = 7  # colours of a group column, and one for the rest


class Facts:
    """What is said of any row: its number, its rank and its score."""

    def __init__(self, chosen: Chosen, n_samples: int) -> None:
        self.chosen = chosen
        self.rank = np.zeros(n_samples, np.intp)
        self.rank[chosen.coreset] = np.arange(1, chosen.n_selected + 1)
        self.selected = self.rank > 0

    def of(self, row: int) -> dict[str, Any]:
        """Return it, of one row."""
        scores = self.chosen.scores
        is_ranked = self.selected[row] and self.chosen.is_ranked
        return {
            "row": int(row),
            "selected": bool(self.selected[row]),
            "rank": int(self.rank[row]) if is_ranked else None,
            "score": None if scores is None else float(scores[row]),
        }


def summary_section(
    chosen: Chosen,
    space: Space,
    assignment: Assignment,
    curve: Curve,
    title: str | None,
    call: str | None,
    version: str,
) -> dict[str, Any]:
    """Return what was selected, by what, and how good it is."""
    at = int(np.flatnonzero(curve.sizes == chosen.n_selected)[0])
    draws = curve.random_mean[:, at]
    compared, random = float(curve.mean[at]), float(draws.mean())
    n, d = space.X.shape
    return {
        "title": _title(chosen, title),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "version": version,
        "selector": {
            "label": chosen.label,
            "class": chosen.estimator,
            "parameters": chosen.parameters,
        },
        "call": as_text(call or chosen.call, 2000),
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


def _title(chosen: Chosen, title: str | None) -> str:
    if title:
        return as_text(title)
    return f"Coreset by {chosen.label}" if chosen.label else "Coreset"


def curve_section(chosen: Chosen, curve: Curve, n: int) -> dict[str, Any]:
    """Return the coverage along the ranking."""
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


def coreset_section(facts: Facts, assignment: Assignment, n_cards: int) -> dict[str, Any]:
    """Return the coreset's rows by rank, with what each stands for."""
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


def repeats_section(facts: Facts, repeats: Repeats, first: Rows, is_auto: bool) -> dict[str, Any]:
    """Return groups of near-duplicates, and which of their rows were kept."""
    kept = [int(facts.selected[group].sum()) for group in repeats.groups]
    n_rows = sum(group.size for group in repeats.groups)
    shown = zip(repeats.groups[:N_REPEATS], kept, strict=False)
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
                        :N_OF_A_REPEAT
                    ]
                ],
            }
            for group, n_kept in shown
        ],
    }


def outliers_section(facts: Facts, outliers: Outliers) -> dict[str, Any]:
    """Return the rows that are far from all others."""
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
                outliers.rows[:N_OUTLIERS], outliers.distance[:N_OUTLIERS], strict=True
            )
        ],
    }


def map_section(
    facts: Facts, layout: Layout, missed: Rows, outliers: Rows, groups: list[Column]
) -> dict[str, Any]:
    """Return the points of the map."""
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
