"""How is a drawing drawn as a PNG file, by matplotlib?

The same drawings as in the page. Matplotlib's object interface only: no window, no global state.
"""

from __future__ import annotations

import io
import math
from typing import Any

from raysearch.errors import ConfigurationError
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

WIDTH_IN, DPI = 11.0, 120
PIXELS = 100.0
"""Pixels of the page that are an inch here."""
_MARKERS = {"circle": "o", "x": "x", "star": "*", "diamond": "D"}
_INK, _GRID = "#2b333b", "#e8ecef"


def to_png(drawing: Drawing) -> bytes:
    """Return a PNG file of a drawing.

    Raises:
        ConfigurationError: Matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as Canvas
    except ImportError as error:
        raise ConfigurationError(
            "pictures need the package matplotlib, which is not installed. Install it: "
            "pip install 'raysearch[report]'. Nothing was written."
        ) from error
    n_rows = 1
    if isinstance(drawing, Figure):
        n_rows = math.ceil(len(drawing.panels) / drawing.columns)
    height = max(2.0, drawing.height * n_rows / PIXELS)
    canvas = Canvas(figsize=(WIDTH_IN, height), dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(canvas)
    canvas.suptitle(drawing.title, x=0.01, ha="left", fontsize=13, color=_INK)
    if isinstance(drawing, Parallel):
        _draw_parallel(canvas, drawing)
    else:
        _draw_panels(canvas, drawing, n_rows=n_rows)
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="png")
    return buffer.getvalue()


def _draw_panels(canvas: Any, figure: Figure, *, n_rows: int) -> None:
    named: dict[str, Any] = {}
    for n, panel in enumerate(figure.panels):
        axes = canvas.add_subplot(n_rows, figure.columns, n + 1)
        axes.grid(color=_GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        reached: dict[float, float] = {}  # of rows of counts: how far those before go
        for series in panel.series:
            handle = _draw_series(axes, series, reached=reached)
            if series.name and handle is not None:
                named.setdefault(series.name, handle)
        _set_axes(axes, panel)
    if named:
        canvas.legend(
            list(named.values()),
            list(named),
            loc="outside upper right",
            ncols=min(5, len(named)),
            fontsize=8,
            frameon=False,
        )


def _draw_series(axes: Any, series: Series, *, reached: dict[float, float]) -> Any:
    match series.kind:
        case "line" | "steps":
            return _draw_line(axes, series)
        case "points":
            return _draw_points(axes, series)
        case "cells":
            return _draw_cells(axes, series)
    rows = [y for y in series.y if y is not None]
    starts = list(series.x) if series.kind == "spans" else [reached.get(y, 0.0) for y in rows]
    lengths = {
        "bars": list(series.x),
        "counts": [float(len(owners)) for owners in series.owners],
        "spans": list(series.sizes),
    }[series.kind]
    if series.kind == "counts":
        for y, n in zip(rows, lengths, strict=True):
            reached[y] = reached.get(y, 0.0) + (n or 0.0)
    drawn = axes.barh(
        rows,
        lengths,
        left=starts,
        height=0.72,
        color=series.color,
        edgecolor="white" if series.kind == "spans" else "none",
        linewidth=0.5,
    )
    if series.is_labelled:
        axes.bar_label(drawn, labels=list(series.texts), padding=3, fontsize=8, color=_INK)
    return drawn


def _draw_line(axes: Any, series: Series) -> Any:
    x, y = _with_gaps(series.x), _with_gaps(series.y)
    if series.is_filled:
        return axes.fill(x, y, color=series.color, alpha=series.opacity, linewidth=0)[0]
    style = "steps-post" if series.kind == "steps" else "default"
    look = {"color": series.color, "linewidth": series.weight, "alpha": series.opacity}
    drawn = axes.plot(x, y, drawstyle=style, **look)
    if series.is_labelled:
        _write(axes, series)
    return drawn[0]


def _draw_points(axes: Any, series: Series) -> Any:
    size = (2.2 * series.weight if series.weight < 3 else series.weight) ** 2
    look: dict[str, Any] = {"color": series.color}
    if series.shades:
        look = {"c": list(series.shades), "cmap": _shades(), "vmin": 0.0, "vmax": 1.0}
    drawn = axes.scatter(
        _with_gaps(series.x),
        _with_gaps(series.y),
        s=size,
        marker=_MARKERS[series.symbol],
        alpha=series.opacity,
        linewidths=1.0 if series.symbol == "x" else 0.0,
        zorder=3,
        **look,
    )
    if series.is_labelled:
        _write(axes, series)
    return drawn


def _write(axes: Any, series: Series) -> None:
    for x, y, text in zip(series.x, series.y, series.texts, strict=False):
        if x is not None and y is not None and text:
            axes.annotate(
                text.replace("<br>", "\n"),
                (x, y),
                xytext=(0, 5),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                color=_INK,
            )


def _draw_cells(axes: Any, series: Series) -> None:
    matrix = [_with_gaps(row) for row in series.matrix]
    axes.imshow(matrix, cmap="Blues", aspect="auto", vmin=0)
    axes.grid(visible=False)
    if not series.is_labelled:
        return
    largest = max((v for row in matrix for v in row if math.isfinite(v)), default=1.0) or 1.0
    for y, row in enumerate(matrix):
        for x, value in enumerate(row):
            if not math.isfinite(value):
                continue
            color = "white" if value > 0.6 * largest else _INK
            axes.text(x, y, f"{value:g}", ha="center", va="center", fontsize=8, color=color)


def _set_axes(axes: Any, panel: Panel) -> None:
    if panel.title:
        axes.set_title(panel.title, loc="left", fontsize=9, color=_INK)
    _set_axis(axes, panel.x, which="x", values=[v for s in panel.series for v in s.x])
    _set_axis(axes, panel.y, which="y", values=[v for s in panel.series for v in s.y])
    for x, text in panel.marks:
        axes.axvline(x, color="#6b7680", linewidth=0.8, linestyle=":")
        axes.annotate(text, (x, 1.0), xycoords=("data", "axes fraction"), fontsize=7, va="bottom")


def _set_axis(axes: Any, axis: Axis, *, which: str, values: list[float | None]) -> None:
    names = ("label", "scale", "ticks", "lim")
    set_ = {name: getattr(axes, f"set_{which}{name}") for name in names}
    set_["label"](axis.title, fontsize=9, color=_INK)
    axes.tick_params(axis=which, labelsize=8, colors=_INK)
    ticks = axis.ticks
    if axis.is_log:
        set_["scale"]("log")
        getattr(axes, f"{which}axis").minorticks_off()
        ticks = ticks or log_ticks(axis.ends or [v for v in values if v is not None])
    if ticks:
        set_["ticks"]([place for place, _ in ticks], [name for _, name in ticks])
    if axis.ends is not None:
        set_["lim"](*axis.ends)


def _draw_parallel(canvas: Any, drawing: Parallel) -> None:
    from matplotlib.collections import LineCollection

    axes = canvas.add_subplot()
    n = len(drawing.dimensions)
    lines = [
        [(place, dimension.places[line]) for place, dimension in enumerate(drawing.dimensions)]
        for line in range(len(drawing.owners))
    ]
    drawn = LineCollection(lines, cmap=_shades(), linewidths=0.9, alpha=0.75)
    drawn.set_array(list(drawing.shades))
    drawn.set_clim(0.0, 1.0)
    axes.add_collection(drawn)
    for place, dimension in enumerate(drawing.dimensions):
        axes.axvline(place, color="#8a949d", linewidth=0.8, zorder=3)
        for y, text in dimension.ticks:
            axes.annotate(
                text, (place, y), xytext=(3, 0), textcoords="offset points", fontsize=7, va="center"
            )
    axes.set_xticks(range(n), [d.title for d in drawing.dimensions], rotation=14, fontsize=8)
    axes.xaxis.tick_top()
    axes.set_yticks([])
    axes.set_xlim(-0.1, n - 0.5)
    axes.set_ylim(-0.13, 1.05)
    axes.spines[:].set_visible(False)


def _shades() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", list(SHADES))


def _with_gaps(values: Any) -> list[float]:
    return [math.nan if value is None else float(value) for value in values]
