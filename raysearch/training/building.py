"""How do model and data module of a job come into being, whichever Lightning they are of?"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.imports import load_object
from raysearch.training.adoption import adopted
from raysearch.training.fast_loading import fast
from raysearch.training.fold_data import fold_loaders
from raysearch.training.gpu_share import keep_to_share
from raysearch.training.isolation import quieten
from raysearch.training.job import Fold, TrainingJob
from raysearch.training.namespace import Namespace, namespace_of
from raysearch.training.preparing import once
from raysearch.training.seeding import ExactTraining, Seeds
from raysearch.training.sharing import shared


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a fit is made of."""

    namespace: Namespace
    """The Lightning that all of it is of: the model's."""
    model: Any
    data: Any
    """The data module, or what stands for it; its loaders are seeded and fast."""
    exact: Any
    """An `ExactTraining`, which governs the fit's randomness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaders:
    """The methods of a data module that make loaders, as the user wrote them."""

    train: Callable[[], Any]
    validation: Callable[[], Any] | None
    """None if the data module has no `val_dataloader`."""
    refit: Callable[[], Any] | None
    """None if it has no `refit_dataloader`."""

    @classmethod
    def of(cls, data: Any, *, namespace: Namespace) -> Loaders:
        """Return the methods of a data module."""
        has_validation = namespace.overrides(data, "val_dataloader")
        return cls(
            train=data.train_dataloader,
            validation=data.val_dataloader if has_validation else None,
            refit=getattr(data, "refit_dataloader", None),
        )


def build(job: TrainingJob, *, train_loaders: Callable[[Loaders], Any] | None = None) -> Parts:
    """Build model and data module, with every draw governed by the job's seed.

    Args:
        job: Says which classes or functions, and with which arguments.
        train_loaders: Returns the loaders to train on, given the methods of the data module (see
            `Loaders`); those of its `train_dataloader` by default.

    Raises:
        ConfigurationError: A path does not lead to a LightningModule or LightningDataModule of
            either namespace. What the constructors raise passes through.

    Side effects:
        Seeds the global generators, and quietens the namespace's Lightning.
    """
    seeds = Seeds(seed=job.seed, trial=job.trial, repeat=job.repeat)
    seeds.apply(epoch=0)
    keep_to_share(job)
    data = _data(job)
    model = _model(job)
    namespace = namespace_of(model, kind="LightningModule", path=job.model_class)
    origin = namespace_of(data, kind="LightningDataModule", path=job.data_class)
    quieten(namespace)
    exact = namespace.derive(ExactTraining, part="callbacks:Callback")(seeds, namespace=namespace)
    data = adopted(data, namespace=namespace, origin=origin)
    parts = Parts(namespace=namespace, model=model, data=data, exact=exact)
    loaders = Loaders.of(data, namespace=namespace)
    if job.fold is not None and train_loaders is None:
        loaders = _of_fold(data, loaders, fold=job.fold)
        data.val_dataloader = loaders.validation
    make = partial(train_loaders, loaders) if train_loaders else loaders.train
    _serve(parts, job=job, make=make)
    return parts


def _of_fold(data: Any, loaders: Loaders, *, fold: Fold) -> Loaders:
    train, validation = fold_loaders(data, loaders.train, loaders.validation, fold=fold)
    return Loaders(train=train, validation=validation, refit=loaders.refit)


def _model(job: TrainingJob) -> Any:
    made = load_object(job.model_class)
    if job.kind == "builder":
        from raysearch.space.define_by_run import Replay

        return made(Replay(job.model_arguments))
    namespace_of(made, kind="LightningModule", path=job.model_class)
    return made(**job.model_arguments)


def _data(job: TrainingJob) -> Any:
    made = load_object(job.data_class)
    namespace_of(made, kind="LightningDataModule", path=job.data_class)
    if isinstance(made, type):
        return made(**job.data_arguments)
    if job.data_arguments:
        raise ConfigurationError(
            f"{job.data_class} is a data module that exists already, so it takes no arguments, but "
            f"{', '.join(job.data_arguments)} was given. Give its class to set or search them."
        )
    return copy.copy(made)  # what a fit sets on it is not seen by the next one


def _serve(parts: Parts, *, job: TrainingJob, make: Callable[[], Any]) -> None:
    """Let the data module's methods return loaders that are seeded and fast."""
    data, namespace = parts.data, parts.namespace
    speed = fast
    if job.trainer_arguments.get("overfit_batches"):
        speed = _unchanged  # Lightning takes the loaders apart
    data.train_dataloader = lambda: parts.exact.governed(
        shared(speed(make()), job=job, is_training=True)
    )
    for name in ("val_dataloader", "test_dataloader"):
        if namespace.overrides(data, name):
            share = partial(shared, job=job, is_training=False)
            setattr(data, name, _then(_then(getattr(data, name), speed), share))
    if namespace.overrides(data, "prepare_data"):
        data.prepare_data = once(data.prepare_data, data=data, job=job)


def _unchanged(loaders: Any) -> Any:
    return loaders


def _then(make: Callable[[], Any], change: Callable[[Any], Any]) -> Callable[[], Any]:
    return lambda: change(make())
