"""What does it cost that a suggestion takes time? The searcher is asked in simulated time."""

from __future__ import annotations

from collections.abc import Callable

from raysearch.engine.ahead import Answer


class TimedHelper:
    """Asks at once, and gives the answer when the simulated time for it has passed.

    Args:
        clock: The simulated time.
        seconds: How long an answer takes.
        begins_early: Whether the next answer is begun before a worker is free.
    """

    def __init__(
        self, clock: Callable[[], float], *, seconds: float, begins_early: bool = True
    ) -> None:
        self.begins_early = begins_early
        self.seconds = seconds
        self.ready_at = 0.0
        """When the answer that is under way will be there, in seconds."""
        self._clock = clock
        self._answer: Answer | Exception | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something was begun whose outcome was not taken yet."""
        return self._answer is not None

    @property
    def is_ready(self) -> bool:
        """Whether it is busy, and the outcome can be had."""
        return self.is_busy and self._clock() >= self.ready_at

    def begin(self, ask: Callable[[], Answer]) -> None:
        """Ask for what will be the answer."""
        self.ready_at = self._clock() + self.seconds
        try:
            self._answer = ask()
        except Exception as error:  # noqa: BLE001  raised again by whoever takes the outcome
            self._answer = error

    def outcome(self, *, wait: bool) -> Answer | None:
        """Return the answer once its time has come, None before: only the workers move time."""
        if self._answer is None or not self.is_ready:
            return None
        answer, self._answer = self._answer, None
        if isinstance(answer, Exception):
            raise answer
        return answer
