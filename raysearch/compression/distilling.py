"""Can a smaller network of the same family do as well? It learns from what this one computes.

The smaller configuration lies in the space of the search: its sizes (what the space draws on a log
scale, such as widths; else all whole numbers) are made smaller together until the network has
`keep` of the parameters. A "lighter" student first has another value of one choice, the one that
saves most parameters, such as separable convolutions. It is trained anew, taught by the larger one
(`lesson`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from raysearch.compression.change import Changed, Given, computes_as_before, n_parameters
from raysearch.compression.subject import Subject
from raysearch.errors import Unsupported
from raysearch.space import Choice, Int
from raysearch.training.building import build
from raysearch.trial import Value


def distil(given: Given) -> Changed:
    """Return a smaller network of the same family that is to learn from the given one.

    Raises:
        Unsupported: Its space has no sizes, they cannot be made small enough, or the model's steps
            do not go through its forward.
    """
    teacher, subject = given.model, given.subject
    lighter = lightest_choice(subject) if given.student == "lighter" else {}
    most = int(given.keep * n_parameters(teacher))
    student, change = smaller(subject, most=most, arguments=lighter)
    computes_as_before(student.eval(), given.calls[0])
    return Changed(model=student, left=change, rate=1.0, lesson=True)


def smaller(subject: Subject, *, most: int, arguments: Mapping[str, Value]) -> tuple[Any, str]:
    """Return a new module with as many parameters as are allowed, or nearly, and its change.

    Args:
        subject: The larger model.
        most: Parameters at most.
        arguments: Of its constructor that differ in any case.

    Raises:
        Unsupported: The space has no sizes, or its smallest network is too large.
    """
    sizes = {name: size for name, size in sizes_of(subject).items() if name not in arguments}
    model = _built(subject, arguments)
    if arguments and n_parameters(model) <= most:
        return model, _told(arguments)
    if not sizes:
        raise Unsupported(f"the space of {subject.name} has no sizes that could be smaller")
    low, high, found = 0.0, 1.0, None
    for _ in range(7):  # to within one part in a hundred
        factor = (low + high) / 2
        changes = {**arguments, **{name: _times(sizes[name], factor) for name in sizes}}
        model = _built(subject, changes)
        if n_parameters(model) <= most:
            low, found = factor, (model, changes)
        else:
            high = factor
    if found is None:
        raise Unsupported(
            f"the smallest {subject.name} of the space has {n_parameters(model):,} parameters, and "
            f"{most:,} are the most"
        )
    same = {name for name, (value, _) in sizes.items() if found[1][name] == value}
    return found[0], _told({k: v for k, v in found[1].items() if k not in same})


def _told(changes: Mapping[str, Value]) -> str:
    return f"all but {', '.join(f'{name}={now}' for name, now in changes.items())}"


def lightest_choice(subject: Subject) -> dict[str, Value]:
    """Return the one choice of the space, with its other value, that saves most parameters.

    Raises:
        Unsupported: None saves any.
    """
    least = n_parameters(_built(subject, {}))
    found: dict[str, Value] = {}
    for name, (value, domain) in _numbered(subject, kind=Choice).items():
        for other in domain.grid():
            if other == value:
                continue
            try:
                n = n_parameters(_built(subject, {name: other}))
            except Exception:  # noqa: BLE001, S112 - a value that does not go with the others
                continue
            if n < least:
                least, found = n, {name: other}
    if not found:
        raise Unsupported(f"no other choice in the space of {subject.name} has fewer parameters")
    return found


def sizes_of(subject: Subject) -> dict[str, tuple[int, Int]]:
    """Return the arguments that are sizes, each with its value and its domain."""
    numbers = _numbered(subject, kind=Int)
    on_log = {name: size for name, size in numbers.items() if size[1].sampling == "log"}
    return on_log or numbers


def _numbered(subject: Subject, *, kind: type[Any]) -> dict[str, tuple[Any, Any]]:
    """Return the model's parameters of one kind of domain, each with its value and its domain."""
    experiment, configuration = subject.found.experiment, subject.trial.configuration
    found: dict[str, tuple[Any, Any]] = {}
    for parameter in experiment.space:
        key, name = parameter.key, parameter.key.rpartition(".")[2]
        is_model = not key.startswith("data.") and name in subject.job.model_arguments
        if is_model and key in configuration and isinstance(parameter.domain, kind):
            found[name] = (configuration[key], parameter.domain)
    return found


def _times(size: tuple[int, Int], factor: float) -> int:
    """Return a size times a factor, rounded down to what its domain has.

    Example:
        >>> _times((32, Int(8, 64, step=2, log=True)), 0.9)
        16
    """
    value, domain = size
    wanted = math.floor(value * factor)
    return next((v for v in range(wanted, domain.low, -1) if domain.contains(v)), domain.low)


def _built(subject: Subject, arguments: Mapping[str, Value]) -> Any:
    job = replace(
        subject.job, model_arguments={**subject.job.model_arguments, **arguments}, init_from=None
    )
    return build(job).model
