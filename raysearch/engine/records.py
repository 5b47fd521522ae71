"""How do records of a trial become events of the journal?"""

from __future__ import annotations

from typing import Any

from raysearch.engine.causes import INTERRUPTED, OUT_OF_MEMORY
from raysearch.run_dir import events as ev
from raysearch.trial import (
    Checkpoint,
    Decision,
    DecisionKind,
    Exploit,
    Measurement,
    Objective,
    Recommendation,
    Suggestion,
    Trial,
    TrialStatus,
    trial_id,
)


def trial_created(
    suggestion: Suggestion, *, number: int, at: float, n_observed: int | None = None
) -> ev.TrialCreated:
    """Return the event of a trial, from 0, that was suggested."""
    return ev.TrialCreated(
        at=at,
        trial=trial_id(number),
        number=number,
        configuration=dict(suggestion.configuration),
        origin=dict(suggestion.origin),
        n_observed=n_observed,
    )


def measured(measurement: Measurement, *, trial: Trial, at: float) -> ev.Measured:
    """Return the event of a measurement of the trial's current attempt."""
    return ev.Measured(
        at=at,
        trial=trial.id,
        attempt=trial.attempts,
        epoch=measurement.epoch,
        step=measurement.step,
        values=dict(measurement.values),
        seconds=measurement.seconds,
        fold=trial.fold,
        cause=measurement.cause,
        applied=dict(measurement.applied),
        n_validated=measurement.n_validated,
        learnt=dict(measurement.learnt),
        inherited=dict(measurement.inherited),
        joules=measurement.joules,
    )


def checkpoint_written(checkpoint: Checkpoint, *, trial: str, at: float) -> ev.CheckpointWritten:
    """Return the event of a checkpoint that is complete on disk."""
    return ev.CheckpointWritten(
        at=at,
        trial=trial,
        epoch=checkpoint.epoch,
        path=checkpoint.path,
        size_bytes=checkpoint.size_bytes,
        fold=checkpoint.fold,
    )


def decided(decision: Decision, *, trial: Trial, at: float, fold: int | None = None) -> ev.Decided:
    """Return the event of a decision about the trial's last measurement, or its next fold."""
    return ev.Decided(
        at=at,
        trial=trial.id,
        epoch=trial.epochs,
        kind=decision.kind,
        reason=decision.reason,
        fold=fold,
    )


def exploited(
    decision: Decision, *, exploit: Exploit, trial: Trial, checkpoint: Checkpoint, at: float
) -> ev.Exploited:
    """Return the event of a trial that takes over a checkpoint of another one."""
    return ev.Exploited(
        at=at,
        trial=trial.id,
        source=exploit.source,
        epoch=checkpoint.epoch,
        path=checkpoint.path,
        size_bytes=checkpoint.size_bytes,
        configuration=dict(exploit.configuration),
        changes={key: list(values) for key, values in exploit.changes.items()},
        reason=decision.reason,
    )


def attempt_ended(
    trial: Trial, *, cause: str, at: float, error: str | None = None, reason: str = ""
) -> ev.AttemptEnded:
    """Return the event of the end of the trial's current attempt, before the trial's end."""
    return ev.AttemptEnded(
        at=at, trial=trial.id, attempt=trial.attempts, cause=cause, error=error, reason=reason
    )


def recommended(recommendation: Recommendation, *, at: float) -> ev.Recommended:
    """Return the event of what the searcher would hand over."""
    trial = trial_id(recommendation.number)
    return ev.Recommended(at=at, trial=trial, reason=recommendation.reason)


def not_finite(trial: Trial, *, objective: Objective) -> str | None:
    """Return what was wrong if the objective was not finite when the trial last reported, or None.

    Example:
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> last = Measurement(epoch=1, step=9, values={"val/accuracy": None}, seconds=1.0)
        >>> trial = Trial(id="0000", number=0, configuration={}, measurements=(last,))
        >>> not_finite(trial, objective=accuracy)
        'not finite: val/accuracy'
    """
    last = trial.last
    if last is None or last.values.get(objective.metric) is not None:
        return None
    return last.cause or f"not finite: {objective.metric}"


def is_worth_a_line(decision: Decision) -> bool:
    """Return whether the journal must hold it: replaying finds a plain "continue" by itself."""
    return bool(decision.reason) or decision.kind is not DecisionKind.CONTINUE


def changed_by_start(trial: Trial, event: ev.AttemptStarted) -> dict[str, Any]:
    """Return the fields of a trial, with their values, that the start of an attempt changes."""
    return {
        "reason": None if trial.cause == INTERRUPTED else trial.reason,
        "attempts": event.attempt,
        "status": TrialStatus.RUNNING,
        "cause": None,
        "error": None,
    }


def changed_by_end(trial: Trial, event: ev.AttemptEnded) -> dict[str, Any]:
    """Return the fields of a trial, with their values, that the end of an attempt changes."""
    changed: dict[str, Any] = {
        "status": TrialStatus.INTERRUPTED,
        "cause": event.cause,
        "error": event.error,
        "reason": event.reason or trial.reason,
    }
    if event.cause == OUT_OF_MEMORY:
        changed["n_out_of_memory"] = trial.n_out_of_memory + 1
    return changed


def changed_by_last(event: ev.TrialEnded) -> dict[str, Any]:
    """Return the fields of a trial, with their values, that its end changes."""
    return {
        "status": TrialStatus(event.status),
        "reason": event.reason,
        "cause": event.cause,
        "error": event.error,
        "ended_at": event.at,
    }
