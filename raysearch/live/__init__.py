"""How does a person watch a search?

Views and writers are listeners: they are called with each event and the state after it, in the
driver's thread, and read nothing else.

    with view_for(sys.stdout, name="digits", run_dir="runs/digits-1", plan=plan) as view:
        writer = TensorBoardWriter(folder, objective=objective, space=space, warn=view.note)
        search.run(listeners=[view, writer], stage=view.stage)

Nothing heavy is loaded before it is used: quick commands import `raysearch.live.text`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raysearch.live.view import LiveView, view_for

if TYPE_CHECKING:
    from raysearch.live.tensorboard import TensorBoardWriter

__all__ = ["LiveView", "TensorBoardWriter", "view_for"]


def __getattr__(name: str) -> Any:
    if name != "TensorBoardWriter":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from raysearch.live.tensorboard import TensorBoardWriter

    return TensorBoardWriter
