"""How many cores has this machine for a search, and do they suffice?"""

from __future__ import annotations

import math
import os
from pathlib import Path

from raysearch.errors import ConfigurationError
from raysearch.experiment import Resources

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where Linux says how much of the machine a container may use."""


def cores() -> int:
    """Return how many cores this process may use: of the machine, its affinity, its container."""
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = QUOTA.read_text().split()
    except (OSError, ValueError):
        return n
    return n if quota == "max" else max(1, min(n, math.ceil(int(quota) / int(period))))


def check_machine(resources: Resources, *, parallel: int | None) -> None:
    """Refuse what this machine cannot give, before anything is started.

    Raises:
        ConfigurationError: A trial needs more cores than there are, or all trials together do.
    """
    n_cores = cores()
    cpus = resources.cpus * resources.workers
    each = f"resources.cpus is {resources.cpus:g}"
    if resources.workers > 1:
        each += f" for each of resources.workers {resources.workers}"
    if cpus > n_cores:
        most = n_cores / resources.workers
        raise ConfigurationError(
            f"{each}, but this machine has {n_cores} cores, so no trial could ever start. Set it "
            f"to at most {most:g}, or give a larger cluster with --address. Nothing was started."
        )
    fits = int(n_cores / cpus) if cpus else None
    if parallel is not None and fits is not None and parallel > fits:
        raise ConfigurationError(
            f"parallel is {parallel}, but with {each.replace(' is', '')} only {fits} "
            f"trials fit on the {n_cores} cores of this machine. Set it to at most {fits}, or to "
            "auto. Nothing was started."
        )
