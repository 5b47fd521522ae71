"""In which words do the views speak of a search?

Shared by the terminal view and the plain lines, so that both say the same.
"""

from __future__ import annotations

from raysearch.engine import Plan
from raysearch.live.progress import Snapshot
from raysearch.live.text import (
    counted,
    counts_line,
    difference,
    duration,
    file_size,
    first_line,
    printable,
    rate,
    short_number,
)
from raysearch.trial import Objective, Trial, TrialStatus


def budget_used(snapshot: Snapshot, *, plan: Plan) -> str:
    """Return the figures of all budgets: "31/64 trials, 2m 10s of 10m 0s"."""
    figures = [f"{snapshot.ended}/{counted(plan.max_trials, 'trial')}"] if plan.max_trials else []
    if plan.max_seconds is not None:
        figures.append(f"{duration(snapshot.elapsed_s)} of {duration(plan.max_seconds)}")
    return ", ".join(figures) or f"{counted(snapshot.ended, 'trial')} ended, no budget set"


def pace(snapshot: Snapshot) -> list[str]:
    """Return the epochs per second, and the bytes of checkpoints, where there are any."""
    parts = []
    if snapshot.epochs_per_s:
        parts.append(rate(snapshot.epochs_per_s, "epochs"))
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
    if best.trial.id == default.id:
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
    """Return the line that closes the search itself, before what is done with the winner."""
    line = (
        f"search {snapshot.status}: {counted(snapshot.ended, 'trial')}, "
        f"{counted(snapshot.epochs, 'epoch')} in {duration(snapshot.elapsed_s)}"
    )
    return f"{line} ({first_line(snapshot.reason)})" if snapshot.reason else line
