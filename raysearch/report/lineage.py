"""Which trials descend from which?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from raysearch.counting import counted
from raysearch.report.figure import Axis, Figure, Panel, Series
from raysearch.report.shown import WINNER, Shown
from raysearch.trial import Trial


def lineage(run: Shown) -> Figure | None:
    """Return trials in their order, with lines to those they were made from; None without any.

    A search method that breeds configurations says of each which trials it was made from; in
    population-based training a trial takes over another one, with its weights.
    """
    by_id = {trial.id: trial for trial in run.ranking}
    links = [
        (by_id[parent], trial)
        for trial in run.ranking
        for parent in parents_of(trial)
        if parent in by_id
    ]
    if not links:
        return None
    ancestors = _ancestors(run.winner, by_id)
    of_winner = [(a, b) for a, b in links if b.id in ancestors]
    others = [(a, b) for a, b in links if b.id not in ancestors]
    generations = max(int(t.origin.get("generation", 0)) for t in run.ranking)
    children = {child.id for _, child in links}
    shades = run.shades
    return Figure(
        key=f"lineage-{run.place}",
        title="Lineage",
        caption=f"{len(children)} of {counted(len(run.ranking), 'trial')} with a value were made "
        f"from earlier ones, over {counted(generations, 'generation')}. In orange, what the winner "
        "comes from.",
        panels=(
            Panel(
                series=(
                    _links(run, others, name="made from", color="#b9c4ce", weight=0.9),
                    _links(run, of_winner, name="the winner's line", color=WINNER, weight=2.2),
                    Series(
                        kind="points",
                        x=[trial.number for trial in run.ranking],
                        y=[trial.value(run.objective) for trial in run.ranking],
                        owners=[(run.owner(trial.id),) for trial in run.ranking],
                        texts=[_origin(trial) for trial in run.ranking],
                        shades=[shades[trial.id] for trial in run.ranking],
                        weight=5,
                    ),
                ),
                x=Axis(title="trial"),
                y=run.value_axis,
            ),
        ),
        height=420,
    )


def parents_of(trial: Trial) -> list[str]:
    """Return the ids of the trials that a trial was made from, or took over in training."""
    parents = trial.origin.get("parents", [])
    named = [str(parent) for parent in parents] if isinstance(parents, list | tuple) else []
    return list(dict.fromkeys([*named, *(takeover.source for takeover in trial.takeovers)]))


def _ancestors(trial: Trial | None, by_id: dict[str, Trial]) -> set[str]:
    """Return a trial and all that it descends from, by id."""
    found: set[str] = set()
    waiting = [] if trial is None else [trial.id]
    while waiting:
        name = waiting.pop()
        if name in by_id and name not in found:
            found.add(name)
            waiting += parents_of(by_id[name])
    return found


def _links(
    run: Shown, pairs: Sequence[tuple[Trial, Trial]], *, name: str, color: str, weight: float
) -> Series:
    def gapped(values: Iterable[tuple[float | None, float | None]]) -> list[float | None]:
        return [v for one, other in values for v in (one, other, None)]

    objective = run.objective
    return Series(
        kind="line",
        x=gapped((a.number, b.number) for a, b in pairs),
        y=gapped((a.value(objective), b.value(objective)) for a, b in pairs),
        owners=[(run.owner(b.id),) for _, b in pairs for _ in range(3)],
        name=name,
        color=color,
        weight=weight,
        opacity=0.8,
    )


def _origin(trial: Trial) -> str:
    kind, parents = str(trial.origin.get("kind", "")), parents_of(trial)
    return f"{kind} of {' and '.join(parents)}" if parents else kind
