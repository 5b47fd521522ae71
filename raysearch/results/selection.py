"""Which trial won, by how much, and can its model still be had?

A trial is worth what it reached at its best epoch, whatever became of it afterwards: a trial that
failed at epoch 9 keeps what it reached at epoch 8. Only one that was cut off is not believed before
one that was trained to its end (see `engine.ranking`). Of equals the one comes first that got there
in fewer epochs, then the one that was created first. The winner is the best trial whose checkpoint
of that epoch is still on disk; better ones without it are passed over, and said to be. Functions
that train by themselves may keep none; such a trial can win all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from raysearch.engine.ranking import ranked
from raysearch.run_dir import RunDir
from raysearch.training.checkpoints import damage, size_fault
from raysearch.trial import Checkpoint, Objective, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A trial that would have won if its checkpoint could be read."""

    trial: Trial
    fault: str
    """What is wrong: "epoch-0030.ckpt is 0 bytes"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The winner by validation, and the better ones that cannot be."""

    winner: Trial | None
    """None when no trial has both a finite value and, where it needs one, a checkpoint."""
    passed_over: tuple[PassedOver, ...] = ()
    """Best first."""


def rank(trials: Iterable[Trial], *, objective: Objective) -> list[Trial]:
    """Return the trials that reached a finite value, best first.

    Rejected trials are left out: a constraint rules them out, whatever they reached. Of equal
    values the one reached in fewer epochs comes first, those of its line before it counted, then
    the one with the lower number. One that is still to be trained further comes behind the best of
    those that are complete.

    Example:
        >>> from raysearch.trial import Measurement
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> def trial(number, *values):
        ...     measured = [
        ...         Measurement(epoch=epoch, step=epoch, values={"val/accuracy": v}, seconds=epoch)
        ...         for epoch, v in enumerate(values, start=1)
        ...     ]
        ...     return Trial(
        ...         id=str(number), number=number, configuration={}, measurements=tuple(measured)
        ...     )
        >>> trials = [trial(0, 0.5, 0.9), trial(1, 0.9, 0.8), trial(2, None), trial(3, 0.95)]
        >>> [ranked.id for ranked in rank(trials, objective=accuracy)]
        ['3', '1', '0']
    """
    return ranked(trials, objective=objective)


def best_checkpoint(trial: Trial, *, objective: Objective) -> Checkpoint | None:
    """Return the checkpoint of the trial's best epoch as the journal has it, or None.

    Of one that is trained on several folds, that of the best epoch of its first fold.
    """
    best = trial.best_kept(objective)
    if best is None:
        return None
    return next((c for c in trial.checkpoints if c.epoch == best.epoch and not c.fold), None)


def checkpoint_fault(
    trial: Trial, *, objective: Objective, run_dir: RunDir, opens: bool = False
) -> str | None:
    """Return what is wrong with the checkpoint of the trial's best epoch, or None.

    The file must be there and as long as it was when it was written.

    Args:
        trial: Whose best epoch it is.
        objective: Says which epoch is the best.
        run_dir: Where the checkpoints are.
        opens: Whether the file is read as well, and its checksums are compared.
    """
    best = trial.best_kept(objective)
    if best is None:
        return f"it never reached a finite {objective.metric}"
    checkpoint = best_checkpoint(trial, objective=objective)
    if checkpoint is None:
        return f"none of its best epoch, {best.epoch}, is kept"
    path = run_dir.path / checkpoint.path
    if not run_dir.storage.holds(checkpoint.path):
        return f"{path.name} leads out of the run directory through a symbolic link"
    if opens:
        return damage(run_dir.fetched(checkpoint.path), size_bytes=checkpoint.size_bytes)
    return size_fault(
        path, size_bytes=checkpoint.size_bytes, found=run_dir.size_of(checkpoint.path)
    )


def select(
    ranking: Iterable[Trial],
    *,
    objective: Objective,
    run_dir: RunDir,
    needs_model: Callable[[Trial], bool] = lambda trial: True,
) -> Selection:
    """Return the first of a ranking whose checkpoint is on disk, and those passed over.

    Args:
        ranking: Trials with a finite value, best first.
        objective: Says which epoch is the best.
        run_dir: Where the checkpoints are.
        needs_model: Whether a trial can only win with a checkpoint.
    """
    passed_over: list[PassedOver] = []
    for trial in ranking:
        fault = checkpoint_fault(trial, objective=objective, run_dir=run_dir)
        if fault is None or not needs_model(trial):
            return Selection(winner=trial, passed_over=tuple(passed_over))
        passed_over.append(PassedOver(trial=trial, fault=fault))
    return Selection(winner=None, passed_over=tuple(passed_over))
