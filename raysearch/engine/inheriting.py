"""With whose weights does a trial begin, where its searcher wants it to inherit some?

The searcher names the parent. Its checkpoint is looked up as the trial is created, so that the
journal says with which weights exactly; from then on it is kept until the trial has a checkpoint of
its own. Where there is none, the trial begins anew, and its origin says why.
"""

from __future__ import annotations

from dataclasses import replace

from raysearch.engine.state import SearchState
from raysearch.init_from import INHERITS, Inheritance
from raysearch.trial import Objective, Suggestion


def with_parent(suggestion: Suggestion, *, state: SearchState, objective: Objective) -> Suggestion:
    """Return a suggestion whose origin says which checkpoint it begins from, if it inherits.

    Args:
        suggestion: As the searcher made it.
        state: The search so far.
        objective: Says which epoch of the parent was its best.
    """
    wanted = Inheritance.read(suggestion.origin)
    if wanted is None:
        return suggestion
    found = _found(wanted.trial, state=state, objective=objective)
    return replace(suggestion, origin={**suggestion.origin, INHERITS: found.to_json()})


def _found(parent: str, *, state: SearchState, objective: Objective) -> Inheritance:
    trial = state.trials.get(parent)
    if trial is None:
        return Inheritance(trial=parent, reason="it is a trial of an earlier run")
    best = trial.best(objective)
    kept = [c for c in trial.checkpoints if best is not None and c.epoch == best.epoch]
    if not kept:
        return Inheritance(trial=parent, reason="the checkpoint of its best epoch is not kept")
    return Inheritance(trial=parent, epoch=kept[-1].epoch, checkpoint=kept[-1].path)
