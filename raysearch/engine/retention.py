"""Which checkpoints may be deleted?

A trial that has not ended needs its latest checkpoint, to go on, and its best, to be the winner. A
trial that ended needs its best only. When all of them together exceed the budget, those of ended
trials are given up, worst trial first; the best trial's is always kept.
"""

from __future__ import annotations

from raysearch.engine.state import SearchState
from raysearch.trial import Checkpoint, Objective, Trial


def unneeded(trial: Trial, *, objective: Objective) -> list[Checkpoint]:
    """Return the trial's checkpoints that neither a continuation nor the ranking needs."""
    if not trial.checkpoints:
        return []
    needed = set()
    best = trial.best(objective)
    if best is not None:
        needed |= {c.path for c in trial.checkpoints if c.epoch == best.epoch}
    if trial.checkpoints and not trial.status.is_ended:
        needed.add(trial.checkpoints[-1].path)
    return [c for c in trial.checkpoints if c.path not in needed]


def over_budget(
    state: SearchState, *, objective: Objective, budget_bytes: float
) -> list[tuple[Trial, Checkpoint]]:
    """Return the checkpoints of ended trials to give up, so that the rest fits the budget.

    Args:
        state: The search.
        objective: By which trials are ranked.
        budget_bytes: Bytes that all checkpoints of the search may take together.
    """
    excess = state.checkpoint_bytes - budget_bytes
    if excess <= 0:
        return []
    given_up: list[tuple[Trial, Checkpoint]] = []
    with_checkpoints = [trial for trial in state.ended if trial.checkpoints]
    worst_first = sorted(with_checkpoints, key=lambda t: t.rank_key(objective), reverse=True)
    for trial in worst_first[:-1]:
        for checkpoint in trial.checkpoints:
            if excess <= 0:
                return given_up
            given_up.append((trial, checkpoint))
            excess -= checkpoint.size_bytes
    return given_up
