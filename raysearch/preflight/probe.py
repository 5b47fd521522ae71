"""What does one configuration do in its first batches?

It is built, trained for a few batches and validated on a few, by the same code as a trial, and, if
asked to, saved and taken up again. What goes wrong is told, not raised.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from raysearch.errors import RaysearchError, Unsupported
from raysearch.imports import load_object
from raysearch.preflight.arguments import describe, function_fault, wrong_arguments
from raysearch.preflight.gauge import ENOUGH_BATCHES, PATH, Reading, reading
from raysearch.preflight.record import Failure, Probe, Stage
from raysearch.training.allowed import allowed_only
from raysearch.training.building import build
from raysearch.training.evaluating import evaluate
from raysearch.training.failure import describe_failure
from raysearch.training.fit import refit, train
from raysearch.training.isolation import isolated
from raysearch.training.job import Report, TrainingJob
from raysearch.training.loggers import unlogged
from raysearch.training.namespace import Namespace, namespace_of
from raysearch.training.warmup import prepare_process, release_memory

VALIDATION_BATCHES = 3
"""Batches of each validation loader that are looked at."""

_LIMIT = "limit_val_batches"


def probe(job: TrainingJob, *, thorough: bool = False) -> Probe:
    """Try one configuration.

    Args:
        job: What a trial of it would train. Its directory is written to.
        thorough: Whether also a checkpoint is read back and trained on from, metrics that
            validation logs are told from those of training, and a refit is tried.

    Returns:
        What was seen. A failure is part of that; only what is no error, such as Ctrl-C, is raised.

    Side effects:
        Leaves a checkpoint in the job's directory. What user code prints goes where it goes.
    """
    began_s = time.monotonic()
    found = Probe(is_function=job.kind == "function", module=job.model_class.rpartition(":")[2])
    stage: Stage = "arguments"
    try:
        wrong = wrong_arguments(job)
        if wrong:
            return replace(found, wrong_arguments=wrong, failure=_arguments(map(describe, wrong)))
        if fault := _function_fault(job):
            return replace(found, failure=_arguments([fault]))
        if found.is_function:
            return found
        prepare_process(job)
        stage = "training"
        found, checkpoint = _trained(job, found=found)
        if thorough and checkpoint is not None:
            stage = "checkpoint"
            found = _read_back(job, found=found, checkpoint=checkpoint)
            stage = "refit"
            found = _refitted(job, found=found)
    except Exception as error:  # noqa: BLE001 - all of it is the result
        found = replace(found, failure=_failure(error, stage=stage))
    if not found.is_function:
        release_memory()
    return replace(found, seconds=time.monotonic() - began_s)


def _trained(job: TrainingJob, *, found: Probe) -> tuple[Probe, Path | None]:
    """Train a few batches; return what was seen, and the checkpoint."""
    reports: list[tuple[Report, float]] = []

    def receive(report: Report) -> bool:
        reports.append((report, time.monotonic()))
        return False

    namespace = _namespace(job)
    began_s = time.monotonic()
    with reading(namespace) as seen:
        train(_short(job), report=receive)
    report, reported_s = reports[0]
    validated_s = seen.validation_ends_s or [0.0]
    checkpoint = report.checkpoint
    found = replace(
        found,
        parameters=seen.parameters,
        trainable=seen.trainable,
        batch=seen.batch,
        device=seen.device,
        gpus=torch.cuda.device_count(),
        train_batches=seen.train_batches,
        validation_batches=_validation_batches(seen, limit=job.trainer_arguments.get(_LIMIT)),
        train_batch_s=seen.train_batch_s,
        validation_batch_s=seen.validation_batch_s,
        epoch_overhead_s=reported_s - seen.ends_s[-1] - (validated_s[-1] - validated_s[0]),
        start_s=seen.ends_s[0] - began_s,
        logged=seen.logged,
        not_lean=seen.not_lean,
        anew=seen.anew,
        checkpoint_bytes=checkpoint.size_bytes if checkpoint else None,
        no_test=_no_test(seen),
    )
    return found, Path(job.directory) / checkpoint.path if checkpoint else None


def _namespace(job: TrainingJob) -> Namespace:
    """Return the Lightning that a job's model is of; one that a function builds is built."""
    if job.kind == "module":
        model = load_object(job.model_class)
        return namespace_of(model, kind="LightningModule", path=job.model_class)
    with isolated(threads=job.threads):
        return build(job).namespace


def _short(job: TrainingJob, *, is_gauged: bool = True) -> TrainingJob:
    """Return the job with little validation, and with an end after a few batches."""
    given = unlogged(job).trainer_arguments  # a logger would tell a tracker of a run
    limit = given.get(_LIMIT)
    is_less = isinstance(limit, int) and limit < VALIDATION_BATCHES
    arguments = {**given, _LIMIT: limit if is_less else VALIDATION_BATCHES}
    if given.get("check_val_every_n_epoch") is not None:
        arguments["check_val_every_n_epoch"] = 1
    if is_gauged:
        users = given.get("callbacks") or []
        users = users if isinstance(users, list | tuple) else [users]
        arguments["callbacks"] = [*users, {"class": PATH}]
    every_steps = job.every_steps and min(job.every_steps, ENOUGH_BATCHES)
    return replace(job, trainer_arguments=arguments, every_steps=every_steps)


def _validation_batches(seen: Reading, *, limit: Any) -> int | None:
    """Return the batches of a whole validation, within the limit that the experiment sets."""
    total = 0
    for length in seen.validation_lengths:
        if isinstance(limit, int):
            total += limit if length is None else min(limit, length)
        elif length is None:
            return None
        else:
            total += int(length * (1.0 if limit is None else limit))
    return total


def _no_test(seen: Reading) -> str:
    """Return why the winner could not be tested; the test data are left alone."""
    if not seen.namespace.overrides(seen.model, "test_step"):
        return "the model has no test_step"
    if not seen.namespace.overrides(seen.data, "test_dataloader"):
        return "the data module has no test_dataloader"
    return ""


def _read_back(job: TrainingJob, *, found: Probe, checkpoint: Path) -> Probe:
    """Open a checkpoint as an evaluation, a user and a continued trial would."""
    path = str(checkpoint)
    try:
        validated = evaluate(_short(job, is_gauged=False), checkpoint=path, split="validation")
    except Unsupported:
        validated = {}
    no_open = _no_open(job, path=path) if job.kind == "module" else ""
    is_to_go_on = job.max_epochs > 1 if job.max_steps is None else job.max_steps > ENOUGH_BATCHES
    if is_to_go_on:
        with reading(_namespace(job)):
            train(replace(_short(job), resume_from=path), report=lambda report: False)
    return replace(found, validated=tuple(validated), no_open=no_open)


def _no_open(job: TrainingJob, *, path: str) -> str:
    """Return why the model's own `load_from_checkpoint` does not open a checkpoint, if so."""
    module = load_object(job.model_class)
    try:
        with isolated(threads=job.threads), allowed_only(path, allow=job.allow):
            module.load_from_checkpoint(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 - all of it is the result
        return describe_failure(error).summary
    return ""


def _refitted(job: TrainingJob, *, found: Probe) -> Probe:
    """Train a few batches of training and validation data together."""
    try:
        with reading(_namespace(job)):
            refit(_short(job), epochs=1, path=Path(job.directory) / "refit.ckpt")
    except Unsupported as error:
        return replace(found, no_refit=str(error))
    return found


def _function_fault(job: TrainingJob) -> str:
    if job.kind == "module":
        return ""
    ways = [("config", "report"), ("config",)] if job.kind == "function" else [("hp",)]
    return function_fault(load_object(job.model_class), ways=ways)


def _arguments(texts: Iterable[str]) -> Failure:
    return Failure(stage="arguments", cause="arguments", summary=" ".join(texts))


def _failure(error: Exception, *, stage: Stage) -> Failure:
    told = describe_failure(error)
    summary = str(error) if isinstance(error, RaysearchError) else told.summary
    return Failure(stage=stage, cause=told.cause, summary=summary, details=told.details)
