"""Callbacks that installed packages add are found once, and still made for each Trainer."""

from __future__ import annotations

import importlib
from importlib import metadata

import pytest
import pytorch_lightning as pl

from raysearch.training import plugins
from raysearch.training.namespace import LIGHTNING, PYTORCH_LIGHTNING
from raysearch.training.plugins import looked_up_once
from raysearch.training.trainers import make_trainer
from tests.nets import make_job


def make_callbacks():
    """What a package would register: callbacks for one Trainer."""
    return [pl.Callback()]


@pytest.fixture
def installed(monkeypatch):
    """A package that registers callbacks; yields how often installed packages were searched."""
    searched = []
    entry = metadata.EntryPoint("mine", f"{__name__}:make_callbacks", "group")

    def entry_points(*, group):
        searched.append(group)
        return [entry]

    registry = importlib.import_module("lightning_fabric.utilities.registry")
    monkeypatch.setattr(metadata, "entry_points", entry_points)
    monkeypatch.setattr(registry, "entry_points", entry_points)
    plugins._entry_points.cache_clear()
    yield searched
    plugins._entry_points.cache_clear()
    assert registry.entry_points is entry_points


def test_each_trainer_gets_its_own_callbacks_and_they_are_looked_for_once(installed, tmp_path):
    one, two = (make_trainer(make_job(tmp_path), namespace=PYTORCH_LIGHTNING) for _ in range(2))
    assert (len(one.callbacks), len(two.callbacks)) == (1, 1)
    assert one.callbacks[0] is not two.callbacks[0]
    assert installed == ["pytorch_lightning.callbacks_factory"]


def test_what_makes_a_trainer_fail_leaves_lightning_as_it_was(installed):
    with pytest.raises(ValueError, match="no"), looked_up_once(PYTORCH_LIGHTNING):
        raise ValueError("no")


def test_a_lightning_that_looks_elsewhere_is_left_alone(monkeypatch):
    registry = importlib.import_module(f"{LIGHTNING.fabric}.utilities.registry")
    monkeypatch.delattr(registry, "entry_points")
    with looked_up_once(LIGHTNING):
        assert "entry_points" not in vars(registry)
    assert "entry_points" not in vars(registry)
