"""Are batches cut as promised, and drawn when promised?"""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from raysearch.data.loaders import BucketLoader, TensorLoader, lengths_of
from raysearch.data.tensors import Splits, load_splits
from raysearch.errors import ConfigurationError


@given(n_examples=st.integers(1, 60), batch_size=st.integers(1, 20), is_shuffled=st.booleans())
def test_a_pass_goes_over_every_example_once(n_examples, batch_size, is_shuffled):
    loader = TensorLoader(torch.arange(n_examples), batch_size=batch_size, is_shuffled=is_shuffled)
    batches = [batch for (batch,) in loader]
    assert len(batches) == len(loader)
    assert sorted(torch.cat(batches).tolist()) == list(range(n_examples))
    if not is_shuffled:
        assert torch.cat(batches).tolist() == list(range(n_examples))


@given(n_examples=st.integers(2, 60), batch_size=st.integers(2, 20))
def test_no_batch_has_a_single_example(n_examples, batch_size):
    loader = TensorLoader(torch.arange(n_examples), batch_size=batch_size)
    sizes = [len(batch) for (batch,) in loader]
    assert min(sizes) >= 2
    assert max(sizes) <= batch_size + 1
    assert sizes[:-1] == [batch_size] * (len(sizes) - 1)


def test_batch_normalisation_trains_on_every_batch():
    normalise = torch.nn.BatchNorm1d(3)
    for (batch,) in TensorLoader(torch.randn(9, 3), batch_size=4, is_shuffled=True):
        assert normalise(batch).isfinite().all()


def test_batches_of_one_when_asked_for():
    assert [len(b) for (b,) in TensorLoader(torch.arange(3), batch_size=1)] == [1, 1, 1]


def test_tensors_stay_together():
    inputs = torch.arange(10)
    for x, y in TensorLoader(inputs, inputs * 2, batch_size=3, is_shuffled=True):
        assert torch.equal(x * 2, y)


def test_each_pass_has_an_order_of_its_own():
    loader = TensorLoader(torch.arange(50), batch_size=10, is_shuffled=True)
    orders = [torch.cat([batch for (batch,) in loader]).tolist() for _ in range(3)]
    assert orders[0] != orders[1] != orders[2]


def test_the_order_is_drawn_at_the_first_batch_not_before():
    loader = TensorLoader(torch.arange(50), batch_size=10, is_shuffled=True)
    torch.manual_seed(1)
    expected = [batch.tolist() for (batch,) in loader]
    torch.manual_seed(2)
    iterator = iter(loader)
    torch.manual_seed(1)
    assert [batch.tolist() for (batch,) in iterator] == expected


def test_without_shuffling_nothing_is_drawn():
    state = torch.get_rng_state()
    assert len(list(TensorLoader(torch.arange(50), batch_size=10))) == 5
    assert torch.equal(torch.get_rng_state(), state)


def test_tensors_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"\[\(3,\), \(4, 2\)\].*same first dimension"):
        TensorLoader(torch.zeros(3), torch.zeros(4, 2), batch_size=2)
    with pytest.raises(ValueError, match="Give one or more"):
        TensorLoader(batch_size=2)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True])
def test_a_wrong_batch_size_is_refused(batch_size):
    with pytest.raises(ConfigurationError, match=f"data.batch_size is {batch_size}"):
        TensorLoader(torch.zeros(3), batch_size=batch_size)


def test_refit_data_is_training_and_validation_data():
    def pair(first, last):
        numbers = torch.arange(first, last)
        return numbers, -numbers

    splits = Splits(train=pair(0, 10), validation=pair(10, 15), test=pair(15, 20))
    batches = list(splits.refit_loader(batch_size=4))
    assert sorted(torch.cat([x for x, _ in batches]).tolist()) == list(range(15))
    assert all(torch.equal(x, -y) for x, y in batches)


def test_how_long_targets_are_is_looked_at_once_for_all_trials(monkeypatch):
    looked = []

    def look(targets):
        looked.append(len(targets))
        return lengths_of(targets)

    monkeypatch.setattr("raysearch.data.tensors.lengths_of", look)
    pair = {n: (torch.arange(n), targets_of([1, 2, 3, 4] * (n // 4))) for n in (8, 12, 4)}
    splits = Splits(train=pair[8], validation=pair[12], test=pair[4], is_bucketed=True)
    for _ in range(2):
        torch.manual_seed(0)
        found = list(splits.training_loader(batch_size=3))
        torch.manual_seed(0)
        wanted = list(BucketLoader(*pair[8], batch_size=3))
        assert [batch[0].tolist() for batch in found] == [batch[0].tolist() for batch in wanted]
        splits.refit_loader(batch_size=3)
    assert looked == [8, 20]
    splits.fold_loaders(batch_size=3, number=0, of=2, seed=0)
    assert looked == [8, 20]


def test_a_process_builds_and_reads_a_data_set_once(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path))
    built = []

    def build(*, seed, validation, test):
        built.append(seed)
        kinds = itertools.product(("train", "validation", "test"), ("inputs", "targets"))
        return {f"{part}_{kind}": torch.arange(4).numpy() + seed for part, kind in kinds}

    arguments = {"build": build, "validation": 0.2, "test": 0.2}
    first = load_splits("toy", seed=5, **arguments)
    assert load_splits("toy", seed=5, **arguments) is first
    other = load_splits("toy", seed=6, **arguments)
    assert built == [5, 6]
    assert first.train[0].tolist() == [5, 6, 7, 8]
    assert other.test[1].tolist() == [6, 7, 8, 9]
    load_splits.cache_clear()
    assert load_splits("toy", seed=5, **arguments).train[0].tolist() == [5, 6, 7, 8]
    assert built == [5, 6]


def targets_of(lengths):
    return torch.tensor([[4] * n + [0] * (9 - n) for n in lengths])


class TestBuckets:
    def test_every_pass_has_every_example_once_in_another_order(self):
        targets = targets_of([1 + n % 9 for n in range(300)])
        loader = BucketLoader(torch.arange(300), targets, batch_size=4)
        passes = [[batch[0].tolist() for batch in loader] for _ in range(2)]
        assert passes[0] != passes[1]
        for batches in passes:
            assert sorted(number for batch in batches for number in batch) == list(range(300))
            assert [len(batch) for batch in batches] == [4] * 75
            assert len(batches) == len(loader)

    def test_little_of_a_batch_is_padding(self):
        targets = targets_of([1 + n % 9 for n in range(900)])
        loader = BucketLoader(torch.arange(900), targets, batch_size=10)
        spread = [(batch[1] != 0).sum(1) for batch in loader]
        assert sum(int(n.max() - n.min()) for n in spread) <= 1.2 * len(spread)
        assert all((batch[1] == targets[batch[0]]).all() for batch in loader)

    def test_lengths_may_be_those_of_the_inputs(self):
        lengths = torch.arange(900) % 7
        loader = BucketLoader(lengths, torch.arange(900), batch_size=10, lengths=lengths)
        spread = [int(n.max() - n.min()) for n, _ in loader]
        assert sum(spread) <= 1.2 * len(spread)

    def test_the_global_generator_governs_the_order(self):
        loader = BucketLoader(targets_of([1, 2, 3] * 40), batch_size=7)
        runs = []
        for seed in (3, 3, 4):
            torch.manual_seed(seed)
            runs.append([batch.tolist() for (batch,) in loader])
        assert runs[0] == runs[1] != runs[2]

    def test_a_single_left_over_example_joins_another_batch(self):
        loader = BucketLoader(targets_of([1, 2, 3, 4, 5, 6, 7]), batch_size=3)
        assert sorted(len(batch) for (batch,) in loader) == [3, 4]
