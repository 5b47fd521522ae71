"""What is to be trained, and what does training report?

Plain values that travel to a worker; nothing here loads torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from raysearch.imports import Kind
from raysearch.init_from import InitFrom
from raysearch.measure import How
from raysearch.training.home import Home
from raysearch.trial import Checkpoint, Loop, Measurement, Objective


class Ending(StrEnum):
    """How a training that did not fail came to its end."""

    COMPLETED = "completed"
    """All epochs were trained."""
    STOPPED = "stopped"
    """Whoever received the reports did not want more."""
    ENDED_EARLY = "ended early"
    """The model, a callback or a limit of the trainer ended it, such as early stopping."""
    DIVERGED = "ended, since weights are not finite"
    """A metric was not finite, nor were weights, which never become finite again."""


_SHARDED = ("fsdp", "deepspeed", "modelparallel")
"""What the names begin with of strategies, and of their classes, with which no process holds all
weights of a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Epochs with other hyperparameters, before those of a job."""

    until: int
    """The last of these epochs, or rounds."""
    model_arguments: Mapping[str, Any]
    data_arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """Which of the processes that train a trial together; see `ranks`."""

    number: int
    """From 0. That one reports, writes checkpoints and is told whether to go on."""
    of: int
    """How many there are, at least 2."""
    meeting: str
    """Where they meet, as HOST:PORT: rank 0 listens there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Which part of the examples for training and validation is validated on."""

    number: int
    """From 0."""
    of: int
    """How many folds there are, at least 2."""
    seed: int
    """Governs which examples are in which fold; the same for all trials of a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """One configuration of a model and its data, with all that its training depends on.

    Example:
        >>> job = TrainingJob(
        ...     trial="0007",
        ...     model_class="my_project.nets:Net",
        ...     model_arguments={"width": 32},
        ...     data_class="raysearch.data.digits.module:Data",
        ...     data_arguments={"batch_size": 64},
        ...     objective=Objective(metric="val/accuracy", direction="maximize"),
        ...     max_epochs=27,
        ...     seed=0,
        ...     directory="runs/mine/trials/0007",
        ... )
        >>> job.accelerator, job.resume_from
        ('cpu', None)
    """

    trial: str
    """The trial's id."""
    repeat: int = 0
    """Which repeat of the trial, from 0."""
    fold: Fold | None = None
    """On which fold it is trained, which its repeat counts too; None for the splits of the data."""
    model_class: str
    """A LightningModule as "package.module:Class", or what else `kind` says; see `imports`."""
    model_arguments: Mapping[str, Any]
    """Its constructor's keyword arguments; the configuration, for functions."""
    data_class: str
    """A LightningDataModule as "package.module:Class", or an object without import path: a class,
    or a data module, which then has no arguments. Empty if `kind` is "function"."""
    data_arguments: Mapping[str, Any]
    """Its constructor's keyword arguments."""
    kind: Kind = "module"
    init_from: InitFrom | None = None
    """The checkpoint that its weights begin from; None for new ones. Where it goes on from one of
    its own (`resume_from`), that has the weights."""
    objective: Objective
    """What decides which epoch is the best."""
    max_epochs: int
    """Epochs of a training that nobody ends; schedules of the learning rate end there. With
    `every_steps`, rounds of that many steps, each of which is reported like an epoch."""
    max_steps: int | None = None
    """Optimiser steps of a training that nobody ends; None when epochs are counted."""
    every_steps: int | None = None
    """Optimiser steps between two validations when steps are counted, at least 1."""
    seed: int
    """The search's seed, at least 0."""
    directory: str
    """Folder of the trial, made when missing: checkpoints, and what user code leaves."""
    checkpoint_every_epochs: int | None = None
    """Epochs between checkpoints beside those of best epochs; None for no such rule."""
    checkpoint_every_s: float | None = None
    """Seconds between checkpoints beside those of best epochs; None for no such rule."""
    checkpoint_at: tuple[int, ...] = ()
    """Epochs at which one is written in any case, or at the first measurement after each, in rising
    order: the trial may be paused there."""
    waits_at: tuple[int, ...] = ()
    """Epochs after which, or after the first measurement after each, no further one begins before
    the answer: the trial most likely pauses there."""
    measures: tuple[str, ...] = ()
    """What is measured of the model before it is trained; see `raysearch.measure`."""
    measured_how: How = How()  # noqa: RUF009  frozen
    """Under which conditions."""
    allow: tuple[str, ...] = ()
    """Import paths of classes that may be read back from checkpoints, beside plain values."""
    trainer_arguments: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of Lightning's Trainer, such as `gradient_clip_val`, by name."""
    loop: Loop = "auto"
    """What serves the batches: the lean loop where it is exact, else Lightning ("auto"); or one of
    them, where a fit that the lean loop cannot serve is an error."""
    accelerator: str = "cpu"
    """Hardware: "cpu", "gpu" or "auto". One among `trainer_arguments` takes its place."""
    threads: int = 1
    """Threads that torch may use in an operation, at least 1."""
    rank: Rank | None = None
    """Its place among several processes that train it together; None where one trains alone."""
    gpu_share: float | None = None
    """Share of its GPU's memory that a process may take, above 0 and below 1; None for all."""
    resume_from: str | None = None
    """Path of the checkpoint to go on from; None to begin."""
    resume_bytes: int | None = None
    """How long that file was when it was written; None where nobody knows."""
    otherwise: TrainingJob | None = None
    """The same job from an older checkpoint, or from the start: if that one cannot be read."""
    takes_over: bool = False
    """Whether that checkpoint was written with other hyperparameters, which give way to these."""
    may_have_grown: bool = True
    """Whether that checkpoint, taken over, may be of another architecture; if not, it is read once
    and not twice."""
    reads_back: tuple[str, ...] = ()
    """Arguments whose values in use are read from the live objects in each epoch; those of the data
    begin with "data."."""
    history: tuple[Stage, ...] = ()
    """How a model was trained before its last stretch, from its start: of a refit, which repeats
    it."""
    session: str = ""
    """Stands for the process that drives the search, and for the search: what prepares a user's
    data is called once in a session on each node. Empty to call it in each fit."""
    home: Home | None = None
    """Where the run directory is, if it is in an object store; paths are those of the driver's."""
    epochs_before: int = 0
    """Epochs that were trained when that checkpoint was written."""
    seconds_before: float = 0.0
    """Training time of the earlier attempts, in seconds."""
    joules_before: float | None = 0.0
    """Energy of the earlier attempts, in joules; None where that is not known."""
    best_before: float | None = None
    """Best value of the objective in the earlier attempts."""

    @property
    def is_sharded(self) -> bool:
        """Whether no process that trains it holds all weights, so that one alone may not either."""
        strategy = self.trainer_arguments.get("strategy")
        named = strategy.get("class") if isinstance(strategy, Mapping) else strategy
        if not isinstance(named, str):
            return False
        return named.replace(":", ".").rpartition(".")[2].lower().startswith(_SHARDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a training says at the end of an epoch."""

    measurement: Measurement
    checkpoint: Checkpoint | None = None
    """The checkpoint of this epoch, if one was written; its path is the file name alone."""
