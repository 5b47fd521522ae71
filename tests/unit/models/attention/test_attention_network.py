from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from raysearch.models.attention.encoder import Encoded
from raysearch.models.attention.network import EncoderNetwork, Pooling

POOLINGS = ["mean", "max", "class_token", "attention"]


def series(design, **changes):
    return replace(design, form="numbers", vocabulary=0, input_shape=[2, 10], **changes)


@pytest.fixture
def memory():
    torch.manual_seed(0)
    return torch.randn(3, 6, 8)


@pytest.mark.parametrize("kind", POOLINGS)
def test_pooling_takes_what_there_is(kind, design, memory):
    pooling = Pooling(replace(design, pooling=kind))
    mask = torch.arange(6) < torch.tensor([[2], [5], [6]])
    pooled = pooling(Encoded(memory, mask))
    for row, length in enumerate((2, 5, 6)):
        real = memory[row : row + 1, :length]
        expected = {
            "mean": real.mean(1),
            "max": real.amax(1),
            "class_token": real[:, 0],
        }.get(kind, pooling(Encoded(real, None)))
        torch.testing.assert_close(pooled[row : row + 1], expected)
    torch.testing.assert_close(pooling(Encoded(memory, None))[2], pooled[2])


def test_attention_pooling_is_a_mean_with_weights(design, memory):
    pooling = Pooling(replace(design, pooling="attention"))
    weights = (memory @ pooling.score.weight[0] + pooling.score.bias).softmax(1)
    torch.testing.assert_close(
        pooling(Encoded(memory, None)), torch.einsum("bn,bnw->bw", weights, memory)
    )


@pytest.mark.parametrize("kind", POOLINGS)
@pytest.mark.parametrize("positions", ["sinusoidal", "learnt", "rotary"])
@pytest.mark.parametrize(("patch_size", "stem"), [(1, "linear"), (3, "linear"), (3, "convolution")])
def test_padding_never_changes_a_result(kind, positions, patch_size, stem, design):
    changed = series(design, pooling=kind, positions=positions, patch_size=patch_size, stem=stem)
    network = EncoderNetwork(changed).eval()
    torch.nn.init.normal_(network.encoder.inputs.linear.bias)
    if stem == "convolution":
        torch.nn.init.normal_(network.encoder.inputs.stem.first.bias)
    torch.manual_seed(1)
    lengths = torch.tensor([1, 3, 4, 10])
    x = torch.randn(4, 2, 10).masked_fill(torch.arange(10) >= lengths[:, None, None], 0)
    together = network(x, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = network(x[row : row + 1, :, :length], lengths[row : row + 1])
        torch.testing.assert_close(alone[0], together[row], rtol=1e-4, atol=1e-5)
        without = network(x[row : row + 1, :, :length])
        torch.testing.assert_close(without, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("positions", ["sinusoidal", "learnt", "rotary"])
@pytest.mark.parametrize("norm_placement", ["pre", "post"])
def test_order_matters(positions, norm_placement, design):
    network = EncoderNetwork(replace(design, positions=positions, norm_placement=norm_placement))
    forwards, backwards = network(torch.tensor([[4, 5, 6, 7], [7, 6, 5, 4]]))
    assert (forwards - backwards).abs().max() > 1e-3


@pytest.mark.parametrize("positions", ["sinusoidal", "learnt", "rotary"])
def test_where_a_patch_is_in_an_image_matters_along_both_sides(positions, design):
    image = replace(design, form="numbers", input_shape=[1, 6, 6], patch_size=2, heads=1)
    network = EncoderNetwork(replace(image, positions=positions))
    x = torch.zeros(3, 1, 6, 6)
    x[:, 0, :2, :2] = torch.rand(2, 2)
    x[0, 0, :2, 4:] = x[1, 0, 4:, :2] = x[2, 0, 4:, 4:] = 1.0
    outputs = network(x)
    assert torch.pdist(outputs).min() > 1e-4


def test_a_class_token_is_one_more_position(design):
    network = EncoderNetwork(replace(design, pooling="class_token", positions="learnt"))
    assert network.encoder.positions.learnt.shape == (6, 8)
    encoded = network.encoder(torch.tensor([[4, 5, 0], [4, 5, 6]]), torch.tensor([2, 3]))
    assert encoded.memory.shape == (2, 4, 8)
    assert encoded.mask.tolist() == [[True, True, True, False], [True, True, True, True]]
    network.encoder.class_token.data.neg_()
    other = network.encoder(torch.tensor([[4, 5, 0], [4, 5, 6]]), torch.tensor([2, 3]))
    assert not torch.allclose(encoded.memory[:, 0], other.memory[:, 0])


def test_a_longer_example_than_the_data_have_is_refused(design):
    with pytest.raises(ValueError, match=r"has 6 positions, but .* at most 5"):
        EncoderNetwork(design)(torch.full((1, 6), 4))


def test_dropout_draws_in_training_alone(design):
    network = EncoderNetwork(replace(design, dropout=0.5, attention_dropout=0.5))
    x = torch.tensor([[4, 5, 6, 7]])
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))
