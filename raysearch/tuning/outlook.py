"""What would a search be like on a cluster: how many trials at once, what idle, for how long?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from raysearch.counting import counted
from raysearch.experiment import Experiment
from raysearch.preflight import Cost, Probe
from raysearch.preflight.cost import Range, estimate
from raysearch.tuning.capacity import CPU, GPU, Capacity, described

HOUR_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a cluster would make of a search."""

    cluster: str
    """What it has, in words."""
    fits_now: int
    """Trials that fit at once on the nodes that there are."""
    fits_at_most: int
    """Trials that fit at once when it has grown as far as it may."""
    at_once: int
    """Trials at once, as the experiment and the grown cluster allow."""
    limit: str
    """What keeps that below what fits; empty if nothing does."""
    idle_cpus: float
    """Of the nodes that there are, with all trials running that fit there."""
    idle_gpus: float
    cpus: float
    gpus: float
    """All of them, now."""
    cost: Cost | None
    """None where no configuration was tried."""
    gpu_hours: Range | None
    """That trials hold; None where nobody can say, or they take no GPU."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def outlook(experiment: Experiment, has: Capacity, *, probes: Sequence[Probe]) -> Outlook:
    """Return what a cluster would make of a search.

    Args:
        experiment: What would be searched.
        has: The cluster, on which at least one trial fits, now or later.
        probes: Configurations that were tried, of which times are known.
    """
    resources, trials = experiment.resources, experiment.budget.trials
    now, most = has.slots(resources), has.most(resources)
    limits = {
        f"parallel is {experiment.parallel}": experiment.parallel,
        f"budget.trials is {trials}": trials,
    }
    tightest = min(limits, key=lambda text: limits[text] or most)
    at_once = min(most, limits[tightest] or most)
    running = min(now, at_once)
    cost = estimate(experiment, probes, slots=at_once) if probes else None
    cpus, gpus = has.total(CPU), has.total(GPU)
    return Outlook(
        cluster=described(has),
        fits_now=now,
        fits_at_most=most,
        at_once=at_once,
        limit=tightest if at_once < most else "",
        idle_cpus=cpus - running * resources.cpus * resources.workers,
        idle_gpus=gpus - running * resources.gpus * resources.workers,
        cpus=cpus,
        gpus=gpus,
        cost=cost,
        gpu_hours=_gpu_hours(cost, gpus=at_once * resources.gpus * resources.workers),
    )


def _gpu_hours(cost: Cost | None, *, gpus: float) -> Range | None:
    if cost is None or cost.seconds is None or not gpus:
        return None
    low, high = cost.seconds
    return low * gpus / HOUR_S, high * gpus / HOUR_S


def at_once_text(outlook: Outlook) -> str:
    """Return how many trials run at once, in words."""
    text = counted(min(outlook.fits_now, outlook.at_once), "trial")
    if outlook.at_once > outlook.fits_now:
        text += f" now, {outlook.at_once} when the cluster has grown"
    if outlook.limit:
        text += f", since {outlook.limit}; {outlook.fits_at_most} would fit"
    return text


def idle_text(outlook: Outlook) -> str:
    """Return what no trial would use, in words."""
    parts = [f"{outlook.idle_gpus:g} of {outlook.gpus:g} GPUs"] if outlook.gpus else []
    parts.append(f"{outlook.idle_cpus:g} of {outlook.cpus:g} CPUs")
    return ", ".join(parts)
