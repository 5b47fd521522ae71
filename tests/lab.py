"""A tiny search whose every part is in the hands of the test."""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.engine import Engine, Plan
from raysearch.engine.ahead import InThread
from raysearch.run_dir.journal import MemoryJournal
from raysearch.schedulers import Scheduler
from raysearch.searchers import EXHAUSTED, NoSuggestion
from raysearch.space import Int, Space
from raysearch.trial import (
    Checkpoint,
    Decision,
    DecisionKind,
    Measurement,
    Objective,
    Suggestion,
    Trial,
)

SPACE = Space({"width": Int(1, 100, default=50)})
ACCURACY = Objective(metric="val/accuracy", direction="maximize")


def trained(number: int, width: int, value: float | None, **origin: str) -> Trial:
    """Return a trial of one epoch that reached an accuracy."""
    measured = Measurement(epoch=1, step=1, values={"val/accuracy": value}, seconds=1.0)
    return Trial(
        id=f"{number:04d}",
        number=number,
        configuration={"width": width},
        origin=origin,
        measurements=(measured,),
    )


class Counting:
    """Suggests width 1, 2, 3, ... up to `last`, and remembers what it was told."""

    def __init__(self, last: int = 100) -> None:
        self.last = last
        self.observed: list[Trial] = []
        self.pending: list[list[str]] = []

    def suggest(self, *, number: int, pending: Sequence[Trial]) -> Suggestion | NoSuggestion:
        self.pending.append([trial.id for trial in pending])
        if number > self.last:
            return EXHAUSTED
        return Suggestion(configuration={"width": number}, origin={"kind": "counting"})

    def observe(self, trial: Trial) -> None:
        self.observed.append(trial)


class StopBelow(Scheduler):
    """Stops every trial that reports less than a limit."""

    def __init__(self, limit: float = 0.0) -> None:
        self.limit = limit
        self.seen: list[tuple[str, int]] = []

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        self.seen.append((trial.id, measurement.epoch))
        assert trial.last == measurement
        value = measurement.values["val/accuracy"]
        if value is None or value < self.limit:
            return Decision(kind=DecisionKind.STOP, reason=f"below {self.limit}")
        return Decision(kind=DecisionKind.CONTINUE)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Lab:
    """An engine with all that surrounds it."""

    def __init__(
        self,
        *,
        journal=None,
        space=SPACE,
        searcher=None,
        scheduler=None,
        points=(),
        helper=None,
        gpus=0.0,
        **plan,
    ) -> None:
        self.journal = journal or MemoryJournal()
        self.searcher = searcher or Counting()
        self.scheduler = scheduler or StopBelow()
        self.clock = Clock()
        self.settings = {"name": "lab", "resources": {"gpus": gpus}}
        self.removed: list[str] = []
        self.heard: list[object] = []
        settings = {"objective": ACCURACY, "max_epochs": 3, "max_trials": 4, **plan}
        self.engine = Engine(
            plan=Plan(**settings),
            space=space,
            searcher=self.searcher,
            scheduler=self.scheduler,
            journal=self.journal,
            remove_checkpoint=self.removed.append,
            clock=self.clock,
            points=points,
            helper=helper or InThread(wait_s=10.0),  # a busy machine is not to decide what is seen
            listeners=[lambda event, state: self.heard.append(event)],
        )

    def start(self) -> Lab:
        self.engine.start(settings=self.settings, space=SPACE.to_json(), versions={})
        return self

    def new_trial(self) -> str:
        trial = self.engine.next_trial()
        assert trial is not None
        self.engine.attempt_started(trial.id, worker="here:1")
        return trial.id

    def report(self, trial: str, epoch: int, value: float | None, *, size: int | None = 10):
        checkpoint = size and Checkpoint(
            epoch=epoch, path=f"trials/{trial}/{epoch}.ckpt", size_bytes=size
        )
        return self.engine.measured(trial, measurement(epoch, value), checkpoint=checkpoint)

    @property
    def state(self):
        return self.engine.state


def measurement(epoch: int, value: float | None, **values: float | None) -> Measurement:
    return Measurement(
        epoch=epoch, step=10 * epoch, values={"val/accuracy": value, **values}, seconds=epoch * 0.5
    )
