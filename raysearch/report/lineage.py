"""Which trials descend from which?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from raysearch.counting import counted
from raysearch.engine.lineage import schedule_of
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
    line = _line_of_winner(run, by_id)
    of_winner = [(a, b) for a, b in links if (a.id, b.id) in line]
    others = [(a, b) for a, b in links if (a.id, b.id) not in line]
    shades = run.shades
    return Figure(
        key=f"lineage-{run.place}",
        title="Lineage",
        caption=f"{_how_many(run.ranking, by_id)} In orange, what the winner comes from.",
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
    return list(dict.fromkeys([*_bred_from(trial), *(t.source for t in trial.takeovers)]))


def _bred_from(trial: Trial) -> list[str]:
    parents = trial.origin.get("parents", [])
    return [str(parent) for parent in parents] if isinstance(parents, list | tuple) else []


def _line_of_winner(run: Shown, by_id: dict[str, Trial]) -> set[tuple[str, str]]:
    """Return from whom to whom the winner came about, by id.

    Of takeovers, only those count by which its weights came to it: what it lost when it took over
    others, or what others did after it had left them, is not in it.
    """
    if run.winner is None:
        return set()
    best = run.winner.best(run.objective)
    stretches = schedule_of(
        run.results.state.trials, run.winner.id, epoch=None if best is None else best.epoch
    )
    found = {(a.trial, b.trial) for a, b in pairwise(stretches)}
    waiting = [stretches[0].trial if stretches else run.winner.id]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in by_id and name not in seen:
            seen.add(name)
            found |= {(parent, name) for parent in _bred_from(by_id[name])}
            waiting += _bred_from(by_id[name])
    return found


def _how_many(ranking: Sequence[Trial], by_id: dict[str, Trial]) -> str:
    """Return in one sentence or two how many trials come from others, and in which way."""
    said = []
    n_bred = sum(any(parent in by_id for parent in _bred_from(trial)) for trial in ranking)
    with_value = f"{counted(len(ranking), 'trial')} with a value"
    if n_bred:
        generations = max(int(trial.origin.get("generation", 0)) for trial in ranking)
        over = f", over {counted(generations, 'generation')}" if generations else ""
        said.append(f"{n_bred} of {with_value} were made from earlier ones{over}.")
    n_takeovers = sum(len(trial.takeovers) for trial in ranking)
    if n_takeovers:
        n_heirs = sum(bool(trial.takeovers) for trial in ranking)
        times = f"{counted(n_takeovers, 'time')} in all"
        said.append(f"{n_heirs} of {with_value} went on with the weights of others, {times}.")
    return " ".join(said)


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
