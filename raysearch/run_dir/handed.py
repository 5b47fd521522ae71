"""What can happen to the winner once the search has ended, perhaps days later?

These events stand in the same journal as those of the search, in `events`, where the format's rules
are: only ever add fields, and give what is added a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Refitted:
    """The winner was trained again on train + validation data, or taken as it was."""

    at: float
    trial: str
    epochs: int
    path: str
    """Relative to the run directory, with forward slashes; empty if the winner has no model."""
    size_bytes: int
    seconds: float
    refit: bool = True
    """False when the best checkpoint itself became the winner."""
    reason: str = ""
    """Why it was not refitted."""
    is_refused: bool = False
    """Whether it was to be refitted and could not be; that is tried again only when asked for."""
    seeds: int = 1
    """Models that were wanted, each of a seed of its own; the one at `path` is the first."""
    seed_bytes: tuple[int, ...] = ()
    """Sizes in bytes of the models of further seeds that there are, in their order."""
    seeds_reason: str = ""
    """Why there are fewer than wanted, where that was tried; else they are still to come."""
    line: tuple[Mapping[str, Any], ...] = ()
    """Trials that were trained before it, each with the weights of the one before, the oldest
    first: its id as `trial`, and `epochs`."""

    @property
    def n_models(self) -> int:
        """Models that there are, one for each seed."""
        return 1 + len(self.seed_bytes) if self.path else 0

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to train of what was wanted."""
        return self.is_enough(seeds=self.seeds)

    def is_enough(self, *, seeds: int) -> bool:
        """Return whether so many models are there, or as many as can be had."""
        was_tried = bool(self.seeds_reason) and self.seeds >= seeds
        return not self.refit or was_tried or self.n_models >= seeds


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOpened:
    """The test split is about to be read; written before it is."""

    __test__ = False  # a name that pytest would collect

    at: float
    trial: str
    forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What the winner reached on the test split."""

    at: float
    trial: str
    values: Mapping[str, float | None]
    others: tuple[Mapping[str, float | None], ...] = ()
    """What the models of its further seeds reached, in their order."""
    compressed: Mapping[str, float | None] | None = None
    """What its compressed form reached; None if there was none."""
    intervals: Mapping[str, Any] = field(default_factory=dict)
    """Metric -> its bootstrap interval, or the reason why there is none, of the first model; empty
    where older versions tested. See `results.bootstrap`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestSkipped:
    """The winner cannot be tested: its model or its data has nothing for it."""

    __test__ = False  # a name that pytest would collect

    at: float
    trial: str
    reason: str
    """A phrase for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressed:
    """The winner's model was made smaller, and lies beside it."""

    at: float
    trial: str
    path: str
    """Of the ONNX file, relative to the run directory, with forward slashes."""
    size_bytes: int
    original_bytes: int
    """Of the same model as an ONNX file, not compressed."""
    recipe: Mapping[str, Any]
    """How, as `compression.recipe` has it."""
    values: Mapping[str, float | None]
    """What the recipe reached on validation data in its search, before the refit; latencies too."""
    original: Mapping[str, float | None]
    """The same of the model that was not compressed."""
    seconds: float
    """How long the recipe took, in seconds."""
    search: str = ""
    """Run directory of the search for the recipe, relative to this one."""
    left: str = ""
    """What was left as it was, and why, for a person."""


Handed = Refitted | Compressed | TestOpened | Tested | TestSkipped
"""What is done with the winner after the search, perhaps days later."""
