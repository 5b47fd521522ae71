"""How does a Ray actor train one trial after another without starting anew?

Ray calls `step` again and again; each call returns one message of the trial's fit. After a trial
that may have left something behind, the next one gets a new process: a new fork, or, where the
actor trains itself, another actor, since this one then refuses the trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ray

from raysearch.imports import without_collecting

with without_collecting():  # the longest part of the start of an actor
    from ray import tune

from raysearch.training.failure import OUT_OF_MEMORY
from raysearch.tuning.fits import fits
from raysearch.tuning.messages import cause_of, message

JOB = "job"
"""Key of the trial's `TrainingJob` in the configuration that Ray passes on."""

EXAMPLE = "example"
"""Key of a job that is not to be trained: the worker gets ready for such ones."""

OBJECTS = "objects"
"""Key of a reference to the objects without an import path that jobs name, pickled, if any."""

RULES = "rules"
"""Key of the `WorkerRules`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRules:
    """Where a worker trains, when it gives up on a trial, and when on its process."""

    template: str | None = None
    """Address of the template process of which it makes forks, which train; None to train in its
    own process, as it does where none answers."""
    timeout_s: float | None = None
    """How long a trial may report nothing, in seconds; None for any time."""
    max_trials: int | None = None
    """After how many trials the process is replaced; None for never."""
    ends_after_exception: bool = True
    """Whether the process is replaced after a trial that raised. It always is after one that ran
    out of memory."""


class TrialWorker(tune.Trainable):
    """A warm worker: one process, trial after trial."""

    def setup(self, config: dict[str, Any]) -> None:
        """Take the first trial; called once, when the actor starts."""
        self._fits = fits(config[RULES].template)
        self._n_trials = 0
        self._cause: str | None = None  # why the trial failed, if it did
        self._is_ahead = EXAMPLE in config
        if self._is_ahead:
            self._fits.get_ready(config[EXAMPLE], objects=_objects(config))
        else:
            self._begin(config)

    def step(self) -> dict[str, Any]:
        """Return the next message of the trial; called again when the driver lets it go on."""
        if self._is_ahead:
            return message("ready")
        found = self._fits.next_message()
        self._cause = self._cause or cause_of(found)
        return found

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Leave the trial that was stopped or paused, and take another one.

        Returns:
            False if this process has had its day and no other one can be had. Ray Tune then ends
            it, and the driver gives the trial to another worker.
        """
        self._is_ahead = False
        is_whole = self._fits.abort()
        if not is_whole or self._is_worn(new_config[RULES]):
            if not self._fits.renew():
                return False
            self._n_trials = 0
        self._begin(new_config)
        return True

    def cleanup(self) -> None:
        """Leave the last trial; called before the actor ends."""
        self._fits.abort()
        self._fits.close()

    def _begin(self, config: dict[str, Any]) -> None:
        timeout_s = config[RULES].timeout_s
        self._fits.begin(config[JOB], objects=_objects(config), timeout_s=timeout_s)
        self._n_trials += 1
        self._cause = None

    def _is_worn(self, rules: WorkerRules) -> bool:
        """Return whether something of the trials so far may be left that spoils the next one."""
        if self._cause == OUT_OF_MEMORY:
            return True
        if self._cause is not None and rules.ends_after_exception:
            return True
        return rules.max_trials is not None and self._n_trials >= rules.max_trials


def _objects(config: dict[str, Any]) -> bytes | None:
    return ray.get(config[OBJECTS]) if OBJECTS in config else None
