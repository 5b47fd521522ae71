"""What is a figure, whoever draws it?

Plain records of what is to be seen. `as_plotly` makes them figures of the page, `as_picture` draws
the same ones with matplotlib. Everything that belongs to trials says to which: their places in the
list of trials of the page, called owners, by which a click filters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from raysearch.live.text import short_number

SHADES = ((0.0, "#d9dee3"), (0.5, "#8fb3c9"), (0.8, "#2f7fa8"), (0.95, "#12466b"), (1.0, "#e08e0b"))
"""Colours of what is shaded, from the worst to the best."""

Kind = Literal["line", "steps", "points", "bars", "counts", "spans", "cells"]
"""line: x and y, with gaps where both are None. steps: the same, each value held to the next.
points: markers. bars: of length x at row y. counts: bars as long as they have owners. spans: from x
for `sizes` at row y. cells: a matrix, `matrix[row][column]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """An axis of a panel."""

    title: str = ""
    is_log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()
    """Places that have names; numbers where there are none."""
    ends: tuple[float, float] | None = None
    """Where it begins and ends; as far as the data go by default. In that order: the first may be
    the larger one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What has one look and one entry in the legend."""

    kind: Kind
    x: Sequence[float | None] = ()
    y: Sequence[float | None] = ()
    name: str = ""
    """In the legend; empty for no entry."""
    color: str = "#4c6f91"
    shades: Sequence[float] = ()
    """Of points: numbers from 0 to 1, from the worst to the best, in place of one colour."""
    sizes: Sequence[float] = ()
    """Lengths of spans."""
    matrix: Sequence[Sequence[float | None]] = ()
    owners: Sequence[Sequence[int]] = ()
    """Of each point: the trials that it is about; empty where clicks mean nothing."""
    texts: Sequence[str] = ()
    """Of each point, shown beside it when the mouse is there."""
    symbol: Literal["circle", "x", "star", "diamond"] = "circle"
    weight: float = 1.0
    """Width of a line, or diameter of a point, in pixels."""
    opacity: float = 1.0
    is_filled: bool = False
    """Of lines: whether the area that they go round is filled."""
    is_labelled: bool = False
    """Whether the texts are written into the figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Axes with what is drawn between them."""

    series: tuple[Series, ...]
    x: Axis = Axis()
    y: Axis = Axis()
    title: str = ""
    marks: tuple[tuple[float, str], ...] = ()
    """Lines across the panel at values of x, each with its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Panels in rows, with what they show in words."""

    key: str
    """Unique in a report; names the PNG file."""
    title: str
    caption: str
    """What is seen, and how many trials it rests on."""
    panels: tuple[Panel, ...]
    columns: int = 1
    """Panels side by side."""
    height: int = 340
    """Of a row, in pixels of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """An axis of parallel coordinates."""

    title: str
    places: Sequence[float]
    """Of each trial, from 0 to 1; below 0 where it has no value here."""
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel:
    """Parallel coordinates: a line for each trial, across an axis for each parameter."""

    key: str
    title: str
    caption: str
    dimensions: tuple[Dimension, ...]
    owners: Sequence[int]
    """The trial of each line."""
    shades: Sequence[float]
    """Of each line, from 0, the worst, to 1, the best."""
    height: int = 420


Drawing = Figure | Parallel


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Drawings under one heading; of several runs side by side."""

    title: str
    drawings: tuple[Drawing, ...] = ()
    text: str = ""
    """What is to be said before them, or why there are none."""
    is_wide: bool = False
    """Whether drawings of several runs are below each other, since they need the width."""
    table: tuple[tuple[str, ...], ...] = ()
    """Rows of texts, the first of which is the header."""


def log_ticks(values: Sequence[float]) -> tuple[tuple[float, str], ...]:
    """Return places with names for a logarithmic axis: powers of ten, and 2 and 5 where few.

    Args:
        values: What lies on the axis; those above 0 count.

    Example:
        >>> log_ticks([0.01, 1.0]), log_ticks([2, 40])
        (((0.01, '0.01'), (0.1, '0.1'), (1, '1')), ((2, '2'), (5, '5'), (10, '10'), (20, '20')))
        >>> log_ticks([])
        ()
    """
    above = [value for value in values if value > 0]
    if not above:
        return ()
    low, high = min(above), max(above)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, (last - first) // 6)
    parts = (1, 2, 5) if math.log10(high / low) < 2 else (1,)
    places = [
        part * 10**power if power >= 0 else part / 10**-power
        for power in range(first, last + 1, every)
        for part in parts
    ]
    slack = 1.02
    return tuple((p, short_number(p)) for p in places if low / slack <= p <= high * slack)
