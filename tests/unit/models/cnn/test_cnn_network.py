from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from raysearch.models.cnn.blocks import BLOCKS, Dense, Shortcut
from raysearch.models.cnn.cells import Cell
from raysearch.models.cnn.network import CNNNetwork, fitted, stage_widths
from raysearch.models.shared.sizes import count_parameters
from tests.unit.models.cnn.designs import DESIGN


@pytest.mark.parametrize("pooling", ["stride", "max", "average"])
@pytest.mark.parametrize("connections", ["plain", "residual", "dense", "cell"])
@pytest.mark.parametrize("block", BLOCKS)
def test_each_stage_but_the_first_halves_the_image_rounding_up(pooling, block, connections):
    design = replace(DESIGN, pooling=pooling, block=block, connections=connections)
    network = CNNNetwork(design)
    x, shapes = network.stem(torch.randn(2, 3, 9, 7)), []
    for stage in network.stages:
        x = stage(x)
        shapes.append(tuple(x.shape))
    # two blocks of a dense stage add half of its width each
    factor = 2 if connections == "dense" else 1
    assert shapes == [
        (2, 8 * factor, 9, 7),
        (2, 16 * factor, 5, 4),
        (2, 32 * factor, 3, 2),
    ]


@pytest.mark.parametrize("connections", ["plain", "residual", "dense", "cell"])
def test_stages_have_the_number_of_blocks_asked_for(connections):
    design = replace(DESIGN, connections=connections, blocks_per_stage=3)
    kind = {"plain": nn.ReLU, "residual": Shortcut, "dense": Dense, "cell": Cell}[connections]
    stages = CNNNetwork(design).stages
    # between stages a dense network and one of cells have something else
    found = [sum(isinstance(m, kind) for m in list(stage.modules())[1:]) for stage in stages]
    assert found == [3, 3, 3]


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
@pytest.mark.parametrize("block", ["basic", "inverted_bottleneck"])
def test_signals_of_deep_residual_networks_stay_in_size(block, normalization):
    torch.manual_seed(0)
    deep = replace(DESIGN, connections="residual", stages=1, blocks_per_stage=30)
    design = replace(deep, block=block, normalization=normalization)
    network = CNNNetwork(design)
    x = network.stages(network.stem(torch.randn(4, 3, 9, 7)))
    assert 0.1 < x.std().item() < 30


SERIES = replace(DESIGN, input_shape=[2, 21], pooling="max")
CLIPS = replace(DESIGN, input_shape=[1, 3, 9, 8], pooling="max")


@pytest.mark.parametrize("normalization", ["batch", "group", "none"])
@pytest.mark.parametrize("pooling", ["stride", "max", "average"])
@pytest.mark.parametrize("connections", ["plain", "residual", "dense", "cell"])
@pytest.mark.parametrize(
    ("design", "sizes"),
    [(SERIES, [(21,), (11,), (6,)]), (CLIPS, [(3, 9, 8), (2, 5, 4), (1, 3, 2)])],
    ids=["series", "clips"],
)
def test_every_axis_is_halved(design, sizes, connections, pooling, normalization):
    settings = {"connections": connections, "pooling": pooling, "normalization": normalization}
    network = CNNNetwork(replace(design, **settings))
    x = torch.randn(2, *design.input_shape)
    assert network(x).shape == (2, 5)
    x, found = network.stem(x), []
    for stage in network.stages:
        x = stage(x)
        found.append(tuple(x.shape[2:]))
    assert found == sizes


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("connections", ["plain", "residual", "dense", "cell"])
def test_an_image_of_one_row_is_a_series_when_kernels_have_one_row(block, connections):
    """Kernels of images whose outer rows are zero are those of series: parity across axes."""
    settings = {"connections": connections, "block": block, "pooling": "stride"}
    series = CNNNetwork(replace(SERIES, **settings))
    images = CNNNetwork(replace(SERIES, input_shape=[2, 1, 21], **settings))
    for ours, theirs in zip(series.parameters(), images.parameters(), strict=True):
        if ours.dim() == 3:
            theirs.data.zero_()
            theirs.data[:, :, theirs.shape[2] // 2] = ours.data
        else:
            theirs.data.copy_(ours.data)
    x = torch.randn(3, 2, 21)
    torch.testing.assert_close(series(x), images(x[:, :, None]))


def test_a_plain_network_is_a_chain_of_torchs_layers():
    torch.manual_seed(0)
    network = CNNNetwork(replace(DESIGN, normalization="batch", pooling="max", blocks_per_stage=1))
    channels, layers = 3, []
    for number, width in enumerate([8, 8, 16, 32]):
        layers += [nn.MaxPool2d(2, ceil_mode=True)] if number > 1 else []
        convolution = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(width), nn.ReLU()]
        channels = width
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 5)]
    reference = nn.Sequential(*layers)
    values = network.state_dict().values()
    reference.load_state_dict(dict(zip(reference.state_dict(), values, strict=True)))
    x = torch.randn(4, 3, 9, 7)
    torch.testing.assert_close(network(x), reference(x))


@pytest.mark.parametrize(
    ("growth_rate", "added", "channels"),
    [(0.5, [4, 8], [[8, 12], [16, 24]]), (1.0, [8, 16], [[8, 16], [16, 32]])],
)
def test_dense_blocks_read_all_channels_before_them(growth_rate, added, channels):
    settings = {"connections": "dense", "growth_rate": growth_rate, "stages": 2}
    network = CNNNetwork(replace(DESIGN, **settings))
    for stage, grown, read in zip(network.stages, added, channels, strict=True):
        convolutions = [m.block.branch[0][0] for m in stage if isinstance(m, Dense)]
        assert [c.in_channels for c in convolutions] == read
        assert {c.out_channels for c in convolutions} == {grown}
    assert network.output.in_features == 16 + 2 * added[1]


def test_between_dense_stages_channels_come_down_to_the_width():
    network = CNNNetwork(replace(DESIGN, connections="dense", pooling="max", blocks_per_stage=3))
    convolution = network.stages[1][1][0][0]
    # 8 and three times 4 channels of the first stage to the 16 of the second
    assert convolution.weight.shape == (16, 20, 1, 1)


@pytest.mark.parametrize("connections", ["plain", "residual", "dense", "cell"])
@pytest.mark.parametrize("n_parameters", [3_000, 60_000])
def test_widths_are_those_that_a_number_of_parameters_asks_for(connections, n_parameters):
    design = replace(DESIGN, connections=connections, n_parameters=n_parameters)
    network = CNNNetwork(fitted(design))
    # one channel more in the last stage, of w, changes the parameters by about 2 / w, and may bring
    # one more to the others: the nearest number is half of both away at most
    widths = stage_widths(width=fitted(design).width, growth=2.0, stages=3, multiple=1)
    assert count_parameters(network) == pytest.approx(n_parameters, rel=2.0 / widths[-1])


def test_without_a_number_of_parameters_the_width_stays():
    assert fitted(DESIGN) is DESIGN
