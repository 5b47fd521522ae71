"""Which sections and keys may an experiment file have?

The file's form as pydantic models; nothing of it leaves this package. What the keys stand for
(which families, which classes, which ranges) is checked by the modules that look them up.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from raysearch.experiment.report import OWN_CLASSES
from raysearch.experiment.trainer import TrainerSection
from raysearch.experiment.values import (
    FORM,
    Budget,
    CheckpointSettings,
    Failures,
    Fidelity,
    Resources,
)
from raysearch.trial import Direction

SECONDS = r"^[0-9]+(\.[0-9]+)? ?s$"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_RULE = (
    "It begins the names of run directories: write up to 64 characters of a to z, A to Z, digits, "
    "dots, hyphens and underscores, beginning with a letter or a digit."
)
MOST_PARALLEL = 100_000


def _short_form(value: object, *, key: str) -> object:
    """Return plain text as the mapping that it stands for."""
    if not isinstance(value, str | dict):
        raise ValueError(f"Write a {key}, or a mapping with the key {key}.")
    return {key: value} if isinstance(value, str) else value


def _name_alone(value: object) -> object:
    return _short_form(value, key="name")


def _models(value: object) -> object:
    items = value if isinstance(value, list) else [value]
    for item in items:
        if isinstance(item, dict) and "class" in item:
            raise ValueError(f"{OWN_CLASSES} Name a built-in family.")
        if not isinstance(item, str | dict):
            raise ValueError("Write the name of a model family, or a list of names.")
    return [_name_alone(item) for item in items]


def _one_objective(value: object) -> object:
    if isinstance(value, list):
        raise ValueError("Several objectives are not available in this version. Name one metric.")
    return _short_form(value, key="metric")


def _empty_if_none(value: object) -> object:
    return {} if value is None else value


def _name(value: object) -> object:
    if isinstance(value, str) and not NAME.fullmatch(value):
        raise ValueError(NAME_RULE)
    return value


def _interval(value: object) -> object:
    is_epochs = type(value) is int and value >= 1
    is_seconds = isinstance(value, str) and re.search(SECONDS, value) and _seconds(value) > 0
    if not is_epochs and not is_seconds:
        raise ValueError("Write epochs as an integer of at least 1, or seconds such as 5s.")
    return value


def _seconds(text: str) -> float:
    return float(text.rstrip(" s"))


def _parallel(value: object) -> object:
    if value != "auto" and not (type(value) is int and 1 <= value <= MOST_PARALLEL):
        raise ValueError(f"Write auto, or an integer from 1 to {MOST_PARALLEL}.")
    return value


class DataSection(BaseModel):
    """The data set, and the arguments of its data module that stay fixed."""

    model_config = FORM

    name: str
    """Name of a built-in data set."""
    arguments: Annotated[dict[str, Any], BeforeValidator(_empty_if_none)] = {}
    """Arguments of the data module that are not searched, such as the share of validation."""


class ModelSection(BaseModel):
    """A model family, and the arguments of its module that stay fixed."""

    model_config = FORM

    name: str
    """Name of a built-in model family."""
    arguments: Annotated[dict[str, Any], BeforeValidator(_empty_if_none)] = {}
    """Constructor arguments that the family's search space leaves out."""


class ObjectiveSection(BaseModel):
    """What the search improves."""

    model_config = FORM

    metric: str
    """Metric as the model logs it, measured on the validation split: val/accuracy."""
    direction: Direction | None = None
    """Whether more or less of it is better; known for what built-in families log."""


class SearcherSection(BaseModel):
    """What suggests configurations; further keys are the settings of the searcher named."""

    model_config = ConfigDict(extra="allow")

    name: str = "hyperopt"
    """Name of a built-in searcher."""


class SchedulerSection(BaseModel):
    """What stops trials early; further keys are the settings of the scheduler named."""

    model_config = ConfigDict(extra="allow")

    name: str = "asha"
    """Name of a built-in scheduler."""


class CheckpointSection(BaseModel):
    """When running trials are saved, and how much is kept."""

    model_config = FORM

    every: Annotated[
        Annotated[int, Field(ge=1)] | Annotated[str, Field(pattern=SECONDS)],
        BeforeValidator(_interval),
    ] = "5s"
    """Interval at which a running trial is saved: epochs as a number, or seconds as 5s."""
    budget_gb: Annotated[float, Field(gt=0, strict=True)] = 5.0
    """Gigabytes that the checkpoints of ended trials may take in all, best trials first."""

    def resolved(self) -> CheckpointSettings:
        """Return the settings with the interval taken apart."""
        if isinstance(self.every, int):
            return CheckpointSettings(every_epochs=self.every, budget_gb=self.budget_gb)
        return CheckpointSettings(every_s=_seconds(self.every), budget_gb=self.budget_gb)


class Settings(BaseModel):
    """A raysearch experiment: which network, trained how, is best on this data?"""

    model_config = ConfigDict(**FORM, validate_assignment=True)

    name: Annotated[str, BeforeValidator(_name)] = Field(default="", examples=["digits"])
    """Begins the names of run directories; by default the name of the file."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1, strict=True)] = 0
    """Governs all that is drawn: configurations, splits, weights, batches."""
    data: Annotated[DataSection, BeforeValidator(_name_alone)] = Field(examples=["digits"])
    """The data set: a name, or a mapping with name and arguments."""
    model: Annotated[list[ModelSection], Field(min_length=1), BeforeValidator(_models)] = Field(
        examples=["mlp", ["cnn", "mlp"]]
    )
    """One or several model families; with several, the family itself is searched too."""
    space: Annotated[dict[str, Any], BeforeValidator(_empty_if_none)] = Field(
        default={}, examples=[{"dropout": {"float": [0.0, 0.5]}}]
    )
    """Parameter -> range, in place of the range that the family or the data set recommends."""
    objective: Annotated[ObjectiveSection, BeforeValidator(_one_objective)] = Field(
        examples=["val/accuracy"]
    )
    """What the search improves: a metric, or a mapping with metric and direction."""
    searcher: Annotated[SearcherSection, BeforeValidator(_name_alone)] = SearcherSection()
    """What suggests configurations: a name, or a mapping with name and settings."""
    scheduler: Annotated[SchedulerSection, BeforeValidator(_name_alone)] = SchedulerSection()
    """What stops trials early: a name, or a mapping with name and settings."""
    fidelity: Fidelity = Field(examples=[{"max_epochs": 27}])
    """How long a trial is trained."""
    budget: Budget = Field(default=Budget(trials=64), examples=[{"trials": 64, "minutes": 10}])
    """What the whole search may cost."""
    resources: Resources = Field(default=Resources(), examples=[{"cpus": 1, "gpus": 0.5}])
    """What one trial gets of the machines."""
    parallel: Annotated[
        Annotated[int, Field(ge=1, le=MOST_PARALLEL)] | Literal["auto"],
        BeforeValidator(_parallel),
    ] = "auto"
    """Trials at once: auto for what the resources allow; 1 makes a search deterministic."""
    checkpoint: CheckpointSection = Field(
        default=CheckpointSection(), examples=[{"every": "5s", "budget_gb": 5}]
    )
    """When running trials are saved, and how much is kept."""
    failures: Failures = Field(default=Failures(), examples=[{"attempts": 3}])
    """What happens when a trial cannot be trained."""
    trainer: Annotated[TrainerSection, BeforeValidator(_empty_if_none)] = Field(
        default_factory=TrainerSection, examples=[{"gradient_clip_val": 1.0}]
    )
    """Arguments of Lightning's Trainer."""
    refit: Annotated[bool, Field(strict=True)] = True
    """Whether the winner is trained again on training and validation data together."""
