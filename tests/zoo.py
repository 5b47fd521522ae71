"""Modules as users write them, for both Lightnings: most for the lean loop, some not.

`PYTORCH_LIGHTNING.Logs` is of the one, `LIGHTNING.Logs` the same of the other. All train on
`tests.nets.Data`.
"""

from __future__ import annotations

import lightning.pytorch
import pytorch_lightning
import torch
import torchmetrics
from torch import nn
from torch.nn import functional as F

schedules = torch.optim.lr_scheduler


def modules(pl):
    """Return the modules of one Lightning."""

    class Base(pl.LightningModule):
        def __init__(self, rate=0.05):
            super().__init__()
            self.save_hyperparameters()
            self.layers = nn.Sequential(
                nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)
            )

        def loss(self, batch):
            return F.cross_entropy(self.layers(batch[0]), batch[1])

        def training_step(self, batch, batch_idx):
            loss = self.loss(batch)
            self.log("train/loss", loss)
            return loss

        def validation_step(self, batch, batch_idx):
            outputs = self.layers(batch[0])
            accuracy = (outputs.argmax(1) == batch[1]).float().mean()
            self.log_dict(
                {"val/loss": F.cross_entropy(outputs, batch[1]), "val/accuracy": accuracy}
            )

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), lr=self.hparams.rate)

    class Logs(Base):
        """In every way that there is."""

        def training_step(self, batch, batch_idx):
            loss = self.loss(batch)
            self.log("loss", loss, on_step=True, on_epoch=True, prog_bar=True)
            self.log("unseen", loss, logger=False, on_step=False, on_epoch=True)
            self.log("sized", loss, on_step=False, on_epoch=True, batch_size=3 + batch_idx)
            self.log("number", 0.1 * batch_idx, on_epoch=True)
            self.log("integer", 2 * batch_idx, on_step=False, on_epoch=True)
            self.log("double", loss.double(), on_step=False, on_epoch=True)
            self.log("one", loss.reshape(1), on_step=True, on_epoch=True)
            self.log("half", loss.half(), on_step=False, on_epoch=True)
            for name in ("min", "max", "sum", "mean"):
                self.log(name, loss, on_step=False, on_epoch=True, reduce_fx=name)
            if batch_idx % 2:
                self.log_dict({"odd": loss, "odder": loss**2}, on_step=True, on_epoch=True)
            self.help(loss)
            return loss

        def help(self, loss):
            self.log("help", loss, on_epoch=True)
            self.log("graph", 2 * loss, on_epoch=True, enable_graph=True)
            self.log("synced", loss, on_epoch=True, sync_dist=True, rank_zero_only=True)
            self.log("function", loss, on_epoch=True, reduce_fx=torch.max)

        def validation_step(self, batch, batch_idx):
            super().validation_step(batch, batch_idx)
            self.log("val/step", float(batch_idx), on_step=True, on_epoch=True, prog_bar=True)
            self.log("val/apart", 1.5, add_dataloader_idx=False, batch_size=2)

    class Watches(Base):
        """Notes what a step can see of the fit."""

        def __init__(self):
            super().__init__()
            self.seen = []

        def training_step(self, batch, batch_idx):
            trainer = self.trainer
            loss = self.loss(batch)
            self.note(
                batch_idx,
                self.global_step,
                trainer.global_step,
                self.current_epoch,
                trainer.is_last_batch,
                trainer.num_training_batches,
                trainer.training,
                trainer.fit_loop.total_batch_idx,
                trainer.fit_loop.epoch_loop._batches_that_stepped,
                self._current_fx_name,
                self.optimizers().param_groups[0]["lr"],
                self.lr_schedulers().get_last_lr(),
                len(self.optimizers().state),
                self.layers[0].weight.grad is None,
                torch.is_grad_enabled(),
                trainer._results.batch is batch,
            )
            self.log("loss", loss, on_step=True, on_epoch=True, prog_bar=True)
            self.metrics_of(trainer)
            if batch_idx == 1:
                self.log("now and then", loss, on_step=True)
            return loss

        def validation_step(self, batch, batch_idx):
            super().validation_step(batch, batch_idx)
            self.note("validation", batch_idx, self.global_step, self.trainer.is_last_batch)

        def on_train_epoch_end(self):
            self.metrics_of(self.trainer)

        def on_validation_epoch_end(self):
            self.metrics_of(self.trainer)

        def metrics_of(self, trainer):
            for metrics in (
                trainer.callback_metrics,
                trainer.logged_metrics,
                trainer.progress_bar_metrics,
            ):
                self.note({name: float(value) for name, value in metrics.items()})

        def note(self, *seen):
            self.seen.append(seen)

        def on_save_checkpoint(self, checkpoint):
            checkpoint["seen"] = repr(self.seen)

        def configure_optimizers(self):
            optimizer = super().configure_optimizers()
            optimizer.register_step_pre_hook(lambda *_: self.note(self._current_fx_name))
            optimizer.register_step_post_hook(lambda *_: self.note(self._current_fx_name))
            return [optimizer], [
                {"scheduler": schedules.StepLR(optimizer, 1, 0.9), "interval": "step"}
            ]

    class Returns(Base):
        """A mapping with more than the loss."""

        def training_step(self, batch, batch_idx):
            return {"loss": super().training_step(batch, batch_idx), "more": batch_idx}

    class Skips(Base):
        """Every third batch."""

        def training_step(self, batch, batch_idx):
            loss = super().training_step(batch, batch_idx)
            return None if self.global_step % 3 == 1 else loss

    class Measures(Base):
        """With objects of torchmetrics, alone and together."""

        def __init__(self):
            super().__init__()
            kind = {"task": "multiclass", "num_classes": 3}
            self.accuracy = torchmetrics.Accuracy(**kind)
            self.validated = torchmetrics.MetricCollection(
                [torchmetrics.F1Score(**kind), torchmetrics.Accuracy(**kind)], prefix="val/"
            )

        def training_step(self, batch, batch_idx):
            self.accuracy(self.layers(batch[0]), batch[1])
            self.log("accuracy", self.accuracy, on_step=True, on_epoch=True)
            return super().training_step(batch, batch_idx)

        def validation_step(self, batch, batch_idx):
            super().validation_step(batch, batch_idx)
            self.validated.update(self.layers(batch[0]), batch[1])
            self.log_dict(self.validated)

    class Hooked(Base):
        """Has a say wherever an epoch begins or ends."""

        def on_train_start(self):
            self.log("start", 1.0)

        def on_train_epoch_start(self):
            self.noise = torch.rand(())
            self.log("noise", self.noise)

        def training_step(self, batch, batch_idx):
            return super().training_step(batch, batch_idx) * (1 + 0.1 * self.noise)

        def on_train_epoch_end(self):
            self.log("weight", self.layers[0].weight.sum())

        def on_validation_epoch_start(self):
            self.n_validated = 0

        def validation_step(self, batch, batch_idx):
            self.n_validated += len(batch[0])
            super().validation_step(batch, batch_idx)

        def on_validation_epoch_end(self):
            self.log("val/n", float(self.n_validated))

        def on_validation_model_eval(self):
            self.eval()
            self.layers[3].train()

        def lr_scheduler_step(self, scheduler, metric):
            scheduler.step()
            scheduler.step()

        def configure_optimizers(self):
            optimizer = super().configure_optimizers()
            return [optimizer], [schedules.ExponentialLR(optimizer, 0.9)]

    class Schedules(Base):
        """By step and by epoch at once, each now and then."""

        def configure_optimizers(self):
            optimizer = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)
            return [optimizer], [
                {
                    "scheduler": schedules.StepLR(optimizer, 1, 0.95),
                    "interval": "step",
                    "frequency": 2,
                },
                {
                    "scheduler": schedules.ExponentialLR(optimizer, 0.8),
                    "interval": "epoch",
                    "frequency": 2,
                },
            ]

    class Plateau(Base):
        """Lowers its rate by what validation says, or each batch by its loss."""

        def __init__(self, interval="epoch", monitor="val/loss"):
            super().__init__()
            self.save_hyperparameters()

        def configure_optimizers(self):
            optimizer = super().configure_optimizers()
            schedule = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=0, threshold=0.3)
            config = {"scheduler": schedule, **self.hparams}
            del config["rate"]
            return {"optimizer": optimizer, "lr_scheduler": config}

    class Searches(Base):
        """With an optimiser that takes several looks at each batch."""

        def configure_optimizers(self):
            return torch.optim.LBFGS(self.parameters(), lr=0.1, max_iter=3)

    class Idle(Base):
        """Without an optimiser."""

        def configure_optimizers(self):
            return None

    class Single(Base):
        """Takes no index."""

        def training_step(self, batch):
            return self.loss(batch)

    class Ends(Base):
        """Has enough in the middle of an epoch."""

        def training_step(self, batch, batch_idx):
            if self.global_step == 5:
                self.trainer.should_stop = True
            return super().training_step(batch, batch_idx)

    class Stops(Base):
        """Brings callbacks that act at the end of epochs."""

        def configure_callbacks(self):
            return [
                pl.callbacks.EarlyStopping("val/loss", patience=0),
                pl.callbacks.LambdaCallback(on_train_epoch_end=lambda *_: torch.rand(())),
            ]

    class Trains(Base):
        """Without validation."""

        validation_step = pl.LightningModule.validation_step

        def training_step(self, batch, batch_idx):
            loss = super().training_step(batch, batch_idx)
            self.log("val/loss", loss, on_step=False, on_epoch=True)
            return loss

    class Changes(Base):
        """Takes other steps as it goes, and at last another hook."""

        def training_step(self, batch, batch_idx):
            if self.global_step == 3:
                self.training_step = self.later
            return super().training_step(batch, batch_idx)

        def later(self, batch):
            if self.global_step == 6:
                self.on_after_backward = self.more
            return self.loss(batch) ** 2

        def more(self):
            self.log("gradient", self.layers[0].bias.grad.sum())
            self.layers[0].bias.grad.mul_(3.0)

    class Clips(Base):
        """Asks for clipping in the middle of an epoch."""

        def training_step(self, batch, batch_idx):
            if self.global_step == 5:
                self.trainer.gradient_clip_val = 0.01
            return super().training_step(batch, batch_idx)

    class Accumulates(Base):
        """Gathers the gradients of two batches from the middle of an epoch on."""

        def training_step(self, batch, batch_idx):
            if self.global_step == 5:
                self.trainer.accumulate_grad_batches = 2
            return super().training_step(batch, batch_idx)

    class Unfreezes(Base):
        """Makes its optimiser anew in the middle of an epoch."""

        def training_step(self, batch, batch_idx):
            if self.current_epoch == 1 and batch_idx == 1:
                self.trainer.strategy.setup_optimizers(self.trainer)
            return super().training_step(batch, batch_idx)

    class WrapsStep(Base):
        """Replaces what steps its optimiser."""

        def on_train_start(self):
            optimizer = self.optimizers()
            step = optimizer.step

            def shrink(closure=None, **settings):
                step(closure=closure, **settings)
                with torch.no_grad():
                    self.layers[0].bias.mul_(0.9)

            optimizer.step = shrink

    class WrapsStrategy(Base):
        """Replaces a method of the strategy."""

        def on_train_start(self):
            step = self.trainer.strategy.optimizer_step

            def shrink(*words, **settings):
                step(*words, **settings)
                with torch.no_grad():
                    self.layers[0].bias.mul_(0.9)

            self.trainer.strategy.optimizer_step = shrink

    class PatchesItsClass(Base):
        """Gives its own class a hook."""

        def on_train_epoch_start(self):
            if self.current_epoch == 1:
                type(self).on_after_backward = lambda model: model.layers[0].bias.grad.mul_(3.0)

        def on_train_end(self):
            del type(self).on_after_backward

    class RunsDry(Base):
        """Ends its epochs by a StopIteration of its own, and has no validation."""

        validation_step = pl.LightningModule.validation_step

        def on_train_epoch_start(self):
            self.others = iter(range(3 if self.current_epoch else 10))

        def training_step(self, batch, batch_idx):
            loss = super().training_step(batch, batch_idx)
            next(self.others)
            return loss

    class LimitsItself(Base):
        """Sets the last step itself, and has no validation."""

        validation_step = pl.LightningModule.validation_step

        def on_train_start(self):
            self.trainer.fit_loop.epoch_loop.max_steps = 7

    # from here on: what only Lightning may serve

    class OwnStep(Base):
        def optimizer_step(self, epoch, batch_idx, optimizer, optimizer_closure):
            optimizer.step(closure=optimizer_closure)

    class OwnClipping(Base):
        def configure_gradient_clipping(self, optimizer, *_, **__):
            self.clip_gradients(optimizer, gradient_clip_val=0.1, gradient_clip_algorithm="norm")

    class OwnBackward(Base):
        def backward(self, loss):
            (2 * loss).backward()

    class OwnZero(Base):
        def optimizer_zero_grad(self, epoch, batch_idx, optimizer):
            optimizer.zero_grad(set_to_none=False)

    class OwnTransfer(Base):
        def on_after_batch_transfer(self, batch, dataloader_idx):
            return [2 * batch[0], batch[1]]

    class OwnLog(Base):
        def log(self, name, *args, **kwargs):
            super().log(f"my/{name}", *args, **kwargs)

    class AfterBatch(Base):
        def on_train_batch_end(self, outputs, batch, batch_idx):
            self.log("after", outputs["loss"])

    class AtFirst(Base):
        """Only on the object, and only from the second epoch on."""

        def on_train_epoch_start(self):
            if self.current_epoch == 1:
                self.on_after_backward = lambda: self.log(
                    "gradient", self.layers[0].bias.grad.sum()
                )

    class Attributes(Base):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)

    class Manual(Base):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False

        def training_step(self, batch, batch_idx):
            loss = super().training_step(batch, batch_idx)
            first, second = self.optimizers()
            self.manual_backward(loss)
            for optimizer in (first, second):
                optimizer.step()
                optimizer.zero_grad()

        def configure_optimizers(self):
            return [torch.optim.SGD([p], lr=0.05) for p in list(self.parameters())[:2]]

    class Iterates(Base):
        def training_step(self, dataloader_iter):
            batch, _, _ = next(dataloader_iter)
            return self.loss(batch)

    class Brings(Base):
        def configure_callbacks(self):
            return pl.callbacks.LambdaCallback(
                on_before_zero_grad=lambda trainer, model, _: model.layers[0].bias.data.mul_(0.9)
            )

    found = {name: kind for name, kind in locals().items() if name != "pl"}
    place = f"{pl.__name__.partition('.')[0].upper()}"
    for name, kind in found.items():
        kind.__qualname__ = f"{place}.{name}"
    return type(place, (), found)


PYTORCH_LIGHTNING = modules(pytorch_lightning)
LIGHTNING = modules(lightning.pytorch)
