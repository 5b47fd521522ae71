"""What is to be searched, and how? From an experiment file to typed, checked settings.

    experiment = load("experiments/digits.yaml", overrides=["budget.trials=8"])
    experiment.space.default()
    experiment.bind(configuration)      # the constructor arguments of model and data module

A wrong file is refused with every fault at once, each with its line, before anything is imported
that trains. `to_yaml(experiment.settings)` writes what `load` reads back as an equal experiment.
"""

from __future__ import annotations

from raysearch.experiment.experiment import Experiment
from raysearch.experiment.means import Failures, Resources
from raysearch.experiment.resolve import from_settings, load
from raysearch.experiment.schema import json_schema
from raysearch.experiment.values import (
    Binding,
    Budget,
    CheckpointSettings,
    Component,
    DataChoice,
    Fidelity,
    ModelChoice,
    Refit,
)
from raysearch.experiment.yaml_text import to_yaml

__all__ = [
    "Binding",
    "Budget",
    "CheckpointSettings",
    "Component",
    "DataChoice",
    "Experiment",
    "Failures",
    "Fidelity",
    "ModelChoice",
    "Refit",
    "Resources",
    "from_settings",
    "json_schema",
    "load",
    "to_yaml",
]
