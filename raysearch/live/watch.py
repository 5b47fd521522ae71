"""How is a search watched that is run from Python?

In a notebook and on a terminal with a live view; everywhere through TensorBoard's files.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from raysearch.live.view import in_notebook, is_terminal, view_for

if TYPE_CHECKING:
    from raysearch.engine import Plan
    from raysearch.engine.state import Listener
    from raysearch.experiment import Experiment
    from raysearch.run_dir import RunDir

_log = logging.getLogger(__name__)


def _silent(text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who is told what happens in a search."""

    listeners: Sequence[Listener] = ()
    """Called after each event was journalled."""
    stage: Callable[[str], None] = _silent
    """Told what a person waits for."""


@contextmanager
def watch(
    progress: bool | TextIO | None, *, experiment: Experiment, run_dir: RunDir, plan: Plan
) -> Iterator[Watch]:
    """Watch a search from `with` to the end of its block.

    Args:
        progress: Whether to show a view, or the stream to show it on; None shows a live one in a
            notebook and on a terminal, and plain lines on standard error elsewhere.
        experiment: What is searched.
        run_dir: Where TensorBoard's files go.
        plan: Objective and budgets.
    """
    from raysearch.live.tensorboard import TensorBoardWriter

    def writer(warn: Callable[[str], None]) -> TensorBoardWriter:
        return TensorBoardWriter(
            run_dir.tensorboard, objective=experiment.objective, space=experiment.space, warn=warn
        )

    if progress is False:
        yield Watch(listeners=[writer(_log.warning)])
        return
    stream = sys.stdout if progress is None or progress is True else progress
    if progress is None and not (in_notebook(stream) or is_terminal(stream)):
        stream = sys.stderr
    with view_for(stream, name=experiment.name, run_dir=str(run_dir), plan=plan) as view:
        yield Watch(listeners=[view, writer(view.note)], stage=view.stage)
