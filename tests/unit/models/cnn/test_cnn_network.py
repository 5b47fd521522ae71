from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from raysearch.models.cnn.network import (
    BLOCKS,
    Change,
    CNNDesign,
    CNNNetwork,
    Convolution,
    DepthwiseSeparableBlock,
    InvertedBottleneckBlock,
    PlainBlock,
    ResidualBlock,
    stage_widths,
)

DESIGN = CNNDesign(
    input_shape=[3, 9, 7],
    n_outputs=5,
    block="plain",
    expansion=3,
    stages=3,
    blocks_per_stage=2,
    width=8,
    width_growth=2.0,
    pooling="stride",
    kernel_size=3,
    normalization="none",
    activation="relu",
    head_pooling="average",
    dropout=0.0,
)


def n_parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture
def x():
    torch.manual_seed(0)
    return torch.randn(2, 8, 9, 7)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("kernel_size", [1, 3, 5, 9])
@pytest.mark.parametrize(
    ("change", "shape"),
    [
        (Change(8, 8), (2, 8, 9, 7)),
        (Change(8, 12), (2, 12, 9, 7)),
        (Change(8, 8, 2), (2, 8, 5, 4)),
        (Change(8, 16, 2), (2, 16, 5, 4)),
    ],
)
def test_blocks_change_the_shape_as_told(x, block, kernel_size, change, shape):
    assert BLOCKS[block](change, design=replace(DESIGN, kernel_size=kernel_size))(x).shape == shape


def test_a_plain_block_is_convolution_and_activation(x):
    block = PlainBlock(Change(8, 16, 2), design=DESIGN)
    convolution = block[0][0]
    expected = F.relu(F.conv2d(x, convolution.weight, convolution.bias, stride=2, padding=1))
    torch.testing.assert_close(block(x), expected)


def test_a_residual_block_is_resnets_basic_block(x):
    block = ResidualBlock(Change(8, 16, 2), design=replace(DESIGN, normalization="batch")).eval()
    first, second = block.branch[0], block.branch[2]
    branch = first[1](F.conv2d(x, first[0].weight, stride=2, padding=1))
    branch = second[1](F.conv2d(F.relu(branch), second[0].weight, padding=1))
    shortcut = block.shortcut[1](F.conv2d(x, block.shortcut[0].weight, stride=2))
    torch.testing.assert_close(block(x), F.relu(branch + shortcut))


def test_a_residual_block_that_keeps_the_shape_adds_its_input(x):
    block = ResidualBlock(Change(8, 8), design=DESIGN)
    assert isinstance(block.shortcut, nn.Identity)
    torch.testing.assert_close(block(x), F.relu(x + block.branch(x)))


def test_a_depthwise_separable_block_has_mobilenets_parameters():
    block = DepthwiseSeparableBlock(Change(8, 16), design=replace(DESIGN, normalization="batch"))
    # kernels of each channel, a matrix across channels, scale and shift of what is normalised
    assert n_parameters(block) == 9 * 8 + 8 * 16 + 2 * (8 + 16)


def test_an_inverted_bottleneck_widens_and_narrows_without_a_last_activation(x):
    block = InvertedBottleneckBlock(Change(8, 8), design=DESIGN)
    widen, depthwise, narrow = (m for m in block.branch if isinstance(m, Convolution))
    assert widen[0].weight.shape == (24, 8, 1, 1)
    assert depthwise[0].weight.shape == (24, 1, 3, 3)
    assert narrow[0].weight.shape == (8, 24, 1, 1)
    inner = F.relu(depthwise(F.relu(widen(x))))
    torch.testing.assert_close(block(x), x + narrow(inner))


@pytest.mark.parametrize(
    ("change", "has_shortcut"),
    [(Change(8, 8), True), (Change(8, 12), False), (Change(8, 8, 2), False)],
)
def test_an_inverted_bottleneck_has_a_shortcut_only_where_the_shape_stays(change, has_shortcut):
    assert InvertedBottleneckBlock(change, design=DESIGN).has_shortcut is has_shortcut


@pytest.mark.parametrize("pooling", ["stride", "max", "average"])
@pytest.mark.parametrize("block", BLOCKS)
def test_each_stage_but_the_first_halves_the_image_rounding_up(pooling, block):
    network = CNNNetwork(replace(DESIGN, pooling=pooling, block=block))
    x, shapes = network.stem(torch.randn(2, 3, 9, 7)), []
    for stage in network.stages:
        x = stage(x)
        shapes.append(tuple(x.shape))
    assert shapes == [(2, 8, 9, 7), (2, 16, 5, 4), (2, 32, 3, 2)]


@pytest.mark.parametrize("block", BLOCKS)
def test_stages_have_the_number_of_blocks_asked_for(block):
    network = CNNNetwork(replace(DESIGN, block=block, blocks_per_stage=2))
    kind = BLOCKS[block]
    assert [sum(isinstance(m, kind) for m in stage) for stage in network.stages] == [2, 2, 2]


@pytest.mark.parametrize(
    ("width", "growth", "stages", "widths"),
    [
        (16, 2.0, 1, (16,)),
        (16, 2.0, 4, (16, 32, 64, 128)),
        (10, 1.0, 3, (10, 8, 8)),
        (8, 1.25, 4, (8, 8, 16, 16)),
        (1, 1.0, 2, (1, 8)),
    ],
)
def test_widths_grow_in_multiples_of_eight(width, growth, stages, widths):
    assert stage_widths(width=width, growth=growth, stages=stages) == widths


@pytest.mark.parametrize(("head_pooling", "pool"), [("average", torch.mean), ("max", torch.amax)])
def test_the_head_pools_all_pixels_left(head_pooling, pool):
    network = CNNNetwork(replace(DESIGN, head_pooling=head_pooling))
    x = torch.randn(2, 3, 9, 7)
    pooled = pool(network.stages(network.stem(x)), dim=(2, 3))
    torch.testing.assert_close(network(x), network.output(pooled))


def test_average_pooling_counts_only_the_pixels_that_are_there():
    network = CNNNetwork(replace(DESIGN, pooling="average"))
    halving = network.stages[1][0]
    assert torch.equal(halving(torch.ones(1, 8, 3, 3)), torch.ones(1, 8, 2, 2))


@pytest.mark.parametrize("normalization", ["batch", "group", "none"])
@pytest.mark.parametrize("block", ["residual", "inverted_bottleneck"])
def test_signals_of_deep_residual_networks_stay_in_size(block, normalization):
    torch.manual_seed(0)
    design = replace(
        DESIGN, block=block, normalization=normalization, stages=1, blocks_per_stage=30
    )
    network = CNNNetwork(design)
    x = network.stages(network.stem(torch.randn(4, 3, 9, 7)))
    assert 0.1 < x.std().item() < 30
