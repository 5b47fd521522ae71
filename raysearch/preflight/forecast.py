"""How would a search go on a cluster that is not there? Simulated with its own methods.

Searcher, scheduler and budgets are those of the experiment; learning curves are made up, or those
of an earlier run. What can be trusted are times, epochs and the work of the driver, which depend on
the curves but little; which configuration wins, nobody knows before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.engine import fold
from raysearch.engine.planned import plan_of
from raysearch.errors import ConfigurationError
from raysearch.experiment import Experiment, Resources
from raysearch.preflight.cost import Range
from raysearch.run_dir import RunDir
from raysearch.simulation import (
    Conditions,
    Curves,
    CurveSettings,
    ParametricCurves,
    RecordedCurves,
    Simulation,
    Together,
    simulate,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Machines of one kind.

    Raises:
        ConfigurationError: A number is out of range.
    """

    nodes: int
    cpus: float
    """Of each node."""
    gpus: float = 0.0
    """Of each node."""
    price: float | None = None
    """Of a node for an hour, in whatever currency."""

    def __post_init__(self) -> None:
        raise_faults(
            integer_fault("nodes", self.nodes, at_least=1),
            number_fault("cpus", self.cpus, at_least=0),
            number_fault("gpus", self.gpus, at_least=0),
            None if self.price is None else number_fault("price", self.price, at_least=0),
        )

    def workers_per_node(self, resources: Resources) -> int:
        """Return how many workers of trials a node has; a trial has one, or several.

        Raises:
            ConfigurationError: All nodes together have not enough of them for a trial.
        """
        wanted, has = resources.of_worker(), {"CPU": self.cpus, "GPU": self.gpus}
        fits = [has[name] / wanted[name] for name in has if name in wanted]
        number = int(min(fits, default=1.0) + 1e-9)
        if self.nodes * number < resources.workers:
            several = f", of which it has {resources.workers}" if resources.workers > 1 else ""
            raise ConfigurationError(
                f"a node has {self.cpus:g} CPUs and {self.gpus:g} GPUs, and a worker of a trial "
                f"needs {resources.cpus:g} and {resources.gpus:g} (resources){several}. Give "
                "larger nodes, more of them, or a trial less."
            )
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How a search would go."""

    fleet: Fleet
    n_trials: int
    """Trials at once."""
    gpus_per_trial: float
    """Of all its workers."""
    simulation: Simulation

    @property
    def gpu_hours(self) -> float:
        """Hours of GPUs that trials had, all together."""
        return self.simulation.usage.busy_seconds * self.gpus_per_trial / 3600

    @property
    def node_hours(self) -> float:
        """Hours of nodes, from the first to the last second of the search."""
        return self.fleet.nodes * self.simulation.state.seconds / 3600

    @property
    def driver_share(self) -> float:
        """How much of a core the engine takes, as it did here."""
        seconds = self.simulation.state.seconds
        return self.simulation.driver.work_seconds / seconds if seconds else 0.0


def forecast(
    experiment: Experiment,
    *,
    fleet: Fleet,
    epoch_s: Range | None = None,
    record: RunDir | None = None,
    conditions: Conditions | None = None,
    seed: int = 0,
) -> Forecast:
    """Return how the search of an experiment would go.

    Args:
        experiment: What would be searched.
        fleet: On which machines.
        epoch_s: Seconds of an epoch of the quickest and of the slowest configuration. One of this
            and `record` is needed.
        record: An earlier run of the same space, whose epochs and learning curves are taken.
        conditions: What befalls the trials; workers per node are those of the fleet, checkpoints
            those of the experiment. A trial of several workers is lost with one node.
        seed: Of the learning curves that are made up.

    Raises:
        ConfigurationError: No trial fits a node, or the run knows nothing of this space.
    """
    resources = experiment.resources
    workers = fleet.workers_per_node(resources)
    n_trials = fleet.nodes * workers // resources.workers
    if experiment.parallel is not None:
        n_trials = min(n_trials, experiment.parallel)
    curves = _curves(experiment, epoch_s=epoch_s, record=record, seed=seed)
    gpus = resources.of_trial().get("GPU", 0.0)
    simulation = simulate(
        # what a model costs is not known here
        replace(plan_of(experiment), constraints=(), checkpoint_budget_bytes=float("inf")),
        space=experiment.space,
        searcher=experiment.make_searcher(),
        scheduler=experiment.make_scheduler(),
        curves=curves,
        n_workers=n_trials,
        gpus=gpus,
        points=experiment.points,
        conditions=replace(
            conditions or Conditions(),
            workers_per_node=max(1, workers // resources.workers),
            checkpoint_every=_checkpoint_every(experiment, curves=curves, epoch_s=epoch_s),
        ),
    )
    return Forecast(fleet=fleet, n_trials=n_trials, gpus_per_trial=gpus, simulation=simulation)


def _checkpoint_every(experiment: Experiment, *, curves: Curves, epoch_s: Range | None) -> int:
    """Return after how many epochs a trial of ordinary length has another checkpoint."""
    every = experiment.checkpoint
    if every.every_epochs is not None or every.every_s is None:
        return every.every_epochs or experiment.fidelity.epochs
    typical = curves.typical_seconds if isinstance(curves, RecordedCurves) else (epoch_s or (1,))[0]
    return max(1, math.ceil(every.every_s / typical))


def _curves(
    experiment: Experiment, *, epoch_s: Range | None, record: RunDir | None, seed: int
) -> Curves:
    objectives = experiment.aims.objectives or (experiment.objective,)
    if record is not None:
        trials = fold(record.events()).trials.values()
        metrics = [objective.metric for objective in objectives]
        return RecordedCurves(trials, space=experiment.space, metrics=metrics)
    fastest, slowest = epoch_s or (1.0, 1.0)
    settings = CurveSettings(fastest_seconds=fastest, slowest_seconds=max(fastest, slowest))
    space = experiment.space
    return Together(
        [
            ParametricCurves(space, objective=objective, seed=seed + number, settings=settings)
            for number, objective in enumerate(objectives)
        ]
    )
