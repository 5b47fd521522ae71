"""What does a fit log to where nobody asks for a logger, and which loggers end with it?"""

from __future__ import annotations

import logging
from typing import Any

_log = logging.getLogger(__name__)


class SilentLogger:
    """Keeps nothing, and lets user code log what it likes; from "loggers.logger:DummyLogger".

    Args:
        directory: The trial's folder, where user code may look for a place to write.
    """

    def __init__(self, directory: str) -> None:
        super().__init__()
        self._directory = directory

    @property
    def save_dir(self) -> str:
        """The trial's folder."""
        return self._directory

    @property
    def log_dir(self) -> str:
        """The trial's folder."""
        return self._directory


def finish_runs(trainer: Any) -> None:
    """End the runs of loggers that would go on in the next trial of this process.

    Lightning's WandbLogger takes up whichever run of Weights & Biases the process has. Its other
    loggers end theirs, or have none.
    """
    for logger in trainer.loggers:
        run = getattr(logger, "_experiment", None)  # `experiment` would begin one
        if run is not None and any(c.__name__ == "WandbLogger" for c in type(logger).__mro__):
            try:
                run.finish()
            except Exception:  # noqa: BLE001  what was trained is worth more than its log
                _log.warning("a run of Weights & Biases could not be ended", exc_info=True)
