"""Does the lean loop serve what it should, and keep away from a Lightning that it does not know?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from raysearch.errors import ConfigurationError
from raysearch.preflight.gauge import PATH, reading
from raysearch.training.fit import train
from raysearch.training.lean import serve, serving, why_not_lean
from raysearch.training.lean.epochs import LeanEpochs
from raysearch.training.namespace import LIGHTNING, NAMESPACES, PYTORCH_LIGHTNING
from tests import nets, zoo


@pytest.fixture
def unknown(monkeypatch):
    """Make another part of Lightning unknown, and forget it afterwards."""

    def change(name, value):
        monkeypatch.setattr(serving, name, value)
        serving.unknown_lightning.cache_clear()

    yield change
    monkeypatch.undo()
    serving.unknown_lightning.cache_clear()


def new_trainer(namespace=PYTORCH_LIGHTNING):
    return namespace.load(":Trainer")(logger=False, enable_checkpointing=False, accelerator="cpu")


@pytest.mark.filterwarnings("ignore:.max_epochs. was not set")
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_both_lightnings_that_are_installed_are_known(namespace):
    assert serving.unknown_lightning(namespace) == ""
    trainer = serve(new_trainer(namespace), namespace=namespace, loop="lean")
    assert isinstance(trainer.fit_loop.epoch_loop, LeanEpochs)


@pytest.mark.filterwarnings("ignore:.max_epochs. was not set")
def test_an_untested_version_is_left_to_itself(unknown):
    unknown("COMPARED", ("1.2.3", "1.2.4"))
    version = PYTORCH_LIGHTNING.load(":__version__")
    reason = f"Lightning is {version}, and it was compared with 1.2.3, 1.2.4"
    trainer = serve(new_trainer(), namespace=PYTORCH_LIGHTNING, loop="auto")
    assert not isinstance(trainer.fit_loop.epoch_loop, LeanEpochs)
    assert why_not_lean(trainer, namespace=PYTORCH_LIGHTNING) == [reason]
    with pytest.raises(ConfigurationError, match=reason):
        serve(new_trainer(), namespace=PYTORCH_LIGHTNING, loop="lean")


@pytest.mark.parametrize("part", ["loops.nowhere:Loop", "loops.fit_loop:_NoLoop", ":Trainer"])
def test_a_part_that_is_not_there_is_named(unknown, part):
    unknown("_PARTS", {part: ("no_such_method",)})
    assert serving.unknown_lightning(LIGHTNING) == f"Lightning has no {part} as expected"


@pytest.fixture
def served(monkeypatch):
    """Return how many batches a training let the lean loop serve."""
    made = []

    def remember(*arguments, **settings):
        made.append(serve(*arguments, **settings))
        return made[-1]

    monkeypatch.setattr("raysearch.training.trainers.serve", remember)

    def count(job):
        train(job, report=nets.Listener())
        return getattr(made[-1].fit_loop.epoch_loop, "n_served", None)

    return count


def test_all_batches_but_the_first_are_served(served, tmp_path):
    job = nets.make_job(tmp_path, model=zoo.PYTORCH_LIGHTNING.Base, max_epochs=3)
    assert job.loop == "auto"
    assert served(job) == 3 * 4 - 1  # 50 examples, 16 a batch
    assert served(replace(job, loop="lean")) == 11
    assert served(replace(job, loop="trainer")) is None
    start = f"{tmp_path}/epoch-0003.ckpt"
    assert served(replace(job, resume_from=start, max_epochs=5)) == 2 * 4 - 1


def test_what_it_does_not_know_is_not_served(served, tmp_path):
    modules = zoo.PYTORCH_LIGHTNING
    assert served(nets.make_job(tmp_path, model=modules.OwnStep, max_epochs=2)) == 0
    assert served(nets.make_job(tmp_path, model=modules.AtFirst, max_epochs=2)) == 3
    assert served(nets.make_job(tmp_path, model=modules.Changes, max_epochs=2)) == 6


def test_check_looks_at_every_batch_and_says_what_would_serve(served, tmp_path):
    arguments = {"callbacks": [{"class": PATH}]}
    for model, reasons in (("Base", ()), ("OwnZero", ("OwnZero overrides optimizer_zero_grad",))):
        module = getattr(zoo.PYTORCH_LIGHTNING, model)
        job = nets.make_job(tmp_path, model=module, trainer_arguments=arguments)
        with reading(PYTORCH_LIGHTNING) as seen:
            assert served(job) == 0
        assert seen.not_lean == reasons
        assert len(seen.ends_s) == 5
