"""How many cores there are, also in a container."""

from __future__ import annotations

import os

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import Resources
from raysearch.preflight import machine
from raysearch.preflight.cost import slots_here


@pytest.fixture
def quota(tmp_path, monkeypatch):
    """Say what a container may use; there are eight cores."""
    path = tmp_path / "cpu.max"
    monkeypatch.setattr(machine, "QUOTA", path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    return path.write_text


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("1600000 100000\n", 8),
        ("1000 100000\n", 1),
        ("not written by Linux\n", 8),
    ],
)
def test_a_container_may_have_fewer_than_the_machine(quota, text, n):
    quota(text)
    assert machine.cores() == n


def test_without_a_container_all_are_there(quota):
    assert machine.cores() == 8


def test_no_more_trials_at_once_are_foreseen_than_the_container_has_cores(quota, experiment):
    quota("200000 100000\n")
    assert slots_here(experiment(parallel="auto")) == 2


def test_more_cores_than_the_machine_has_are_refused(monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 4)
    with pytest.raises(ConfigurationError, match=r"resources\.cpus is 8, .* has 4 cores"):
        machine.check_machine(Resources(cpus=8, gpus=0), parallel=None)


def test_more_trials_at_once_than_fit_are_refused(monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 4)
    with pytest.raises(ConfigurationError, match=r"parallel is 3, .* only 2 trials fit"):
        machine.check_machine(Resources(cpus=2, gpus=0), parallel=3)
    machine.check_machine(Resources(cpus=2, gpus=0), parallel=2)
    machine.check_machine(Resources(cpus=0, gpus=1), parallel=64)


def test_every_worker_of_a_trial_needs_its_cores(monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 4)
    with pytest.raises(
        ConfigurationError, match=r"cpus is 2 for each of resources.workers 3,.*1.33"
    ):
        machine.check_machine(Resources(cpus=2, workers=3), parallel=None)
    machine.check_machine(Resources(cpus=2, workers=2), parallel=1)
    with pytest.raises(ConfigurationError, match=r"parallel is 2, .* only 1 trials fit"):
        machine.check_machine(Resources(cpus=2, workers=2), parallel=2)
