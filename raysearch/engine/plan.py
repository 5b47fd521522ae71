"""Which objective, budgets and limits does a search have, and are they used up?

Two kinds of budget end a search. Limits are what it may cost, and the target: once one is reached,
no trial begins, and each in training stops as it next reports. When there are trials enough (their
number, or patience), no trial begins, and those in training are trained to their end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from raysearch.counting import counted
from raysearch.engine.spending import Spending
from raysearch.engine.state import SearchState
from raysearch.measure import Constraint
from raysearch.trial import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the engine must know of an experiment.

    Example:
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> plan = Plan(objective=accuracy, max_epochs=27, max_total_epochs=1000, target=0.99)
        >>> plan.limit_reached(Spending(epochs=1002), seconds=60.0)
        'budget of 1000 epochs used'
        >>> spent = Spending(epochs=1002, best_trial="0012", best_value=0.991)
        >>> plan.limit_reached(spent, seconds=60.0)
        'target 0.99 reached by trial 0012 (0.991)'
    """

    objective: Objective
    """What is improved; of several, the first."""
    objectives: tuple[Objective, ...] = ()
    """All of them where there are several, else empty."""
    constraints: tuple[Constraint, ...] = ()
    """What a model may cost; a trial that does not meet them is rejected before it is trained."""
    max_epochs: int
    """Epochs of a trial that is never stopped."""
    n_folds: int = 1
    """On how many folds of the data each trial is trained, one after the other."""
    fold_risk: float = 0.0
    """Chance at most that a trial whose folds are not all trained would have become the best."""
    pauses_end: bool = True
    """Whether a trial that pauses may never go on. In a population each one does, to its last
    epoch, so that one that pauses is not as good as done."""
    unit: str = "epoch"
    """What an epoch is called: "epoch", or "round" of steps."""
    max_trials: int | None = None
    max_seconds: float | None = None
    """Duration of the search, pauses between sessions left out. A limit."""
    max_total_epochs: int | None = None
    """Epochs of all trials together. A limit, exceeded by what each trial in training still needs
    to its next report."""
    max_gpu_hours: float | None = None
    """Hours of training times the GPUs of a trial, all trials together. A limit."""
    target: float | None = None
    """Value of the objective that is good enough. A limit."""
    patience: int | None = None
    """So many trials may end in a row without a new best value; see `Spending`."""
    max_attempts: int = 3
    """How often a trial is started when its workers are lost, or when it fails and
    `retry_exceptions` is set."""
    retry_exceptions: bool = False
    """Whether a trial that failed is tried again from its last checkpoint."""
    halves_batch: bool = False
    """Whether one that ran out of memory is, with batches half as large."""
    abort_after: int | None = 5
    """The search is aborted when the first this many trials all failed."""
    abort_in_a_row: int | None = None
    """The search is aborted when so many trials fail one after the other; None for never."""
    checkpoint_budget_bytes: float = math.inf

    @property
    def completion(self) -> str:
        """Why a trial that was never stopped has ended: "trained all 27 epochs"."""
        return f"trained all {counted(self.max_epochs, self.unit)}"

    def used_up(self, state: SearchState, *, now: float) -> str:
        """Return why no trial begins any more, for a person; empty while one may.

        Args:
            state: The search so far.
            now: Unix time in seconds.
        """
        return self.limit_reached(state.spent, seconds=state.seconds_at(now)) or self._enough(state)

    def n_trials_left(self, state: SearchState, *, now: float) -> float:
        """Return how many further trials may begin at most; infinity if no number limits them."""
        if self.used_up(state, now=now):
            return 0
        left = math.inf
        if self.max_trials is not None:
            left = self.max_trials - state.next_number
        if self.max_total_epochs is not None:
            left = min(left, self.max_total_epochs - state.epochs)
        return left

    def limit_reached(self, spent: Spending, *, seconds: float) -> str:
        """Return which limit is reached, so that all trials stop; empty while none is.

        Args:
            spent: What the search has spent.
            seconds: How long it has lasted, pauses left out.
        """
        hours = spent.gpu_seconds / 3600
        if self.target is not None and self.is_target_reached(spent):
            reached = f"trial {spent.best_trial} ({spent.best_value:.6g})"
            return f"target {self.target:.6g} reached by {reached}"
        if self.max_seconds is not None and seconds >= self.max_seconds:
            return f"budget of {self.max_seconds / 60:g} minutes used"
        if self.max_total_epochs is not None and spent.epochs >= self.max_total_epochs:
            return f"budget of {counted(self.max_total_epochs, self.unit)} used"
        if self.max_gpu_hours is not None and hours >= self.max_gpu_hours:
            return f"budget of {self.max_gpu_hours:g} GPU hours used"
        return ""

    def is_target_reached(self, spent: Spending) -> bool:
        """Return whether the best value is as good as the target, if there is one."""
        return self.target is not None and _is_as_good(spent, self.target, self.objective)

    def _enough(self, state: SearchState) -> str:
        """Return why there are trials enough; empty while there are not."""
        if self.max_trials is not None and state.next_number >= self.max_trials:
            return f"budget of {self.max_trials} trials used"
        if self.patience is not None and state.spent.trials_without_gain >= self.patience:
            return f"no better trial among the last {self.patience}"
        return ""


def _is_as_good(spent: Spending, target: float, objective: Objective) -> bool:
    return bool(spent.best_trial) and not objective.is_better(target, spent.best_value)
