from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from raysearch.models.cnn.cells import OPERATIONS as BUILT
from raysearch.models.cnn.cells import Cell
from raysearch.models.cnn.network import CNNNetwork
from raysearch.models.cnn.wiring import CELL_SPACES, OPERATIONS, edge_key, edges
from raysearch.models.shared.sizes import count_parameters
from tests.unit.models.cnn.designs import DESIGN

CELLS = replace(DESIGN, connections="cell")
SHAPES = [(8, 11), (8, 6, 5), (8, 3, 6, 5)]
"""Channels, and the axes of a series, an image and a clip."""


def cell_of(shape=(8, 6, 5), *, design=CELLS, **operations):
    """Return a cell, its edges cut but for those given, as edge_0_1="skip"."""
    cut = {edge_key(edge): "none" for edge in edges(5)}
    return Cell(shape[0], design=replace(design, input_shape=list(shape), **{**cut, **operations}))


def alone(name, shape=(8, 6, 5)):
    """Return a cell that is one operation."""
    return cell_of(shape, edge_0_3=name)


@pytest.fixture
def x():
    torch.manual_seed(0)
    return torch.randn(2, 8, 6, 5)


def test_every_operation_but_none_is_built():
    assert set(OPERATIONS) == {"none", *BUILT}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_keep_the_shape(name, shape):
    x = torch.randn(2, *shape)
    assert alone(name, shape)(x).shape == x.shape


def test_skip_is_the_input_and_none_is_nothing(x):
    assert torch.equal(alone("skip")(x), x)
    assert torch.equal(alone("none")(x), torch.zeros_like(x))


@pytest.mark.parametrize(("name", "size"), [("conv_1", 1), ("conv_3", 3)])
def test_convolutions_follow_their_activation(x, name, size):
    cell = alone(name)
    convolution = cell.operations["edge_0_3"][1][0]
    assert convolution.weight.shape == (8, 8, size, size)
    expected = F.conv2d(F.relu(x), convolution.weight, convolution.bias, padding=size // 2)
    torch.testing.assert_close(cell(x), expected)


@pytest.mark.parametrize(
    ("name", "size", "dilation"),
    [("separable_3", 3, 1), ("separable_5", 5, 1), ("dilated_3", 3, 2)],
)
def test_separable_convolutions_have_a_kernel_for_each_channel(x, name, size, dilation):
    cell = alone(name)
    _, depthwise, across = cell.operations["edge_0_3"]
    assert depthwise.weight.shape == (8, 1, size, size)
    padding = dilation * (size // 2)
    y = F.conv2d(F.relu(x), depthwise.weight, padding=padding, dilation=dilation, groups=8)
    expected = F.conv2d(y, across[0].weight, across[0].bias)
    torch.testing.assert_close(cell(x), expected)


def test_pools_read_only_what_is_there(x):
    average = F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    torch.testing.assert_close(alone("average_pool")(x), average)
    torch.testing.assert_close(alone("max_pool")(x), F.max_pool2d(x, 3, stride=1, padding=1))
    assert torch.equal(alone("average_pool")(torch.ones_like(x)), torch.ones_like(x))


def test_a_node_is_the_sum_of_what_leads_to_it(x):
    cell = cell_of(
        edge_0_1="conv_3", edge_0_2="skip", edge_1_2="conv_1",
        edge_0_3="average_pool", edge_1_3="skip", edge_2_3="max_pool",
    )  # fmt: skip
    operation = cell.operations
    first = operation["edge_0_1"](x)
    second = x + operation["edge_1_2"](first)
    third = operation["edge_0_3"](x) + first + operation["edge_2_3"](second)
    torch.testing.assert_close(cell(x), third)


@pytest.mark.parametrize("cell_space", CELL_SPACES)
def test_the_choice_of_each_edge_has_an_effect(x, cell_space):
    chosen = edges(CELL_SPACES[cell_space])
    all_skip = {edge_key(edge): "skip" for edge in chosen}
    design = replace(CELLS, cell_space=cell_space)
    before = cell_of(design=design, **all_skip)(x)
    for edge in chosen:
        for name in ("none", "average_pool"):
            after = cell_of(design=design, **{**all_skip, edge_key(edge): name})(x)
            assert not torch.allclose(before, after), (edge, name)


def test_every_operation_has_an_effect_of_its_own(x):
    torch.manual_seed(0)
    outputs = [alone(name)(x) for name in OPERATIONS]
    for number, output in enumerate(outputs):
        assert all(not torch.allclose(output, other) for other in outputs[number + 1 :])


def test_edges_of_the_fifth_node_have_no_effect_on_smaller_cells(x):
    assert torch.equal(cell_of(edge_0_3="skip", edge_0_4="conv_3", edge_3_4="conv_3")(x), x)


def test_what_leads_nowhere_is_not_built():
    cell = cell_of(edge_0_1="conv_3", edge_0_3="skip", edge_2_3="conv_3")
    assert count_parameters(cell) == 0
    assert list(cell.operations) == ["edge_0_3"]


@pytest.mark.parametrize(
    ("normalization", "pooling"), [("batch", "stride"), ("group", "max"), ("none", "max")]
)
def test_a_network_of_cells_that_are_cut_off_can_still_be_trained(normalization, pooling):
    torch.manual_seed(0)
    cut = {edge_key(edge): "none" for edge in edges(5)}
    design = replace(CELLS, normalization=normalization, pooling=pooling, **cut)
    network = CNNNetwork(design)
    x, targets = torch.randn(6, 3, 9, 7), torch.tensor([0, 0, 0, 1, 1, 2])
    outputs = network(x)
    torch.testing.assert_close(outputs, outputs[:1].expand(6, -1))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.2)
    for _ in range(60):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(x), targets)
        loss.backward()
        optimizer.step()
    # it learns how frequent the classes are, and no more
    shares = torch.tensor([3, 2, 1]) / 6
    assert loss.item() == pytest.approx(-(shares * shares.log()).sum().item(), abs=0.02)
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize("width_growth", [1.0, 2.0])
def test_cells_stand_behind_a_convolution_where_the_width_changes(width_growth):
    network = CNNNetwork(replace(CELLS, width_growth=width_growth, pooling="max", stages=2))
    kinds = [[type(m) for m in stage] for stage in network.stages]
    between = [] if width_growth == 1.0 else [nn.Sequential]
    assert kinds == [[Cell, Cell], [nn.MaxPool2d, *between, Cell, Cell]]


def test_the_default_cell_is_a_chain_with_shortcuts(x):
    cell = Cell(8, design=replace(CELLS, input_shape=[8, 6, 5]))
    assert list(cell.operations) == [
        edge_key(edge) for edge in [(0, 1), (0, 2), (1, 2), (0, 3), (2, 3)]
    ]
    operation = cell.operations
    inner = x + operation["edge_1_2"](operation["edge_0_1"](x))
    torch.testing.assert_close(cell(x), x + operation["edge_2_3"](inner))


@pytest.mark.parametrize("cell_space", CELL_SPACES)
def test_signals_of_networks_of_cells_stay_in_size_behind_the_last(cell_space):
    torch.manual_seed(0)
    skips = {edge_key(edge): "skip" for edge in edges(5)}
    design = replace(CELLS, cell_space=cell_space, normalization="batch", blocks_per_stage=3)
    network = CNNNetwork(replace(design, **skips))
    x = network.last(network.stages(network.stem(torch.randn(8, 3, 9, 7))))
    assert math.isfinite(x.std().item())
    assert 0.1 < x.std().item() < 3
