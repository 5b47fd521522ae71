"""Which arguments of Lightning's Trainer may an experiment set, and which does raysearch own?

Spelled out here so that a wrong one is refused without importing Lightning. Every argument of the
Trainer is in one of the two tables, which a test compares with the Trainer itself. Objects, such as
callbacks, are written by the path of their class with its arguments:

    trainer: {callbacks: [{class: EarlyStopping, args: {monitor: val_loss, patience: 5}}]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from raysearch.errors import ConfigurationError, did_you_mean, one_of
from raysearch.experiment.arguments import known_signature
from raysearch.experiment.document import Path, dotted
from raysearch.experiment.own import Signature, signature_of
from raysearch.experiment.report import Report
from raysearch.experiment.values import FORM
from raysearch.imports import PREFIX

Count = Annotated[int, Field(ge=1, strict=True)]
Share = Count | Annotated[float, Field(gt=0, le=1, strict=True)]
Switch = Annotated[bool, Field(strict=True)]

LIGHTNING = "pytorch_lightning"
SHELVES = {
    "callbacks": "callbacks",
    "logger": "loggers",
    "plugins": "plugins",
    "profiler": "profilers",
    "strategy": "strategies",
}
"""Argument of the Trainer -> module of Lightning in which a class without a package is."""


class ObjectSection(BaseModel):
    """An object, by the class that it is made of."""

    model_config = ConfigDict(**FORM, serialize_by_alias=True)

    class_: str = Field(alias="class")
    """The class, as package.module:Class; for one of Lightning's own the name alone will do."""
    args: dict[str, Any] = {}
    """Arguments of its constructor."""


def _object(value: object) -> object:
    return {"class": value} if isinstance(value, str) else value


def _objects(value: object) -> object:
    return [_object(item) for item in (value if isinstance(value, list) else [value])]


Made = Annotated[ObjectSection, BeforeValidator(_object)]
ListOfMade = Annotated[list[Made], BeforeValidator(_objects)]


class TrainerSection(BaseModel):
    """Arguments of Lightning's Trainer; those left out are chosen by raysearch."""

    model_config = ConfigDict(**FORM, serialize_by_alias=True)

    accelerator: str | None = None
    """Hardware, such as cpu, gpu or mps; by default what `resources` says."""
    strategy: str | ObjectSection | None = None
    """How a model is laid out on its devices: ddp by default where resources.workers is above 1;
    fsdp, on GPUs, for models that are too large for one."""
    precision: (
        Literal[
            "32-true",
            "16-mixed",
            "bf16-mixed",
            "16-true",
            "bf16-true",
            "64-true",
            "transformer-engine",
            "transformer-engine-float16",
        ]
        | None
    ) = None
    """Number format of training."""
    accumulate_grad_batches: Count | None = None
    """Batches whose gradients are added up before each step of the optimiser."""
    gradient_clip_val: Annotated[float, Field(gt=0, strict=True)] | None = None
    """Largest norm (or value) of the gradient; what exceeds it is scaled down."""
    gradient_clip_algorithm: Literal["norm", "value"] | None = None
    """Whether the gradient's norm is clipped, or each of its values."""
    callbacks: ListOfMade | None = Field(
        default=None, examples=[[{"class": "EarlyStopping", "args": {"monitor": "val_loss"}}]]
    )
    """Callbacks, each by its class and arguments, such as early stopping."""
    check_val_every_n_epoch: Count | None = None
    """Epochs between two validations; a trial is measured, and can be stopped, at these only."""
    val_check_interval: Share | None = None
    """Several validations in an epoch: after so many batches, or a share such as 0.25. A trial is
    measured by the last one."""
    limit_train_batches: Share | None = None
    """Training batches of an epoch: a number, or a share of all such as 0.5; 1.0 is all."""
    limit_val_batches: Share | None = None
    """Validation batches of an epoch: a number, or a share of all such as 0.5; 1.0 is all."""
    limit_test_batches: Share | None = None
    """Test batches: a number, or a share of all."""
    limit_predict_batches: Share | None = None
    """Batches of a prediction, which no search makes."""
    min_epochs: Count | None = None
    """Epochs before a callback can end the training."""
    min_steps: Count | None = None
    """Optimiser steps before a callback can end the training."""
    max_time: str | dict[str, int] | None = None
    """Longest training of one trial: DD:HH:MM:SS, or a mapping such as {minutes: 10}."""
    num_sanity_val_steps: Annotated[int, Field(ge=-1, strict=True)] | None = None
    """Validation batches before training, to find mistakes; 0 here, since `check` finds them."""
    deterministic: Switch | Literal["warn"] | None = None
    """Whether operations must be deterministic, as torch.use_deterministic_algorithms has it."""
    benchmark: Switch | None = None
    """Whether cuDNN tries its algorithms and takes the fastest."""
    detect_anomaly: Switch | None = None
    """Whether every backward pass is checked for NaN, which is slow."""
    inference_mode: Switch | None = None
    """Whether evaluation runs in torch.inference_mode rather than no_grad."""
    logger: Switch | Made | ListOfMade | None = None
    """Loggers beside raysearch's own, by class and arguments; none by default."""
    log_every_n_steps: Count | None = None
    """Steps between two lines of such a logger."""
    enable_progress_bar: Switch | None = None
    """Whether Lightning's progress bar goes to the trial's log.txt; not by default."""
    enable_model_summary: Switch | None = None
    """Whether Lightning's table of layers goes to the trial's log.txt; not by default."""
    enable_autolog_hparams: Switch | None = None
    """Whether hyperparameters go to loggers of one's own."""
    profiler: str | ObjectSection | None = None
    """Measures where time goes: simple, advanced, pytorch, or a class."""
    plugins: ListOfMade | None = None
    """Plugins of Lightning, by class and arguments."""
    reload_dataloaders_every_n_epochs: Annotated[int, Field(ge=0, strict=True)] | None = None
    """Epochs after which the data loaders are made anew; 0 for never."""
    overfit_batches: Share | None = None
    """Trains and validates on these few training batches: to see whether a model can learn at all,
    and not to compare models."""
    sync_batchnorm: Switch | None = None
    """Whether batch normalisation spans all workers of a trial, on GPUs; else each has the averages
    of its share of a batch."""
    use_distributed_sampler: Switch | None = None
    """false where data loaders yield the share of their worker themselves; else each batch is
    shared among the workers of a trial (resources.workers)."""
    model_registry: str | None = None
    """Name under which Lightning's own registry keeps checkpoints."""


OWNED = {
    "barebones": "Trials must log metrics, which barebones switches off. Leave it out.",
    "default_root_dir": "Every trial has its folder in the run directory.",
    "devices": "Use resources.cpus, resources.gpus and resources.workers.",
    "enable_checkpointing": "Use checkpoint.every and checkpoint.budget_gb.",
    "fast_dev_run": "`check` runs one batch of everything. Leave it out.",
    "max_epochs": "Use fidelity.max_epochs.",
    "max_steps": "Use fidelity.max_steps.",
    "num_nodes": "Use resources.workers: the workers of a trial may be on several nodes.",
}
"""Arguments that raysearch sets itself -> why, or the key to use instead."""


def check_objects(section: TrainerSection | None, *, report: Report) -> None:
    """Report classes that do not exist, and arguments that they do not take."""
    for path, made in _made(section):
        name = made.class_
        where = report.document.nearest((*path, "class"))
        if name.startswith(PREFIX):
            continue
        signature = _signature(name, shelf=SHELVES[str(path[1])], where=where, report=report)
        if signature is None:
            continue
        for argument in made.args:
            if not signature.accepts(argument):
                kind = f"an argument of {name}"
                report.unknown_key(
                    (*path, "args", argument), kind=kind, valid=signature.arguments or ()
                )
        missing = [argument for argument in signature.required if argument not in made.args]
        if missing and signature.arguments is not None:
            report.add(where, f"{dotted(path)}: {name} needs {', '.join(missing)}, under args.")


def _signature(name: str, *, shelf: str, where: Path, report: Report) -> Signature | None:
    """Return what is known of a class, or None with the fault reported."""
    if ":" in name:
        return known_signature(where, name, report=report)
    try:
        return signature_of(f"{LIGHTNING}.{shelf}:{name}")
    except ConfigurationError as error:
        text = _no_callback(name) if shelf == "callbacks" else str(error)
        report.add(where, f"{dotted(where)}: {text}")
        return None


def _made(section: TrainerSection | None) -> Iterator[tuple[Path, ObjectSection]]:
    """Yield the objects of the section with their paths."""
    if section is None:
        return
    for key in type(section).model_fields:
        value = getattr(section, key)
        if isinstance(value, ObjectSection):
            yield ("trainer", key), value
        elif isinstance(value, list):
            for position, item in enumerate(value):
                yield ("trainer", key, position), item


def _no_callback(name: str) -> str:
    known = ("EarlyStopping", "LearningRateMonitor", "StochasticWeightAveraging")
    return (
        f"Lightning has no callback {name}. {did_you_mean(name, known)}Write a name such as "
        f"{one_of(known)}, or package.module:Class."
    )


def trainer_arguments(section: TrainerSection) -> Mapping[str, Any]:
    """Return the arguments that the section sets, as plain JSON."""
    return {name: value for name, value in section.model_dump().items() if value is not None}
