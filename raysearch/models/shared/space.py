"""How can a network that learns from labelled examples be trained: which values can be searched?

Torch-free. `training_space` is the recommended search space of optimiser, schedule and loss (of
optimiser and schedule alone: `optimizer_space`; of sequences of symbols: `sequence_space`), to be
merged into a family's own; `training_domains` is all that a constructor accepts. The defaults in
the space are those of the constructors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raysearch.data_spec import UNKNOWN, DataSpec, Form, Task
from raysearch.errors import ConfigurationError
from raysearch.space import Choice, Domain, Float, Space

DEFAULT_LOSS: dict[Task, str] = {"classification": "cross_entropy", "regression": "mse"}
"""The loss where none is named."""


MUTABLE_BY_OPTIMIZER = frozenset(
    {"learning_rate", "momentum", "weight_decay", "schedule", "warmup_fraction"}
)
"""Arguments of optimiser and schedule that can be changed while a trial trains; the optimiser
itself is none, since its averages are of no use to another one."""

MUTABLE_OF_SEQUENCES = MUTABLE_BY_OPTIMIZER | {"label_smoothing"}
"""The same with those of training, where the answers are sequences of symbols."""

MUTABLE_IN_TRAINING = MUTABLE_OF_SEQUENCES | {
    "loss",
    "focal_gamma",
    "huber_delta",
    "class_weighting",
}
"""The same of classes or numbers."""

UNBALANCED = 1.5
"""From this ratio of the largest to the smallest class on, class weights are worth searching."""


def optimizer_space(*, learning_rate: float = 5e-3) -> Space:
    """Return the recommended space of optimiser and schedule, whatever the loss.

    The learning rate and the weight decay have their own ranges under each optimiser, since the
    same number means another step there. Learning rates reach just into where training diverges.

    Args:
        learning_rate: The default of adamw.
    """
    return Space(
        {
            "optimizer": Choice(
                {"adamw": _adamw(learning_rate=learning_rate), "sgd": _sgd()}, default="adamw"
            ),
            "schedule": Choice(["constant", "cosine", "one_cycle"], default="cosine"),
        }
    )


def optimizer_domains() -> dict[str, Domain]:
    """Return every legal value of optimiser and schedule, by argument."""
    return {
        "optimizer": Choice(["adamw", "nadam", "sgd"]),
        "learning_rate": Float(1e-8, 100.0, log=True),
        "momentum": Float(0.0, 0.999),
        "weight_decay": Float(0.0, 10.0),
        "schedule": Choice(["constant", "cosine", "one_cycle"]),
        "warmup_fraction": Float(0.0, 0.9),
    }


def sequence_space() -> Space:
    """Return the recommended space of training, where the answers are sequences of symbols."""
    return optimizer_space().merged(Space({"label_smoothing": _label_smoothing()}))


def sequence_domains() -> dict[str, Domain]:
    """Return every legal value of the same, by argument."""
    return {**optimizer_domains(), "label_smoothing": Float(0.0, 1.0)}


def training_space(data: DataSpec) -> Space:
    """Return the recommended space of optimiser, schedule and loss, of classes or numbers.

    The weights of classes are searched only where the data are known to be unbalanced.
    """
    task = data.task
    loss = Space(
        {
            "loss": Choice(list(_losses(task)), default=DEFAULT_LOSS[task]),
            **_loss_parameters(task),
            **({"class_weighting": Float(0.0, 1.0, default=0.0)} if is_unbalanced(data) else {}),
        }
    )
    return optimizer_space().merged(loss)


def training_domains(data: DataSpec) -> dict[str, Domain]:
    """Return every legal value of the arguments of training, by argument.

    A parameter of another loss or optimiser than the chosen one may be given; it has no effect.
    Classes can be weighted only where it is known how many examples each has.
    """
    task = data.task
    is_counted = task == "regression" or bool(data.class_counts)
    return {
        **optimizer_domains(),
        "loss": Choice(list(_losses(task))),
        "label_smoothing": Float(0.0, 1.0),
        "focal_gamma": Float(0.0, 20.0),
        "huber_delta": Float(1e-6, 1e6, log=True),
        "class_weighting": Float(0.0, 1.0) if is_counted else Choice([0.0]),
    }


def is_unbalanced(data: DataSpec) -> bool:
    """Return whether the classes are known to differ much in size.

    Example:
        >>> def two_classes(*counts):
        ...     return DataSpec(
        ...         task="classification",
        ...         input_shape=(3,),
        ...         n_outputs=2,
        ...         n_train=100,
        ...         class_counts=counts,
        ...     )
        >>> is_unbalanced(two_classes(90, 10)), is_unbalanced(two_classes(50, 50))
        (True, False)
    """
    counts = [count for count in data.class_counts if count]
    return bool(counts) and max(counts) > UNBALANCED * min(counts)


def data_arguments(data: DataSpec) -> dict[str, Any]:
    """Return the constructor's arguments that follow from the data, as plain JSON values.

    Counts of classes and the unit of the targets are among them where the data tell them.

    Example:
        >>> digits = DataSpec(
        ...     task="classification", input_shape=(1, 8, 8), n_outputs=10, n_train=1077
        ... )
        >>> data_arguments(digits)
        {'input_shape': [1, 8, 8], 'n_outputs': 10, 'task': 'classification'}
    """
    return {
        "input_shape": list(data.input_shape),
        "n_outputs": data.n_outputs,
        "task": data.task,
        **({"class_counts": list(data.class_counts)} if data.class_counts else {}),
        **({"target_scale": data.target_scale} if data.target_scale != 1 else {}),
        **({"form": data.form} if data.form != "numbers" else {}),
        **({"vocabulary": data.vocabulary} if data.vocabulary else {}),
        **({"target_length": data.target_length} if data.target_length else {}),
    }


def check_data(
    data: DataSpec,
    *,
    family: str,
    tasks: Sequence[Task] = ("classification", "regression"),
    forms: Sequence[Form] = ("numbers",),
    takes_lengths: bool = False,
) -> None:
    """Refuse data that a family cannot learn from.

    Args:
        data: The data.
        family: Its name in an experiment.
        tasks: What it can predict.
        forms: What examples it can read.
        takes_lengths: Whether it can read examples that differ in length.

    Raises:
        ConfigurationError: With what it can take.
    """
    text = None
    if data.task not in tasks:
        text = f"is for {' and '.join(tasks)}, but this data is for {data.task}"
    elif data.form not in forms:
        text = f"reads {' and '.join(forms)}, but the examples of this data are {data.form}"
    elif data.has_lengths and not takes_lengths:
        text = "reads examples of one length, but those of this data differ in length"
    elif data.form != "numbers" and data.vocabulary <= UNKNOWN:
        text = f"reads {data.form} of a vocabulary of more than {UNKNOWN}, not {data.vocabulary}"
    elif data.task == "seq2seq" and (data.n_outputs <= UNKNOWN or data.target_length < 1):
        text = (
            f"writes targets of at least 1 step with more than {UNKNOWN} symbols, but this data "
            f"has a target_length of {data.target_length} and {data.n_outputs} symbols"
        )
    if text is not None:
        raise ConfigurationError(f"{family} {text}.")


def check_cardinalities(data: DataSpec) -> None:
    """Refuse categories that data cannot have.

    Raises:
        ConfigurationError: There are more columns of categories than columns, or one has none.
    """
    is_flat = len(data.input_shape) == 1 and len(data.cardinalities) <= data.input_shape[0]
    if data.cardinalities and not (is_flat and min(data.cardinalities) > 0):
        raise ConfigurationError(
            f"cardinalities is {list(data.cardinalities)} for examples of shape "
            f"{list(data.input_shape)}. Give the number of categories, at least 1, of each of the "
            "last columns of a flat example."
        )


def _label_smoothing(when: Mapping[str, str] | None = None) -> Float:
    return Float(0.0, 0.2, default=0.0, when=when)


def _losses(task: Task) -> tuple[str, ...]:
    return ("cross_entropy", "focal") if task == "classification" else ("mse", "huber", "mae")


def _loss_parameters(task: Task) -> dict[str, Domain]:
    if task == "classification":
        return {
            "label_smoothing": _label_smoothing(when={"loss": "cross_entropy"}),
            "focal_gamma": Float(0.5, 5.0, default=2.0, when={"loss": "focal"}),
        }
    return {"huber_delta": Float(0.1, 10.0, log=True, default=1.0, when={"loss": "huber"})}


def _adamw(*, learning_rate: float) -> Space:
    return Space(
        {
            "learning_rate": Float(3e-4, 3e-2, log=True, default=learning_rate),
            "weight_decay": Float(1e-4, 0.3, log=True, default=1e-2),
        }
    )


def _sgd() -> Space:
    return Space(
        {
            "learning_rate": Float(2e-3, 0.2, log=True, default=0.05),
            "momentum": Float(0.8, 0.98, sampling="reverse_log", default=0.9),
            "weight_decay": Float(1e-5, 1e-2, log=True, default=5e-4),
        }
    )
