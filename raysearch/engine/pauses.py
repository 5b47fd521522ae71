"""Which paused trial goes on, which is given up, and what if only paused ones are left?

The scheduler is asked when a worker is free. What it answers is journalled before anything follows:
a trial that goes on has a second decision at its epoch, and waits for a worker from then on as one
that was interrupted does, so that a driver may die in between.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from raysearch.engine import records
from raysearch.engine.ledger import Ledger
from raysearch.schedulers import Scheduler, Verdict
from raysearch.trial import Decision, DecisionKind, Exploit, Trial, TrialStatus


class Pauses:
    """Carries out what the scheduler says of paused trials.

    Args:
        ledger: Where it is written, and what is known.
        scheduler: Decides about them.
    """

    def __init__(self, *, ledger: Ledger, scheduler: Scheduler) -> None:
        self.is_stuck = False
        """Whether the scheduler refused the next trial when no other one was left."""
        self._ledger = ledger
        self._scheduler = scheduler
        self._left: set[str] = set()  # given up only because no further trials may begin

    def may_begin(self) -> bool:
        """Return whether the scheduler lets the next trial begin."""
        state = self._ledger.state
        may = self._scheduler.begins(state.next_number)
        self.is_stuck = not may and not state.live
        return may

    def next(self, *, held: Collection[str], more_to_come: bool) -> Trial | None:
        """Return a paused trial that goes on, or None; those that are given up are stopped.

        Args:
            held: Paused trials whose workers are not free yet.
            more_to_come: Whether further trials may begin.
        """
        while (verdict := self.verdict(held=held, more_to_come=more_to_come)) is not None:
            trial, decision = self._ledger.state.paused[verdict.trial], verdict.decision
            if decision.exploit is not None:
                decision = self._taken_over(trial, decision, exploit=decision.exploit)
            if decision.kind is DecisionKind.EXPLOIT:
                trial = self._ledger.state.trials[trial.id]
                self._scheduler.on_takeover(trial)
                return trial
            if decision.kind is DecisionKind.CONTINUE:
                self._ledger.emit(records.decided(decision, trial=trial, at=self._ledger.now()))
                trial = self._ledger.state.trials[trial.id]
                self._scheduler.on_return(trial)
                return trial
            self._ledger.end_trial(trial, TrialStatus.STOPPED, reason=decision.reason)
        return None

    def verdict(self, *, held: Collection[str], more_to_come: bool) -> Verdict | None:
        """Return what becomes of one of the paused trials now, or None; nothing follows from it.

        Where no further trials may begin, more go on than otherwise. Those that the scheduler gives
        up for that reason alone stay paused: with a larger budget, further trials may begin.

        Args:
            held: Paused trials whose workers are not free yet.
            more_to_come: Whether further trials may begin.
        """
        paused = self._free(held)
        if not paused:
            return None
        if more_to_come:
            self._left.clear()
        verdict = self._asked(paused, more_to_come=True)
        if verdict is not None or more_to_come:
            return verdict
        paused = {id: trial for id, trial in paused.items() if id not in self._left}
        while (verdict := self._asked(paused, more_to_come=False)) is not None:
            if verdict.decision.kind is not DecisionKind.STOP:
                return verdict
            self._left.add(verdict.trial)
            del paused[verdict.trial]
        return None

    def _asked(self, paused: Mapping[str, Trial], *, more_to_come: bool) -> Verdict | None:
        n_begun = self._ledger.state.next_number
        return self._scheduler.decide_paused(paused, n_begun=n_begun, more_to_come=more_to_come)

    def _taken_over(self, trial: Trial, decision: Decision, *, exploit: Exploit) -> Decision:
        """Journal that a trial goes on with another one's weights; return what became of it.

        Where the checkpoint is gone, as a damaged one is, it goes on with its own, if these are
        worth anything.
        """
        known = self._ledger.state.trials[exploit.source].checkpoints
        found = next((c for c in reversed(known) if c.epoch == exploit.epoch), None)
        if found is None:
            reason = f"{decision.reason}, whose checkpoint of epoch {exploit.epoch} is gone"
            is_lost = trial.last is not None and trial.last.cause is not None
            kind = DecisionKind.STOP if is_lost else DecisionKind.CONTINUE
            return Decision(kind=kind, reason=reason)
        self._ledger.emit(
            records.exploited(
                decision, exploit=exploit, trial=trial, checkpoint=found, at=self._ledger.now()
            )
        )
        return decision

    def is_nothing_else(self, *, held: Collection[str]) -> bool:
        """Return whether there are paused trials, and no others that have not ended."""
        state = self._ledger.state
        return 0 < len(state.paused) == len(state.live) == len(self._free(held))

    def give_up(self, *, why: str) -> None:
        """Stop all paused trials.

        Args:
            why: The reason, for a person.
        """
        for trial in list(self._ledger.state.paused.values()):
            reason = f"{trial.reason}; never promoted: {why}"
            self._ledger.end_trial(trial, TrialStatus.STOPPED, reason=reason)

    def _free(self, held: Collection[str]) -> Mapping[str, Trial]:
        paused: Mapping[str, Trial] = self._ledger.state.paused
        if self._ledger.state.account.n_folds > 1:
            paused = {id: trial for id, trial in paused.items() if not trial.awaits_fold}
        if not any(trial in paused for trial in held):
            return paused
        return {id: trial for id, trial in paused.items() if id not in held}
