"""What should be known of a search that can be run all the same?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence

from raysearch.experiment import Experiment
from raysearch.preflight.cost import Cost, epoch_seconds
from raysearch.preflight.findings import MOST_NAMED, Finding, Tried, named, sentence
from raysearch.preflight.record import Probe
from raysearch.searchers.grid import MOST_COUNTED, count

LONG_EPOCH_S = 3600.0
"""An epoch that takes longer is worth a warning."""


def concerns_of(experiment: Experiment, tried: Sequence[Tried], *, cost: Cost) -> Iterator[Finding]:
    """Yield the warnings about an experiment that has no fault.

    Args:
        experiment: What would be searched.
        tried: In the order in which they were tried, the default configuration first.
        cost: What the search is likely to take.
    """
    yield from _large_grid(experiment)
    yield from _failing_corners(tried)
    yield from _begun_anew(experiment, tried)
    yield from _long_epochs(experiment, tried)
    yield from _objective(experiment, tried[0].probe)
    yield from _end(experiment, tried[0].probe)
    yield from _machine(experiment, tried[0].probe, cost=cost)


def _large_grid(experiment: Experiment) -> Iterator[Finding]:
    """Yield a warning if the budget cuts a grid short, which then has not seen all values."""
    trials = experiment.budget.trials
    if experiment.searcher.name != "grid" or trials is None:
        return
    n = count(experiment.space, resolution=experiment.searcher.settings["resolution"])
    if n <= trials:
        return
    size = f"{n:,}" if n < MOST_COUNTED else f"more than {n:,}"
    first = next(p.label for p in experiment.space if p.domain.size() != 1)
    yield Finding(
        kind="warning",
        path=("searcher",),
        text=f"searcher: the grid has {size} configurations, and budget.trials allows {trials:,}. "
        "The last parameters vary fastest, so that the search would end with few values of "
        f"{first} tried. Raise budget.trials, give ranges fewer values, lower "
        "searcher.resolution, or take searcher random, which covers the space evenly.",
    )


def _failing_corners(tried: Sequence[Tried]) -> Iterator[Finding]:
    """Yield one warning for each way to fail."""
    ways: dict[str, list[Tried]] = {}
    for each in tried:
        if each.probe.failure is not None:
            ways.setdefault(each.probe.failure.summary, []).append(each)
    for summary, failed in ways.items():
        listed = "; ".join(named(each) for each in failed[:MOST_NAMED])
        more = len(failed) - MOST_NAMED
        listed += f"; and {more} more" if more > 0 else ""
        cause = failed[0].probe.failure.cause if failed[0].probe.failure else ""
        is_memory = "out of memory: " if cause == "out of memory" else ""
        yield Finding(
            kind="warning",
            path=("space",),
            text=f"space: {len(failed)} of {len(tried)} configurations tried cannot be trained "
            f"({listed}): {is_memory}{sentence(summary)} Trials there will fail, and the search "
            "goes on. Narrow the ranges to leave them out.",
        )


def _begun_anew(experiment: Experiment, tried: Sequence[Tried]) -> Iterator[Finding]:
    """Yield one warning for each way in which a checkpoint does not fit the whole model."""
    ways: dict[str, list[Tried]] = {}
    for each in tried:
        if each.probe.anew:
            ways.setdefault(each.probe.anew, []).append(each)
    names = [choice.name for choice in experiment.models]
    for text, found in ways.items():
        family = found[0].corner.family
        listed = "; ".join(named(each) for each in found[:MOST_NAMED])
        listed += f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        yield Finding(
            kind="warning",
            path=("model", names.index(family) if family in names else 0),
            text=f"{text} So it is with {len(found)} of {len(tried)} configurations tried "
            f"({listed}). Fix what the architecture depends on to take more.",
        )


def _long_epochs(experiment: Experiment, tried: Sequence[Tried]) -> Iterator[Finding]:
    seconds = [epoch_seconds(experiment, each.probe) or 0.0 for each in tried]
    epoch_s = max(seconds)
    slowest = tried[seconds.index(epoch_s)]
    if epoch_s > LONG_EPOCH_S:
        yield Finding(
            kind="warning",
            path=("space",),
            text=f"space: one {experiment.fidelity.unit} of the slowest configuration tried "
            f"({named(slowest)}) would take {epoch_s / 3600:.1f} hours here. Narrow its ranges, "
            "compare trials after fewer batches (fidelity.max_steps, every_steps), or use fewer "
            "(trainer.limit_train_batches).",
        )


def _objective(experiment: Experiment, probe: Probe) -> Iterator[Finding]:
    metric = experiment.objective.metric
    if probe.is_function or probe.failure is not None:
        return
    is_trained = probe.validated is not None and metric not in probe.validated
    if is_trained or metric.lower().startswith("train"):
        listed = ", ".join(probe.validated or ()) or "none"
        yield Finding(
            kind="warning",
            path=("objective", "metric"),
            text=f"objective.metric is {metric}, which is measured on training data: the search "
            "would find the model that learns them by heart. Of validation data are logged: "
            f"{listed}.",
        )
    if probe.logged.get(metric) is None:
        yield Finding(
            kind="warning",
            path=("objective", "metric"),
            text=f"objective.metric, {metric}, was not finite in the default configuration, after "
            "a few batches. Values that are not finite count as the worst.",
        )


def _end(experiment: Experiment, probe: Probe) -> Iterator[Finding]:
    if probe.no_open:
        yield Finding(
            kind="warning",
            path=("model",),
            text=f"model: {probe.module}.load_from_checkpoint does not open the checkpoint of a "
            f"trial: {sentence(probe.no_open)} The search can use it, and so can you with "
            "load_state_dict. Build all layers in __init__, and call save_hyperparameters() there.",
        )
    if probe.no_test:
        text = f"data: the winner will not be tested, since {probe.no_test}."
        yield Finding(kind="warning", path=("data",), text=text)
    if probe.no_refit and experiment.refit is not None:
        n_seeds = experiment.refit.seeds
        alone = f", and the only model instead of {n_seeds}" if n_seeds > 1 else ""
        text = (
            "refit: the winner will not be trained again on training and validation data, since "
            f"{probe.no_refit}. Its best checkpoint will be the winner{alone}."
        )
        yield Finding(kind="warning", path=("refit",), text=text)


def _machine(experiment: Experiment, probe: Probe, *, cost: Cost) -> Iterator[Finding]:
    if experiment.resources.gpus and probe.device == "cpu" and not probe.is_function:
        yield Finding(
            kind="warning",
            path=("resources", "gpus"),
            text="resources.gpus: trials train on a GPU, and this machine has none, so they were "
            "tried on the CPU. Times and memory will be others.",
        )
    if cost.checkpoint_bytes is None:
        return
    budget = experiment.checkpoint.budget_gb * 1e9
    if probe.checkpoint_bytes is not None and probe.checkpoint_bytes > budget:
        yield Finding(
            kind="warning",
            path=("checkpoint", "budget_gb"),
            text=f"checkpoint.budget_gb is {experiment.checkpoint.budget_gb:g}, and one checkpoint "
            f"takes {probe.checkpoint_bytes / 1e9:.2g} GB, so that only the best trial keeps its "
            "own. Raise it to choose among several.",
        )
    free = shutil.disk_usage(".").free
    if free < cost.checkpoint_bytes[1] < float("inf"):
        yield Finding(
            kind="warning",
            path=("checkpoint", "budget_gb"),
            text=f"checkpoint.budget_gb: checkpoints may take {cost.checkpoint_bytes[1] / 1e9:.2g} "
            f"GB, and {free / 1e9:.2g} GB are free in the working directory. Lower the budget, or "
            "write elsewhere with --storage.",
        )
