"""Does each epoch draw from seeds of its own, whenever Lightning makes its iterators?"""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from pytorch_lightning.utilities import CombinedLoader
from torch.utils.data import DataLoader

from raysearch.training.namespace import PYTORCH_LIGHTNING
from raysearch.training.seeding import ExactTraining, RandomState, Seeds

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


def exact_training():
    """Return what governs the loaders of a fit; its epochs are counted by the test."""
    return PYTORCH_LIGHTNING.derive(ExactTraining, part="callbacks:Callback")(
        Seeds(**SEEDS), namespace=PYTORCH_LIGHTNING
    )


def order(loader):
    return [batch.tolist() for batch, _, _ in loader]


def make_loader(exact=None):
    loader = DataLoader(range(20), batch_size=5, shuffle=True)
    return (exact or exact_training()).governed(loader)


def test_what_is_drawn_between_iterator_and_first_batch_does_not_matter():
    loader = make_loader()
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
    loader = make_loader()
    after_first_batch = []
    for noise in (1, 2):
        iterator = iter(loader)
        torch.manual_seed(noise)
        next(iterator)
        after_first_batch.append(draws())
    assert after_first_batch[0] == after_first_batch[1]


def test_every_epoch_has_an_order_of_its_own():
    exact = exact_training()
    loader = make_loader(exact)
    first = order(loader)
    exact.trained = 1
    assert order(loader) != first


def test_it_is_to_lightning_what_lightnings_own_is():
    loaders = {"a": DataLoader(range(6), batch_size=2), "b": DataLoader(range(9), batch_size=3)}
    loader = exact_training().governed(loaders)
    assert loader.iterables == loaders
    batches = [batch for batch, _, _ in loader]
    assert [set(batch) for batch in batches] == [{"a", "b"}] * 3
    assert batches[1]["b"].tolist() == [3, 4, 5]
    assert len(loader) == 3


def test_a_mode_of_the_users_choice_is_left_to_him():
    loader = CombinedLoader({"a": [1, 2]}, mode="min_size")
    assert exact_training().governed(loader) is loader


def test_the_batches_after_a_round_have_draws_of_their_own():
    exact = exact_training()
    loader = make_loader(exact)
    drawn_after = []
    for number in (1, 2, 1):
        iterator = iter(loader)
        next(iterator)
        exact.end_round(number)
        next(iterator)
        drawn_after.append(draws())
    assert drawn_after[0] == drawn_after[2] != drawn_after[1]


def test_batches_that_were_trained_on_are_passed_over():
    exact = exact_training()
    expected = order(make_loader(exact))
    part = {"epochs": 0, "rounds": 3, "batches": 2, "metrics": {}}
    exact.on_load_checkpoint(None, None, {"raysearch": part})
    assert order(make_loader(exact)) == expected[2:]
    exact.trained = 1
    assert len(order(make_loader(exact))) == 4


def test_an_iterator_that_cannot_be_made_leaves_no_other_fault_behind():
    class Broken:
        def __iter__(self):
            raise ValueError("the disk is gone")

    loader = exact_training().governed(Broken())
    with pytest.raises(ValueError, match="the disk is gone"):
        iter(loader)
    with pytest.raises(TypeError, match="once the iterator is made"):
        len(loader)  # which Lightning takes for an unknown length as it clears up
