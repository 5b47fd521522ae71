from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from raysearch.models.mlp.network import MLPDesign, MLPNetwork

DESIGN = MLPDesign(
    input_shape=[2, 3],
    n_outputs=4,
    depth=3,
    width=8,
    connections="plain",
    normalization="none",
    activation="relu",
    dropout=0.0,
)


@pytest.fixture
def x():
    torch.manual_seed(0)
    return torch.randn(5, 2, 3)


def test_a_plain_network_is_the_textbook_formula(x):
    network = MLPNetwork(DESIGN)
    h = x.flatten(1)
    for layer in (network.input, network.hidden[0][1], network.hidden[1][1]):
        h = F.relu(h @ layer.weight.T + layer.bias)
    torch.testing.assert_close(network(x), h @ network.output.weight.T + network.output.bias)


def test_a_residual_network_adds_to_the_sum_before_the_activation(x):
    network = MLPNetwork(replace(DESIGN, connections="residual"))
    h = network.input(x.flatten(1))
    for layer in network.hidden:
        h = h + layer.branch[1](F.relu(h))
    torch.testing.assert_close(network(x), network.output(F.relu(h)))


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("connections", ["plain", "residual"])
def test_depth_counts_hidden_layers(depth, connections, x):
    network = MLPNetwork(replace(DESIGN, depth=depth, connections=connections))
    assert sum(isinstance(module, nn.ReLU) for module in network.modules()) == depth
    assert sum(isinstance(module, nn.Linear) for module in network.modules()) == depth + 1
    assert network(x).shape == (5, 4)


def test_a_single_hidden_layer_has_no_shortcut(x):
    networks = []
    for connections in ("plain", "residual"):
        torch.manual_seed(1)
        networks.append(MLPNetwork(replace(DESIGN, depth=1, connections=connections)))
    assert torch.equal(networks[0](x), networks[1](x))


@pytest.mark.parametrize(
    ("normalization", "has_bias"), [("none", True), ("batch", False), ("layer", False)]
)
def test_hidden_layers_have_a_bias_only_without_normalisation(normalization, has_bias):
    network = MLPNetwork(replace(DESIGN, normalization=normalization))
    *hidden, output = (module for module in network.modules() if isinstance(module, nn.Linear))
    assert {layer.bias is not None for layer in hidden} == {has_bias}
    assert output.bias is not None


def test_dropout_acts_in_training_only(x):
    network = MLPNetwork(replace(DESIGN, dropout=0.5))
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
@pytest.mark.parametrize("depth", [2, 100])
def test_signals_of_residual_networks_stay_in_size_however_deep(normalization, depth):
    torch.manual_seed(0)
    design = replace(
        DESIGN, depth=depth, width=64, connections="residual", normalization=normalization
    )
    network = MLPNetwork(design)
    hidden = network.hidden(network.input(torch.randn(32, 6)))
    assert 0.3 < hidden.std().item() < 10
