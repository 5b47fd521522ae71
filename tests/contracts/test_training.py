"""Is a training the same whether or not it was interrupted, and whatever the process did before?"""

from __future__ import annotations

import importlib
import random
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from raysearch.data import DATA
from raysearch.imports import load_object
from raysearch.models import FAMILIES
from raysearch.training.evaluating import evaluate
from raysearch.training.fit import refit, train
from raysearch.training.job import TrainingJob
from raysearch.trial import Objective
from tests import other_nets
from tests.contracts.data_sets import CASES as DATA_SETS
from tests.nets import (
    Data,
    Listener,
    ManualNet,
    Net,
    SeveralValidations,
    SeveralValidationsNet,
    StreamData,
    TwoLoaderNet,
    make_job,
)

MAX_EPOCHS = 4


def weights(path):
    return torch.load(path, weights_only=True)["state_dict"]


def optimizer_state(path):
    return torch.load(path, weights_only=True)["optimizer_states"][0]


def assert_equal(first, second):
    """Assert that two nested structures hold the same values, tensors bit by bit."""
    assert type(first) is type(second)
    if isinstance(first, torch.Tensor):
        assert torch.equal(first, second)
    elif isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first:
            assert_equal(first[key], second[key])
    elif isinstance(first, list | tuple):
        for one, other in zip(first, second, strict=True):
            assert_equal(one, other)
    else:
        assert first == second


def without_time(measurements):
    return [replace(measurement, seconds=0.0) for measurement in measurements]


CASES = [
    ("tensors", "none"),
    ("tensors", "cosine"),
    ("tensors", "one_cycle"),
    ("tensors", "plateau"),
    ("dataloader", "none"),
    ("dataloader", "one_cycle"),
    ("several", "one_cycle"),
]


@pytest.mark.parametrize(("loader", "schedule"), CASES)
def test_a_continued_training_equals_an_uninterrupted_one(tmp_path, loader, schedule):
    job = make_job(
        tmp_path / "whole",
        model=TwoLoaderNet if loader == "several" else Net,
        model_arguments={"schedule": schedule},
        data_arguments={"loader": loader},
        max_epochs=MAX_EPOCHS,
        checkpoint_every_epochs=1,
    )
    whole = Listener()
    assert train(job, report=whole) == "completed"
    assert whole.epochs == whole.saved == [1, 2, 3, 4]

    for interrupted_after in (1, 2, 3):
        rest = Listener()
        directory = tmp_path / f"after-{interrupted_after}"
        start = tmp_path / "whole" / whole.reports[interrupted_after - 1].checkpoint.path
        continued = replace(job, directory=str(directory), resume_from=str(start))
        random.random(), np.random.rand(3), torch.rand(3)  # noqa: NPY002 - some other past
        assert train(continued, report=rest) == "completed"
        assert without_time(rest.measurements) == without_time(
            whole.measurements[interrupted_after:]
        )
        last = "epoch-0004.ckpt"
        assert_equal(weights(directory / last), weights(tmp_path / "whole" / last))
        assert_equal(optimizer_state(directory / last), optimizer_state(tmp_path / "whole" / last))


STOPPING = {"class": "EarlyStopping", "args": {"monitor": "val/loss", "patience": 1}}
FIRST_OF_TWO = Objective(metric="val/loss/dataloader_idx_0", direction="minimize")

SETTINGS = {
    "manual optimisation": {"model": ManualNet},
    "mixed precision": {"trainer_arguments": {"precision": "bf16-mixed"}},
    "accumulation": {
        "trainer_arguments": {"accumulate_grad_batches": 3},
        "model_arguments": {"schedule": "one_cycle"},
    },
    "several validation loaders": {
        "model": SeveralValidationsNet,
        "data": SeveralValidations,
        "objective": FIRST_OF_TWO,
    },
    "validation every other epoch": {
        "trainer_arguments": {"check_val_every_n_epoch": 2},
        "max_epochs": 6,
    },
    "several validations in an epoch": {"trainer_arguments": {"val_check_interval": 0.5}},
    "early stopping": {
        "trainer_arguments": {"callbacks": [STOPPING]},
        "model_arguments": {"learning_rate": 0.5},
        "max_epochs": 30,
    },
    "the other Lightning": {
        "model": other_nets.Net,
        "model_arguments": {"width": 8},
        "data": other_nets.Data,
    },
    "early stopping in the other Lightning": {
        "model": other_nets.Net,
        "model_arguments": {"width": 8, "learning_rate": 0.5},
        "data": other_nets.Data,
        "trainer_arguments": {"callbacks": [STOPPING]},
        "max_epochs": 30,
    },
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_it_goes_on_exactly_whatever_the_user_sets(tmp_path, setting):
    job = make_job(
        tmp_path / "whole",
        **{"max_epochs": MAX_EPOCHS, "checkpoint_every_epochs": 1} | SETTINGS[setting],
    )
    whole, rest = Listener(), Listener()
    ending = train(job, report=whole)
    continued, start = from_report(job, whole, 1, directory=tmp_path / "rest")
    assert train(continued, report=rest) == ending
    assert ending == ("ended early" if "early stopping" in setting else "completed")
    assert len(rest.reports) >= 1
    assert without_time(rest.measurements) == without_time(whole.measurements[start:])
    assert_same_ending(job, continued, name=whole.reports[-1].checkpoint.path)


def from_report(job, listener, number, *, directory):
    """Return the job that goes on from the checkpoint of a report, and that report's number."""
    start = f"{job.directory}/{listener.reports[number - 1].checkpoint.path}"
    return replace(job, directory=str(directory), resume_from=start), number


def assert_same_ending(job, continued, *, name):
    paths = [f"{folder}/{name}" for folder in (job.directory, continued.directory)]
    assert_equal(weights(paths[0]), weights(paths[1]))
    assert_equal(optimizer_state(paths[0]), optimizer_state(paths[1]))


STEPS = {
    "rounds of an epoch": {"every_steps": 4},
    "rounds of less than an epoch": {"every_steps": 3, "data_arguments": {"loader": "dataloader"}},
    "rounds of more than an epoch": {"every_steps": 5},
    "accumulation": {"every_steps": 3, "trainer_arguments": {"accumulate_grad_batches": 3}},
    "two loaders": {
        "every_steps": 4,  # the shorter one begins again after four batches
        "model": TwoLoaderNet,
        "data_arguments": {"loader": "several"},
    },
    "manual optimisation": {"every_steps": 4, "model": ManualNet, "model_arguments": {}},
}


@pytest.mark.parametrize("setting", STEPS)
def test_it_goes_on_exactly_in_the_middle_of_an_epoch(tmp_path, setting):
    settings = {"model_arguments": {"schedule": "one_cycle"}} | STEPS[setting]
    n_rounds = -(-17 // settings["every_steps"])
    job = make_job(
        tmp_path / "whole",
        **settings,
        max_epochs=n_rounds,
        max_steps=17,
        checkpoint_every_epochs=1,
    )
    whole = Listener()
    assert train(job, report=whole) == "completed"
    assert whole.epochs == whole.saved == list(range(1, n_rounds + 1))
    for number in range(1, n_rounds):
        rest = Listener()
        directory = tmp_path / f"after-{number}"
        continued, _ = from_report(job, whole, number, directory=directory)
        assert train(continued, report=rest) == "completed"
        assert of_validation(rest) == of_validation(whole)[number:]
        assert_same_ending(job, continued, name=whole.reports[-1].checkpoint.path)


def of_validation(listener):
    """Return measurements without the mean over an epoch, which covers less after going on."""
    return [
        (m.epoch, m.step, m.applied, {k: v for k, v in m.values.items() if k.startswith("val/")})
        for m in listener.measurements
    ]


def test_a_stream_goes_on_at_the_right_step(tmp_path):
    job = make_job(
        tmp_path / "whole",
        data=StreamData,
        model_arguments={"schedule": "one_cycle"},
        max_epochs=3,
        max_steps=12,
        every_steps=5,
        checkpoint_every_epochs=1,
    )
    whole, rest, again = Listener(), Listener(), Listener()
    train(job, report=whole)
    assert [(m.epoch, m.step) for m in whole.measurements] == [(1, 5), (2, 10), (3, 12)]
    continued, _ = from_report(job, whole, 1, directory=tmp_path / "rest")
    train(continued, report=rest)
    assert [(m.epoch, m.step) for m in rest.measurements] == [(2, 10), (3, 12)]
    assert [m.applied for m in rest.measurements] == [m.applied for m in whole.measurements[1:]]
    train(replace(continued, directory=str(tmp_path / "again")), report=again)
    assert rest.values == again.values


@pytest.mark.timeout(90)  # three fits and an evaluation of real networks
@pytest.mark.parametrize(
    ("family", "data"),
    [*((family, None) for family in FAMILIES), ("mlp", "diabetes")],
)
def test_a_built_in_family_goes_on_exactly_and_opens_alone(tmp_path, family, data):
    job = family_job(tmp_path / "whole", family=family, data=data)
    whole, rest = Listener(), Listener()
    train(job, report=whole)
    continued = replace(
        job,
        directory=str(tmp_path / "rest"),
        resume_from=str(tmp_path / "whole" / whole.reports[0].checkpoint.path),
    )
    train(continued, report=rest)
    assert without_time(rest.measurements) == without_time(whole.measurements[1:])
    paths = [tmp_path / folder / "epoch-0002.ckpt" for folder in ("whole", "rest")]
    assert_equal(weights(paths[0]), weights(paths[1]))

    opened = load_object(job.model_class).load_from_checkpoint(paths[0])
    assert_equal(dict(opened.state_dict()), dict(weights(paths[0])))
    tested = evaluate(job, checkpoint=str(paths[0]), split="test")
    assert all(name.startswith("test/") and value is not None for name, value in tested.items())
    refitted = refit(job, epochs=1, path=tmp_path / "model.ckpt")
    assert refitted.values["train/loss"] is not None


LEARNS = {
    "attention": ("digits", {}),
    "cnn": ("digits", {}),
    "generative": ("digits", {"task": "density"}),
    "graph": ("digits", {}),
    "mlp": ("digits", {}),
    "rnn": ("cbf", {}),
    "seq2seq": ("pairs", {}),
    "tree": ("listops", {}),
    "vae": ("digits", {"task": "density"}),
}
"""Family -> the data that it is trained on where none is named, and what these are given."""

FAST = ("cnn", "mlp")
"""Families that see all examples of an epoch in these tests; the others see two batches."""


def family_job(directory, *, family, data=None):
    """Return a job that trains a family's default configuration, with some dropout.

    Side effects:
        Writes the file that the data are read from, if any, beside the directory.
    """
    data, given = LEARNS[family] if data is None else (data, {})
    Path(directory).parent.mkdir(parents=True, exist_ok=True)
    given = {**DATA_SETS[data].given(Path(directory).parent), **given}
    space = importlib.import_module(f"{FAMILIES[family]}.space")
    spec = importlib.import_module(f"{DATA[data]}.space").data_spec(**given)
    configuration = space.search_space(spec).default()
    dropout = {"dropout": 0.2} if "dropout" in configuration else {}
    few = {"limit_train_batches": 2, "limit_val_batches": 1, "limit_test_batches": 1}
    return TrainingJob(
        trial="0000",
        model_class=space.MODULE,
        model_arguments={**space.data_arguments(spec), **configuration, **dropout},
        data_class=f"{DATA[data]}.module:Data",
        data_arguments={**given, "batch_size": 200 if family in FAST else 20},
        trainer_arguments={} if family in FAST else few,
        objective=Objective(metric="val/loss", direction="minimize"),
        max_epochs=2,
        seed=0,
        directory=str(directory),
        checkpoint_every_epochs=1,
    )


def test_plateau_changes_the_rate_in_the_test_above(tmp_path):
    job = make_job(tmp_path, model_arguments={"schedule": "plateau"}, max_epochs=MAX_EPOCHS)
    listener = Listener()
    train(job, report=listener)
    rates = [m.applied["learning_rate"] for m in listener.measurements]
    assert rates[0] > rates[-1]


def test_trials_do_not_affect_each_other(tmp_path):
    a = make_job(tmp_path / "a", model_arguments={"schedule": "one_cycle"})
    b = make_job(tmp_path / "b", trial="0004", model_arguments={"width": 5})
    first, between, second = Listener(), Listener(), Listener()
    train(a, report=first)
    random.random(), np.random.rand(), torch.rand(1)  # noqa: NPY002 - as user code may
    train(b, report=between)
    train(replace(a, directory=str(tmp_path / "again")), report=second)
    assert without_time(first.measurements) == without_time(second.measurements)
    assert first.values != between.values


def test_a_thread_trains_what_the_main_thread_does(tmp_path):
    job = make_job(tmp_path / "main")
    here, there = Listener(), Listener()
    endings = [train(job, report=here)]
    thread = threading.Thread(
        target=lambda: endings.append(
            train(replace(job, directory=str(tmp_path / "thread")), report=there)
        ),
        daemon=True,
    )
    thread.start()
    thread.join()
    assert endings == ["completed", "completed"]
    assert without_time(here.measurements) == without_time(there.measurements)


@pytest.mark.parametrize("change", [{"seed": 1}, {"trial": "0004"}, {"repeat": 1}])
def test_seed_trial_and_repeat_each_change_what_is_drawn(tmp_path, change):
    job = make_job(tmp_path, max_epochs=1)
    first, other = Listener(), Listener()
    train(job, report=first)
    train(replace(job, **change), report=other)
    assert first.values != other.values


def test_refit_begins_with_the_weights_of_the_trial(tmp_path):
    job = make_job(tmp_path, model_arguments={"learning_rate": 0.0}, max_epochs=2)
    listener = Listener()
    train(job, report=listener)
    refit(job, epochs=1, path=tmp_path / "refit.ckpt")
    trial = weights(tmp_path / listener.reports[0].checkpoint.path)
    again = weights(tmp_path / "refit.ckpt")
    assert torch.equal(trial["layers.0.weight"], again["layers.0.weight"])


class AugmentingData(Data):
    """Cuts its training data at random when asked for it, as user code may."""

    def train_dataloader(self):
        self.parts["train"] = tuple(part[torch.randperm(50)[:40]] for part in self.parts["train"])
        return super().train_dataloader()


def test_what_a_data_module_draws_is_governed_too(tmp_path):
    job = make_job(tmp_path, data=AugmentingData, max_epochs=2)
    first, second = Listener(), Listener()
    train(job, report=first)
    torch.rand(5)
    train(job, report=second)
    assert first.values == second.values
