"""Is `self.log` Lightning's wherever it has to be?"""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

from raysearch.training.fit import train
from raysearch.training.lean.fast_log import FastLog
from raysearch.training.namespace import PYTORCH_LIGHTNING
from tests import nets, zoo

Base = zoo.PYTORCH_LIGHTNING.Base


def run(tmp_path, module, *, loop="lean"):
    """Train a class of this module, and return what it measured."""
    listener = nets.Listener()
    job = nets.make_job(tmp_path / loop, model=module, max_epochs=2, loop=loop)
    train(job, report=listener)
    return listener.values


class Looks(Base):
    """Notes what stands for its `log`."""

    def training_step(self, batch, batch_idx):
        kinds.append((type(self.log), "log" in vars(self)))
        return super().training_step(batch, batch_idx)

    def on_train_epoch_end(self):
        kinds.append(("end", "log" in vars(self)))


kinds = []


def test_it_stands_for_log_while_batches_are_served_and_no_longer(tmp_path):
    kinds.clear()
    run(tmp_path, Looks)
    assert {kind[0] for kind in kinds if kind[0] != "end"} == {FastLog}
    assert [kind for kind in kinds if kind[0] == "end"] == [("end", False)] * 2


class Calls(Base):
    """Logs a name twice in a step, and with an argument that cannot be hashed."""

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        self.log("twice", loss, on_epoch=True)
        self.log("twice", 2 * loss, on_epoch=True)
        self.log("list", loss, reduce_fx=Reduction())
        return loss


class Reduction(str):
    """Cannot be hashed, and says "mean"."""

    __slots__ = ()
    __hash__ = None

    def __new__(cls):
        return super().__new__(cls, "mean")


def test_arguments_that_cannot_be_hashed_go_to_lightning(tmp_path):
    assert run(tmp_path, Calls) == run(tmp_path, Calls, loop="trainer")


class AtTheEnd(Base):
    """Logs at the end of a validation, after steps that log another name."""

    def on_validation_epoch_end(self):
        self.log_dict({"epoch_is": float(self.current_epoch), "steps": self.global_step})
        self.log("largest", float(self.current_epoch), reduce_fx="max")
        self.log("largest", 0.5, reduce_fx="max")
        self.log("tensor", torch.tensor([self.global_step + 0.5]), sync_dist=True)


def test_what_is_logged_at_the_end_of_each_validation_is_of_that_one(tmp_path):
    found = run(tmp_path, AtTheEnd)
    assert found == run(tmp_path, AtTheEnd, loop="trainer")
    assert [(v["epoch_is"], v["largest"]) for v in found] == [(0.0, 0.5), (1.0, 1.0)]
    assert all(v["tensor"] == v["steps"] + 0.5 for v in found)


class Contradicts(Base):
    def training_step(self, batch, batch_idx):
        self.log("loss", 1.0, on_epoch=bool(self.global_step == 5))
        return super().training_step(batch, batch_idx)


@pytest.mark.parametrize("loop", ["lean", "trainer"])
def test_other_arguments_for_the_same_name_are_refused_by_lightning(tmp_path, loop):
    with pytest.raises(Exception, match="twice in `training_step` with different arguments"):
        run(tmp_path, Contradicts, loop=loop)


class Precise(Base):
    def training_step(self, batch, batch_idx):
        torch.set_default_dtype(torch.float64)
        self.log("number", 0.1, on_epoch=True)
        torch.set_default_dtype(torch.float16)
        self.log("other", 0.1, on_epoch=True)
        torch.set_default_dtype(torch.float32)
        return super().training_step(batch, batch_idx)


def test_numbers_become_what_lightning_makes_of_them(tmp_path):
    found = run(tmp_path, Precise)
    assert found == run(tmp_path, Precise, loop="trainer")
    assert found[0]["number_epoch"] != found[0]["other_epoch"]


class Loop:
    """What a `FastLog` needs of a loop before it is called."""

    class trainer:  # noqa: N801
        _logger_connector = None


def test_a_copy_of_the_model_has_lightnings_log():
    model = Base()
    with FastLog(Loop, model, namespace=PYTORCH_LIGHTNING):
        assert isinstance(model.log, FastLog)
        copied = copy.deepcopy(model)
        stored = pickle.loads(pickle.dumps(model))
    for other in (copied, stored):
        assert other.log.__func__ is Base.log
        assert other.log.__self__ is other
    assert "log" not in vars(model)
