"""How long will a search take, and how much disk?

The search itself is simulated: its scheduler, as many trials at once as fit, epochs as long as
those that were tried, on learning curves that nobody knows before. What comes out is a range, and
an honest one is wide: a search that finds many good configurations trains longer.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from raysearch.experiment import Experiment
from raysearch.preflight.machine import cores
from raysearch.preflight.record import Probe

SAMPLE = 200
"""Trials that are simulated at most; a longer search goes on as it began."""
WORLDS = 3
"""Families of learning curves that are simulated."""
SPREAD = 1.5
"""Factor up and down by which a search may differ from a simulated one: its searcher is a better
one than the random search of the simulation, and machines are not alike."""
OVERHEAD_S = (10.0, 30.0)
"""Seconds that Ray's start, the workers' imports and the test take, from a quiet machine to a busy
one (LOG.md, 2026-11-23: 19 of 32 seconds)."""
BYTES_PER_TRIAL, BYTES_PER_EPOCH = 3000, 600
"""What journal and TensorBoard take, as measured on digits with five metrics."""

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a search is likely to take; None where nobody can say."""

    slots: int
    """Trials at once."""
    epoch_s: Range | None
    """Seconds for an epoch, or round, of the fastest and the slowest configuration tried."""
    trials: Range | None
    epochs: Range | None
    """Of all trials together."""
    seconds: Range | None
    """Of the search with leaders trained again, refit and test; None also for one that only a
    person ends."""
    checkpoint_bytes: Range | None
    """Checkpoints kept at its end, within the budget."""
    log_bytes: Range | None
    """Journal and TensorBoard."""


def estimate(experiment: Experiment, probes: Sequence[Probe], *, slots: int | None = None) -> Cost:
    """Return what a search is likely to take.

    Args:
        experiment: What would be searched.
        probes: What was tried; failures play no part.
        slots: Trials at once; None for what this machine has room for.
    """
    fits = slots or slots_here(experiment, gpus=max((p.gpus for p in probes), default=0))
    spans_s = [epoch_seconds(experiment, probe) for probe in probes]
    known_s = [seconds for seconds in spans_s if seconds is not None]
    epoch_s = (min(known_s), max(known_s)) if known_s else None
    starts_s = [probe.start_s for probe in probes if probe.start_s is not None]
    spans = _spans(experiment, epoch_s=epoch_s, start_s=min(starts_s, default=0.0), slots=fits)
    numbers = [_trials(experiment, span, is_timed=epoch_s is not None) for span in spans]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        return Cost(
            slots=fits,
            epoch_s=epoch_s,
            trials=None,
            epochs=None,
            seconds=None,
            checkpoint_bytes=_checkpoints(experiment, probes, trials=None, slots=fits),
            log_bytes=None,
        )
    trials = min(known), max(known)
    fewest, most = _range(n * s.epochs for n, s in zip(known, spans, strict=True))
    longest = experiment.fidelity.epochs * experiment.n_folds
    epochs = fewest, min(most * SPREAD, trials[1] * longest)
    return Cost(
        slots=fits,
        epoch_s=epoch_s,
        trials=trials,
        epochs=epochs,
        seconds=_seconds(experiment, spans, trials=known, epoch_s=epoch_s, slots=fits),
        checkpoint_bytes=_checkpoints(experiment, probes, trials=trials, slots=fits),
        log_bytes=_range(
            t * BYTES_PER_TRIAL + e * BYTES_PER_EPOCH for t, e in zip(trials, epochs, strict=True)
        ),
    )


def epoch_seconds(experiment: Experiment, probe: Probe) -> float | None:
    """Return how long an epoch, or a round of steps, takes; None if the data cannot tell."""
    every = experiment.fidelity.every_steps
    if every is None:
        return probe.span_s(probe.train_batches)
    return probe.span_s(every * int(experiment.trainer.get("accumulate_grad_batches") or 1))


def slots_here(experiment: Experiment, *, gpus: int = 0) -> int:
    """Return how many trials this machine trains at once, at least 1.

    Args:
        experiment: What a trial gets, and how many are wanted.
        gpus: GPUs of the machine.
    """
    if experiment.parallel is not None:
        return experiment.parallel
    resources = experiment.resources
    wanted, here = resources.of_trial(), {"CPU": cores(), "GPU": gpus}
    fits = [here[name] / wanted[name] for name in here if name in wanted and here[name]]
    return max(1, int(min(fits, default=1.0) + 1e-9))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """What one trial of a simulated search takes, on average."""

    epochs: float
    seconds: float
    """Of the search: with two trials at once, half of what a trial takes."""


def _spans(
    experiment: Experiment, *, epoch_s: Range | None, start_s: float, slots: int
) -> list[_Span]:
    """Return the average trial of each simulated search; lengths of 1 s if none are known."""
    from raysearch.engine import Plan
    from raysearch.searchers.random import Random
    from raysearch.simulation import Conditions, CurveSettings, ParametricCurves, simulate

    fastest_s, slowest_s = epoch_s or (1.0, 1.0)
    fastest_s = max(0.001, fastest_s)
    settings = CurveSettings(fastest_seconds=fastest_s, slowest_seconds=max(fastest_s, slowest_s))
    space, objective = experiment.space, experiment.objective
    plan = Plan(
        objective=objective,
        max_epochs=experiment.fidelity.epochs,
        n_folds=experiment.n_folds,
        max_trials=min(SAMPLE, experiment.budget.trials or SAMPLE),
    )
    spans = []
    for world in range(WORLDS):
        state = simulate(
            plan,
            space=space,
            searcher=Random(space, objective=objective, seed=world),
            scheduler=experiment.make_scheduler(),
            curves=ParametricCurves(space, objective=objective, seed=world, settings=settings),
            n_workers=slots,
            conditions=Conditions(start_seconds=start_s),
        ).state
        n_trials = len(state.trials)
        spans.append(_Span(epochs=state.epochs / n_trials, seconds=state.seconds / n_trials))
    return spans


def _trials(experiment: Experiment, span: _Span, *, is_timed: bool) -> float | None:
    """Return how many trials the budget allows, None if it sets no limit that is known."""
    budget = experiment.budget
    limits: list[float] = [budget.trials] if budget.trials else []
    if budget.epochs:
        limits.append(budget.epochs / span.epochs)
    if budget.minutes and is_timed:
        limits.append(budget.minutes * 60 / span.seconds)
    if budget.gpu_hours and is_timed and experiment.resources.gpus:
        gpus = experiment.resources.of_trial()["GPU"]
        limits.append(budget.gpu_hours * 3600 / (span.seconds * gpus))
    n_configurations = experiment.space.grid_size()
    if n_configurations is not None:
        limits.append(n_configurations * _most_trainings(experiment, n_configurations))
    return max(1.0, min(limits)) if limits else None


def _most_trainings(experiment: Experiment, n_configurations: int) -> int:
    """Return how often the searcher trains each of so many configurations at most, on average."""
    from raysearch.searchers.bayesian import EXPLORES_EVERY
    from raysearch.searchers.repeats import LEAST_BEFORE, SETTING

    may_repeat = bool(experiment.settings["searcher"].get(SETTING))
    return EXPLORES_EVERY if may_repeat and n_configurations >= LEAST_BEFORE else 1


def _seconds(
    experiment: Experiment,
    spans: Sequence[_Span],
    *,
    trials: Sequence[float],
    epoch_s: Range | None,
    slots: int,
) -> Range | None:
    """Return how long the search takes from its start to the test of its winner."""
    minutes = experiment.budget.minutes
    if epoch_s is None:
        return None if minutes is None else (0.0, minutes * 60 + OVERHEAD_S[1])
    searched = [n * span.seconds for n, span in zip(trials, spans, strict=True)]
    limit_s = math.inf if minutes is None else minutes * 60
    n_refits = 0 if experiment.refit is None else experiment.refit.seeds
    refit_s = n_refits * experiment.fidelity.epochs * statistics.fmean(epoch_s)
    again_s = _again(experiment, epoch_s=epoch_s, slots=slots)
    return (
        min(limit_s, min(searched) / SPREAD) + OVERHEAD_S[0] + again_s[0],
        min(limit_s, max(searched) * SPREAD) + OVERHEAD_S[1] + again_s[1] + refit_s,
    )


def _again(experiment: Experiment, *, epoch_s: Range, slots: int) -> Range:
    """Return how long it takes to train leaders again: from one epoch each to all of them."""
    if experiment.select is None:
        return 0.0, 0.0
    rounds = math.ceil(experiment.select.n_trainings / slots)
    return rounds * epoch_s[0], rounds * experiment.fidelity.epochs * statistics.fmean(epoch_s)


def _checkpoints(
    experiment: Experiment, probes: Sequence[Probe], *, trials: Range | None, slots: int
) -> Range | None:
    """Return what the checkpoints take: the best of each ended trial, two of each that runs."""
    sizes = [probe.checkpoint_bytes for probe in probes if probe.checkpoint_bytes is not None]
    if not sizes:
        return None
    budget = experiment.checkpoint.budget_gb * 1e9
    typical = statistics.median(sizes)
    small, large = (min(sizes) + typical) / 2, (typical + max(sizes)) / 2
    fewest, most = trials or (1.0, math.inf)
    running = 2 * slots * max(sizes)
    return min(budget, fewest * small), min(budget, most * large) + running


def _range(values: Iterable[float]) -> Range:
    listed = list(values)
    return min(listed), max(listed)
