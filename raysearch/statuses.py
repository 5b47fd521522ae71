"""Where does a trial, or a search, stand?"""

from __future__ import annotations

from enum import StrEnum


class TrialStatus(StrEnum):
    """Where a trial stands. Values are stored in journals: only ever add."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED = "stopped"
    REJECTED = "rejected"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def is_ended(self) -> bool:
        """Whether the trial will not be trained again, short of being asked to."""
        return self in _ENDED


_ENDED = frozenset(
    {TrialStatus.COMPLETED, TrialStatus.STOPPED, TrialStatus.REJECTED, TrialStatus.FAILED}
)


class SearchStatus(StrEnum):
    """Where a search stands. Values are stored in journals: only ever add."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
