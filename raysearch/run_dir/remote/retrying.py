"""What if the store does not answer for a while?

Then it is asked again, after pauses that double and are drawn at random up to that (full jitter),
so that many workers do not come back at once. Nothing is dropped: whoever asked waits. After some
seconds that is said, and again when the store answers. A store that never answered is given up
soon: its name or the network may be wrong.

References:
    Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from raysearch.run_dir.remote.client import Objects, Stored
from raysearch.run_dir.remote.faults import Unreachable

PATIENCE_S = 900.0
"""How long the store is asked again before it is given up, in seconds."""

FIRST_PATIENCE_S = 20.0
"""The same for a store that this process has not heard of yet."""

SAY_AFTER_S = 5.0
"""After how long that is said, in seconds."""

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 15.0

_log = logging.getLogger(__name__)
_told: list[Callable[[str], None]] = []

T = TypeVar("T")


@contextmanager
def telling(say: Callable[[str], None]) -> Iterator[None]:
    """Tell somebody of stores that do not answer, from `with` to the end of its block."""
    _told.append(say)
    try:
        yield
    finally:
        _told.remove(say)


def _say(text: str) -> None:
    for say in list(_told) or [_log.warning]:
        say(text)


class Retrying:
    """`Objects` that are asked again as long as their store is `Unreachable`.

    A put of what must be new (`replaces`) may have been done by a try whose answer was lost; then
    the next one finds it there, and it counts as done if it holds the same bytes.

    Args:
        objects: Each call is one try.
        name: Of the store, for people.
        patience_s: How long one call is tried, in seconds.
        sleep: Waits, as `time.sleep`.
        clock: Seconds of any clock that only goes forward.
    """

    def __init__(
        self,
        objects: Objects,
        *,
        name: str,
        patience_s: float = PATIENCE_S,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._objects = objects
        self._name = name
        self._patience_s = patience_s
        self._sleep = sleep
        self._clock = clock
        self.has_answered = False
        """Whether the store is known to be there; may be set by who knows."""
        self._draw = random.Random()  # unseeded on purpose: processes must not wait alike

    def get(self, key: str) -> tuple[bytes, str]:
        """Return bytes and version; see `Objects`."""
        return self._tried(lambda: self._objects.get(key))

    def head(self, key: str) -> Stored:
        """Return what is known of an object; see `Objects`."""
        return self._tried(lambda: self._objects.head(key))

    def list(self, prefix: str) -> Sequence[Stored]:
        """Return the objects below a folder; see `Objects`."""
        return self._tried(lambda: self._objects.list(prefix))

    def folders(self) -> Sequence[str]:
        """Return the names of the folders below the prefix; see `Objects`."""
        return self._tried(self._objects.folders)

    def copy(self, key: str, to: str) -> None:
        """Copy an object; see `Objects`."""
        self._tried(lambda: self._objects.copy(key, to))

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; see `Objects`."""
        self._tried(lambda: self._objects.delete(keys))

    def put(self, key: str, data: bytes | Path, *, replaces: str | None = None) -> str:
        """Write an object; see `Objects`."""
        tries = 0

        def put() -> str:
            nonlocal tries
            tries += 1
            return self._objects.put(key, data, replaces=replaces)

        try:
            return self._tried(put)
        except FileExistsError:
            if tries == 1:
                raise
            there, version = self.get(key)
            if there != (data.read_bytes() if isinstance(data, Path) else data):
                raise
            return version

    def _tried(self, action: Callable[[], T]) -> T:
        began, pause_s, is_said = self._clock(), FIRST_PAUSE_S, False
        while True:
            try:
                done = action()
            except Unreachable as error:
                waited_s = self._clock() - began
                first_s = min(self._patience_s, FIRST_PATIENCE_S)
                if waited_s >= (self._patience_s if self.has_answered else first_s):
                    raise Unreachable(
                        f"the store does not answer for {waited_s:.0f} s ({error.strerror})"
                    ) from error
                if waited_s >= SAY_AFTER_S and not is_said:
                    is_said = True
                    _say(f"{self._name} does not answer ({error.strerror}); trying again")
            except FileNotFoundError:
                self.has_answered = True
                raise
            else:
                if is_said:
                    _say(f"{self._name} answers again, after {self._clock() - began:.0f} s")
                self.has_answered = True
                return done
            self._sleep(self._draw.uniform(0, pause_s))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
