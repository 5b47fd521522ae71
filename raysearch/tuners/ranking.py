"""Which configurations were best, where each may have been trained several times?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from raysearch.results import Results
from raysearch.results.front import by_choice
from raysearch.searchers.repeated import mean_loss
from raysearch.searchers.tried import Key, key
from raysearch.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A configuration, by the best of its executions."""

    trial: Trial
    scores: tuple[float, ...]
    """Mean of the best values of its executions; of several objectives, the best of each."""
    n_executions: int


def ranked(results: Results) -> list[Ranked]:
    """Return the configurations that reached a finite value, best first.

    With several executions the mean counts; one of them that never reached a finite value, such as
    one that failed, rules the configuration out. With several objectives, what the experiment
    chooses of the Pareto front comes first, then what it would choose of the rest.
    """
    if len(results.objectives) > 1:
        chosen = by_choice(
            results.state.trials.values(),
            results.objectives,
            choose=results.state.settings.get("choose", {}),
        )
        return [
            Ranked(trial=trial, scores=_values(trial, results), n_executions=1) for trial in chosen
        ]
    objective = results.objective
    executions: dict[Key, list[Trial]] = {}
    for trial in results.state.trials.values():
        if trial.attempts:
            executions.setdefault(key(trial.configuration), []).append(trial)
    best: dict[Key, Trial] = {}
    for trial in results.ranking():
        best.setdefault(key(trial.configuration), trial)
    found = []
    for configuration, trial in best.items():
        trials = executions.get(configuration, [trial])
        loss = mean_loss(trials, objective=objective)
        if math.isfinite(loss):
            score = objective.value(loss)
            found.append((loss, Ranked(trial=trial, scores=(score,), n_executions=len(trials))))
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]  # of equals, as it was


def _values(trial: Trial, results: Results) -> tuple[float, ...]:
    losses = zip(trial.losses(results.objectives), results.objectives, strict=True)
    return tuple(each.value(loss) for loss, each in losses)
