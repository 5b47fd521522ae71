"""What trying one configuration tells, of sound modules and of faulty ones."""

from __future__ import annotations

import json

import pytest
import torch

from raysearch.preflight.gauge import ENOUGH_BATCHES, tensors_of
from raysearch.preflight.probe import VALIDATION_BATCHES, probe
from raysearch.preflight.record import Probe
from tests.nets import Data, Net, make_job
from tests.unit.preflight import faulty


@pytest.fixture
def tried(tmp_path):
    """Try a model of a test on data of a test."""

    def run(model=Net, *, thorough=False, **settings) -> Probe:
        return probe(make_job(tmp_path, model=model, **settings), thorough=thorough)

    return run


def n_parameters(width: int) -> int:
    return 4 * width + width + 2 * width + width * 3 + 3


def test_a_sound_module_shows_its_size_batch_metrics_and_times(tried, tmp_path):
    found = tried(thorough=True, model_arguments={"width": 16})
    assert found.failure is None
    assert found.parameters == found.trainable == n_parameters(16)
    assert found.batch == ("16 x 4 float32", "16 int64")
    assert found.logged.keys() == {"train/loss", "val/loss", "val/accuracy"}
    assert set(found.validated) == {"val/loss", "val/accuracy"}
    assert (found.train_batches, found.validation_batches) == (4, 2)
    assert found.checkpoint_bytes == (tmp_path / "epoch-0001.ckpt").stat().st_size
    assert 0 < found.train_batch_s < 1
    assert (found.no_test, found.no_refit, found.no_open) == ("", "", "")
    assert found.span_s(found.train_batches) < found.seconds


def test_a_probe_travels_as_plain_values(tried):
    found = tried(thorough=True)
    assert Probe.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_only_a_few_batches_are_run(tried):
    found = tried(data_arguments={"batch_size": 2}, trainer_arguments={})
    assert found.train_batches == 25 > ENOUGH_BATCHES
    assert found.validation_batches == 10 > VALIDATION_BATCHES
    long = found.span_s(1000)
    assert long == pytest.approx(found.span_s(0) + 1000 * found.train_batch_s)


def test_limits_of_the_trainer_hold(tried):
    arguments = {"limit_train_batches": 3, "limit_val_batches": 0.5}
    found = tried(data_arguments={"batch_size": 2}, trainer_arguments=arguments)
    assert (found.train_batches, found.validation_batches) == (3, 5)
    fewer = tried(data_arguments={"batch_size": 2}, trainer_arguments={"limit_val_batches": 1})
    assert fewer.validation_batches == 1


def test_validation_that_is_rare_is_run_all_the_same(tried):
    assert "val/loss" in tried(trainer_arguments={"check_val_every_n_epoch": 3}).logged


def test_callbacks_of_the_user_take_part(tried):
    stopping = {"class": "EarlyStopping", "args": {"monitor": "nothing"}}
    found = tried(trainer_arguments={"callbacks": [stopping]})
    assert found.failure.stage == "training"
    assert "nothing" in found.failure.summary


def test_unknown_and_missing_arguments_are_named_before_anything_is_built(tried):
    found = tried(faulty.Untested, model_arguments={"widht": 3}, data_arguments={"batchsize": 4})
    assert found.failure.stage == "arguments"
    assert "Untested has no argument widht. Did you mean width?" in found.failure.summary
    assert "Untested needs the argument n_features" in found.failure.summary
    assert "Data has no argument batchsize. Did you mean batch_size?" in found.failure.summary
    parts = [(wrong.part, wrong.name, wrong.is_missing) for wrong in found.wrong_arguments]
    assert parts == [
        ("model", "widht", False),
        ("model", "n_features", True),
        ("data", "batchsize", False),
    ]


def test_an_exception_while_training_is_told_with_its_line(tried):
    failure = tried(faulty.Failing).failure
    assert (failure.stage, failure.cause) == ("training", "exception")
    assert "no such column" in failure.summary
    assert "faulty.py, line" in failure.summary
    assert "in training_step" in failure.summary
    assert failure.details.startswith("Traceback")


def test_a_wrong_shape_is_told(tried):
    failure = tried(faulty.Misshapen).failure
    assert "cannot be multiplied" in failure.summary
    assert "nets.py, line" in failure.summary


def test_memory_that_runs_out_is_a_cause_of_its_own(tried):
    assert tried(faulty.Hungry, model_arguments={"width": 8}).failure is None
    failure = tried(faulty.Hungry, model_arguments={"width": 64}).failure
    assert failure.cause == "out of memory"


def test_a_metric_that_is_not_logged_is_missing_among_those_that_are(tried):
    found = tried(faulty.Unmeasured, thorough=True)
    assert found.failure is None
    assert found.logged.keys() == {"train/loss", "val_loss"}
    assert found.validated == ("val_loss",)
    assert tried(faulty.Silent).logged == {}


def test_a_checkpoint_that_cannot_be_read_back_is_a_failure(tried):
    failure = tried(faulty.Secretive, thorough=True).failure
    assert failure.stage == "checkpoint"
    assert "faulty:Secret" in failure.summary
    assert "checkpoint: {allow: [" in failure.summary
    assert tried(faulty.Secretive).failure is None


def test_a_checkpoint_that_only_a_trainer_opens_is_said(tried):
    found = tried(faulty.Late, thorough=True)
    assert found.failure is None
    assert "late.weight" in found.no_open or "Late" in found.no_open


def test_a_module_of_the_other_lightning_without_a_test(tried):
    found = tried(faulty.Untested, thorough=True, model_arguments={"n_features": 4})
    assert found.failure is None
    assert found.no_test == "the model has no test_step"
    assert found.no_open == ""
    assert found.parameters - found.trainable == 8


def test_a_stream_has_no_length_and_no_refit(tried):
    found = tried(data=faulty.Stream, thorough=True, max_steps=100, every_steps=50, max_epochs=2)
    assert found.failure is None
    assert (found.train_batches, found.validation_batches) == (None, 2)
    assert found.span_s(found.train_batches) is None
    assert "refit_dataloader" in found.no_refit


def test_of_a_function_only_the_signature_is_looked_at(tried):
    job = {"kind": "function", "data_class": ""}
    path = "tests.unit.preflight.faulty:"
    found = tried(model_class=f"{path}train", **job)
    assert (found.is_function, found.failure, found.logged) == (True, None, {})
    failure = tried(model_class=f"{path}no_train", **job).failure
    assert "no_train() cannot be called with (config, report)" in failure.summary


def test_what_a_function_builds_is_tried_like_a_class(tried):
    path = "tests.unit.preflight.faulty:build"
    found = tried(model_class=path, kind="builder", model_arguments={"width": 32}, thorough=True)
    assert (found.failure, found.module) == (None, "build")
    assert found.parameters == n_parameters(32)


def test_a_class_that_does_not_exist_is_a_failure(tried):
    failure = tried(model_class="tests.nets:Ned").failure
    assert (failure.stage, "Did you mean Net?" in failure.summary) == ("arguments", True)


def test_what_is_no_error_passes_through(tried, monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Data, "val_dataloader", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tried()


def test_the_tensors_of_a_batch_are_described():
    batch = {"a": torch.zeros(2, 3), "b": (torch.tensor(1.0), None)}
    assert list(tensors_of(batch)) == ["a: 2 x 3 float32", "b: one float32", "b: NoneType"]


def test_a_logger_of_the_users_hears_nothing_of_it(tried, tmp_path):
    """Else a tracking server would show runs that nobody has started."""
    logs = tmp_path / "logs"
    logger = {"class": "pytorch_lightning.loggers:CSVLogger", "args": {"save_dir": str(logs)}}
    callbacks = ["LearningRateMonitor"]  # which wants some logger
    found = tried(thorough=True, trainer_arguments={"logger": logger, "callbacks": callbacks})
    assert found.failure is None
    assert not logs.exists()
