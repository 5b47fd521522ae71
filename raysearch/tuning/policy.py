"""How does a raysearch scheduler serve somebody's own `ray.tune.Tuner`?

scheduler = to_tune(ASHA(objective=accuracy, max_epochs=27), objective=accuracy)
tune.Tuner(train, tune_config=tune.TuneConfig(scheduler=scheduler, num_samples=64)).fit()
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ray.tune.experiment import Trial as RayTrial
from ray.tune.schedulers import TrialScheduler

from raysearch.errors import ConfigurationError, SearchAborted, did_you_mean, one_of
from raysearch.schedulers import Scheduler
from raysearch.trial import DecisionKind, Measurement, Objective, Trial, TrialStatus, trial_id

_DECISIONS = {
    DecisionKind.CONTINUE: TrialScheduler.CONTINUE,
    DecisionKind.PAUSE: TrialScheduler.PAUSE,
    DecisionKind.STOP: TrialScheduler.STOP,
}


def to_tune(
    policy: Scheduler, *, objective: Objective, time_attr: str = "training_iteration"
) -> TrialScheduler:
    """Return a Ray Tune scheduler that decides as the policy does.

    Args:
        policy: A scheduler, such as `ASHA`.
        objective: The metric as the trials report it to Ray Tune, and its direction.
        time_attr: The reported number that counts epochs, from 1.

    Raises:
        ConfigurationError: The policy lets trials take over weights, of whose checkpoints this
            adapter knows nothing.
    """
    if policy.exploits:
        name = type(policy).__name__
        raise ConfigurationError(
            f"{name} lets trials take over the weights of others, which to_tune cannot: what a "
            "trainable of your own does with another one's checkpoint is its own affair. Run it as "
            "a search, by an experiment file or raysearch.Search, which trains on Ray Tune too."
        )
    return PolicyScheduler(policy, objective=objective, time_attr=time_attr)


class PolicyScheduler(TrialScheduler):
    """A policy as Ray Tune sees it; made by `to_tune`.

    A value that is not a finite number counts as the worst. A result without the metric ends the
    run with an error, since nothing could be decided about any trial.

    A trial that is paused goes on from the checkpoint that it reported last; one that reported none
    begins again, and what it reports a second time is not asked about. Ray Tune begins trials when
    it likes, so a policy cannot hold them back. Its `max_concurrent_trials` counts paused trials:
    leave it out, and limit what runs at once by resources.
    """

    def __init__(self, policy: Scheduler, *, objective: Objective, time_attr: str) -> None:
        super().__init__()
        self._policy = policy
        self._objective = objective
        self._time_attr = time_attr
        self._trials: dict[str, Trial] = {}
        self._on_ray: dict[str, RayTrial] = {}  # by the policy's id, those that have not ended
        self._paused: dict[str, Trial] = {}

    def on_trial_add(self, tune_controller: Any, trial: RayTrial) -> None:
        """Take a trial into account, or one that is tried again."""
        if trial.trial_id not in self._trials:
            number = len(self._trials)
            self._trials[trial.trial_id] = Trial(
                id=trial_id(number), number=number, configuration={}
            )
        self._on_ray[self._trials[trial.trial_id].id] = trial

    def on_trial_result(
        self, tune_controller: Any, trial: RayTrial, result: Mapping[str, Any]
    ) -> str:
        """Return what the policy decides about a result."""
        measurement = self._measurement(trial, result)
        before = self._trials[trial.trial_id]
        if measurement.epoch <= before.epochs:
            return str(TrialScheduler.CONTINUE)
        after = replace(before, measurements=(*before.measurements, measurement))
        decision = self._policy.on_measurement(after, measurement)
        is_paused = decision.kind is DecisionKind.PAUSE
        status = TrialStatus.PAUSED if is_paused else TrialStatus.RUNNING
        after = replace(after, status=status, reason=decision.reason)
        self._trials[trial.trial_id] = after
        if is_paused:
            self._paused[after.id] = after
        return str(_DECISIONS[decision.kind])

    def on_trial_error(self, tune_controller: Any, trial: RayTrial) -> None:
        """Note nothing: Ray adds the trial again if it is retried, which is not known yet."""

    def on_trial_complete(
        self, tune_controller: Any, trial: RayTrial, result: Mapping[str, Any]
    ) -> None:
        """Note that a trial has ended."""
        self._end(trial, TrialStatus.COMPLETED)

    def on_trial_remove(self, tune_controller: Any, trial: RayTrial) -> None:
        """Note that a trial was removed before its end."""
        self._end(trial, TrialStatus.STOPPED)

    def choose_trial_to_run(self, tune_controller: Any) -> RayTrial | None:
        """Return the paused trial that the policy lets go on, else the oldest that waits."""
        for trial in [t for t in self._on_ray.values() if t.status == RayTrial.ERROR]:
            self._end(trial, TrialStatus.FAILED)
        waiting = [t for t in self._on_ray.values() if t.status == RayTrial.PENDING]
        chosen = self._next_paused(tune_controller, waiting=waiting)
        return chosen or next(iter(waiting), None)

    def _next_paused(self, tune_controller: Any, *, waiting: list[RayTrial]) -> RayTrial | None:
        """Return the paused trial that goes on; those that the policy gives up are stopped."""
        if not self._paused:
            return None
        new = sum(not self._trials[trial.trial_id].measurements for trial in waiting)
        others = (t.status for t in self._on_ray.values() if t.status != RayTrial.PAUSED)
        more_to_come = next(others, None) is not None
        while ready := self._ready():
            verdict = self._policy.decide_paused(
                ready, n_begun=len(self._trials) - new, more_to_come=more_to_come
            )
            if verdict is not None and verdict.decision.kind is DecisionKind.CONTINUE:
                self._policy.on_return(self._paused.pop(verdict.trial))
                return self._on_ray[verdict.trial]
            if verdict is None and more_to_come:
                return None
            for trial in [verdict.trial] if verdict else list(ready):
                tune_controller.stop_trial(self._on_ray[trial])
        return None

    def _ready(self) -> dict[str, Trial]:
        """Return the paused trials that Ray Tune has paused by now."""
        return {
            id: trial
            for id, trial in self._paused.items()
            if self._on_ray[id].status == RayTrial.PAUSED
        }

    def _end(self, trial: RayTrial, status: TrialStatus) -> None:
        known = self._trials[trial.trial_id]
        self._paused.pop(known.id, None)
        if self._on_ray.pop(known.id, None) is not None:
            self._trials[trial.trial_id] = replace(known, status=status)
            self._policy.on_end(self._trials[trial.trial_id])

    def debug_string(self) -> str:
        """Return the policy's name for Ray's own display."""
        return type(self._policy).__name__

    def _measurement(self, trial: RayTrial, result: Mapping[str, Any]) -> Measurement:
        metric = self._objective.metric
        if metric not in result:
            raise SearchAborted(
                f'trial {trial.trial_id} reported no "{metric}", the objective given to to_tune. '
                f"{did_you_mean(metric, result)}It reported: {one_of(result)}. Report it, or "
                "give to_tune the name of one of those."
            )
        value = float(result[metric])
        return Measurement(
            epoch=int(result[self._time_attr]),
            step=int(result[self._time_attr]),
            values={metric: value if math.isfinite(value) else None},
            seconds=float(result.get("time_total_s", 0.0)),
        )
