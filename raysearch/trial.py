"""What is a trial, what does it report, and what is decided about it?

Plain frozen records that every part of raysearch shares. They hold facts only: who suggests, who
decides and who trains is elsewhere. A trial of a running search is replaced, never changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from raysearch.decision import Decision as Decision
from raysearch.decision import DecisionKind as DecisionKind
from raysearch.decision import Exploit as Exploit
from raysearch.objective import Direction as Direction
from raysearch.objective import Objective as Objective
from raysearch.statuses import SearchStatus as SearchStatus
from raysearch.statuses import TrialStatus as TrialStatus

Value = bool | int | float | str | None
"""A value of a configuration: a plain JSON scalar."""

Configuration = Mapping[str, Value]
"""Parameter values under flat, dotted keys; only active parameters appear."""

Loop = Literal["auto", "lean", "trainer"]
"""What serves the batches of a fit: the lean loop where it is exact and otherwise Lightning's
Trainer, or always one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What a trial reports at the end of an epoch."""

    epoch: int
    """Epochs trained when it was taken, counted from 1."""
    step: int
    """Optimiser steps taken when it was taken."""
    values: Mapping[str, float | None]
    """Metric values by name; None where the value was not finite."""
    seconds: float
    """Training time of the trial so far, over all its attempts, in seconds."""
    cause: str | None = None
    """Why a value is None, such as "not finite: val/loss (nan)"."""
    applied: Mapping[str, Value] = field(default_factory=dict)
    """Hyperparameters read back from the live optimiser, such as the learning rate in use."""
    n_validated: int | None = None
    """Validation examples that its values are of; None where nobody knows."""
    learnt: Mapping[str, Value] = field(default_factory=dict)
    """Parameters whose values training itself has changed, such as a graph with its weights, by
    argument of the model; told where the epoch is the trial's best so far."""
    inherited: Mapping[str, Value] = field(default_factory=dict)
    """What became of another trial's weights with which this one began, told once: its id as
    `trial`, and what `raysearch.training.growing` says of them."""
    joules: float | None = None
    """Energy of the trial so far, over all its attempts, as its devices tell (`measure.energy`);
    None where they do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint on disk."""

    epoch: int
    """Epochs trained when it was written."""
    path: str
    """Relative to the run directory, with forward slashes."""
    size_bytes: int
    fold: int = 0
    """Of which fold's training it is, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """Weights that a trial has taken over from another one; changes are as of `Exploit`."""

    source: str
    """Id of that trial."""
    checkpoint: Checkpoint
    """With the weights; its epoch is the one from which the trial went on."""
    before: Configuration
    """The trial's own until then."""
    changes: Mapping[str, tuple[Value | None, Value | None]] = field(default_factory=dict)

    @property
    def epoch(self) -> int:
        """Epochs that the weights were trained."""
        return self.checkpoint.epoch


REPEAT = "repeat"
"""Kind of the origin of a trial that trains the configuration of another one again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A configuration that a searcher proposes, with where it came from."""

    configuration: Configuration
    origin: Mapping[str, Any] = field(default_factory=dict)
    """Plain JSON: `kind` ("default", "random", "tpe", ...), and parents, generation, bracket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """A trial that a searcher would hand over, with its reason, a phrase fit for a person."""

    number: int
    """The trial's number."""
    reason: str
    """Such as "lowest posterior mean with its deviation, 0.03 + 0.01, among ..."."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One configuration and all that is known about it so far."""

    id: str
    """Opaque; "0007" for the trial with number 7."""
    number: int
    """Position in the order of suggestion, from 0; number 0 is the default configuration. Below 0
    for a trial of an earlier run, of which only searchers are told."""
    configuration: Configuration
    """The one that it is trained with now; see `configuration_at`."""
    origin: Mapping[str, Any] = field(default_factory=dict)
    status: TrialStatus = TrialStatus.PENDING
    reason: str | None = None
    """Why it stands where it stands, for a person: "rung 3: rank 5 of 9, cutoff 0.941"."""
    cause: str | None = None
    """Class of failure when it failed: "exception", "worker lost", ..."""
    error: str | None = None
    """What went wrong, with the line of the user's code that failed; None when nothing did."""
    measurements: tuple[Measurement, ...] = ()
    """In order of epochs, each epoch once; of a trial that is trained on several folds, from the
    end of its first one, the means over the folds that are done."""
    folds: tuple[tuple[Measurement, ...], ...] = ()
    """What each fold that is done has measured, where a trial is trained on several."""
    in_fold: tuple[Measurement, ...] = ()
    """What the fold in training has measured so far, from the second one on."""
    checkpoints: tuple[Checkpoint, ...] = ()
    """Those on disk, in order of epochs."""
    epochs_before: int = 0
    """Epochs of its ancestors that are in the weights with which it began; 0 for new weights."""
    takeovers: tuple[Takeover, ...] = ()
    """Weights that it took over from others, in order of epochs."""
    attempts: int = 0
    """How often training was started; a retry is a new attempt."""
    n_out_of_memory: int = 0
    """How often it was tried again, or is, after memory had run out."""
    created_at: float = 0.0
    """Unix time in seconds."""
    ended_at: float | None = None
    measures: Mapping[str, float] = field(default_factory=dict)
    """What was measured of its model before training, by name, such as "params"; see `measure`."""
    violation: float = 0.0
    """By how much these miss the constraints, as shares of their limits; 0 if they meet all."""

    def best_configuration(self, objective: Objective) -> Configuration:
        """Return the configuration of its best epoch; the present one if it has none."""
        best = self.best(objective) if self.takeovers else None
        return self.configuration if best is None else self.configuration_at(best.epoch)

    @property
    def is_evidence(self) -> bool:
        """Whether it is a trial of an earlier run, and none of this search."""
        return self.number < 0

    @property
    def last(self) -> Measurement | None:
        """The latest measurement, if any."""
        return self.measurements[-1] if self.measurements else None

    @property
    def epochs(self) -> int:
        """Epochs trained and measured, by itself or by the trial whose weights it took over."""
        measured = self.measurements[-1].epoch if self.measurements else 0
        return max(measured, self.takeovers[-1].epoch) if self.takeovers else measured

    @property
    def fold(self) -> int:
        """The fold that is trained, or comes next, from 0: so many are done."""
        return len(self.folds)

    @property
    def trained(self) -> tuple[Measurement, ...]:
        """What the training under way has measured: that of a fold, where there are several."""
        return self.in_fold if self.folds else self.measurements

    @property
    def reached(self) -> int:
        """Epochs of the training under way: those of a fold, where there are several."""
        if not self.folds:
            return self.epochs
        return self.in_fold[-1].epoch if self.in_fold else 0

    @property
    def awaits_fold(self) -> bool:
        """Whether it waits to be trained on its next fold."""
        return self.status is TrialStatus.PAUSED and bool(self.folds)

    @property
    def starts(self) -> tuple[Checkpoint, ...]:
        """Checkpoints that it can go on from, in order of epochs; the first may be another's."""
        if not self.takeovers:
            return tuple(c for c in self.checkpoints if c.fold == self.fold)
        taken = self.takeovers[-1].checkpoint
        return (taken, *(c for c in self.checkpoints if c.epoch > taken.epoch))

    def configuration_at(self, epoch: int) -> Configuration:
        """Return the configuration with which the trial itself trained an epoch, from 1."""
        return next((t.before for t in self.takeovers if t.epoch >= epoch), self.configuration)

    @property
    def seconds(self) -> float:
        """Training time so far, of all folds, in seconds."""
        done = self.measurements[-1].seconds if self.measurements else 0.0
        return done + (self.in_fold[-1].seconds if self.in_fold else 0.0)

    @property
    def joules(self) -> float | None:
        """Energy so far, of all folds, in joules; None where the devices do not tell."""
        last = [of[-1].joules for of in (self.measurements, self.in_fold) if of]
        known = [joules for joules in last if joules is not None]
        return sum(known) if last and len(known) == len(last) else None

    def best(self, objective: Objective) -> Measurement | None:
        """Return the measurement of the best epoch, the earliest of equals; None if none is one."""
        return best_of(self.measurements, objective=objective)

    def best_kept(self, objective: Objective) -> Measurement | None:
        """Return the one whose checkpoint is kept: the best of its first fold, or of one split."""
        return best_of(self.folds[0], objective=objective) if self.folds else self.best(objective)

    def rank_key(self, objective: Objective) -> tuple[float, int, int]:
        """Return a key that sorts trials best first.

        Of equal values the one reached in fewer epochs comes first, those of its line before it
        counted, then the lower number; trials without a finite value come last.
        """
        best = self.best(objective)
        if best is None:
            return math.inf, 0, self.number
        epochs = self.epochs_before + best.epoch
        return objective.loss(best.values[objective.metric]), epochs, self.number

    def value(self, objective: Objective) -> float | None:
        """Return the objective's value at the best epoch, or None."""
        best = self.best(objective)
        return None if best is None else best.values[objective.metric]

    def losses(self, objectives: Sequence[Objective]) -> tuple[float, ...]:
        """Return the trial as a point: a loss for each objective, infinite where it has no value.

        All are taken at the best epoch of the first one, which training reports; what was measured
        of the model itself is the same in every epoch.

        Example:
            >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
            >>> params = Objective(metric="params", direction="minimize")
            >>> last = Measurement(epoch=1, step=9, values={"val/accuracy": 0.5}, seconds=1.0)
            >>> trial = Trial(id="0000", number=0, configuration={}, measurements=(last,),
            ...               measures={"params": 9})
            >>> trial.losses([accuracy, params])
            (-0.5, 9)
        """
        best = self.best(objectives[0])
        values = self.measures if best is None else {**self.measures, **best.values}
        return tuple(objective.loss(values.get(objective.metric)) for objective in objectives)


def are_trainings_of_one(trial: Trial, other: Trial) -> bool:
    """Return whether two trials are the same one, or one repeats the other's configuration.

    To compare them would be to compare a configuration with itself.

    Example:
        >>> first = Trial(id="0003", number=3, configuration={"width": 8})
        >>> again = Trial(id="0007", number=7, configuration={"width": 8}, origin={"kind": REPEAT})
        >>> are_trainings_of_one(again, first)
        True
    """
    is_repeat = REPEAT in (trial.origin.get("kind"), other.origin.get("kind"))
    return trial.id == other.id or (is_repeat and trial.configuration == other.configuration)


def best_of(measurements: Sequence[Measurement], *, objective: Objective) -> Measurement | None:
    """Return the best of measurements, the earliest of equals; None where none is finite."""
    finite = [
        m for m in measurements if math.isfinite(objective.loss(m.values.get(objective.metric)))
    ]
    return min(finite, key=lambda m: objective.loss(m.values[objective.metric]), default=None)


def trial_id(number: int) -> str:
    """Return the id of the trial with this number: "0007" for 7."""
    return f"{number:04d}"
