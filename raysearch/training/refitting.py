"""How does a fit on all data differ from a trial?

It is trained for a number of epochs that is known, without validation: so callbacks that end a
training early or write checkpoints have no say, and a schedule that waits for a metric of
validation would never act.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from raysearch.errors import Unsupported
from raysearch.training.building import Parts
from raysearch.training.job import TrainingJob
from raysearch.training.meter import Clock, Meter
from raysearch.training.peers import ALONE, Peers
from raysearch.training.reporter import FIRST, LAST, EpochBegins, LastEpoch
from raysearch.training.rounds import LastStep
from raysearch.training.trainers import make_trainer
from raysearch.trial import Measurement

if TYPE_CHECKING:
    import pytorch_lightning as pl


class Refit:
    """A refit and what became of it.

    Args:
        epochs: Epochs, or rounds, to train.
        save: Receives the trainer at the end of the last of them.
        peers: Who trains along.
    """

    def __init__(self, *, epochs: int, save: Callable[[Any], None], peers: Peers = ALONE) -> None:
        self.epochs = epochs
        self.measurement: Measurement | None = None
        """Of the last epoch, once it was trained."""
        self.meter = Meter(clock=Clock(before_s=0.0), peers=peers)
        self._save = save

    def finish(self, trainer: pl.Trainer, epoch: int) -> None:
        """Measure and save."""
        self.measurement = self.meter.measure(trainer, epoch=epoch)
        self._save(trainer)


class NeedsNoValidation:
    """Ends a fit in which a schedule waits for a metric that nothing logs any more.

    To be derived from "callbacks:Checkpoint": what is logged is known when all others are done.
    """

    OBSERVES = "first batch"
    """A metric that is there after it stays; see `raysearch.training.lean.obstacles`."""

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any
    ) -> None:
        """Check the schedules that act after each step."""
        self._check(trainer, pl_module, interval="step")

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Check the schedules that act after each epoch."""
        self._check(trainer, pl_module, interval="epoch")

    def _check(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *, interval: str) -> None:
        if not pl_module.automatic_optimization:
            return
        for config in trainer.lr_scheduler_configs:
            is_concerned = config.reduce_on_plateau and config.interval == interval
            if is_concerned and config.monitor not in trainer.callback_metrics:
                raise Unsupported(
                    f"its {type(config.scheduler).__name__} acts on {config.monitor}, which is not "
                    "measured when validation data is trained on"
                )


def prepare_refit(
    job: TrainingJob, parts: Parts, *, refit: Refit, first: tuple[Any, ...] = ()
) -> Any:
    """Return the Trainer of a refit; from the model, callbacks without a say are taken away.

    Args:
        job: What is trained.
        parts: What it is made of.
        refit: How long, and what comes of it.
        first: Callbacks of ours that come before the user's.
    """
    namespace = parts.namespace
    without = (namespace.load("callbacks:EarlyStopping"), namespace.load("callbacks:Checkpoint"))
    configure = parts.model.configure_callbacks

    def configure_callbacks() -> list[Any]:
        callbacks = configure()
        callbacks = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
        return [callback for callback in callbacks if not isinstance(callback, without)]

    parts.model.configure_callbacks = configure_callbacks
    needs = namespace.derive(NeedsNoValidation, part=LAST)()
    begins = namespace.derive(EpochBegins, part=FIRST)(meter=refit.meter)
    return make_trainer(
        job,
        namespace=namespace,
        first=(*((parts.exact, begins) if job.max_steps is None else (parts.exact,)), *first),
        last=(needs, _end(job, parts, refit=refit)),
        keep=lambda callback: not isinstance(callback, without),
        is_refit=True,
        limit_val_batches=0,
    )


def _end(job: TrainingJob, parts: Parts, *, refit: Refit) -> Any:
    """Return the callback that ends the refit when it is long enough."""
    if job.every_steps is None or job.max_steps is None:
        end = parts.namespace.derive(LastEpoch, part=LAST)
        return end(refit.epochs, finish=refit.finish, meter=refit.meter)
    steps = min(refit.epochs * job.every_steps, job.max_steps)
    end = parts.namespace.derive(LastStep, part=LAST)
    return end(steps, rounds=refit.epochs, finish=refit.finish, meter=refit.meter)
