"""How would a search go on a cluster that is not there? Simulated with its own methods.

Searcher, scheduler and budgets are those of the experiment; learning curves are made up, or those
of an earlier run. What can be trusted are times, epochs and the work of the driver, which depend on
the curves but little; which configuration wins, nobody knows before.
"""

from __future__ import annotations

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

    def trials_per_node(self, resources: Resources) -> int:
        """Return how many trials a node trains at once.

        Raises:
            ConfigurationError: None fits.
        """
        fits = [self.cpus / resources.cpus] if resources.cpus else []
        fits += [self.gpus / resources.gpus] if resources.gpus else []
        number = int(min(fits, default=1.0) + 1e-9)
        if number < 1:
            raise ConfigurationError(
                f"a node has {self.cpus:g} CPUs and {self.gpus:g} GPUs, and a trial needs "
                f"{resources.cpus:g} and {resources.gpus:g} (resources.cpus, resources.gpus). Give "
                "larger nodes, or a trial less."
            )
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How a search would go."""

    fleet: Fleet
    per_node: int
    """Trials at once on a node."""
    gpus_per_trial: float
    simulation: Simulation

    @property
    def n_workers(self) -> int:
        """Trials at once."""
        return self.fleet.nodes * self.per_node

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
        conditions: What befalls the trials; workers per node are those of the fleet.
        seed: Of the learning curves that are made up.

    Raises:
        ConfigurationError: No trial fits a node, or the run knows nothing of this space.
    """
    per_node = fleet.trials_per_node(experiment.resources)
    n_workers = fleet.nodes * per_node
    if experiment.parallel is not None:
        n_workers = min(n_workers, experiment.parallel)
    simulation = simulate(
        # what a model costs is not known here
        replace(plan_of(experiment), constraints=(), checkpoint_budget_bytes=float("inf")),
        space=experiment.space,
        searcher=experiment.make_searcher(),
        scheduler=experiment.make_scheduler(),
        curves=_curves(experiment, epoch_s=epoch_s, record=record, seed=seed),
        n_workers=n_workers,
        points=experiment.points,
        conditions=replace(conditions or Conditions(), workers_per_node=per_node),
    )
    return Forecast(
        fleet=fleet,
        per_node=per_node,
        gpus_per_trial=experiment.resources.gpus,
        simulation=simulation,
    )


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
