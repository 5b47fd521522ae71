"""What did hyperparameters do: which mattered, which values went with good trials, and together?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from raysearch.counting import counted
from raysearch.live.text import short_number, value_text
from raysearch.report.figure import Axis, Dimension, Figure, Panel, Parallel, Series
from raysearch.report.places import axis_for, is_numeric, middle, place
from raysearch.report.shown import Shown
from raysearch.results.marginal import is_active, is_cut, parts
from raysearch.space import Graph, Parameter
from raysearch.trial import Trial, TrialStatus

MOST_BARS = 16
MOST_SLICES = 18
MOST_AXES = 10
"""Parameters that are drawn at most, the most important first."""
FEWEST_IN_PART = 3
"""Trials of which a median says something."""
REACHED_BY = 0.85
"""The axis of the objective ends at the value that this share of the trials reached."""
NOT_THERE = -0.1
"""Place of a trial on an axis of parallel coordinates that it has no value on."""
MARGINAL = "#c2410c"


class Parameters:
    """The parameters of a run that are worth drawing, the most important first."""

    def __init__(self, run: Shown) -> None:
        self.run = run
        order = {effect.label: n for n, effect in enumerate(run.importance.effects)}
        drawn = [p for p in run.space.parameters if self._is_drawn(p)]
        self.drawn = sorted(drawn, key=lambda p: order.get(p.label, len(order)))

    def _is_drawn(self, parameter: Parameter) -> bool:
        if isinstance(parameter.domain, Graph) or parameter.domain.size() == 1:
            return False
        values = {
            trial.configuration[parameter.key]
            for trial in self.run.ranking
            if is_active(parameter, trial)
        }
        return len(values) > 1


def importance_figure(known: Parameters) -> Figure | None:
    """Return how much each parameter mattered; None where nothing can be said."""
    found = known.run.importance
    if not found.effects:
        return None
    effects = found.effects[:MOST_BARS]
    rows = list(enumerate(effects))
    more = len(found.effects) - len(effects)
    return Figure(
        key=f"importance-{known.run.place}",
        title="Importance",
        caption=f"By PED-ANOVA: how far the values of the {found.n_best} best of "
        f"{counted(found.n_trials, 'trial')} differ from those of all. Behind each bar, of how "
        "many trials it is; pale ones are no larger than what chance gives a parameter without "
        f"influence.{f' {more} more are smaller.' if more else ''}",
        panels=(
            Panel(
                series=tuple(
                    Series(
                        kind="bars",
                        x=[100 * effect.share for _, effect in part],
                        y=[row for row, _ in part],
                        texts=[f"{effect.n_trials} trials" for _, effect in part],
                        name=name,
                        color=color,
                        is_labelled=True,
                    )
                    for name, color, stands_out in (
                        ("beyond chance", "#12466b", True),
                        ("may be chance", "#b9c7d3", False),
                    )
                    if (part := [pair for pair in rows if pair[1].stands_out is stands_out])
                ),
                x=Axis(title="share of importance, %", ends=(0, 118 * effects[0].share)),
                y=Axis(
                    ticks=tuple((row, effect.label) for row, effect in rows),
                    ends=(len(effects) - 0.4, -0.6),
                ),
            ),
        ),
        height=130 + 24 * len(effects),
    )


def slices(known: Parameters) -> Figure | None:
    """Return the value of each trial against each parameter, with medians of parts of its range."""
    run = known.run
    drawn = known.drawn[:MOST_SLICES]
    if not drawn:
        return None
    more, y = len(known.drawn) - len(drawn), run.value_axis
    return Figure(
        key=f"slices-{run.place}",
        title="Slices",
        caption=f"{run.objective.metric} of {counted(len(run.ranking), 'trial')} against each "
        "parameter. Diamonds are medians over a part of the range, with quartiles, of at least "
        f"{FEWEST_IN_PART} trials, whatever else differed in them. Those that were stopped "
        "count with what they had reached."
        f"{f' {more} parameters more are left out.' if more else ''}",
        panels=tuple(
            _slice(run, p, n_trials=len(run.ranking), y=replace(y, title="") if n % 3 else y)
            for n, p in enumerate(drawn)
        ),
        columns=3,
        height=250,
    )


def _slice(run: Shown, parameter: Parameter, *, n_trials: int, y: Axis) -> Panel:
    trials = [trial for trial in run.ranking if is_active(parameter, trial)]
    ended = [t for t in trials if t.status is TrialStatus.COMPLETED]
    others = [t for t in trials if t.status is not TrialStatus.COMPLETED]
    series = [
        Series(
            kind="points",
            x=[place(parameter, trial) for trial in some],
            y=[trial.value(run.objective) for trial in some],
            owners=[(run.owner(trial.id),) for trial in some],
            texts=[]
            if is_numeric(parameter)
            else [value_text(trial.configuration[parameter.key]) for trial in some],
            name=name,
            color=color,
            weight=2.5,
            opacity=0.75 if n_trials < 300 else 0.5,
        )
        for some, name, color in (
            (others, "stopped early", "#9aa7b3"),
            (ended, "trained in full", "#2f6f9f"),
        )
        if some
    ]
    return Panel(
        series=(*series, *_marginal(run, parameter, trials)),
        x=axis_for(parameter),
        y=y,
        title=f"{parameter.label}  ({len(trials)})",
    )


def _marginal(run: Shown, parameter: Parameter, trials: Sequence[Trial]) -> tuple[Series, ...]:
    """Return medians with quartiles of those parts that have a few trials."""
    found = [
        part
        for part in parts(parameter, trials, objective=run.objective)
        if part.n_trials >= FEWEST_IN_PART
    ]
    is_number = is_numeric(parameter)
    values = [] if is_number else list(parameter.domain.grid())
    places = [
        middle(parameter, part.low, part.high) if is_number else float(values.index(part.low))
        for part in found
    ]
    spread = Series(
        kind="line",
        x=[x for place in places for x in (place, place, None)],
        y=[y for part in found for y in (part.lower, part.upper, None)],
        color=MARGINAL,
        weight=2,
    )
    medians = Series(
        kind="points",
        x=places,
        y=[part.median for part in found],
        texts=[
            f"{value_text(part.low)} to {value_text(part.high)}: median "
            f"{short_number(part.median)} of {counted(part.n_trials, 'trial')}"
            for part in found
        ],
        name="median and quartiles",
        color=MARGINAL,
        symbol="diamond",
        weight=6,
    )
    return (spread, medians) if found else ()


def parallel(known: Parameters) -> Parallel | None:
    """Return a line for each trial with a value, across its most important parameters."""
    run = known.run
    drawn = known.drawn[:MOST_AXES]
    if not drawn:
        return None
    trials = list(reversed(run.ranking))  # the best lie on top
    return Parallel(
        key=f"parallel-{run.place}",
        title="Parallel coordinates",
        caption=f"A line for each of {counted(len(trials), 'trial')} with a value, from pale "
        "(worst) to dark and orange (best). Drag along an axis to keep some lines, in all figures; "
        "below an axis are the trials in which it was not active.",
        dimensions=(*(_dimension(p, trials) for p in drawn), _values(run, trials)),
        owners=run.owners(trials),
        shades=[run.shades[trial.id] for trial in trials],
    )


def _dimension(parameter: Parameter, trials: Sequence[Trial]) -> Dimension:
    domain = parameter.domain
    if is_cut(domain):
        places = [0.0, 0.25, 0.5, 0.75, 1.0]
        ticks = [(place, value_text(domain.from_unit(place))) for place in places]
    else:
        ticks = [(domain.to_unit(value), value_text(value)) for value in domain.grid()]
    return Dimension(
        title=parameter.label,
        places=[
            domain.to_unit(trial.configuration[parameter.key])
            if is_active(parameter, trial)
            else NOT_THERE
            for trial in trials
        ],
        ticks=tuple(ticks),
    )


def _values(run: Shown, trials: Sequence[Trial]) -> Dimension:
    """Return the axis of the objective, whose better end is at the top.

    It ends at the value that all but the worst trials reach; those lie at its lower end.
    """
    objective, is_log = run.objective, run.value_axis.is_log
    losses = [objective.loss(trial.value(objective)) for trial in trials]
    if is_log:  # only of losses above 0
        losses = [math.log10(loss) for loss in losses]
    ordered = sorted(losses)
    best, worst = ordered[0], ordered[round(REACHED_BY * (len(ordered) - 1))]
    width = (worst - best) or 1.0
    ticks = []
    for height in (0.0, 0.25, 0.5, 0.75, 1.0):
        loss = worst - height * width
        loss = 10**loss if is_log else loss
        value = loss if objective.direction == "minimize" else -loss
        ticks.append((height, short_number(value, digits=3)))
    return Dimension(
        title=objective.metric,
        places=[max(0.0, min(1.0, (worst - loss) / width)) for loss in losses],
        ticks=tuple(ticks),
    )
