"""A run directory as a search leaves it, written through the engine, without training anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from raysearch.engine import Engine, Plan
from raysearch.engine.fold_curves import folds_in
from raysearch.experiment import Experiment, from_settings
from raysearch.experiment.fingerprints import fingerprinted
from raysearch.results.executor import one_by_one
from raysearch.run_dir import RunDir
from raysearch.schedulers import Scheduler
from raysearch.searchers import NoSuggestion
from raysearch.training.job import TrainingJob
from raysearch.training.outcomes import Examined
from raysearch.trial import (
    REPEAT,
    Checkpoint,
    Decision,
    DecisionKind,
    Measurement,
    SearchStatus,
    Suggestion,
    Trial,
)

SETTINGS: dict[str, Any] = {
    "name": "small",
    "data": "digits",
    "model": "mlp",
    "space": {"width": {"int": [8, 16], "default": 8}, "depth": 1},
    "objective": "val/accuracy",
    "searcher": "random",
    "fidelity": {"max_epochs": 4},
    "budget": {"trials": 8},
    "resources": {"cpus": 1},
}
VERSIONS = {"python": "3.11.7", "raysearch": "0.1.0"}


class Anything:
    """Suggests configurations of a space at random, or that of a trial that is to be repeated."""

    of: Trial | None = None

    def __init__(self, experiment: Experiment) -> None:
        self._space = experiment.space

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        if self.of is not None:
            origin = {"kind": REPEAT, "of": self.of.id}
            return Suggestion(configuration=self.of.configuration, origin=origin)
        configuration = self._space.sample(np.random.default_rng(number))
        return Suggestion(configuration=configuration, origin={"kind": "random"})

    def observe(self, trial: Trial) -> None:
        pass


class Told(Scheduler):
    """A policy that stops or pauses a trial when it is told to."""

    reason: str | None = None
    kind = DecisionKind.STOP

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        if self.reason is None:
            return Decision(kind=DecisionKind.CONTINUE)
        return Decision(kind=self.kind, reason=self.reason)


class Recorded:
    """A search that happens as the test says.

    Args:
        path: The run directory.
        given: Evidence of earlier runs, as the journal has it.
        settings: Sections of the experiment that differ from `SETTINGS`.
    """

    def __init__(self, path: Path, given: Mapping[str, Any] | None = None, **settings: Any) -> None:
        self.run_dir = RunDir(path)
        self.experiment = fingerprinted(from_settings({**SETTINGS, **settings}), known={})
        self.now = 1000.0
        self.scheduler = Told()
        self.journal = self.run_dir.journal()
        self.engine = self._engine()
        self.engine.start(
            settings=dict(self.experiment.settings),
            space=self.experiment.space.to_json(),
            versions=VERSIONS,
            evidence=given,
            fingerprints=self.experiment.fingerprints,
        )

    def _engine(self) -> Engine:
        self.searcher = Anything(self.experiment)
        aims, max_epochs = self.experiment.aims, self.experiment.fidelity.max_epochs
        return Engine(
            plan=Plan(
                objective=aims.objective,
                objectives=aims.objectives,
                constraints=aims.constraints,
                max_epochs=max_epochs,
                max_trials=1000,
                n_folds=folds_in(self.experiment.settings),
            ),
            space=self.experiment.space,
            searcher=self.searcher,
            scheduler=self.scheduler,
            journal=self.journal,
            remove_checkpoint=self.run_dir.storage.delete,
            clock=self._clock,
        )

    def _clock(self) -> float:
        self.now += 0.125
        return self.now

    def trial(self, *values: float | None, keep: bool = True) -> Trial:
        """Train one more trial that reaches these values of the objective, epoch by epoch.

        It is completed, also if there are fewer values than epochs. Checkpoints are written at
        each epoch unless `keep` is false.
        """
        trial = self.begin(*values, keep=keep)
        self.engine.finished(trial.id, reason="ended early")
        return self.engine.state.trials[trial.id]

    def repeat(self, of: Trial, *values: float | None) -> Trial:
        """Train a trial's configuration once more."""
        self.searcher.of = of
        trial = self.trial(*values)
        self.searcher.of = None
        return trial

    def begin(
        self, *values: float | None, keep: bool = True, costs: Mapping[str, float] | None = None
    ) -> Trial:
        """Train one more trial, which does not end before the last epoch, unless it costs too much.

        Args:
            values: Of the objective, epoch by epoch.
            keep: Whether checkpoints are written.
            costs: What its model costs, if that is measured.
        """
        trial = self.engine.next_trial()
        assert trial is not None
        self.engine.attempt_started(trial.id, worker="here:1")
        if costs is not None:
            self.engine.gauged(trial.id, costs)
            if trial.id not in self.engine.state.live:
                return self.engine.state.trials[trial.id]
        for epoch, value in enumerate(values, start=1):
            self.measure(trial.id, epoch, value, keep=keep)
        return self.engine.state.trials[trial.id]

    def measure(self, trial: str, epoch: int, value: float | None, *, keep: bool = True) -> None:
        path = self.run_dir.trial(trial) / f"epoch-{epoch:04d}.ckpt"
        checkpoint = None
        if keep:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * 1000)
            relative = f"trials/{trial}/{path.name}"
            checkpoint = Checkpoint(epoch=epoch, path=relative, size_bytes=1000)
        metric = self.experiment.objective.metric
        measurement = Measurement(
            epoch=epoch,
            step=10 * epoch,
            values={"train/loss": 1 / epoch, metric: value},
            seconds=0.5 * epoch,
            cause=None if value is not None else f"not finite: {metric} (nan)",
        )
        self.engine.measured(trial, measurement, checkpoint=checkpoint)

    def fail(self, *values: float | None, error: str) -> Trial:
        """Train one more trial that raises after these values."""
        trial = self.begin(*values)
        self.engine.failed(trial.id, cause="exception", error=error)
        return self.engine.state.trials[trial.id]

    def finish(self) -> Recorded:
        """End the search well."""
        self.engine.end(SearchStatus.FINISHED, reason="budget of 8 trials used")
        self.journal.close()
        return self

    def extend(self, changed: Sequence[str] = ("budget.trials",)) -> Recorded:
        """Take the search up again, as a new driver session does, with other settings."""
        self.journal = self.run_dir.journal()
        self.engine = self._engine()
        self.engine.replay(self.run_dir.events())
        self.engine.resume(settings=dict(self.experiment.settings), changed=changed)
        return self


class Bytes:
    """An executor whose models are a few bytes, and that remembers what it was asked for."""

    def __init__(self, *, values: Mapping[str, float | None] | None = None) -> None:
        self.values = {"test/accuracy": 0.75} if values is None else values
        self.refits: list[tuple[str, int]] = []
        self.repeats: list[int] = []
        """Of the refits and then of the tests, in their order."""
        self.tests: list[tuple[str, str]] = []
        self.pictures: Mapping[str, bytes] = {}

    def refit(self, job: TrainingJob, *, epochs: int, path: Path) -> None:
        self.refits.append((job.trial, epochs))
        path.parent.mkdir(parents=True, exist_ok=True)
        self.repeats.append(job.repeat)
        path.write_bytes(b"model of " + job.trial.encode() + b"+" * job.repeat)

    def evaluate(
        self, job: TrainingJob, *, checkpoint: Path, split: str
    ) -> Mapping[str, float | None]:
        assert checkpoint.read_bytes()
        self.tests.append((job.trial, split))
        self.repeats.append(job.repeat)
        return self.values

    def examine(self, job: TrainingJob, *, checkpoint: Path, split: str) -> Examined:
        if split == "validation":
            return Examined(values={}, reason="it is a few bytes")
        return Examined(values=self.evaluate(job, checkpoint=checkpoint, split=split))

    def draw(self, job: TrainingJob, *, checkpoint: Path) -> Mapping[str, bytes]:
        assert checkpoint.read_bytes()
        return self.pictures

    def each(self, works):
        return one_by_one(works, executor=self)
