from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from raysearch.models.mlp.network import Embeddings, MLPDesign, MLPNetwork, embedding_size

DESIGN = MLPDesign(
    input_shape=[2, 3],
    n_outputs=4,
    depth=3,
    width=8,
    connections="plain",
    normalization="none",
    activation="relu",
    dropout=0.0,
    cardinalities=[],
    embedding_factor=1.0,
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


def test_layers_of_a_dense_network_read_all_before_them(x):
    network = MLPNetwork(replace(DESIGN, connections="dense"))
    given = [network.input(x.flatten(1))]
    for layer in network.hidden:
        given.append(layer.layers[1](F.relu(torch.cat(given, dim=1))))
    expected = network.output(F.relu(torch.cat(given, dim=1)))
    torch.testing.assert_close(network(x), expected)
    assert [layer.layers[1].in_features for layer in network.hidden] == [8, 16]
    assert network.output.in_features == 24


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("connections", ["plain", "residual", "dense"])
def test_depth_counts_hidden_layers(depth, connections, x):
    network = MLPNetwork(replace(DESIGN, depth=depth, connections=connections))
    assert sum(isinstance(module, nn.ReLU) for module in network.modules()) == depth
    assert sum(isinstance(module, nn.Linear) for module in network.modules()) == depth + 1
    assert network(x).shape == (5, 4)


def test_a_single_hidden_layer_has_no_shortcut(x):
    networks = []
    for connections in ("plain", "residual", "dense"):
        torch.manual_seed(1)
        networks.append(MLPNetwork(replace(DESIGN, depth=1, connections=connections)))
    assert torch.equal(networks[0](x), networks[1](x))
    assert torch.equal(networks[0](x), networks[2](x))


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


ROWS = replace(DESIGN, input_shape=[4], cardinalities=[3, 12], normalization="none")


def test_categories_become_their_vectors_and_numbers_stay():
    torch.manual_seed(0)
    embeddings = Embeddings(ROWS)
    rows = torch.tensor([[0.5, -1.0, 2, 11], [1.5, 3.0, 0, 4]])
    first, second = embeddings.tables
    found = embeddings(rows)
    assert found.shape == (2, embeddings.n_outputs) == (2, 2 + 3 + 6)
    expected = torch.cat([rows[0, :2], first.weight[2], second.weight[11]])
    torch.testing.assert_close(found[0], expected)


def test_rows_may_be_categories_alone():
    network = MLPNetwork(replace(ROWS, input_shape=[2]))
    assert network(torch.tensor([[1.0, 5.0], [0.0, 0.0]])).shape == (2, 4)


def test_what_was_never_seen_adds_nothing_and_other_vectors_have_the_length_of_a_number():
    torch.manual_seed(0)
    table = Embeddings(replace(ROWS, cardinalities=[1000], input_shape=[1])).tables[0].weight
    assert table[0].abs().sum() == 0
    assert table[1:].square().sum(1).mean().item() == pytest.approx(1.0, rel=0.1)


def test_each_category_is_learnt_by_itself():
    torch.manual_seed(0)
    network = MLPNetwork(ROWS)
    network(torch.tensor([[0.5, -1.0, 2, 11]])).sum().backward()
    first, second = (table.weight.grad.abs().sum(1) for table in network.embeddings.tables)
    assert first.nonzero().flatten().tolist() == [2]
    assert second.nonzero().flatten().tolist() == [11]


@pytest.mark.parametrize("factor", [0.1, 1.0, 10.0])
def test_embeddings_grow_with_the_factor_and_the_categories(factor):
    sizes = [embedding_size(n, factor=factor) for n in (1, 2, 10, 1000, 10**6)]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 1
    assert sizes[-1] <= 600
    assert sizes[2] >= embedding_size(10, factor=0.1)


def test_without_categories_nothing_is_embedded():
    assert isinstance(MLPNetwork(DESIGN).embeddings, torch.nn.Identity)
