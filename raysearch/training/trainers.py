"""How does a job's `trainer` section become a Trainer?

A Trainer is set up for small models: no progress bar, no summary, no sanity check, no checkpoint
callback of Lightning's, and a logger that keeps nothing, since each costs time in every trial and
shows nothing that the reports do not. Any argument of the user's takes the place of these.

Objects among the arguments are written {"class": "package.module:Name", "args": {...}} and made
anew for each fit. A name without a module, such as "EarlyStopping", is Lightning's own. In what is
said of a logger, {trial} and {run} stand for the names of the training (see `training_name`) and of
the run directory.
"""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from raysearch.errors import ConfigurationError, did_you_mean, one_of, unknown_name
from raysearch.imports import load_object
from raysearch.training.job import TrainingJob
from raysearch.training.lean import serve
from raysearch.training.loggers import Runs, SilentLogger, training_name
from raysearch.training.namespace import Namespace
from raysearch.training.plugins import looked_up_once
from raysearch.training.portable import PlainCheckpoints
from raysearch.training.ranks import OneOfSeveral
from raysearch.training.rounds import NEVER

_SHELVES = {
    "callbacks": "callbacks",
    "logger": "loggers",
    "plugins": "plugins",
    "profiler": "profilers",
    "strategy": "strategies",
}
"""Argument of the Trainer -> module of Lightning in which a bare class name is looked up."""

SHARDED = ("fsdp", "fsdp_cpu_offload")
"""Strategies that keep a part of the weights in each process, on GPUs alone."""

_OURS = ("max_epochs", "max_steps", "devices", "default_root_dir", "enable_checkpointing")
"""Arguments that follow from the job."""


def make_trainer(
    job: TrainingJob,
    *,
    namespace: Namespace,
    first: tuple[Any, ...] = (),
    last: tuple[Any, ...] = (),
    keep: Callable[[Any], bool] = lambda callback: True,
    is_refit: bool = False,
    **settings: Any,
) -> Any:
    """Return a Trainer for one fit or evaluation.

    Args:
        job: Holds the user's arguments.
        namespace: The Lightning to take it from.
        first: Callbacks of ours that come before the user's.
        last: Callbacks of ours that come after them.
        keep: Which of the user's callbacks take part.
        is_refit: Whether it trains a winner again, which is a run of its own to a logger.
        settings: Arguments of the Trainer that go before the user's.

    Raises:
        ConfigurationError: An argument, or a class among them, does not exist; or one follows from
            the job.
    """
    users = _users_arguments(job, namespace=namespace, is_refit=is_refit)
    theirs = [callback for callback in _as_list(users.pop("callbacks", [])) if keep(callback)]
    callbacks = [*first, *theirs, *last]
    plugins = _as_list(users.pop("plugins", []))
    lean: dict[str, Any] = {
        "accelerator": job.accelerator,
        "enable_progress_bar": _has(callbacks, "callbacks:ProgressBar", namespace=namespace),
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "use_distributed_sampler": False,
    }
    if "logger" not in users:
        logger = namespace.derive(SilentLogger, part="loggers.logger:DummyLogger")
        lean |= {
            "logger": logger(job.directory),
            "log_every_n_steps": NEVER,
            "enable_autolog_hparams": False,
        }
    owned = {
        **_limits(job),
        "devices": 1,
        "default_root_dir": job.directory,
        "callbacks": callbacks,
        "plugins": [*plugins, *_own_plugins(plugins, job=job, namespace=namespace)],
        "enable_checkpointing": _has(callbacks, "callbacks:Checkpoint", namespace=namespace),
        **_strategy(users.get("strategy"), job=job),
    }
    with looked_up_once(namespace):
        trainer = namespace.load(":Trainer")(**{**lean, **users, **owned, **settings})
    return serve(trainer, namespace=namespace, loop=job.loop)


def _strategy(users: Any, *, job: TrainingJob) -> dict[str, Any]:
    """Return the arguments that say how many processes train, and how they work together.

    Args:
        users: What the user says of it; None for nothing.
        job: What is trained, by one process or by several.
    """
    if job.rank is not None:
        # layers that are frozen for a while have no gradients meanwhile
        ours = "ddp" if job.init_from is None else "ddp_find_unused_parameters_true"
        return {
            "strategy": ours if users in (None, "auto") else users,
            "num_nodes": job.rank.of,  # each with one device, see `ranks`
            "use_distributed_sampler": False,  # see `sharing`
        }
    is_in_vain = isinstance(users, str) and (
        users.startswith("ddp") or (job.accelerator == "cpu" and users in SHARDED)
    )
    return {"strategy": "auto"} if is_in_vain else {}  # alone, as a refit is and what `check` tries


def _limits(job: TrainingJob) -> dict[str, Any]:
    if job.max_steps is None:
        return {"max_epochs": job.max_epochs}
    return {
        "max_epochs": -1,
        "max_steps": job.max_steps,
        "val_check_interval": NEVER,  # `ReportRounds` says when
        "check_val_every_n_epoch": None,
    }


def _own_plugins(users: list[Any], *, job: TrainingJob, namespace: Namespace) -> list[Any]:
    """Return our plugins, but for those that the user brings."""
    own = []
    if not any(isinstance(plugin, namespace.load("plugins.io:CheckpointIO")) for plugin in users):
        made = namespace.derive(PlainCheckpoints, part="plugins.io:TorchCheckpointIO")
        own.append(made(job))
    environment = namespace.load_fabric("plugins.environments:ClusterEnvironment")
    if job.rank is not None:
        several = namespace.derive(OneOfSeveral, part="plugins.environments:LightningEnvironment")
        own.append(several(job.rank))
    elif not any(isinstance(plugin, environment) for plugin in users):
        # also inside a SLURM or MPI job: a trial is alone
        own.append(namespace.load_fabric("plugins.environments:LightningEnvironment")())
    return own


def _has(callbacks: list[Any], part: str, *, namespace: Namespace) -> bool:
    """Return whether one of the callbacks is of this kind; if not, Lightning must add none."""
    return any(isinstance(callback, namespace.load(part)) for callback in callbacks)


def _as_list(found: Any) -> list[Any]:
    return list(found) if isinstance(found, list | tuple) else [found]


def _users_arguments(job: TrainingJob, *, namespace: Namespace, is_refit: bool) -> dict[str, Any]:
    valid = inspect.signature(namespace.load(":Trainer").__init__).parameters.keys() - {"self"}
    faults = []
    for name in job.trainer_arguments:
        if name in _OURS:
            faults.append(f"trainer.{name} follows from the experiment. Leave it out.")
        elif name not in valid:
            kind = "an argument of Lightning's Trainer"
            faults.append(unknown_name(name, kind=kind, valid=valid, where="trainer: "))
    if faults:
        raise ConfigurationError(faults)
    return {
        name: (
            _loggers(value, job=job, namespace=namespace, is_refit=is_refit)
            if name == "logger"
            else _made(value, argument=name, namespace=namespace)
        )
        for name, value in job.trainer_arguments.items()
        if value is not None or name in ("check_val_every_n_epoch",)
    }


def _loggers(value: Any, *, job: TrainingJob, namespace: Namespace, is_refit: bool) -> Any:
    """Return the user's loggers, each of which goes on with its run if the training does."""
    name = training_name(job, is_refit=is_refit)
    runs = Runs(job, name=name)
    made = []
    for place, entry in enumerate(_as_list(value)):
        said = given = _filled(entry, job=job, name=name)
        if isinstance(said, Mapping) and "class" in said:
            found = _found(str(said["class"]), argument="logger", namespace=namespace)
            arguments = runs.arguments(found, said.get("args") or {}, place=place)
            said = {**said, "args": arguments}
        made.append(_made(said, argument="logger", namespace=namespace))
        if not runs.takes(made[-1], place=place):
            made[-1] = _made(given, argument="logger", namespace=namespace)
            runs.takes(made[-1], place=place)
    runs.remember()
    return made if isinstance(value, list | tuple) else made[0]


def _filled(value: Any, *, job: TrainingJob, name: str) -> Any:
    """Return what the user says of a logger, with the names of training and run in their places.

    So that each training is a run of its own in MLflow or Weights & Biases, under a name that says
    which.
    """
    if isinstance(value, str):
        run = Path(job.directory).absolute().parent.parent.name  # of <run>/trials/<trial>
        return value.replace("{trial}", name).replace("{run}", run)
    if isinstance(value, Mapping):
        return {key: _filled(entry, job=job, name=name) for key, entry in value.items()}
    if isinstance(value, list):
        return [_filled(entry, job=job, name=name) for entry in value]
    return value


def _made(value: Any, *, argument: str, namespace: Namespace) -> Any:
    """Return a value of the experiment with the objects in it made."""
    if isinstance(value, Mapping):
        if "class" in value and value.keys() <= {"class", "args"}:
            return _object(value, argument=argument, namespace=namespace)
        return {
            key: _made(entry, argument=argument, namespace=namespace)
            for key, entry in value.items()
        }
    if isinstance(value, list | tuple):
        return [_member(entry, argument=argument, namespace=namespace) for entry in value]
    if argument == "callbacks" and isinstance(value, str):
        return [_member(value, argument=argument, namespace=namespace)]
    return value


def _member(value: Any, *, argument: str, namespace: Namespace) -> Any:
    if argument == "callbacks" and isinstance(value, str):
        value = {"class": value}
    return _made(value, argument=argument, namespace=namespace)


def _object(value: Mapping[str, Any], *, argument: str, namespace: Namespace) -> Any:
    path = str(value["class"])
    found = _found(path, argument=argument, namespace=namespace)
    if not callable(found) or isinstance(found, namespace.load("callbacks:Callback")):
        return copy.deepcopy(found)  # an object that was given as it is, used once per fit
    arguments = {
        name: _made(entry, argument=name, namespace=namespace)
        for name, entry in (value.get("args") or {}).items()
    }
    _check_arguments(found, arguments, where=f"trainer.{argument}: {path}")
    return found(**arguments)


def _found(path: str, *, argument: str, namespace: Namespace) -> Any:
    if ":" in path or "." in path:
        return load_object(namespace.translated(path))
    shelf = f"{namespace.name}.{_SHELVES.get(argument, 'callbacks')}"
    module = importlib.import_module(shelf)
    names = [name for name in getattr(module, "__all__", dir(module)) if name[:1].isupper()]
    if path not in names:
        raise ConfigurationError(
            f"trainer.{argument}: {path} is not a class of {shelf}. {did_you_mean(path, names)}"
            f"It has: {one_of(names)}. One of your own is written as package.module:Name."
        )
    return getattr(module, path)


def _check_arguments(found: Any, arguments: Mapping[str, Any], *, where: str) -> None:
    try:
        parameters = inspect.signature(found).parameters
    except (TypeError, ValueError):
        return  # written in C; it says so itself
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return
    unknown = [name for name in arguments if name not in parameters]
    missing = [
        name
        for name, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty
        and parameter.kind is not inspect.Parameter.VAR_POSITIONAL
        and name not in arguments
    ]
    if not unknown and not missing:
        return
    faults = [
        f"{where} has no argument {n}. {did_you_mean(n, parameters)}".strip() for n in unknown
    ]
    faults += [f"{where} needs the argument {name}." for name in missing]
    raise ConfigurationError([f"{fault} It has: {', '.join(parameters)}." for fault in faults])
