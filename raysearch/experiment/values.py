"""Which typed values does an experiment consist of?

Plain frozen records. The limits beside the types are those of the experiment file, and the text
below each field is its documentation there too: see `settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from raysearch.errors import ConfigurationError
from raysearch.imports import Kind
from raysearch.init_from import InitFrom
from raysearch.trial import Value

FORM = ConfigDict(extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)
"""What the file's form of every section has in common: no unknown keys, documented fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """How long a trial is trained."""

    __pydantic_config__ = FORM

    max_epochs: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = None
    """Epochs of a trial that is never stopped; learning rate schedules are laid out for these."""
    max_steps: Annotated[int, Field(ge=1, le=10**9, strict=True)] | None = None
    """In place of max_epochs: optimiser steps of a trial that is never stopped."""
    every_steps: Annotated[int, Field(ge=1, le=10**9, strict=True)] | None = None
    """With max_steps: steps between two validations, each measured, and counted, like an epoch;
    a twentieth of max_steps if not given."""

    def __post_init__(self) -> None:
        if (self.max_epochs is None) == (self.max_steps is None):
            raise ConfigurationError("Give either max_epochs or max_steps.")
        if self.max_steps is None:
            if self.every_steps is not None:
                raise ConfigurationError("every_steps goes with max_steps. Leave it out.")
        elif self.every_steps is None:
            object.__setattr__(self, "every_steps", max(1, self.max_steps // 20))
        elif self.every_steps > self.max_steps:
            raise ConfigurationError(
                f"every_steps, {self.every_steps}, exceeds max_steps, {self.max_steps}, so that "
                "nothing would ever be measured."
            )

    @property
    def epochs(self) -> int:
        """Measurements of a trial that is never stopped: one for each epoch, or round of steps."""
        if self.max_epochs is not None:
            return self.max_epochs
        return -(-(self.max_steps or 0) // (self.every_steps or 1))

    @property
    def unit(self) -> str:
        """What is counted: "epoch", or "round" of steps."""
        return "epoch" if self.max_steps is None else "round"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What the whole search may cost; it ends with whatever limit is reached first."""

    __pydantic_config__ = FORM

    trials: Annotated[int, Field(ge=1, le=10_000_000, strict=True)] | None = None
    """Trials at most, the default configuration included; null for no limit."""
    minutes: Annotated[float, Field(ge=0.01, le=5_256_000, strict=True)] | None = None
    """Minutes at most, pauses between stop and resume left out; null for no limit."""
    epochs: Annotated[int, Field(ge=1, le=10**12, strict=True)] | None = None
    """Epochs at most, those of all trials together; null for no limit."""
    gpu_hours: Annotated[float, Field(gt=0, le=10**9, strict=True)] | None = None
    """Hours of training times the GPUs of a trial, all trials together; null for no limit."""
    target: Annotated[float, Field(strict=True)] | None = None
    """Value of the objective at which the search is content and ends; null for none."""
    patience: Annotated[int, Field(ge=1, le=10_000_000, strict=True)] | None = None
    """Trials that may end in a row without a new best one before the search does; null for any."""

    def __post_init__(self) -> None:
        limits = (self.trials, self.minutes, self.epochs, self.gpu_hours, self.patience)
        if all(limit is None for limit in limits):
            raise ConfigurationError(
                "Give at least one of trials, minutes, epochs, gpu_hours and patience, or leave "
                "the section out. A target alone may never be reached."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """How models are measured, before they are trained."""

    __pydantic_config__ = FORM

    names: tuple[str, ...] = ()
    """Measures to record of each trial, beside those that are an objective or a constraint."""
    batch_size: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 1
    """Examples of a forward pass whose time and memory is measured."""
    threads: Annotated[int, Field(ge=1, le=4096, strict=True)] = 1
    """Threads that torch may use meanwhile."""
    runs: Annotated[int, Field(ge=5, le=100_000, strict=True)] = 50
    """Passes that are timed at most; fewer once they have taken half a second."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where the model will serve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """Which trial of the Pareto front wins; only with several objectives."""

    __pydantic_config__ = FORM

    by: Literal["knee", "weighted", "lexicographic"] = "knee"
    """knee: where the front bends most. weighted: the least weighted sum, each objective scaled to
    its range on the front. lexicographic: the best in the first of `order`, of those within its
    tolerance the best in the second, and so on."""
    weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = field(
        default_factory=dict
    )
    """With weighted: objective -> weight; 1 where it is left out."""
    order: tuple[str, ...] = ()
    """With lexicographic: objectives, the most important first; by default as in `objectives`."""
    tolerances: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = field(
        default_factory=dict
    )
    """With lexicographic: objective -> how much worse than the best is good enough, in its own
    unit; 0 where it is left out."""

    def settings(self) -> dict[str, Any]:
        """Return the section, plain values, without what does not go with `by`."""
        found = {"weights": self.weights, "order": list(self.order), "tolerances": self.tolerances}
        return {"by": self.by} | {key: value for key, value in found.items() if value}


MOST_SEEDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Refit:
    """How the winner is trained again, on training and validation data together."""

    __pydantic_config__ = FORM

    seeds: Annotated[int, Field(ge=1, le=MOST_SEEDS, strict=True)] = 1
    """Models that are trained, each with a seed of its own, and tested together: the first is the
    winner, and all of them say how much of its result was luck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointSettings:
    """When a running trial is saved, and how much is kept. One of the two intervals is set."""

    every_epochs: int | None = None
    """Epochs between checkpoints, at least 1."""
    every_s: float | None = None
    """Seconds between checkpoints, more than 0."""
    budget_gb: float
    """Gigabytes (10^9 bytes) that the checkpoints of ended trials may take in all."""
    allow: tuple[str, ...] = ()
    """Import paths of the user's classes that may be read back from checkpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChoice:
    """The data set."""

    name: str
    """Built-in name, such as "digits"."""
    class_path: str
    """Import path of the data module, such as "raysearch.data.digits.module:Data"."""
    arguments: Mapping[str, Any]
    """Fixed arguments of the data module, defaults filled in; plain JSON."""
    is_own: bool = False
    """Whether it is the user's own, which is given nothing that he did not write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """One of the model families that are searched."""

    name: str
    """Built-in name, such as "cnn", or the name of the user's class or function."""
    class_path: str
    """Import path of the module class, such as "raysearch.models.cnn.module:CNN"."""
    prefix: str
    """What its parameters begin with: "cnn." among several families, else empty."""
    arguments: Mapping[str, Any]
    """Fixed arguments of the constructor, those that follow from the data included; plain JSON."""
    kind: Kind = "module"
    is_own: bool = False
    """Whether it is the user's own."""
    start: Mapping[str, Value] | None = field(default_factory=dict)
    """What is fixed of the checkpoint that it begins from, by the keys of `raysearch.init_from`;
    None where those are the user's own arguments, or nothing can begin from one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A searcher or a scheduler."""

    name: str
    """Built-in name, such as "asha", or the name of the class that the file names."""
    class_path: str
    """Import path of the class, such as "raysearch.schedulers.asha:ASHA"."""
    settings: Mapping[str, Any]
    """Keyword arguments of the class, defaults filled in; plain JSON. Of a class that the file
    names, what it says under `args`."""
    named_class: str | None = None
    """Import path of the class that the file names; None for what is built in. Where `class_path`
    is another one, that is of an adapter, which is given this one."""

    def to_settings(self) -> dict[str, Any]:
        """Return the section of a file that it stands for."""
        if self.named_class is None:
            return {"name": self.name, **self.settings}
        return {"class": self.named_class, "args": dict(self.settings)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The constructor arguments that one configuration stands for."""

    model_class: str
    """Import path of the module class."""
    model_arguments: Mapping[str, Any]
    data_class: str
    """Import path of the data module class; empty for functions that train by themselves."""
    data_arguments: Mapping[str, Any]
    kind: Kind = "module"
    init_from: InitFrom | None = None
    """The checkpoint that the model begins from; None for new weights."""
