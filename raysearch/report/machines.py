"""How much of the machines was in use, and how much was idle?

GPUs where trials need some, else CPUs. What others of a cluster use counts as idle: nobody tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raysearch.live.idle import given
from raysearch.live.text import duration
from raysearch.report.figure import Axis, Figure, Panel, Series
from raysearch.report.shown import Shown
from raysearch.results.chronicle import Attempt

Capacities = Sequence[tuple[float, Mapping[str, float]]]
Steps = list[tuple[float, float]]
"""Second -> value from then on."""

_THERE, _IN_USE = "#b8bfc6", "#2f7fa8"


def machines(run: Shown) -> Figure | None:
    """Return what there was and what of it trials used; None where the journal does not say."""
    known, total_s = run.chronicle.capacities, run.chronicle.seconds
    if not known or total_s <= 0:
        return None
    key, kind, each = given(run.results.state.settings)
    levels = [(at, has.get(key, 0.0)) for at, has in known]
    there = [(0.0, levels[0][1]), *levels[1:]]
    used = in_use(run.chronicle.attempts, each=each)
    long = total_s > 600
    per, unit = (60.0, "minutes") if long else (1.0, "seconds")
    had, spent = area(there, end=total_s), area(used, end=total_s)
    share = max(0.0, 1 - spent / had) if had else 0.0
    return Figure(
        key=f"machines-{run.place}",
        title=kind,
        caption=f"{had / total_s:.3g} {kind} on average in {duration(total_s)}, idle "
        f"{100 * share:.0f} % of that. What others used counts as idle.",
        panels=(
            Panel(
                series=(
                    _steps(there, end=total_s, per=per, name="there", color=_THERE),
                    _steps(used, end=total_s, per=per, name="in use", color=_IN_USE),
                ),
                x=Axis(title=f"{unit} of the search", ends=(0.0, total_s / per)),
                y=Axis(title=kind),
                marks=tuple((at / per, "resumed") for at in run.chronicle.breaks_s),
            ),
        ),
    )


def in_use(attempts: Sequence[Attempt], *, each: float) -> Steps:
    """Return how much the attempts use together, from which second on.

    Args:
        attempts: In any order.
        each: What one of them uses.

    Example:
        >>> times = [(0.0, 9.0), (2.0, 4.0)]
        >>> told = {"trial": "0000", "worker": "vm:1", "outcome": "completed"}
        >>> attempts = [Attempt(started_s=a, ended_s=b, **told) for a, b in times]
        >>> in_use(attempts, each=0.5)
        [(0.0, 0.5), (2.0, 1.0), (4.0, 0.5), (9.0, 0.0)]
    """
    changes: dict[float, float] = {0.0: 0.0}
    for attempt in attempts:
        changes[attempt.started_s] = changes.get(attempt.started_s, 0.0) + each
        changes[attempt.ended_s] = changes.get(attempt.ended_s, 0.0) - each
    steps, level = [], 0.0
    for at in sorted(changes):
        level += changes[at]
        steps.append((at, level))
    return steps


def area(steps: Steps, *, end: float) -> float:
    """Return the sum of the values over time, up to an end.

    Example:
        >>> area([(0.0, 2.0), (3.0, 1.0)], end=5.0)
        8.0
    """
    ends = [*(at for at, _ in steps[1:]), end]
    return sum(
        value * max(0.0, min(until, end) - at)
        for (at, value), until in zip(steps, ends, strict=True)
    )


def _steps(steps: Steps, *, end: float, per: float, name: str, color: str) -> Series:
    whole = [*steps, (end, steps[-1][1])]
    return Series(
        kind="steps",
        x=[at / per for at, _ in whole],
        y=[value for _, value in whole],
        name=name,
        color=color,
        weight=2.0,
    )
