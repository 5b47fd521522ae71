"""From which distributions did the searcher draw, and how did they move?"""

from __future__ import annotations

from raysearch.live.text import value_text
from raysearch.report.figure import Axis, Figure, Panel, Series
from raysearch.report.shown import Shown
from raysearch.results.distributions import Course, courses_of

MOST = 12
_COLORS = ("#2f6f9f", "#c2410c", "#3c9d6b", "#8e6bb0", "#b0891a", "#5c6670", "#1f9aa8", "#a33b62")


def distributions(run: Shown) -> Figure | None:
    """Return how the distribution of each parameter moved; None for other searchers."""
    state = run.results.state
    courses = courses_of(state.trials.values(), space=state.space)[:MOST]
    if not courses:
        return None
    last = courses[0].snapshots[-1]
    return Figure(
        key=f"distributions-{run.place}",
        title="Distributions",
        caption=f"What cross_entropy drew from, trial by trial, moved by {last.updates} trials: of "
        "numbers the centre and the band that holds 80 % of the draws, of choices their chances.",
        panels=tuple(_panel(course, log=_is_log(run, course)) for course in courses),
        columns=3,
        height=260,
    )


def _is_log(run: Shown, course: Course) -> bool:
    domains = [p.domain for p in run.space.parameters if p.label == course.parameter]
    return any(getattr(domain, "sampling", "") == "log" for domain in domains)


def _panel(course: Course, *, log: bool) -> Panel:
    x = [float(snapshot.trial) for snapshot in course.snapshots]
    numbers = [(s.low, s.centre, s.high) for s in course.snapshots]
    if course.is_number and all(isinstance(v, int | float) for row in numbers for v in row):
        low, centre, high = (list(column) for column in zip(*numbers, strict=True))
        band = Series(
            kind="line",
            x=[*x, *reversed(x)],
            y=[*low, *reversed(high)],
            color="#cfdfea",
            is_filled=True,
            name="80 % of the draws",
        )
        line = Series(kind="line", x=x, y=centre, color="#12466b", weight=2, name="centre")
        return Panel(
            series=(band, line),
            x=Axis(title="trial"),
            y=Axis(is_log=log),
            title=course.parameter,
        )
    by_value: dict[str, list[float]] = {}
    for snapshot in course.snapshots:
        for value, chance in snapshot.chances or ((snapshot.centre, 1.0),):
            by_value.setdefault(value_text(value), []).append(100 * chance)
    lines = tuple(
        Series(
            kind="line",
            x=x[-len(chances) :],
            y=chances,
            texts=[text] * len(chances),
            color=_COLORS[n % len(_COLORS)],
            weight=2,
        )
        for n, (text, chances) in enumerate(by_value.items())
    )
    ends = Series(
        kind="points",
        x=[x[-1]] * len(by_value),
        y=[chances[-1] for chances in by_value.values()],
        texts=list(by_value),
        color="#2b333b",
        weight=4,
        is_labelled=True,
    )
    return Panel(
        series=(*lines, ends),
        x=Axis(title="trial"),
        y=Axis(title="chance, %", ends=(-4.0, 112.0)),
        title=course.parameter,
    )
