from __future__ import annotations

import pytest

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.rnn.space import legal_domains, search_space


def data(*shape, **settings):
    return DataSpec(task="classification", input_shape=shape, n_outputs=3, n_train=30, **settings)


def test_what_the_front_is_like_matters_only_where_it_is():
    space = search_space(data(1, 128))
    of_front = {"front_layers", "front_channels", "front_kernel_size", "front_stride", "activation"}
    assert not of_front & set(space.default())
    assert of_front <= set(space.replaced({"front": "convolution"}).default())


def test_connections_matter_only_between_layers():
    space = search_space(data(1, 128))
    assert "connections" not in space.replaced({"layers": 1}).default()
    assert "connections" in space.replaced({"layers": 2}).default()


def test_only_tokens_are_embedded():
    tokens = data(20, form="tokens", vocabulary=11, has_lengths=True)
    assert "embedding_size" in search_space(tokens).default()
    assert "embedding_size" not in search_space(data(1, 20)).default()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (data(128), r"\(channels, steps\).*\(128,\)"),
        (data(3, 8, 8), r"\(channels, steps\).*\(3, 8, 8\)"),
        (data(20, form="tokens", vocabulary=3), r"vocabulary of more than 3, not 3"),
        (data(2, 20, form="tokens", vocabulary=11), r"tokens of shape \(steps,\)"),
    ],
)
@pytest.mark.parametrize("function", [search_space, legal_domains])
def test_what_is_no_series_is_refused_with_its_shape(function, wrong, named):
    with pytest.raises(ConfigurationError, match=f"rnn .*{named}"):
        function(wrong)
