"""What can happen in a search?

Each event is one line of JSON in the journal (see `lines`). The names and fields are a format on
disk: only ever add, and give what is added a default. Those of a search as a whole are defined in
`sessions`, those of the winner in `handed`, that of a model's measures in `gauged`, that of a trial
that takes over weights in `exploited`; the list of all events is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from raysearch.run_dir.exploited import Exploited
from raysearch.run_dir.gauged import ModelMeasured
from raysearch.run_dir.handed import Compressed, Handed, Refitted, Tested, TestOpened, TestSkipped
from raysearch.run_dir.sessions import SCHEMA_VERSION, SearchEnded, SearchResumed, SearchStarted
from raysearch.trial import (
    Checkpoint,
    Configuration,
    DecisionKind,
    Measurement,
    TrialStatus,
    Value,
)

__all__ = [
    "SCHEMA_VERSION",
    "TYPES",
    "AttemptEnded",
    "AttemptStarted",
    "CheckpointRemoved",
    "CheckpointWritten",
    "Compressed",
    "Decided",
    "Event",
    "Exploited",
    "Handed",
    "Measured",
    "ModelMeasured",
    "Recommended",
    "Refitted",
    "SearchEnded",
    "SearchResumed",
    "SearchStarted",
    "TestOpened",
    "TestSkipped",
    "Tested",
    "TrialCreated",
    "TrialEnded",
    "is_of_search",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCreated:
    """A configuration was chosen."""

    at: float
    trial: str
    number: int
    configuration: Configuration
    origin: Mapping[str, Any] = field(default_factory=dict)
    n_observed: int | None = None
    """The evidence for it: of how many trials the searcher had been told when it suggested this,
    the first ones that ended or were paused, each counted once; those of earlier runs not counted.
    None if it was not asked. Where trials were paused, older versions counted those that ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted:
    """A worker began to train the trial, from its start or from a checkpoint."""

    at: float
    trial: str
    attempt: int
    """Counted from 1."""
    worker: str = ""
    """Host and process, such as "node-3:4711"."""
    from_epoch: int = 0
    reason: str = ""
    """Why it did not go on from the latest checkpoint, if it did not."""
    capacity: Mapping[str, float] = field(default_factory=dict)
    """What Ray has from now on, where that is new: "cpus", "gpus" and "nodes", and "slots", how
    many trials fit at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The trial reported at the end of an epoch; or, with a repeat, was trained again to there."""

    at: float
    trial: str
    attempt: int
    epoch: int
    step: int
    values: Mapping[str, float | None]
    seconds: float
    repeat: int = 0
    """0 for the search's own training. From 1 on the trial was a leader, and this is what training
    it once more came to, with another seed; the epoch is never beyond those of the search."""
    fold: int = 0
    """On which fold it is trained, from 0; older versions read past those from 1 on, since the
    epoch is never beyond those of the first."""
    cause: str | None = None
    applied: Mapping[str, Value] = field(default_factory=dict)
    n_validated: int | None = None
    learnt: Mapping[str, Value] = field(default_factory=dict)
    inherited: Mapping[str, Value] = field(default_factory=dict)
    capacity: Mapping[str, float] = field(default_factory=dict)
    """As of `AttemptStarted`."""
    joules: float | None = None

    @property
    def measurement(self) -> Measurement:
        """The event as the record that searchers and schedulers see."""
        return Measurement(
            epoch=self.epoch,
            step=self.step,
            values=self.values,
            seconds=self.seconds,
            cause=self.cause,
            applied=self.applied,
            n_validated=self.n_validated,
            learnt=self.learnt,
            inherited=self.inherited,
            joules=self.joules,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointWritten:
    """A checkpoint is complete on disk."""

    at: float
    trial: str
    epoch: int
    path: str
    """Relative to the run directory, with forward slashes."""
    size_bytes: int
    fold: int = 0

    @property
    def checkpoint(self) -> Checkpoint:
        """The event as the record of what is on disk."""
        return Checkpoint(
            epoch=self.epoch, path=self.path, size_bytes=self.size_bytes, fold=self.fold
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRemoved:
    """A checkpoint is given up; the file is deleted after this is on disk."""

    at: float
    trial: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision about a trial that reported; a plain "continue" without reason is not written."""

    at: float
    trial: str
    epoch: int
    kind: str
    """A `DecisionKind`."""
    reason: str = ""
    fold: int | None = None
    """The fold that comes next, from 1: what is paused has been trained on the one before it, and
    what goes on, later, begins with this one."""

    @property
    def is_pause_of_scheduler(self) -> bool:
        """Whether it is paused until the scheduler says what becomes of it."""
        return self.kind == DecisionKind.PAUSE and self.fold is None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """A worker no longer trains the trial, which is not at its end."""

    at: float
    trial: str
    attempt: int
    cause: str
    """ "worker lost", "exception", "interrupted", ..."""
    error: str | None = None
    reason: str = ""
    """Which limit interrupted it, for a person: "budget of 10 minutes used"; empty if none did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEnded:
    """The trial will not be trained further."""

    at: float
    trial: str
    status: str
    """A `TrialStatus` that is ended."""
    reason: str | None = None
    cause: str | None = None
    error: str | None = None
    folds: int = 0
    """On how many folds its training is done, where a trial is trained on several."""

    def __post_init__(self) -> None:
        if not TrialStatus(self.status).is_ended:
            raise ValueError(f"{self.status} is not a status of an ended trial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """The searcher says which trial is to be handed over; so until more is measured."""

    at: float
    trial: str
    reason: str
    """A phrase for a person: "lowest posterior mean with its deviation, 0.03 + 0.01, among ..."."""


Event = (
    SearchStarted
    | SearchResumed
    | TrialCreated
    | AttemptStarted
    | ModelMeasured
    | Measured
    | CheckpointWritten
    | CheckpointRemoved
    | Decided
    | Exploited
    | AttemptEnded
    | TrialEnded
    | Recommended
    | Refitted
    | Compressed
    | TestOpened
    | Tested
    | TestSkipped
    | SearchEnded
)


def is_of_search(event: Event) -> bool:
    """Return whether an event is of the search itself, and not of what is done at its end."""
    return not isinstance(event, Handed) and not getattr(event, "repeat", 0)


TYPES: dict[str, type[Event]] = {
    "search_started": SearchStarted,
    "search_resumed": SearchResumed,
    "trial_created": TrialCreated,
    "attempt_started": AttemptStarted,
    "model_measured": ModelMeasured,
    "measured": Measured,
    "checkpoint_written": CheckpointWritten,
    "checkpoint_removed": CheckpointRemoved,
    "decided": Decided,
    "exploited": Exploited,
    "attempt_ended": AttemptEnded,
    "trial_ended": TrialEnded,
    "recommended": Recommended,
    "refitted": Refitted,
    "compressed": Compressed,
    "test_opened": TestOpened,
    "tested": Tested,
    "test_skipped": TestSkipped,
    "search_ended": SearchEnded,
}
"""Name in the journal -> event."""
