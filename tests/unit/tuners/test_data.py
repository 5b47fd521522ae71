"""Arrays, tensors, data sets, loaders and data modules, and what is no data."""

from __future__ import annotations

import cloudpickle
import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset, random_split

from raysearch.errors import ConfigurationError
from raysearch.training.namespace import PYTORCH_LIGHTNING, namespace_of
from raysearch.tuners.data import Given

X, Y = np.arange(24, dtype=np.float64).reshape(8, 3), np.arange(8)


def data(**given):
    return Given.of(
        given.pop("train", None),
        given.pop("val", None),
        **{"validation_data": None, "validation_split": None, "batch_size": 4, **given},
    ).data(namespace=PYTORCH_LIGHTNING)


def all_of(loader):
    """Return the examples of a loader in order of their first target."""
    parts = [torch.cat(part) for part in zip(*loader, strict=True)]
    order = parts[-1].argsort()
    return [part[order] for part in parts]


@pytest.mark.parametrize(
    "given",
    [
        {"train": (X, Y), "val": (X[:2], Y[:2])},
        {"train": (torch.tensor(X), torch.tensor(Y)), "val": (X[:2], Y[:2])},
        {"train": X, "val": Y, "validation_data": (X[:2], Y[:2])},
        {"train": (X.tolist(), Y.tolist()), "val": (X[:2].tolist(), Y[:2].tolist())},
    ],
)
def test_arrays_tensors_and_lists(given):
    made = data(**given)
    assert isinstance(made, pl.LightningDataModule)
    inputs, targets = all_of(made.train_dataloader())
    assert (inputs.dtype, targets.dtype) == (torch.float32, torch.int64)
    assert torch.equal(inputs, torch.tensor(X, dtype=torch.float32))
    assert torch.equal(targets, torch.tensor(Y))
    assert len(all_of(made.val_dataloader())[0]) == 2
    assert [len(batch[0]) for batch in made.train_dataloader()] == [4, 4]


def test_training_data_are_shuffled_and_validation_data_are_not():
    made = data(train=(X, Y), val=(X, Y), batch_size=8)
    torch.manual_seed(1)
    (_, shuffled), (_, again) = (
        next(iter(made.train_dataloader())),
        next(iter(made.train_dataloader())),
    )
    assert not torch.equal(shuffled, again)
    assert torch.equal(next(iter(made.val_dataloader()))[1], torch.tensor(Y))


def test_a_share_for_validation_comes_from_the_end():
    made = data(train=X, val=Y, validation_split=0.25)
    assert all_of(made.train_dataloader())[1].tolist() == [0, 1, 2, 3, 4, 5]
    assert all_of(made.val_dataloader())[1].tolist() == [6, 7]


def test_arrays_are_copied():
    mine = X.copy()
    made = data(train=(mine, Y))
    mine[:] = 0
    assert torch.equal(all_of(made.train_dataloader())[0], torch.tensor(X, dtype=torch.float32))


def test_several_inputs():
    made = data(train=(X, X[:, :1], Y))
    assert [part.shape[1:] for part in all_of(made.train_dataloader())] == [(3,), (1,), ()]


def test_without_validation_data_there_is_no_such_loader():
    made = data(train=(X, Y))
    assert not PYTORCH_LIGHTNING.overrides(made, "val_dataloader")
    assert PYTORCH_LIGHTNING.overrides(data(train=(X, Y), val=(X, Y)), "val_dataloader")


def test_loaders_and_data_sets_of_torch():
    whole = TensorDataset(torch.tensor(X), torch.tensor(Y))
    train, val = random_split(whole, [6, 2])
    loader = DataLoader(val, batch_size=2)
    made = data(train=train, val=loader, batch_size=3)
    assert made.val_dataloader() is loader
    assert [len(batch[1]) for batch in made.train_dataloader()] == [3, 3]


def test_a_data_module_is_taken_as_it_is_and_so_is_a_name():
    class Mine(pl.LightningDataModule):
        pass

    mine = Mine()
    assert data(train=mine) is mine
    assert data(train=Mine) is Mine
    assert data(train="digits") == "digits"
    with pytest.raises(
        ConfigurationError, match="train is Mine, which has its own validation data"
    ):
        data(train=mine, val=(X, Y))


def test_validation_data_are_asked_for_where_something_is_measured_on_them():
    given = Given.of((X, Y), None, validation_data=None, validation_split=None, batch_size=4)
    given.data(namespace=PYTORCH_LIGHTNING, metric="train_loss")
    with pytest.raises(ConfigurationError, match="objective is val_loss, and there are no valid"):
        given.data(namespace=PYTORCH_LIGHTNING, metric="val_loss")


def test_that_it_travels():
    made = cloudpickle.loads(cloudpickle.dumps(data(train=(X, Y), val=(X, Y))))
    assert len(all_of(made.train_dataloader())[0]) == 8
    assert namespace_of(made, kind="LightningDataModule", path="it") == PYTORCH_LIGHTNING


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"train": (X, Y[:5])}, r"train has arrays of 8 and 5 examples"),
        ({"train": (X, Y), "val": (X[:3], Y)}, r"validation has arrays of 3 and 8 examples"),
        ({"train": X, "val": Y[:5], "validation_split": 0.2}, "train has arrays of 8 and 5"),
        ({"train": X}, "train is an array of inputs without targets"),
        ({}, "search needs data"),
        ({"train": 3}, "train is int. Give a DataLoader"),
        ({"train": (X[:0], Y[:0])}, "train has no examples"),
        ({"train": (X.astype(str), Y)}, r"train\[0\] is an array of <U\d+, and numbers are needed"),
        (
            {"train": (X, Y), "validation_split": 1.5},
            "validation_split is 1.5. Give a share of the 8",
        ),
        ({"train": (X, Y), "validation_split": 0.01}, "validation_split is 0.01"),
        ({"train": (X, Y), "val": (X, Y), "validation_split": 0.2}, "not both"),
        ({"train": (X, Y), "batch_size": 0}, "batch_size is 0"),
        ({"train": DataLoader([1]), "validation_split": 0.2}, "divides arrays and tensors"),
    ],
)
def test_what_is_no_data(given, message):
    with pytest.raises(ConfigurationError, match=message):
        data(**given)
