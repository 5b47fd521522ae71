"""How is a suggestion computed while workers train, without making anybody wait for it?

A slow method would keep the driver from hearing the other trials, and a free worker idle. So it is
asked in a thread, by a `Helper`; and once it is known to be slow, before a worker is free. One
suggestion is under way at a time: more would have to be computed one after the other anyway, each
without what the trials before it teach.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Protocol

from raysearch.beside import begun
from raysearch.searchers import NoSuggestion
from raysearch.trial import Suggestion

Answer = Suggestion | NoSuggestion
"""What a searcher says when it is asked."""

AT_ONCE_S = 0.02
"""A suggestion that takes less is waited for where it is needed, with all the evidence there is, in
seconds. It is also how long a free slot is waited for before the driver goes on with its round."""

IDLE_SHARE = 0.01
"""A suggestion is computed ahead if a worker that waited for it would be idle for a larger share of
its time."""


class Helper(Protocol):
    """Computes one answer at a time, which is asked for until it is there.

    `helper.begin(ask)` begins; `helper.outcome(wait=False)` is None while it is under way, and then
    the answer, once.
    """

    begins_early: bool
    """Whether an answer may be begun before it is needed."""
    seconds: float
    """How long the last answer took; 0 before there was one."""

    @property
    def is_busy(self) -> bool:
        """Whether something was begun whose outcome was not taken yet."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether it is busy, and the outcome can be had."""
        ...

    def begin(self, ask: Callable[[], Answer]) -> None:
        """Begin to ask; called when it is not busy."""
        ...

    def outcome(self, *, wait: bool) -> Answer | None:
        """Return the answer, after which it is not busy, or None while it is under way.

        Args:
            wait: Whether nothing else is to be done before it is there.

        Raises:
            Exception: Whatever asking raised.
        """
        ...


class InThread:
    """Asks in a thread; what was quick the last time is asked at once.

    Args:
        wait_s: How long an answer is waited for if it is not there at once, in seconds.

    Example:
        >>> from raysearch.searchers import WAIT
        >>> helper = InThread()
        >>> helper.begin(lambda: WAIT)
        >>> helper.is_busy, helper.outcome(wait=True), helper.is_busy
        (True, <NoSuggestion.WAIT: 'wait'>, False)
    """

    begins_early = True

    def __init__(self, *, wait_s: float = AT_ONCE_S) -> None:
        self.seconds = 0.0
        self._wait_s = wait_s
        self._future: Future[Answer] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something was begun whose outcome was not taken yet."""
        return self._future is not None

    @property
    def is_ready(self) -> bool:
        """Whether it is busy, and the outcome can be had; that is waited for a moment."""
        return self._future is not None and _is_done(self._future, within_s=self._wait_s)

    def begin(self, ask: Callable[[], Answer]) -> None:
        """Begin to ask."""

        def timed() -> Answer:
            began_at = time.perf_counter()
            try:
                return ask()
            finally:
                self.seconds = time.perf_counter() - began_at

        if 0 < self.seconds < AT_ONCE_S:
            self._future = _done(timed)
        else:
            self._future = begun(timed, name="raysearch-suggestion")

    def outcome(self, *, wait: bool) -> Answer | None:
        """Return the answer, after which it is not busy, or None while it is under way."""
        future = self._future
        if future is None or not _is_done(future, within_s=None if wait else self._wait_s):
            return None
        self._future = None
        return future.result()


def _done(action: Callable[[], Answer]) -> Future[Answer]:
    future: Future[Answer] = Future()
    try:
        future.set_result(action())
    except Exception as error:  # noqa: BLE001  raised by whoever takes the outcome
        future.set_exception(error)
    return future


def _is_done(future: Future[Answer], *, within_s: float | None) -> bool:
    wait([future], timeout=within_s)
    return future.done()
