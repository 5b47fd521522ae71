"""How is a network trained on after it was changed?

As its trial was trained: the same steps of the module, the same optimiser and schedule, over fewer
epochs and at a smaller learning rate; it ends with the average of its weights over the last epochs.
On training data alone while recipes are searched; on training and validation data for the model
that was refitted on both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from raysearch.errors import TrialFailed
from raysearch.training.building import Parts, build
from raysearch.training.interrupts import interrupts_pass
from raysearch.training.job import TrainingJob
from raysearch.training.loggers import unlogged
from raysearch.training.refit_data import refit_loaders
from raysearch.training.refitting import Refit, prepare_refit

_RATES = ("lr", "initial_lr", "max_lr", "min_lr")
"""What a group of an optimiser, or a schedule in it, has in units of the learning rate."""


class Averaging:
    """Gives a model the average of its weights at the end of several epochs.

    Which is better than the last ones, where the learning rate does not fall to zero. To be derived
    from "callbacks:Callback".

    Args:
        model: The one that is trained.
        epochs: Epochs of the training; the last quarter counts, and the last one in any case.

    References:
        Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI
        2018.
    """

    def __init__(self, model: nn.Module, *, epochs: int) -> None:
        self._model, self._begins = model, epochs - max(1, epochs // 4)
        self._n_seen = self._n_taken = 0
        self._average: dict[str, Tensor] = {}

    def on_train_epoch_end(self, *_: Any) -> None:
        """Take the weights of an epoch, running statistics among them."""
        self._n_seen += 1
        if self._n_seen <= self._begins:
            return
        self._n_taken += 1
        for name, value in self._model.state_dict().items():
            if value.is_floating_point():
                average = self._average.setdefault(name, value.detach().clone())
                average.lerp_(value.detach(), 1 / self._n_taken)

    def give(self) -> None:
        """Let the model have the average."""
        self._model.load_state_dict(self._average, strict=False)


class AfterSteps:
    """Does something after each step; to be derived from "callbacks:Callback".

    Args:
        act: What is done.
    """

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act

    def on_train_batch_end(self, *_: Any) -> None:
        """Do it."""
        self._act()


def fine_tune(
    model: Any,
    *,
    job: TrainingJob,
    epochs: int,
    rate: float,
    all_data: bool,
    repeat: int = 0,
    after_step: Callable[[], None] | None = None,
) -> None:
    """Train a module in place.

    Args:
        model: A LightningModule.
        job: What it was made of; says which data, and with which arguments of the Trainer.
        epochs: Epochs, at least 1.
        rate: Share of the module's learning rate, above 0.
        all_data: Whether validation data is trained on, too.
        repeat: How often it was trained so before: batches and what else is drawn are others then.
            The splits are the same, since the model was trained on one of them.
        after_step: Called after each step.

    Raises:
        Unsupported: All data cannot be had in one loader, or a schedule needs validation.
        TrialFailed: Training ended before. What model and data raise passes through.
    """
    again = replace(
        unlogged(job),
        max_epochs=epochs,
        max_steps=None,
        every_steps=None,
        init_from=None,
        resume_from=None,
        loop="auto",
    )
    parts: Parts = build(again, train_loaders=refit_loaders if all_data else None)
    parts.exact.train_as(repeat)
    parts = replace(parts, model=model)
    configure = model.configure_optimizers
    model.configure_optimizers = lambda: slowed(configure(), rate=rate)
    refit = Refit(epochs=epochs, save=lambda trainer: None)
    averaging = parts.namespace.derive(Averaging, part="callbacks:Callback")(model, epochs=epochs)
    first: tuple[Any, ...] = (averaging,)
    if after_step is not None:
        made = parts.namespace.derive(AfterSteps, part="callbacks:Callback")
        first = (made(after_step), averaging)
    trainer = prepare_refit(again, parts, refit=refit, first=first)
    try:
        with interrupts_pass():
            trainer.fit(model.train(), datamodule=parts.data)
    finally:
        for name in ("configure_optimizers", "configure_callbacks"):
            model.__dict__.pop(name, None)
    averaging.give()
    model.eval()
    if refit.measurement is None:
        raise TrialFailed(
            f"the training of {type(model).__name__} after its change ended before {epochs} "
            "epochs were done"
        )


def slowed(configured: Any, *, rate: float) -> Any:
    """Return what `configure_optimizers` returned, with its learning rates at a share.

    Args:
        configured: In any of the forms that Lightning knows.
        rate: The share, above 0.

    Example:
        >>> import torch
        >>> weight = torch.nn.Parameter(torch.zeros(1))
        >>> slowed(torch.optim.SGD([weight], lr=0.5), rate=0.1).param_groups[0]["lr"]
        0.05
    """
    for optimizer in _found(configured, has="param_groups"):
        for group in optimizer.param_groups:
            for name in _RATES:
                if name in group:
                    group[name] = group[name] * rate
    for schedule in _found(configured, has="base_lrs"):
        schedule.base_lrs = [each * rate for each in schedule.base_lrs]
    return configured


def _found(configured: Any, *, has: str) -> list[Any]:
    """Return the optimisers or schedules in what was configured, each once."""
    if configured is None:
        return []
    if isinstance(configured, dict):
        members = list(configured.values())
    elif isinstance(configured, list | tuple):
        members = list(configured)
    else:
        return [configured] if hasattr(configured, has) else []
    found = [each for member in members for each in _found(member, has=has)]
    return list({id(each): each for each in found}.values())
