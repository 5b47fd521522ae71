"""What do the processes that train a trial together ask each other? One that trains alone, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

T = TypeVar("T")


class Peers(Protocol):
    """The processes that train a trial together, as one of them sees them.

    Every method is called by all of them, in the same order.
    """

    is_first: bool
    """Whether this is rank 0."""

    def agreed(self, decide: Callable[[], bool]) -> bool:
        """Return what rank 0 decides; nobody else is asked."""
        ...

    def all(self, holds: bool) -> bool:
        """Return whether something holds for all."""
        ...

    def mean(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return the mean of each value over those who have it, in the order of rank 0."""
        ...

    def told(self, found: T) -> T:
        """Return what rank 0 has found."""
        ...

    def gathered(self, found: T) -> list[T]:
        """Return what each has found, in the order of ranks."""
        ...


class Alone:
    """The one process of a trial."""

    is_first = True

    def agreed(self, decide: Callable[[], bool]) -> bool:
        """Decide."""
        return decide()

    def all(self, holds: bool) -> bool:
        """Return whether it holds."""
        return holds

    def mean(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return the values."""
        return dict(values)

    def told(self, found: T) -> T:
        """Return what was found."""
        return found

    def gathered(self, found: T) -> list[T]:
        """Return what was found, alone."""
        return [found]


ALONE = Alone()


def hand_out(path: Path, *, peers: Peers) -> None:
    """Let all have a file that rank 0 has written, also where they cannot reach its disk.

    Args:
        path: Where it is; on ranks above 0, where it shall be.
        peers: All of them, who call this at the same time.
    """
    if peers is ALONE:
        return
    data = peers.told(path.read_bytes() if peers.is_first else b"")
    if not peers.is_first:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
