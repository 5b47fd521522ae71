"""Which values of two parameters went together in good trials?"""

from __future__ import annotations

from itertools import combinations

from raysearch.counting import counted
from raysearch.live.text import value_text
from raysearch.report.figure import Figure, Panel, Series
from raysearch.report.parameters import Parameters
from raysearch.report.places import axis_for, place
from raysearch.report.shown import Shown
from raysearch.results.marginal import is_active
from raysearch.space import Parameter
from raysearch.trial import Trial

MOST_PARAMETERS = 3
FEWEST_TRIALS = 10
"""Trials in which both are active, from which on a pair is drawn."""


def pairs(known: Parameters) -> Figure | None:
    """Return each pair of the most important parameters against each other; None without any.

    What one of two parameters does may depend on the other: then the good trials lie along a line
    or in a corner, and not in a stripe.
    """
    run = known.run
    found = [
        _pair(run, one, other)
        for one, other in combinations(known.drawn[:MOST_PARAMETERS], 2)
        if len(_trials(run, one, other)) >= FEWEST_TRIALS
    ]
    if not found:
        return None
    return Figure(
        key=f"pairs-{run.place}",
        title="Pairs",
        caption=f"{_which(run)}, against each other: {counted(len(run.ranking), 'trial')}, from "
        "pale (worst) to dark and orange (best). Where the good ones lie in a corner or along a "
        "line, the two act together.",
        panels=tuple(found),
        columns=3,
        height=320,
    )


def _which(run: Shown) -> str:
    if run.importance.effects:
        return "The parameters that come first by importance"
    return "The first parameters of the space"


def _pair(run: Shown, one: Parameter, other: Parameter) -> Panel:
    trials = _trials(run, one, other)
    points = Series(
        kind="points",
        x=[place(one, trial) for trial in trials],
        y=[place(other, trial) for trial in trials],
        owners=[(run.owner(trial.id),) for trial in trials],
        texts=[
            f"{one.key} {value_text(trial.configuration[one.key])}, "
            f"{other.key} {value_text(trial.configuration[other.key])}"
            for trial in trials
        ],
        shades=[run.shades[trial.id] for trial in trials],
        weight=6,
    )
    return Panel(
        series=(points,),
        x=axis_for(one, title=one.label),
        y=axis_for(other, title=other.label),
        title=f"{counted(len(trials), 'trial')}",
    )


def _trials(run: Shown, one: Parameter, other: Parameter) -> list[Trial]:
    """Return the trials in which both are active, the best last, so that they lie on top."""
    return [t for t in reversed(run.ranking) if is_active(one, t) and is_active(other, t)]
