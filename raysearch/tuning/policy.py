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

from raysearch.errors import SearchAborted, did_you_mean, one_of
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
    """
    return PolicyScheduler(policy, objective=objective, time_attr=time_attr)


class PolicyScheduler(TrialScheduler):
    """A policy as Ray Tune sees it; made by `to_tune`.

    A value that is not a finite number counts as the worst. A result without the metric ends the
    run with an error, since nothing could be decided about any trial.
    """

    def __init__(self, policy: Scheduler, *, objective: Objective, time_attr: str) -> None:
        super().__init__()
        self._policy = policy
        self._objective = objective
        self._time_attr = time_attr
        self._trials: dict[str, Trial] = {}
        self._waiting: dict[str, RayTrial] = {}

    def on_trial_add(self, tune_controller: Any, trial: RayTrial) -> None:
        """Take a trial into account."""
        self._waiting[trial.trial_id] = trial
        if trial.trial_id not in self._trials:
            number = len(self._trials)
            self._trials[trial.trial_id] = Trial(
                id=trial_id(number), number=number, configuration={}
            )

    def on_trial_result(
        self, tune_controller: Any, trial: RayTrial, result: Mapping[str, Any]
    ) -> str:
        """Return what the policy decides about a result."""
        measurement = self._measurement(trial, result)
        before = self._trials[trial.trial_id]
        after = replace(before, measurements=(*before.measurements, measurement))
        decision = self._policy.on_measurement(after, measurement)
        is_paused = decision.kind is DecisionKind.PAUSE
        status = TrialStatus.PAUSED if is_paused else TrialStatus.RUNNING
        self._trials[trial.trial_id] = replace(after, status=status, reason=decision.reason)
        if is_paused:
            self._waiting[trial.trial_id] = trial
        return str(_DECISIONS[decision.kind])

    def on_trial_error(self, tune_controller: Any, trial: RayTrial) -> None:
        """Forget a trial that failed; Ray adds it again if it is retried."""
        self._waiting.pop(trial.trial_id, None)

    def on_trial_complete(
        self, tune_controller: Any, trial: RayTrial, result: Mapping[str, Any]
    ) -> None:
        """Forget a trial that ended."""
        self._waiting.pop(trial.trial_id, None)

    def on_trial_remove(self, tune_controller: Any, trial: RayTrial) -> None:
        """Forget a trial that was removed before its end."""
        self._waiting.pop(trial.trial_id, None)

    def choose_trial_to_run(self, tune_controller: Any) -> RayTrial | None:
        """Return the oldest trial that has not begun, else the paused one that the policy names."""
        paused: dict[str, RayTrial] = {}
        for trial in list(self._waiting.values()):
            if trial.status == RayTrial.PENDING:
                return trial
            if trial.status == RayTrial.PAUSED:
                paused[self._trials[trial.trial_id].id] = trial
            else:
                del self._waiting[trial.trial_id]
        known = [t for t in self._trials.values() if t.id in paused]
        chosen = self._policy.resumable(known) if known else None
        return None if chosen is None else paused[chosen.id]

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
