"""In which words do the views speak of a search?

Shared by the terminal view and the plain lines, so that both say the same.
"""

from __future__ import annotations

from raysearch.counting import counted
from raysearch.engine import Plan
from raysearch.live.progress import Snapshot
from raysearch.live.text import (
    counts_line,
    difference,
    duration,
    file_size,
    first_line,
    printable,
    rate,
    short_number,
)
from raysearch.trial import Objective, Trial, TrialStatus, are_trainings_of_one


def budget_used(snapshot: Snapshot, *, plan: Plan) -> str:
    """Return the figures of all budgets: "31/64 trials, 2m 10s of 10m 0s, target 0.99".

    Those that were paused are among those that are done: "31/64 trials (20 paused)".
    """
    figures = [f"{snapshot.done}/{counted(plan.max_trials, 'trial')}"] if plan.max_trials else []
    if figures and snapshot.paused:
        figures[0] += f" ({snapshot.paused} paused)"
    if plan.max_seconds is not None:
        figures.append(f"{duration(snapshot.elapsed_s)} of {duration(plan.max_seconds)}")
    if plan.max_total_epochs is not None:
        figures.append(f"{snapshot.epochs}/{counted(plan.max_total_epochs, plan.unit)}")
    if plan.max_gpu_hours is not None:
        hours = short_number(snapshot.gpu_seconds / 3600, digits=3)
        figures.append(f"{hours} of {plan.max_gpu_hours:g} GPU hours")
    if plan.patience is not None:
        trials = counted(plan.patience, "trial")
        figures.append(f"{snapshot.trials_without_gain}/{trials} without gain")
    if plan.target is not None:
        figures.append(f"target {short_number(plan.target)}")
    return ", ".join(figures) or f"{counted(snapshot.ended, 'trial')} ended, no budget set"


def budget_set(plan: Plan) -> str:
    """Return what a search may do and cost: "64 trials of up to 27 epochs, for 10m 0s"."""
    trials = counted(plan.max_trials, "trial") if plan.max_trials else "trials"
    parts = [f"{trials} of up to {counted(plan.max_epochs, plan.unit)}"]
    if plan.max_total_epochs is not None:
        parts.append(f"{counted(plan.max_total_epochs, plan.unit)} in all")
    if plan.max_gpu_hours is not None:
        parts.append(f"{plan.max_gpu_hours:g} GPU hours")
    if plan.max_seconds is not None:
        parts.append(f"for {duration(plan.max_seconds)}")
    if plan.target is not None:
        parts.append(f"until {short_number(plan.target)} is reached")
    if plan.patience is not None:
        parts.append(f"until {counted(plan.patience, 'trial')} in a row bring no gain")
    return ", ".join(parts)


def goal(plan: Plan) -> str:
    """Return what is improved, for a person: "maximize val/accuracy, minimize params"."""
    objectives = plan.objectives or (plan.objective,)
    return ", ".join(f"{each.direction} {printable(each.metric)}" for each in objectives)


def front_text(snapshot: Snapshot, *, plan: Plan) -> str:
    """Return the trials on the Pareto front with their values; empty before there are any.

    The best of the first objective comes first.
    """
    texts = []
    for trial in snapshot.front:
        values = (
            each.value(loss)
            for loss, each in zip(trial.losses(plan.objectives), plan.objectives, strict=True)
        )
        texts.append(f"{trial.id} ({', '.join(map(short_number, values))})")
    return " ".join(texts)


def pace(snapshot: Snapshot) -> list[str]:
    """Return the epochs per second, and the bytes of checkpoints, where there are any."""
    parts = []
    if snapshot.epochs_per_s:
        parts.append(rate(snapshot.epochs_per_s, f"{snapshot.unit}s"))
    if snapshot.checkpoint_bytes:
        parts.append(f"{file_size(snapshot.checkpoint_bytes)} of checkpoints")
    return parts


def trial_counts(snapshot: Snapshot) -> str:
    """Return the trials by status, and how often one had to be started again."""
    line = counts_line(snapshot.counts) or "none yet"
    return f"{line} ({counted(snapshot.restarts, 'restart')})" if snapshot.restarts else line


def against_default(snapshot: Snapshot, *, objective: Objective) -> str:
    """Return how the best value compares with trial 0000, the default configuration.

    The default may be in training still, or may have failed; both are said. Empty before there is
    a best value.
    """
    best, default = snapshot.incumbent, snapshot.default
    if best is None or default is None:
        return ""
    if are_trainings_of_one(best.trial, default):
        return "the default configuration"
    value = default.value(objective)
    so_far = "" if default.status.is_ended else " so far"
    if value is None:
        return f"the default has no value{so_far}"
    words = difference(best.value, than=value, objective=objective)
    return f"{words} default {short_number(value)}{so_far}"


def end_reason(trial: Trial) -> str:
    """Return why a trial ended, on one line; for a failed one the first line of its error."""
    if trial.status is TrialStatus.FAILED:
        return first_line(trial.error) or printable(trial.cause or "unknown cause")
    if trial.status is TrialStatus.COMPLETED and not trial.reason:
        return "all epochs"
    return first_line(trial.reason)


def search_ended(snapshot: Snapshot) -> str:
    """Return the line that closes the search itself, before what is done with the winner.

    It counts all trials that have begun, as `results` does.
    """
    trials = counted(sum(snapshot.counts.values()), "trial")
    trials += f" ({snapshot.paused} paused)" if snapshot.paused else ""
    line = (
        f"search {snapshot.status}: {trials}, "
        f"{counted(snapshot.epochs, snapshot.unit)} in {duration(snapshot.elapsed_s)}"
    )
    return f"{line} ({first_line(snapshot.reason)})" if snapshot.reason else line
