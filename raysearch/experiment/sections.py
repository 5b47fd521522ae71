"""Which keys may each section of an experiment file have?

The sections' forms as pydantic models; nothing of them leaves this package. What the keys stand for
(which families, which classes, which ranges) is checked by the modules that look them up.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from raysearch.data_spec import DataSpec, Form, Task
from raysearch.experiment.lightning_cli import from_cli
from raysearch.experiment.values import (
    FORM,
    CheckpointSettings,
)
from raysearch.init_from import ALL

SMALLEST_RATE = 1e-6
"""Of layers that come from a checkpoint; freezing them says the rest."""

SECONDS = r"^[0-9]+(\.[0-9]+)? ?s$"


def short_form(value: object, *, key: str) -> dict[str, Any]:
    """Return plain text as the mapping that it stands for."""
    if not isinstance(value, str | dict):
        raise ValueError(f"Write a {key}, or a mapping with the key {key}.")
    return {key: value} if isinstance(value, str) else value


def models_of(value: object) -> object:
    """Return the models that are written, one or several, as a list of mappings."""
    return [_model(item) for item in (value if isinstance(value, list) else [value])]


def _model(value: object) -> object:
    value = from_cli(value, section="model")
    if not isinstance(value, str | dict):
        raise ValueError(
            "Write the name of a model family, the path of a class as package.module:Class, or a "
            "list of them."
        )
    return _named_thing(value, ways=("name", "class", "function", "builder"))


def data_of(value: object) -> object:
    """Return the data that are written as a mapping."""
    value = from_cli(value, section="data")
    if not isinstance(value, str | dict):
        raise ValueError(
            "Write the name of a data set, or the path of a class as package.module:Class."
        )
    return _named_thing(value, ways=("name", "class"))


def named_in_one_way(value: str | dict[str, Any], *, ways: tuple[str, ...]) -> dict[str, Any]:
    """Return the mapping that names something in at most one of several ways."""
    given = {"name": value} if isinstance(value, str) else dict(value)
    path = given.get("name")
    if isinstance(path, str) and ":" in path and "class" not in given:
        given["class"] = given.pop("name")
    named = [way for way in ways if given.get(way) is not None]
    if len(named) > 1:
        raise ValueError(f"It has both {named[0]} and {named[1]}. Keep one of them.")
    return given


def _named_thing(value: str | dict[str, Any], *, ways: tuple[str, ...]) -> dict[str, Any]:
    """Return the mapping that names something in exactly one of several ways."""
    given = named_in_one_way(value, ways=ways)
    if "arguments" in given and "args" not in given:
        given["args"] = given.pop("arguments")  # the word of earlier files and journals
    is_named = any(given.get(way) is not None for way in ways)
    if not is_named and not set(given) - {*ways, "args", "spec", "init_from"}:
        raise ValueError(f"Write one of the keys {', '.join(ways)}.")
    return given


def init_of(value: object) -> object:
    """Return a plain path as the mapping that it stands for."""
    return None if value is None else short_form(value, key="checkpoint")


def _part_of(value: object) -> object:
    """Return a list of layers as one text."""
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def list_if_none(value: object) -> object:
    """Return an empty list for a section with nothing in it."""
    return [] if value is None else value


def empty_if_none(value: object) -> object:
    """Return an empty mapping for a section with nothing in it."""
    return {} if value is None else value


def _interval(value: object) -> object:
    is_epochs = type(value) is int and value >= 1
    is_seconds = (
        isinstance(value, str)
        and re.search(SECONDS, value) is not None
        and 0 < _seconds(value) < math.inf
    )
    if not is_epochs and not is_seconds:
        raise ValueError("Write epochs as an integer of at least 1, or seconds such as 5s.")
    return value


def _import_path(path: str) -> str:
    module, _, name = path.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
        raise ValueError("Write the import path of a class, as package.module:Class.")
    return path


def _seconds(text: str) -> float:
    return float(text.rstrip(" s"))


PATH_FORM = ConfigDict(**FORM, serialize_by_alias=True)


class SpecSection(BaseModel):
    """Shapes and sizes of data of one's own, for built-in families to be laid out for."""

    model_config = FORM

    task: Task
    """What is predicted: one class of several, real numbers, a sequence, or a density."""
    input_shape: Annotated[list[Annotated[int, Field(ge=1, strict=True)]], Field(min_length=1)]
    """Shape of one example: [F] for F features, [C, T] for series, [C, H, W] for images, [T] for
    tokens, [2, N] for trees."""
    n_outputs: Annotated[int, Field(ge=1, strict=True)]
    """Classes, target values per example, symbols of a target, or values that a number can take."""
    n_train: Annotated[int, Field(ge=1, strict=True)]
    """Examples in the training split."""
    form: Form = "numbers"
    """What an example holds: float numbers, int64 tokens, or a tree (see `DataSpec`)."""
    has_lengths: bool = False
    """Whether examples differ in length, and a batch has their lengths before the targets."""
    vocabulary: Annotated[int, Field(ge=0, strict=True)] = 0
    """Symbols of tokens and trees, the four counted that every vocabulary begins with."""
    target_length: Annotated[int, Field(ge=0, strict=True)] = 0
    """Of seq2seq: symbols in the longest target, its end counted."""

    def resolved(self) -> DataSpec:
        """Return what families are told."""
        return DataSpec.from_json(self.model_dump())


class DataSection(BaseModel):
    """The data, and the arguments of its data module that stay fixed."""

    model_config = PATH_FORM

    name: str | None = None
    """Name of a built-in data set."""
    class_: str | None = Field(default=None, alias="class")
    """In place of a name: a LightningDataModule of one's own, as package.module:Class."""
    args: Annotated[dict[str, Any], BeforeValidator(empty_if_none)] = Field(
        default={}, examples=[{"validation": 0.2}]
    )
    """Arguments of the data module that are not searched, such as the share of validation."""
    spec: SpecSection | None = Field(
        default=None,
        examples=[
            {
                "task": "classification",
                "input_shape": [3, 32, 32],
                "n_outputs": 10,
                "n_train": 50000,
            }
        ],
    )
    """Shapes and sizes of data of one's own; built-in families need them."""


class InitSection(BaseModel):
    """A checkpoint whose weights a model begins from.

    Each key can be searched as `init_from.KEY`, and `init_from` itself as a choice of null, for new
    weights, and paths.
    """

    model_config = FORM

    checkpoint: Annotated[str, Field(min_length=1)]
    """Path of the checkpoint, such as winner/model.ckpt in a run directory."""
    part: Annotated[str, Field(min_length=1), BeforeValidator(_part_of)] = ALL
    """Which layers are taken: all, body (all but the output layer), or a list of names. Those of
    them that have another shape in the checkpoint begin anew."""
    frozen_epochs: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] = 0
    """Epochs, or rounds of steps, in which the layers taken do not learn yet; the output layer
    does."""
    rate: Annotated[float, Field(ge=SMALLEST_RATE, le=1, strict=True)] = 1.0
    """Share of the learning rate at which the layers taken learn."""


class ModelSection(BaseModel):
    """A model, and the arguments of its module that stay fixed."""

    model_config = PATH_FORM

    name: str | None = None
    """Name of a built-in model family."""
    class_: str | None = Field(default=None, alias="class")
    """In place of a name: a LightningModule of one's own, as package.module:Class."""
    function: str | None = None
    """In place of a name: a function train(config, report) that does all of the training."""
    builder: str | None = None
    """In place of a name: a function build(hp) that returns a LightningModule."""
    args: Annotated[dict[str, Any], BeforeValidator(empty_if_none)] = Field(
        default={}, examples=[{"hidden": 64}]
    )
    """Constructor arguments that are not searched."""
    init_from: Annotated[InitSection | None, BeforeValidator(init_of)] = Field(
        default=None, examples=[{"checkpoint": "runs/digits/winner/model.ckpt", "part": "body"}]
    )
    """A checkpoint whose weights it begins from; a path alone will do."""

    @property
    def path(self) -> str | None:
        """The import path, if it is one's own."""
        return self.class_ or self.function or self.builder

    @property
    def way(self) -> str:
        """The key that says which model it is."""
        given = {
            "class": self.class_,
            "function": self.function,
            "builder": self.builder,
        }
        return next((way for way, value in given.items() if value is not None), "name")


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
    allow: Annotated[
        list[Annotated[str, AfterValidator(_import_path)]], BeforeValidator(list_if_none)
    ] = Field(default=[], examples=[["my_project.nets:Settings"]])
    """Classes of one's own, as package.module:Class, that models put in their checkpoints and that
    may be read back, which may run their code; tensors and plain values always are."""

    def resolved(self) -> CheckpointSettings:
        """Return the settings with the interval taken apart."""
        if isinstance(self.every, int):
            every: dict[str, Any] = {"every_epochs": self.every}
        else:
            every = {"every_s": _seconds(self.every)}
        return CheckpointSettings(**every, budget_gb=self.budget_gb, allow=tuple(self.allow))
