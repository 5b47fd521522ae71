"""In which process are a worker's trials trained?

In the worker's own, or in a fork of the template process, which has torch and Lightning loaded
already. Either way they are trained one after another in the same process, and driven message by
message.
"""

from __future__ import annotations

import os
import pickle
from contextlib import suppress
from typing import Any, Protocol

from raysearch.forking import Fork, NoTemplate, ProcessGone
from raysearch.imports import provide
from raysearch.training.job import TrainingJob
from raysearch.training.ranks import await_ranks
from raysearch.training.warmup import prepare_process, release_memory
from raysearch.tuning.fit_thread import FitThread


class Fits(Protocol):
    """Trains one job after another."""

    def get_ready(self, example: TrainingJob, *, objects: bytes | None) -> None:
        """Import what a job such as this one needs; what is wrong with it shows when it begins."""
        ...

    def begin(self, job: TrainingJob, *, objects: bytes | None, timeout_s: float | None) -> None:
        """Start to train a job, after the one before was aborted.

        Args:
            job: What is trained.
            objects: Pickled, those without an import path that the job names, by name.
            timeout_s: How long the fit may report nothing, in seconds; None for any time.
        """
        ...

    def next_message(self) -> dict[str, Any]:
        """Let the fit go on, and return its next message; see `FitThread`."""
        ...

    def abort(self) -> bool:
        """End the fit and return whether its process still stands as it was; safe to repeat."""
        ...

    def renew(self) -> bool:
        """Go on in a new process, if one can be had, and return whether that is so."""
        ...

    def close(self) -> None:
        """Do nothing more."""
        ...


class FitsOfOne(Fits, Protocol):
    """Trains in one process, which may be one of several."""

    def await_ranks(self, host: str) -> str:
        """Listen for the ranks that will train the next job along; see `training.ranks`."""
        ...


class OwnFits:
    """Trains in this process."""

    def __init__(self) -> None:
        self._fit: FitThread | None = None
        self._is_whole = True  # as the last fit has left it

    def get_ready(self, example: TrainingJob, *, objects: bytes | None) -> None:
        """Import what is needed; see `Fits`."""
        with suppress(Exception):
            if objects is not None:
                provide(pickle.loads(objects))
            prepare_process(example)

    def await_ranks(self, host: str) -> str:
        """Listen for the other ranks; see `FitsOfOne`."""
        return await_ranks(host)

    def begin(self, job: TrainingJob, *, objects: bytes | None, timeout_s: float | None) -> None:
        """Start to train a job; see `Fits`."""
        self.abort()
        load = None if objects is None else lambda: pickle.loads(objects)
        self._fit = FitThread(job, objects=load, timeout_s=timeout_s)
        self._fit.start()

    def next_message(self) -> dict[str, Any]:
        """Return the next message of the fit; see `Fits`."""
        if self._fit is None:
            raise RuntimeError("no job was taken")
        return self._fit.next_message()

    def abort(self) -> bool:
        """End the fit, and free what it has left in memory; see `Fits`."""
        if self._fit is not None:
            self._is_whole = self._fit.abort()
            self._fit = None
            release_memory()
        return self._is_whole

    def renew(self) -> bool:
        """Return False: a process cannot leave itself."""
        return False

    def close(self) -> None:
        """Do nothing more."""


class ForkedFits:
    """Trains in a fork of the template, and ends with it: losing it is losing the worker.

    Args:
        template: Its address.

    Raises:
        NoTemplate: No template answers there.
    """

    def __init__(self, template: str) -> None:
        self._template = template
        self._fork = self._new()
        self._has_objects = False  # those of the job, which are the same for all trials

    def get_ready(self, example: TrainingJob, *, objects: bytes | None) -> None:
        """Import what is needed; see `Fits`."""
        self._call("get_ready", example, objects=objects)

    def await_ranks(self, host: str) -> str:
        """Listen for the other ranks; see `FitsOfOne`."""
        return str(self._call("await_ranks", host))

    def begin(self, job: TrainingJob, *, objects: bytes | None, timeout_s: float | None) -> None:
        """Start to train a job; see `Fits`."""
        sent = None if self._has_objects else objects
        self._call("begin", job, objects=sent, timeout_s=timeout_s)

    def next_message(self) -> dict[str, Any]:
        """Return the next message of the fit; see `Fits`."""
        found: dict[str, Any] = self._call("next_message")
        self._has_objects = self._has_objects or found["kind"] == "measured"
        return found

    def abort(self) -> bool:
        """End the fit; see `Fits`."""
        try:
            return bool(self._fork.call("abort"))
        except ProcessGone:
            return False

    def renew(self) -> bool:
        """Go on in a new fork, if the template is still there."""
        self._fork.close()
        try:
            self._fork, self._has_objects = self._new(), False
        except (NoTemplate, ProcessGone):
            return False
        return True

    def close(self) -> None:
        """End the fork."""
        self._fork.close()

    def _call(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        try:
            return self._fork.call(method, *arguments, **keywords)
        except ProcessGone:
            os._exit(1)  # so that whoever drives the worker sees it as lost

    def _new(self) -> Fork:
        return Fork(self._template, f"{OwnFits.__module__}:{OwnFits.__name__}")


def fits(template: str | None) -> FitsOfOne:
    """Return what trains in a fork of the template, or in this process where there is none."""
    if template is not None:
        with suppress(NoTemplate, ProcessGone):  # on another node, or it has ended
            return ForkedFits(template)
    return OwnFits()  # which only takes longer to start
