"""Can a smaller network of the same family do as well? It learns from what this one computes.

The smaller configuration lies in the space of the search: its sizes (what the space draws on a log
scale, such as widths; else all whole numbers) are made smaller together until the network has
`keep` of the parameters. A "lighter" student first has another value of one choice, the one that
saves most parameters, such as separable convolutions. It is trained anew: to the usual loss comes
how far its outputs are from those of the larger network. Of a classification these are its
probabilities, softened, and their divergence; of anything else the outputs, and their mean squared
difference.

References:
    Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015.
    Ba and Caruana, "Do Deep Nets Really Need to be Deep?", NeurIPS 2014 (outputs that are numbers).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from raysearch.compression.change import Changed, Given, computes_as_before, n_parameters
from raysearch.compression.subject import Subject
from raysearch.errors import Unsupported
from raysearch.space import Choice, Int
from raysearch.training.building import build
from raysearch.trial import Value

TEMPERATURE = 4.0
"""What the outputs of a classifier are divided by before they become probabilities."""
WEIGHT = 0.7
"""How much the larger network counts in the loss; the data count for the rest."""


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
    is_classifier = _task(subject) == "classification"
    lesson = Lesson(student, teacher=teacher, is_classifier=is_classifier)
    return Changed(
        model=student,
        left=change,
        rate=1.0,
        prepare=lesson.begin,
        finish=lesson.end,
    )


class Lesson:
    """Adds to a student's loss how far its outputs are from its teacher's.

    Args:
        student: A LightningModule whose training step calls its forward once.
        teacher: One whose forward takes the same inputs.
        is_classifier: Whether outputs (B, K) are unnormalised log-probabilities.
    """

    def __init__(self, student: Any, *, teacher: Any, is_classifier: bool) -> None:
        self._student, self._teacher = student, teacher
        self._is_classifier = is_classifier
        self._seen: list[tuple[tuple[Any, ...], Any]] = []
        self._hook: Any = None

    def begin(self) -> None:
        """Let the training step return the loss of both."""
        self._teacher.eval()
        step = self._student.training_step

        def training_step(*args: Any, **kwargs: Any) -> Any:
            self._seen.clear()
            returned = step(*args, **kwargs)
            return _with_loss(returned, added=self._apart())

        self._student.training_step = training_step
        self._hook = self._student.register_forward_hook(
            lambda module, args, out: self._seen.append((args, out))
        )

    def end(self) -> None:
        """Let it be as it was."""
        self._student.__dict__.pop("training_step", None)
        if self._hook is not None:
            self._hook.remove()

    def _apart(self) -> Tensor:
        if len(self._seen) != 1 or not isinstance(self._seen[0][1], Tensor):
            raise Unsupported(
                f"the training_step of {type(self._student).__name__} does not call its forward "
                "once for one tensor, so it cannot learn from another network"
            )
        (args, outputs) = self._seen[0]
        with torch.no_grad():
            taught = self._teacher(*args)
        if self._is_classifier:
            return divergence(outputs, taught)
        return F.mse_loss(outputs, taught)


def divergence(outputs: Tensor, taught: Tensor) -> Tensor:
    """Return how far softened probabilities are from those that are taught, ().

    Times the square of the temperature, so that its gradient does not depend on that.

    Example:
        >>> same = torch.tensor([[1.0, 2.0, 3.0]])
        >>> float(divergence(same, same))
        0.0
    """
    softened = F.log_softmax(outputs / TEMPERATURE, dim=1)
    targets = F.log_softmax(taught / TEMPERATURE, dim=1)
    return F.kl_div(softened, targets, reduction="batchmean", log_target=True) * TEMPERATURE**2


def _with_loss(returned: Any, *, added: Tensor) -> Any:
    """Return what a training step returned, with both losses in their shares."""
    if isinstance(returned, Mapping):
        return {**returned, "loss": (1 - WEIGHT) * returned["loss"] + WEIGHT * added}
    return (1 - WEIGHT) * returned + WEIGHT * added


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


def _task(subject: Subject) -> str | None:
    task = subject.job.model_arguments.get("task")
    spec = subject.found.experiment.data_spec
    return task or (None if spec is None else spec.task)
