"""Which trials does no other one beat in every objective, and how did that front grow?"""

from __future__ import annotations

from itertools import pairwise

from raysearch.counting import counted
from raysearch.live.text import short_number
from raysearch.report.figure import Axis, Figure, Panel, Series
from raysearch.report.shown import WINNER, Shown
from raysearch.results.front import hypervolume_curve, placed
from raysearch.trial import Objective, Trial

COVERED = "#0072b2"


def front(run: Shown) -> Figure | None:
    """Return the trials by their objectives with the Pareto front; None for a single objective.

    The first objective against each of the others, and the share of the reached box that the front
    covers, over time.
    """
    objectives = run.results.objectives
    if len(objectives) < 2:
        return None
    first, *others = objectives
    members = run.results.front
    trials = placed(run.trials, objectives)
    panels = [_plane(run, trials, members, one=other, two=first) for other in others]
    covered = hypervolume_curve(run.trials, objectives)
    if covered:
        panels.append(_growth(run, [(c.at, c.share, c.trial) for c in covered]))
    ruled_out = len(run.trials) - len(trials)
    return Figure(
        key=f"front-{run.place}",
        title="Pareto front",
        caption=f"{counted(len(members), 'trial')} of {len(trials)} are on the front: no other is "
        f"better in one of {len(objectives)} objectives and as good in the rest. "
        f"{ruled_out} more have no value of each, or were ruled out by a constraint.",
        panels=tuple(panels),
        columns=min(3, len(panels)),
        height=380,
    )


def _plane(
    run: Shown, trials: list[Trial], members: list[Trial], *, one: Objective, two: Objective
) -> Panel:
    ids = {trial.id for trial in members}
    ordered = sorted(members, key=lambda t: _at(t, one, run))
    steps = [(_at(t, one, run), _at(t, two, run)) for t in ordered]
    if len(run.results.objectives) > 2:  # seen along a third one, a front is no line
        steps = []
    return Panel(
        series=(
            _points(run, [t for t in trials if t.id not in ids], one, two, "beaten", "#98a4b0", 4),
            Series(
                kind="line",
                x=[x for a, b in pairwise(steps) for x in (a[0], b[0], None)],
                y=[y for a, b in pairwise(steps) for y in (a[1], b[1], None)],
                color="#8fb3c9",
                weight=1.2,
            ),
            _points(run, ordered, one, two, "on the front", "#12466b", 8),
            *(
                [_points(run, [run.winner], one, two, "winner", WINNER, 11)]
                if run.winner is not None and run.winner.id in ids
                else []
            ),
        ),
        x=Axis(title=one.metric),
        y=Axis(title=two.metric),
    )


def _points(
    run: Shown,
    trials: list[Trial],
    one: Objective,
    two: Objective,
    name: str,
    color: str,
    weight: float,
) -> Series:
    return Series(
        kind="points",
        x=[_at(t, one, run) for t in trials],
        y=[_at(t, two, run) for t in trials],
        owners=[(run.owner(t.id),) for t in trials],
        name=name,
        color=color,
        weight=weight,
        symbol="star" if name == "winner" else "circle",
    )


def _at(trial: Trial, objective: Objective, run: Shown) -> float:
    """Return a trial's value of one objective, at the best epoch of the first."""
    objectives = run.results.objectives
    loss = trial.losses(objectives)[list(objectives).index(objective)]
    return loss if objective.direction == "minimize" else -loss


def _growth(run: Shown, covered: list[tuple[float, float, str]]) -> Panel:
    start = run.results.state.started_at
    return Panel(
        series=(
            Series(
                kind="steps",
                x=[at - start for at, _, _ in covered],
                y=[100 * share for _, share, _ in covered],
                owners=[(run.owner(trial),) for _, _, trial in covered],
                texts=[f"{short_number(100 * share)} %" for _, share, _ in covered],
                color=COVERED,
                weight=2,
            ),
        ),
        x=Axis(title="seconds since the search began"),
        y=Axis(title="hypervolume, % of the box reached"),
    )
