"""Who leads a search, and who of them is best once luck is averaged out?

The best of many trials owes a part of its value to luck: of the weights that it began with, of the
order of its batches, of the validation examples that happen to suit it. So the leaders are trained
again, each as often and every time with a new seed, and the one with the best mean wins. The value
that made them leaders is no part of that mean: it was chosen by, and so too good.

A leader is trained as the search trained it, on training data alone, for as many epochs as its best
epoch took, and is worth what it reaches there: that is what a refit does with it. Of several
objectives each has its mean, and `choose` picks from the front of these points. A leader of which
a training failed, or came to no finite value, has no mean, and comes after those that have one: to
leave such trainings out would flatter it.

References:
    Cawley and Talbot, "On Over-fitting in Model Selection and Subsequent Selection Bias in
    Performance Evaluation", JMLR 2010.
    Bouthillier et al., "Accounting for Variance in Machine Learning Benchmarks", MLSys 2021.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from raysearch.counting import counted
from raysearch.experiment.select import Select
from raysearch.results.front import chosen_in_turn
from raysearch.results.spread import Spread
from raysearch.run_dir import events as ev
from raysearch.trial import Objective, Trial, are_trainings_of_one


@dataclass(frozen=True, slots=True, kw_only=True)
class Leader:
    """One of the best trials of a search, and what training it again came to."""

    trial: Trial
    epochs: int
    """Its best epoch, to which it is trained again."""
    wanted: tuple[int, ...]
    """Repeats that are wanted, each with a seed of its own, from 1."""
    done: Mapping[int, ev.Measured]
    """Those of them that are done."""

    @property
    def missing(self) -> tuple[int, ...]:
        """Repeats that are still to be trained."""
        return tuple(repeat for repeat in self.wanted if repeat not in self.done)

    @property
    def spread(self) -> Spread | None:
        """What the repeats reached, in their order; None before the first is done."""
        values = tuple(
            {**self.trial.measures, **self.done[repeat].values}
            for repeat in self.wanted
            if repeat in self.done
        )
        return Spread(values=values) if values else None

    @property
    def faults(self) -> tuple[str, ...]:
        """What went wrong in repeats, a phrase for each."""
        return tuple(run.cause for run in self.done.values() if run.cause is not None)

    def mean_losses(self, objectives: Sequence[Objective]) -> tuple[float, ...]:
        """Return the leader as a point: the loss of each objective's mean, infinite without one."""
        means = {} if self.spread is None else self.spread.mean
        return tuple(objective.loss(means.get(objective.metric)) for objective in objectives)


def leaders_of(
    order: Iterable[Trial],
    *,
    select: Select,
    repeats: Mapping[str, Mapping[int, ev.Measured]],
    objective: Objective,
    can_win: Callable[[Trial], bool],
) -> tuple[Leader, ...]:
    """Return the leaders of a search, best first by the search alone.

    Args:
        order: Trials as the search ranks them, best first.
        select: How many are wanted.
        repeats: Trial -> repeat -> what came of it.
        objective: Says which epoch of a trial is the best.
        can_win: Whether a trial's model is there.
    """
    found: list[Leader] = []
    for trial in order:
        best = trial.best(objective)
        led = any(are_trainings_of_one(trial, leader.trial) for leader in found)
        if best is None or not can_win(trial) or led:
            continue
        wanted = tuple(range(1, select.seeds + 1))
        known = repeats.get(trial.id, {})
        done = {n: known[n] for n in wanted if n in known and known[n].epoch == best.epoch}
        found.append(Leader(trial=trial, epochs=best.epoch, wanted=wanted, done=done))
        if len(found) == select.top:
            break
    return tuple(found)


def are_told_apart(leaders: Sequence[Leader]) -> bool:
    """Return whether all trainings of the leaders are done, and there are any leaders."""
    return bool(leaders) and not any(leader.missing for leader in leaders)


def by_mean(
    leaders: Sequence[Leader], objectives: Sequence[Objective], *, choose: Mapping[str, Any]
) -> list[Trial]:
    """Return the leaders, all of whose trainings are done, in the order in which they would win.

    Of equal means the one comes first that the search has first.

    Args:
        leaders: Best first by the search.
        objectives: One or several.
        choose: The section `choose` of resolved settings.
    """
    trials = {leader.trial.number: leader.trial for leader in leaders}
    points = {leader.trial.number: leader.mean_losses(objectives) for leader in leaders}
    if len(objectives) == 1:
        return sorted(trials.values(), key=lambda trial: points[trial.number][0])
    chosen = list(chosen_in_turn(trials, points, objectives, choose=choose))
    there = {trial.number for trial in chosen}
    return [*chosen, *(trial for number, trial in trials.items() if number not in there)]


def why_best_mean(leaders: Sequence[Leader]) -> str:
    """Return why the winner is the winner, a phrase for a person."""
    seeds = len(leaders[0].wanted)
    of = counted(len(leaders), "leader")
    return f"best mean over {counted(seeds, 'further seed')} of {of} of the search"


def leader_documents(
    leaders: Sequence[Leader], objectives: Sequence[Objective]
) -> list[dict[str, Any]]:
    """Return the list "leaders" of the document that `results RUN --json` prints."""
    objective = objectives[0]
    found = []
    for leader in leaders:
        spread = leader.spread
        names = [each.metric for each in objectives]
        means = {} if spread is None else spread.mean
        stds = {} if spread is None else spread.std
        values = () if spread is None else spread.values
        found.append(
            {
                "trial": leader.trial.id,
                "value": leader.trial.value(objective),
                "epochs": leader.epochs,
                "seeds": len(leader.wanted),
                "n": len(values),
                "mean": {name: means.get(name) for name in names},
                "std": {name: stds.get(name) for name in names},
                "values": [{name: each.get(name) for name in names} for each in values],
                "causes": list(leader.faults),
            }
        )
    return found
