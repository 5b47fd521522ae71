"""Are measures what is counted by hand, of any module, which they leave as it was?"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from raysearch.errors import Unsupported
from raysearch.measure import MEASURES, How
from raysearch.measure.inputs import call_of, resized
from raysearch.measure.latency import latency
from raysearch.measure.memory import inference_bytes, training_bytes
from raysearch.measure.model import count_parameters, measure_model, state_bytes
from tests.nets import Net

EXACT = [name for name, measure in MEASURES.items() if measure.is_exact]


def conv() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Dropout(0.5))


IMAGES = (torch.randn(5, 1, 8, 8), torch.zeros(5, dtype=torch.long))


def test_every_measure_of_the_table_can_be_taken():
    found = measure_model(conv(), IMAGES, names=MEASURES, how=How(runs=5))
    assert list(found) == list(MEASURES)
    assert all(value > 0 for value in found.values())


def test_parameters_and_operations_are_those_counted_by_hand():
    found = measure_model(conv(), IMAGES, names=["params", "flops"])
    assert found["params"] == 4 * 9 + 4 + 8
    assert found["flops"] == 2 * 64 * 4 * 9


def test_operations_are_of_one_example_whatever_the_batch():
    how = How(batch_size=16)
    assert measure_model(conv(), IMAGES, names=["flops"], how=how)["flops"] == 2 * 64 * 4 * 9


def test_recurrent_layers_have_their_operations_counted():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.LSTM(3, 5, batch_first=True)

        def forward(self, x):
            return self.cell(x)[0]

    found = measure_model(Recurrent(), (torch.zeros(2, 7, 3), torch.zeros(2)), names=["flops"])
    assert found["flops"] == 2 * 7 * 4 * 5 * (3 + 5)


def test_shared_parameters_count_once():
    one = nn.Linear(3, 3)
    assert count_parameters(nn.Sequential(one, nn.ReLU(), one)) == 12


def test_exact_measures_are_the_same_each_time_and_leave_the_model_as_it_was():
    model = conv().train()
    model(IMAGES[0]).sum().backward()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    found = [measure_model(model, IMAGES, names=EXACT) for _ in range(2)]
    assert found[0] == found[1]
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    after = model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_memory_grows_with_the_batch_and_training_takes_more():
    names = ["memory_mb", "memory_train_mb"]
    one, many = (measure_model(conv(), IMAGES, names=names, how=How(batch_size=n)) for n in (1, 64))
    assert many["memory_mb"] > 20 * one["memory_mb"]
    assert many["memory_train_mb"] > 1.5 * many["memory_mb"]


def test_memory_is_that_of_parameters_and_of_what_lives_at_once():
    layer = nn.Linear(1000, 1000, bias=False)
    stack = nn.Sequential(layer, layer, layer).eval()
    x = torch.zeros(1, 1000)
    weights, row = 4 * 1000 * 1000, 4 * 1000
    assert weights + row <= inference_bytes(stack, lambda: stack(x)) <= weights + 4 * row
    assert training_bytes(stack, lambda: stack(x)) >= 2 * weights
    assert layer.weight.grad is None


def test_the_file_of_a_model_is_a_little_longer_than_its_weights():
    assert 4 * 1000 < state_bytes(nn.Linear(10, 100, bias=False)) < 4 * 1000 + 2000


def test_a_slower_pass_has_the_larger_latency():
    small, large = nn.Linear(4, 4).eval(), nn.Linear(2000, 2000).eval()
    quick = latency(lambda: small(torch.zeros(1, 4)), runs=20)
    slow = latency(lambda: large(torch.zeros(64, 2000)), runs=20)
    assert slow.median_ms > quick.median_ms
    assert quick.n_runs == 20


def test_lightning_modules_without_forward_are_measured_by_their_validation():
    batch = (torch.randn(6, 4), torch.randint(3, (6,)))
    found = measure_model(Net(width=8), batch, names=["params", "flops", "latency_ms"])
    assert found["params"] == 4 * 8 + 8 + 2 * 8 + 8 * 3 + 3
    assert found["flops"] == 2 * (4 * 8 + 8 * 3)


def test_lengths_go_to_forward_and_mappings_by_name():
    class Padded(nn.Module):
        def forward(self, x, lengths):
            return x.sum(1) / lengths

    class Named(nn.Module):
        def forward(self, x, y):
            return x + y

    padded = (torch.ones(2, 3), torch.tensor([3, 2]), torch.zeros(2))
    assert call_of(Padded(), padded)(Padded()).shape == (2,)
    named = {"x": torch.ones(2), "y": torch.ones(2)}
    assert call_of(Named(), named)(Named()).tolist() == [2.0, 2.0]


def test_lazy_layers_are_counted_once_they_have_shapes():
    assert measure_model(nn.LazyLinear(3), (torch.zeros(2, 5), 0), names=["params"])["params"] == 18


def test_a_module_that_no_batch_fits_is_unsupported_with_what_was_tried():
    with pytest.raises(Unsupported, match=r"Linear could be run.*example_input_array"):
        measure_model(nn.Linear(3, 3), (torch.zeros(2, 5), torch.zeros(2)), names=["params"])


def test_batches_are_cut_and_repeated_along_the_examples_only():
    x, weights = torch.arange(6.0).reshape(3, 2), torch.zeros(7)
    cut = resized({"x": x, "rest": [weights, "text"]}, n=5)
    assert cut["x"][:, 0].tolist() == [0, 2, 4, 0, 2]
    assert cut["rest"][0].shape == (7,)
