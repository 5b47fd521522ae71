"""How does a drawing become a figure of the page, for plotly's JavaScript?

Plain values only; plotly's Python package is not needed for it. Each trace has the owners of its
points in `customdata`, one number for a single owner, and in `meta` what a filter does with it:
"points" are left out, "counts" counted again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from raysearch.report.figure import (
    SHADES,
    Axis,
    Drawing,
    Figure,
    Panel,
    Parallel,
    Series,
    log_ticks,
)

FAST_FROM = 3_000
"""Points of a figure from which on it is drawn by WebGL."""

CELLS = [[0, "#f5f8fa"], [0.2, "#c5dceb"], [0.6, "#4a90b8"], [1, "#0d3b5c"]]

_SHADED = {"colorscale": [list(pair) for pair in SHADES], "cmin": 0, "cmax": 1}
_GAP = 0.08
"""Room between panels, as a share of the figure."""
_SYMBOLS = {"circle": "circle", "x": "x-thin", "star": "star", "diamond": "diamond"}


def to_plotly(drawing: Drawing) -> dict[str, Any]:
    """Return data and layout of a figure, and its height in pixels; plain JSON."""
    if isinstance(drawing, Parallel):
        return _parallel(drawing)
    return _figure(drawing)


def _figure(figure: Figure) -> dict[str, Any]:
    n_rows = math.ceil(len(figure.panels) / figure.columns)
    is_fast = sum(len(s.x) for p in figure.panels for s in p.series) > FAST_FROM
    data: list[dict[str, Any]] = []
    listed = [s for panel in figure.panels for s in panel.series if s.name]
    layout: dict[str, Any] = {
        "barmode": "stack" if any(s.kind == "counts" for s in listed) else "overlay",
        "showlegend": len(listed) > 0,
        "shapes": [],
        "annotations": [],
    }
    named: set[str] = set()
    for n, panel in enumerate(figure.panels):
        number = "" if n == 0 else str(n + 1)
        row, column = divmod(n, figure.columns)
        across = _domain(column, figure.columns)
        down = _domain(n_rows - 1 - row, n_rows, gap=0.26 / n_rows)
        x = _axis(panel.x, [v for s in panel.series for v in s.x])
        y = _axis(panel.y, [v for s in panel.series for v in s.y])
        layout[f"xaxis{number}"] = x | {"domain": across, "anchor": f"y{number}"}
        layout[f"yaxis{number}"] = y | {"domain": down, "anchor": f"x{number}"}
        for series in panel.series:
            trace = _trace(series, panel, is_fast=is_fast)
            trace |= {"xaxis": f"x{number}", "yaxis": f"y{number}"}
            trace["showlegend"] = bool(series.name) and series.name not in named
            named.add(series.name)
            data.append(trace)
        _marks(panel, layout, number=number, across=across, top=down[1])
    return {"data": data, "layout": layout, "height": figure.height * n_rows}


def _domain(place: int, n: int, *, gap: float = _GAP) -> list[float]:
    width = (1 - gap * (n - 1)) / n
    start = place * (width + gap)
    return [round(start, 4), round(min(1.0, start + width), 4)]


def _axis(axis: Axis, values: Sequence[float | None]) -> dict[str, Any]:
    found: dict[str, Any] = {"title": {"text": axis.title}}
    ticks = axis.ticks
    if axis.is_log:
        found |= {"type": "log"}
        ticks = ticks or log_ticks(axis.ends or [v for v in values if v is not None])
    if ticks:
        found |= {
            "tickmode": "array",
            "tickvals": [place for place, _ in ticks],
            "ticktext": [name for _, name in ticks],
            "tickangle": 0,
        }
    if axis.ends is not None:
        found["range"] = [math.log10(end) for end in axis.ends] if axis.is_log else [*axis.ends]
    return found


def _marks(
    panel: Panel, layout: dict[str, Any], *, number: str, across: Sequence[float], top: float
) -> None:
    if panel.title:
        layout["annotations"].append(
            {
                "text": panel.title,
                "xref": "paper",
                "yref": "paper",
                "x": across[0],
                "y": top,
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 13},
            }
        )
    for x, text in panel.marks:
        line = {"color": "#6b7680", "width": 1, "dash": "dot"}
        ends = {"x0": x, "x1": x, "y0": 0, "y1": 1}
        refs = {"xref": f"x{number}", "yref": f"y{number} domain"}
        layout["shapes"].append({"type": "line", **refs, **ends, "line": line})
        layout["annotations"].append(
            {"text": text, "x": x, "y": 1, **refs, "showarrow": False, "yanchor": "bottom"}
        )


def _trace(series: Series, panel: Panel, *, is_fast: bool) -> dict[str, Any]:
    match series.kind:
        case "cells":
            trace = _cells(series)
        case "bars" | "counts" | "spans":
            trace = _bars(series)
        case _:
            trace = _scattered(series, is_fast=is_fast)
    title = panel.y.title if series.kind not in ("bars", "counts", "spans") else panel.x.title
    hover = "x+y+z" if series.kind == "cells" else "text"
    trace |= {"name": series.name, "hoverinfo": hover}
    trace["meta"] = {"filter": _filtered(series), "texts": list(series.texts), "title": title}
    if series.owners:
        trace["customdata"] = [_short(owners) for owners in series.owners]
    return trace


def _filtered(series: Series) -> str | None:
    if not series.owners:
        return None
    return "counts" if series.kind == "counts" else "points"


def _short(owners: Sequence[int]) -> int | list[int]:
    return owners[0] if len(owners) == 1 else list(owners)


def _scattered(series: Series, *, is_fast: bool) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "scattergl" if is_fast and not series.is_filled else "scatter",
        "x": numbers(series.x),
        "y": numbers(series.y),
        "opacity": series.opacity,
        "connectgaps": False,
    }
    if series.kind == "points":
        trace["mode"] = "markers+text" if series.is_labelled else "markers"
        trace["marker"] = _marker(series)
    else:
        trace["mode"] = "lines"
        trace["line"] = {
            "color": series.color,
            "width": series.weight,
            "shape": "hv" if series.kind == "steps" else "linear",
        }
        if series.is_filled:
            trace |= {"fill": "toself", "line": {"width": 0}, "fillcolor": series.color}
    if series.is_labelled:
        trace |= {"text": list(series.texts), "textposition": "top center"}
    return trace


def _marker(series: Series) -> dict[str, Any]:
    marker: dict[str, Any] = {
        "size": 2 * series.weight if series.weight < 3 else series.weight + 2,
        "symbol": _SYMBOLS[series.symbol],
        "color": series.color,
    }
    if series.shades:
        marker |= {"color": numbers(series.shades), **_SHADED}
    if series.symbol == "x":
        marker["line"] = {"color": series.color, "width": 1.2}
    return marker


def _bars(series: Series) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",
        "x": numbers(series.x),
        "y": numbers(series.y),
        "width": 0.72,
        "opacity": series.opacity,
        "marker": {"color": series.color, "line": {"width": 0}},
    }
    if series.kind == "counts":
        trace["x"] = [len(owners) for owners in series.owners]
    if series.kind == "spans":
        trace |= {"base": numbers(series.x), "x": numbers(series.sizes)}
        trace["marker"]["line"] = {"width": 0.6, "color": "#ffffff"}
    if series.is_labelled:
        trace |= {"text": list(series.texts), "textposition": "outside", "cliponaxis": False}
    return trace


def _cells(series: Series) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": numbers(series.x),
        "y": numbers(series.y),
        "z": [numbers(row) for row in series.matrix],
        "colorscale": CELLS,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    if series.is_labelled:
        trace["texttemplate"] = "%{z}"
    return trace


def _parallel(drawing: Parallel) -> dict[str, Any]:
    dimensions = [
        {
            "label": dimension.title,
            "values": numbers(dimension.places),
            "range": [-0.12, 1.0],
            "tickvals": [place for place, _ in dimension.ticks],
            "ticktext": [name for _, name in dimension.ticks],
        }
        for dimension in drawing.dimensions
    ]
    trace = {
        "type": "parcoords",
        "dimensions": dimensions,
        "line": {"color": numbers(drawing.shades), **_SHADED},
        "customdata": list(drawing.owners),
        "meta": {"filter": "parallel"},
        "labelangle": -18,
        "labelside": "top",
    }
    return {"data": [trace], "layout": {"showlegend": False}, "height": drawing.height}


def numbers(values: Sequence[float | None]) -> list[float | None]:
    """Return numbers with six significant digits; None for what is not finite.

    Example:
        >>> numbers([0.123456789, 3, 0.30000000000000004, float("inf"), None])
        [0.123457, 3, 0.3, None, None]
    """
    return [_rounded(value) for value in values]


def _rounded(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.6g}")
