"""In which processes do refit and test work? In forks, in Ray actors, or in several of either.

Each has a `Handover` in it, whose methods are called one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group

from raysearch.beside import begun
from raysearch.engine.causes import LOST_CONTACT
from raysearch.experiment import Resources
from raysearch.forking import Fork, NoTemplate, ProcessGone
from raysearch.training.failure import describe_failure
from raysearch.training.job import Rank, TrainingJob
from raysearch.training.ranks import LOOPBACK
from raysearch.tuning.handover import Handover
from raysearch.tuning.placing import in_bundle, ranked

_TRAIN = ("refit", "repeat")
"""Methods that train."""

_TEST = ("evaluate", "examine")
"""Methods that need the whole model in a process, unless they have as many as train it."""

TELL_WITHIN_S = 10.0
"""How long the others may take to say why one of them has lost contact, in seconds."""


def go_together(method: str, job: TrainingJob) -> bool:
    """Return whether all processes of a trial go through a method of a `Handover`.

    Those that train do, and, where no process holds all weights, those that test, too.
    """
    return method in _TRAIN or (method in _TEST and job.is_sharded)


class Process(Protocol):
    """A process with a `Handover` in it."""

    def call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Return what a method returns; raise what it raises, or `ProcessGone`."""
        ...

    def close(self) -> None:
        """End the process; safe to repeat."""
        ...


def fork(template: str, *, example: TrainingJob, objects: bytes) -> Process:
    """Return a process that is a fork.

    Raises:
        NoTemplate: No template answers.
    """
    return Fork(template, f"{Handover.__module__}:{Handover.__name__}", example, objects)


class ActorProcess:
    """A `Handover` in a Ray actor, which is made ready at once.

    Args:
        example: A job such as it will be given.
        objects: Pickled, those without an import path that jobs name.
        options: What Ray gives the actor.
    """

    def __init__(self, *, example: TrainingJob, objects: bytes, options: dict[str, Any]) -> None:
        self._actor = ray.remote(Handover).options(**options).remote(example, objects)

    def call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Return what a method returns; see `Process`."""
        try:
            return ray.get(getattr(self._actor, method).remote(*arguments, **keywords))
        except RayTaskError as error:
            raise error.cause from None
        except RayError as error:
            raise ProcessGone(_first_line(error)) from error

    def close(self) -> None:
        """End the process."""
        ray.kill(self._actor)


class Actors:
    """Makes actors for trials of these resources.

    Args:
        resources: What one trial is given.
        example: A job such as they will be given.
        objects: Pickled, those without an import path that jobs name.
    """

    def __init__(self, resources: Resources, *, example: TrainingJob, objects: bytes) -> None:
        self._resources = resources
        self._given: dict[str, Any] = {"example": example, "objects": objects}

    def one(self, *, claims: bool) -> Process:
        """Return one actor with what a process of a trial has.

        Args:
            claims: Whether it claims its cores, as one of several that work at once does. Without
                GPUs it can then not get ready beside the last trials; else it works only when they
                have ended.
        """
        resources = self._resources
        options = {
            "num_cpus": resources.cpus if resources.gpus or claims else 0,
            "num_gpus": resources.gpus,
            "accelerator_type": resources.accelerator_type,
        }
        return ActorProcess(**self._given, options=options)

    def several(self, first: Process) -> tuple[list[Process], Callable[[], None]]:
        """Return as many as train a trial, and what gives back their place.

        Args:
            first: One that is there, which is ended: all of them are given room at once, or none.
        """
        first.close()
        bundles = [self._resources.of_worker() for _ in range(self._resources.workers)]
        group: PlacementGroup = placement_group(bundles)
        actors: list[Process] = [
            ActorProcess(**self._given, options=in_bundle(group, number))
            for number in range(len(bundles))
        ]
        return actors, partial(remove_placement_group, group)


class Group:
    """Several processes that train together; the first of them does everything else.

    The others start with the first training, or the first test of what no process holds alone.

    Args:
        first: Has started.
        several: Returns all of them, rank 0 first, of which `first` may be one, and what is done
            when they have ended.
        host: Address of this machine at which they meet; None for that of the first one's node.
    """

    def __init__(
        self,
        first: Process,
        *,
        several: Callable[[Process], tuple[Sequence[Process], Callable[[], None]]],
        host: str | None,
    ) -> None:
        self._all: Sequence[Process] = [first]
        self._several = several
        self._host = host
        self._end: Callable[[], None] | None = None

    def call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Return what rank 0 returns; see `Process`.

        What one of them raises ends all: the others would wait for it.
        """
        if not (arguments and go_together(method, arguments[0])):
            return self._all[0].call(method, *arguments, **keywords)
        try:
            if self._end is None:
                self._all, self._end = self._several(self._all[0])
            return self._called(method, *arguments, **keywords)
        except BaseException as error:
            self.close()
            if isinstance(error, NoTemplate):
                raise ProcessGone(str(error)) from error
            raise

    def close(self) -> None:
        """End all of them."""
        for process in self._all:
            process.close()
        end, self._end = self._end, None
        if end is not None:
            end()

    def _called(
        self, method: str, job: TrainingJob, *, line: Sequence[Any] = (), **keywords: Any
    ) -> Any:
        meeting = self._all[0].call("await_ranks", self._host)
        futures: list[Future[Any]] = []
        for number, process in enumerate(self._all):
            rank = Rank(number=number, of=len(self._all), meeting=meeting)
            given = dict(keywords)
            if line:
                given["line"] = [replace(part, job=ranked(part.job, rank)) for part in line]
            work = partial(process.call, method, ranked(job, rank), **given)
            futures.append(begun(work, name=f"raysearch-rank-{number}"))
        wait(futures, return_when=FIRST_EXCEPTION)
        if any(future.done() and future.exception() for future in futures):
            wait(futures, timeout=TELL_WITHIN_S)
            raise _first_cause(futures)
        return futures[0].result()


def _first_cause(futures: Sequence[Future[Any]]) -> BaseException:
    """Return what led to the other errors: what is not said by one who lost another one."""
    errors = [error for f in futures if f.done() and (error := f.exception()) is not None]

    def place(error: BaseException) -> int:
        if isinstance(error, ProcessGone):
            return 1
        return 2 if describe_failure(error).cause == LOST_CONTACT else 0

    return min(errors, key=place)


def group(
    resources: Resources, *, example: TrainingJob, objects: bytes, template: str | None
) -> Process:
    """Return as many processes as train a trial, in forks of the template or else in Ray actors."""
    if template is not None:
        make = partial(fork, template, example=example, objects=objects)

        def several(first: Process) -> tuple[Sequence[Process], Callable[[], None]]:
            made = [first]
            try:
                for _ in range(1, resources.workers):
                    made.append(make())
            except BaseException:
                for process in made:
                    process.close()
                raise
            return made, lambda: None

        with suppress(NoTemplate, ProcessGone):  # it has ended
            return Group(make(), several=several, host=LOOPBACK)
    actors = Actors(resources, example=example, objects=objects)
    return Group(actors.one(claims=False), several=actors.several, host=None)


def _first_line(error: RayError) -> str:
    """Return what Ray says, without the tables below."""
    return str(error).partition("\n")[0].rstrip(".")
