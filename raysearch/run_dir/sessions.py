"""What does the journal say of a search as a whole: its start, its sessions and its ends?

The events stand in the same journal as all others, in `events`, where the format's rules are: only
ever add fields, and give what is added a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from raysearch.trial import Direction, Objective, SearchStatus

SCHEMA_VERSION = 1
"""Version of the journal that this code writes; it reads this one and all before it."""

_DIRECTIONS = get_args(Direction)


def _check_objective(settings: Mapping[str, Any]) -> None:
    """Raise if settings name an objective that is none: all evidence is read by it.

    Raises:
        ValueError, TypeError: What is wrong with it.
    """
    if "objective" in settings and Objective(**settings["objective"]).direction not in _DIRECTIONS:
        raise ValueError(f"no direction of an objective: {settings['objective']!r:.80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchStarted:
    """The first event of every journal."""

    at: float
    """Unix time in seconds, here and in all events."""
    settings: Mapping[str, Any]
    """The resolved experiment."""
    space: Mapping[str, Any]
    """The search space, as `Space.to_json` has it."""
    versions: Mapping[str, str]
    """Versions of Python, raysearch and the libraries that decide what a trial does."""
    schema_version: int = SCHEMA_VERSION
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Trials of earlier runs that the searcher is told of, as `engine.evidence` has them."""
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """Path of a checkpoint that models begin from -> SHA-256 of the file."""

    def __post_init__(self) -> None:
        _check_objective(self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResumed:
    """A driver took the search up again, after any kind of end."""

    at: float
    settings: Mapping[str, Any]
    """The resolved experiment from here on."""
    changed: tuple[str, ...] = ()
    """Dotted keys of the settings that differ from before."""
    space: Mapping[str, Any] | None = None
    """The search space from here on, as `Space.to_json` has it; None if it is the one before."""
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """As at the start, of all checkpoints that models begin from so far."""

    def __post_init__(self) -> None:
        _check_objective(self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchEnded:
    """The driver is done with the search, for now or for good."""

    at: float
    status: str
    """A `SearchStatus` other than running."""
    reason: str = ""

    def __post_init__(self) -> None:
        if SearchStatus(self.status) is SearchStatus.RUNNING:
            raise ValueError("a search that ended is not running")
