"""Is it seen what a trained model is made of, and what it predicts for validation data?"""

from __future__ import annotations

import pytest
import torch

from raysearch.errors import Unsupported
from raysearch.training.fit import train
from raysearch.training.inspecting import _predict, inspect, task_of
from tests.nets import Listener, Net, make_job


class Open(Net):
    """Can be called."""

    def forward(self, inputs):
        return self.layers(inputs)


def looked_at(tmp_path, model):
    job = make_job(tmp_path, model=model, max_epochs=1)
    listener = Listener()
    train(job, report=listener)
    (checkpoint,) = tmp_path.rglob("*.ckpt")
    return inspect(job, checkpoint=str(checkpoint)), listener.values[-1]


def test_layers_and_predictions_are_those_of_the_checkpoint(tmp_path):
    found, values = looked_at(tmp_path, Open)
    assert [(layer.name, layer.kind, layer.output_shape) for layer in found.layers] == [
        ("layers.0", "Linear", (8,)),
        ("layers.1", "BatchNorm1d", (8,)),
        ("layers.2", "ReLU", (8,)),
        ("layers.3", "Dropout", (8,)),
        ("layers.4", "Linear", (3,)),
    ]
    assert [layer.n_parameters for layer in found.layers] == [40, 16, 0, 0, 27]
    told = found.predictions
    assert (told.task, found.reason) == ("classification", "")
    right = sum(a == b for a, b in zip(told.truth, told.predicted, strict=True))
    assert right / len(told.truth) == pytest.approx(values["val/accuracy"], abs=0.02)


def test_a_model_that_cannot_be_called_has_layers_and_a_reason(tmp_path):
    found, _ = looked_at(tmp_path, Net)
    assert [layer.name for layer in found.layers] == [f"layers.{n}" for n in range(5)]
    assert {layer.output_shape for layer in found.layers} == {None}
    assert found.predictions is None
    assert found.reason.startswith("it raised ")


@pytest.mark.parametrize(
    ("outputs", "targets", "task"),
    [
        (torch.zeros(4, 3), torch.zeros(4, dtype=torch.int64), "classification"),
        (torch.zeros(4, 1), torch.zeros(4), "regression"),
        (torch.zeros(4, 2), torch.zeros(4, 2), "regression"),
    ],
)
def test_what_is_predicted_follows_from_the_shapes(outputs, targets, task):
    assert task_of(outputs, targets) == task


@pytest.mark.parametrize(
    ("outputs", "targets"),
    [
        (torch.zeros(4, 3, 7), torch.zeros(4, 7, dtype=torch.int64)),
        (torch.zeros(4, 3), torch.zeros(4)),
    ],
)
def test_other_shapes_are_refused(outputs, targets):
    with pytest.raises(Unsupported):
        task_of(outputs, targets)


def test_more_classes_than_can_be_drawn_are_refused():
    batch = torch.zeros(4, 2), torch.zeros(4, dtype=torch.int64)
    with pytest.raises(Unsupported, match="99 classes are too many to be drawn"):
        _predict(lambda inputs: torch.zeros(len(inputs), 99), [batch])
