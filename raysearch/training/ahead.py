"""How does the next epoch begin before the last one is on disk and decided about?

At the end of an epoch its checkpoint is put together in memory. A thread writes it, and then
reports the epoch, while the next one trains: nothing is reported before its checkpoint is on disk,
and nothing is decided before it is reported, but training waits for neither. If no more of the
trial is wanted, the epoch that has begun ends at its next batch, and nobody hears of it.

That is done where nobody could tell: where the lean loop serves the epochs, there are no callbacks
of the user's, and neither model nor data module has a hook at the beginning of an epoch or the end
of a fit.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from raysearch.beside import begun
from raysearch.training.lean.epochs import LeanEpochs, Unwanted
from raysearch.training.namespace import Namespace
from raysearch.training.portable import PlainCheckpoints

MAX_BYTES = 256_000_000
"""Checkpoints that are larger are not kept in memory while they are written."""

_OF_MODEL = ("on_train_epoch_start", "on_train_end", "on_fit_end", "teardown")
_OF_DATA = ("teardown", "on_exception")

__all__ = ["MAX_BYTES", "Ahead", "Unwanted", "in_memory", "may_run_ahead"]


class Ahead:
    """The one report that is under way while training goes on."""

    def __init__(self) -> None:
        self._answer: Future[bool] | None = None

    def send(self, report: Callable[[], bool], *, trainer: Any) -> None:
        """Begin a report in a thread; an unwanted epoch ends by `Unwanted`.

        Args:
            report: Writes and reports, and returns whether more is wanted.
            trainer: Of a fit that may run ahead.
        """
        answer = begun(report, name="raysearch-report")
        self._answer = answer
        trainer.fit_loop.epoch_loop.is_unwanted = lambda: answer.done() and not _is_yes(answer)

    def settle(self) -> bool:
        """Wait for the answer, if one is awaited, and return whether more is wanted.

        What the report raised is raised here.
        """
        if self._answer is None:
            return True
        answer, self._answer = self._answer, None
        return answer.result()


def _is_yes(answer: Future[bool]) -> bool:
    return answer.exception() is None and answer.result()


def may_run_ahead(trainer: Any, *, namespace: Namespace) -> bool:
    """Return whether nobody could tell that an epoch has begun which is given up.

    Args:
        trainer: At the end of an epoch of training.
        namespace: The Lightning of the fit.
    """
    loop, model, data = trainer.fit_loop.epoch_loop, trainer.lightning_module, trainer.datamodule
    return (
        isinstance(loop, LeanEpochs)
        and loop.is_serving
        and all(
            type(callback).__module__.startswith("raysearch.") for callback in trainer.callbacks
        )
        and all(type(logger).__module__.startswith("raysearch.") for logger in trainer.loggers)
        and isinstance(trainer.strategy.checkpoint_io, PlainCheckpoints)
        and not any(namespace.overrides(model, hook) for hook in _OF_MODEL)
        and not any(data is not None and namespace.overrides(data, hook) for hook in _OF_DATA)
    )


def in_memory(trainer: Any) -> bytes:
    """Return the checkpoint that the Trainer would write."""
    buffer = io.BytesIO()
    with trainer.strategy.checkpoint_io.writing_to(buffer):
        trainer.save_checkpoint("in memory", weights_only=False)
    return buffer.getvalue()
