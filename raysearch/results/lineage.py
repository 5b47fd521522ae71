"""Whose weights did a trial begin with, and how is such a trial trained again?

A trial that inherited is worth what all of its line was trained: its own epochs are counted as its
own, and what came before is told beside them. Its refit replays the line: first the oldest ancestor
is trained on all data for as many epochs as its heir took over, then the next one begins with these
weights, and so on to the trial itself. From new weights its own epochs alone would make another,
and as a rule a worse, model than the one that won.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from raysearch.init_from import Inheritance
from raysearch.results.executor import Executor
from raysearch.results.found import Found
from raysearch.training.job import TrainingJob
from raysearch.training.jobs import job_for
from raysearch.training.repeating import begins_with
from raysearch.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestor:
    """A trial with whose weights another one began."""

    trial: Trial
    epochs: int
    """Epochs of its own after which they were taken."""


def ancestors(trial: Trial, *, trials: Mapping[str, Trial]) -> list[Ancestor]:
    """Return those in whose line a trial stands, the oldest first.

    Example:
        >>> old = Trial(id="0000", number=0, configuration={})
        >>> told = Inheritance(trial="0000", epoch=3, checkpoint="trials/0000/epoch-0003.ckpt")
        >>> new = Trial(id="0004", number=4, configuration={}, origin={"inherits": told.to_json()})
        >>> [(each.trial.id, each.epochs) for each in ancestors(new, trials={"0000": old})]
        [('0000', 3)]
    """
    found: list[Ancestor] = []
    inherited = Inheritance.read(trial.origin)
    while inherited is not None and inherited.checkpoint is not None:
        parent = trials[inherited.trial]  # of a lower number, so this ends
        found.append(Ancestor(trial=parent, epochs=inherited.epoch))
        inherited = Inheritance.read(parent.origin)
    return found[::-1]


def inheritance_document(trial: Trial, *, trials: Mapping[str, Trial]) -> dict[str, Any] | None:
    """Return with what a trial began; None for one that inherited nothing.

    Its parent, after how many epochs of the parent, how many epochs the whole line was trained
    before it, and what became of the layers, once it has reported.
    """
    said = Inheritance.read(trial.origin)
    if said is None:
        return None
    if said.checkpoint is None:
        return {"trial": said.trial, "epochs_before": 0, "reason": said.reason}
    told = next((dict(m.inherited) for m in trial.measurements if m.inherited), {})
    line = ancestors(trial, trials=trials)
    return {**told, "trial": said.trial, "epoch": said.epoch,
            "epochs_before": sum(each.epochs for each in line)}  # fmt: skip


def line_of(found: Found, trial: Trial) -> tuple[dict[str, Any], ...]:
    """Return what of a trial's line its refit trains before it: id and epochs of each ancestor."""
    line = ancestors(trial, trials=found.state.trials)
    return tuple({"trial": each.trial.id, "epochs": each.epochs} for each in line)


def refit_line(
    found: Found, trial: Trial, job: TrainingJob, *, epochs: int, path: Path, executor: Executor
) -> None:
    """Train a trial on training and validation data, after those in whose line it stands.

    Args:
        found: The search.
        trial: What is handed over.
        job: Its job, of any repeat.
        epochs: Its own epochs.
        path: Where its checkpoint goes.
        executor: Does the training.

    Raises:
        TrialFailed: It, or one of its line, could not be trained.

    Side effects:
        Writes the checkpoint at `path`, atomically. Those of its line lie beside it meanwhile.
    """
    begun: list[Path] = []
    before: Path | None = None
    try:
        for number, each in enumerate(ancestors(trial, trials=found.state.trials)):
            of_each = job_for(found.experiment, each.trial, run_dir=found.run_dir.path)
            at = path.with_name(f"{path.stem}-line-{number}.ckpt")
            of_each = begins_with(replace(of_each, repeat=job.repeat), before)
            executor.refit(of_each, epochs=each.epochs, path=at)
            before = at
            begun.append(at)
        executor.refit(begins_with(job, before), epochs=epochs, path=path)
    finally:
        for at in begun:  # in a store, too, where another node may have brought it
            found.run_dir.storage.delete(at.relative_to(found.run_dir.path.absolute()).as_posix())
