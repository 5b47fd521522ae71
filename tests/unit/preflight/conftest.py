"""Experiments to try, and probes that nobody had to run."""

from __future__ import annotations

import pytest

from raysearch.experiment import Experiment, from_settings
from raysearch.preflight.corners import DEFAULT, Corner
from raysearch.preflight.findings import Tried
from raysearch.preflight.record import Failure, Probe

FAULTY = "tests.unit.preflight.faulty"


@pytest.fixture
def experiment():
    """Return an experiment with a class of a test, or with other settings."""

    def make(model="tests.nets:Net", **settings) -> Experiment:
        return from_settings(
            {
                "data": "tests.nets:Data",
                "model": model,
                "space": {"width": {"int": [4, 64]}},
                "objective": {"metric": "val/loss", "direction": "minimize"},
                "fidelity": {"max_epochs": 9},
                "budget": {"trials": 16},
                **settings,
            }
        )

    return make


@pytest.fixture
def probed():
    """Return what a sound configuration might show."""

    def make(**values) -> Probe:
        return Probe(
            **{
                "module": "Net",
                "parameters": 100,
                "trainable": 100,
                "checkpoint_bytes": 1000,
                "batch": ("16 x 4 float32",),
                "logged": {"train/loss": 1.0, "val/loss": 0.5},
                "validated": ("val/loss",),
                "train_batches": 10,
                "validation_batches": 2,
                "train_batch_s": 0.1,
                "validation_batch_s": 0.05,
                "start_s": 0.1,
                "seconds": 0.2,
                **values,
            }
        )

    return make


@pytest.fixture
def failed(probed):
    """Return what a configuration that fails might show."""

    def make(summary="ValueError: width is 0 (nets.py, line 31)", **values) -> Probe:
        failure = {"stage": "training", "cause": "exception", "summary": summary, **values}
        return probed(failure=Failure(**failure), logged={}, train_batch_s=None)

    return make


def tried(probe: Probe, *, name: str = DEFAULT, **configuration) -> Tried:
    corner = Corner(name=name, family="", configuration=configuration)
    return Tried(corner=corner, probe=probe)
