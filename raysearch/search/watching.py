"""Who is told of what goes on while a search runs?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from raysearch.engine import Plan
from raysearch.engine.state import Listener
from raysearch.experiment import Experiment
from raysearch.run_dir import RunDir
from raysearch.trying import Stage

if TYPE_CHECKING:
    from raysearch.live.watch import Watch


@contextmanager
def watched(
    progress: bool | TextIO | None,
    *,
    experiment: Experiment,
    run_dir: RunDir,
    plan: Plan,
    listeners: Sequence[Listener] | None,
    stage: Stage | None,
) -> Iterator[Watch]:
    """Show the search while it runs, and write TensorBoard's files, unless told who listens."""
    from raysearch.live.watch import Watch, watch

    if listeners is not None:
        yield Watch(listeners=listeners, **({} if stage is None else {"stage": stage}))
        return
    with watch(progress, plan=plan, experiment=experiment, run_dir=run_dir) as seen:
        yield seen if stage is None else Watch(listeners=seen.listeners, stage=stage)
