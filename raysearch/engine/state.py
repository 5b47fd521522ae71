"""What is known about a search after the events so far?

`apply` depends on the events alone, so a live search, a resumed one and a reader of the run
directory all arrive at the same state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from raysearch.engine.account import Account
from raysearch.engine.causes import DISK_FULL, INTERRUPTED, WORKER_LOST
from raysearch.engine.fold_curves import with_fold_done
from raysearch.engine.handover import Handover
from raysearch.engine.records import changed_by_end, changed_by_last, changed_by_start
from raysearch.engine.spending import Spending
from raysearch.engine.streak import Streak
from raysearch.init_from import Inheritance
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.trial import Checkpoint, DecisionKind, Objective, SearchStatus, Trial, TrialStatus


@dataclass(slots=True, kw_only=True)
class SearchState:
    """The fold of a journal. Only `apply` changes it; the trials in it are frozen."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Trials of earlier runs, none of this search: see `engine.evidence`."""
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """Path of a checkpoint that models begin from -> SHA-256 of the file with which that began."""
    status: SearchStatus = SearchStatus.RUNNING
    """RUNNING also after the driver was killed; whether one is alive is the lease's to say."""
    reason: str = ""
    """Why the search has the status it has."""
    trials: dict[str, Trial] = field(default_factory=dict)
    """All trials in order of their numbers."""
    live: dict[str, Trial] = field(default_factory=dict)
    """Those that have not ended, in order of their numbers."""
    paused: dict[str, Trial] = field(default_factory=dict)
    """Those that are paused."""
    recommendation: ev.Recommended | None = None
    """What the searcher would hand over; None if it did not say, or more was measured since."""
    handover: Handover = field(default_factory=Handover)
    """Refits and tests of winners."""
    started_at: float = 0.0
    """Unix time of the first event, in seconds."""
    last_at: float = 0.0
    """Unix time of the latest event of a driver session, in seconds; refit and test are none."""
    seconds_before: float = 0.0
    """How long the sessions before this one lasted, in seconds."""
    session_started_at: float = 0.0
    """Unix time of the start of the latest driver session, in seconds."""
    objective: Objective | None = None
    """What is improved, as the settings say; None where they do not."""
    account: Account = field(default_factory=Account)
    """What counts against the budgets."""
    restarts: int = 0
    """Attempts beyond the first one of each trial, those after a pause not counted."""
    losses: dict[str, int] = field(default_factory=dict)
    """How often a trial lost its worker, where it did."""
    failures: dict[str, int] = field(default_factory=dict)
    """How often a trial that has not ended failed, where it did: each time it was tried again."""
    pinned: dict[str, str] = field(default_factory=dict)
    """Trial -> path of another one's checkpoint that it goes on from, until it has one itself."""
    n_takeovers: int = 0
    """How often a trial took over another one's weights, and changed its configuration."""
    checkpoint_bytes: int = 0
    """Bytes of all checkpoints on disk."""
    capacity: Mapping[str, float] = field(default_factory=dict)
    """What Ray has, as of `AttemptStarted`; empty where nobody said."""
    freed_at: float = -math.inf
    """When a trial last left its worker, in Unix time."""
    streak: Streak = field(default_factory=Streak)
    """Whether trials end for nothing, one after the other."""

    @property
    def seconds(self) -> float:
        """How long the search has lasted, without the pauses between sessions, in seconds."""
        return self.seconds_at(self.last_at)

    def seconds_at(self, now: float) -> float:
        """Return how long the search has lasted at a time of its latest session, in seconds."""
        return self.seconds_before + now - self.session_started_at

    @property
    def spent(self) -> Spending:
        """What counts against the budgets, apart from trials and time."""
        return self.account.spent

    @property
    def epochs(self) -> int:
        """Epochs trained in all trials, repeated ones not counted."""
        return self.spent.epochs

    @property
    def used(self) -> dict[str, float]:
        """What has been used of each budget that is an amount, by its key in an experiment."""
        minutes = self.seconds / 60
        return {"trials": self.next_number, "minutes": minutes, **self.spent.used}

    def n_bad_attempts(self, trial: str) -> int:
        """Return how many attempts of a trial ended in a loss or a failure of theirs."""
        return self.losses.get(trial, 0) + self.failures.get(trial, 0)

    @property
    def next_number(self) -> int:
        """The number of the trial that is created next."""
        return len(self.trials)

    @property
    def ended(self) -> list[Trial]:
        """The trials that ended, in order of their numbers."""
        return [trial for trial in self.trials.values() if trial.status.is_ended]

    def apply(self, event: Event) -> None:
        """Take one more event into account."""
        _HANDLERS[type(event)](self, event)
        self.capacity = getattr(event, "capacity", None) or self.capacity
        if ev.is_of_search(event):  # others come perhaps days later: no time of the search
            self.last_at = max(self.last_at, event.at)

    def _search_started(self, event: ev.SearchStarted) -> None:
        self.space, self.versions = event.space, event.versions
        self.evidence = event.evidence
        self.fingerprints = event.fingerprints
        self._adopt(event.settings)
        self.started_at = self.session_started_at = event.at

    def _search_resumed(self, event: ev.SearchResumed) -> None:
        self._adopt(event.settings)
        self.space = self.space if event.space is None else event.space
        self.fingerprints = {**event.fingerprints, **self.fingerprints}
        self.seconds_before = self.seconds
        self.session_started_at = self.last_at = event.at
        self.status, self.reason = SearchStatus.RUNNING, ""
        self.handover.resumed(event.changed)
        self.streak.resumed()
        if self.handover.refit is None or not self.handover.is_settled:
            self.recommendation = None  # asked for again; else it says why that model is there

    def _adopt(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        if "objective" in settings:
            self.objective = Objective(**settings["objective"])
        self.account.adopt(settings)

    def _trial_created(self, event: ev.TrialCreated) -> None:
        copied = ("number", "configuration", "origin")
        known = {name: getattr(event, name) for name in copied}
        inherited = Inheritance.read(event.origin)
        if inherited is not None and inherited.checkpoint is not None:
            self.pinned[event.trial] = inherited.checkpoint
            parent = self.trials[inherited.trial]
            known["epochs_before"] = parent.epochs_before + inherited.epoch
        self._keep(Trial(id=event.trial, created_at=event.at, **known))

    def _attempt_started(self, event: ev.AttemptStarted) -> None:
        if event.trial not in self.live:
            return
        known = self.trials[event.trial]
        is_first = known.status is TrialStatus.PENDING  # or after a pause
        self._change(event.trial, **changed_by_start(known, event))
        self.restarts += event.attempt > 1 and not is_first
        self.account.began(self.trials[event.trial], from_epoch=event.from_epoch)

    def _model_measured(self, event: ev.ModelMeasured) -> None:
        self._change(event.trial, measures=event.values, violation=event.violation)

    def _measured(self, event: ev.Measured) -> None:
        trial = self.trials[event.trial]
        self.handover.measured(event)
        self.recommendation = self.recommendation if event.repeat else None
        if not event.repeat and event.fold == trial.fold and event.epoch > trial.reached:
            self.account.measured(trial, event.measurement, objective=self.objective)
            kept = "in_fold" if trial.folds else "measurements"
            self._change(event.trial, **{kept: (*trial.trained, event.measurement)})

    def _checkpoint_written(self, event: ev.CheckpointWritten) -> None:
        trial = self.trials[event.trial]
        others = [c for c in trial.checkpoints if c.path != event.path]
        self._set_checkpoints(trial, [*others, event.checkpoint])
        self.pinned.pop(event.trial, None)

    def _checkpoint_removed(self, event: ev.CheckpointRemoved) -> None:
        trial = self.trials[event.trial]
        self._set_checkpoints(trial, [c for c in trial.checkpoints if c.path != event.path])

    def _decided(self, event: ev.Decided) -> None:
        if event.kind == DecisionKind.PAUSE:
            self._close_fold(event.trial, n_done=event.fold)
            self._change(event.trial, status=TrialStatus.PAUSED, reason=event.reason)
            self.freed_at = event.at
            if event.fold is None:
                self.account.put_aside(self.trials[event.trial])
            else:  # each fold is tried as often as a trial of one split
                self.losses.pop(event.trial, None)
                self.failures.pop(event.trial, None)
        elif event.trial in self.paused:  # it goes on, once a worker begins with it
            self._change(event.trial, status=TrialStatus.PENDING, reason=event.reason)
        elif event.reason:
            self._change(event.trial, reason=event.reason)

    def _exploited(self, event: ev.Exploited) -> None:
        self._change(event.trial, **event.changed(self.trials[event.trial]))
        self.pinned[event.trial] = event.path
        self.n_takeovers += 1

    def _attempt_ended(self, event: ev.AttemptEnded) -> None:
        if event.trial not in self.live:
            return
        self._change(event.trial, **changed_by_end(self.trials[event.trial], event))
        if event.cause not in (INTERRUPTED, DISK_FULL):
            counts = self.losses if event.cause == WORKER_LOST else self.failures
            counts[event.trial] = counts.get(event.trial, 0) + 1

    def _trial_ended(self, event: ev.TrialEnded) -> None:
        self.freed_at = event.at
        self._close_fold(event.trial, n_done=event.folds)
        self._change(event.trial, **changed_by_last(event))
        self.account.folds_done(self.trials[event.trial], objective=self.objective)
        self.streak.ended(self.trials[event.trial], objective=self.objective)
        self.account.put_aside(self.trials[event.trial])
        self.failures.pop(event.trial, None)
        self.pinned.pop(event.trial, None)

    def _recommended(self, event: ev.Recommended) -> None:
        self.recommendation = event

    def _refitted(self, event: ev.Refitted) -> None:
        self.handover.refitted(event)

    def _compressed(self, event: ev.Compressed) -> None:
        self.handover.compressed(event)

    def _test_opened(self, event: ev.TestOpened) -> None:
        self.handover.test_opened(event)

    def _tested(self, event: ev.Tested) -> None:
        self.handover.tested(event)

    def _test_skipped(self, event: ev.TestSkipped) -> None:
        self.handover.test_skipped(event)

    def _search_ended(self, event: ev.SearchEnded) -> None:
        self.status, self.reason = SearchStatus(event.status), event.reason

    def _close_fold(self, trial: str, *, n_done: int | None) -> None:
        if n_done == self.trials[trial].fold + 1:
            self._keep(with_fold_done(self.trials[trial]))

    def _set_checkpoints(self, trial: Trial, checkpoints: list[Checkpoint]) -> None:
        before = sum(c.size_bytes for c in trial.checkpoints)
        self.checkpoint_bytes += sum(c.size_bytes for c in checkpoints) - before
        self._change(trial.id, checkpoints=tuple(checkpoints))

    def _change(self, trial: str, **changes: Any) -> None:
        known = self.trials[trial]
        self._keep(Trial(**{name: getattr(known, name) for name in _FIELDS} | changes))

    def _keep(self, trial: Trial) -> None:
        self.trials[trial.id] = trial
        if trial.status.is_ended:
            self.live.pop(trial.id, None)
        else:
            self.live[trial.id] = trial
        if trial.status is TrialStatus.PAUSED:
            self.paused[trial.id] = trial
        else:
            self.paused.pop(trial.id, None)


_FIELDS = tuple(f.name for f in fields(Trial))
"""Those of a trial: `replace` looks them up each time, and took a quarter of a replay's time."""

_HANDLERS: dict[type, Callable[[SearchState, Any], None]] = {
    kind: getattr(SearchState, f"_{name}") for name, kind in ev.TYPES.items()
}
"""Which method takes which event into account."""

Listener = Callable[[Event, SearchState], None]
"""Called after each event was journalled and applied: live view, TensorBoard. Where many events are
journalled together, the state that it is given knows of later ones as well."""


def fold(events: Iterable[Event]) -> SearchState:
    """Return the state after all the events."""
    state = SearchState()
    for event in events:
        state.apply(event)
    return state
