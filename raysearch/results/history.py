"""What was done with winners so far: which was handed over, and what did the test split show?

A small fold over the journal, beside the state of the search: it knows the order of refits, tests
and measurements, from which follows whether a handed-over model still stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from raysearch.run_dir import Event
from raysearch.run_dir import events as ev


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One opening of the test split."""

    model: ev.Refitted
    """The model that was tested."""
    forced: bool
    values: Mapping[str, float | None] | None = None
    """None when the split was opened but no result came."""


@dataclass(slots=True)
class History:
    """Refits and tests, in order. Only `apply` changes it."""

    refit: ev.Refitted | None = None
    """The model that was handed over last."""
    is_settled: bool = False
    """Whether nothing was measured after that."""
    openings: list[Opening] = field(default_factory=list)

    def apply(self, event: Event) -> None:
        """Take one more event into account."""
        if isinstance(event, ev.Measured):
            self.is_settled = False
        elif isinstance(event, ev.Refitted):
            self.refit, self.is_settled = event, True
        elif isinstance(event, ev.TestOpened) and self.refit is not None:
            self.openings.append(Opening(model=self.refit, forced=event.forced))
        elif isinstance(event, ev.Tested) and self.openings:
            opened = self.openings[-1]
            self.openings[-1] = Opening(
                model=opened.model, forced=opened.forced, values=event.values
            )

    @property
    def results(self) -> list[Opening]:
        """The openings that had a result; one that was cut short showed nothing to anybody."""
        return [opening for opening in self.openings if opening.values is not None]

    def result_of(self, model: ev.Refitted) -> Opening | None:
        """Return the latest test of this model, or None."""
        same = [opening for opening in self.results if is_same_model(opening.model, model)]
        return same[-1] if same else None


def is_same_model(one: ev.Refitted, other: ev.Refitted) -> bool:
    """Return whether two handed-over models came from the same trial in the same way.

    Trained twice, they may differ in the last digits; that is not a reason for a second test.
    """
    return (one.trial, one.epochs, one.refit) == (other.trial, other.epochs, other.refit)


def history_of(events: Iterable[Event]) -> History:
    """Return the history after all the events."""
    history = History()
    for event in events:
        history.apply(event)
    return history
