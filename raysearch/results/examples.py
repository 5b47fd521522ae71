"""What did the best models do with each validation example?

Of the few trials that are compared one by one (the winner, the second, the default, the best of
each family) the end of a search looks at every validation example, with the model of the best
epoch, and keeps what it saw in `outcomes/` of the run directory, a file for each trial. That says
nothing that the checkpoints do not: a file that is missing is made again. Reading needs no torch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from raysearch.errors import RaysearchError, RunDirectoryError
from raysearch.results.executor import Executor
from raysearch.results.families import standings
from raysearch.results.found import Found
from raysearch.results.history import job_of
from raysearch.results.messages import phrase
from raysearch.results.paired import Paired, mcnemar, permutation
from raysearch.results.selection import best_checkpoint, checkpoint_fault
from raysearch.training.outcomes import Array, Outcomes, plain_name
from raysearch.trial import Trial, are_trainings_of_one

FOLDER = "outcomes"
SCHEMA_VERSION = 1
MOST = 50_000
"""Examples that are kept, the first ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the model of a trial's best epoch did with the validation examples."""

    trial: str
    epoch: int
    examples: int
    """Tells which examples they are, and in which order."""
    losses: Array
    """(N,) negative log-likelihoods, or mean squared errors."""
    right: npt.NDArray[np.bool_] | None
    """(N,) which of them are right; None for regression."""


def to_compare(found: Found) -> list[Trial]:
    """Return the trials that are compared example by example, each once, the winner first."""
    winner = found.winner
    if winner is None:
        return []
    named = [winner, *([] if (other := second(found)) is None else [other])]
    named += [] if found.default is None else [found.default]
    families = standings(found)
    if len(families) > 1:
        named += [each.best for each in families if each.best is not None]
    return list({trial.id: trial for trial in named}.values())


def second(found: Found) -> Trial | None:
    """Return the trial that would be the winner if the winner's configuration were not there."""
    winner = found.winner
    if winner is None:
        return None
    others = (trial for trial in found.order() if not are_trainings_of_one(trial, winner))
    return found.select(others).winner


def keep_outcomes(found: Found, *, executor: Executor) -> None:
    """Look at the validation examples of the trials that are compared, and keep what was seen.

    Args:
        found: The search.
        executor: Evaluates.

    Raises:
        RunDirectoryError: The disk is full.

    Side effects:
        Writes a file for each trial, atomically, unless it is there. Where one cannot be looked at,
        none is written for it and those that follow; `look` says why.
    """
    trials = to_compare(found)
    if len(trials) < len(("one", "other")):
        return
    for trial in trials:
        if kept(found, trial) is not None or found.kind_of(trial) == "function":
            continue
        seen = look(found, trial, executor=executor)
        if isinstance(seen, str):
            continue  # why, whoever asks is told by `look`
        document = {
            "schema_version": SCHEMA_VERSION,
            "trial": seen.trial,
            "epoch": seen.epoch,
            "examples": seen.examples,
            "losses": [float(f"{loss:.6g}") for loss in seen.losses],
            "right": None if seen.right is None else [int(right) for right in seen.right],
        }
        data = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        try:
            found.run_dir.storage.put(_key(trial), data)
        except OSError as error:
            raise RunDirectoryError(
                f"{_key(trial)} could not be written: {error}. The search and all its trials are "
                "kept. Make room or mend the disk; then `resume` goes on with it."
            ) from error


def look(found: Found, trial: Trial, *, executor: Executor) -> Kept | str:
    """Return what a trial's best model does with the validation examples, or why nobody knows."""
    if found.kind_of(trial) == "function":
        return "a function trains by itself, and only its own code can open what it made"
    fault = checkpoint_fault(trial, objective=found.objective, run_dir=found.run_dir)
    checkpoint = best_checkpoint(trial, objective=found.objective)
    if fault is not None or checkpoint is None:
        return fault or "its checkpoint is not kept"
    try:
        path = found.run_dir.fetched(checkpoint.path).absolute()
        job = job_of(found, trial, epochs=checkpoint.epoch)
        examined = executor.examine(job, checkpoint=path, split="validation")
    except RunDirectoryError:
        raise
    except RaysearchError as error:
        return phrase(error)
    if examined.outcomes is None:
        return examined.reason or "nobody knows what it does with each example"
    return _kept(trial, examined.outcomes, epoch=checkpoint.epoch)


def _kept(trial: Trial, outcomes: Outcomes, *, epoch: int) -> Kept:
    is_classes = outcomes.task == "classification"
    return Kept(
        trial=trial.id,
        epoch=epoch,
        examples=outcomes.fingerprint,
        losses=outcomes.losses[:MOST],
        right=outcomes.hits[:MOST] if is_classes else None,
    )


def kept(found: Found, trial: Trial) -> Kept | None:
    """Return what is kept of a trial's best model; None where nothing is, or of another epoch."""
    best = trial.best_kept(found.objective)
    try:
        document: Any = json.loads(found.run_dir.storage.read(_key(trial)))
        is_of_it = best is not None and document["epoch"] == best.epoch
        if not is_of_it or document["trial"] != trial.id:
            return None
        right = document["right"]
        return Kept(
            trial=trial.id,
            epoch=document["epoch"],
            examples=document["examples"],
            losses=np.array(document["losses"], dtype=np.float64),
            right=None if right is None else np.array(right, dtype=bool),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # it is not there, or is not what was written


def compared(one: Kept | None, other: Kept | None, *, metric: str) -> Paired | str:
    """Return how two trials compare on the same validation examples, or why that is not known.

    Args:
        one: What the first one did.
        other: What the other one did.
        metric: The objective's; an accuracy is compared by what is right, all else by losses.
    """
    if one is None or other is None:
        return "their validation examples were not looked at one by one"
    if one.examples != other.examples or len(one.losses) != len(other.losses):
        return "they were not validated on the same examples"
    if plain_name(metric) == "accuracy" and one.right is not None and other.right is not None:
        return mcnemar(one.right.tolist(), other.right.tolist())
    return permutation(one.losses, other.losses)


def _key(trial: Trial) -> str:
    return f"{FOLDER}/{trial.id}.json"
