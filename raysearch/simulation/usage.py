"""How much of the workers' time was used, and for what? Told by a simulation's journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from raysearch.engine.causes import WORKER_LOST
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.simulation.nodes import Absence
from raysearch.trial import DecisionKind

_ENDS = (ev.AttemptEnded, ev.Decided, ev.TrialEnded)
"""What may end an attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What became of the workers' time, in seconds."""

    seconds: float
    """Of the search."""
    untried_until: float
    """When the last new trial was begun. After that the search drains: workers become idle, since
    nothing is left to begin."""
    busy_share: float
    """Of the workers that were there until then, how much of their time they had a trial."""
    busy_seconds: float
    """For which workers had a trial, all together."""
    training_seconds: float
    """Of these, in epochs that were measured."""
    n_attempts: int
    """How often a trial was given to a worker."""
    n_lost: int
    """Attempts that were lost with their worker or node."""

    @property
    def drain_seconds(self) -> float:
        """How long the search went on after its last new trial was begun."""
        return self.seconds - self.untried_until


def usage(
    events: Iterable[Event], *, n_workers: int, absences: Sequence[Absence] = (), until: float
) -> Usage:
    """Return what became of the workers' time.

    Args:
        events: The journal; its times are seconds since the search began.
        n_workers: Of all nodes when all are there.
        absences: When nodes were not there.
        until: When the search ended.
    """
    spans: list[tuple[float, float]] = []  # of attempts
    began: dict[str, float] = {}
    first_began: dict[str, float] = {}
    measured: dict[tuple[str, int], tuple[int, float]] = {}  # by trial and fold: epoch, time
    training, n_lost = 0.0, 0
    for event in events:
        if isinstance(event, ev.AttemptStarted):
            began[event.trial] = event.at
            first_began.setdefault(event.trial, event.at)
        elif isinstance(event, ev.Measured):
            epoch, seconds = measured.get((event.trial, event.fold), (0, 0.0))
            now = event.measurement.seconds
            if event.epoch > epoch:
                training += now - seconds
                measured[event.trial, event.fold] = event.epoch, now
        elif isinstance(event, _ENDS) and event.trial in began:
            if isinstance(event, ev.Decided) and event.kind != DecisionKind.PAUSE:
                continue
            spans.append((began.pop(event.trial), event.at))
            n_lost += isinstance(event, ev.AttemptEnded) and event.cause == WORKER_LOST
    spans += [(at, until) for at in began.values()]
    last = max(first_began.values(), default=0.0)
    there = n_workers * last - sum(
        a.n_workers * (min(a.ended_at, last) - a.began_at) for a in absences if a.began_at < last
    )
    busy = sum(min(end, last) - start for start, end in spans if start < last)
    return Usage(
        seconds=until,
        untried_until=last,
        busy_share=busy / there if there else 1.0,
        busy_seconds=sum(end - start for start, end in spans),
        training_seconds=training,
        n_attempts=len(spans),
        n_lost=n_lost,
    )
