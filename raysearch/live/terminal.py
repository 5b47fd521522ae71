"""How is a running search shown in a terminal?

The view is redrawn in place four times a second by a thread of its own, which reads snapshots. What
stays is printed above it, once: stages, notes, and the end of the search. The view itself is wiped
when the search ends.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from raysearch.engine import SearchState
from raysearch.live.frame import frame
from raysearch.live.phrases import search_ended
from raysearch.live.progress import Heading, Progress
from raysearch.live.text import duration, printable
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.trial import SearchStatus

REFRESH_PER_S = 4.0


class TerminalView:
    """A `LiveView` on a terminal.

    Args:
        stream: The terminal.
        heading: Name, run directory and plan.
        clock: Unix time in seconds, the same as the engine's.
        console: Given by tests; made from the stream otherwise.

    Side effects:
        Hides the cursor between `with` and the end of its block. What other code prints to
        standard output or error meanwhile appears above the view, if those are terminals.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        heading: Heading,
        clock: Callable[[], float] = time.time,
        console: Console | None = None,
    ) -> None:
        self._console = console or Console(file=stream, highlight=False)
        self._heading = heading
        self._clock = clock
        self._progress = Progress(heading.plan)
        self._stage: tuple[str, float] | None = None
        self._spinner = Spinner("dots")
        self._live: Live | None = None

    def __enter__(self) -> Self:
        self._live = Live(
            console=self._console,
            get_renderable=self._render,
            refresh_per_second=REFRESH_PER_S,
            transient=True,
            vertical_overflow="crop",
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=sys.stderr.isatty(),
        )
        with suppress(OSError):
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end_stage(is_done=kind is None)
        if self._live is not None:
            with suppress(OSError):
                self._live.stop()

    def __call__(self, event: Event, state: SearchState) -> None:
        """Take one more event into account."""
        self._progress.update(event, state)
        if isinstance(event, ev.AttemptStarted):
            self._end_stage()
        elif isinstance(event, ev.SearchEnded):
            snapshot = self._progress.snapshot(at=self._clock())
            if snapshot is not None:
                self._print(search_ended(snapshot))

    def stage(self, text: str) -> None:
        """Say what is waited for from now on."""
        self._end_stage()
        self._stage = (printable(text), self._clock())

    def note(self, text: str) -> None:
        """Print a line above the view."""
        self._print(text)

    def _end_stage(self, *, is_done: bool = True) -> None:
        if self._stage is None:
            return
        text, since = self._stage
        self._stage = None
        after = "" if is_done else "not finished, after "
        self._print(f"{text}: {after}{duration(self._clock() - since)}", style="dim")

    def _print(self, text: str, *, style: str = "") -> None:
        with suppress(OSError):
            self._console.print(Text(text, style=style))

    def _render(self) -> Group:
        """Return what is shown now; called by the thread that redraws."""
        now = self._clock()
        width, height = self._console.size
        stage = self._stage
        lines = self._lines(at=now, width=width, height=height - (2 if stage else 1))
        if stage is None:
            return Group(*lines)
        self._spinner.update(text=Text(f"{stage[0]}  {duration(now - stage[1])}"))
        return Group(*lines, self._spinner)

    def _lines(self, *, at: float, width: int, height: int) -> list[Text]:
        snapshot = self._progress.snapshot(at=at)
        if snapshot is None or snapshot.status is not SearchStatus.RUNNING:
            return []
        return frame(snapshot, heading=self._heading, width=width, height=max(1, height))
