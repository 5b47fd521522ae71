"""Do models and data of any kind train, whoever wrote them?"""

from __future__ import annotations

import copy
import threading
from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

from raysearch.errors import ConfigurationError
from raysearch.imports import provide
from raysearch.training.building import build
from raysearch.training.evaluating import evaluate
from raysearch.training.fit import refit, train
from tests import nets, other_nets
from tests.nets import Listener, make_job


def test_a_lightning_model_trains_is_refitted_and_tested(tmp_path):
    job = make_job(
        tmp_path, model=other_nets.Net, model_arguments={"width": 8}, data=other_nets.Data
    )
    listener = Listener()
    assert train(job, report=listener) == "completed"
    assert listener.epochs == [1, 2, 3, 4]
    measurement = refit(job, epochs=2, path=tmp_path / "model.ckpt")
    assert measurement.step == 2 * 5  # 70 examples, 16 a batch
    values = evaluate(job, checkpoint=str(tmp_path / "model.ckpt"), split="test")
    assert set(values) == {"test/loss"}


class HookedData(pl.LightningDataModule):
    """Notes which of its hooks were called, and changes what it hands over."""

    calls: tuple[str, ...] = ()

    def __init__(self, batch_size=10):
        super().__init__()
        self.save_hyperparameters()
        self.trained = 0

    def note(self, name):
        type(self).calls = (*type(self).calls, name)

    def prepare_data(self):
        self.note("prepare_data")

    def setup(self, stage):
        self.note(f"setup {stage.value} {type(self.trainer).__module__.split('.')[0]}")
        self.data = TensorDataset(torch.zeros(20, 4), torch.arange(20) % 3)

    def train_dataloader(self):
        self.trained += 1
        return DataLoader(self.data, batch_size=self.hparams.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.data, batch_size=20)

    def on_after_batch_transfer(self, batch, dataloader_idx):
        return [batch[0] + 1.0, batch[1]]

    def state_dict(self):
        return {"trained": self.trained}

    def load_state_dict(self, state):
        self.note(f"load {state['trained']}")

    def teardown(self, stage):
        self.note(f"teardown {stage.value}")


class SeeingNet(other_nets.Net):
    def training_step(self, batch, index):
        assert (batch[0] == 1.0).all()
        assert self.trainer.datamodule.hparams.batch_size == 10
        return super().training_step(batch, index)


def test_data_of_the_other_lightning_is_adopted_with_all_its_hooks(tmp_path):
    HookedData.calls = ()
    job = make_job(
        tmp_path,
        model=SeeingNet,
        model_arguments={"width": 8},
        data=HookedData,
        max_epochs=1,
    )
    train(job, report=Listener())
    assert HookedData.calls == ("prepare_data", "setup fit lightning", "teardown fit")
    saved = torch.load(tmp_path / "epoch-0001.ckpt", weights_only=True)
    assert saved["HookedData"] == {"trained": 1}
    assert saved["datamodule_hyper_parameters"] == {"batch_size": 10}
    HookedData.calls = ()
    evaluate(job, checkpoint=str(tmp_path / "epoch-0001.ckpt"), split="validation")
    assert "load 1" in HookedData.calls


def test_built_in_data_serves_a_lightning_model(tmp_path):
    job = make_job(
        tmp_path,
        model=other_nets.DigitNet,
        data_arguments={"batch_size": 200},
        max_epochs=1,
        data=nets.Data,
    )
    listener = Listener()
    digits = replace(job, data_class="raysearch.data.digits.module:Data")
    assert train(digits, report=listener) == "completed"
    assert listener.values[0]["val/loss"] > 0
    assert refit(digits, epochs=1, path=tmp_path / "model.ckpt").epoch == 1


def test_lightning_data_serves_a_model_of_the_other_name(tmp_path):
    listener = Listener()
    assert train(make_job(tmp_path, data=other_nets.Data), report=listener) == "completed"
    assert listener.epochs == [1, 2, 3, 4]


def provided(directory, data, **settings):
    provide({"object:data": data})
    return replace(make_job(directory, **settings), data_class="object:data")


def test_a_data_module_that_exists_is_copied_for_each_fit(tmp_path):
    data = HookedData()
    before = copy.copy(vars(data))
    job = provided(tmp_path, data, max_epochs=1)
    for _ in range(2):
        train(job, report=Listener())
    assert vars(data) == before


@pytest.mark.filterwarnings("ignore:'pin_memory' argument")  # which Lightning sets there
def test_loaders_given_to_lightning_without_a_class_train(tmp_path):
    examples = TensorDataset(torch.randn(20, 4), torch.arange(20) % 3)
    data = pl.LightningDataModule.from_datasets(examples, examples, batch_size=7)
    listener = Listener()
    assert train(provided(tmp_path, data, max_epochs=2), report=listener) == "completed"
    assert [m.step for m in listener.measurements] == [3, 6]


def test_a_data_module_that_exists_takes_no_arguments(tmp_path):
    job = provided(tmp_path, HookedData(), data_arguments={"batch_size": 3})
    with pytest.raises(ConfigurationError, match="exists already, so it takes no arguments"):
        build(job)


def build_net(hp):
    return nets.Net(width=hp.Int("width", 4, 16))


def test_a_function_builds_the_model_from_its_values(tmp_path):
    job = make_job(tmp_path, kind="builder", model_arguments={"width": 5}, max_epochs=1)
    train(replace(job, model_class=f"{__name__}:build_net"), report=Listener())
    saved = torch.load(tmp_path / "epoch-0001.ckpt", weights_only=True)
    assert saved["state_dict"]["layers.0.weight"].shape == (5, 4)
    assert saved["raysearch"]["builder"] == f"{__name__}:build_net"
    assert saved["raysearch"]["values"] == {"width": 5}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": torch.nn.Linear}, "torch.nn.modules.linear:Linear is Linear, which is no Light"),
        ({"data": Listener}, "tests.nets:Listener is Listener, which is no LightningDataModule"),
    ],
)
def test_what_is_no_module_is_refused_before_it_is_made(tmp_path, change, message):
    with pytest.raises(ConfigurationError, match=message):
        build(make_job(tmp_path, **change))


class SlowData(nets.Data):
    running = 0
    most = 0

    def prepare_data(self):
        kind = type(self)
        kind.running += 1
        kind.most = max(kind.most, kind.running)
        threading.Event().wait(0.1)
        kind.running -= 1


def test_data_is_prepared_by_one_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "cache"))
    parts = [build(make_job(tmp_path, data=SlowData)) for _ in range(3)]
    threads = [threading.Thread(target=part.data.prepare_data, daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert SlowData.most == 1
    assert len(list((tmp_path / "cache" / "locks").iterdir())) == 1


def test_without_locks_data_is_prepared_all_the_same(tmp_path, monkeypatch, caplog):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(blocked))
    SlowData.running = SlowData.most = 0
    build(make_job(tmp_path, data=SlowData)).data.prepare_data()
    assert SlowData.most == 1
    assert "cannot be used for locks" in caplog.text


class FaultyData(nets.Data):
    """Its loader fails as its iterator is made."""

    def train_dataloader(self):
        return Faulty()


class Faulty:
    def __iter__(self):
        raise ValueError("the disk is gone")


def test_a_fault_in_a_loader_is_not_hidden_by_the_clearing_up(tmp_path):
    with pytest.raises(ValueError, match="the disk is gone"):
        train(make_job(tmp_path, data=FaultyData), report=Listener())


class LoggingNet(nets.Net):
    """Uses its logger, as code written for TensorBoard does."""

    def on_train_start(self):
        self.logger.experiment.add_scalar("width", 8, 0)
        self.logger.log_hyperparams({"width": 8})
        (self.directory,) = {self.logger.log_dir, self.logger.save_dir}


def test_a_model_may_use_its_logger(tmp_path):
    assert train(make_job(tmp_path, model=LoggingNet, max_epochs=1), report=Listener())
    assert {path.name for path in tmp_path.iterdir()} == {"epoch-0001.ckpt"}
