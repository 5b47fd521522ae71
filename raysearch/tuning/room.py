"""How many trials may run at once on a cluster that grows and shrinks?"""

from __future__ import annotations

import time

from raysearch.experiment import Experiment
from raysearch.tuning.capacity import CPU, GPU, capacity
from raysearch.tuning.cluster import Cluster

ASK_EVERY_S = 1.0
"""How often a cluster that may change is asked for its size at most, in seconds."""

ASKING_SHARE = 0.02
"""Which share of the time may be spent on that: to list a thousand nodes takes a while."""


class Room:
    """How many trials may run at once, and what Ray has, as the cluster is now.

    Args:
        experiment: What a trial is given, and how many there may be.
        cluster: Asked from time to time, where it is not private.
    """

    def __init__(self, experiment: Experiment, *, cluster: Cluster) -> None:
        self._experiment = experiment
        self._cluster = cluster
        self._ask_at: float | None = None
        self._fits = 0
        self.has: dict[str, float] = {}
        """What it had when it was last asked; see `events.AttemptStarted`."""

    def slots(self) -> int:
        """Return how many trials may run at once; called in every step."""
        changes = not self._cluster.is_private
        if self._ask_at is None or (changes and time.monotonic() >= self._ask_at):
            self._ask()
        most = self._experiment.parallel
        return self._fits if most is None else min(self._fits, most)

    def _ask(self) -> None:
        begun_at = time.monotonic()
        has, resources = capacity(), self._experiment.resources
        took_s = time.monotonic() - begun_at
        self._ask_at = begun_at + max(ASK_EVERY_S, took_s / ASKING_SHARE)
        self._fits = self._cluster.slots(resources, has=has)
        of_kind = resources.accelerator_type
        self.has = {
            "cpus": has.total(CPU),
            "gpus": has.total(GPU, accelerator=of_kind),  # no trial could use others
            "nodes": float(has.n_nodes),
            "slots": float(has.slots(resources)),
        }
