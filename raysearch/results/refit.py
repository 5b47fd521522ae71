"""How does the winner become a model that can be used?

It is trained again on training and validation data together, for as many epochs as its best epoch
took; where the experiment says `refit: false`, its best checkpoint is taken as it is. Either way
`winner/model.ckpt` opens with plain Lightning.

`refit_winner` takes the best trial unless it is told another one. That other one is then the winner
by choice, in all output and for the test, until the search goes on and measures more: then the best
trial is the winner again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.errors import ConfigurationError, RunDirectoryError
from raysearch.results.executor import Executor
from raysearch.results.messages import never_finite, no_winner, unreadable
from raysearch.results.selection import PassedOver, best_checkpoint, checkpoint_fault
from raysearch.results.winner_files import MODEL, install, write_config, write_metrics
from raysearch.run_dir import events as ev
from raysearch.training.checkpoints import write_whole
from raysearch.training.jobs import job_for
from raysearch.trial import Trial

if TYPE_CHECKING:
    from raysearch.results.collect import Results

NOT_REFITTED = "the experiment says refit: false, so the best checkpoint is the winner"

Record = Callable[[ev.Refitted | ev.TestOpened | ev.Tested], None]
"""Journals an event; `Engine.record`, or the record of a session of one's own."""


def refit_winner(
    results: Results,
    *,
    executor: Executor,
    record: Record,
    trial: Trial | None = None,
    again: bool = False,
) -> ev.Refitted:
    """Write `winner/` for the winner, unless that was done already.

    Args:
        results: The search; its state includes what `record` journals.
        executor: Does the training.
        record: Journals the refit once all files are on disk.
        trial: The trial to refit; the winner by default.
        again: Whether to train also if the same model lies in `winner/` already.

    Returns:
        The record of the model that now lies in `winner/`.

    Raises:
        RunDirectoryError: No trial can be the winner, or its checkpoint was to be copied and
            cannot be read.
        ConfigurationError: The trial never reached a finite value of the objective.
        TrialFailed: The training failed.

    Side effects:
        Writes model.ckpt, config.yaml and metrics.json, each atomically, then journals `Refitted`.
        If the training fails, what was in `winner/` before is untouched; if the machine stops
        before the end, the next call does it all again.
    """
    trial = trial or results.winner
    if trial is None:
        raise RunDirectoryError(no_winner(results))
    before = None if again else _model_as_wanted(results, trial)
    if before is None:
        return _make(results, trial, executor=executor, record=record)
    if results.winner is None or results.winner.id != trial.id:
        record(replace(before, at=time.time()))  # the model is there; that it was chosen is new
    return before


def _make(results: Results, trial: Trial, *, executor: Executor, record: Record) -> ev.Refitted:
    refits, epochs = results.is_refit_wanted, _best_epoch(results, trial)
    job = job_for(results.experiment, trial, run_dir=results.run_dir.path)
    path = results.run_dir.path.absolute() / MODEL
    prepared = path.with_name("next.ckpt")  # what is in winner/ stays whole until this one is
    begun_s = time.monotonic()
    if refits:
        executor.refit(job, epochs=epochs, path=prepared)
    else:
        _copy_checkpoint(results, trial, path=prepared)
    install(results.run_dir, prepared)
    model = ev.Refitted(
        at=time.time(),
        trial=trial.id,
        epochs=epochs,
        path=MODEL,
        size_bytes=path.stat().st_size,
        seconds=time.monotonic() - begun_s,
        refit=refits,
        reason="" if refits else NOT_REFITTED,
    )
    write_config(results, trial=trial, job=job, model=model)
    write_metrics(results, trial=trial, model=model)
    record(model)
    return model


def _model_as_wanted(results: Results, trial: Trial) -> ev.Refitted | None:
    """Return the model in winner/ if it is this trial's, made as the experiment now says."""
    model = results.model_of(trial)
    if model is None:
        return None
    wanted = (_best_epoch(results, trial), results.is_refit_wanted)
    return model if (model.epochs, model.refit) == wanted else None


def _best_epoch(results: Results, trial: Trial) -> int:
    best = trial.best(results.objective)
    if best is None:
        raise ConfigurationError(never_finite(results, trial))
    return best.epoch


def _copy_checkpoint(results: Results, trial: Trial, *, path: Path) -> None:
    fault = checkpoint_fault(trial, objective=results.objective, run_dir=results.run_dir)
    checkpoint = best_checkpoint(trial, objective=results.objective)
    if fault is not None or checkpoint is None:
        raise RunDirectoryError(
            unreadable(results, PassedOver(trial=trial, fault=fault or "it is not kept"))
        )
    source = results.run_dir.path / checkpoint.path
    write_whole(partial(shutil.copyfile, source), path=path)
