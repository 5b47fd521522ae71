"""How does a Ray actor train one trial after another without starting anew?

Ray Tune calls `train` again and again; each call returns one message of the trial's fit. After a
trial that may have left something behind, the next one gets a new process: a new fork, or, where
the actor trains itself, another actor, since this one then refuses the trial.

An actor loads nothing of Ray Tune, which takes a second: what Ray Tune calls are methods of these
names, and neither `WorkerConfig` nor the driver's `ScratchTrial` sends anything of its own along.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ray

from raysearch.engine.causes import OUT_OF_MEMORY
from raysearch.tuning.fits import Fits, fits
from raysearch.tuning.group import GroupFits
from raysearch.tuning.messages import cause_of, message

JOB = "job"
"""Key of the trial's `TrainingJob` in the configuration that Ray passes on."""

EXAMPLE = "example"
"""Key of a job that is not to be trained: the worker gets ready for such ones."""

OBJECTS = "objects"
"""Key of a reference to the objects without an import path that jobs name, pickled, if any."""

RULES = "rules"
"""Key of the `WorkerRules`."""


class WorkerConfig(dict[str, Any]):
    """What a worker is given; takes no entries beside those it is made with.

    Ray Tune adds some to what it sends, which nobody reads here.
    """

    def __setitem__(self, key: str, value: object) -> None:
        """Leave everything as it is."""

    def __deepcopy__(self, memo: object) -> WorkerConfig:
        return self  # nobody changes it

    def __reduce__(self) -> tuple[Any, ...]:
        return WorkerConfig, (dict(self),)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRules:
    """Where a worker trains, when it gives up on a trial, and when on its process."""

    template: str | None = None
    """Address of the template process of which it makes forks, which train; None to train in its
    own process, as it does where none answers."""
    n_ranks: int = 1
    """How many processes train a trial together; with several, one in each bundle of the trial's
    placement group."""
    timeout_s: float | None = None
    """How long a trial may report nothing, in seconds; None for any time."""
    max_trials: int | None = None
    """After how many trials the process is replaced; None for never."""
    ends_after_exception: bool = True
    """Whether the process is replaced after a trial that raised. It always is after one that ran
    out of memory."""


class TrialWorker:
    """A warm worker: one process, trial after trial.

    Has those methods of `ray.tune.Trainable` that Ray Tune calls.

    Args:
        config: The first trial, or what to get ready for.
        storage: Where Ray Tune would write; not used.
    """

    def __init__(self, config: WorkerConfig, storage: object = None) -> None:
        self._fits = _fits(config[RULES])
        self._n_trials = 0
        self._is_whole = True  # the process stands as it was, as far as is known
        self._cause: str | None = None  # why the trial failed, if it did
        self._is_ahead = EXAMPLE in config
        if self._is_ahead:
            self._fits.get_ready(config[EXAMPLE], objects=_objects(config))
        else:
            self._begin(config)

    @classmethod
    def default_resource_request(cls, config: object) -> None:
        """Return None: the driver says what a trial is given. Called there alone."""
        return

    def get_auto_filled_metrics(self, **_: Any) -> dict[str, Any]:
        """Return nothing: whatever is to be known of this process is in its messages."""
        return {}

    def train(self) -> dict[str, Any]:
        """Return the next message of the trial; called again when the driver lets it go on."""
        if self._is_ahead:
            return message("ready")
        found = self._fits.next_message()
        self._cause = self._cause or cause_of(found)
        return found

    def leave(self) -> None:
        """Leave the trial that was stopped or paused, while it is found out what comes next."""
        self._is_whole &= self._fits.abort()

    def reset(self, new_config: WorkerConfig, storage: object = None) -> bool:
        """Leave the trial that was stopped or paused, and take another one.

        Returns:
            False if this process has had its day and no other one can be had. Ray Tune then ends
            it, and the driver gives the trial to another worker.
        """
        self._is_ahead = EXAMPLE in new_config
        if self._is_ahead:
            return True  # it is ready
        self.leave()
        if not self._is_whole or self._is_worn(new_config[RULES]):
            if not self._fits.renew():
                return False
            self._n_trials, self._is_whole = 0, True
        self._begin(new_config)
        return True

    def stop(self) -> None:
        """Leave the last trial; called before the actor ends."""
        self._fits.abort()
        self._fits.close()

    def _begin(self, config: WorkerConfig) -> None:
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


def _fits(rules: WorkerRules) -> Fits:
    if rules.n_ranks > 1:
        return GroupFits(rules.template, n_ranks=rules.n_ranks)
    return fits(rules.template)


def _objects(config: WorkerConfig) -> bytes | None:
    return ray.get(config[OBJECTS]) if OBJECTS in config else None
