"""What happened when: who trained what, and when was the best value found?

Read from the journal, which knows more than the state that it comes to. Times are seconds of the
search, without the breaks between its sessions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from raysearch.engine.fold_curves import news_of
from raysearch.engine.state import SearchState
from raysearch.results.found import Found
from raysearch.run_dir import JournalDamaged
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.trial import DecisionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One stretch of training of one trial by one worker."""

    trial: str
    worker: str
    """Host and process, such as "node-3:4711"; empty where the journal does not say."""
    started_s: float
    ended_s: float
    """At least `started_s`; of a trial in training the time of the latest event."""
    outcome: str
    """ "completed", "stopped", "failed", "paused", "running", or the cause of its loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvement:
    """A measurement that was better than all before it."""

    seconds: float
    epochs: int
    """Epochs trained in all trials until then."""
    trial: str
    epoch: int
    """Of the trial."""
    value: float


@dataclass(slots=True, kw_only=True)
class Chronicle:
    """What happened in a search, in order."""

    attempts: list[Attempt] = field(default_factory=list)
    """By when they began."""
    improvements: list[Improvement] = field(default_factory=list)
    capacities: list[tuple[float, Mapping[str, float]]] = field(default_factory=list)
    """What Ray had from which second on, as `events.AttemptStarted` says it; empty where an older
    version wrote the journal."""
    breaks_s: list[float] = field(default_factory=list)
    """When sessions after the first one began."""
    seconds: float = 0.0
    """How long the search has lasted."""
    epochs: int = 0
    """How many were trained in all."""

    def best_after(self, epochs: int) -> float | None:
        """Return the best value once so many epochs were trained in all trials; None before any."""
        seen = [found.value for found in self.improvements if found.epochs <= epochs]
        return seen[-1] if seen else None


def chronicle(found: Found) -> Chronicle:
    """Return what happened in a search; where its journal is damaged, what happened before."""
    state, reader = SearchState(), _Reader()
    for event in _events(found):
        if isinstance(event, ev.SearchResumed):
            reader.resumed(at_s=state.seconds)
        state.apply(event)
        reader.read(event, state)
    return reader.done(state)


def _events(found: Found) -> Iterator[Event]:
    with suppress(JournalDamaged):
        yield from found.run_dir.events()


class _Reader:
    """Gathers the chronicle, event by event."""

    def __init__(self) -> None:
        self._told = Chronicle()
        self._open: dict[str, Attempt] = {}  # by trial

    def read(self, event: Event, state: SearchState) -> None:
        """Take an event into account that the state has applied."""
        now = state.seconds_at(event.at)
        if has := getattr(event, "capacity", None):
            self._told.capacities.append((now, has))
        match event:
            case ev.AttemptStarted(trial=trial, worker=worker):
                self._close(trial, at_s=now, outcome="lost")
                self._open[trial] = Attempt(
                    trial=trial, worker=worker, started_s=now, ended_s=now, outcome="running"
                )
            case ev.Decided(trial=trial, kind=DecisionKind.PAUSE):
                self._close(trial, at_s=now, outcome="paused")
            case ev.AttemptEnded(trial=trial, cause=cause):
                self._close(trial, at_s=now, outcome=cause)
            case ev.TrialEnded(trial=trial, status=status):
                self._close(trial, at_s=now, outcome=status)
            case _:
                pass
        self._see(event, state, at_s=now)

    def resumed(self, *, at_s: float) -> None:
        """Take into account that a new session begins: what was in training then was lost."""
        for trial in list(self._open):
            self._close(trial, at_s=at_s, outcome="interrupted")
        self._told.breaks_s.append(at_s)

    def done(self, state: SearchState) -> Chronicle:
        """Return the chronicle, with what is still in training up to now."""
        for trial in list(self._open):
            self._close(trial, at_s=state.seconds, outcome="running")
        self._told.attempts.sort(key=lambda attempt: (attempt.started_s, attempt.trial))
        self._told.seconds, self._told.epochs = state.seconds, state.epochs
        return self._told

    def _see(self, event: Event, state: SearchState, *, at_s: float) -> None:
        """Note a new best value, if the event brings one."""
        trial = state.trials.get(getattr(event, "trial", ""))
        objective, known = state.objective, self._told.improvements
        if objective is None or trial is None:
            return
        n_folds = state.account.n_folds
        news = news_of(event, trial, objective=objective, n_folds=n_folds)
        value = None if news is None else news.values.get(objective.metric)
        best = known[-1].value if known else None
        if news is not None and value is not None and objective.is_better(value, best):
            known.append(
                Improvement(
                    seconds=at_s,
                    epochs=state.epochs,
                    trial=trial.id,
                    epoch=news.epoch,
                    value=value,
                )
            )

    def _close(self, trial: str, *, at_s: float, outcome: str) -> None:
        attempt = self._open.pop(trial, None)
        if attempt is not None:
            ended_s = max(at_s, attempt.started_s)
            self._told.attempts.append(replace(attempt, ended_s=ended_s, outcome=outcome))
