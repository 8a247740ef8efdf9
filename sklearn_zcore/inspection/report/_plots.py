"""The interactive plots, made by Bokeh: as what its script embeds in the page."""

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

_SIZES = np.array([5.5, 10.0, 11.0, 10.0])  # of a point, by role
_DRAWN = np.array([0, 2, 3, 1])  # roles in order: the few stand above the many
_MANY = 600  # points of the coreset: smaller from there on, so that they leave something to see
_ALPHAS = np.array([0.7, 0.95, 0.95, 0.95])
_MARKERS = np.array(["circle", "triangle", "diamond", "circle"])
_MARGIN = 0.05


@cache
def bokeh_javascript() -> str:
    """Return Bokeh's script, as it may stand in a page."""
    # The core is all that is needed, without widgets, tables and WebGL.
    script = files("bokeh").joinpath("server", "static", "js", "bokeh.min.js")
    return script.read_text(encoding="utf-8").replace("</script", "<\\/script")


def curve_plot(curve: dict[str, Any]) -> dict[str, Any]:
    """Return the plot of distance against budget.

    Parameters
    ----------
    curve : dict
        The section of that name.

    Returns
    -------
    dict
        For ``Bokeh.embed.embed_item``.
    """
    from bokeh.models import ColumnDataSource, HoverTool, Span
    from bokeh.plotting import figure

    names = ["sizes", "mean", "p95", "random_mean", "random_low", "random_high", "random_p95"]
    source = ColumnDataSource({name: np.array(curve[name]) for name in names})
    plot = figure(
        sizing_mode="stretch_both",
        toolbar_location=None,
        tools="",
        x_axis_label="rows in the coreset",
        y_axis_label="distance to the nearest",
    )
    own = {"source": source, "line_width": 2.5, "name": "own"}
    other = {"source": source, "line_width": 2, "name": "random"}
    band = plot.varea("sizes", "random_low", "random_high", source=source, fill_alpha=0.3)
    band.name = "random"
    plot.line("sizes", "random_p95", line_dash="dashed", **other)
    plot.line("sizes", "random_mean", **other)
    plot.line("sizes", "p95", line_dash="dashed", **own)
    mean = plot.line("sizes", "mean", **own)
    budget = Span(location=curve["n_selected"], dimension="height", line_width=2)
    plot.add_layout(budget)
    if curve["flattens_at"]:
        plot.add_layout(
            Span(
                location=curve["flattens_at"],
                dimension="height",
                line_dash="dotted",
                line_width=2,
            )
        )
    plot.add_tools(
        HoverTool(
            renderers=[mean],
            mode="vline",
            tooltips=[
                ("rows", "@sizes{0,0}"),
                ("mean", "@mean"),
                ("95th percentile", "@p95"),
                ("random, mean", "@random_mean"),
            ],
        )
    )
    plot.xaxis.formatter.use_scientific = False
    plot.y_range.start = 0
    return _embedded(plot)


def map_plot(shown: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the map's rows in the order in which they are drawn, and its plot.

    Parameters
    ----------
    shown : dict
        The section of that name.

    Returns
    -------
    shown : dict
        The same, ordered: what matters is drawn last.
    plot : dict
        For ``Bokeh.embed.embed_item``.
    """
    from bokeh.models import ColumnDataSource, HoverTool, PanTool, Range1d, WheelZoomTool
    from bokeh.plotting import figure

    order = np.argsort(_DRAWN[np.array(shown["role"])], kind="stable")

    def ordered(values: list[Any] | None) -> list[Any] | None:
        return None if values is None else np.asarray(values)[order].tolist()

    sorted_map = {
        **shown,
        **{name: ordered(shown[name]) for name in ("rows", "x", "y", "role", "rank", "score")},
        "groups": [{**group, "codes": ordered(group["codes"])} for group in shown["groups"]],
    }
    role = np.array(sorted_map["role"])
    x, y = (np.array(sorted_map[name]) for name in ("x", "y"))
    n_coreset = int(np.count_nonzero(role == 3))
    scale = min(1.0, (_MANY / max(1, n_coreset)) ** 0.25)
    source = ColumnDataSource(
        {
            "x": x,
            "y": y,
            "size": (_SIZES * np.array([scale, 1, 1, scale]))[role].astype(np.float32),
            "alpha": _ALPHAS[role].astype(np.float32),
            "marker": _MARKERS[role].tolist(),
            "colour": ["#8a939e"] * role.size,  # the script has those of the reader's theme
            "edge": ["#ffffff"] * role.size,
        }
    )
    plot = figure(
        sizing_mode="stretch_both",
        toolbar_location=None,
        tools="",
        x_range=Range1d(*_wide(x)),
        y_range=Range1d(*_wide(y)),
    )
    points = plot.scatter(
        "x",
        "y",
        source=source,
        size="size",
        marker="marker",
        fill_color="colour",
        fill_alpha="alpha",
        line_color="edge",
        line_alpha="alpha",
        nonselection_fill_alpha="alpha",
        nonselection_line_alpha="alpha",
        selection_line_width=4,
        selection_fill_alpha=1,
    )
    # With Ctrl alone, which is also what pinching a touch pad sends: else a reader who scrolls the
    # page would be caught in the map.
    wheel = WheelZoomTool(zoom_on_axis=False, modifiers={"ctrl": True})
    plot.add_tools(PanTool(), wheel, HoverTool(renderers=[points], tooltips=None))
    plot.toolbar.active_scroll = wheel
    plot.axis.visible = False
    plot.grid.visible = False
    return sorted_map, _embedded(plot)


def _wide(values: Any) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = (high - low) * _MARGIN or 1.0
    return low - margin, high + margin


def _embedded(plot: Any) -> dict[str, Any]:
    from bokeh.embed import json_item

    plot.background_fill_color = None
    plot.border_fill_color = None
    plot.outline_line_color = None
    item: dict[str, Any] = json_item(plot)
    return item
