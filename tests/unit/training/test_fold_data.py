"""Folds of a user's own data are made where it is certain how, or by his own method."""

from __future__ import annotations

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split

from raysearch.errors import TrialFailed, Unsupported
from raysearch.training.fit import refit, train
from raysearch.training.fold_data import derived, fold_loaders
from raysearch.training.job import Fold, TrainingJob
from raysearch.trial import Objective

INPUTS = torch.arange(40.0).reshape(40, 1)
LABELS = torch.arange(40) % 2


def loaders(*, parts=None):
    train, validation = parts or (
        TensorDataset(INPUTS[:30], LABELS[:30]), TensorDataset(INPUTS[30:], LABELS[30:])
    )  # fmt: skip
    return DataLoader(train, batch_size=8, shuffle=True), DataLoader(validation, batch_size=4)


def seen(loader):
    return [float(x) for batch in loader for x in batch[0].flatten()]


@pytest.mark.parametrize("kind", ["tensors", "parts", "own"])
def test_derived_folds_cover_all_examples_once(kind):
    parts = None
    if kind == "parts":
        parts = random_split(TensorDataset(INPUTS, LABELS), [30, 10])
    elif kind == "own":
        parts = Own(INPUTS[:30]), Own(INPUTS[30:])
    train, validation = loaders(parts=parts)
    held_out = []
    for number in range(4):
        fold = Fold(number=number, of=4, seed=0)
        rest, part = derived(train, validation, fold=fold)
        assert sorted(seen(rest) + seen(part)) == list(range(40))
        assert seen(rest) != sorted(seen(rest))  # shuffled, as training was
        assert (rest.batch_size, part.batch_size) == (8, 4)
        held_out += seen(part)
    assert sorted(held_out) == list(range(40))


def test_derived_folds_are_stratified_where_the_last_tensor_has_classes():
    labels = torch.arange(40) % 4
    parts = TensorDataset(INPUTS[:30], labels[:30]), TensorDataset(INPUTS[30:], labels[30:])
    _, part = derived(*loaders(parts=parts), fold=Fold(number=0, of=5, seed=0))
    assert torch.bincount(torch.cat([batch[1] for batch in part])).tolist() == [2, 2, 2, 2]


class Own(Dataset):
    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, row):
        return self.values[row], 0


class Module(pl.LightningDataModule):
    def train_dataloader(self):
        return loaders()[0]

    def val_dataloader(self):
        return loaders()[1]


class WithFolds(Module):
    def fold_dataloaders(self, *, number, of, seed):
        return [(number, of, seed)], [number]


class WrongFolds(Module):
    def fold_dataloaders(self, *, number, of, seed):
        return [1]


def of(data, number=1):
    fold = Fold(number=number, of=3, seed=7)
    return fold_loaders(data, data.train_dataloader, data.val_dataloader, fold=fold)


def test_a_method_of_the_users_own_is_asked():
    train, validation = of(WithFolds())
    assert (train(), validation()) == ([(1, 3, 7)], [1])


def test_what_a_method_returns_is_checked():
    with pytest.raises(TrialFailed, match=r"fold_dataloaders of WrongFolds returned list\. Let it"):
        of(WrongFolds())[0]()


def test_loaders_that_cannot_be_put_together_are_refused_with_what_to_do():
    train, _ = loaders()
    wrong = DataLoader(TensorDataset(INPUTS.long()), batch_size=4)
    with pytest.raises(Unsupported, match=r"^repeats\.folds .*differ in shape or type\. Give"):
        derived(train, wrong, fold=Fold(number=0, of=3, seed=0))
    with pytest.raises(Unsupported, match="no val_dataloader"):
        fold_loaders(Module(), loaders, None, fold=Fold(number=0, of=3, seed=0))[0]()


def test_a_job_is_trained_on_its_fold_and_a_refit_on_all(tmp_path):
    job = TrainingJob(
        trial="0000",
        model_class="raysearch.models.mlp.module:MLP",
        model_arguments={"input_shape": (1, 8, 8), "n_outputs": 10, "depth": 1, "width": 8},
        data_class="raysearch.data.digits.module:Data",
        data_arguments={"batch_size": 64},
        max_epochs=1,
        seed=0,
        directory=str(tmp_path),
        objective=Objective(metric="val/accuracy", direction="maximize"),
        fold=Fold(number=2, of=3, seed=0),
    )
    reports = []
    train(job, report=lambda report: reports.append(report) or True)
    (measured,) = (report.measurement for report in reports)
    assert (measured.step, measured.n_validated) == (15, 479)  # of 1438, and 959 to train on
    assert refit(job, epochs=1, path=tmp_path / "refit.ckpt").step == 23  # all 1438


def test_tensors_of_ones_own_are_not_copied():
    parts = random_split(TensorDataset(INPUTS, LABELS), [30, 10])
    for loader in derived(*loaders(parts=parts), fold=Fold(number=0, of=4, seed=0)):
        assert loader.dataset.dataset.tensors[0] is INPUTS
