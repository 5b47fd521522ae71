"""Are fast loaders the same to the bit, and only where that is certain?"""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import (
    ConcatDataset,
    DataLoader,
    SequentialSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)

from raysearch.training.fast_loading import Whole, fast

TENSORS = TensorDataset(
    torch.randn(53, 3, 2), torch.arange(53), torch.rand(53, dtype=torch.float64)
)


def generator(seed=3):
    return torch.Generator().manual_seed(seed)


def nested():
    return Subset(random_split(TENSORS, [40, 13], generator=generator())[0], range(30, 2, -2))


CASES = {
    "plain": lambda: DataLoader(TENSORS, batch_size=8),
    "shuffled": lambda: DataLoader(TENSORS, batch_size=8, shuffle=True),
    "last dropped": lambda: DataLoader(TENSORS, batch_size=8, shuffle=True, drop_last=True),
    "one by one": lambda: DataLoader(TENSORS, shuffle=True),
    "own generator": lambda: DataLoader(TENSORS, batch_size=8, shuffle=True, generator=generator()),
    "part": lambda: DataLoader(
        random_split(TENSORS, [0.5, 0.5], generator=generator())[1], batch_size=4, shuffle=True
    ),
    "part of a part": lambda: DataLoader(nested(), batch_size=3, shuffle=True),
    "workers": lambda: DataLoader(TENSORS, batch_size=20, shuffle=True, num_workers=1),
}


@pytest.mark.parametrize("case", CASES)
def test_batches_and_draws_are_the_same(case):
    passes, draws = [], []
    for change in (fast, lambda loader: loader):
        loader = change(CASES[case]())
        torch.manual_seed(5)
        batches = []
        for _ in range(2):
            for batch in loader:
                batches.append(batch)
                torch.rand(2)  # as dropout does
        passes.append(batches)
        draws.append(torch.get_rng_state())
        is_fast = isinstance(loader.dataset, Whole)
        assert is_fast == (change is fast)
    assert len(passes[0]) == len(passes[1])
    for ours, theirs in zip(*passes, strict=True):
        assert type(ours) is type(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert one.dtype == other.dtype
            assert torch.equal(one, other)
    assert torch.equal(*draws)


def test_the_loader_looks_like_the_users():
    loader = DataLoader(TENSORS, batch_size=8, shuffle=True, drop_last=True)
    made = fast(loader)
    assert (made.batch_size, made.drop_last, len(made)) == (8, True, 6)
    assert made.sampler is loader.sampler
    assert len(made.dataset) == 53
    assert made.dataset.tensors is TENSORS.tensors
    assert torch.equal(made.dataset[3][0], TENSORS[3][0])


def test_batches_are_copies():
    first = next(iter(fast(DataLoader(TENSORS, batch_size=53))))
    first[1].zero_()
    assert TENSORS.tensors[1][-1] == 52


class Own(TensorDataset):
    """Does something to its examples."""


def identity(batch):
    return batch


@pytest.mark.parametrize(
    "loader",
    [
        DataLoader(Own(torch.zeros(4)), batch_size=2),
        DataLoader(ConcatDataset([TENSORS, TENSORS]), batch_size=2),
        DataLoader([1, 2, 3], batch_size=2),
        DataLoader(TENSORS, batch_size=2, collate_fn=identity),
        DataLoader(TENSORS, batch_size=None),
        DataLoader(TENSORS, batch_size=2, sampler=WeightedRandomSampler([1.0] * 53, 9)),
        DataLoader(TENSORS, batch_sampler=[[0, 1], [2]]),
        DataLoader(TENSORS, batch_size=2, worker_init_fn=identity),
        DataLoader(TensorDataset(torch.eye(4).to_sparse()), batch_size=2),
        [(1, 2), (3, 4)],
        "neither",
    ],
)
def test_anything_else_is_left_alone(loader):
    made = fast(loader)
    assert made is loader or made == loader


def test_collections_of_loaders_keep_their_form():
    loader = DataLoader(TENSORS, batch_size=2, sampler=SequentialSampler(TENSORS))
    made = fast({"a": loader, "b": [loader, (loader, "c")]})
    assert isinstance(made["a"].dataset, Whole)
    assert isinstance(made["b"][1][0].dataset, Whole)
    assert made["b"][1][1] == "c"
