"""What is known about a search after the events so far?

`apply` depends on the events alone, so a live search, a resumed one and a reader of the run
directory all arrive at the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.trial import (
    Checkpoint,
    DecisionKind,
    SearchStatus,
    Trial,
    TrialStatus,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefitRecord:
    """The model that the search handed over."""

    trial: str
    epochs: int
    path: str
    size_bytes: int
    seconds: float
    refit: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRecord:
    """One opening of the test split."""

    __test__ = False  # a name that pytest would collect

    trial: str
    forced: bool
    values: Mapping[str, float | None] | None = None
    """None when the split was opened but the result never came."""


@dataclass(slots=True, kw_only=True)
class SearchState:
    """The fold of a journal. Only `apply` changes it; the trials in it are frozen."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    status: SearchStatus = SearchStatus.RUNNING
    """RUNNING also after the driver was killed; whether one is alive is the lease's to say."""
    reason: str = ""
    """Why the search has the status it has."""
    trials: dict[str, Trial] = field(default_factory=dict)
    """All trials in order of their numbers."""
    live: dict[str, Trial] = field(default_factory=dict)
    """Those that have not ended, in order of their numbers."""
    refits: list[RefitRecord] = field(default_factory=list)
    tests: list[TestRecord] = field(default_factory=list)
    started_at: float = 0.0
    """Unix time of the first event, in seconds."""
    last_at: float = 0.0
    """Unix time of the latest event of a driver session, in seconds; refit and test are none."""
    seconds_before: float = 0.0
    """How long the sessions before this one lasted, in seconds."""
    session_started_at: float = 0.0
    """Unix time of the start of the latest driver session, in seconds."""
    epochs: int = 0
    """Epochs trained in all trials, repeated ones not counted."""
    restarts: int = 0
    """Attempts beyond the first one of each trial."""
    losses: dict[str, int] = field(default_factory=dict)
    """How often a trial lost its worker, where it did."""
    checkpoint_bytes: int = 0
    """Bytes of all checkpoints on disk."""
    is_failing: bool = True
    """Whether every trial that ended so far failed."""

    @property
    def seconds(self) -> float:
        """How long the search has lasted, without the pauses between sessions, in seconds."""
        return self.seconds_before + self.last_at - self.session_started_at

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
        if not isinstance(event, _HANDOVER):
            self.last_at = max(self.last_at, event.at)

    def _search_started(self, event: ev.SearchStarted) -> None:
        self.settings, self.space, self.versions = event.settings, event.space, event.versions
        self.started_at = self.session_started_at = event.at

    def _search_resumed(self, event: ev.SearchResumed) -> None:
        self.settings = event.settings
        self.seconds_before = self.seconds
        self.session_started_at = self.last_at = event.at
        self.status, self.reason = SearchStatus.RUNNING, ""

    def _trial_created(self, event: ev.TrialCreated) -> None:
        self._keep(
            Trial(
                id=event.trial,
                number=event.number,
                configuration=event.configuration,
                origin=event.origin,
                created_at=event.at,
            )
        )

    def _attempt_started(self, event: ev.AttemptStarted) -> None:
        if event.trial not in self.live:
            return
        self._change(
            event.trial,
            attempts=event.attempt,
            status=TrialStatus.RUNNING,
            cause=None,
            error=None,
        )
        self.restarts += event.attempt > 1

    def _measured(self, event: ev.Measured) -> None:
        trial = self.trials[event.trial]
        if event.epoch > trial.epochs:
            self.epochs += event.epoch - trial.epochs
            self._change(event.trial, measurements=(*trial.measurements, event.measurement))

    def _checkpoint_written(self, event: ev.CheckpointWritten) -> None:
        trial = self.trials[event.trial]
        written = Checkpoint(epoch=event.epoch, path=event.path, size_bytes=event.size_bytes)
        self._set_checkpoints(
            trial, [c for c in trial.checkpoints if c.path != event.path] + [written]
        )

    def _checkpoint_removed(self, event: ev.CheckpointRemoved) -> None:
        trial = self.trials[event.trial]
        self._set_checkpoints(trial, [c for c in trial.checkpoints if c.path != event.path])

    def _decided(self, event: ev.Decided) -> None:
        if event.kind == DecisionKind.PAUSE:
            self._change(event.trial, status=TrialStatus.PAUSED, reason=event.reason)
        elif event.reason:
            self._change(event.trial, reason=event.reason)

    def _attempt_ended(self, event: ev.AttemptEnded) -> None:
        if event.trial not in self.live:
            return
        self._change(
            event.trial, status=TrialStatus.INTERRUPTED, cause=event.cause, error=event.error
        )
        if event.cause == WORKER_LOST:
            self.losses[event.trial] = self.losses.get(event.trial, 0) + 1

    def _trial_ended(self, event: ev.TrialEnded) -> None:
        status = TrialStatus(event.status)
        self._change(
            event.trial,
            status=status,
            reason=event.reason,
            cause=event.cause,
            error=event.error,
            ended_at=event.at,
        )
        self.is_failing = self.is_failing and status is TrialStatus.FAILED

    def _refitted(self, event: ev.Refitted) -> None:
        self.refits.append(
            RefitRecord(
                trial=event.trial,
                epochs=event.epochs,
                path=event.path,
                size_bytes=event.size_bytes,
                seconds=event.seconds,
                refit=event.refit,
                reason=event.reason,
            )
        )

    def _test_opened(self, event: ev.TestOpened) -> None:
        self.tests.append(TestRecord(trial=event.trial, forced=event.forced))

    def _tested(self, event: ev.Tested) -> None:
        self.tests[-1] = replace(self.tests[-1], values=event.values)

    def _search_ended(self, event: ev.SearchEnded) -> None:
        self.status, self.reason = SearchStatus(event.status), event.reason

    def _set_checkpoints(self, trial: Trial, checkpoints: list[Checkpoint]) -> None:
        before = sum(c.size_bytes for c in trial.checkpoints)
        self.checkpoint_bytes += sum(c.size_bytes for c in checkpoints) - before
        self._change(trial.id, checkpoints=tuple(checkpoints))

    def _change(self, trial: str, **changes: Any) -> None:
        self._keep(replace(self.trials[trial], **changes))

    def _keep(self, trial: Trial) -> None:
        self.trials[trial.id] = trial
        if trial.status.is_ended:
            self.live.pop(trial.id, None)
        else:
            self.live[trial.id] = trial


_HANDLERS: dict[type, Callable[[SearchState, Any], None]] = {
    kind: getattr(SearchState, f"_{name}") for name, kind in ev.TYPES.items()
}
"""Which method takes which event into account."""

_HANDOVER = (ev.Refitted, ev.TestOpened, ev.Tested)
"""What is done with the winner after the search, perhaps days later: no time of the search."""

WORKER_LOST = "worker lost"
"""Cause of an attempt whose process or node went away."""

Listener = Callable[[Event, SearchState], None]
"""Called after each event was journalled and applied: live view, TensorBoard."""


def fold(events: Iterable[Event]) -> SearchState:
    """Return the state after all the events."""
    state = SearchState()
    for event in events:
        state.apply(event)
    return state
