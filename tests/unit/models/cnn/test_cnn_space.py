from __future__ import annotations

import pytest

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.cnn.module import CNN
from raysearch.models.cnn.space import legal_domains, max_stages, search_space


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


@pytest.mark.parametrize("shape", [(64,), (8, 8), (1, 2, 3, 4)])
@pytest.mark.parametrize("function", [search_space, legal_domains])
def test_what_is_no_image_is_refused_with_a_way_out(function, shape):
    data = DataSpec(task="classification", input_shape=shape, n_outputs=2, n_train=10)
    with pytest.raises(ConfigurationError, match=r"cnn needs images") as error:
        function(data)
    assert str(shape) in str(error.value)
