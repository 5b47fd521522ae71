"""How long does a batch take, of what shape is it, and how large is the model?

A callback that looks at the first batches of a fit and then ends it. It goes into the Trainer as a
callback of the user's would, by its name in `trainer.callbacks`; `reading` gives it the place where
it leaves what it saw.
"""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from raysearch.training.init_from import OldLayers
from raysearch.training.lean import why_not_lean
from raysearch.training.measuring import read_metrics
from raysearch.training.namespace import Namespace

if TYPE_CHECKING:
    import pytorch_lightning as pl

PATH = "raysearch.preflight.gauge:gauge"
"""What stands in the arguments of a Trainer."""

ENOUGH_BATCHES = 12
"""Training batches that are timed at most."""
ENOUGH_S = 0.5
"""Seconds after which no further training batch is timed, those of the first left out: in that,
libraries are loaded and kernels chosen."""
SLOW_S = 5.0
"""Seconds of the first batch after which there is no second one."""

_HERE = threading.local()


@dataclass(slots=True)
class Reading:
    """What a fit showed; filled in while it runs."""

    namespace: Namespace
    """The Lightning of the fit."""
    model: Any = None
    data: Any = None
    parameters: int | None = None
    trainable: int | None = None
    batch: tuple[str, ...] = ()
    device: str = "cpu"
    train_batches: int | None = None
    validation_lengths: list[int | None] = field(default_factory=list)
    """Batches of each validation loader; None where it does not tell."""
    logged: dict[str, float | None] = field(default_factory=dict)
    """All metrics, those of training and of validation."""
    ends_s: list[float] = field(default_factory=list)
    """When the fit's first batch began, and each training batch ended."""
    not_lean: tuple[str, ...] = ()
    """What keeps the lean loop from serving; nothing if it serves."""
    anew: str = ""
    """What begins anew although it was wanted from a checkpoint; empty if nothing does."""
    validation_ends_s: list[float] = field(default_factory=list)
    """When validation began, and each of its batches ended."""

    @property
    def train_batch_s(self) -> float | None:
        """Seconds for a training batch: the median of those after the first, if there are any."""
        return _typical(self.ends_s)

    @property
    def validation_batch_s(self) -> float | None:
        """Seconds for a validation batch, in the same way."""
        return _typical(self.validation_ends_s)


@contextmanager
def reading(namespace: Namespace) -> Iterator[Reading]:
    """Yield what the fits within show; the gauges of this thread write to it."""
    seen = Reading(namespace=namespace)
    _HERE.reading = seen
    try:
        yield seen
    finally:
        del _HERE.reading


def gauge() -> Any:
    """Return a new gauge that writes to the `reading` around it."""
    seen: Reading = _HERE.reading
    return seen.namespace.derive(Gauge, part="callbacks:Callback")(seen)


class Gauge:
    """Reads the first batches of a fit, and ends it after them; to be derived from a `Callback`.

    Args:
        seen: Where what it sees goes.
    """

    OBSERVES = "check"
    """See `raysearch.training.lean.obstacles`."""

    def __init__(self, seen: Reading) -> None:
        self._seen = seen

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note model and data."""
        self._seen.model, self._seen.data = pl_module, trainer.datamodule  # type: ignore[attr-defined]
        old = (c for c in trainer.callbacks if isinstance(c, OldLayers))  # type: ignore[attr-defined]
        self._seen.anew = next((callback.told for callback in old), "")

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note which loop would serve without this gauge."""
        self._seen.not_lean = tuple(why_not_lean(trainer, namespace=self._seen.namespace))

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Note what the first batch is like."""
        seen = self._seen
        if not seen.ends_s:
            seen.batch = tuple(tensors_of(batch))
            seen.device = str(pl_module.device)
            seen.ends_s.append(_now(seen.device))

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Note when a batch ends; after enough of them, end the fit with a validation."""
        seen = self._seen
        seen.ends_s.append(_now(seen.device))
        if len(seen.ends_s) == 2:  # what is made lazily is there now
            weights = list(pl_module.parameters())
            seen.parameters = sum(weight.numel() for weight in weights)
            seen.trainable = sum(weight.numel() for weight in weights if weight.requires_grad)
            seen.train_batches = _finite(trainer.num_training_batches)
        is_slow = seen.ends_s[1] - seen.ends_s[0] > SLOW_S
        took_s = seen.ends_s[-1] - seen.ends_s[1]
        is_enough = is_slow or took_s > ENOUGH_S or len(seen.ends_s) > ENOUGH_BATCHES
        if is_enough or trainer.is_last_batch:
            # rounds of steps without validation are reported after a batch: their end is near
            trainer.should_stop = trainer.enable_validation or trainer.max_steps < 0

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note how much there is to validate on."""
        seen = self._seen
        seen.validation_lengths = [_length(loader) for loader in _leaves(trainer.val_dataloaders)]
        seen.validation_ends_s.append(_now(seen.device))

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Note when a batch ends."""
        self._seen.validation_ends_s.append(_now(self._seen.device))

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note what was logged."""
        self._seen.logged, _ = read_metrics(trainer.callback_metrics)


def tensors_of(batch: Any, *, name: str = "") -> Iterator[str]:
    """Yield a description of each tensor in a batch.

    Example:
        >>> list(tensors_of({"image": torch.zeros(2, 3), "label": [torch.zeros(2).long(), "a"]}))
        ['image: 2 x 3 float32', 'label: 2 int64', 'label: str']
    """
    if isinstance(batch, torch.Tensor):
        shape = " x ".join(str(n) for n in batch.shape) or "one"
        yield f"{name}{shape} {str(batch.dtype).removeprefix('torch.')}"
    elif isinstance(batch, Mapping):
        for key, value in batch.items():
            yield from tensors_of(value, name=f"{key}: ")
    elif isinstance(batch, list | tuple):
        for value in batch:
            yield from tensors_of(value, name=name)
    else:
        yield f"{name}{type(batch).__name__}"


def _typical(ends_s: list[float]) -> float | None:
    lengths = [after - before for before, after in itertools.pairwise(ends_s)]
    if not lengths:
        return None
    return statistics.median(lengths[1:] or lengths)


def _now(device: str) -> float:
    """Return the time once the device has done what it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    return time.monotonic()


def _finite(number: float) -> int | None:
    return None if number == float("inf") else int(number)


def _leaves(loaders: Any) -> Iterator[Any]:
    """Yield the loaders of a collection, or the one that there is."""
    if isinstance(loaders, Mapping):
        loaders = list(loaders.values())
    if isinstance(loaders, list | tuple):
        for loader in loaders:
            yield from _leaves(loader)
    elif loaders is not None:
        yield loaders


def _length(loader: Iterable[Any]) -> int | None:
    """Return how many batches a loader yields, None if it does not tell."""
    try:
        return len(loader)  # type: ignore[arg-type]  # whether it has one is the question
    except (TypeError, NotImplementedError):
        return None
