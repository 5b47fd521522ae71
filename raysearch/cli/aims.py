"""What is a search after, and how far did it get: several objectives, constraints, measures?"""

from __future__ import annotations

from raysearch.counting import counted
from raysearch.experiment import Experiment
from raysearch.live.text import energy, short_number
from raysearch.measure import MEASURES
from raysearch.results import Results
from raysearch.results.front import hypervolume_curve, why_chosen
from raysearch.trial import Objective, Trial, TrialStatus

MOST_SHOWN = 20
"""Trials of the front that are listed."""


def aim_facts(experiment: Experiment) -> list[tuple[str, str]]:
    """Return the objectives, constraints and measures of an experiment, for `check`."""
    aims = experiment.aims
    objectives = aims.objectives or (aims.objective,)
    label = "objectives" if aims.objectives else "objective"
    facts = [(label, ", ".join(f"{each.direction} {each.metric}" for each in objectives))]
    if aims.objectives:
        facts.append(("winner", why_chosen(aims.choose.settings(), front=[])))
    if aims.constraints:
        facts.append(("constraints", ", ".join(str(each) for each in aims.constraints)))
    for name in aims.measures:
        label = "measured" if name == aims.measures[0] else ""
        facts.append((label, f"{name}: {MEASURES[name].text}"))
    if aims.measures:
        how = aims.measuring
        threads = counted(how.threads, "thread")
        facts.append(("", f"batch size {how.batch_size}, {threads}, on {how.device}"))
    return facts


def front_rows(results: Results) -> list[list[str]]:
    """Return a row for each trial of the Pareto front: its id and its objectives' values."""
    winner = results.winner
    return [
        [trial.id + (" *" if winner is not None and winner.id == trial.id else "")]
        + [_value(trial, objective, results) for objective in results.objectives]
        for trial in results.front[:MOST_SHOWN]
    ]


def front_facts(results: Results) -> list[tuple[str, str]]:
    """Return how large the front is, what it covers, and who has no place on it; none if single."""
    if len(results.objectives) < 2:
        return []
    trials = list(results.state.trials.values())
    front, curve = results.front, hypervolume_curve(trials, results.objectives)
    facts = []
    if curve:
        half = next(each for each in curve if each.share >= 0.9 * curve[-1].share)
        facts.append(
            (
                "front",
                f"{counted(len(front), 'trial')}, hypervolume {curve[-1].share:.3f} of what was "
                f"reached; nine tenths of it with trial {half.trial}",
            )
        )
    facts += [("", text) for text in _missing(results)]
    facts += [("", text) for text in _constant(results)]
    return facts


def measure_facts(trial: Trial) -> list[tuple[str, str]]:
    """Return what a trial's model costs, and the energy that it took, if that was measured."""
    found = [f"{name} {short_number(value)}" for name, value in sorted(trial.measures.items())]
    facts = [("model", ", ".join(found))] if found else []
    if trial.joules is not None:
        facts.append(("energy", f"{energy(trial.joules)}, this trial's share of what devices told"))
    return facts


def rejected_facts(results: Results) -> list[tuple[str, str]]:
    """Return how many trials were rejected by constraints, with the closest; none if none was."""
    rejected = [t for t in results.state.trials.values() if t.status is TrialStatus.REJECTED]
    if not rejected:
        return []
    closest = min(rejected, key=lambda trial: (trial.violation, trial.number))
    return [
        (
            "rejected",
            f"{counted(len(rejected), 'trial')} before training; the closest, {closest.id}: "
            f"{closest.reason}",
        )
    ]


def _value(trial: Trial, objective: Objective, results: Results) -> str:
    best = trial.best(results.objective)
    values = trial.measures if best is None else {**trial.measures, **best.values}
    return short_number(values.get(objective.metric))


def _missing(results: Results) -> list[str]:
    """Return which objectives some trials never reported, so that they have no place there."""
    texts = []
    for objective in results.objectives[1:]:
        lacking = [
            trial.id
            for trial in results.ranking()
            if objective.loss(_known(trial, objective, results)) == float("inf")
        ]
        if lacking:
            more = f" and {len(lacking) - 5} more" if lacking[5:] else ""
            shown = ", ".join(lacking[:5]) + more
            texts.append(f"not on it: {shown}, without a finite {objective.metric}")
    return texts


def _known(trial: Trial, objective: Objective, results: Results) -> float | None:
    best = trial.best(results.objective)
    return None if best is None else best.values.get(objective.metric)


def _constant(results: Results) -> list[str]:
    """Return which objectives have the same value in all trials, so that they tell none apart."""
    ranking = results.ranking()
    texts = []
    for objective in results.objectives:
        values = {_known(trial, objective, results) for trial in ranking}
        if len(ranking) > 1 and len(values) == 1 and None not in values:
            value = short_number(values.pop())
            texts.append(
                f"{objective.metric} is {value} in all {len(ranking)} trials, so it tells none of "
                "them apart"
            )
    return texts
