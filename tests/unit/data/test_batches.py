"""Do the batch sizes that are offered fit into the training split, however few examples it has?"""

from __future__ import annotations

import pytest

from raysearch.data.batches import batch_sizes_among
from raysearch.data.images import space as images
from raysearch.data.listops import space as listops
from raysearch.data.pairs import space as pairs
from raysearch.data.scenes import space as scenes
from raysearch.data.text import space as text
from raysearch.data.trees import space as trees
from raysearch.data_spec import DataSpec

KEY = "data.batch_size"


def spec(n_train):
    return DataSpec(task="regression", input_shape=(3,), n_outputs=1, n_train=n_train)


def searched(space, data):
    ((entry),) = space.search_space(data)[KEY]
    return entry.domain


@pytest.mark.parametrize("n_train", [1, 2, 7, 8, 31, 33, 999, 20_000])
@pytest.mark.parametrize("space", [images, listops, pairs, scenes, text, trees])
def test_what_is_searched_is_legal(space, n_train):
    data = spec(n_train)
    assert space.legal_domains(data)[KEY].covers(searched(space, data))


@pytest.mark.parametrize("space", [listops, scenes])
def test_what_is_searched_is_legal_at_the_fewest_examples(space):
    fewest = space.ARGUMENTS["n_examples"].low
    data = space.data_spec(n_examples=fewest, validation=0.25, test=0.25)
    assert data.n_train == fewest - 2 * round(fewest / 4)
    assert space.legal_domains(data)[KEY].covers(searched(space, data))


@pytest.mark.parametrize("space", [pairs, trees])
def test_the_second_size_is_the_default_where_it_fits(space):
    assert [searched(space, spec(n)).default for n in (1, 8, 900, 20_000)] == [2, 8, 16, 64]


@pytest.mark.parametrize(
    ("n_train", "sizes", "default"),
    [(256, (32, 64, 128, 256), 128), (127, (32, 64), 64), (20, (20,), 20), (1, (2,), 2)],
)
def test_the_default_is_the_wished_one_or_the_largest_that_fits(n_train, sizes, default):
    found = batch_sizes_among([32, 64, 128, 256], spec(n_train), default=128)
    assert (found.values, found.default) == (sizes, default)
