"""Which trial waits for an actor, which one has ended and keeps its own, and who gets whose?

Ray Tune keeps actors for reuse under two conditions that are easily missed, each worth a factor of
ten in throughput:

* While a trial waits for its own actor to start, it takes any actor that becomes free and kills the
  one that was starting. So while one starts (`STARTING_LIMIT_S` at most), an actor is freed only in
  a step in which a trial has come that nothing starts for yet, and that one gets it at once: they
  are exchanged.
* At most one idle actor is kept at any time, and none while no trial waits. So at most one is freed
  in each controller step, none before the suggestion of its next trial is there, and none is
  exchanged while another one is idle.

A trial that waits for an actor for which the cluster has no room, as after the loss of a node, is
to take the first one that becomes free. So is one that has waited for longer than an actor takes to
start: others may have taken the room. While there is such a one, no further trial is begun, whose
actor would come after it.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping

from ray.tune.experiment import Trial as RayTrial

STARTING_LIMIT_S = 30.0
"""How long freed actors are held back for one that is starting, in seconds."""


class Actors:
    """Who waits for an actor, and who leaves one, as far as Ray Tune has told it.

    Args:
        on_ray: The trials that Ray runs or is about to run, by id, kept up to date by others.
    """

    def __init__(self, on_ray: Mapping[str, RayTrial]) -> None:
        self._on_ray = on_ray
        self._waiting: dict[str, tuple[RayTrial, float]] = {}
        self._new: list[RayTrial] = []
        self._leaving: deque[RayTrial] = deque()
        self.is_one_idle = False
        """Whether an actor was freed that no trial has taken yet."""

    def wait(self, trial: RayTrial) -> None:
        """Note that a trial waits for an actor from now on."""
        self._waiting[trial.trial_id] = (trial, time.monotonic())
        self._new.append(trial)

    def begin(self, trial: RayTrial) -> None:
        """Note that a trial has an actor, from which it was heard."""
        self._waiting.pop(trial.trial_id, None)

    def leave(self, trial: RayTrial) -> None:
        """Note that a trial goes on no more, whose actor is to be freed in its turn."""
        self._leaving.append(trial)

    def forget(self, trial: RayTrial) -> None:
        """Note that Ray is done with a trial."""
        self._waiting.pop(trial.trial_id, None)
        if trial in self._leaving:
            self._leaving.remove(trial)

    def next_to_leave(self) -> RayTrial | None:
        """Return the trial whose actor is freed next; None if none waits for that."""
        return self._leaving[0] if self._leaving else None

    def take_new(self) -> RayTrial | None:
        """Return a trial that has come since the last call, for which nothing starts yet, if any.

        Called in each controller step, in which Ray then asks for an actor for each of them.
        """
        new = [trial for trial in self._new if trial.status == RayTrial.PENDING]
        self._new.clear()
        return new[0] if new else None

    def waiting(self) -> list[RayTrial]:
        """Return the trials that wait for an actor, the one that came first to the front."""
        return [trial for trial, _ in self._waiting.values() if trial.status == RayTrial.PENDING]

    def is_late(self, trial: RayTrial) -> bool:
        """Return whether a trial has waited for longer than an actor takes to start."""
        _, since = self._waiting.get(trial.trial_id, (trial, -math.inf))
        return time.monotonic() > since + STARTING_LIMIT_S

    @property
    def is_one_late(self) -> bool:
        """Whether a trial has waited for so long."""
        return any(map(self.is_late, self.waiting()))

    def may_begin(self, room: int) -> bool:
        """Return whether one more trial may be begun, as far as room is concerned.

        Args:
            room: How many trials may run at once.
        """
        return not self.is_one_late and len(self._on_ray) - self._n_exchanged() < room

    def is_one_starting(self, room: int) -> bool:
        """Return whether an actor may be starting, which is not to be disturbed.

        Args:
            room: How many trials may run at once. If so many have actors already, what waits can
                only get one of those.
        """
        n_with_actors = sum(t.status == RayTrial.RUNNING for t in self._on_ray.values())
        return n_with_actors < room and bool(self.waiting()) and not self.is_one_late

    def _n_exchanged(self) -> int:
        """Return for how many new trials actors are there of trials that have ended.

        One at most: the others would ask for actors of their own.
        """
        return int(bool(self._leaving) and not self.is_one_idle)
