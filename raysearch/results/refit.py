"""How does the winner become a model that can be used?

It is trained again on training and validation data together, for as many epochs as its best epoch
took. Where the experiment says `refit: false`, where the data or the model do not allow it, or
where that training fails, its best checkpoint is taken as it is, and all output says why. A trial
that began with another one's weights is trained after that one: see `lineage`. Either way
`winner/model.ckpt` opens with plain Lightning. A function that trains by itself is never refitted,
and may have no model at all; then `winner/` holds its configuration and its values.

With several seeds, further models are trained in the same way, which differ in nothing but what is
drawn: see `refit_seeds`.

`refit_winner` takes the best trial unless it is told another one. That other one is then the winner
by choice, in all output and for the test, until the search goes on and measures more: then the best
trial is the winner again.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from raysearch.errors import ConfigurationError, RunDirectoryError, TrialFailed
from raysearch.results.executor import Executor
from raysearch.results.found import Found
from raysearch.results.history import job_of
from raysearch.results.lineage import line_of, refit_line
from raysearch.results.messages import (
    never_finite,
    no_refit_wanted,
    phrase,
    refuse_without_winner,
    unreadable,
)
from raysearch.results.refit_seeds import Record, Say, SeedTraining, refitting, say_nothing
from raysearch.results.selection import PassedOver, best_checkpoint, checkpoint_fault
from raysearch.results.winner_files import write_config, write_metrics
from raysearch.results.winner_folder import MODEL, NEXT, install, telling_what_is_kept
from raysearch.results.winner_pictures import draw_winner
from raysearch.run_dir import events as ev
from raysearch.training.checkpoints import write_whole
from raysearch.training.job import TrainingJob
from raysearch.trial import Trial

NOT_REFITTED = "the experiment says refit: false, so the best checkpoint is the winner"
FUNCTION = "a function trains by itself, so its best checkpoint is the winner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be handed over."""

    trial: Trial | None = None
    """The trial to refit; None for the winner."""
    again: bool = False
    """Whether to train also if the same model lies in `winner/` already, or if training was tried
    and failed."""
    seeds: int | None = None
    """Models to be had, each of a seed of its own; None for as many as the experiment says, or an
    earlier call did that was interrupted."""


def refit_winner(
    found: Found,
    *,
    executor: Executor,
    record: Record,
    wanted: Wanted = Wanted(),
    say: Say = say_nothing,
) -> ev.Refitted:
    """Write `winner/` for the winner, unless that was done already.

    Models of further seeds that are missing are trained beside those that are there.

    Args:
        found: The search; its state includes what `record` journals.
        executor: Does the training.
        record: Journals each model once its files are on disk.
        wanted: What is to be handed over.
        say: Told what is trained: "... : refit 2 of 3".

    Returns:
        The record of the model that now lies in `winner/`; its `refit` and `reason` say whether it
        was trained again, and why not. Its path is empty if there is no model to be had.

    Raises:
        RunDirectoryError: No trial can be the winner, or its checkpoint was to be copied and
            cannot be read.
        ConfigurationError: The trial never reached a finite value of the objective, its classes
            cannot be found here, or seeds are wanted where the experiment says refit: false.

    Side effects:
        Writes model.ckpt, pictures if the model draws any, config.yaml and metrics.json, each
        atomically, then journals `Refitted`; and so again for the model of each further seed. If
        the machine stops, the next call goes on after the last model that was journalled.
    """
    trial = wanted.trial or refuse_without_winner(found)
    if wanted.seeds is not None and not found.seeds_wanted:
        raise ConfigurationError(no_refit_wanted(found, seeds=wanted.seeds))
    model = None if wanted.again else _model_as_wanted(found, trial)
    if model is None:
        seeds = wanted.seeds or max(1, found.seeds_wanted)
        model = _make(found, trial, seeds=seeds, executor=executor, record=record, say=say)
    elif found.winner is None or found.winner.id != trial.id:
        model = replace(model, at=time.time())  # it is there; that it was chosen is new
        record(model)
    seeds = wanted.seeds or found.seeds_to_have(model)
    training = SeedTraining(found=found, trial=trial, executor=executor, record=record, say=say)
    return training.bring_to(model, seeds=seeds, retries=wanted.seeds is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A model that is ready to be put into `winner/`."""

    path: Path | None
    """None if there is none to be had."""
    refit: bool = False
    reason: str = ""
    """Why it is not refitted."""
    is_refused: bool = False
    """Whether it was to be refitted, and that could not be done."""


def _make(
    found: Found, trial: Trial, *, seeds: int, executor: Executor, record: Record, say: Say
) -> ev.Refitted:
    """Put the first model into `winner/`, and journal that others follow if they are wanted."""
    epochs = _best_epoch(found, trial)
    job = job_of(found, trial, epochs=epochs)
    begun_s = time.monotonic()
    with telling_what_is_kept(found.run_dir):
        if found.wants_refit(trial) and not found.is_without_model(trial):
            say(refitting(1, of=seeds))
        prepared = _prepare(found, trial, job=job, executor=executor)
        size_bytes = install(found.run_dir, prepared.path)
    draw_winner(found.run_dir, job, executor=executor, has_model=prepared.path is not None)
    model = ev.Refitted(
        at=time.time(),
        trial=trial.id,
        epochs=epochs,
        path=MODEL if prepared.path else "",
        size_bytes=size_bytes,
        seconds=time.monotonic() - begun_s,
        refit=prepared.refit,
        reason=prepared.reason,
        is_refused=prepared.is_refused,
        seeds=seeds,
        line=line_of(found, trial) if prepared.refit else (),
    )
    write_config(found, trial=trial, job=job, model=model)
    write_metrics(found, trial=trial, model=model)
    record(model)
    return model


def _prepare(found: Found, trial: Trial, *, job: TrainingJob, executor: Executor) -> _Prepared:
    """Train the model, or copy the best checkpoint, to a place where nothing reads it yet."""
    found.run_dir.storage.delete(NEXT)  # of a refit that was killed; refused where a link leads out
    path = found.run_dir.path.absolute() / NEXT
    epochs = _best_epoch(found, trial)
    if found.is_without_model(trial):
        return _Prepared(path=None, reason=_without_model(job, epochs=epochs))
    if not found.wants_refit(trial):
        _copy_checkpoint(found, trial, path=path)
        is_function = found.kind_of(trial) == "function"
        return _Prepared(path=path, reason=FUNCTION if is_function else NOT_REFITTED)
    try:
        refit_line(found, trial, job, epochs=epochs, path=path, executor=executor)
    except TrialFailed as error:
        try:
            _copy_checkpoint(found, trial, path=path)
        except RunDirectoryError as lost:
            raise RunDirectoryError(f"Not refitted: {phrase(error)}. {lost}") from error
        return _Prepared(path=path, reason=_refused(error, epochs=epochs), is_refused=True)
    return _Prepared(path=path, refit=True)


def _refused(error: TrialFailed, *, epochs: int) -> str:
    return f"not refitted: {phrase(error)}; the best checkpoint, of epoch {epochs}, is the winner"


def _without_model(job: TrainingJob, *, epochs: int) -> str:
    name = job.model_class.rpartition(":")[2]
    return f"{name} wrote no checkpoint at its best epoch, {epochs}, so there is no model to keep"


def _model_as_wanted(found: Found, trial: Trial) -> ev.Refitted | None:
    """Return the model in winner/ if it is this trial's, made as the experiment now says."""
    model = found.model_of(trial)
    if model is None or model.epochs != _best_epoch(found, trial):
        return None
    is_wanted = found.wants_refit(trial)
    return model if model.refit == is_wanted or (is_wanted and model.is_refused) else None


def _best_epoch(found: Found, trial: Trial) -> int:
    best = trial.best(found.objective)
    if best is None:
        raise ConfigurationError(never_finite(found, trial))
    return best.epoch


def _copy_checkpoint(found: Found, trial: Trial, *, path: Path) -> None:
    fault = checkpoint_fault(trial, objective=found.objective, run_dir=found.run_dir, opens=True)
    checkpoint = best_checkpoint(trial, objective=found.objective)
    if fault is not None or checkpoint is None:
        raise RunDirectoryError(
            unreadable(found, PassedOver(trial=trial, fault=fault or "it is not kept"))
        )
    source = found.run_dir.path / checkpoint.path
    write_whole(partial(shutil.copyfile, source), path=path)
