"""What can a scheduler decide about a trial?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raysearch.trial import Configuration, Value


class DecisionKind(StrEnum):
    """What a scheduler can decide about a trial that has just reported."""

    CONTINUE = "continue"
    PAUSE = "pause"
    STOP = "stop"
    EXPLOIT = "exploit"
    """A paused trial goes on with the weights of another one, and a configuration of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploit:
    """What a trial goes on with that takes over the weights of another one, the source."""

    source: str
    epoch: int
    """Epochs that these weights were trained, from which the trial goes on."""
    configuration: Configuration
    """Of the trial from there on."""
    changes: Mapping[str, tuple[Value | None, Value | None]] = field(default_factory=dict)
    """Parameter -> its value in the source and in the trial; None where it is not active."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A scheduler's decision with its reason, a phrase fit to be shown to a person."""

    kind: DecisionKind
    reason: str = ""
    exploit: Exploit | None = None
    """What the trial goes on with, where the kind is "exploit"."""
