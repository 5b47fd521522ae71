"""What was done with leaders and winners: who was handed over, and what did the test split show?

A part of the state of a search. It knows the order of refits, tests and measurements, from which
follows whether a handed-over model still stands.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from raysearch.run_dir import events as ev


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One opening of the test split."""

    model: ev.Refitted
    """The model that was tested."""
    forced: bool
    values: Mapping[str, float | None] | None = None
    """None when the split was opened but no result came."""
    others: tuple[Mapping[str, float | None], ...] = ()
    """What the models of further seeds reached in the same opening, in their order."""
    compression: ev.Compressed | None = None
    """The compressed form of the model that there was; None if there was none."""
    compressed: Mapping[str, float | None] | None = None
    """What that reached in the same opening."""
    intervals: Mapping[str, Any] = field(default_factory=dict)
    """Metric -> its interval, or why it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A test that is not possible for a model."""

    model: ev.Refitted
    reason: str
    """A phrase for a person: "Net has no test_step"."""


@dataclass(slots=True)
class Handover:
    """Refits and tests, in order. Only its methods change it."""

    refit: ev.Refitted | None = None
    """The model that was handed over last."""
    is_settled: bool = False
    """Whether nothing was measured after that."""
    is_setting_newer: bool = False
    """Whether the experiment's section `refit` was changed after that."""
    openings: list[Opening] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    compressions: list[tuple[ev.Refitted, ev.Compressed]] = field(default_factory=list)
    """Models that were compressed, each with what came of it."""
    repeats: dict[str, dict[int, ev.Measured]] = field(default_factory=dict)
    """Trial -> repeat, from 1 -> what training it once more with that seed came to, the latest."""

    def measured(self, event: ev.Measured) -> None:
        """Take into account that a trial was measured: the winner may be another one now."""
        self.is_settled = False
        if event.repeat:
            self.repeats.setdefault(event.trial, {})[event.repeat] = event

    def resumed(self, changed: Collection[str]) -> None:
        """Take into account that settings were changed, given their dotted keys."""
        sections = {key.partition(".")[0] for key in changed}
        if "refit" in sections:
            self.is_setting_newer = True
        if "select" in sections:  # who wins is asked again
            self.is_settled = False

    def refitted(self, event: ev.Refitted) -> None:
        """Take a model into account that was handed over."""
        self.refit, self.is_settled, self.is_setting_newer = event, True, False

    def compressed(self, event: ev.Compressed) -> None:
        """Take into account that the model handed over last was compressed."""
        if self.refit is not None:
            self.compressions.append((self.refit, event))

    def test_opened(self, event: ev.TestOpened) -> None:
        """Take into account that the test split is about to be read."""
        if self.refit is not None:
            compression = self.compression_of(self.refit)
            opening = Opening(model=self.refit, forced=event.forced, compression=compression)
            self.openings.append(opening)

    def tested(self, event: ev.Tested) -> None:
        """Take the result of the last opening into account."""
        if self.openings:
            self.openings[-1] = replace(
                self.openings[-1],
                values=event.values,
                others=event.others,
                compressed=event.compressed,
                intervals=event.intervals,
            )

    def test_skipped(self, event: ev.TestSkipped) -> None:
        """Take into account that the model handed over last cannot be tested."""
        if self.refit is not None:
            self.skips.append(Skip(model=self.refit, reason=event.reason))

    @property
    def results(self) -> list[Opening]:
        """The openings that had a result; one that was cut short showed nothing to anybody."""
        return [opening for opening in self.openings if opening.values is not None]

    def result_of(self, model: ev.Refitted) -> Opening | None:
        """Return the latest test of this model, or None."""
        same = self._results_of(model)
        return same[-1] if same else None

    def added_after_test(self, model: ev.Refitted) -> int:
        """Return how many seeds of this model's result joined after an earlier result of it."""
        same = self._results_of(model)
        return max(0, len(same[-1].others) - len(same[0].others)) if same else 0

    def _results_of(self, model: ev.Refitted) -> list[Opening]:
        return [opening for opening in self.results if is_same_model(opening.model, model)]

    def compression_of(self, model: ev.Refitted) -> ev.Compressed | None:
        """Return the latest compressed form of this model, or None."""
        same = [made for of, made in self.compressions if is_same_model(of, model)]
        return same[-1] if same else None

    def skip_of(self, model: ev.Refitted) -> Skip | None:
        """Return why this model could not be tested when that was last tried, or None."""
        same = [skip for skip in self.skips if is_same_model(skip.model, model)]
        return same[-1] if same else None


def is_same_model(one: ev.Refitted, other: ev.Refitted) -> bool:
    """Return whether two handed-over models came from the same trial in the same way.

    Trained twice, they may differ in the last digits; that is not a reason for a second test. Nor
    are models of further seeds beside them, which are others, with results of their own.
    """
    return (one.trial, one.epochs, one.refit) == (other.trial, other.epochs, other.refit)
