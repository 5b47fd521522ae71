from __future__ import annotations

import inspect

import pytest
import torch

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.cnn.module import CNN
from raysearch.models.cnn.space import legal_domains, max_stages, search_space
from raysearch.models.cnn.wiring import DEFAULTS, NAS_BENCH_201, OPERATIONS, edge_key
from raysearch.space import Space


def image(height, width):
    return DataSpec(
        task="classification", input_shape=(3, height, width), n_outputs=10, n_train=1000
    )


@pytest.mark.parametrize(
    ("size", "recommended", "legal"),
    [
        ((1, 1), (1, 1), 1),
        ((2, 2), (1, 1), 2),
        ((4, 4), (2, 2), 3),
        ((8, 8), (2, 3), 4),
        ((28, 28), (2, 4), 5),
        ((224, 32), (2, 4), 6),
    ],
)
def test_the_image_bounds_the_stages(size, recommended, legal):
    (stages,) = search_space(image(*size))["stages"]
    assert (stages.domain.low, stages.domain.high) == recommended
    assert max_stages(image(*size)) == legal
    assert legal_domains(image(*size))["stages"].contains(legal)
    assert not legal_domains(image(*size))["stages"].contains(legal + 1)


def test_more_stages_than_the_image_has_halvings_are_refused():
    with pytest.raises(ConfigurationError, match=r"CNN, stages: 4 lies outside 1 to 3\."):
        CNN(input_shape=[1, 4, 4], n_outputs=2, stages=4)


def test_expansion_belongs_to_the_inverted_bottleneck():
    space = search_space(image(8, 8))
    assert "expansion" not in space.default()
    assert "expansion" in space.replaced({"block": "inverted_bottleneck"}).default()


@pytest.mark.parametrize("shape", [(64,), (1, 2, 3, 4, 5)])
@pytest.mark.parametrize("function", [search_space, legal_domains])
def test_what_has_no_channels_or_too_many_axes_is_refused_with_a_way_out(function, shape):
    data = DataSpec(task="classification", input_shape=shape, n_outputs=2, n_train=10)
    with pytest.raises(ConfigurationError, match=r"cnn needs images") as error:
        function(data)
    assert str(shape) in str(error.value)


@pytest.mark.parametrize(
    ("shape", "legal"), [((2, 1), 1), ((2, 140), 8), ((1, 1, 8, 8), 4), ((1, 16, 9, 4), 3)]
)
def test_steps_of_series_and_pixels_of_clips_bound_the_stages(shape, legal):
    data = DataSpec(task="classification", input_shape=shape, n_outputs=3, n_train=10)
    assert max_stages(data) == legal
    cnn = CNN(input_shape=shape, n_outputs=3, stages=legal)
    assert cnn(torch.zeros(2, *shape)).shape == (2, 3)


@pytest.mark.parametrize(
    ("cell_space", "n_edges", "operations"),
    [("nas_bench_201", 6, NAS_BENCH_201), ("large", 10, OPERATIONS)],
)
def test_each_edge_of_a_cell_is_a_choice_of_its_own(cell_space, n_edges, operations):
    space = search_space(image(8, 8)).replaced({"connections": "cell", "cell_space": cell_space})
    chosen = [p for p in space.parameters if p.key.startswith("edge_")]
    assert len(chosen) == n_edges
    assert all(p.domain.values == operations for p in chosen)
    for parameter in chosen:
        assert space.default()[parameter.key] == parameter.domain.default_value()
    size = Space({p.key: p.domain for p in chosen}).grid_size()
    assert size == len(operations) ** n_edges


def test_cells_have_no_blocks_and_blocks_no_cells():
    space = search_space(image(8, 8))
    default, cell = space.default(), space.replaced({"connections": "cell"}).default()
    of_blocks = {"block", "kernel_size"}
    assert of_blocks <= set(default)
    assert not of_blocks & set(cell)
    assert "cell_space" in cell
    assert not any(key.startswith("edge_") or key == "cell_space" for key in default)


def test_the_growth_rate_belongs_to_dense_connections():
    space = search_space(image(8, 8))
    assert "growth_rate" not in space.default()
    assert space.replaced({"connections": "dense"}).default()["growth_rate"] == 0.5


def test_defaults_of_edges_are_the_constructors():
    constructor = inspect.signature(CNN).parameters
    stated = {key: p.default for key, p in constructor.items() if key.startswith("edge_")}
    assert stated == {edge_key(edge): operation for edge, operation in DEFAULTS.items()}


def test_shortcuts_are_the_connections_and_no_kind_of_block():
    blocks = search_space(image(8, 8))["block"][0].domain
    legal = legal_domains(image(8, 8))["block"]
    assert blocks.values == legal.values
    with pytest.raises(ConfigurationError, match=r"CNN, block: residual .*basic"):
        CNN(input_shape=[1, 4, 4], n_outputs=2, stages=2, block="residual")


def test_an_operation_that_does_not_exist_is_refused_with_a_way_out():
    with pytest.raises(ConfigurationError, match=r"edge_0_1: conv_4 .*conv_3") as error:
        CNN(input_shape=[1, 4, 4], n_outputs=2, connections="cell", edge_0_1="conv_4")
    assert "CNN" in str(error.value)
