"""Is a loader of training and validation data derived where that is certain, and nowhere else?"""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)

from raysearch.errors import Unsupported
from raysearch.training.building import Loaders
from raysearch.training.refit_data import joined, refit_loaders


class Pictures(Dataset):
    """Examples with a transform and a flag, as torchvision has them."""

    def __init__(self, numbers, *, transform=None, is_cropped=False):
        self.numbers = list(numbers)
        self.transform = transform
        self.is_cropped = is_cropped

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, index):
        value = torch.tensor(float(self.numbers[index]))
        return self.transform(value) if self.transform else value


class Scale:
    """Prints itself by its setting."""

    def __init__(self, by):
        self.by = by

    def __call__(self, value):
        return value * self.by

    def __repr__(self):
        return f"Scale(by={self.by})"


class Mystery(Scale):
    """Prints its address."""

    __repr__ = object.__repr__


def tensors(*values):
    return TensorDataset(torch.tensor(values, dtype=torch.float32))


def examples(loader):
    return sorted(float(value) for batch in loader for value in torch.as_tensor(batch[0]).ravel())


def values_of(loader):
    return sorted(float(value) for batch in loader for value in batch.ravel())


def test_parts_of_one_data_set_are_joined_whatever_it_is():
    train, validation = random_split(Pictures(range(10), transform=Mystery(2)), [7, 3])
    made = joined(DataLoader(train, batch_size=4, shuffle=True), DataLoader(validation))
    assert isinstance(made.dataset, Subset)
    assert values_of(made) == [2.0 * n for n in range(10)]
    assert made.batch_size == 4


def test_tensors_are_joined():
    made = joined(DataLoader(tensors(1, 2), batch_size=2), DataLoader(tensors(3)))
    assert isinstance(made.dataset, TensorDataset)
    assert examples(made) == [1.0, 2.0, 3.0]


class Noisy(Dataset):
    """Examples with settings that are no transforms."""

    def __init__(self, *, noise, augment):
        self.noise, self.augment = noise, augment

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return torch.tensor(float(index))


@pytest.mark.parametrize(
    ("noise", "augment", "name"), [(0.0, "none", "augment"), (0.5, "x", "aug")]
)
def test_settings_that_differ_are_refused(noise, augment, name):
    sets = [Noisy(noise=0.5, augment="strong"), Noisy(noise=noise, augment=augment)]
    with pytest.raises(Unsupported, match=f"{name}.* of its two Noisy data sets"):
        joined(*[DataLoader(dataset) for dataset in sets])


def test_the_same_class_with_equal_transforms_is_joined():
    for transforms in ((None, None), (Scale(2), Scale(2)), (torch.neg, torch.neg)):
        sets = [
            Pictures(numbers, transform=transform)
            for numbers, transform in zip(([1, 2], [3]), transforms, strict=True)
        ]
        made = joined(*(DataLoader(one) for one in sets))
        assert isinstance(made.dataset, ConcatDataset)
        assert len(made.dataset) == 3


def test_parts_of_alike_data_sets_are_joined():
    sets = [Subset(Pictures(range(5), transform=Scale(2)), part) for part in ([0, 1], [4])]
    assert values_of(joined(*(DataLoader(one) for one in sets))) == [0.0, 2.0, 8.0]


def test_the_training_loaders_settings_are_kept():
    train = DataLoader(
        tensors(*range(9)),
        batch_size=4,
        shuffle=True,
        drop_last=True,
        generator=torch.Generator().manual_seed(0),
    )
    made = joined(train, DataLoader(tensors(9, 10), batch_size=2))
    assert (made.batch_size, made.drop_last, made.generator) == (4, True, train.generator)
    assert len(made) == 2
    first, second = examples(made), examples(made)
    assert first != second  # shuffled, so that other examples are left over


class Endless(IterableDataset):
    def __iter__(self):
        yield torch.zeros(1)


def collate(batch):
    return batch


SOME = tensors(1, 2, 3)
PLAIN = DataLoader(SOME)


@pytest.mark.parametrize(
    ("train", "validation", "reason"),
    [
        (None, PLAIN, "train_dataloader returns None, not one torch DataLoader"),
        ([PLAIN, PLAIN], PLAIN, "train_dataloader returns a list, not one"),
        (PLAIN, [PLAIN], "val_dataloader returns a list"),
        (DataLoader(Endless()), PLAIN, "train_dataloader goes through a Endless, which has no"),
        (PLAIN, DataLoader(SOME, batch_size=None), "val_dataloader has a batch_sampler of its own"),
        (DataLoader(SOME, batch_sampler=[[0]]), PLAIN, "train_dataloader has a batch_sampler"),
        (
            DataLoader(SOME, sampler=WeightedRandomSampler([1.0], 1)),
            PLAIN,
            "train_dataloader has a sampler of its own, a WeightedRandomSampler",
        ),
        (DataLoader(SOME, collate_fn=collate), PLAIN, "its two loaders have different collate_fn"),
        (PLAIN, DataLoader(Pictures([1])), "different classes, a TensorDataset .* a Pictures"),
        (
            PLAIN,
            DataLoader(TensorDataset(torch.zeros(3, 2))),
            "tensors of training and validation differ in shape or type",
        ),
        (
            DataLoader(Pictures([1], transform=Scale(2))),
            DataLoader(Pictures([2])),
            "transform of its two Pictures",
        ),
        (
            DataLoader(Pictures([1], transform=Scale(2))),
            DataLoader(Pictures([2], transform=Scale(3))),
            "transform of its two",
        ),
        (
            DataLoader(Pictures([1], transform=Mystery(2))),
            DataLoader(Pictures([2], transform=Mystery(2))),
            "transform of its two .* is not certainly the same",
        ),
        (
            DataLoader(Pictures([1], is_cropped=True)),
            DataLoader(Pictures([2])),
            "is_cropped of its two",
        ),
        (
            DataLoader(Subset(Pictures([1], transform=Scale(2)), [0])),
            DataLoader(Subset(Pictures([2]), [0])),
            "transform of its two",
        ),
    ],
)
def test_everything_else_is_refused_with_the_reason(train, validation, reason):
    loaders = Loaders(train=lambda: train, validation=lambda: validation, refit=None)
    with pytest.raises(Unsupported, match=f"no refit_dataloader, and none can be.*: .*{reason}"):
        refit_loaders(loaders)


def test_a_refit_dataloader_of_the_users_comes_first():
    loaders = Loaders(train=lambda: None, validation=None, refit=lambda: "mine")
    assert refit_loaders(loaders) == "mine"


def test_without_validation_there_is_nothing_to_add():
    with pytest.raises(Unsupported, match="no val_dataloader"):
        refit_loaders(Loaders(train=lambda: PLAIN, validation=None, refit=None))
