"""Which examples each rank gets: of validation all of them once, of training as many as others."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from raysearch.data.loaders import TensorLoader
from raysearch.errors import ConfigurationError
from raysearch.training.job import Rank
from raysearch.training.sharing import shared
from tests.nets import make_job


class Endless(IterableDataset):
    def __iter__(self):
        yield from range(9)


def loader(kind, *, n, batch_size):
    if kind == "TensorLoader":
        return TensorLoader(torch.arange(n), batch_size=batch_size)
    return DataLoader(TensorDataset(torch.arange(n)), batch_size=batch_size)


def shares(loaders, directory, *, of, is_training, **settings):
    """Return the batches of each rank, as lists of numbers, and how many each loader announces."""
    found, lengths = [], []
    for number in range(of):
        rank = Rank(number=number, of=of, meeting="")
        job = make_job(directory, rank=rank, **settings)
        share = shared(loaders, job=job, is_training=is_training)
        found.append([batch.tolist() for (batch,) in share])
        lengths.append(len(share))
    assert lengths == [len(batches) for batches in found]
    return found


@pytest.mark.parametrize("kind", ["TensorLoader", "DataLoader"])
@pytest.mark.parametrize("of", [2, 3, 4])
@pytest.mark.parametrize("n", [8, 9, 10, 21, 33])
def test_every_example_of_validation_counts_once(kind, of, n, tmp_path):
    found = shares(loader(kind, n=n, batch_size=8), tmp_path, of=of, is_training=False)
    assert sorted(x for batches in found for batch in batches for x in batch) == list(range(n))
    assert len({len(batches) for batches in found}) == 1  # none waits for another one in vain
    assert all(batches for batches in found)


@pytest.mark.parametrize("kind", ["TensorLoader", "DataLoader"])
@pytest.mark.parametrize("of", [2, 3, 4])
@pytest.mark.parametrize("n", [8, 9, 10, 21, 33])
def test_in_training_every_rank_has_as_much_of_each_batch(kind, of, n, tmp_path):
    found = shares(loader(kind, n=n, batch_size=8), tmp_path, of=of, is_training=True)
    assert len({tuple(len(batch) for batch in batches) for batches in found}) == 1
    seen = [x for batches in found for batch in batches for x in batch]
    assert len(set(seen)) == len(seen)
    n_batches = len(loader(kind, n=n, batch_size=8))
    assert n - len(seen) < of * n_batches
    together = zip(*found, strict=True)
    assert all(max(map(max, parts)) - min(map(min, parts)) < 9 for parts in together)


def test_collections_of_loaders_are_shared_one_by_one(tmp_path):
    loaders = {
        "a": [loader("DataLoader", n=8, batch_size=4)],
        "b": TensorLoader(torch.arange(6), batch_size=6),
    }
    job = make_job(tmp_path, rank=Rank(number=1, of=2, meeting=""))
    found = shared(loaders, job=job, is_training=True)
    assert [batch.tolist() for (batch,) in found["a"][0]] == [[1, 3], [5, 7]]
    assert [batch.tolist() for (batch,) in found["b"]] == [[1, 3, 5]]


def test_one_process_and_those_who_share_out_themselves_get_what_is_there(tmp_path):
    loaders = DataLoader(Endless(), batch_size=3)
    assert shared(loaders, job=make_job(tmp_path), is_training=True) is loaders
    job = make_job(
        tmp_path,
        rank=Rank(number=0, of=2, meeting=""),
        trainer_arguments={"use_distributed_sampler": False},
    )
    assert shared(loaders, job=job, is_training=True) is loaders


@pytest.mark.parametrize(
    ("loaders", "is_training", "said"),
    [
        (DataLoader(Endless(), batch_size=3), True, r"Endless.*among 4 ranks.*use_distributed"),
        ([[1, 2], (3, 4)], True, r"a int cannot be shared out among 4 ranks"),
        (loader("DataLoader", n=9, batch_size=3), True, r"largest batch has 3 examples.*the 4"),
        (loader("TensorLoader", n=3, batch_size=9), False, r"are 3 examples to validate.*the 4"),
        (loader("DataLoader", n=9, batch_size=3), False, r"batch of validation has 3.*the 4"),
    ],
)
def test_what_cannot_be_shared_out_is_refused(loaders, is_training, said, tmp_path):
    job = make_job(tmp_path, rank=Rank(number=0, of=4, meeting=""))
    with pytest.raises(ConfigurationError, match=said):
        shared(loaders, job=job, is_training=is_training)
