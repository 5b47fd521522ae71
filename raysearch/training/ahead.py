"""How does the next epoch begin before the last one is on disk and decided about?

At the end of an epoch its checkpoint is put together in memory. A thread writes it, and then
reports the epoch, while the next one trains: nothing is reported before its checkpoint is on disk,
and nothing is decided before it is reported, but training waits for neither. If no more of the
trial is wanted, the epoch that has begun ends at its next batch, and nobody hears of it, nor of
what it may have raised.

That is done where nobody could tell: where the lean loop serves the epochs, there are no callbacks
of the user's but Lightning's `EarlyStopping`, which keeps what it sees to itself and ends with the
fit, and neither model nor data module has a hook of the user's at the beginning or end of an epoch,
a validation or the fit.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from raysearch.beside import begun
from raysearch.training.lean.epochs import LeanEpochs
from raysearch.training.namespace import NAMESPACES
from raysearch.training.portable import PlainCheckpoints

MAX_BYTES = 256_000_000
"""Checkpoints that would be larger are not put together in memory."""

_COPIES = 3
"""How many times its weights a checkpoint holds: with the two averages that Adam keeps of each."""

_OF_MODEL = (
    "teardown",
    "on_fit_end",
    *(
        f"on_{stage}_{moment}"
        for stage in ("train", "validation")
        for moment in ("start", "end", "epoch_start", "epoch_end")
    ),
)
_OF_DATA = ("teardown", "on_exception")

_EARLY_STOPPING = "callbacks.early_stopping:EarlyStopping"

_KNOWN = ("raysearch", "pytorch_lightning", "lightning")
"""Packages whose hooks do nothing outside the fit."""


class Ahead:
    """The one report that is under way while training goes on."""

    def __init__(self) -> None:
        self._answer: Future[bool] | None = None

    def send(self, report: Callable[[], bool], *, trainer: Any) -> None:
        """Begin a report in a thread; an epoch that is not wanted then ends by `Unwanted`.

        Args:
            report: Writes and reports, and returns whether more is wanted.
            trainer: Of a fit that is unwatched.
        """
        answer = begun(report, name="raysearch-report")
        self._answer = answer
        trainer.fit_loop.epoch_loop.is_unwanted = lambda: answer.done() and not _is_yes(answer)

    def settle(self) -> bool:
        """Wait for the answer, if one is awaited, and return whether more is wanted.

        Raises:
            Exception: Whatever the report raised.
        """
        if self._answer is None:
            return True
        answer, self._answer = self._answer, None
        return answer.result()


def _is_yes(answer: Future[bool]) -> bool:
    return answer.exception() is None and answer.result()


def is_unwatched(trainer: Any) -> bool:
    """Return whether nobody could tell that an epoch has begun which is given up.

    Args:
        trainer: At the end of an epoch of training.
    """
    loop, model, data = trainer.fit_loop.epoch_loop, trainer.lightning_module, trainer.datamodule
    return (
        isinstance(loop, LeanEpochs)
        and loop.is_serving
        and all(_is_ours(each) or _is_silent(each) for each in trainer.callbacks)
        and all(map(_is_ours, trainer.loggers))
        and isinstance(trainer.strategy.checkpoint_io, PlainCheckpoints)
        and not _has_own(model, _OF_MODEL)
        and not _has_own(data, _OF_DATA)
        and _COPIES * _n_bytes(model) <= MAX_BYTES
    )


def _is_ours(found: Any) -> bool:
    return type(found).__module__.startswith("raysearch.")


def _is_silent(callback: Any) -> bool:
    """Return whether a callback is Lightning's early stopping as it comes, which prints nothing."""
    kind, own = type(callback), vars(callback)
    path = f"{kind.__module__}:{kind.__qualname__}"
    return (
        path in [f"{namespace.name}.{_EARLY_STOPPING}" for namespace in NAMESPACES]
        and not own["verbose"]
        and not any(hasattr(kind, name) for name, value in own.items() if callable(value))  # a hook
    )


def _has_own(found: Any, hooks: Sequence[str]) -> bool:
    """Return whether an object has one of these hooks from elsewhere than the packages we know."""
    if found is None:
        return False
    return any(
        hook in vars(found) or not _is_known(getattr(type(found), hook, None)) for hook in hooks
    )


def _is_known(hook: Any) -> bool:
    return hook is None or getattr(hook, "__module__", "").partition(".")[0] in _KNOWN


def _n_bytes(model: Any) -> int:
    tensors = itertools.chain(model.parameters(), model.buffers())
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def in_memory(trainer: Any) -> bytes:
    """Return the checkpoint that the Trainer would write."""
    buffer = io.BytesIO()
    with trainer.strategy.checkpoint_io.writing_to(buffer):
        trainer.save_checkpoint("in memory", weights_only=False)
    return buffer.getvalue()
