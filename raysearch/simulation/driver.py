"""What does the driver have to do, and can it keep up?

Two things are told apart. In simulated time the driver is busy for `decision_seconds` with each
message, one after the other, so that workers wait for one that cannot keep up. And the engine that
decides is the real one: how long it takes is measured as it is done.
"""

from __future__ import annotations

import statistics
import time
from array import array
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Driver:
    """Decides and suggests, one thing after the other.

    Args:
        seconds: Simulated time that each takes.
    """

    def __init__(self, *, seconds: float) -> None:
        self.waited_seconds = 0.0
        """Simulated time that workers have waited for it."""
        self._seconds = seconds
        self._free_at = 0.0
        self._decisions = array("d")
        self._suggestions = array("d")

    def delay(self, now: float) -> float:
        """Return how long a worker waits that needs something now, in simulated seconds."""
        self._free_at = max(self._free_at, now) + self._seconds
        self.waited_seconds += self._free_at - now
        return self._free_at - now

    def decided(self, decide: Callable[[], T]) -> T:
        """Return what is decided about a measurement, and note how long that took."""
        return _timed(decide, self._decisions)

    def suggested(self, suggest: Callable[[], T | None]) -> T | None:
        """Return what is to be trained next, and note how long that took if there is anything."""
        found = _timed(suggest, self._suggestions)
        if found is None:
            self._suggestions.pop()
        return found

    @property
    def decision_ms(self) -> tuple[float, float]:
        """What a decision about a measurement took really: median and 95th percentile, in ms."""
        return _summary(self._decisions)

    @property
    def suggestion_ms(self) -> tuple[float, float]:
        """What it took really to say what is trained next: median and 95th percentile, in ms."""
        return _summary(self._suggestions)

    @property
    def work_seconds(self) -> float:
        """What all of it took really, in seconds."""
        return sum(self._decisions) + sum(self._suggestions)

    @property
    def n_messages(self) -> int:
        """How many decisions and suggestions there were."""
        return len(self._decisions) + len(self._suggestions)


def _timed(do: Callable[[], T], times: array[float]) -> T:
    began = time.perf_counter()
    found = do()
    times.append(time.perf_counter() - began)
    return found


def _summary(times: array[float]) -> tuple[float, float]:
    if not times:
        return 0.0, 0.0
    found = sorted(times)
    return 1e3 * statistics.median(found), 1e3 * found[int(0.95 * (len(found) - 1))]
