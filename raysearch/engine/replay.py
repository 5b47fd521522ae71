"""How does a search get back to where its journal ends, and what was left to be done there?

The state follows from the events alone. Searcher and scheduler are told them once more; and where
the journal ends between a measurement and what follows from it, that is decided again, by the same
policy in the same state, and carried out when the search goes on.
"""

from __future__ import annotations

from collections.abc import Iterable

from raysearch.engine import records
from raysearch.engine.decisions import Decisions
from raysearch.engine.folds import Folds
from raysearch.engine.ledger import Ledger
from raysearch.engine.plan import Plan
from raysearch.engine.suggestions import Suggestions
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.space import Space
from raysearch.trial import Decision, DecisionKind, Trial, TrialStatus


class Replay:
    """Brings one search to where its journal ends, and carries out what follows from there.

    Args:
        plan: How long a trial is trained.
        space: The search space of this session.
        ledger: What is known; written to only by `settle`.
        suggestions: Told of the trials.
        decisions: Asked about every measurement of a first fold.
        folds: Told of trainings that are done.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        space: Space,
        ledger: Ledger,
        suggestions: Suggestions,
        decisions: Decisions,
        folds: Folds,
    ) -> None:
        self._plan = plan
        self._space = space
        self._ledger = ledger
        self._suggestions = suggestions
        self._decisions = decisions
        self._folds = folds
        self._unsettled: dict[str, Decision] = {}  # the last one about each trial in training
        self._own: dict[str, Decision] = {}  # what this session's scheduler last said of each

    def of(self, events: Iterable[Event]) -> None:
        """Take all events of the journal into account; nothing is written.

        Searcher and scheduler may be others than those that were at work before. The scheduler sees
        all measurements, so that it compares with all trials; what it says of them has no effect,
        except of the last one of a trial that has not ended, where the journal holds no decision.
        The searcher is told of the trials that lie in the space.
        """
        state, space, is_same = self._ledger.state, self._space.to_json(), True
        for event in events:
            waited = isinstance(event, ev.Decided) and event.trial in state.paused
            state.apply(event)
            if isinstance(event, ev.SearchStarted | ev.SearchResumed):
                is_same = state.space == space
                if isinstance(event, ev.SearchStarted):
                    self._suggestions.learn(state, plan=self._plan)
            elif isinstance(event, ev.TrialCreated):
                if not is_same:
                    self._suggestions.judge(state.trials[event.trial])
            elif isinstance(event, ev.Measured) and not event.repeat and not event.fold:
                trial = state.trials[event.trial]
                own = self._decisions.scheduled(trial, event.measurement)
                self._unsettled[event.trial] = self._own[event.trial] = own
            elif isinstance(event, ev.Decided):
                kind = DecisionKind(event.kind)
                self._unsettled[event.trial] = Decision(kind=kind, reason=event.reason)
                if event.is_pause_of_scheduler:
                    self._suggestions.observe(state.trials[event.trial])
                elif kind is DecisionKind.CONTINUE and waited and event.fold is None:
                    self._decisions.returned(state.trials[event.trial])
            elif isinstance(event, ev.Exploited):
                self._unsettled.pop(event.trial, None)
                self._decisions.taken_over(state.trials[event.trial])
            elif isinstance(event, ev.TrialEnded):
                self._unsettled.pop(event.trial, None)
                self._suggestions.observe(state.trials[event.trial])
                self._decisions.ended(state.trials[event.trial])

    def settle(self) -> None:
        """Carry out what follows from each last measurement and is not in the journal.

        A trial that another scheduler has paused, and this one would not have, waits for nobody: it
        goes on, or is stopped, as this one says.
        """
        self._ledger.look_again()
        for trial in list(self._ledger.state.live.values()):
            if trial.awaits_fold:
                continue
            if trial.status is TrialStatus.PAUSED:
                self._adopt(trial, self._own.get(trial.id))
            else:
                self._settle(trial, self._unsettled.pop(trial.id, None))

    def _adopt(self, trial: Trial, own: Decision | None) -> None:
        if trial.epochs >= self._plan.max_epochs:
            self._folds.training_done(trial, reason=self._plan.completion)
        elif own is None or own.kind is DecisionKind.PAUSE:
            return
        elif own.kind is DecisionKind.STOP:
            reason = f"paused, and then stopped by another scheduler: {own.reason}"
            self._ledger.end_trial(trial, TrialStatus.STOPPED, reason=reason)
        else:
            why = f" ({own.reason})" if own.reason else ""
            reason = f"goes on, as the scheduler now does not pause it at this epoch{why}"
            decision = Decision(kind=DecisionKind.CONTINUE, reason=reason)
            self._ledger.emit(records.decided(decision, trial=trial, at=self._ledger.now()))

    def _settle(self, trial: Trial, decision: Decision | None) -> None:
        kind = DecisionKind.CONTINUE if decision is None or trial.folds else decision.kind
        if trial.reached >= self._plan.max_epochs:
            self._folds.training_done(trial, reason=self._plan.completion)
        elif decision is not None and kind is DecisionKind.STOP:
            self._ledger.end_trial(trial, TrialStatus.STOPPED, reason=decision.reason)
        elif decision is not None and kind is DecisionKind.PAUSE:
            self._ledger.emit(records.decided(decision, trial=trial, at=self._ledger.now()))
