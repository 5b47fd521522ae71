"""How does a model begin from the weights of a checkpoint, and how do those learn?

Those of a parent are taken over with the optimiser's moments, whatever the architecture is (see
`inheriting`). Those that an experiment names `old_weights` copies. In the first `frozen_epochs`
what was taken has no gradient, and its running statistics stay; the output layer learns from the
start. With a `rate`, the optimiser has groups of its own for what was taken.

All of this is done to the module from outside, after it is built and before it is trained: its
constructor, and so its checkpoints, know nothing of it. A trial that goes on from a checkpoint of
its own reads there which layers were taken, and needs the first file no more.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import nn

from raysearch.errors import ConfigurationError
from raysearch.init_from import InitFrom
from raysearch.training.building import Parts
from raysearch.training.job import TrainingJob
from raysearch.training.lean.obstacles import is_gauged
from raysearch.training.old_weights import output_layers, parameters_of, take
from raysearch.training.seeding import KEY
from raysearch.trial import Value

if TYPE_CHECKING:
    import pytorch_lightning as pl

OLD = "old_layers"
"""Under which our part of a checkpoint has the layers that were taken from another one."""

_logger = logging.getLogger(__name__)


def started(job: TrainingJob, parts: Parts, *, is_begun: bool) -> tuple[Any, ...]:
    """Let a model begin from the checkpoint that its job names, if it names one.

    Args:
        job: What is trained.
        parts: With the model as its constructor has made it.
        is_begun: Whether it goes on from a checkpoint of its own, which has its weights already.

    Returns:
        A callback that holds still what must not learn yet; nothing where all weights are new.

    Raises:
        ConfigurationError: As `take`; or a rate is asked for, and the model sets its own.
        TrialFailed: As `take`.

    Side effects:
        Changes the model's weights in place.
    """
    if job.init_from is None:
        return ()
    if job.init_from.parent is not None:
        from raysearch.training.inheriting import Heir  # built-in families alone need it

        heir = parts.namespace.derive(Heir, part="callbacks:Callback")
        return () if is_begun else (heir(job, start=job.init_from, model=parts.model),)
    made = parts.namespace.derive(OldLayers, part="callbacks:Callback")
    return (made(job, start=job.init_from, model=parts.model, is_begun=is_begun),)


def inherited_by(callbacks: Sequence[Any]) -> Mapping[str, Value]:
    """Return what `started` tells of a parent's weights; nothing if there are none."""
    return next((found.inherited for found in callbacks if hasattr(found, "inherited")), {})


class OldLayers:
    """Holds what was taken still for a while, and says in checkpoints what it was.

    To be derived from "callbacks:Callback", and after the one that puts our part in a checkpoint.

    Args:
        job: What is trained, from the start or from a checkpoint of its own.
        start: Where its weights come from.
        model: The model, as its constructor has made it.
        is_begun: Whether it goes on from a checkpoint of its own, which has its weights already.
    """

    OBSERVES = "first batch"
    """Of a fit whose epochs are counted; see `raysearch.training.lean.obstacles`."""

    def __init__(
        self, job: TrainingJob, *, start: InitFrom, model: Any, is_begun: bool = False
    ) -> None:
        self.told = ""
        """What begins anew although it was wanted; empty if nothing does."""
        self._start = start
        self._every_steps = None if job.max_steps is None else job.every_steps
        self._layers: tuple[str, ...] = ()
        self._held: list[nn.Parameter] = []
        self._is_frozen = False
        if is_begun:
            return
        taken = take(model, job=job, start=start)
        self.told = taken.describe(start.checkpoint)
        self._know(model, taken.layers)

    def _know(self, model: Any, old: Sequence[str]) -> None:
        """Note which layers are old; the model makes its optimiser after that."""
        self._layers = tuple(old)
        held = parameters_of(model, set(old) - output_layers(model))
        self._held = held
        if self._start.rate == 1.0 and not self._start.frozen_epochs:
            return
        set_apart = getattr(model, "set_apart", None)
        if set_apart is not None:
            named = model.named_parameters(remove_duplicate=False)
            others = {weight for name, weight in named if name.rpartition(".")[0] in old}
            set_apart(held, others.difference(held), rate=self._start.rate)
        elif self._start.rate != 1.0:
            raise ConfigurationError(
                f"init_from.rate is {self._start.rate}, and {type(model).__name__} makes its "
                "optimiser itself. Leave rate out, and use frozen_epochs."
            )

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say what begins anew, unless `check` looks at the fit, which says it itself."""
        if self.told and not is_gauged(trainer):
            _logger.warning("%s", self.told)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add which layers are old."""
        checkpoint[KEY] = {**checkpoint.get(KEY, {}), OLD: list(self._layers)}

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Read which layers are old, before the optimiser is made."""
        self._know(pl_module, checkpoint[KEY].get(OLD, ()))

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Freeze or release what is old, where epochs are counted."""
        if self._every_steps is None:
            self._set(pl_module, is_frozen=trainer.current_epoch < self._start.frozen_epochs)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any
    ) -> None:
        """Do the same where rounds of steps are."""
        if self._every_steps is not None:
            rounds = trainer.global_step // self._every_steps
            self._set(pl_module, is_frozen=rounds < self._start.frozen_epochs)

    def _set(self, model: Any, *, is_frozen: bool) -> None:
        if not is_frozen and not self._is_frozen:
            return
        held = set(self._layers) - output_layers(model)
        for parameter in self._held:
            parameter.requires_grad_(is_frozen is False)
        for name, module in model.named_modules():
            if name in held and isinstance(module, nn.modules.batchnorm._NormBase):
                module.train(not is_frozen)
        self._is_frozen = is_frozen
