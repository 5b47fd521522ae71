"""Plain functions as trials: what they report, keep and get back, and how they end."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from raysearch.errors import TrialFailed
from raysearch.imports import provide
from raysearch.training.function import FunctionReport, StopTrial, train_function
from raysearch.training.job import Ending, TrainingJob
from raysearch.trial import Objective


@pytest.fixture
def job(tmp_path):
    def make(function, **changes):
        provide({"object:train": function})
        values = {
            "trial": "0007",
            "model_class": "object:train",
            "model_arguments": {"width": 3},
            "data_class": "",
            "data_arguments": {},
            "kind": "function",
            "objective": Objective(metric="loss", direction="minimize"),
            "max_epochs": 5,
            "seed": 0,
            "directory": str(tmp_path / "trials" / "0007"),
        }
        return TrainingJob(**(values | changes))

    return make


class Heard:
    """Collects reports, and wants at most `n` of them."""

    def __init__(self, n=100):
        self.n = n
        self.reports = []

    def __call__(self, report):
        self.reports.append(report)
        return len(self.reports) < self.n

    @property
    def values(self):
        return [dict(report.measurement.values) for report in self.reports]


def test_a_function_reports_its_epochs(job):
    def train(config, report):
        for epoch in range(3):
            assert report.epoch == epoch
            report({"loss": config["width"] / (epoch + 1), "n": epoch}, step=10 * epoch)

    heard = Heard()
    assert train_function(job(train), report=heard) is Ending.ENDED_EARLY
    assert heard.values == [{"loss": 3.0, "n": 0.0}, {"loss": 1.5, "n": 1.0}, {"loss": 1.0, "n": 2}]
    assert [r.measurement.epoch for r in heard.reports] == [1, 2, 3]
    assert [r.measurement.step for r in heard.reports] == [0, 10, 20]
    assert [r.checkpoint for r in heard.reports] == [None] * 3


def test_it_ends_at_the_last_epoch(job):
    def train(config, report):
        while True:
            report({"loss": 1.0})

    heard = Heard()
    assert train_function(job(train), report=heard) is Ending.COMPLETED
    assert [r.measurement.epoch for r in heard.reports] == [1, 2, 3, 4, 5]
    assert train_function(job(train), report=Heard(5)) is Ending.COMPLETED  # as the engine does


def test_it_is_stopped_through_except_exception_and_with_its_finally_blocks(job):
    seen = []

    def train(config, report):
        try:
            for _ in range(10):
                try:
                    report({"loss": 1.0})
                except Exception:  # noqa: BLE001 - as users do
                    seen.append("caught")
        finally:
            seen.append("finally")

    heard = Heard(2)
    assert train_function(job(train), report=heard) is Ending.STOPPED
    assert (seen, len(heard.reports)) == (["finally"], 2)


def test_a_function_that_catches_everything_is_not_heard_any_more(job):
    def train(config, report):
        for _ in range(10):
            with contextlib.suppress(StopTrial):
                report({"loss": 1.0})

    heard = Heard(2)
    assert train_function(job(train), report=heard) is Ending.STOPPED
    assert len(heard.reports) == 2


def test_what_the_receiver_raises_passes_through_a_function_that_catches_it(job):
    def train(config, report):
        for _ in range(3):
            with contextlib.suppress(Exception):
                report({"loss": 1.0})

    def receive(report):
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        train_function(job(train), report=receive)


def test_what_the_function_raises_passes_through(job):
    def train(config, report):
        report({"loss": 1.0})
        raise KeyError("widht")

    heard = Heard()
    with pytest.raises(KeyError, match="widht"):
        train_function(job(train), report=heard)
    assert len(heard.reports) == 1


# ---- what is called, and how


@pytest.mark.parametrize(
    "train",
    [
        lambda config, report: report(config["width"]),
        lambda c, r: r({"loss": c["width"]}),
        lambda c, r, /: r(c["width"]),
        lambda config, *, report: report(config["width"]),
        lambda config, verbose=False, report=None: (
            report(config["width"]) if not verbose else 1 / 0
        ),
        lambda *args: args[1](args[0]["width"]),
        lambda config: config["width"],
        lambda config: {"loss": np.float32(config["width"])},
        lambda config, scale=1: config["width"] * scale,
        lambda config, report: config["width"],
    ],
)
def test_forms_that_are_understood(job, train):
    heard = Heard()
    assert train_function(job(train), report=heard) is Ending.ENDED_EARLY
    assert heard.values == [{"loss": 3.0}]


def test_a_single_value_is_all_there_is_to_train_when_there_is_one_epoch(job):
    done = job(lambda config: 0.5, max_epochs=1)
    assert train_function(done, report=Heard()) is Ending.COMPLETED


def test_what_is_returned_after_a_report_is_not_looked_at(job):
    heard = Heard()
    train_function(job(lambda config, report: report(1.0) or "a model"), report=heard)
    assert heard.values == [{"loss": 1.0}]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda: None, r"object:train takes \(\), and is called with the configuration and a rep"),
        (
            lambda width, depth, report: None,
            r"takes \(width, depth, report\).*'depth'.*Write it as",
        ),
        (lambda config, report: None, "object:train never called report, and returned None.*Write"),
        (lambda config: [1, 2], "returned something of type list.*Write it as def train"),
        ({"a": 1}, "object:train is of type dict, and no function"),
    ],
)
def test_what_is_no_such_function_is_refused(job, function, words):
    with pytest.raises(TrialFailed, match=words):
        train_function(job(function), report=Heard())


def test_the_configuration_is_a_dict_of_its_own(job):
    def train(config, report):
        assert type(config) is dict
        config["width"] = 0
        return 1.0

    done = job(train)
    train_function(done, report=Heard())
    assert done.model_arguments == {"width": 3}


# ---- values


def test_numbers_of_all_kinds(job):
    values = {
        "a": 1,
        "b": np.float32(0.5),
        "c": np.int64(3),
        "d": torch.tensor(0.25, requires_grad=True),
        "e": np.array(2.0),
        "f": True,
        "g": np.bool_(False),
    }
    heard = Heard()
    train_function(job(lambda config, report: report(values)), report=heard)
    assert heard.values == [{"a": 1.0, "b": 0.5, "c": 3.0, "d": 0.25, "e": 2.0, "f": 1.0, "g": 0.0}]
    assert {type(value) for value in heard.values[0].values()} == {float}


def test_what_is_not_finite_has_a_cause(job):
    heard = Heard()
    values = {"loss": torch.tensor(torch.nan), "huge": 10**400, "fine": 1}
    train_function(job(lambda config, report: report(values)), report=heard)
    assert heard.values == [{"loss": None, "huge": None, "fine": 1.0}]
    assert heard.reports[0].measurement.cause == "not finite: loss (nan), huge (inf)"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"loss": "0.5"}, r"Trial 0007 reported loss = '0.5' \(str\). Give a number: what is no"),
        ({"loss": None}, "reported loss = None. Give one number for each name"),
        ({"loss": {"a": 1}}, 'Give each of its numbers a name of its own, such as "loss/a"'),
        ({"loss": np.zeros(2)}, r"\(numpy.ndarray of shape \(2,\)\). Give one number.*mean"),
        ({"loss": torch.zeros(1)}, r"\(torch.Tensor of shape \(1,\)\). Give one number"),
        ({"loss": 1j}, "reported loss = 1j"),
        ({3: 0.5}, r"a metric whose name is 3 \(int\). Name it with a text"),
        ("0.93", r"reported '0.93' \(str\). Give the numbers by name: report\({\"loss\": 0.93}\)"),
        ([0.93], "Give the numbers by name"),
        (None, "reported None"),
    ],
)
def test_values_that_are_no_numbers_are_refused(job, given, words):
    with pytest.raises(TrialFailed, match=words):
        train_function(job(lambda config, report: report(given)), report=Heard())


@pytest.mark.parametrize("step", [-1, 0.5, "3"])
def test_steps_that_are_none_are_refused(job, step):
    with pytest.raises(TrialFailed, match=f"Trial 0007 reported step {step!r}. Give the number"):
        train_function(job(lambda c, report: report(1.0, step=step)), report=Heard())


def test_the_metric_that_was_not_finite_does_not_end_it_by_itself(job):
    heard = Heard()
    train_function(job(lambda c, r: [r(float("inf")), r(1.0)]), report=heard)
    assert heard.values == [{"loss": None}, {"loss": 1.0}]


# ---- checkpoints


def weights_after(n):
    return {"epoch": n, "model": {"w": torch.full((2,), float(n))}, "names": ["a", None, (1, 2.5)]}


def learn(config, report):
    state = report.load() or {"epoch": 0}
    for epoch in range(state["epoch"] + 1, 5):
        report(1 / epoch, checkpoint=weights_after(epoch))


def test_a_mapping_comes_back_in_the_next_attempt(job, tmp_path):
    heard = Heard(2)
    assert train_function(job(learn), report=heard) is Ending.STOPPED
    assert [r.checkpoint.path for r in heard.reports] == ["epoch-0001.ckpt", "epoch-0002.ckpt"]
    path = tmp_path / "trials" / "0007" / "epoch-0002.ckpt"
    assert heard.reports[1].checkpoint.size_bytes == path.stat().st_size

    loaded = []

    def train(config, report):
        assert report.resume_from == path
        loaded.append(report.load())
        learn(config, report)

    later = Heard()
    again = job(train, resume_from=str(path), epochs_before=2, seconds_before=100.0)
    assert train_function(again, report=later) is Ending.ENDED_EARLY
    assert torch.equal(loaded[0].pop("model")["w"], torch.full((2,), 2.0))
    assert loaded[0] == {"epoch": 2, "names": ["a", None, (1, 2.5)]}
    assert [r.measurement.epoch for r in later.reports] == [3, 4]
    assert 100 < later.reports[0].measurement.seconds < 110


def test_a_function_that_finds_nothing_left_to_do_has_ended(job, tmp_path):
    done = job(lambda config, report: None, resume_from=str(tmp_path / "x"), epochs_before=3)
    assert train_function(done, report=Heard()) is Ending.ENDED_EARLY


def test_a_file_is_copied(job, tmp_path):
    def train(config, report):
        assert report.load() is None
        for number in range(2):
            own = report.directory / "own.json"
            own.write_text(json.dumps({"n": number}))
            report(1.0, checkpoint=own if number else str(own))

    heard = Heard()
    train_function(job(train), report=heard)
    folder = tmp_path / "trials" / "0007"
    kept = [(folder / r.checkpoint.path).read_text() for r in heard.reports]
    assert kept == ['{"n": 0}', '{"n": 1}']
    assert sorted(p.name for p in folder.iterdir()) == [
        "epoch-0001.ckpt",
        "epoch-0002.ckpt",
        "own.json",
    ]

    with pytest.raises(TrialFailed, match=r"was not written from a mapping.*report.resume_from"):
        again = job(lambda c, r: r.load(), resume_from=str(folder / "epoch-0002.ckpt"))
        train_function(again, report=Heard())


class Own:
    pass


@pytest.mark.parametrize(
    ("checkpoint", "words"),
    [
        ("/", 'The checkpoint / is a folder.*shutil.make_archive\\("all", "tar", "/"\\)'),
        ("/nowhere/a.pt", "The checkpoint /nowhere/a.pt does not exist. Write it before"),
        (3, "The checkpoint is of type int. Give the path of a file, or a mapping"),
        ({"rng": np.zeros(2)}, r"checkpoint\['rng'\] is of type numpy.ndarray.*torch.as_tensor"),
        ({"a": [1, np.float64(1.0)]}, r"checkpoint\['a'\]\[1\] is of type numpy.float64"),
        ({"a": {np.int64(1): 2}}, r"the key .*1.* of checkpoint\['a'\] is of type numpy.int64"),
        ({"net": Own()}, r"checkpoint\['net'\] is of type .*Own"),
    ],
)
def test_checkpoints_that_could_not_be_read_back_are_refused(job, tmp_path, checkpoint, words):
    heard = Heard()
    with pytest.raises(TrialFailed, match=words):
        train_function(job(lambda c, r: r(1.0, checkpoint=checkpoint)), report=heard)
    assert heard.reports == []
    assert not list(tmp_path.rglob("*.ckpt"))


def test_states_of_real_modules_and_optimisers_can_be_kept(job):
    def train(config, report):
        net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
        adam = torch.optim.Adam(net.parameters())
        schedules = [
            torch.optim.lr_scheduler.CosineAnnealingLR(adam, 3),
            torch.optim.lr_scheduler.MultiStepLR(adam, [1, 2]),
            torch.optim.lr_scheduler.OneCycleLR(adam, 0.1, total_steps=3),
        ]
        net(torch.zeros(4, 2)).sum().backward()
        adam.step()
        for _ in range(2):
            for schedule in schedules:
                schedule.step()
        state = {str(i): part.state_dict() for i, part in enumerate([net, adam, *schedules])}
        report(1.0, checkpoint={**state, "rng": torch.get_rng_state()})

    heard = Heard()
    done = job(train)
    train_function(done, report=heard)
    path = f"{done.directory}/{heard.reports[0].checkpoint.path}"
    loaded = FunctionReport(job(train, resume_from=path), report=heard).load()
    assert set(loaded) == {"0", "1", "2", "3", "4", "rng"}


# ---- process


def global_draw():
    return float(np.random.random())  # noqa: NPY002 - which user code may draw from


def drawn():
    return random.random(), global_draw(), float(torch.rand(()))


def draws_of(job, **changes):
    found = []

    def train(config, report):
        for _ in range(report.epoch, 3):
            found.append(drawn())
            report(1.0)

    train_function(job(train, **changes), report=Heard())
    return found


def test_what_is_drawn_follows_from_seed_trial_and_epoch_alone(job):
    first = draws_of(job)
    drawn()
    assert draws_of(job) == first
    assert len(set(first)) == 3
    assert draws_of(job, epochs_before=2, resume_from="x") == first[2:]
    assert draws_of(job, trial="0008") != first
    assert draws_of(job, seed=1) != first


def test_a_trial_has_a_seed_of_its_own(job):
    seeds = []

    def train(config, report):
        seeds.append((report.trial, report.seed))
        return 1.0

    for trial in ("0001", "0002", "0001"):
        train_function(job(train, trial=trial), report=Heard())
    assert seeds[0] == seeds[2] != seeds[1]
    assert all(0 <= seed < 2**32 for _, seed in seeds)


def state_of_the_process():
    states = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    torch_state = torch.get_default_dtype(), torch.get_rng_state().tolist()
    return dict(os.environ), Path.cwd(), states, torch_state, warnings.filters[:]


def test_the_process_is_left_as_it_was(job, tmp_path, monkeypatch):
    monkeypatch.setenv("RAYSEARCH_TEST", "before")
    before = state_of_the_process()

    def train(config, report):
        os.environ["RAYSEARCH_TEST"] = "after"
        os.environ["RAYSEARCH_OTHER"] = "1"
        os.chdir(tmp_path)
        torch.set_default_dtype(torch.float64)
        warnings.simplefilter("ignore")
        drawn()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        train_function(job(train), report=Heard())
    assert state_of_the_process() == before


WITHOUT_TORCH = """
import os, random, sys, time
import numpy as np
from raysearch.imports import provide
from raysearch.training.function import train_function
from raysearch.training.job import TrainingJob
from raysearch.trial import Objective

def train(config, report):
    os.environ["CHANGED"] = "1"
    os.chdir("/")
    for _ in range(3):
        report({"loss": random.random() + np.random.random()})

def hear(report):
    found.append(report.measurement.values["loss"])
    return True

provide({"object:train": train})
job = TrainingJob(trial="0007", model_class="object:train", model_arguments={}, data_class="",
                  data_arguments={}, objective=Objective(metric="loss", direction="minimize"),
                  max_epochs=5, seed=0, directory="never-made", kind="function")
before = os.getcwd(), dict(os.environ), random.getstate(), str(np.random.get_state())
found = []
begun = time.perf_counter()
for _ in range(100):
    ending = train_function(job, report=hear)
elapsed_s = time.perf_counter() - begun
assert before == (os.getcwd(), dict(os.environ), random.getstate(), str(np.random.get_state()))
assert ending == "ended early" and found[:3] == found[-3:] and len(set(found)) == 3
assert not {"torch", "lightning", "pytorch_lightning", "ray"} & sys.modules.keys()
print(found[0], elapsed_s)
"""


@pytest.mark.timeout(120)  # a fresh process, on a machine that may be busy
def test_a_function_without_torch_loads_none_and_draws_the_same(job):
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True)
    assert done.stderr == ""
    value, elapsed_s = map(float, done.stdout.split())
    assert elapsed_s < 3.0  # a hundred trials: a search wants thirty in a second

    heard = Heard()
    function = job(lambda c, r: r(random.random() + global_draw()), model_arguments={})
    train_function(function, report=heard)
    assert heard.values == [{"loss": value}]
