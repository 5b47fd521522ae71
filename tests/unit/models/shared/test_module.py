from __future__ import annotations

from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import functional as F

from raysearch.data.loaders import TensorLoader
from raysearch.models.shared.supervised import SupervisedModule

pytestmark = pytest.mark.filterwarnings(
    "ignore:`isinstance.treespec, LeafSpec:FutureWarning"  # Lightning's own, about torch
)


@pytest.fixture
def batch():
    """Ten examples of four numbers each, in three classes."""
    torch.manual_seed(0)
    return torch.randn(10, 4), torch.arange(10) % 3


def module_with(settings, **changes):
    torch.manual_seed(1)
    module = SupervisedModule()
    settings = replace(settings, **changes)
    module.learn(network=nn.Linear(4, settings.n_outputs), settings=settings)
    return module


class Watching(pl.Callback):
    """Notes the learning rate of each optimiser step, and what callbacks see at an epoch's end."""

    def __init__(self):
        self.rates = []
        self.seen = []

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        self.rates.append(optimizer.param_groups[0]["lr"])

    def on_train_epoch_end(self, trainer, pl_module):
        self.seen.append({name: v.item() for name, v in trainer.callback_metrics.items()})


def fit(module, batch, *, batch_size=4, **settings):
    watching = Watching()
    trainer = pl.Trainer(
        accelerator="cpu",
        callbacks=[watching],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **settings,
    )
    trainer.fit(
        module, TensorLoader(*batch, batch_size=batch_size), TensorLoader(*batch, batch_size=8)
    )
    return watching, trainer


def test_train_loss_is_the_mean_over_examples_and_callbacks_see_it_in_time(settings, batch):
    module = module_with(settings, learning_rate=1e-8, label_smoothing=0.3)
    expected = F.cross_entropy(module(batch[0]), batch[1], label_smoothing=0.3).item()
    watching, _ = fit(module, batch, max_epochs=2)
    # batches of 4, 4 and 2: the plain mean of their losses would differ
    assert [seen["train/loss"] for seen in watching.seen] == pytest.approx([expected] * 2, rel=1e-5)


def test_train_loss_of_an_epoch_cut_short_covers_what_was_trained(settings, batch):
    module = module_with(settings, learning_rate=1e-8)
    expected = F.cross_entropy(module(batch[0][:4]), batch[1][:4]).item()
    _, trainer = fit(module, batch, max_steps=1, max_epochs=-1)
    assert trainer.callback_metrics["train/loss"].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "focal"},
        {"loss": "cross_entropy", "label_smoothing": 0.5},
        {"class_weighting": 1.0, "class_counts": [2, 3, 40]},
    ],
)
def test_validation_loss_is_the_plain_one_whatever_is_optimised(settings, batch, changes):
    module = module_with(settings, **changes)
    _, trainer = fit(module, batch, max_epochs=1)
    plain = F.cross_entropy(module(batch[0]), batch[1]).item()
    assert trainer.callback_metrics["val/loss"].item() == pytest.approx(plain, rel=1e-5)
    assert module.training_loss(batch).item() != pytest.approx(plain, rel=1e-2)


@pytest.mark.parametrize("loss", ["mse", "huber", "mae"])
@pytest.mark.parametrize("shape", [(10,), (10, 1)])
def test_targets_of_a_regression_may_lack_their_second_dimension(settings, batch, loss, shape):
    inputs, targets = batch[0], torch.arange(10.0).reshape(shape)
    module = module_with(settings, task="regression", n_outputs=1, loss=loss)
    _, trainer = fit(module, (inputs, targets), max_epochs=1)
    squared = F.mse_loss(module(inputs), targets.reshape(10, 1)).item()
    assert trainer.callback_metrics["val/loss"].item() == pytest.approx(squared, rel=1e-5)
    assert trainer.callback_metrics["val/rmse"].item() == pytest.approx(squared**0.5, rel=1e-5)


def test_the_schedule_runs_over_all_optimiser_steps_of_the_fit(settings, batch):
    watching, _ = fit(module_with(settings, schedule="cosine"), batch, max_epochs=4)
    # 3 batches in each of 4 epochs
    assert len(watching.rates) == 12
    assert watching.rates[0] == 0.1
    assert watching.rates[6] == pytest.approx(0.05)
    assert watching.rates == sorted(watching.rates, reverse=True)
    assert 0 < watching.rates[-1] < 0.01


def test_the_horizon_counts_optimiser_steps_not_batches(settings, batch):
    module = module_with(settings, schedule="cosine")
    watching, _ = fit(module, batch, batch_size=1, max_epochs=2, accumulate_grad_batches=5)
    assert watching.rates == pytest.approx([0.1, 0.08535534, 0.05, 0.01464466])


def test_a_trial_that_is_stopped_early_has_run_the_beginning_of_the_schedule(settings, batch):
    class Stopping(pl.Callback):
        def on_train_epoch_end(self, trainer, pl_module):
            trainer.should_stop = True

    whole, _ = fit(module_with(settings, schedule="one_cycle"), batch, max_epochs=4)
    module = module_with(settings, schedule="one_cycle")
    module.configure_callbacks = lambda: [Stopping()]
    part, _ = fit(module, batch, max_epochs=4)
    assert part.rates == whole.rates[:3]


def test_a_constant_rate_has_no_scheduler_to_step(settings, batch):
    watching, trainer = fit(module_with(settings), batch, max_epochs=1)
    assert trainer.lr_scheduler_configs == []
    assert set(watching.rates) == {0.1}


def test_metrics_of_an_epoch_forget_the_one_before(settings, batch):
    module = module_with(settings, learning_rate=0.5)
    watching, _ = fit(module, batch, max_epochs=3)
    final = F.cross_entropy(module(batch[0]), batch[1]).item()
    assert watching.seen[-1]["val/loss"] == pytest.approx(final, rel=1e-5)
    assert watching.seen[0]["val/loss"] > watching.seen[-1]["val/loss"]


def test_errors_are_in_the_datas_own_unit_and_losses_in_that_of_the_targets(settings, batch):
    targets = torch.arange(10.0)
    module = module_with(settings, task="regression", n_outputs=1, loss="mse", target_scale=50.0)
    _, trainer = fit(module, (batch[0], targets), max_epochs=1)
    values = {name: value.item() for name, value in trainer.callback_metrics.items()}
    squared = F.mse_loss(module(batch[0]), targets.reshape(10, 1)).item()
    assert values["val/loss"] == pytest.approx(squared, rel=1e-5)
    assert values["val/rmse"] == pytest.approx(50 * squared**0.5, rel=1e-5)


def test_a_rare_class_counts_for_more_where_classes_are_weighted(settings, batch):
    plain = module_with(settings)
    weighted = module_with(settings, class_weighting=1.0, class_counts=[98, 1, 1])
    rare = (batch[0][1:2], batch[1][1:2])
    ratio = weighted.training_loss(rare).item() / plain.training_loss(rare).item()
    assert ratio == pytest.approx(100 / 3, rel=1e-4)


def test_weights_of_classes_follow_from_the_settings_and_are_not_stored(settings):
    module = module_with(settings, class_weighting=1.0, class_counts=[98, 1, 1])
    assert set(module.state_dict()) == set(module_with(settings).state_dict())


def test_a_regression_has_no_classes_to_weight(settings):
    module = module_with(settings, task="regression", loss="mse", class_weighting=1.0)
    assert module.class_weights is None
