from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from raysearch.models.cnn.blocks import BLOCKS, Change, Convolution, Dense, Shortcut, block_of
from raysearch.models.shared.sizes import count_parameters
from tests.unit.models.cnn.designs import DESIGN

RESIDUAL = replace(DESIGN, block="basic", connections="residual")
BOTTLENECK = replace(RESIDUAL, block="inverted_bottleneck")


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
@pytest.mark.parametrize("connections", ["plain", "residual"])
def test_blocks_change_the_shape_as_told(x, block, kernel_size, change, shape, connections):
    design = replace(DESIGN, block=block, kernel_size=kernel_size, connections=connections)
    assert block_of(change, design=design)(x).shape == shape


def test_a_plain_block_is_convolution_and_activation(x):
    block = block_of(Change(8, 16, 2), design=DESIGN)
    convolution = block.branch[0][0]
    expected = F.relu(F.conv2d(x, convolution.weight, convolution.bias, stride=2, padding=1))
    torch.testing.assert_close(block(x), expected)


def test_a_basic_block_with_residual_connections_is_resnets(x):
    block = block_of(Change(8, 16, 2), design=replace(RESIDUAL, normalization="batch")).eval()
    first, second = block.branch[0], block.branch[2]
    branch = first[1](F.conv2d(x, first[0].weight, stride=2, padding=1))
    branch = second[1](F.conv2d(F.relu(branch), second[0].weight, padding=1))
    shortcut = block.shortcut[1](F.conv2d(x, block.shortcut[0].weight, stride=2))
    torch.testing.assert_close(block(x), F.relu(branch + shortcut))


def test_a_basic_block_that_keeps_the_shape_adds_its_input(x):
    block = block_of(Change(8, 8), design=RESIDUAL)
    assert isinstance(block.shortcut, nn.Identity)
    torch.testing.assert_close(block(x), F.relu(x + block.branch(x)))


def test_a_depthwise_separable_block_has_mobilenets_parameters():
    design = replace(DESIGN, block="depthwise_separable", normalization="batch")
    block = block_of(Change(8, 16), design=design)
    # kernels of each channel, a matrix across channels, scale and shift of what is normalised
    assert count_parameters(block) == 9 * 8 + 8 * 16 + 2 * (8 + 16)


def test_an_inverted_bottleneck_widens_and_narrows_without_a_last_activation(x):
    block = block_of(Change(8, 8), design=BOTTLENECK)
    widen, depthwise, narrow = (m for m in block.branch if isinstance(m, Convolution))
    assert widen[0].weight.shape == (24, 8, 1, 1)
    assert depthwise[0].weight.shape == (24, 1, 3, 3)
    assert narrow[0].weight.shape == (8, 24, 1, 1)
    inner = F.relu(depthwise(F.relu(widen(x))))
    torch.testing.assert_close(block(x), x + narrow(inner))


@pytest.mark.parametrize("change", [Change(8, 8), Change(8, 12), Change(8, 8, 2)])
@pytest.mark.parametrize("block", BLOCKS)
def test_residual_connections_lead_a_shortcut_around_every_block(x, block, change):
    made = block_of(change, design=replace(DESIGN, block=block, connections="residual"))
    summed = made.shortcut(x) + made.branch(x)
    expected = summed if block == "inverted_bottleneck" else F.relu(summed)
    torch.testing.assert_close(made(x), expected)
    assert isinstance(made.shortcut, nn.Identity) == change.is_none


@pytest.mark.parametrize("connections", ["plain", "dense"])
@pytest.mark.parametrize("block", BLOCKS)
def test_without_residual_connections_no_block_has_a_shortcut(x, block, connections):
    torch.manual_seed(0)
    made = block_of(Change(8, 8), design=replace(DESIGN, block=block, connections=connections))
    assert not any(isinstance(module, Shortcut) for module in made.modules())
    inner = made.branch(x)
    torch.testing.assert_close(made(x), inner if block == "inverted_bottleneck" else F.relu(inner))


def test_a_dense_block_keeps_its_input_and_puts_its_output_behind_it(x):
    block = block_of(Change(8, 4), design=DESIGN)
    y = Dense(block)(x)
    assert y.shape == (2, 12, 9, 7)
    assert torch.equal(y[:, :8], x)
    assert torch.equal(y[:, 8:], block(x))
