from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW, NAdam

from raysearch.models.shared.optimizers import Apart, optimizer, parameter_groups
from raysearch.models.shared.schedules import schedule


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 8), nn.LayerNorm(8)
    )


def names(network, parameters):
    by_identity = {id(parameter): name for name, parameter in network.named_parameters()}
    return {by_identity[id(parameter)] for parameter in parameters}


def test_only_matrices_and_kernels_decay(network):
    decaying, other = parameter_groups(network, weight_decay=0.3)
    assert decaying["weight_decay"] == 0.3
    assert other["weight_decay"] == 0.0
    assert names(network, decaying["params"]) == {"0.weight", "3.weight"}
    assert names(network, other["params"]) == {
        "0.bias", "1.weight", "1.bias", "3.bias", "4.weight", "4.bias",
    }  # fmt: skip


def test_frozen_parameters_and_empty_groups_are_left_out(network):
    network[0].requires_grad_(False)
    decaying, _ = parameter_groups(network, weight_decay=0.3)
    assert names(network, decaying["params"]) == {"3.weight"}
    assert len(parameter_groups(nn.Linear(2, 2, bias=False), weight_decay=0.1)) == 1


@pytest.mark.parametrize("name", ["adamw", "nadam", "sgd"])
@pytest.mark.parametrize("kind", ["constant", "cosine", "one_cycle"])
def test_parameters_set_apart_follow_the_schedule_at_their_rate(network, settings, name, kind):
    settings = replace(settings, optimizer=name, schedule=kind, warmup_fraction=0.2)
    slow = Apart(parameters=frozenset(network[0].parameters()), learning_rate=0.02)
    chosen = optimizer(network, settings=settings, apart=[slow])
    rates = schedule(chosen, settings=settings, n_steps=10)
    assert [names(network, group["params"]) for group in chosen.param_groups[2:]] == [
        {"0.weight"},
        {"0.bias"},
    ]
    assert [group["weight_decay"] for group in chosen.param_groups[2:]] == [0.01, 0.0]
    seen = set()
    for _ in range(9):
        first, _, *slowed = (group["lr"] for group in chosen.param_groups)
        assert slowed == pytest.approx([first / 5, first / 5])
        seen.add(first)
        chosen.step()
        rates.step()
    assert len(seen) > 1


@pytest.mark.parametrize(("name", "kind"), [("adamw", AdamW), ("nadam", NAdam), ("sgd", SGD)])
def test_settings_choose_the_optimiser(network, settings, name, kind):
    chosen = optimizer(network, settings=replace(settings, optimizer=name))
    assert type(chosen) is kind
    assert [group["lr"] for group in chosen.param_groups] == [0.1, 0.1]
    assert [group["weight_decay"] for group in chosen.param_groups] == [0.01, 0.0]


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.9, True), (0.0, False)])
def test_sgd_has_nesterov_momentum_unless_it_is_zero(network, settings, momentum, nesterov):
    settings = replace(settings, optimizer="sgd", momentum=momentum)
    for group in optimizer(network, settings=settings).param_groups:
        assert group["momentum"] == momentum
        assert group["nesterov"] is nesterov


@pytest.mark.parametrize("name", ["adamw", "nadam"])
def test_decay_is_decoupled_from_the_gradient(network, settings, name):
    settings = replace(settings, optimizer=name, learning_rate=0.1, weight_decay=0.5)
    before = network[3].weight.detach().clone()
    chosen = optimizer(network, settings=settings)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    chosen.step()
    # without a gradient there is the decay alone: w - learning rate * decay * w
    torch.testing.assert_close(network[3].weight.detach(), before * 0.95)
    assert torch.equal(network[4].weight, torch.ones(8))


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_the_fused_step_is_the_plain_one(network, settings, name):
    settings = replace(settings, optimizer=name)
    fused = optimizer(network, settings=settings)
    plain_network = nn.Sequential(*network)
    copies = [parameter.detach().clone().requires_grad_() for parameter in network.parameters()]
    groups = parameter_groups(plain_network, weight_decay=0.01)
    position = {id(parameter): i for i, parameter in enumerate(network.parameters())}
    for group in groups:
        group["params"] = [copies[position[id(parameter)]] for parameter in group["params"]]
    plain = (
        AdamW(groups, lr=0.1)
        if name == "adamw"
        else SGD(groups, lr=0.1, momentum=0.9, nesterov=True)
    )
    for _ in range(3):
        for parameter, copy in zip(network.parameters(), copies, strict=True):
            parameter.grad = torch.randn_like(parameter)
            copy.grad = parameter.grad.clone()
        fused.step()
        plain.step()
    for parameter, copy in zip(network.parameters(), copies, strict=True):
        torch.testing.assert_close(parameter, copy)
