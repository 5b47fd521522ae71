"""Plain networks: losses, optimisers, metrics, and what is logged."""

from __future__ import annotations

import pytest
import torch
from pytorch_lightning import Trainer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics.classification import BinaryAUROC

from raysearch.errors import ConfigurationError
from raysearch.tuners import HyperParameters, RandomSearch
from raysearch.tuners.supervision import Supervision, optimizers

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),  # Lightning's, of a Trainer
    pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec:FutureWarning"),
]

X = torch.linspace(-1, 1, 40).unsqueeze(1).repeat(1, 3)
CLASSES = (X[:, 0] > 0).long()


def model_of(network, **given):
    tuner = RandomSearch(lambda hp: network, objective="val_loss", **given)
    return tuner.hypermodel.build(HyperParameters())


def fitted(network, targets, *, epochs=1, **given):
    """Return the metrics after some epochs, and the model."""
    model = model_of(network, **given)
    loader = DataLoader(TensorDataset(X, targets), batch_size=16)
    trainer = Trainer(
        max_epochs=epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
    )
    trainer.fit(model, loader, loader)
    return {name: float(value) for name, value in trainer.callback_metrics.items()}, model


def test_classes_by_their_logits():
    torch.manual_seed(0)
    metrics, model = fitted(
        nn.Linear(3, 2), CLASSES, epochs=30, loss="cross_entropy", metrics=["accuracy", BinaryArg()]
    )
    assert set(metrics) == {
        *("train_loss", "train_accuracy", "train_binary_arg"),
        *("val_loss", "val_accuracy", "val_binary_arg"),
    }
    outputs = model(X).detach()
    expected = float((outputs.argmax(1) == CLASSES).float().mean())
    assert metrics["val_accuracy"] == pytest.approx(expected)  # also over a smaller last batch
    expected = float(nn.functional.cross_entropy(outputs, CLASSES))
    assert metrics["val_loss"] == pytest.approx(expected, abs=1e-6)
    assert isinstance(model.configure_optimizers(), torch.optim.Adam)


class BinaryArg:
    def __call__(self, outputs, targets):
        return (outputs.argmax(1) == targets).float().mean()


def test_two_classes_by_one_logit_or_one_probability():
    torch.manual_seed(0)
    network = nn.Linear(3, 1)
    nn.init.constant_(network.weight, 1.0)
    nn.init.constant_(network.bias, 0.0)
    logits, _ = fitted(network, CLASSES, loss="binary_cross_entropy_with_logits", metrics=["acc"])
    assert logits["val_accuracy"] == 1.0
    probabilities, _ = fitted(
        nn.Sequential(network, nn.Sigmoid()),
        CLASSES,
        loss="binary_cross_entropy",
        metrics=["accuracy"],
    )
    assert probabilities["val_accuracy"] == 1.0
    as_object, _ = fitted(network, CLASSES, loss=nn.BCEWithLogitsLoss(), metrics=["accuracy"])
    assert as_object["val_accuracy"] == 1.0


def test_numbers():
    torch.manual_seed(0)
    metrics, model = fitted(
        nn.Linear(3, 1), X[:, 0] * 3, loss="mse_loss", optimizer="SGD", metrics=["mae", "mse"]
    )
    errors = model(X).detach().squeeze(1) - X[:, 0] * 3
    assert metrics["val_mse"] == pytest.approx(float((errors**2).mean()), abs=1e-5)
    assert metrics["val_mae"] == pytest.approx(float(errors.abs().mean()), abs=1e-5)
    assert isinstance(model.configure_optimizers(), torch.optim.SGD)


def test_a_metric_with_a_state_has_one_for_each_split():
    metrics, model = fitted(
        nn.Sequential(nn.Linear(3, 1), nn.Flatten(0)),
        CLASSES,
        loss="binary_cross_entropy_with_logits",
        metrics={"auc": BinaryAUROC()},
    )
    assert {"train_auc", "val_auc"} <= set(metrics)
    assert metrics["val_auc"] in (0.0, 1.0)
    assert set(model.metrics) == {"train_auc", "val_auc", "test_auc"}


def test_an_optimiser_may_ask_for_hyperparameters():
    def optimizer(parameters, hp):
        return torch.optim.SGD(parameters, lr=hp.Float("lr", 1e-3, 1e-1, sampling="log"))

    tuner = RandomSearch(
        lambda hp: nn.Linear(3, hp.Int("units", 2, 3)),
        objective="val_loss",
        loss="cross_entropy",
        optimizer=optimizer,
    )
    assert tuner.space.keys == ("units", "lr")
    hp = HyperParameters()
    hp.values["lr"] = 0.05
    (group,) = tuner.hypermodel.build(hp).configure_optimizers().param_groups
    assert group["lr"] == 0.05


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"metrics": ["accuracy"]}, "loss is missing"),
        ({"loss": "mse"}, "loss is mse. Write mse_loss."),
        ({"loss": "sparse_categorical_crossentropy"}, "Write cross_entropy, which takes logits"),
        ({"loss": "cros_entropy"}, "cros_entropy is not a loss. Did you mean cross_entropy?"),
        ({"loss": 3}, "loss is 3, an int"),
        ({"loss": "mse_loss", "optimizer": "adm"}, "adm is not a class of torch.optim.*Adam"),
        ({"loss": "mse_loss", "optimizer": 0.1}, "optimizer is 0.1"),
        ({"loss": "mse_loss", "metrics": "accuracy"}, "metrics is accuracy. Give a list"),
        ({"loss": "mse_loss", "metrics": ["acuracy"]}, "acuracy is not a metric. Did you mean acc"),
        ({"loss": "mse_loss", "metrics": [3]}, "metrics: 3 is an int"),
    ],
)
def test_what_is_no_supervision(given, message):
    with pytest.raises(ConfigurationError, match=message):
        RandomSearch(lambda hp: nn.Linear(3, 2), objective="val_loss", **given)


def test_an_objective_that_is_never_logged_is_refused_at_once():
    with pytest.raises(
        ConfigurationError, match=r"val_acc is not a metric that is logged.*val_accura"
    ):
        RandomSearch(
            lambda hp: nn.Linear(3, 2),
            objective="val_acc",
            loss="cross_entropy",
            metrics=["accuracy"],
        )


def test_the_optimisers_that_may_be_named():
    assert {"Adam", "AdamW", "SGD", "RMSprop"} <= set(optimizers())
    assert "Optimizer" not in optimizers()
    supervision = Supervision.of(loss="mse_loss", optimizer="adamw", metrics=None)
    assert supervision is not None
    assert supervision.logged == ("val_loss", "train_loss")
