"""Can the constraints be met at all, and do measures tell configurations apart?

Models of some configurations are built and measured, none is trained: first the default and the
ends of the space, then, as long as none meets every constraint, random ones and neighbours of the
one that came closest. So a limit that nothing reaches is found before the first trial. That no
other configuration meets it is likely then, and not proved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from raysearch.errors import TrialFailed, one_of
from raysearch.experiment import Experiment
from raysearch.measure import MEASURES, violation
from raysearch.preflight.corners import corners_of
from raysearch.preflight.findings import Finding
from raysearch.randomness import generator
from raysearch.scratch import scratch_folder
from raysearch.space.values import show
from raysearch.training.job import TrainingJob
from raysearch.training.jobs import job_for
from raysearch.trial import Configuration, Trial

ModelCost = Callable[[TrainingJob], Mapping[str, float]]
"""Returns what a job's model costs; `raysearch.training.run.model_cost` is one."""

FEW, MOST = 6, 60
"""Configurations that are measured in any case, where measures are objectives; and those that are
while none meets the constraints."""

N_RANDOM = 12
"""Random ones, before neighbours of the closest."""

ENOUGH = FEW + N_RANDOM
"""Configurations that must have been measured before a limit is said to be out of reach."""

TIME_LIMIT_S = 20.0
"""Seconds after which no further configuration is measured, if there are enough."""

PATIENCE = 4
"""So many times that long at most, where there are not."""

MOST_NAMED = 6
"""Parameters of the closest configuration that are named at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costed:
    """A configuration and what its model costs."""

    configuration: Configuration
    measures: Mapping[str, float]
    violation: float


def limit_findings(
    experiment: Experiment, *, model_cost: ModelCost, time_limit_s: float = TIME_LIMIT_S
) -> tuple[Finding, ...]:
    """Return what is wrong with an experiment's constraints and objectives that are measures.

    Configurations whose models cannot be built or measured say nothing here: their trials will.

    Args:
        experiment: What would be searched.
        model_cost: Measures one configuration's model, here or in another process.
        time_limit_s: Seconds after which no further configuration is measured.

    Returns:
        A fault if no configuration meets the constraints, a warning if there was no time for enough
        of them; and a warning for each measure that is an objective and the same in all.
    """
    if not experiment.aims.measures:
        return ()
    tried = list(_tried(experiment, model_cost=model_cost, time_limit_s=time_limit_s))
    if not tried:
        return ()
    if all(one.violation > 0 for one in tried):
        return (_never_met(experiment, tried),)
    return tuple(_constant(experiment, tried))


def _tried(
    experiment: Experiment, *, model_cost: ModelCost, time_limit_s: float
) -> Iterator[Costed]:
    """Yield configurations, measured, until enough is known."""
    began_s = time.monotonic()
    are_objectives = any(each.metric in MEASURES for each in experiment.aims.objectives)
    tried: list[Costed] = []
    with scratch_folder("measuring") as folder:
        for number, configuration in enumerate(_candidates(experiment, tried)):
            limit_s = time_limit_s * (1 if len(tried) >= ENOUGH else PATIENCE)
            is_late = time.monotonic() - began_s > limit_s
            if number == MOST or (tried and is_late):
                return
            is_met = any(one.violation == 0 for one in tried)
            if is_met and (not are_objectives or len(tried) >= FEW):
                return
            if any(one.configuration == configuration for one in tried):
                continue
            job = _job(experiment, configuration, folder=folder)
            try:
                measures = model_cost(job)
            except TrialFailed:
                continue
            missed = violation(experiment.aims.constraints, measures)
            tried.append(Costed(configuration=configuration, measures=measures, violation=missed))
            yield tried[-1]


def _candidates(experiment: Experiment, tried: list[Costed]) -> Iterator[Configuration]:
    """Yield what to measure next; by and by, neighbours of what came closest so far."""
    for corner in corners_of(experiment, most=FEW):
        yield corner.configuration
    rng = generator(experiment.seed, role="constraints", number=0)
    for _ in range(N_RANDOM):
        yield experiment.space.sample(rng)
    while tried:
        closest = min(tried, key=lambda one: one.violation)
        yield experiment.space.mutate(closest.configuration, rng)


def _job(experiment: Experiment, configuration: Configuration, *, folder: Path) -> TrainingJob:
    """Return the job of a configuration, on a GPU only where there is one."""
    trial = Trial(id="measuring", number=0, configuration=configuration)
    job = job_for(experiment, trial, run_dir=folder)
    return replace(job, accelerator="auto") if job.accelerator == "gpu" else job


def _never_met(experiment: Experiment, tried: list[Costed]) -> Finding:
    constraints, size = experiment.aims.constraints, experiment.space.grid_size()
    closest = min(tried, key=lambda one: one.violation)
    is_sure = len(tried) >= min(ENOUGH, size or ENOUGH)
    limits = " and ".join(str(each) for each in constraints)
    has = " and ".join(
        f"{each.measure} {closest.measures[each.measure]:.6g}" for each in constraints
    )
    text = (
        f"constraints: none of {len(tried)} configurations that were measured meets {limits}. The "
        f"closest has {has}: {_named(closest.configuration, experiment)}. Raise the limit, or let "
        "the space reach models that cost less."
    )
    if not is_sure:
        text += " There was no time to measure more of them, so the search begins all the same."
    return Finding(kind="fault" if is_sure else "warning", path=("constraints",), text=text)


def _named(configuration: Configuration, experiment: Experiment) -> str:
    """Return what tells a configuration from the default."""
    default = experiment.space.default()
    other = [
        f"{key}={show(value)}" for key, value in configuration.items() if default.get(key) != value
    ]
    more = f" and {len(other) - MOST_NAMED} more" if len(other) > MOST_NAMED else ""
    return f"the default with {', '.join(other[:MOST_NAMED])}{more}" if other else "the default"


def _constant(experiment: Experiment, tried: list[Costed]) -> Iterator[Finding]:
    """Yield a warning for each objective that tells no configurations apart."""
    for number, objective in enumerate(experiment.aims.objectives):
        name = objective.metric
        values = {one.measures[name] for one in tried if name in one.measures}
        if len(values) == 1 and len(tried) > 1:
            others = one_of([o.metric for o in experiment.aims.objectives if o.metric != name])
            text = (
                f"objectives: {name} is {values.pop():.6g} in all {len(tried)} configurations that "
                f"were measured, so it tells none of them apart; what is left is {others}. Search "
                "a parameter that changes it, such as a width, or leave it out."
            )
            yield Finding(kind="warning", path=("objectives", number), text=text)
