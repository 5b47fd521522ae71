"""Does each epoch draw from seeds of its own, whenever Lightning makes its iterators?"""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from raysearch.training.seeding import RandomState, SeededLoader, Seeds

pytestmark = pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec:FutureWarning")

SEEDS = {"seed": 0, "trial": "0007", "repeat": 0}


def draws():
    """Return one draw from each global generator."""
    return random.random(), np.random.rand(), torch.rand(()).item()  # noqa: NPY002


@pytest.fixture(autouse=True)
def generators_as_before():
    state = RandomState.read()
    yield
    state.restore()


def drawn(*, epoch, part="hooks", **changes):
    Seeds(**{**SEEDS, **changes}).apply(epoch=epoch, part=part)
    return draws()


def test_the_same_seeds_give_the_same_draws():
    assert drawn(epoch=3) == drawn(epoch=3)


def test_every_ingredient_changes_every_generator():
    first = drawn(epoch=3)
    others = [
        drawn(epoch=4),
        drawn(epoch=3, part="batches"),
        drawn(epoch=3, seed=1),
        drawn(epoch=3, trial="0008"),
        drawn(epoch=3, repeat=1),
    ]
    for generator in range(3):
        values = [draw[generator] for draw in (first, *others)]
        assert len(set(values)) == len(values)


def test_a_state_goes_on_where_it_was_read():
    state = RandomState.read()
    expected = draws()
    drawn(epoch=1)
    state.restore()
    assert draws() == expected


class Counter:
    """Seeds for epoch after epoch, as a callback would have it."""

    def __init__(self):
        self.epoch = 1

    def __call__(self):
        Seeds(**SEEDS).apply(epoch=self.epoch, part="batches")


def order(loader):
    return [batch.tolist() for batch, _, _ in loader]


def make_loader(counter):
    return SeededLoader(DataLoader(range(20), batch_size=5, shuffle=True), seed=counter)


def test_what_is_drawn_between_iterator_and_first_batch_does_not_matter():
    loader = make_loader(Counter())
    expected = order(iter(loader))
    torch.manual_seed(99)
    iterator = iter(loader)
    drawn(epoch=17)
    assert order_of_started(iterator) == expected


def order_of_started(iterator):
    batches = []
    while True:
        try:
            batches.append(next(iterator)[0].tolist())
        except StopIteration:
            return batches


def test_dropout_of_the_first_batch_follows_from_the_epoch():
    loader = make_loader(Counter())
    after_first_batch = []
    for noise in (1, 2):
        iterator = iter(loader)
        torch.manual_seed(noise)
        next(iterator)
        after_first_batch.append(draws())
    assert after_first_batch[0] == after_first_batch[1]


def test_every_epoch_has_an_order_of_its_own():
    counter = Counter()
    loader = make_loader(counter)
    first = order(loader)
    counter.epoch = 2
    assert order(loader) != first


def test_it_is_to_lightning_what_lightnings_own_is():
    loaders = {"a": DataLoader(range(6), batch_size=2), "b": DataLoader(range(9), batch_size=3)}
    loader = SeededLoader(loaders, seed=lambda: None)
    assert loader.iterables == loaders
    batches = [batch for batch, _, _ in loader]
    assert [set(batch) for batch in batches] == [{"a", "b"}] * 3
    assert batches[1]["b"].tolist() == [3, 4, 5]
    assert len(loader) == 3
