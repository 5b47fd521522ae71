"""Which view of a search suits the place where it is printed?

Nothing heavy is imported before a view is made: `raysearch.live.text` is used by quick commands.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

if TYPE_CHECKING:
    from raysearch.engine import Plan, SearchState
    from raysearch.run_dir import Event


class LiveView(Protocol):
    """Shows a search from `with` to the end of its block.

    It is a listener of the engine. A call is quick and never raises: a terminal that went away or
    a pipe that was closed ends the view, not the search.
    """

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was found, also after Ctrl-C."""
        ...

    def __call__(self, event: Event, state: SearchState) -> None:
        """Take one more event into account; called in the driver's thread."""
        ...

    def stage(self, text: str) -> None:
        """Say what a person waits for from now on: "starting Ray", "refit on train + validation".

        A stage lasts until the next one, until a trial starts to train, or until the view ends.
        """
        ...

    def note(self, text: str) -> None:
        """Print a line that stays, such as a warning."""
        ...


def view_for(
    stream: TextIO,
    *,
    name: str,
    run_dir: str,
    plan: Plan,
    clock: Callable[[], float] = time.time,
) -> LiveView:
    """Return a live view for a notebook or a terminal, and plain lines for everything else.

    Args:
        stream: Where to print: standard output also for the cell of a notebook; with `--json`
            standard error, as the document goes to standard output.
        name: The experiment's.
        run_dir: The run directory, as a person would write it.
        plan: Objective and budgets.
        clock: Unix time in seconds, the same as the engine's.
    """
    from raysearch.live.progress import Heading

    heading = Heading(name=name, run_dir=run_dir, plan=plan)
    if in_notebook(stream):
        from raysearch.live.notebook import NotebookView

        return NotebookView(heading=heading, clock=clock)
    if is_terminal(stream):
        from raysearch.live.terminal import TerminalView

        return TerminalView(stream, heading=heading, clock=clock)
    from raysearch.live.plain import PlainView

    return PlainView(stream, heading=heading, clock=clock)


def in_notebook(stream: TextIO) -> bool:
    """Return whether what is printed to the stream goes into the cell of a notebook.

    Args:
        stream: Where a view would print. A file of one's own is no cell.

    Example:
        >>> in_notebook(sys.stdout)
        False
    """
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    names = {kind.__name__ for kind in type(shell).__mro__}
    return "ZMQInteractiveShell" in names and stream in (sys.stdout, sys.stderr)


def is_terminal(stream: TextIO) -> bool:
    """Return whether the stream is a terminal that can move its cursor and show UTF-8."""
    can_move = os.environ.get("TERM", "") not in ("", "dumb", "unknown")
    encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
    return can_move and encoding == "utf8" and stream.isatty()
