"""Which part of the machines has nothing to do, and why?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from raysearch.engine import Plan, SearchState
from raysearch.trial import SearchStatus, TrialStatus

PATIENCE_S = 2.0
"""How long what a trial has left may wait for the next one before that is said, in seconds."""

_TOLERANCE = 1e-9
"""0.1 + 0.2 is a little more than 0.3 in binary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """What is idle at one moment: GPUs where trials need some, else CPUs."""

    kind: str
    """ "GPUs" or "CPUs"."""
    amount: float
    """How many are idle, above 0."""
    of: float
    """How many there are."""
    reason: str
    """A phrase for a person."""

    @property
    def share(self) -> str:
        """How many there are, and why, beside what they are: "3 of 8 idle: nothing to train"."""
        return f"{self.amount:g} of {self.of:g} idle: {self.reason}"

    @property
    def text(self) -> str:
        """The same as a phrase of its own: "3 of 8 GPUs idle: nothing to train"."""
        return f"{self.amount:g} of {self.of:g} {self.kind} idle: {self.reason}"


def given(settings: Mapping[str, Any]) -> tuple[str, str, float]:
    """Return what trials are given that is scarce, and how much one takes.

    Args:
        settings: Of the search.

    Returns:
        Its key in a capacity, its name, and an amount.

    Example:
        >>> given({"resources": {"cpus": 2, "gpus": 0.5, "workers": 4}})
        ('gpus', 'GPUs', 2.0)
        >>> given({"resources": {"cpus": 2, "gpus": 0}})
        ('cpus', 'CPUs', 2)
    """
    resources = settings.get("resources", {})
    key, kind = ("gpus", "GPUs") if resources.get("gpus") else ("cpus", "CPUs")
    return key, kind, resources.get(key, 1) * resources.get("workers", 1)


def idle_now(state: SearchState, *, plan: Plan, at: float) -> Idle | None:
    """Return what is idle; None where nothing is, or where nobody said what there is.

    What other users of a cluster use counts as idle: nobody tells.

    Args:
        state: Of the search.
        plan: Its budgets.
        at: Unix time in seconds.
    """
    has = state.capacity
    if not has or state.status is not SearchStatus.RUNNING:
        return None
    key, kind, each = given(state.settings)
    total = has.get(key, 0.0)
    statuses = [trial.status for trial in state.live.values()]
    n_running = statuses.count(TrialStatus.RUNNING)
    amount = total - n_running * each
    if amount <= _TOLERANCE:
        return None
    parallel = state.settings.get("parallel")
    if n_running >= has.get("slots", math.inf):
        reason = "another trial does not fit on what is left of a node"
    elif n_running >= (parallel if isinstance(parallel, int) else math.inf):
        reason = f"parallel is {parallel}"
    elif TrialStatus.PENDING in statuses or TrialStatus.INTERRUPTED in statuses:
        reason = "waiting for a worker"
    elif state.paused:
        reason = "waiting for trials that are paused"
    elif plan.n_trials_left(state, now=at) <= 0:
        reason = "nothing to train"
    else:
        reason = "waiting for the next trial"
    if reason.startswith("waiting") and at - state.freed_at < PATIENCE_S:
        return None
    return Idle(kind=kind, amount=amount, of=total, reason=reason)
