"""Which seed governs what happens in an epoch, and what makes a continued fit exact?

Every epoch's randomness derives from (seed, trial, repeat, epoch), whatever was drawn before. So
epoch 8 of a fit that goes on from the checkpoint of epoch 7 sees the same order of examples and
the same dropout as epoch 8 of a fit that was never interrupted. Two traps of Lightning stand in
the way:

* The iterator of a fit's first epoch is made before the epoch begins, at times already while the
  optimisers are configured; that of any other epoch, after it began. And the iterator of a
  `DataLoader` draws. `SeededLoader` gives each pass over the loaders a seed of its own.
* Schedules of the kind `ReduceLROnPlateau` take the step of an epoch after the hook in which that
  epoch's checkpoint is written, so that a fit that goes on from it would miss a step.
  `ExactTraining` makes up for it, and gives back the metrics that callbacks and schedules look at.

Where steps are counted, checkpoints are written in the middle of an epoch, at the end of a round of
steps. Randomness then also begins anew with each round, and a fit that goes on takes from the
epoch's batches, in the same order, those that were not trained on yet.

What remains: of several loaders, one that begins again within the epoch then has another order;
loaders of unknown length are not gone through again, so a fit that goes on in the middle of an
epoch begins them anew (unless they have a `state_dict`, which Lightning restores); what Lightning
averages over an epoch then covers only what was trained since; and workers of a `DataLoader` that
outlive an epoch (`persistent_workers`) carry their own randomness from one to the next.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from raysearch.training.namespace import Namespace

if TYPE_CHECKING:
    import pytorch_lightning as pl

KEY = "raysearch"
"""Under which our part of a checkpoint stands."""

CLASS = "class"
"""Under which that has the import path of the model's class."""

_PARTS = ("hooks", "batches", "rounds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """Seeds for all that a trial draws.

    Epochs count from 1; epoch 0 is the building of data and model.
    """

    seed: int
    trial: str
    repeat: int

    def apply(self, *, epoch: int, part: Literal["hooks", "batches", "rounds"] = "hooks") -> None:
        """Seed the global generators of Python, NumPy and torch, on all devices.

        Args:
            epoch: Which epoch follows; for rounds, which of them has ended.
            part: Whether what follows is the hooks at the epoch's start, its batches and steps, or
                the batches and steps after a round in it.
        """
        entropy = [self.seed, zlib.crc32(self.trial.encode()), self.repeat, epoch]
        words = np.random.SeedSequence([*entropy, _PARTS.index(part)]).generate_state(4)
        random.seed(int(words[0]))
        np.random.seed(words[1])  # noqa: NPY002 - user code may draw from the global generator
        seed = int(words[2]) << 32 | int(words[3])
        if _has_accelerator():
            torch.manual_seed(seed)
        else:
            torch.default_generator.manual_seed(seed)  # a hundred times faster


@cache
def _has_accelerator() -> bool:
    return (
        torch.cuda.is_available() or torch.backends.mps.is_available() or torch.xpu.is_available()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomState:
    """The state of the global generators of Python, NumPy and torch on the CPU."""

    python: tuple[Any, ...]
    numpy: dict[str, Any]
    torch: torch.Tensor

    @classmethod
    def read(cls) -> RandomState:
        """Return the state as it is now."""
        return cls(
            python=random.getstate(),
            numpy=np.random.get_state(legacy=False),  # noqa: NPY002
            torch=torch.get_rng_state(),
        )

    def restore(self) -> None:
        """Make the generators go on from this state."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)  # noqa: NPY002 - as above
        torch.set_rng_state(self.torch)


class SeededLoader:
    """Lightning's wrapper around what a `train_dataloader` returns, with a seed for each pass.

    To be derived from "utilities:CombinedLoader".

    Args:
        loaders: A loader, or a collection of them, as a data module may return it.
        exact: Seeds the generators for the epoch that comes next or has just begun.
    """

    def __init__(self, loaders: Any, *, exact: ExactTraining) -> None:
        super().__init__(loaders, mode="max_size_cycle")  # type: ignore[call-arg]  # Lightning's mode
        self._exact = exact
        self._state: RandomState | None = None

    def __iter__(self) -> Any:
        self._exact.seed_batches()
        super().__iter__()  # type: ignore[misc]
        self._state = RandomState.read()
        return self

    def __len__(self) -> int:
        try:
            return int(super().__len__())  # type: ignore[misc]
        except RuntimeError as error:
            # its iterator could not be made: as Lightning clears up, this must not hide why
            raise TypeError("The length is known once the iterator is made.") from error

    def __next__(self) -> Any:
        if self._state is not None:
            self._exact.seed_batches()  # of other devices: making an iterator draws on the CPU
            self._state.restore()
            self._state = None
            self._exact.begin_pass()
            for _ in range(self._exact.batches_before(self)):
                super().__next__()  # type: ignore[misc]
        self._exact.seed_round()
        return super().__next__()  # type: ignore[misc]


class ExactTraining:
    """Seeds each epoch and round, and carries over a checkpoint what Lightning does not.

    To be derived from "callbacks:Callback".

    Args:
        seeds: The trial's seeds.
        namespace: The Lightning of the fit.
    """

    OBSERVES = "first batch"
    """Of a fit whose epochs are counted; see `raysearch.training.lean.obstacles`."""

    def __init__(self, seeds: Seeds, *, namespace: Namespace) -> None:
        self.trained = 0
        """Epochs that are complete."""
        self.rounds = 0
        """Rounds of steps that are complete; 0 where epochs are counted."""
        self._namespace = namespace
        self._seeds = seeds
        self._is_round_new = False
        self._is_first = True
        self._loaded: dict[str, Any] = {}

    def train_as(self, repeat: int) -> None:
        """Let epochs draw what those of another repeat do; data and model are built already."""
        self._seeds = replace(self._seeds, repeat=repeat)

    def governed(self, loaders: Any) -> Any:
        """Return a data module's training loaders so that they draw from this trial's seeds."""
        if isinstance(loaders, self._namespace.load("utilities:CombinedLoader")):
            return loaders  # with a mode of the user's choice, of which Lightning tells nothing
        return self._namespace.derive(SeededLoader, part="utilities:CombinedLoader")(
            loaders, exact=self
        )

    def seed_batches(self) -> None:
        """Seed what the batches of the epoch draw, as its iterator is made and at its start."""
        self._seeds.apply(epoch=self.trained + 1, part="batches")

    def begin_pass(self) -> None:
        """Note that the epoch's seed governs what follows, unless the epoch goes on."""
        if not self._goes_on():
            self._is_round_new = False

    def _goes_on(self) -> bool:
        """Return whether a part of this epoch was trained before the fit went on."""
        return bool(self._loaded.get("batches")) and self.trained == self._loaded["epochs"]

    def batches_before(self, loader: Any) -> int:
        """Return how many batches of a pass that begins now were trained on before it went on."""
        if not self._goes_on():
            return 0
        if any(hasattr(part, "load_state_dict") for part in loader.flattened):
            return 0  # Lightning has put it where it was
        try:
            len(loader)
        except TypeError:
            return 0  # of unknown length, perhaps without end
        return int(self._loaded["batches"])

    def end_round(self, number: int) -> None:
        """Begin the randomness anew before the next batch."""
        self.rounds = number
        self._is_round_new = True

    def seed_round(self) -> None:
        """Seed what the batches and steps of a round draw, if it begins now."""
        if self._is_round_new:
            self._seeds.apply(epoch=self.rounds, part="rounds")
            self._is_round_new = False

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Seed what the model and other callbacks do before the first batch."""
        self._seeds.apply(epoch=self.trained + 1)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any
    ) -> None:
        """Let the model begin an epoch that goes on; Lightning does not, but models rely on it."""
        is_first, self._is_first = self._is_first, False
        if is_first and self._goes_on():
            state = RandomState.read()
            self._seeds.apply(epoch=self.trained + 1)
            pl_module.on_train_epoch_start()
            self._seeds.apply(epoch=self.rounds, part="rounds")  # other devices
            state.restore()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Count the epoch."""
        self.trained = trainer.current_epoch + 1

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add our part to a checkpoint that is being written."""
        is_inside = self.trained == trainer.current_epoch
        checkpoint[KEY] = {
            "epochs": self.trained,
            "rounds": self.rounds,
            "batches": trainer.fit_loop.batch_idx + 1 if is_inside else 0,
            "metrics": {name: _plain(value) for name, value in trainer.callback_metrics.items()},
        }

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Read our part of the checkpoint that the fit goes on from."""
        self._loaded = checkpoint[KEY]
        self.trained = self._loaded["epochs"]
        if self._loaded.get("rounds"):
            self.end_round(self._loaded["rounds"])

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Give back the metrics, and take the steps of schedules that were still to come."""
        metrics = {n: _tensor(*value) for n, value in self._loaded.get("metrics", {}).items()}
        trainer.callback_metrics.update(metrics)
        if self.rounds or not pl_module.automatic_optimization:
            return  # inside an epoch Lightning takes the step itself
        for config in trainer.lr_scheduler_configs:
            is_owed = self.trained and _steps_after_epoch(config, epoch=self.trained)
            if is_owed and config.monitor in metrics:
                pl_module.lr_scheduler_step(config.scheduler, metrics[config.monitor])


def _plain(metric: torch.Tensor) -> tuple[float, str]:
    return float(metric), str(metric.dtype).removeprefix("torch.")


def _tensor(value: float, dtype: str) -> torch.Tensor:
    return torch.tensor(value, dtype=getattr(torch, dtype))


def _steps_after_epoch(config: Any, *, epoch: int) -> bool:
    is_epochal: bool = config.reduce_on_plateau and config.interval == "epoch"
    is_due: bool = epoch % config.frequency == 0
    return is_epochal and is_due
