"""How can a network that learns from labelled examples be trained: which values can be searched?

Torch-free. `training_space` is the recommended search space of optimiser, schedule and loss, to be
merged into a family's own; `training_domains` is all that a constructor accepts. The defaults in
the space are those of the constructors.
"""

from __future__ import annotations

from typing import Any

from raysearch.data_spec import DataSpec, Task
from raysearch.space import Choice, Domain, Float, Space

DEFAULT_LOSS: dict[Task, str] = {"classification": "cross_entropy", "regression": "mse"}
"""The loss where none is named."""


def training_space(task: Task) -> Space:
    """Return the recommended space of optimiser, schedule and loss.

    The learning rate and the weight decay have their own ranges under each optimiser, since the
    same number means another step there. Learning rates reach just into where training diverges.
    """
    return Space(
        {
            "optimizer": Choice({"adamw": _adamw(), "sgd": _sgd()}, default="adamw"),
            "schedule": Choice(["constant", "cosine", "one_cycle"], default="cosine"),
            "loss": Choice(list(_losses(task)), default=DEFAULT_LOSS[task]),
            **_loss_parameters(task),
        }
    )


def training_domains(task: Task) -> dict[str, Domain]:
    """Return every legal value of the arguments of training, by argument.

    A parameter of another loss or optimiser than the chosen one may be given; it has no effect.
    """
    return {
        "optimizer": Choice(["adamw", "nadam", "sgd"]),
        "learning_rate": Float(1e-8, 100.0, log=True),
        "momentum": Float(0.0, 0.999),
        "weight_decay": Float(0.0, 10.0),
        "schedule": Choice(["constant", "cosine", "one_cycle"]),
        "warmup_fraction": Float(0.0, 0.9),
        "loss": Choice(list(_losses(task))),
        "label_smoothing": Float(0.0, 1.0),
        "focal_gamma": Float(0.0, 20.0),
        "huber_delta": Float(1e-6, 1e6, log=True),
    }


def data_arguments(data: DataSpec) -> dict[str, Any]:
    """Return the constructor's arguments that follow from the data, as plain JSON values.

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
    }


def _losses(task: Task) -> tuple[str, ...]:
    return ("cross_entropy", "focal") if task == "classification" else ("mse", "huber", "mae")


def _loss_parameters(task: Task) -> dict[str, Domain]:
    if task == "classification":
        return {
            "label_smoothing": Float(0.0, 0.2, default=0.0, when={"loss": "cross_entropy"}),
            "focal_gamma": Float(0.5, 5.0, default=2.0, when={"loss": "focal"}),
        }
    return {"huber_delta": Float(0.1, 10.0, log=True, default=1.0, when={"loss": "huber"})}


def _adamw() -> Space:
    return Space(
        {
            "learning_rate": Float(3e-4, 3e-2, log=True, default=5e-3),
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
