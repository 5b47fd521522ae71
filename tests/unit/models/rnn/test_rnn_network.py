from __future__ import annotations

from dataclasses import replace
from math import ceil

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from raysearch.models.rnn.network import (
    Front,
    Layer,
    Pooling,
    RNNDesign,
    RNNNetwork,
)

DESIGN = RNNDesign(
    input_shape=[3, 11],
    n_outputs=4,
    form="numbers",
    vocabulary=0,
    cell="lstm",
    nonlinearity="tanh",
    layers=2,
    hidden_size=5,
    bidirectional=True,
    connections="plain",
    normalization="none",
    pooling="last",
    dropout=0.0,
    embedding_size=6,
    front="none",
    front_layers=2,
    front_channels=7,
    front_kernel_size=5,
    front_stride=2,
    activation="relu",
)
REFERENCES = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
LENGTHS = torch.tensor([11, 4, 1, 7, 11, 2])


@pytest.fixture
def x():
    torch.manual_seed(0)
    inside = torch.arange(11) < LENGTHS[:, None]
    return torch.randn(6, 3, 11) * inside[:, None]


def reference_of(network, design):
    """Return PyTorch's own stack of layers with the weights of a network."""
    settings = {"nonlinearity": design.nonlinearity} if design.cell == "rnn" else {}
    reference = REFERENCES[design.cell](
        design.input_shape[0],
        design.hidden_size,
        num_layers=design.layers,
        bidirectional=design.bidirectional,
        batch_first=True,
        **settings,
    )
    weights = {}
    for place, layer in enumerate(network.layers):
        for direction, suffix in zip(layer.recurrent.directions, ("", "_reverse"), strict=False):
            for name, value in direction.layer.state_dict().items():
                weights[name.replace("_l0", f"_l{place}{suffix}")] = value
    reference.load_state_dict(weights)
    return reference


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("cell", REFERENCES)
def test_it_computes_what_pytorchs_layers_do(x, cell, nonlinearity, bidirectional):
    design = replace(DESIGN, cell=cell, nonlinearity=nonlinearity, bidirectional=bidirectional)
    network = RNNNetwork(design)
    outputs, state = reference_of(network, design)(x.transpose(1, 2))
    hidden = state[0] if cell == "lstm" else state
    # the last layer's final states, forwards and then backwards
    final = torch.cat(list(hidden[-2 if bidirectional else -1 :]), dim=1)
    torch.testing.assert_close(network(x), network.output(final))
    average = replace(design, pooling="mean")
    network.pooling = Pooling(average)
    torch.testing.assert_close(network(x), network.output(outputs.mean(1)))


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("cell", REFERENCES)
def test_with_lengths_it_computes_what_packed_sequences_do(x, cell, pooling):
    design = replace(DESIGN, cell=cell, pooling=pooling)
    network = RNNNetwork(design)
    packed = pack_padded_sequence(
        x.transpose(1, 2), LENGTHS, batch_first=True, enforce_sorted=False
    )
    outputs, state = reference_of(network, design)(packed)
    hidden = state[0] if cell == "lstm" else state
    rows = [row[:n] for row, n in zip(pad_packed_sequence(outputs, True)[0], LENGTHS, strict=True)]
    pooled = {
        "last": torch.cat(list(hidden[-2:]), dim=1),
        "mean": torch.stack([row.mean(0) for row in rows]),
        "max": torch.stack([row.amax(0) for row in rows]),
    }[pooling]
    torch.testing.assert_close(network(x, LENGTHS), network.output(pooled))


@pytest.mark.parametrize("front", ["none", "convolution"])
@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
@pytest.mark.parametrize("connections", ["plain", "residual", "dense"])
def test_what_stands_behind_the_end_is_never_read(x, connections, pooling, front):
    design = replace(
        DESIGN, connections=connections, pooling=pooling, front=front, normalization="layer"
    )
    network = RNNNetwork(design).eval()
    expected = network(x, LENGTHS)
    longer = torch.cat([x, torch.zeros(6, 3, 8)], dim=2)
    torch.testing.assert_close(network(longer, LENGTHS), expected)
    if front == "none":  # convolutions see what is there, which by contract is 0
        outside = torch.arange(11) >= LENGTHS[:, None]
        torch.testing.assert_close(network(x + 9.0 * outside[:, None], LENGTHS), expected)


def test_equal_lengths_are_the_same_as_none(x):
    network = RNNNetwork(replace(DESIGN, front="convolution", pooling="attention"))
    torch.testing.assert_close(network(x, torch.full((6,), 11)), network(x))


def test_attention_is_a_weighted_mean_of_the_steps(x):
    pooling = Pooling(replace(DESIGN, pooling="attention"))
    steps = torch.randn(6, 11, 10)
    for row, length in enumerate(LENGTHS.tolist()):
        part = steps[row, :length]
        weights = pooling.score(torch.tanh(pooling.query(part))).softmax(0)
        torch.testing.assert_close(
            pooling(steps, LENGTHS)[row], (weights * part).sum(0), msg=f"row {row}"
        )


@pytest.mark.parametrize(("connections", "sizes"), [("plain", [3, 10, 10]), ("dense", [3, 13, 23])])
def test_dense_layers_read_all_that_is_before_them(x, connections, sizes):
    network = RNNNetwork(replace(DESIGN, layers=3, connections=connections))
    read = [layer.recurrent.directions[0].layer.input_size for layer in network.layers]
    assert read == sizes
    assert network(x).shape == (6, 4)


def test_residual_layers_add_what_they_read(x):
    network = RNNNetwork(replace(DESIGN, connections="residual", pooling="mean"))
    first = network.layers[0](x.transpose(1, 2), None)
    second = first + network.layers[1](first, None)
    torch.testing.assert_close(network(x), network.output(second.mean(1)))


def test_normalization_follows_the_layer(x):
    torch.manual_seed(0)
    layer = Layer(3, design=replace(DESIGN, normalization="layer"))
    outputs = layer(x.transpose(1, 2), LENGTHS)
    torch.testing.assert_close(outputs.mean(2), torch.zeros(6, 11), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        outputs.var(2, correction=0).min(), torch.tensor(1.0), atol=0.01, rtol=0
    )


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [1, 3, 7])
def test_the_front_divides_steps_and_lengths_rounding_up(x, kernel_size, stride):
    front = Front(3, design=replace(DESIGN, front_kernel_size=kernel_size, front_stride=stride))
    convolved, lengths = front(x.transpose(1, 2), LENGTHS)
    twice = [ceil(ceil(length / stride) / stride) for length in [11, *LENGTHS.tolist()]]
    assert convolved.shape == (6, twice[0], 7)
    assert lengths.tolist() == twice[1:]
    for row, length in enumerate(twice[1:]):
        assert not convolved[row, length:].any()


def test_recurrent_layers_start_as_shared_ones_and_the_output_as_all():
    torch.manual_seed(0)
    network = RNNNetwork(replace(DESIGN, hidden_size=64))
    gate = network.layers[1].recurrent.directions[0].layer.weight_hh_l0[:64]
    torch.testing.assert_close(gate @ gate.T, torch.eye(64), atol=1e-5, rtol=0)
    # 4 x 128 numbers: 5 standard deviations of their spread, wrong once in a million seeds
    assert network.output.weight.std().item() == pytest.approx(128**-0.5, rel=5 / 1024**0.5)


def test_tokens_are_embedded_and_padding_is_nothing():
    design = replace(DESIGN, form="tokens", input_shape=[11], vocabulary=9)
    network = RNNNetwork(design)
    assert not network.embedding.weight[0].any()
    tokens = torch.randint(4, 9, (2, 11))
    embedded = replace(design, form="numbers", input_shape=[6, 11])
    same = RNNNetwork(embedded)
    same.load_state_dict({k: v for k, v in network.state_dict().items() if "embedding" not in k})
    torch.testing.assert_close(network(tokens), same(network.embedding(tokens).transpose(1, 2)))


def test_dropout_falls_on_what_later_layers_and_the_output_read(x):
    torch.manual_seed(0)
    network = RNNNetwork(replace(DESIGN, dropout=0.5))
    assert not torch.equal(network(x), network(x))
    assert torch.equal(network.eval()(x), network(x))
