"""Is a user's data prepared once on a node, and set up for each trial?"""

from __future__ import annotations

import os
import threading
import time

import pytest
import torch
from torch.utils.data import TensorDataset

from raysearch.training.building import build
from raysearch.training.fit import train
from tests import nets, other_nets
from tests.nets import Listener, make_job

CALLS: list[str] = []


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    CALLS.clear()
    monkeypatch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Keeping:
    """Notes its calls, and keeps what it prepares on the disk."""

    def prepare_data(self):
        CALLS.append("prepare")

    def setup(self, stage):
        CALLS.append("setup")
        super().setup(stage)


class Data(Keeping, nets.Data):
    """Of pytorch_lightning."""


class OtherData(Keeping, other_nets.Data):
    """Of lightning, behind a stand-in."""


def job(tmp_path, data=Data, *, session="a", **changes):
    return make_job(tmp_path, data=data, session=session, **changes)


@pytest.mark.parametrize("data", [Data, OtherData])
def test_data_are_prepared_once_and_set_up_for_each_trial(tmp_path, data):
    for trial in ("0000", "0001", "0002"):
        train(job(tmp_path / trial, data, max_epochs=1), report=Listener())
    assert CALLS == ["prepare", "setup", "setup", "setup"]


def test_another_session_and_other_arguments_prepare_again(tmp_path):
    build(job(tmp_path)).data.prepare_data()
    build(job(tmp_path, session="b")).data.prepare_data()
    build(job(tmp_path, data_arguments={"batch_size": 5})).data.prepare_data()
    assert len(CALLS) == 3
    build(job(tmp_path, data_arguments={"batch_size": 5})).data.prepare_data()
    assert len(CALLS) == 3


def test_another_working_directory_prepares_again(tmp_path, monkeypatch):
    build(job(tmp_path)).data.prepare_data()
    monkeypatch.chdir(tmp_path)
    build(job(tmp_path)).data.prepare_data()
    assert len(CALLS) == 2


def test_without_a_session_each_fit_prepares(tmp_path):
    for _ in range(2):
        build(job(tmp_path, session="")).data.prepare_data()
    assert len(CALLS) == 2


class Sets(nets.Data):
    def prepare_data(self):
        CALLS.append("prepare")
        self.rows = 7


class Fills(nets.Data):
    def __init__(self):
        super().__init__()
        self.rows = {"train": 0}

    def prepare_data(self):
        CALLS.append("prepare")
        self.rows["train"] = object()


class SetsOnItsClass(nets.Data):
    rows = None

    def prepare_data(self):
        CALLS.append("prepare")
        type(self).rows = object()


class FillsOnItsClass(nets.Data):
    rows: list[object] = []  # noqa: RUF012  as users write it

    def prepare_data(self):
        CALLS.append("prepare")
        self.rows.append(object())


class OtherSets(other_nets.Data):
    def prepare_data(self):
        CALLS.append("prepare")
        self.rows = 7


@pytest.mark.parametrize("data", [Sets, Fills, SetsOnItsClass, FillsOnItsClass, OtherSets])
def test_what_leaves_its_state_in_the_module_is_called_each_time(tmp_path, data):
    for _ in range(2):
        build(job(tmp_path, data)).data.prepare_data()
    assert len(CALLS) == 2


class Fails(nets.Data):
    def prepare_data(self):
        CALLS.append("prepare")
        if len(CALLS) == 1:
            raise OSError("the network is down")


def test_what_failed_is_tried_again(tmp_path):
    with pytest.raises(OSError, match="the network is down"):
        build(job(tmp_path, Fails)).data.prepare_data()
    for _ in range(2):
        build(job(tmp_path, Fails)).data.prepare_data()
    assert len(CALLS) == 2


class Slow(nets.Data):
    def prepare_data(self):
        CALLS.append("begins")
        threading.Event().wait(0.1)
        CALLS.append("ends")


def test_others_wait_until_data_are_prepared_whatever_their_arguments(tmp_path):
    parts = [build(job(tmp_path, Slow, data_arguments={"batch_size": size})) for size in (5, 5, 6)]
    threads = [threading.Thread(target=part.data.prepare_data, daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert CALLS == ["begins", "ends"] * 2


def test_sessions_of_long_ago_are_forgotten(tmp_path, cache):
    build(job(tmp_path)).data.prepare_data()
    (old,) = (cache / "locks").glob("*.done")
    then = time.time() - 8 * 24 * 3600
    os.utime(old, (then, then))
    build(job(tmp_path, session="b")).data.prepare_data()
    (left,) = (cache / "locks").glob("*.done")
    assert left != old


class Written(nets.Data):
    """Downloads once, as Lightning's guide has it."""

    def __init__(self, folder, batch_size=16):
        super().__init__(batch_size=batch_size)
        self.folder = folder

    def prepare_data(self):
        CALLS.append("prepare")
        torch.save({"x": torch.randn(40, 4), "y": torch.arange(40) % 3}, f"{self.folder}/data.pt")

    def setup(self, stage):
        CALLS.append("setup")
        stored = torch.load(f"{self.folder}/data.pt", weights_only=True)
        self.stored = TensorDataset(stored["x"], stored["y"])


def test_what_one_process_left_on_the_disk_is_there_for_the_others(tmp_path):
    for trial in ("0000", "0001"):
        arguments = {"folder": str(tmp_path)}
        parts = build(job(tmp_path / trial, Written, data_arguments=arguments))
        parts.data.prepare_data()
        parts.data.setup("fit")
        assert len(parts.data.stored) == 40
    assert CALLS == ["prepare", "setup", "setup"]
