"""How does a Ray actor train one trial after another without starting anew?

Ray calls `step` again and again; each call returns one message of the trial's `FitThread`. A worker
that is to be replaced refuses its next trial, which then goes to a new process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ray import tune

from raysearch.training.failure import OUT_OF_MEMORY
from raysearch.training.warmup import release_memory
from raysearch.tuning.fit_thread import FitThread

JOB = "job"
"""Key of the trial's `TrainingJob` in the configuration that Ray passes on."""

OBJECTS = "objects"
"""Key of a reference to the objects without an import path that jobs name, if there are any."""

RULES = "rules"
"""Key of the `WorkerRules`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRules:
    """When a worker gives up on a trial, and when on itself."""

    timeout_s: float | None = None
    """How long a trial may report nothing, in seconds; None for any time."""
    max_trials: int | None = None
    """After how many trials its process is replaced; None for never."""
    ends_after_exception: bool = True
    """Whether its process is replaced after a trial that raised. It always is after one that ran
    out of memory."""


class TrialWorker(tune.Trainable):
    """A warm worker: one process, trial after trial."""

    def setup(self, config: dict[str, Any]) -> None:
        """Take the first trial; called once, when the actor starts."""
        self._n_trials = 1
        self._fit = _fit(config)

    def step(self) -> dict[str, Any]:
        """Return the next message of the trial; called again when the driver lets it go on."""
        return self._fit.next_message()

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Leave the trial that was stopped or paused, and take another one.

        Returns:
            False if this process has had its day. Ray Tune then ends it, and the driver gives the
            trial to another one.
        """
        self._fit.abort()
        if self._is_worn(new_config[RULES]):
            return False
        release_memory()
        self._n_trials += 1
        self._fit = _fit(new_config)
        return True

    def cleanup(self) -> None:
        """Leave the last trial; called before the actor ends."""
        self._fit.abort()

    def _is_worn(self, rules: WorkerRules) -> bool:
        """Return whether something of the trials so far may be left that spoils the next one."""
        if self._fit.cause == OUT_OF_MEMORY:
            return True
        if self._fit.cause is not None and rules.ends_after_exception:
            return True
        return rules.max_trials is not None and self._n_trials >= rules.max_trials


def _fit(config: dict[str, Any]) -> FitThread:
    return FitThread(config[JOB], objects=config.get(OBJECTS), timeout_s=config[RULES].timeout_s)
