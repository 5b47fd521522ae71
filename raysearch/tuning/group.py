"""How is one trial trained by several processes, on as many GPUs or nodes?

The trial's actor trains rank 0 and drives it message by message, as it does a trial of one process.
Each further rank has an actor of its own, in a bundle of the trial's placement group. These report
to nobody: what rank 0 is told, it tells them itself, at the end of each epoch (`training.ranks`).
All of them stay from trial to trial.

What one of them cannot go on from, none can: where a process is lost, the trial's actor ends, and
with it the other ranks, since Ray ends actors whose owner is gone. The trial is then tried again as
a whole, like any that has lost its worker.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util import get_current_placement_group, get_node_ip_address
from ray.util.placement_group import PlacementGroup

from raysearch.beside import begun
from raysearch.engine.causes import LOST_CONTACT, OUT_OF_MEMORY
from raysearch.training.job import Rank, TrainingJob
from raysearch.tuning.fit_thread import ABORT_WAIT_S
from raysearch.tuning.fits import fits
from raysearch.tuning.messages import cause_of, message, read_message
from raysearch.tuning.placing import in_bundle, ranked

LOOK_EVERY_S = 0.5
"""How often it is looked whether the other ranks are there, in seconds."""

TELL_WITHIN_S = 10.0
"""How long the others may take to say why one of them has lost contact, in seconds."""


class RankWorker:
    """A process of a rank above 0, which trains its part of one job after another.

    Args:
        template: Address of the template of which it makes forks; None to train in its own process.
    """

    def __init__(self, template: str | None) -> None:
        self._fits = fits(template)

    def get_ready(self, example: TrainingJob, *, objects: bytes | None) -> None:
        """Import what a job such as this one needs."""
        self._fits.get_ready(example, objects=objects)

    def train(self, job: TrainingJob, *, objects: bytes | None) -> dict[str, Any]:
        """Train a job to its end, and return the message that says how it ended."""
        self._fits.begin(job, objects=objects, timeout_s=None)  # rank 0 hears of a silence
        while (found := self._fits.next_message())["kind"] not in ("ended", "failed"):
            pass
        self._fits.abort()
        return found


class GroupFits:
    """Trains jobs in several processes, of which this one, or its fork, has rank 0; see `Fits`.

    Args:
        template: Address of the template, for forks on its node; None for no forks.
        n_ranks: How many processes train a job, at least 2.
    """

    def __init__(self, template: str | None, *, n_ranks: int) -> None:
        self._own = fits(template)
        group = get_current_placement_group()
        if group is None or group.bundle_count < n_ranks:
            raise RuntimeError(f"this actor is in no placement group with {n_ranks} bundles")
        self._others = [_started(group, number, template) for number in range(1, n_ranks)]
        self._later: tuple[TrainingJob, bytes | None] | None = None  # what the others are to begin
        self._ends: dict[Any, int] = {}  # what the others will say at their end -> their ranks
        self._is_gauged = False  # rank 0 was asked what the model costs, and has said it
        self._has_failed = False

    def get_ready(self, example: TrainingJob, *, objects: bytes | None) -> None:
        """Import what a job such as this one needs, in all processes at once."""
        for worker in self._others:
            worker.get_ready.remote(example, objects=objects)
        self._own.get_ready(example, objects=objects)

    def begin(self, job: TrainingJob, *, objects: bytes | None, timeout_s: float | None) -> None:
        """Start to train a job.

        Its model is measured by rank 0 alone, and the others begin once it was found good enough.
        """
        meeting = self._own.await_ranks(get_node_ip_address())
        first = Rank(number=0, of=1 + len(self._others), meeting=meeting)
        self._later, self._is_gauged = (ranked(job, first), objects), not job.measures
        if self._is_gauged:
            self._begin_others()
        self._own.begin(ranked(job, first), objects=objects, timeout_s=timeout_s)

    def next_message(self) -> dict[str, Any]:
        """Let all go on, and return the next message of rank 0, or the failure of another one.

        Ends this process if another one is lost, or if it is called after a failure: the trial is
        then wanted again, and some rank may wait for ever for one that is not there.
        """
        if self._has_failed:
            os._exit(1)
        if self._is_gauged:
            self._begin_others()
        asked = begun(self._own.next_message, name="raysearch-rank-0")
        while not wait([asked], timeout=LOOK_EVERY_S).done:
            if failures := self._failures_of_others(within_s=0.0):
                return self._failed(failures, asked)
        found: dict[str, Any] = asked.result()
        if found["kind"] == "failed":
            return self._failed([], asked)
        self._is_gauged = self._is_gauged or found["kind"] == "gauged"
        return found

    def abort(self) -> bool:
        """End all fits at the end of their epoch; see `Fits`."""
        if self._has_failed:
            return False
        self._later = None
        is_whole = self._own.abort()
        ends, self._ends = self._ends, {}
        try:
            causes = [cause_of(found) for found in ray.get(list(ends), timeout=ABORT_WAIT_S)]
        except RayError:  # a lost rank, or none that answers in time
            return False
        return is_whole and OUT_OF_MEMORY not in causes

    def renew(self) -> bool:
        """Return False: a group is replaced with its actor."""
        return False

    def close(self) -> None:
        """End all processes but this one, whose fork ends with it where it is still in a call."""
        for worker in self._others:
            ray.kill(worker)
        if not self._has_failed:
            self._own.close()

    def _begin_others(self) -> None:
        if self._later is None:
            return
        (job, objects), self._later = self._later, None
        if job.rank is None:
            raise RuntimeError("a job of several ranks has none")
        for number, worker in enumerate(self._others, start=1):
            part = ranked(replace(job, measures=()), replace(job.rank, number=number))
            self._ends[worker.train.remote(part, objects=objects)] = number

    def _failures_of_others(self, *, within_s: float) -> list[dict[str, Any]]:
        """Return what others that have failed say, now or soon; end this process if one is lost."""
        if not self._ends:
            return []
        refs = list(self._ends)
        ready, _ = ray.wait(refs, num_returns=len(refs), timeout=within_s)
        failures = []
        for ref in ready:
            number = self._ends.pop(ref)
            try:
                found = ray.get(ref)
            except RayError:
                os._exit(1)
            kind, content = read_message(found)
            if kind == "failed":
                error = f"rank {number} of {1 + len(self._others)}: {content['error']}"
                failures.append(message("failed", cause=content["cause"], error=error))
        return failures

    def _failed(
        self, failures: list[dict[str, Any]], own: Future[dict[str, Any]]
    ) -> dict[str, Any]:
        """Return the failure that led to the others; end this process if a lost one did."""
        self._has_failed = True

        def told() -> list[dict[str, Any]]:
            mine = [own.result()] if own.done() and own.result()["kind"] == "failed" else []
            return [*failures, *mine]

        if all(cause_of(found) == LOST_CONTACT for found in told()):
            failures += self._failures_of_others(within_s=TELL_WITHIN_S)
        causes = [found for found in told() if cause_of(found) != LOST_CONTACT]
        return (causes or told())[0]


def _started(group: PlacementGroup, number: int, template: str | None) -> Any:
    """Return the actor of a rank, which has a bundle of the trial's to itself."""
    return ray.remote(RankWorker).options(**in_bundle(group, number)).remote(template)
