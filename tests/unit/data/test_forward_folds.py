"""Where examples come one after the other, no fold is told from what comes after it."""

from __future__ import annotations

import numpy as np
import pytest

from raysearch.data.forward_folds import forward_fold
from raysearch.data.images.module import Data as Images
from raysearch.data.series.module import Data as Series
from raysearch.data.table.module import Data as Table
from raysearch.errors import ConfigurationError
from tests.pictures import write_folders

N_FOLDS = 4


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "cache"))


def folds(moments, *, n_folds=N_FOLDS):
    return [forward_fold(moments, number=number, n_folds=n_folds) for number in range(n_folds)]


def inputs_of(data, *, n_folds=N_FOLDS):
    """Return for each fold the inputs that it trains on, and those that it validates on."""
    found = []
    for number in range(n_folds):
        loaders = data.fold_dataloaders(number=number, of=n_folds, seed=0)
        found.append(tuple(np.concatenate([b[0].numpy() for b in loader]) for loader in loaders))
    return found


def test_each_fold_trains_on_all_that_comes_before_what_it_validates_on():
    when = np.random.default_rng(0).permutation(100)
    moments = np.stack([when, when], axis=1)
    parts = folds(moments)
    for train, validation in parts:
        assert when[train].max() + 1 == when[validation].min()
        assert len(train) == when[validation].min()  # nothing is left out
    validated = np.concatenate([validation for _, validation in parts])
    assert sorted(when[validated]) == list(range(50, 100))  # each once, and the later half
    assert [len(validation) for _, validation in parts] == [12, 13, 12, 13]


def test_what_is_told_across_a_border_is_in_neither():
    first = np.arange(100)
    moments = np.stack([first, first + 4], axis=1)
    for train, validation in folds(moments):
        assert moments[train, 1].max() < moments[validation, 0].min()
    (train, _), *_, (_, last) = folds(moments)
    assert len(train) == 46
    assert last.max() == 99


def test_examples_of_one_moment_are_not_parted():
    when = np.arange(90) // 9
    for train, validation in folds(np.stack([when, when], axis=1), n_folds=3):
        assert not set(when[train]) & set(when[validation])


def test_more_folds_than_moments_are_refused_before_the_first_is_trained():
    when = np.arange(20) // 10
    with pytest.raises(ConfigurationError, match=r"repeats\.folds is 3, .* fold \d would train on"):
        forward_fold(np.stack([when, when], axis=1), number=0, n_folds=3)


def test_the_rows_of_a_table_are_in_the_order_of_its_dates(tmp_path):
    order = np.random.default_rng(0).permutation(200)
    path = tmp_path / "sales.csv"
    days = [f"{2000 + n // 12}-{1 + n % 12:02d}-01,{n},{n % 7}" for n in order]
    path.write_text("\n".join(["day,x,target", *days]))
    data = Table(
        batch_size=16, path=str(path), target="target", task="regression", order_by="day",
        ignore=["day"], numeric=["x"],
    )  # fmt: skip
    test = np.concatenate([batch[0].numpy() for batch in data.test_dataloader()])
    for train, validation in inputs_of(data):
        assert train.max() < validation.min()
        assert validation.max() < test.min()


def test_a_forecast_is_not_told_from_steps_that_come_after_it(tmp_path):
    path = tmp_path / "steps.npz"
    np.savez(path, inputs=np.arange(300, dtype=float).reshape(1, 1, 300))
    data = Series(batch_size=16, path=str(path), horizon=5, window=10, scaling="none")
    n_validated = 0
    for number in range(N_FOLDS):
        train, validation = data.fold_dataloaders(number=number, of=N_FOLDS, seed=0)
        told = [
            np.concatenate([batch[-1].numpy() for batch in each]) for each in (train, validation)
        ]
        assert told[0].max() < told[1].min()
        n_validated += len(told[1])
    assert 90 < n_validated <= 120


def test_forecasts_of_whole_series_keep_these_together(tmp_path):
    path = tmp_path / "many.npz"
    values = np.arange(12, dtype=float)[:, None, None] + np.linspace(0, 0.5, 40)
    np.savez(path, inputs=values, part=np.array(["train"] * 8 + ["val"] * 2 + ["test"] * 2))
    data = Series(batch_size=16, path=str(path), horizon=2, window=4, scaling="none", split="part")
    for train, validation in inputs_of(data, n_folds=5):
        held_out = set(np.unique(validation.astype(int)))
        assert len(held_out) == 2
        assert not held_out & set(np.unique(train.astype(int)))


def test_series_have_groups_and_an_order_of_their_own(tmp_path):
    path, n = tmp_path / "beats.npz", 40
    values = np.arange(n, dtype=float)[:, None] * np.ones(5)
    np.savez(path, X=values, y=np.arange(n) % 2, who=np.arange(n) // 4, when=-np.arange(n))
    given = {"batch_size": 8, "path": str(path), "scaling": "none"}
    for train, validation in inputs_of(Series(**given, order_by="when")):
        assert train.min() > validation.max()  # the later ones have smaller values
    for train, validation in inputs_of(Series(**given, group="who")):
        assert not set(train.flatten() // 4) & set(validation.flatten() // 4)


def test_what_is_mapped_is_not_copied(tmp_path, monkeypatch):
    monkeypatch.setattr("raysearch.data.archive.MAPPED_FROM", 0)
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["x,target", *(f"{n},{n % 3}" for n in range(300))]))
    data = Table(batch_size=16, path=str(path), target="target", numeric=["x"])
    whole = data.refit_dataloader().tensors[0]
    assert whole.data_ptr() == data.train_dataloader().tensors[0].data_ptr()
    for loader in data.fold_dataloaders(number=1, of=3, seed=0):
        assert loader.tensors[0].data_ptr() == whole.data_ptr()
        assert len(loader.rows) == loader.n_examples < len(whole)
    pictures = Images(batch_size=8, path=str(write_folders(tmp_path / "pictures", n=10)))
    first = pictures.train_dataloader().tensors[0]
    assert pictures.fold_dataloaders(number=0, of=2, seed=0)[0].tensors[0] is first
