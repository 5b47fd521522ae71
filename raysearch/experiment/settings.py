"""Which sections may an experiment file have?

The file's form as a pydantic model; nothing of it leaves this package. The keys of each section are
in `sections`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from raysearch.experiment.aim_sections import (
    ObjectiveSection,
    choose_of,
    objective_of,
    objectives_of,
)
from raysearch.experiment.component_sections import (
    SchedulerSection,
    SearcherSection,
    component_of,
)
from raysearch.experiment.compress import Compress, compress_of
from raysearch.experiment.means import Failures, Resources
from raysearch.experiment.refit import refit_of
from raysearch.experiment.repeats import Repeats, repeats_of
from raysearch.experiment.sections import (
    CheckpointSection,
    DataSection,
    ModelSection,
    data_of,
    empty_if_none,
    list_if_none,
    models_of,
)
from raysearch.experiment.select import Select, select_of
from raysearch.experiment.trainer import TrainerSection
from raysearch.experiment.values import (
    FORM,
    Budget,
    Choose,
    Fidelity,
    Measuring,
    Refit,
)
from raysearch.trial import Loop

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_RULE = (
    "It begins the names of run directories: write up to 64 characters of a to z, A to Z, digits, "
    "dots, hyphens and underscores, beginning with a letter or a digit."
)
MOST_PARALLEL = 100_000


def _name(value: object) -> object:
    if isinstance(value, str) and not NAME.fullmatch(value):
        raise ValueError(NAME_RULE)
    return value


def _parallel(value: object) -> object:
    if value != "auto" and not (type(value) is int and 1 <= value <= MOST_PARALLEL):
        raise ValueError(f"Write auto, or an integer from 1 to {MOST_PARALLEL}.")
    return value


def _evidence(value: object) -> object:
    """Return the earlier runs that are written, one or several, as a list."""
    runs = [value] if isinstance(value, str) else list_if_none(value)
    listed: list[object] = runs if isinstance(runs, list) else []
    for run in listed:
        if run == "":
            raise ValueError("A run is named by its path, which is not empty.")
        if listed.count(run) > 1:
            raise ValueError(f"It names {run} twice. Name each run once.")
    return runs


class Settings(BaseModel):
    """A raysearch experiment: which network, trained how, is best on this data?"""

    model_config = ConfigDict(**FORM, validate_assignment=True)

    name: Annotated[str, BeforeValidator(_name)] = Field(default="", examples=["digits"])
    """Begins the names of run directories; by default the name of the file."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1, strict=True)] = 0
    """Governs all that is drawn: configurations, splits, weights, batches."""
    data: Annotated[DataSection, BeforeValidator(data_of)] | None = Field(
        default=None, examples=["digits"]
    )
    """The data: a name, package.module:DataModule, or a mapping with name or class, and args.
    Left out only where the model is a function, which reads its data itself."""
    model: Annotated[list[ModelSection], Field(min_length=1), BeforeValidator(models_of)] = Field(
        examples=["mlp", ["cnn", "mlp"], "my_project.nets:Net"]
    )
    """One or several model families, or classes or functions of one's own as package.module:Name;
    with several, which of them is searched too."""
    space: Annotated[dict[str, Any], BeforeValidator(empty_if_none)] = Field(
        default={}, examples=[{"dropout": {"float": [0.0, 0.5]}}]
    )
    """Parameter -> range, in place of the range that the family or the data set recommends. For a
    class of one's own: constructor argument -> range."""
    link: Annotated[dict[str, str], BeforeValidator(empty_if_none)] = Field(
        default={}, examples=[{"decoder_width": "encoder_width"}]
    )
    """Argument -> parameter whose value it always takes; it is not searched itself."""
    points: Annotated[list[dict[str, Any]], BeforeValidator(list_if_none)] = Field(
        default=[], examples=[[{"learning_rate": 0.01}]]
    )
    """Configurations that are tried first, after the default; what one leaves out is at its
    default."""
    evidence: Annotated[list[str], BeforeValidator(_evidence)] = Field(
        default=[], examples=[["runs/digits-20261123-170912"]]
    )
    """Run directories whose trials the searcher is told of before it suggests anything; they count
    neither as trials of this search nor in its ranking."""
    objective: Annotated[ObjectiveSection, BeforeValidator(objective_of)] = Field(
        examples=["val/accuracy"]
    )
    """What the search improves: a metric, or a mapping with metric and direction."""
    objectives: Annotated[list[ObjectiveSection], BeforeValidator(objectives_of)] = Field(
        default=[], examples=[["val/accuracy", "params"]]
    )
    """In place of objective: several, improved together. The first is one that the models log, and
    decides which epoch of a trial counts; others may be measures of the model."""
    choose: Annotated[Choose, BeforeValidator(choose_of)] = Field(
        default=Choose(), examples=["knee", {"by": "weighted", "weights": {"params": 0.5}}]
    )
    """Which trial of the Pareto front of several objectives wins."""
    constraints: Annotated[dict[str, Any], BeforeValidator(empty_if_none)] = Field(
        default={}, examples=[{"params": "<= 50000", "latency_ms": "<= 2"}]
    )
    """Measure of the model -> limit. A configuration whose model does not keep to it is rejected
    before it is trained."""
    measure: Measuring = Field(default=Measuring(), examples=[{"batch_size": 64, "threads": 1}])
    """How models are measured, and what beside objectives and constraints."""
    searcher: Annotated[SearcherSection, BeforeValidator(component_of)] = SearcherSection()
    """What suggests configurations: a name, or a mapping with name and settings; or, as
    package.module:Class, a searcher of Ray Tune's or of one's own."""
    scheduler: Annotated[SchedulerSection, BeforeValidator(component_of)] = SchedulerSection()
    """What stops trials early: a name, or a mapping with name and settings; or, as
    package.module:Class, a scheduler of Ray Tune's or of one's own."""
    fidelity: Fidelity = Field(examples=[{"max_epochs": 27}, {"max_steps": 2000}])
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
    trainer: Annotated[TrainerSection, BeforeValidator(empty_if_none)] = Field(
        default_factory=TrainerSection, examples=[{"gradient_clip_val": 1.0}]
    )
    """Arguments of Lightning's Trainer."""
    loop: Loop = "auto"
    """What serves the batches of a fit: auto for the lean loop where it is exact, and otherwise
    Lightning's Trainer; or always one of them, lean or trainer. The results are the same."""
    repeats: Annotated[Repeats | None, BeforeValidator(repeats_of)] = Field(
        default=None, examples=[{"folds": 5}]
    )
    """Folds of the data for training and validation, on each of which a trial is trained: its value
    is the mean. One that is clearly worse than the best is stopped before its last fold."""
    select: Annotated[Select | None, BeforeValidator(select_of)] = Field(
        default=None, examples=[True, {"top": 5, "seeds": 3}]
    )
    """Whether the leaders of the search are trained again, with how many seeds each, on training
    data alone, before the one with the best mean wins: true is 5 leaders and 3 seeds."""
    refit: Annotated[Refit | None, BeforeValidator(refit_of)] = Field(
        default=Refit(), examples=[True, {"seeds": 3}]
    )
    """Whether the winner is trained again on training and validation data together, and with how
    many seeds: true is one seed."""
    compress: Annotated[Compress | None, BeforeValidator(compress_of)] = Field(
        default=None, examples=[True, {"max_drop": 0.005}]
    )
    """Whether the winner is made smaller before the test, which both then meet in one opening."""
