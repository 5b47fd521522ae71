"""How much time goes into a function that somebody else calls?"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Stopwatch:
    """Adds up the time of calls, each under a name, and notes when they began and ended."""

    seconds: dict[str, float] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    at: dict[str, float] = field(default_factory=dict)
    """Unix time of marks."""

    def add(self, name: str, seconds: float) -> None:
        """Count one more call."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        self.calls[name] = self.calls.get(name, 0) + 1

    def mark(self, name: str) -> None:
        """Note that something has come about now."""
        self.at.setdefault(name, time.time())

    def timed(self, function: Callable[..., Any], name: Callable[[], str]) -> Callable[..., Any]:
        """Return a function that also counts its calls, under the name as it is at the call."""

        @functools.wraps(function)
        def counted(*args: Any, **kwargs: Any) -> Any:
            told, begun_s = name(), time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.add(told, time.perf_counter() - begun_s)

        return counted

    def watch(self, owner: Any, attribute: str, *, name: str, marks: str = "") -> None:
        """Count the calls of a function of a module, or of a method of a class, for good.

        Args:
            owner: The module or class.
            attribute: The function's name there.
            name: Under which its calls are counted.
            marks: What has come about when the first of them ends, if that is to be noted.
        """
        counted = self.timed(getattr(owner, attribute), lambda: name)

        @functools.wraps(counted)
        def marked(*args: Any, **kwargs: Any) -> Any:
            try:
                return counted(*args, **kwargs)
            finally:
                self.mark(marks)

        setattr(owner, attribute, marked if marks else counted)
