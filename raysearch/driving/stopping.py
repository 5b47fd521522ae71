"""How is `stop` heard while Ray still starts?

Once trials run, the session looks for a request by itself, in each step. Before that, starting Ray
and looking at the nodes of a cluster take seconds in which nothing steps. So a thread looks
meanwhile, and what is under way is ended as Ctrl-C would end it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from raysearch.notices import Stopped

LOOK_EVERY_S = 0.2
"""How often it is looked whether `stop` was typed, in seconds."""


class Ear:
    """Listens for a request to stop.

    In the main thread what is under way is interrupted. Elsewhere, as in a notebook's executor, it
    cannot be, and `close` is where the request is heard.

    Args:
        is_requested: Whether somebody asks for the end; called in a thread.
        every_s: Seconds between two looks.
    """

    def __init__(self, is_requested: Callable[[], bool], *, every_s: float) -> None:
        self._is_requested = is_requested
        self._every_s = every_s
        self._ended = threading.Event()
        self._is_heard = False
        self._before: Callable[[int, FrameType | None], object] | int | None = None
        self._thread = threading.Thread(target=self._listen, name="raysearch-ear", daemon=True)

    def open(self) -> None:
        """Begin to listen."""
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and before is not None:
            self._before = before  # ignored where a script has begun this in the background
            signal.signal(signal.SIGINT, self._interrupt)
        self._thread.start()

    def close(self) -> None:
        """Listen no more; safe to repeat.

        Raises:
            Stopped: A request was heard.
        """
        self.end()
        if self._is_heard:
            raise Stopped

    def end(self) -> None:
        """Listen no more, and forget what was heard; safe to repeat."""
        self._ended.set()
        try:
            self._thread.join()
        finally:
            before, self._before = self._before, None
            if before is not None:
                signal.signal(signal.SIGINT, before)

    def _listen(self) -> None:
        while not self._ended.wait(self._every_s):
            if self._is_requested():
                self._is_heard = True
                main = threading.main_thread().ident
                if self._before is not None and main is not None:
                    signal.pthread_kill(main, signal.SIGINT)  # ends a wait of the system, too
                return

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """End what is under way, for the request or for somebody who pressed Ctrl-C."""
        if self._is_heard:
            raise Stopped
        if callable(self._before):
            self._before(number, frame)
        elif self._before == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


@contextmanager
def listening(is_requested: Callable[[], bool], *, every_s: float = LOOK_EVERY_S) -> Iterator[Ear]:
    """Listen for a request to stop, from `with` until its `close` or the end of the block.

    Args:
        is_requested: Whether somebody asks for the end; called in a thread.
        every_s: Seconds between two looks.

    Raises:
        Stopped: A request was heard; out of whatever is under way, in the main thread.
    """
    ear = Ear(is_requested, every_s=every_s)
    ear.open()
    try:
        yield ear
    finally:
        ear.end()
