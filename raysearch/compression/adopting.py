"""How is a checkpoint from anywhere taken in, so that every command works on it?

It becomes a run directory with a single trial: the experiment file says which model and data it is
of, and its hyperparameters are the configuration. It is measured on validation data once, and is
the winner; nothing is searched, and nothing refitted.
"""

from __future__ import annotations

import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch

from raysearch.errors import ConfigurationError, RunDirectoryError
from raysearch.experiment import Experiment, from_settings
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.space.values import scalar_fault
from raysearch.training.allowed import allowed_only
from raysearch.training.checkpoints import damage, write_whole
from raysearch.training.jobs import job_for
from raysearch.training.run import evaluate
from raysearch.trial import SearchStatus, Trial, TrialStatus, trial_id

VERSION = "pytorch-lightning_version"
"""Key of Lightning's checkpoints without which Lightning does not open them."""
TRIAL = trial_id(1)
"""The trial's id: number 0 is a default configuration, of which nothing is known here."""


def adopt(checkpoint: Path, *, experiment: Experiment, run_dir: RunDir) -> None:
    """Make a run directory of a trained checkpoint.

    Args:
        checkpoint: Of Lightning's, with the hyperparameters that its module saved.
        experiment: Says which model and data it is of, and which metric counts.
        run_dir: Where; it must hold no search.

    Raises:
        ConfigurationError: The file is no such checkpoint, there is a search already, or the
            experiment names several models.
        TrialFailed: It holds more than tensors and plain values. What model and data raise passes
            through.

    Side effects:
        Copies the checkpoint and writes the journal. Opens validation data.
    """
    _refuse(checkpoint, experiment=experiment, run_dir=run_dir)
    experiment = from_settings(
        {**experiment.settings, "refit": False, "compress": False, "repeats": False}
    )
    key = f"trials/{TRIAL}/epoch-0001.ckpt"
    trial = Trial(
        id=TRIAL, number=1, configuration=_configuration(checkpoint, experiment=experiment)
    )
    job = job_for(experiment, trial, run_dir=run_dir.path)
    with run_dir.writing(doing="taking in a checkpoint") as journal:
        write_whole(partial(_copy, checkpoint), path=run_dir.path.absolute() / key)
        begun_s = time.monotonic()
        file = run_dir.path.absolute() / key
        values = evaluate(job, checkpoint=str(file), split="validation")
        seconds, at = time.monotonic() - begun_s, time.time()
        missing = experiment.objective.metric not in values
        if missing:
            raise ConfigurationError(
                f"{checkpoint} was measured, and has no {experiment.objective.metric}, the "
                f"objective. It has: {', '.join(sorted(values))}."
            )
        measured = ev.Measured(
            at=at, trial=TRIAL, attempt=1, epoch=1, step=1, values=values, seconds=seconds
        )
        written = ev.CheckpointWritten(
            at=at, trial=TRIAL, epoch=1, path=key, size_bytes=file.stat().st_size
        )
        begun = _begun(experiment, trial, at=at, checkpoint=checkpoint)
        run_dir.bring(key)  # a store has it before the journal says so
        journal.append([*begun, written, measured, *_ended(at)])


def _begun(experiment: Experiment, trial: Trial, *, at: float, checkpoint: Path) -> list[ev.Event]:
    """Return how the journal of a search with a single trial begins."""
    return [
        ev.SearchStarted(
            at=at,
            settings=dict(experiment.settings),
            space=experiment.space.to_json(),
            versions={},
        ),
        ev.TrialCreated(
            at=at,
            trial=trial.id,
            number=trial.number,
            configuration=trial.configuration,
            origin={"kind": "adopted", "checkpoint": str(checkpoint)},
        ),
        ev.AttemptStarted(at=at, trial=trial.id, attempt=1),
    ]


def _ended(at: float) -> list[ev.Event]:
    """Return how that journal ends."""
    finished, status = SearchStatus.FINISHED, TrialStatus.COMPLETED
    return [
        ev.TrialEnded(at=at, trial=TRIAL, status=status, reason="taken in as it was"),
        ev.SearchEnded(at=at, status=finished, reason="a checkpoint was taken in"),
    ]


def _copy(source: Path, to: Path) -> None:
    shutil.copyfile(source, to)


def _refuse(checkpoint: Path, *, experiment: Experiment, run_dir: RunDir) -> None:
    fault = damage(checkpoint, size_bytes=None, is_zip=True)
    if fault is not None:
        raise ConfigurationError(
            f"{checkpoint} cannot be taken in: {fault}. Give a checkpoint that Lightning wrote."
        )
    if run_dir.has_search():
        raise RunDirectoryError(f"{run_dir} holds a search already. Give another folder.")
    if len(experiment.models) != 1 or experiment.models[0].kind == "function":
        names = ", ".join(choice.name for choice in experiment.models)
        raise ConfigurationError(
            f"the experiment's model is {names}, and a checkpoint is of one class. Name that one: "
            "model=NAME."
        )


def _configuration(checkpoint: Path, *, experiment: Experiment) -> dict[str, Any]:
    """Return the hyperparameters of a checkpoint as a configuration, with the data's defaults."""
    with allowed_only(str(checkpoint), allow=experiment.checkpoint.allow):
        stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if not isinstance(stored, dict) or "state_dict" not in stored:
        raise ConfigurationError(
            f"{checkpoint} has no state_dict, so it is no checkpoint of Lightning's."
        )
    if VERSION not in stored:
        raise ConfigurationError(
            f"{checkpoint} does not say which Lightning wrote it ({VERSION}), so Lightning would "
            "not read it. Give a checkpoint as Trainer.save_checkpoint writes it."
        )
    kept = dict(stored.get("hyper_parameters") or {})
    of_data = {k: v for k, v in experiment.space.default().items() if k.startswith("data.")}
    return {**{k: v for k, v in kept.items() if scalar_fault(v) is None}, **of_data}
