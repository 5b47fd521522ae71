"""What does a fit log to where nobody asks for a logger, and to which run where somebody does?

With MLflow or Weights & Biases each training is a run of theirs: a trial, or each of its folds,
each further seed of a leader, and the refit. A training that goes on, after a pause or a loss, goes
on with its run, whose id lies beside its checkpoints. What only looks at a model logs nothing.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from raysearch.training.checkpoints import write_whole
from raysearch.training.job import TrainingJob

_log = logging.getLogger(__name__)

FILE = "loggers.json"
"""Beside the checkpoints of a trial: name of each training -> ids of its runs."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "MLFlowLogger": ("run_id",),
    "WandbLogger": ("id", "version"),
}
"""Loggers of Lightning's that can go on with a run -> the arguments that say with which, of which
the first is given."""


class SilentLogger:
    """Keeps nothing, and lets user code log what it likes; from "loggers.logger:DummyLogger".

    Args:
        directory: The trial's folder, where user code may look for a place to write.
    """

    def __init__(self, directory: str) -> None:
        super().__init__()
        self._directory = directory

    @property
    def save_dir(self) -> str:
        """The trial's folder."""
        return self._directory

    @property
    def log_dir(self) -> str:
        """The trial's folder."""
        return self._directory


def unlogged(job: TrainingJob) -> TrainingJob:
    """Return a job without the user's loggers: to look at a model is no training."""
    arguments = {k: v for k, v in job.trainer_arguments.items() if k != "logger" or not v}
    return replace(job, trainer_arguments=arguments)


def training_name(job: TrainingJob, *, is_refit: bool = False) -> str:
    """Return what stands for {trial} in what is said of a logger.

    Example: "0007"; "0007-fold-02", "0007-seed-1" and "0007-refit" for what else is trained.
    """
    if is_refit:
        return f"{job.trial}-refit" + (f"-seed-{job.repeat}" if job.repeat else "")
    if job.fold is not None:
        return f"{job.trial}-fold-{job.fold.number + 1:02d}"
    return f"{job.trial}-seed-{job.repeat}" if job.repeat else job.trial


class Runs:
    """The runs that the loggers of one training have, for those that can go on with one.

    Args:
        job: The training. With other hyperparameters than before, as after taking over another
            trial's weights, it begins a new run: MLflow lets nobody change them.
        name: See `training_name`.
    """

    def __init__(self, job: TrainingJob, *, name: str) -> None:
        self._path = Path(job.directory) / FILE
        self._name = name
        self._writes = job.rank is None or job.rank.number == 0
        goes_on = job.resume_from is not None and not job.takes_over
        self._known: Mapping[str, str] = self._read().get(name, {}) if goes_on else {}
        self._ids: dict[str, str] = {}

    def arguments(self, found: Any, given: Mapping[str, Any], *, place: int) -> dict[str, Any]:
        """Return the arguments of a logger, with the id of its run.

        Args:
            found: Its class, or what else makes it.
            given: What the user says; an id among it is left alone.
            place: Its place among the loggers.
        """
        kind = _kind(found)
        if kind is None or any(name in given for name in KINDS[kind]):
            return dict(given)
        id = self._known.get(_key(kind, place))
        if id is None and kind == "WandbLogger":
            id = secrets.token_hex(4)  # as its own are, and known before the run is there
        return dict(given) if id is None else {**given, KINDS[kind][0]: id}

    def takes(self, logger: Any, *, place: int) -> bool:
        """Note which run a logger has; MLflow's are begun for that.

        Returns:
            False if it was to go on with a run that its tracker does not have (any more): it has to
            be made again, with the arguments that the user gave.
        """
        kind = _kind(type(logger))
        if kind is None or not self._writes:
            return True
        try:
            run = getattr(logger, "run_id" if kind == "MLFlowLogger" else "_id", None)
        except Exception:  # whatever a tracker's client raises that is asked for a run
            if _key(kind, place) not in self._known:
                raise
            self._known = {k: run for k, run in self._known.items() if k != _key(kind, place)}
            _log.warning("%s has no run to go on with, so a new one was begun", kind, exc_info=True)
            return False
        if isinstance(run, str):
            self._ids[_key(kind, place)] = run
        return True

    def remember(self) -> None:
        """Write down which runs were taken."""
        if not self._ids or self._ids == self._known:
            return
        text = json.dumps({"schema_version": 1, "runs": {**self._read(), self._name: self._ids}})

        def save(path: Path) -> None:
            path.write_text(f"{text}\n")

        with suppress(OSError):  # then a training that goes on begins another run
            write_whole(save, path=self._path)

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            runs = json.loads(self._path.read_text())["runs"]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return runs if isinstance(runs, dict) else {}


def finish_runs(trainer: Any, *, has_failed: bool) -> None:
    """End the runs of loggers that would go on in the next training of this process.

    Lightning's WandbLogger takes up whichever run of Weights & Biases the process has. Its other
    loggers end theirs, or have none.
    """
    for logger in trainer.loggers:
        run = getattr(logger, "_experiment", None)  # `experiment` would begin one
        if run is not None and _kind(type(logger)) == "WandbLogger":
            try:
                run.finish(exit_code=int(has_failed))
            except Exception:  # noqa: BLE001  what was trained is worth more than its log
                _log.warning("a run of Weights & Biases could not be ended", exc_info=True)


def _kind(found: Any) -> str | None:
    """Return which logger of Lightning's a class is, or is derived from; None for others."""
    names = [base.__name__ for base in getattr(found, "__mro__", ())]
    return next((name for name in names if name in KINDS), None)


def _key(kind: str, place: int) -> str:
    return f"{kind} {place}"
