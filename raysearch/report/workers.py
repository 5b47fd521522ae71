"""Who trained what and when, how far did trials get, and why did some fail?"""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.counting import counted
from raysearch.live.text import duration, first_line
from raysearch.report.figure import Axis, Figure, Panel, Series
from raysearch.report.shown import STATUS_COLORS, UNDER_WAY, Shown, status_name
from raysearch.results import failures_by_cause
from raysearch.results.chronicle import Attempt
from raysearch.trial import TrialStatus

LATE_S = 0.05
"""A worker may begin so much before the journal says that it ended."""
MOST_RUNGS = 12
ROW = 34
"""Height of a row of workers or counts, in pixels."""

_COLORS = {str(status): color for status, color in STATUS_COLORS.items()} | {
    "paused": "#c9a227",
    "running": UNDER_WAY,
}
_LOST = "#5b2c6f"
"""Colour of attempts that were interrupted or lost."""


def timeline(run: Shown) -> Figure:
    """Return what each worker trained when, a row for each; gaps are idle time."""
    slots = in_slots(run.chronicle.attempts)
    long = run.chronicle.seconds > 600
    per, unit = (60.0, "minutes") if long else (1.0, "seconds")
    outcomes = dict.fromkeys(attempt.outcome for _, attempts in slots for attempt in attempts)
    series = tuple(_spans(run, slots, outcome=outcome, per=per) for outcome in outcomes)
    return Figure(
        key=f"timeline-{run.place}",
        title="Workers",
        caption=_idle(run, slots),
        panels=(
            Panel(
                series=series,
                x=Axis(title=f"{unit} of the search", ends=(0.0, run.chronicle.seconds / per)),
                y=Axis(
                    ticks=tuple((row, name) for row, (name, _) in enumerate(slots)),
                    ends=(len(slots) - 0.4, -0.6),
                ),
                marks=tuple((at / per, "resumed") for at in run.chronicle.breaks_s),
            ),
        ),
        height=130 + ROW * len(slots),
    )


Slots = list[tuple[str, list[Attempt]]]


def in_slots(attempts: Sequence[Attempt]) -> Slots:
    """Return the attempts by the slots in which they ran, in order: name and attempts of each.

    A slot is a place for one worker after the other on one host: processes come and go.

    Args:
        attempts: By when they began.

    Example:
        >>> def attempt(trial, worker, start, end):
        ...     times = {"started_s": start, "ended_s": end}
        ...     return Attempt(trial=trial, worker=worker, outcome="completed", **times)
        >>> two = [attempt("0000", "vm:1", 0, 9), attempt("0001", "vm:2", 1, 3)]
        >>> slots = in_slots([*two, attempt("0002", "vm:3", 4, 8)])
        >>> [(name, [a.trial for a in attempts]) for name, attempts in slots]
        [('vm 1', ['0000']), ('vm 2', ['0001', '0002'])]
    """
    by_host: dict[str, list[list[Attempt]]] = {}
    for attempt in attempts:
        slots = by_host.setdefault(attempt.worker.rpartition(":")[0], [])
        free = [slot for slot in slots if slot[-1].ended_s <= attempt.started_s + LATE_S]
        same = [slot for slot in free if slot[-1].worker == attempt.worker]
        if free:
            (same or free)[0].append(attempt)
        else:
            slots.append([attempt])
    return [
        (f"{host or 'worker'} {n}", slot)
        for host, slots in by_host.items()
        for n, slot in enumerate(slots, start=1)
    ]


def _spans(run: Shown, slots: Slots, *, outcome: str, per: float) -> Series:
    found = [
        (row, attempt)
        for row, (_, attempts) in enumerate(slots)
        for attempt in attempts
        if attempt.outcome == outcome
    ]
    return Series(
        kind="spans",
        x=[attempt.started_s / per for _, attempt in found],
        y=[row for row, _ in found],
        sizes=[(attempt.ended_s - attempt.started_s) / per for _, attempt in found],
        owners=[(run.owner(attempt.trial),) for _, attempt in found],
        texts=[
            f"{duration(attempt.ended_s - attempt.started_s)}, {attempt.worker}"
            for _, attempt in found
        ],
        name=outcome,
        color=_COLORS.get(outcome, _LOST),
    )


def _idle(run: Shown, slots: Slots) -> str:
    total = run.chronicle.seconds
    if not slots or total <= 0:
        return "No worker has begun yet."
    busy = sum(a.ended_s - a.started_s for _, attempts in slots for a in attempts)
    idle = max(0.0, 1 - busy / (total * len(slots)))
    first = min(a.started_s for _, attempts in slots for a in attempts)
    n = sum(len(attempts) for _, attempts in slots)
    return (
        f"{counted(n, 'attempt')} by {counted(len(slots), 'worker')} in {duration(total)}, idle "
        f"{100 * idle:.0f} % of that; the first began after {duration(first)}."
    )


def rungs(run: Shown) -> Figure:
    """Return how many trials got how far, and what became of them there."""
    levels = _levels(run)
    fates: dict[str, list[list[int]]] = {}
    for n, level in enumerate(levels):
        following = levels[n + 1] if n + 1 < len(levels) else None
        for trial in run.trials:
            if trial.epochs < level:
                continue
            goes_on = following is not None and trial.epochs >= following
            fate = "went on" if goes_on else status_name(trial)
            fates.setdefault(fate, [[] for _ in levels])[n].append(run.owner(trial.id))
    order = ["went on", "completed", "stopped", "failed", "rejected", "under way"]
    series = tuple(
        Series(
            kind="counts",
            y=list(range(len(levels))),
            owners=fates[fate],
            name=fate,
            color=_COLORS.get(fate, "#7fb3d5" if fate == "went on" else UNDER_WAY),
        )
        for fate in order
        if fate in fates
    )
    n_first = sum(trial.epochs >= levels[0] for trial in run.trials)
    n_last = sum(trial.epochs >= levels[-1] for trial in run.trials)
    return Figure(
        key=f"rungs-{run.place}",
        title="How far trials got",
        caption=f"Of {counted(n_first, 'trial')} that reached epoch {levels[0]}, {n_last} reached "
        f"epoch {levels[-1]}. A row for each epoch at which trials ended.",
        panels=(
            Panel(
                series=series,
                x=Axis(title="trials"),
                y=Axis(
                    ticks=tuple((n, f"epoch {level}") for n, level in enumerate(levels)),
                    ends=(len(levels) - 0.4, -0.6),
                ),
            ),
        ),
        height=140 + ROW * len(levels),
    )


def _levels(run: Shown) -> list[int]:
    """Return the epochs at which trials ended, thinned where there are many."""
    ended = {t.epochs for t in run.trials if t.status is TrialStatus.STOPPED and t.epochs}
    levels = sorted(ended | {max(t.epochs for t in run.trials)} | {1})
    while len(levels) > MOST_RUNGS:
        levels = [*levels[:-1:2], levels[-1]]
    return levels


def failures(run: Shown) -> Figure | None:
    """Return the failed trials by cause; None if none failed."""
    by_cause = failures_by_cause(run.results)
    if not by_cause:
        return None
    causes = list(by_cause)
    n = sum(len(trials) for trials in by_cause.values())
    return Figure(
        key=f"failures-{run.place}",
        title="Failures",
        caption=f"{n} of {counted(len(run.trials), 'trial')} failed. A click shows which.",
        panels=(
            Panel(
                series=(
                    Series(
                        kind="counts",
                        y=list(range(len(causes))),
                        owners=[run.owners(by_cause[cause]) for cause in causes],
                        texts=[first_line(by_cause[cause][0].error) for cause in causes],
                        color=STATUS_COLORS[TrialStatus.FAILED],
                    ),
                ),
                x=Axis(title="trials"),
                y=Axis(
                    ticks=tuple(enumerate(causes)),
                    ends=(len(causes) - 0.4, -0.6),
                ),
            ),
        ),
        height=120 + ROW * len(causes),
    )
