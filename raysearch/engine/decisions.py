"""What becomes of a trial that reported: does it go on, stop or pause?

The scheduler says so, with two exceptions: it neither stops nor pauses the default, and once a
limit is reached, what would go on is interrupted.
"""

from __future__ import annotations

from raysearch.engine import messages
from raysearch.engine.ledger import Ledger
from raysearch.engine.plan import Plan
from raysearch.engine.spending import Spending
from raysearch.errors import SearchAborted
from raysearch.schedulers import Scheduler
from raysearch.trial import Decision, DecisionKind, Measurement, Trial


class Decisions:
    """Asks the scheduler, and keeps to the limits.

    Args:
        plan: Objective and limits.
        ledger: What is known.
        scheduler: Decides about trials that report.
    """

    def __init__(self, *, plan: Plan, ledger: Ledger, scheduler: Scheduler) -> None:
        self._plan = plan
        self._ledger = ledger
        self._scheduler = scheduler

    @property
    def is_over(self) -> bool:
        """Whether a limit is reached."""
        return bool(self.limit_reached(self._ledger.state.spent))

    def limit_reached(self, spent: Spending) -> str:
        """Return which limit is reached at this moment, for a person; empty while none is."""
        seconds = self._ledger.state.seconds_at(self._ledger.now())
        return self._plan.limit_reached(spent, seconds=seconds)

    def check_metric(self, trial: str, measurement: Measurement) -> None:
        """Give up if a trial did not report what is to be improved.

        Of several objectives each trial must report the first, and of the others what no trial has
        reported so far: a family that does not know one of them has no place on the front.

        Raises:
            SearchAborted: It is so.
        """
        values, state = measurement.values, self._ledger.state
        metrics = [objective.metric for objective in self._plan.objectives]
        first = self._plan.objective.metric
        missing = [metric for metric in dict.fromkeys((first, *metrics)) if metric not in values]
        for metric in missing:
            if metric != first and any(_reported(known, metric) for known in state.trials.values()):
                continue  # others do: this one has no place on the front, which results say
            raise SearchAborted(
                messages.missing_metric(
                    metric, trial=trial, measurement=measurement, n_ended=len(state.ended)
                )
            )

    def limit_after(self, trial: str, measurement: Measurement) -> str:
        """Return which limit is reached with a measurement, for a person; empty if none is.

        Args:
            trial: Whose it is.
            measurement: Of a new epoch, not yet among what is known.
        """
        return self.limit_reached(self._spent_after(trial, measurement))

    def hits_target(self, trial: str, measurement: Measurement) -> bool:
        """Return whether a trial is the one that reaches the target, with a new measurement."""
        spent = self._spent_after(trial, measurement)
        return spent.best_trial == trial and self._plan.is_target_reached(spent)

    def _spent_after(self, trial: str, measurement: Measurement) -> Spending:
        state = self._ledger.state
        return state.account.after(state.trials[trial], measurement, objective=state.objective)

    def scheduled(self, trial: Trial, measurement: Measurement) -> Decision:
        """Return the scheduler's decision; the default configuration is spared.

        Every result is compared with trial 0000, and a comparison with a trial that was stopped
        after one epoch says nothing. Only a value that is not finite stops it.
        """
        decision = self._scheduler.on_measurement(trial, measurement)
        is_spared = (
            trial.number == 0
            and decision.kind is not DecisionKind.CONTINUE
            and measurement.values[self._plan.objective.metric] is not None
        )
        if not is_spared:
            return decision
        reason = f"{decision.reason}; goes on, as the default that all are compared with"
        return Decision(kind=DecisionKind.CONTINUE, reason=reason)

    def taken_over(self, trial: Trial) -> None:
        """Tell the scheduler that a trial goes on with the weights of another one."""
        self._scheduler.on_takeover(trial)

    def returned(self, trial: Trial) -> None:
        """Tell the scheduler that a paused trial goes on as it was."""
        self._scheduler.on_return(trial)

    def ended(self, trial: Trial) -> None:
        """Tell the scheduler that a trial has ended."""
        self._scheduler.on_end(trial)


def _reported(trial: Trial, metric: str) -> bool:
    """Return whether a trial has ever reported a metric."""
    return any(metric in measurement.values for measurement in trial.measurements)
