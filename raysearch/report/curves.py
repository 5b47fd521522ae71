"""How did trials learn, where were they stopped, and when was the best value found?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from raysearch.counting import counted
from raysearch.live.text import short_number
from raysearch.report.figure import Axis, Figure, Panel, Series
from raysearch.report.shown import (
    DEFAULT,
    STATUS_COLORS,
    UNDER_WAY,
    WINNER,
    Shown,
    axis_of,
    status_name,
)
from raysearch.trial import Measurement, Objective, Trial

MOST_POINTS = 40_000
"""Points of all learning curves of a run; longer ones are thinned."""
LONG = 20
"""Epochs from which on their axis is logarithmic, since most trials end early."""
FEWEST = 12
"""Points that a curve keeps at least, if it has them."""

_ORDER = ("stopped", "failed", "rejected", "under way", "completed")
"""Those drawn last lie on top."""


def learning_curves(run: Shown) -> Figure:
    """Return the objective of every trial, epoch by epoch, and where it ended."""
    objective = run.objective
    most = max(FEWEST, MOST_POINTS // max(1, len(run.trials)))
    groups: dict[str, list[Trial]] = {}
    for trial in run.trials:
        if trial.measurements:
            groups.setdefault(status_name(trial), []).append(trial)
    series = [_curves(run, groups[name], name=name, most=most) for name in _ORDER if name in groups]
    ends = [trial for name in ("stopped", "failed") for trial in groups.get(name, [])]
    series += [_ends(run, ends)] if ends else []
    series += _two(run, most=most)
    values = [
        v
        for trial in run.trials
        for m in trial.measurements
        if (v := m.values.get(objective.metric)) is not None
    ]
    n = sum(len(trials) for trials in groups.values())
    longest = max(trial.epochs for trial in run.trials)
    thin = " Long curves are thinned." if _is_thinned(run.trials, most=most) else ""
    return Figure(
        key=f"curves-{run.place}",
        title="Learning curves",
        caption=f"{objective.metric} of {counted(n, 'trial')} after each epoch. A cross is where "
        f"a trial was stopped or failed. The axis is fitted to the better trials: a double "
        f"click shows all.{thin}",
        panels=(
            Panel(
                series=tuple(series),
                x=Axis(title="epoch", is_log=longest >= LONG),
                y=_axis(values, run),
            ),
        ),
        height=400,
    )


def _axis(values: Sequence[float], run: Shown) -> Axis:
    """Return the axis on which the ends of the better trials can be told apart."""
    axis = axis_of(values, objective=run.objective)
    reached = [v for trial in run.ranking if (v := trial.value(run.objective)) is not None]
    if axis.is_log or len(reached) < 4:
        return axis
    best, far = reached[0], reached[round(0.75 * (len(reached) - 1))]
    pad = 0.06 * abs(best - far)
    edge, end = (best + pad, far - 2 * pad) if best > far else (best - pad, far + 2 * pad)
    if not pad or not min(values) < end < max(values):
        return axis
    return replace(axis, ends=(min(edge, end), max(edge, end)))


def _curves(run: Shown, trials: Sequence[Trial], *, name: str, most: int) -> Series:
    """Return the curves of trials as one line with gaps."""
    x: list[float | None] = []
    y: list[float | None] = []
    owners: list[Sequence[int]] = []
    for trial in trials:
        points = _points(trial, objective=run.objective, most=most)
        own = (run.owner(trial.id),)
        x += [*(p[0] for p in points), None]
        y += [*(p[1] for p in points), None]
        owners += [own] * (len(points) + 1)
    color = next((c for status, c in STATUS_COLORS.items() if str(status) == name), UNDER_WAY)
    few = len(trials) <= 40
    return Series(
        kind="line",
        x=x,
        y=y,
        owners=owners,
        name=name,
        color=color,
        weight=1.3 if few else 0.8,
        opacity=0.8 if few else 0.45,
    )


def _ends(run: Shown, trials: Sequence[Trial]) -> Series:
    """Return a cross at the end of each trial that did not come to its own end."""
    metric = run.objective.metric
    ended = [
        (trial, last)
        for trial in trials
        if (last := trial.last) is not None and last.values.get(metric) is not None
    ]
    return Series(
        kind="points",
        x=[last.epoch for _, last in ended],
        y=[last.values[metric] for _, last in ended],
        owners=[(run.owner(trial.id),) for trial, _ in ended],
        texts=[trial.reason or trial.cause or "" for trial, _ in ended],
        name="ended early",
        color="#5c6670",
        symbol="x",
        weight=5,
        opacity=0.8,
    )


def _two(run: Shown, *, most: int) -> list[Series]:
    """Return the curves of the default configuration and of the winner, to be seen above all."""
    series = []
    default, winner = run.results.default, run.winner
    for trial, name, color in ((default, "default", DEFAULT), (winner, "winner", WINNER)):
        if trial is None or not trial.measurements or (name == "default" and trial == winner):
            continue
        points = _points(trial, objective=run.objective, most=10 * most)
        series.append(
            Series(
                kind="line",
                x=[p[0] for p in points],
                y=[p[1] for p in points],
                owners=[(run.owner(trial.id),)] * len(points),
                name=f"{name}, {trial.id}",
                color=color,
                weight=2.6,
            )
        )
    return series


def _points(trial: Trial, *, objective: Objective, most: int) -> list[tuple[int, float | None]]:
    kept = thinned(trial.measurements, objective=objective, most=most)
    return [(m.epoch, m.values.get(objective.metric)) for m in kept]


def thinned(
    measurements: Sequence[Measurement], *, objective: Objective, most: int
) -> list[Measurement]:
    """Return at most about so many measurements: the first, the last, the best, and some between.

    Args:
        measurements: In order of epochs.
        objective: Says which one is the best.
        most: At least 2.
    """
    if len(measurements) <= most:
        return list(measurements)
    last = len(measurements) - 1
    kept = {round(n * last / (most - 1)) for n in range(most)}
    losses = [objective.loss(m.values.get(objective.metric)) for m in measurements]
    kept.add(min(range(len(losses)), key=losses.__getitem__))
    return [measurements[n] for n in sorted(kept)]


def _is_thinned(trials: Iterable[Trial], *, most: int) -> bool:
    return any(len(trial.measurements) > most for trial in trials)


def incumbents(runs: Sequence[Shown]) -> Figure:
    """Return the best value so far, against time and against epochs trained; a line for a run.

    Runs with the same objective are drawn together.
    """
    many = len(runs) > 1
    longest = max(run.chronicle.seconds for run in runs)
    size, unit = next((s, name) for s, name in _UNITS if longest > 5 * s or s == 1)
    together: dict[Objective, list[Shown]] = {}
    for run in runs:
        together.setdefault(run.objective, []).append(run)
    panels: list[Panel] = []
    for objective, some in together.items():
        values = [found.value for run in some for found in run.chronicle.improvements]
        y = axis_of(values, objective=objective)
        by_time = tuple(s for run in some for s in _incumbent(run, per=size, many=many))
        by_epoch = tuple(s for run in some for s in _incumbent(run, per=None, many=many))
        panels += [
            Panel(series=by_time, x=Axis(title=f"{unit} of the search"), y=y),
            Panel(series=by_epoch, x=Axis(title="epochs trained in all trials"), y=y),
        ]
    words = "; ".join(_found(run, many=many) for run in runs)
    return Figure(
        key="incumbent",
        title="Best value so far",
        caption=f"A point for each new best value. {words}.",
        panels=tuple(panels),
        columns=2,
        height=320,
    )


_UNITS = ((3600, "hours"), (60, "minutes"), (1, "seconds"))


def _incumbent(run: Shown, *, per: float | None, many: bool) -> tuple[Series, ...]:
    found = run.chronicle.improvements
    end = run.chronicle.epochs if per is None else run.chronicle.seconds / per
    x = [float(i.epochs) if per is None else i.seconds / per for i in found]
    y = [i.value for i in found]
    owners: list[Sequence[int]] = [(run.owner(i.trial),) for i in found]
    texts = [f"epoch {i.epoch}" for i in found]
    if found:  # the best value holds up to now
        x, y = [*x, max(end, x[-1])], [*y, y[-1]]
        owners, texts = [*owners, owners[-1]], [*texts, texts[-1]]
    line = Series(
        kind="steps",
        x=x,
        y=y,
        owners=owners,
        texts=texts,
        name=run.name if many else "",
        color=run.color,
        weight=2,
    )
    n = len(found)
    points = replace(
        line, kind="points", x=x[:n], y=y[:n], owners=owners[:n], texts=texts[:n], name="", weight=5
    )
    return line, points


def _found(run: Shown, *, many: bool) -> str:
    prefix = f"{run.name}: " if many else ""
    if not run.chronicle.improvements:
        return f"{prefix}none yet"
    last = run.chronicle.improvements[-1]
    share = 100 * last.epochs / max(1, run.chronicle.epochs)
    return (
        f"{prefix}{short_number(last.value)} by trial {last.trial}, after {last.epochs} of "
        f"{run.chronicle.epochs} epochs ({share:.0f} %)"
    )
