"""Does every argument of the user's reach the Trainer, and is a wrong one named?"""

from __future__ import annotations

from dataclasses import replace

import lightning.pytorch
import pytest
import pytorch_lightning as pl

from raysearch.errors import ConfigurationError
from raysearch.imports import provide
from raysearch.training.evaluating import evaluate
from raysearch.training.fit import refit, train
from raysearch.training.namespace import LIGHTNING, PYTORCH_LIGHTNING
from raysearch.training.trainers import make_trainer
from tests import other_nets
from tests.nets import Listener, Net, make_job

STOP = {"class": "EarlyStopping", "args": {"monitor": "val/loss", "patience": 1, "min_delta": 10.0}}


def trainer_of(directory, *, namespace=PYTORCH_LIGHTNING, **arguments):
    job = make_job(directory, trainer_arguments=arguments)
    return make_trainer(job, namespace=namespace)


def test_without_arguments_it_is_lean(tmp_path):
    trainer = trainer_of(tmp_path)
    assert trainer.callbacks == []
    assert trainer.max_epochs == 4
    assert trainer.default_root_dir == str(tmp_path)
    assert trainer.logger.log_dir == str(tmp_path)
    assert trainer.num_sanity_val_steps == 0


def test_any_argument_counts(tmp_path):
    trainer = trainer_of(
        tmp_path,
        accumulate_grad_batches=2,
        precision="bf16-mixed",
        num_sanity_val_steps=2,
        gradient_clip_val=0.5,
        profiler={"class": "SimpleProfiler", "args": {"filename": "times"}},
        logger={"class": "CSVLogger", "args": {"save_dir": str(tmp_path)}},
        plugins=[{"class": "pytorch_lightning.plugins.io:AsyncCheckpointIO"}],
    )
    assert trainer.accumulate_grad_batches == 2
    assert trainer.precision == "bf16-mixed"
    assert trainer.gradient_clip_val == 0.5
    assert type(trainer.profiler).__name__ == "SimpleProfiler"
    assert type(trainer.logger).__name__ == "CSVLogger"
    assert trainer.log_every_n_steps == 50  # Lightning's own: there is somebody to read it
    assert type(trainer.strategy.checkpoint_io).__name__ == "AsyncCheckpointIO"


def test_each_trial_is_a_run_of_its_own_for_a_logger(tmp_path):
    """As `run_name` of MLflow, or `name` and `group` of Weights & Biases."""
    args = {"save_dir": str(tmp_path), "name": "{run}", "version": "trial {trial}"}
    job = make_job(
        tmp_path / "digits-1" / "trials" / "0007",
        trainer_arguments={"logger": [{"class": "CSVLogger", "args": args}]},
    )
    made = make_trainer(job, namespace=PYTORCH_LIGHTNING)
    assert made.logger.log_dir == str(tmp_path / "digits-1" / f"trial {job.trial}")


@pytest.mark.parametrize("namespace", [PYTORCH_LIGHTNING, LIGHTNING])
@pytest.mark.parametrize(
    "name",
    [
        "EarlyStopping",
        "pytorch_lightning.callbacks:EarlyStopping",
        "lightning.pytorch.callbacks.early_stopping:EarlyStopping",
    ],
)
def test_callbacks_come_from_the_models_namespace(tmp_path, namespace, name):
    trainer = trainer_of(tmp_path, namespace=namespace, callbacks=[{**STOP, "class": name}])
    (callback,) = trainer.callbacks
    home = {PYTORCH_LIGHTNING: pl, LIGHTNING: lightning.pytorch}[namespace]
    assert type(callback) is home.callbacks.EarlyStopping
    assert callback.patience == 1


def test_a_name_alone_is_a_callback_too(tmp_path):
    for callbacks in ("LearningRateMonitor", ["LearningRateMonitor"]):
        trainer = trainer_of(tmp_path, callbacks=callbacks)
        assert [type(c).__name__ for c in trainer.callbacks] == ["LearningRateMonitor"]


class Counter(pl.Callback):
    """Counts the epochs that it has seen."""

    made: list[Counter]

    def __init__(self, seen=0):
        self.seen = seen
        type(self).made.append(self)

    def on_train_epoch_end(self, trainer, pl_module):
        self.seen += 1


def test_callbacks_are_fresh_in_each_fit(tmp_path):
    Counter.made = []
    callbacks = [{"class": f"{__name__}:Counter", "args": {"seen": 10}}]
    job = make_job(tmp_path, trainer_arguments={"callbacks": callbacks}, max_epochs=2)
    for _ in range(2):
        train(job, report=Listener())
    assert [counter.seen for counter in Counter.made] == [12, 12]


def test_an_object_that_was_given_is_copied_for_each_fit(tmp_path):
    Counter.made = []
    counter = Counter()
    provide({"object:counter": counter})
    callbacks = [{"class": "object:counter"}]
    train(make_job(tmp_path, trainer_arguments={"callbacks": callbacks}), report=Listener())
    assert counter.seen == 0


def test_early_stopping_ends_a_trial_early(tmp_path):
    listener = Listener()
    job = make_job(tmp_path, trainer_arguments={"callbacks": [STOP]}, max_epochs=9)
    assert train(job, report=listener) == "ended early"
    assert listener.epochs == [1, 2]


def test_a_minimum_of_epochs_does_not_outlast_a_stop(tmp_path):
    listener = Listener(stop_after=1)
    job = make_job(tmp_path, trainer_arguments={"min_epochs": 3})
    assert train(job, report=listener) == "stopped"
    assert listener.epochs == [1]


MONITOR = {"class": "LearningRateMonitor", "args": {"logging_interval": "epoch"}}
KEEPER = {"class": "ModelCheckpoint", "args": {"monitor": "val/loss", "filename": "mine"}}


@pytest.mark.parametrize("namespace", ["pytorch_lightning", "lightning"])
def test_callbacks_for_training_do_not_break_refit_and_test(tmp_path, namespace):
    own = {"model": other_nets.Net, "model_arguments": {"width": 8}, "data": other_nets.Data}
    arguments = {"callbacks": [STOP, MONITOR, KEEPER, "Timer"]}
    job = make_job(
        tmp_path,
        **(own if namespace == "lightning" else {}),
        trainer_arguments=arguments,
    )
    listener = Listener()
    assert train(job, report=listener) == "ended early"
    assert any(name.startswith("lr-") for name in listener.values[0])
    assert (tmp_path / "checkpoints" / "mine.ckpt").exists()
    measurement = refit(job, epochs=4, path=tmp_path / "winner.ckpt")
    assert measurement.epoch == 4
    values = evaluate(job, checkpoint=str(tmp_path / "winner.ckpt"), split="test")
    assert values["test/loss"] > 0


@pytest.mark.parametrize(
    "callback",
    [
        "TQDMProgressBar",
        "DeviceStatsMonitor",
        "EMAWeightAveraging",
        {"class": "StochasticWeightAveraging", "args": {"swa_lrs": 0.01}},
        {"class": "GradientAccumulationScheduler", "args": {"scheduling": {1: 2}}},
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")  # of Lightning's
def test_lightnings_other_callbacks_work_and_go_on_exactly(tmp_path, callback):
    job = make_job(
        tmp_path,
        trainer_arguments={"callbacks": [callback]},
        max_epochs=3,
        checkpoint_every_epochs=1,
    )
    whole, rest = Listener(), Listener()
    train(job, report=whole)
    path = str(tmp_path / "epoch-0001.ckpt")
    train(replace(job, directory=str(tmp_path / "rest"), resume_from=path), report=rest)
    assert rest.values == whole.values[1:]
    assert refit(job, epochs=2, path=tmp_path / "winner.ckpt").epoch == 2
    values = evaluate(job, checkpoint=str(tmp_path / "winner.ckpt"), split="test")
    assert values["test/loss"] > 0


class OpinionatedNet(Net):
    def configure_callbacks(self):
        return pl.callbacks.EarlyStopping("val/loss", patience=0, min_delta=10.0)


def test_a_models_own_early_stopping_has_no_say_in_a_refit(tmp_path):
    measurement = refit(make_job(tmp_path, model=OpinionatedNet), epochs=4, path=tmp_path / "m")
    assert measurement.epoch == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"precison": "16"}, r"trainer: precison is not an argument .* Did you mean precision\?"),
        ({"max_epochs": 3}, "trainer.max_epochs follows from the experiment"),
        (
            {"callbacks": [{"class": "EarlyStoping"}]},
            r"trainer.callbacks: EarlyStoping is not a class of pytorch_lightning.callbacks. "
            r"Did you mean EarlyStopping\?",
        ),
        (
            {"callbacks": [{"class": "EarlyStopping", "args": {"monitr": "a"}}]},
            r"EarlyStopping has no argument monitr. Did you mean monitor\?",
        ),
        ({"callbacks": [{"class": "EarlyStopping"}]}, "EarlyStopping needs the argument monitor"),
        ({"callbacks": [{"class": "tests.nets:Missing"}]}, "there is no Missing in tests.nets"),
        ({"logger": {"class": "CSVLoger"}}, r"pytorch_lightning.loggers. Did you mean CSVLogger"),
    ],
)
def test_what_does_not_exist_is_named_with_the_nearest(tmp_path, arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        train(make_job(tmp_path, trainer_arguments=arguments), report=Listener())


def test_all_wrong_arguments_are_named_together(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        trainer_of(tmp_path, precison="16", devices=2)
    assert len(caught.value.faults) == 2
