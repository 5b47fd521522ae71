"""How do other hyperparameters take effect in a training that goes on from a checkpoint?

Lightning restores optimisers and schedules as they were, with the numbers of whoever wrote the
checkpoint. Of these only what training has learnt is wanted: weights, averages of gradients, and
how far schedules have come. All else is taken from the optimisers and schedules that the model has
just configured. Modules, losses and data are made anew with the new arguments before, so that there
is nothing to change in them.

A schedule stands where it would stand had it been the trial's from the start. If the batches of an
epoch have another size, so that it has another number of steps, that is the same share of them.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from raysearch.training.building import Parts
from raysearch.training.job import TrainingJob
from raysearch.training.seeding import ExactTraining

if TYPE_CHECKING:
    import pytorch_lightning as pl

PARAMETERS = "params"
"""Key of a group of an optimiser under which its parameters stand."""


class TakesOver:
    """Lets the numbers that a model configures govern a fit that goes on from a checkpoint.

    To be derived from "callbacks:Callback", and the first of them.

    Args:
        job: What is trained.
        exact: Knows how many epochs are behind.
    """

    OBSERVES = "first batch"
    """See `raysearch.training.lean.obstacles`."""

    def __init__(self, job: TrainingJob, *, exact: ExactTraining) -> None:
        self._job = job
        self._exact = exact
        self._groups: list[list[dict[str, Any]]] = []  # per optimiser, as configured
        self._schedules: list[dict[str, Any]] = []
        self._n_restored = 0

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note what was configured, before it is restored."""
        self._groups = [
            [_settings(group) for group in optimizer.param_groups]
            for optimizer in trainer.optimizers
        ]
        self._schedules = [
            copy.deepcopy(config.scheduler.state_dict()) for config in trainer.lr_scheduler_configs
        ]

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Note how many schedules there were."""
        self._n_restored = len(checkpoint["lr_schedulers"])

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put it back, at the place that schedules have come to."""
        due = [
            self._due(trainer, config, is_restored=number < self._n_restored)
            for number, config in enumerate(trainer.lr_scheduler_configs)
        ]
        for optimizer, groups in zip(trainer.optimizers, self._groups, strict=True):
            for group, settings in zip(optimizer.param_groups, groups, strict=True):
                for key in group.keys() - settings.keys() - {PARAMETERS}:
                    del group[key]  # such as the base of a schedule that there is no more
                group.update(copy.deepcopy(settings))
        found = zip(trainer.lr_scheduler_configs, self._schedules, due, strict=True)
        for config, state, steps in found:
            if not isinstance(config.scheduler, ReduceLROnPlateau):  # which knows metrics alone
                config.scheduler.load_state_dict(state)
                _wind_on(config.scheduler, steps=steps)

    def _due(self, trainer: pl.Trainer, config: Any, *, is_restored: bool) -> int:
        """Return how many steps a schedule has behind it.

        Args:
            trainer: At the start of training.
            config: The schedule, and when it steps.
            is_restored: Whether the checkpoint had one in its place.
        """
        restored = getattr(config.scheduler, "last_epoch", 0)
        is_automatic = trainer.lightning_module.automatic_optimization
        n_steps = trainer.estimated_stepping_batches
        counts_epochs = self._job.max_steps is None and math.isfinite(n_steps)
        if config.interval == "step" and is_automatic and counts_epochs:
            share = self._exact.trained / self._job.max_epochs
            return round(n_steps * share) // int(config.frequency)
        if is_restored:
            return int(restored)
        if config.interval == "step":
            return trainer.global_step // int(config.frequency)
        return (self._exact.trained - 1) // int(config.frequency)  # Lightning takes the last one


def taken_over(job: TrainingJob, parts: Parts) -> tuple[Any, ...]:
    """Return the callbacks that a fit needs to use its own numbers: none, if it has no others."""
    if not job.takes_over or job.resume_from is None:
        return ()
    made = parts.namespace.derive(TakesOver, part="callbacks:Callback")
    return (made(job, exact=parts.exact),)


def _settings(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return a group of an optimiser without its parameters."""
    return {key: copy.deepcopy(value) for key, value in group.items() if key != PARAMETERS}


def _wind_on(scheduler: Any, *, steps: int) -> None:
    """Let a schedule that is at its beginning take so many steps, without its optimiser's."""
    if steps < 1:
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Detected call of `lr_scheduler\.step\(\)`")
        if type(scheduler) is LambdaLR:  # whose rate does not depend on the one before
            scheduler.last_epoch = steps - 1
            scheduler._step_count = steps
            steps = 1
        for _ in range(steps):
            scheduler.step()
