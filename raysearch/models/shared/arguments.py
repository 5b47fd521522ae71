"""Is what a constructor was given legal, and which part of it is whose?

Torch-free. A family's constructor spells out all of its arguments and hands them on as a mapping:
first to be checked against the family's legal domains, then picked apart by name into settings.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from raysearch.checks import integer_fault, number_fault, raise_faults
from raysearch.data_spec import DataSpec, Form, Task
from raysearch.errors import ConfigurationError, unknown_name
from raysearch.models.shared.space import DEFAULT_LOSS
from raysearch.space import Domain

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Settings = TypeVar("Settings", bound="DataclassInstance")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerSettings:
    """By which steps a network is trained; the names and meanings of the families' constructors."""

    optimizer: str
    """adamw, nadam or sgd."""
    learning_rate: float
    """Step size; the largest one of the schedule."""
    momentum: float
    """Of sgd, in [0, 1)."""
    weight_decay: float
    """At least 0. Biases and normalisations do not decay."""
    schedule: str
    """constant, cosine or one_cycle."""
    warmup_fraction: float
    """Share of all steps in which the rate rises linearly (constant and cosine), in [0, 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings(OptimizerSettings):
    """The same, and what is minimised, where classes or numbers are learnt from examples."""

    task: Task
    n_outputs: int
    """Classes, or target values per example."""
    loss: str
    """cross_entropy or focal; mse, huber or mae."""
    label_smoothing: float
    """Of cross_entropy, in [0, 1]."""
    focal_gamma: float
    """Of focal, at least 0."""
    huber_delta: float
    """Of huber, above 0, in units of the target."""
    class_weighting: float
    """Of classification, in [0, 1]: how far the weights of classes make up for their sizes."""
    class_counts: list[int]
    """Training examples of each class; empty where they are not known."""
    target_scale: float
    """Of regression: what 1 in the targets is in the data's own unit, above 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceSettings(OptimizerSettings):
    """The same, and how much the targets are smoothed, where sequences of symbols are learnt."""

    label_smoothing: float
    """Share of the uniform distribution in the target of each symbol, in [0, 1]."""
    target_length: int
    """Symbols in the longest target, its `END` counted; more are never decoded."""


def default_loss(task: str) -> str:
    """Return the loss of a task where none is named.

    Raises:
        ConfigurationError: There is no such task.

    Example:
        >>> default_loss("regression")
        'mse'
    """
    for known, loss in DEFAULT_LOSS.items():
        if task == known:
            return loss
    raise ConfigurationError(
        unknown_name(str(task), kind="a task of this family", valid=DEFAULT_LOSS)
    )


def plain_shape(shape: Iterable[int]) -> list[int]:
    """Return a shape as a list, which JSON knows, unlike tuples and `torch.Size`.

    Raises:
        ConfigurationError: It is not a sequence.
    """
    if not isinstance(shape, Iterable):
        raise ConfigurationError(
            f"input_shape is {shape!r}. It must be the shape of one example, such as [{shape!r}]."
        )
    return list(shape)


def plain_counts(counts: Iterable[int]) -> list[int]:
    """Return numbers of examples, or of categories, as a list, which JSON knows.

    Raises:
        ConfigurationError: They are not a sequence of integers of at least 0.

    Example:
        >>> plain_counts((90, 10))
        [90, 10]
    """
    if isinstance(counts, Iterable):
        counts = list(counts)
        if all(type(count) is int and count >= 0 for count in counts):
            return counts
    raise ConfigurationError(f"{counts!r} is not a list of counts. Write it like [90, 10].")


def check_arguments(
    arguments: Mapping[str, Any],
    *,
    owner: str,
    legal_domains: Callable[[DataSpec], Mapping[str, Domain]],
) -> None:
    """Refuse illegal arguments, all of them at once.

    Args:
        arguments: All arguments of the constructor, by name.
        owner: Name of the class, for the message.
        legal_domains: The family's function of that name.

    Raises:
        ConfigurationError: A value is not legal; the message gives its name, the value, and what
            is legal.
    """
    data = _data_spec(arguments, owner=owner)
    raise_faults(
        *(
            None if fault is None else f"{owner}, {name}: {fault}"
            for name, domain in legal_domains(data).items()
            for fault in [domain.explain(arguments[name])]
        )
    )


def select(settings: type[Settings], arguments: Mapping[str, Any]) -> Settings:
    """Return the settings (a dataclass) with those of the arguments that are its fields."""
    return settings(**{field.name: arguments[field.name] for field in fields(settings)})


def _data_spec(arguments: Mapping[str, Any], *, owner: str) -> DataSpec:
    shape, task, n_outputs = (arguments[name] for name in ("input_shape", "task", "n_outputs"))
    counts, scale = arguments.get("class_counts", ()), arguments.get("target_scale", 1.0)
    form = arguments.get("form", "numbers")
    fewest = 2 if task == "classification" else 1
    raise_faults(
        None if task in get_args(Task) else f"{owner}: {_unknown_task(task)}",
        integer_fault(f"{owner}: n_outputs", n_outputs, at_least=fewest),
        None if shape else f"{owner}: input_shape is {shape!r}. It must have a dimension or more.",
        *(
            integer_fault(f"{owner}: input_shape[{axis}]", size, at_least=1)
            for axis, size in enumerate(shape)
        ),
        None
        if len(counts) in (0, n_outputs)
        else f"{owner}: class_counts is {counts!r}. Give a number for each of {n_outputs} classes.",
        number_fault(f"{owner}: target_scale", scale, at_least=sys.float_info.min),
        None if form in get_args(Form) else f"{owner}: {_unknown_form(form)}",
        *(
            integer_fault(f"{owner}: {name}", arguments.get(name, 0), at_least=0)
            for name in ("vocabulary", "target_length")
        ),
    )
    # What is legal does not depend on the number of examples, which a module need not know.
    return DataSpec(
        task=task,
        input_shape=tuple(shape),
        n_outputs=n_outputs,
        n_train=1,
        class_counts=tuple(counts),
        cardinalities=tuple(arguments.get("cardinalities", ())),
        form=form,
        has_lengths=bool(arguments.get("has_lengths", False)),
        vocabulary=arguments.get("vocabulary", 0),
        target_length=arguments.get("target_length", 0),
    )


def _unknown_task(task: object) -> str:
    return unknown_name(str(task), kind="a task", valid=get_args(Task))


def _unknown_form(form: object) -> str:
    return unknown_name(str(form), kind="a form of inputs", valid=get_args(Form))
