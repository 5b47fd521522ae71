"""What does Ray Tune take for a trial, and what does it say of one?

The journal has the trials of a search; those of Ray Tune are scratch. They override parts of Ray
Tune's own that are not documented, and nothing else of this package does.
"""

from __future__ import annotations

from typing import Any

from ray.train._internal.storage import StorageContext
from ray.tune import Trainable
from ray.tune.experiment import Trial as RayTrial
from ray.tune.progress_reporter import TrialProgressCallback

from raysearch.tuning.worker import TrialWorker


class Nominal(Trainable):
    """What Ray Tune is told that trials run; the class that they do run loads nothing of it."""


class _StaysHere(StorageContext):
    """Where Ray Tune writes, of which workers are sent None: it is scratch, and the driver's."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()


class ScratchTrial(RayTrial):
    """A trial as Ray Tune sees it, of which Ray Tune keeps nothing.

    Ray Tune writes the state of all trials for a restore of its own, which is never used: 5 ms for
    each trial, and all of them at the end. It also asks its registry, over the network, three times
    a trial for the class that trains, which is always the same.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        self._actor: Any = None
        super().__init__(*arguments, **keywords)
        self.storage.__class__ = _StaysHere  # a copy that the trial has made for itself

    def get_json_state(self) -> tuple[str, str]:
        """Return nothing to write: the journal is what a search goes on from."""
        return "{}", "{}"

    def set_ray_actor(self, ray_actor: Any) -> None:
        """Note which actor trains it, without asking it, twice a trial, for what nobody reads."""
        self.temporary_state.ray_actor = self._actor = ray_actor

    def leave(self) -> None:
        """Let its actor leave it, which has ended or paused, before the actor gets another one.

        Meanwhile the driver finds out which one that is. What comes of it is not waited for: the
        actor's next call does, in any case.
        """
        if self._actor is not None:
            self._actor.leave.options(num_returns=0).remote()

    def get_trainable_cls(self) -> type[TrialWorker]:
        """Return the class that trains."""
        return TrialWorker


class SaysNothing(TrialProgressCallback):
    """Stands where Ray Tune would say what became of its trials, which the live view tells.

    Whatever `verbose` is, Ray Tune's own prints "Trial ... completed" for one without a result, as
    those are that only make actors ready.
    """

    def log_result(self, *arguments: Any, **keywords: Any) -> None:
        """Say nothing of a result."""

    def on_trial_complete(self, *arguments: Any, **keywords: Any) -> None:
        """Say nothing of an end."""
