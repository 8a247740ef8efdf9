"""From the dict of a report to its page: one HTML document that needs no network."""

import base64
import hashlib
import html
import json
import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from sklearn_zcore._words import plural
from sklearn_zcore.inspection.report._plots import bokeh_javascript, curve_plot, map_plot

_SECTIONS = {
    "summary": "Summary",
    "curve": "Coverage by budget",
    "map": "Map",
    "coreset": "Coreset",
    "missed": "Missed",
    "near_duplicates": "Near-duplicates",
    "outliers": "Outliers",
    "groups": "Groups",
    "features": "Features",
}


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Any:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    made = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,  # every value, whatever a template is called
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(count=plural, percent=percent, short=short, largest=_largest_share)
    return made


def render_page(found: dict[str, Any]) -> str:
    """Return a report as an HTML document.

    Parameters
    ----------
    found : dict
        See `CoresetReport.to_dict`.

    Returns
    -------
    str
    """
    from markupsafe import Markup

    shown = {key: name for key, name in _SECTIONS.items() if _has_something(found, key)}
    scripts = {"javascript": _asset("report.js"), "bokeh": bokeh_javascript()}
    context = {
        **found,
        "sections": list(shown.items()),
        "has_images": bool(found["thumbnails"]["images"] or found["thumbnails"]["broken"]),
        "map_words": _map_words(found),
        "has_plots": True,
        "policy": _policy(scripts.values()),
        "css": Markup(_asset("report.css")),
        "page_data": Markup(_json_for_script(_page_data(found))),
        **{name: Markup(text) for name, text in scripts.items()},
    }
    page: str = _environment().get_template("page.html").render(context)
    return page


def render_snippet(page: str, title: str) -> str:
    """Return a page as a frame within another page.

    Parameters
    ----------
    page, title : str

    Returns
    -------
    str
    """
    # In ASCII: in a page of another encoding, the scripts would not be those of their hashes.
    page = html.escape(page).encode("ascii", "xmlcharrefreplace").decode("ascii")
    return (
        f'<iframe title="{html.escape(title)}" srcdoc="{page}" '
        f'sandbox="allow-scripts allow-modals" width="100%" height="800" '
        f'style="border: 1px solid #8888; border-radius: 4px"></iframe>'
    )


def _policy(scripts: Any) -> str:
    """Allow the scripts of the page, by their hashes, and nothing from anywhere else."""
    hashes = []
    for text in scripts:
        digest = hashlib.sha256(text.encode("utf-8")).digest()
        hashes.append(f"'sha256-{base64.b64encode(digest).decode('ascii')}'")
    # Bokeh styles its elements inline; styles can load nothing where only data: is allowed.
    return (
        f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; "
        f"img-src data:; base-uri 'none'; form-action 'none'"
    )


def _json_for_script(value: Any) -> str:
    """Return JSON that no HTML parser takes for the end of its element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _has_something(found: Mapping[str, Any], key: str) -> bool:
    section = found[key]
    if key in ("missed", "near_duplicates", "outliers"):
        return bool(section["groups" if key == "near_duplicates" else "rows"])
    if key == "features":
        return bool(section["columns"] or section["skipped"])
    return bool(section)


def _page_data(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the script needs."""
    order, plot = map_plot(found["map"])
    return {
        "images": found["thumbnails"]["images"],
        "broken": found["thumbnails"]["broken"],
        "captions": found["thumbnails"]["captions"],
        "has_images": bool(found["thumbnails"]["images"] or found["thumbnails"]["broken"]),
        "columns": found["rows"]["columns"],
        "cells": found["rows"]["cells"],
        "coreset": [
            {"row": row["row"], "nearest": row["nearest"]} for row in found["coreset"]["rows"]
        ],
        "map": order,
        "plots": {
            "map": plot,
            "curve": None if found["curve"] is None else curve_plot(found["curve"]),
        },
    }


def _map_words(found: Mapping[str, Any]) -> str:
    shown = found["map"]
    parts = []
    for role, name in enumerate(shown["roles"]):
        n = shown["role"].count(role)
        if n:
            parts.append(f"{n:,} {'in the coreset' if name == 'coreset' else name + 's' * (n > 1)}")
    parts = [part.replace("misseds", "missed") for part in parts]
    return (
        f"{len(shown['rows']):,} points, one for each row that is shown: {', '.join(parts)}. "
        f"{shown['note']} The sections below list the same rows: the coreset by rank, the missed "
        f"rows by distance, and the outliers."
    )


def _largest_share(bars: list[dict[str, Any]]) -> float:
    return max(max(bar["share"], bar["share_selected"]) for bar in bars) or 1.0


def percent(share: float) -> str:
    """Return a share in per cent, with as many digits as are of interest."""
    value = 100 * share
    digits = 0 if value >= 99.95 or value == 0 else 1 if value >= 1 else 2
    return f"{value:.{digits}f} %"


def short(value: float) -> str:
    """Return a number to three digits."""
    if value and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.2e}"
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{digits}f}"
