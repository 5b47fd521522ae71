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
  `ExactEpochs` makes up for it.

What remains: workers of a `DataLoader` that outlive an epoch (`persistent_workers`) carry their own
randomness from one to the next.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities import CombinedLoader

_KEY = "raysearch"
"""Under which our part of a checkpoint stands."""

_PARTS = ("hooks", "batches")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """Seeds for all that a trial draws.

    Epochs count from 1; epoch 0 is the building of data and model.
    """

    seed: int
    trial: str
    repeat: int

    def apply(self, *, epoch: int, part: Literal["hooks", "batches"] = "hooks") -> None:
        """Seed the global generators of Python, NumPy and torch, on all devices.

        Args:
            epoch: Which epoch follows.
            part: Whether what follows is the hooks at its start, or batches and steps.
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


class SeededLoader(CombinedLoader):
    """Lightning's wrapper around what a `train_dataloader` returns, with a seed for each pass.

    Args:
        loaders: A loader, or a collection of them, as a data module may return it.
        seed: Seeds the generators for the epoch that comes next or has just begun.
    """

    def __init__(self, loaders: Any, *, seed: Callable[[], None]) -> None:
        super().__init__(loaders, mode="max_size_cycle")  # the mode Lightning takes by default
        self._seed = seed
        self._state: RandomState | None = None

    def __iter__(self) -> SeededLoader:
        self._seed()
        super().__iter__()
        self._state = RandomState.read()
        return self

    def __next__(self) -> Any:
        if self._state is not None:
            self._seed()  # the generators of other devices: making an iterator draws on the CPU
            self._state.restore()
            self._state = None
        return super().__next__()


class ExactEpochs(pl.Callback):
    """Seeds each epoch, and carries over a checkpoint what Lightning does not.

    Args:
        seeds: The trial's seeds.
    """

    def __init__(self, seeds: Seeds) -> None:
        self.trained = 0
        """Epochs that are complete."""
        self._seeds = seeds
        self._monitored: dict[str, float] = {}

    def govern(self, data: pl.LightningDataModule, *, make_loaders: Callable[[], Any]) -> None:
        """Let a data module train on loaders that draw from this trial's seeds.

        Args:
            data: The data module of the fit.
            make_loaders: Its method that makes them: `train_dataloader`, or another.
        """

        def seeded() -> Any:
            loaders = make_loaders()
            if isinstance(loaders, CombinedLoader):
                return loaders  # with a mode of the user's choice, of which Lightning tells nothing
            return SeededLoader(loaders, seed=self._seed_batches)

        data.train_dataloader = seeded  # type: ignore[method-assign]

    def _seed_batches(self) -> None:
        self._seeds.apply(epoch=self.trained + 1, part="batches")

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Seed what the model and other callbacks do before the first batch."""
        self._seeds.apply(epoch=self.trained + 1)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Count the epoch."""
        self.trained = trainer.current_epoch + 1

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add our part to a checkpoint that is being written: what the owed steps will ask for."""
        metrics = trainer.callback_metrics
        monitored = {m: float(metrics[m]) for m in _monitors(trainer) if m in metrics}
        checkpoint[_KEY] = {"epochs": self.trained, "monitored": monitored}

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Read our part of the checkpoint that the fit goes on from."""
        self.trained = checkpoint[_KEY]["epochs"]
        self._monitored = checkpoint[_KEY]["monitored"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the steps of schedules that were still to come when the checkpoint was written."""
        for config in trainer.lr_scheduler_configs:
            is_owed = self.trained and _steps_after_epoch(config, epoch=self.trained)
            if is_owed and config.monitor in self._monitored:
                pl_module.lr_scheduler_step(config.scheduler, self._monitored[config.monitor])


def _steps_after_epoch(config: Any, *, epoch: int) -> bool:
    is_epochal: bool = config.reduce_on_plateau and config.interval == "epoch"
    is_due: bool = epoch % config.frequency == 0
    return is_epochal and is_due


def _monitors(trainer: pl.Trainer) -> set[str]:
    configs = trainer.lr_scheduler_configs
    return {config.monitor for config in configs if config.reduce_on_plateau and config.monitor}
