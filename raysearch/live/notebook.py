"""How is a running search shown in a notebook?

In one output of the cell, which is replaced in place: a thread of its own looks twice a second
whether there is something new, so that neither the search nor the frontend waits. The last state is
left standing. Nothing goes to standard output, and nothing is shown twice.

Jupyter, VS Code and Colab speak the same protocol: a display with an id, and updates of it, each as
HTML and as plain text for frontends that show no HTML.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from raysearch.engine import SearchState
from raysearch.live.notebook_page import Page, as_html, as_text
from raysearch.live.progress import Heading, Progress
from raysearch.live.text import duration
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event

REFRESH_S = 0.5
"""Seconds between two updates at least."""


class NotebookView:
    """A `LiveView` in the cell of a notebook.

    Args:
        heading: Name, run directory and plan.
        clock: Unix time in seconds, the same as the engine's.
        refresh_s: Seconds between two updates at least.

    Side effects:
        Displays one output in the cell that runs, and updates it until the end of the `with` block.
        A frontend that went away ends the view, not the search.
    """

    def __init__(
        self,
        *,
        heading: Heading,
        clock: Callable[[], float] = time.time,
        refresh_s: float = REFRESH_S,
    ) -> None:
        self._heading = heading
        self._clock = clock
        self._refresh_s = refresh_s
        self._progress = Progress(heading.plan)
        self._said: list[str] = []
        self._stage: tuple[str, float] | None = None
        self._shown: dict[str, str] = {}
        self._handle: Any = None
        self._is_gone = False
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._refresh, name="raysearch-cell", daemon=True)

    def __enter__(self) -> Self:
        self._show()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end_stage(is_done=kind is None)
        self._done.set()
        self._thread.join()
        self._show()

    def __call__(self, event: Event, state: SearchState) -> None:
        """Take one more event into account."""
        self._progress.update(event, state)
        if isinstance(event, ev.AttemptStarted):
            self._end_stage()

    def stage(self, text: str) -> None:
        """Say what is waited for from now on."""
        self._end_stage()
        self._stage = (text, self._clock())

    def note(self, text: str) -> None:
        """Add a line that stays."""
        self._said.append(text)

    def _end_stage(self, *, is_done: bool = True) -> None:
        if self._stage is None:
            return
        text, since = self._stage
        self._stage = None
        after = "" if is_done else "not finished, after "
        self._said.append(f"{text}: {after}{duration(self._clock() - since)}")

    def _refresh(self) -> None:
        """Show what is new from time to time, in a thread of its own."""
        while not self._done.wait(self._refresh_s):
            self._show()

    def _show(self) -> None:
        with self._lock:
            bundle = self._bundle()
            if self._is_gone or bundle == self._shown:
                return
            try:
                self._publish(bundle)
            except Exception:  # noqa: BLE001 - each frontend goes away with errors of its own
                self._is_gone = True
            self._shown = bundle

    def _publish(self, bundle: dict[str, str]) -> None:
        if self._handle is None:
            display = importlib.import_module("IPython.display").display  # loaded by the notebook
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def _bundle(self) -> dict[str, str]:
        """Return what is to be seen now, in the forms that frontends choose from."""
        now = self._clock()
        stage = self._stage
        page = Page(
            heading=self._heading,
            snapshot=self._progress.snapshot(at=now),
            said=tuple(self._said),
            stage=f"{stage[0]}: {duration(now - stage[1])}" if stage else "",
        )
        return {"text/html": as_html(page), "text/plain": as_text(page)}
