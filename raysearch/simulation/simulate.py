"""How would a search go? The whole of it, on learning curves, in simulated time.

Example:
    >>> from raysearch.schedulers.asha import ASHA
    >>> from raysearch.searchers.random import Random
    >>> from raysearch.simulation import ParametricCurves
    >>> from raysearch.space import Float, Int
    >>> space = Space({"depth": Int(1, 8), "learning_rate": Float(1e-4, 1e-1, log=True)})
    >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
    >>> simulation = simulate(
    ...     Plan(objective=accuracy, max_epochs=27, max_trials=30),
    ...     space=space,
    ...     searcher=Random(space, objective=accuracy, seed=0),
    ...     scheduler=ASHA(objective=accuracy, max_epochs=27),
    ...     curves=ParametricCurves(space, objective=accuracy, seed=0),
    ...     n_workers=4,
    ... )
    >>> state = simulation.state
    >>> len(state.trials), state.epochs < 30 * 27, state.reason
    (30, True, 'budget of 30 trials used')
    >>> simulation.winner.value(accuracy) == simulation.incumbents[-1].value
    True
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.engine import Engine, Plan, SearchState
from raysearch.engine.ranking import ranked
from raysearch.errors import ConfigurationError
from raysearch.run_dir.events import Event
from raysearch.run_dir.journal import MemoryJournal
from raysearch.schedulers import Scheduler
from raysearch.searchers import Searcher
from raysearch.simulation.conditions import Conditions
from raysearch.simulation.curves import Curves
from raysearch.simulation.driver import Driver
from raysearch.simulation.incumbents import Incumbent, incumbents, latest
from raysearch.simulation.suggesting import TimedHelper
from raysearch.simulation.usage import Usage, usage
from raysearch.simulation.workers import Clock, Workers
from raysearch.space import Space
from raysearch.trial import Configuration, Objective, SearchStatus, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What became of a simulated search."""

    objective: Objective
    state: SearchState
    """The final state; times are seconds since the search started."""
    events: Sequence[Event]
    """Its journal."""
    incumbents: tuple[Incumbent, ...]
    """Each value that was better than all before it, in order."""
    usage: Usage
    """What became of the workers' time."""
    driver: Driver
    """What the driver had to do, and how long the engine really took for it."""

    @property
    def winner(self) -> Trial | None:
        """What is handed over: the recommended trial or the best; None without a finite value."""
        if self.state.recommendation is not None:
            return self.state.trials[self.state.recommendation.trial]
        return next(iter(ranked(self.state.trials.values(), objective=self.objective)), None)

    def at_epochs(self, epochs: float) -> Incumbent | None:
        """Return the incumbent when this many epochs had been trained in total, if any."""
        return latest(self.incumbents, spent=lambda found: found.epochs, budget=epochs)

    def at_seconds(self, seconds: float) -> Incumbent | None:
        """Return the incumbent at this time, if any."""
        return latest(self.incumbents, spent=lambda found: found.seconds, budget=seconds)


def simulate(
    plan: Plan,
    *,
    space: Space,
    searcher: Searcher,
    scheduler: Scheduler,
    curves: Curves,
    n_workers: int = 1,
    gpus: float = 0.0,
    points: Sequence[Configuration] = (),
    conditions: Conditions | None = None,
    events: Sequence[Event] = (),
) -> Simulation:
    """Search until a budget is used up or the searcher has nothing left to suggest.

    The arguments are what an experiment says; what only a simulation has is in `conditions`. The
    result depends on the arguments alone.

    Args:
        plan: The objective, whose metric the curves have; budgets; and how many failures are
            accepted.
        space: The search space.
        searcher: New, of this space.
        scheduler: New.
        curves: What training achieves.
        n_workers: Trials that can be in training at once, at least 1. A worker that becomes free
            takes the next trial at once.
        gpus: Of a trial, for a budget of GPU hours; at least 0.
        points: Configurations to try first, after the default.
        conditions: Start-up, losses, checkpoints, slow suggestions; None for training that costs
            its epochs only.
        events: The journal of a search that was interrupted, or is to be extended; it goes on from
            there. Empty for a new search.

    Raises:
        ConfigurationError: Nothing would end the search, or a number is out of range.
        SearchAborted: The search cannot go on, as in a real one; for instance all the first trials
            failed.
    """
    _check(plan, space=space, n_workers=n_workers, gpus=gpus)
    journal, clock, conditions = MemoryJournal(), Clock(), conditions or Conditions()
    seconds, is_ahead = conditions.suggestion_seconds, conditions.suggests_ahead
    helper = TimedHelper(clock, seconds=seconds, begins_early=is_ahead and n_workers > 1)
    engine = Engine(
        plan=plan,
        space=space,
        searcher=searcher,
        scheduler=scheduler,
        journal=journal,
        clock=clock,
        points=points,
        helper=helper,
    )
    settings = {"resources": {"gpus": gpus}} if gpus else {}
    unfinished = _begin(
        engine, space=space, journal=journal, clock=clock, events=events, settings=settings
    )
    workers = Workers(
        engine,
        curves=curves,
        n_workers=n_workers,
        conditions=conditions,
        clock=clock,
        helper=helper if seconds else None,
    )
    workers.run(unfinished)
    engine.end(SearchStatus.FINISHED, reason=engine.stop_reason)
    return _outcome(engine, journal=journal, workers=workers, n_workers=n_workers)


def _outcome(
    engine: Engine, *, journal: MemoryJournal, workers: Workers, n_workers: int
) -> Simulation:
    """Return what became of a search that has ended."""
    objective = engine.plan.objective
    return Simulation(
        objective=objective,
        state=engine.state,
        events=journal.events,
        incumbents=incumbents(journal.events, objective=objective),
        usage=usage(
            journal.events,
            n_workers=n_workers,
            absences=workers.nodes.absences,
            until=engine.state.last_at,
        ),
        driver=workers.driver,
    )


def _begin(
    engine: Engine,
    *,
    space: Space,
    journal: MemoryJournal,
    clock: Clock,
    events: Sequence[Event],
    settings: dict[str, Any],
) -> list[Trial]:
    """Start the search, or take it up where the events end; return the trials that go on first."""
    if not events:
        engine.start(settings=settings, space=space.to_json(), versions={})
        return []
    journal.append(events)
    engine.replay(events)
    clock.now = engine.state.last_at
    return engine.resume(settings=settings)


def _check(plan: Plan, *, space: Space, n_workers: int, gpus: float) -> None:
    seconds, target = plan.max_seconds, plan.target
    counts = {name: getattr(plan, name) for name in ("max_trials", "max_total_epochs", "patience")}
    failures = {name: getattr(plan, name) for name in ("abort_after", "abort_in_a_row")}
    at_least_1 = {**counts, **failures}
    raise_faults(
        integer_fault("max_epochs", plan.max_epochs, at_least=1),
        integer_fault("max_attempts", plan.max_attempts, at_least=1),
        integer_fault("n_workers", n_workers, at_least=1),
        number_fault("gpus", gpus, at_least=0),
        *(integer_fault(k, n, at_least=1) for k, n in at_least_1.items() if n is not None),
        None if seconds is None else number_fault("max_seconds", seconds, at_least=0),
        None
        if target is None or math.isfinite(target)
        else f"target is {target}. It must be a finite number.",
    )
    budgets = {**counts, "max_seconds": seconds}
    if gpus:
        budgets["max_gpu_hours"] = plan.max_gpu_hours
    if set(budgets.values()) == {None} and space.grid_size() is None:
        raise ConfigurationError(
            f"{', '.join(budgets)} are all None, and the space is infinite, so the search might "
            "never end. Give one of them."
        )
