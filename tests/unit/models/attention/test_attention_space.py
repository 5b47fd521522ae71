from __future__ import annotations

import pytest

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.attention.module import Transformer
from raysearch.models.attention.space import default_patch_size, legal_domains, search_space


def data(*shape, **settings):
    settings = {"task": "classification", "n_outputs": 10, "n_train": 100, **settings}
    return DataSpec(input_shape=shape, **settings)


WORDS = {"form": "tokens", "vocabulary": 20}
TO_WORDS = {"task": "seq2seq", "target_length": 5}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 1, 1), 1),
        ((1, 8, 8), 2),
        ((1, 28, 28), 4),
        ((1, 32, 32), 4),
        ((3, 33, 32), 8),
        ((1, 1, 100), 2),
        ((3, 8, 16, 16), 4),
        ((2, 64), 1),
        ((2, 65), 2),
    ],
)
def test_default_patches_leave_64_positions_at_most(shape, expected):
    assert default_patch_size(shape, form="numbers") == expected
    (patch_size,) = search_space(data(*shape))["patch_size"]
    assert patch_size.domain.default_value() == expected
    assert legal_domains(data(*shape))["patch_size"].covers(patch_size.domain)


def test_what_is_searched_follows_the_task_and_the_form():
    classes, captions = search_space(data(20, **WORDS)), search_space(data(1, 8, 8, **TO_WORDS))
    assert {"pooling", "loss"} <= set(classes.keys)
    assert {"decoder_depth", "weight_tying", "patch_size"} <= set(captions.keys)
    assert not {"decoder_depth", "weight_tying", "patch_size"} & set(classes.keys)
    assert not {"pooling", "loss", "focal_gamma"} & set(captions.keys)


@pytest.mark.parametrize(
    ("shape", "settings", "message"),
    [
        ((8,), {}, r"the numbers of this data have the shape \(8,\)"),
        ((2, 8), WORDS, r"the tokens of this data have the shape \(2, 8\)"),
        ((1, 2, 3, 4, 5), {}, r"have the shape \(1, 2, 3, 4, 5\)"),
        ((1, 8, 8), {"has_lengths": True}, r"of one size only; .*\(1, 8, 8\) and lengths"),
        ((2, 8), {"form": "tree", "vocabulary": 9}, "the examples of this data are tree"),
        ((1, 8, 8), {"task": "density"}, "this data is for density"),
    ],
)
def test_data_it_cannot_read_are_refused_with_a_reason(shape, settings, message):
    for function in (search_space, legal_domains):
        with pytest.raises(ConfigurationError, match=message):
            function(data(*shape, **settings))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": [1, 8, 8], "patch_size": 9}, "patch_size: 9 lies outside 1 to 8"),
        ({"input_shape": [8], "patch_size": 2, **WORDS}, "patch_size: 2"),
        ({"input_shape": [1, 8, 8], "heads": 0}, "heads: 0 lies outside 1 to 256"),
        ({"input_shape": [1, 8, 8], "positions": "absolute"}, "positions: .*sinusoidal"),
        ({"input_shape": [8], "loss": "mse", **WORDS, **TO_WORDS}, "loss: .*cross_entropy"),
        ({"input_shape": [8], **WORDS, "task": "seq2seq"}, "target_length of 0"),
    ],
)
def test_what_is_not_legal_is_refused_with_what_is(arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        Transformer(n_outputs=10, **arguments)
