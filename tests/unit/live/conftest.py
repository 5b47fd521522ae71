"""A search told event by event, at times that the test sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from raysearch.engine import Plan, SearchState
from raysearch.engine.state import Listener
from raysearch.live.progress import Heading
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.trial import Objective, Value, trial_id

METRIC = "val/accuracy"


class Story:
    """Makes events, applies them to a state, and tells the listeners, as the engine does."""

    def __init__(self, *listeners: Listener) -> None:
        self.listeners = list(listeners)
        self.state = SearchState()
        self.now = 1000.0
        self.events: list[Event] = []

    def clock(self) -> float:
        return self.now

    def tell(self, event: Event) -> None:
        self.events.append(event)
        self.state.apply(event)
        for listener in self.listeners:
            listener(event, self.state)

    def start(self) -> Story:
        settings = {"objective": {"metric": METRIC, "direction": "maximize"}}
        self.tell(ev.SearchStarted(at=self.now, settings=settings, space={}, versions={}))
        return self

    def resume(self) -> Story:
        self.tell(ev.SearchResumed(at=self.now, settings={}))
        return self

    def trial(
        self,
        configuration: Mapping[str, Value],
        *,
        starts: bool = True,
        origin: Mapping[str, Any] | None = None,
    ) -> str:
        number = self.state.next_number
        name = trial_id(number)
        self.tell(
            ev.TrialCreated(
                at=self.now,
                trial=name,
                number=number,
                configuration=configuration,
                origin=origin or {},
            )
        )
        if starts:
            self.attempt(name)
        return name

    def attempt(self, trial: str) -> None:
        known = self.state.trials[trial]
        self.tell(ev.AttemptStarted(at=self.now, trial=trial, attempt=known.attempts + 1))

    def epoch(self, trial: str, *values: float | None, **others: Any) -> None:
        """One measurement for each value, a second apart."""
        for value in values:
            self.now += 1.0
            known = self.state.trials[trial]
            self.tell(
                ev.Measured(
                    at=self.now,
                    trial=trial,
                    attempt=known.attempts,
                    epoch=known.epochs + 1,
                    step=(known.epochs + 1) * 10,
                    seconds=known.seconds + 1.0,
                    values={METRIC: value, **others.get("more", {})},
                    applied=others.get("applied", {}),
                )
            )

    def checkpoint(self, trial: str, *, size_bytes: int) -> None:
        epoch = self.state.trials[trial].epochs
        self.tell(
            ev.CheckpointWritten(
                at=self.now, trial=trial, epoch=epoch, path=f"{epoch}.ckpt", size_bytes=size_bytes
            )
        )

    def end(self, trial: str, status: str = "completed", **why: str) -> None:
        self.tell(ev.TrialEnded(at=self.now, trial=trial, status=status, **why))

    def finish(self, status: str = "finished", reason: str = "") -> None:
        self.tell(ev.SearchEnded(at=self.now, status=status, reason=reason))


@pytest.fixture(scope="session")
def new_story() -> Callable[..., Story]:
    return Story


@pytest.fixture(scope="session")
def objective() -> Objective:
    return Objective(metric=METRIC, direction="maximize")


@pytest.fixture(scope="session")
def heading(objective: Objective) -> Heading:
    plan = Plan(objective=objective, max_epochs=27, max_trials=64)
    return Heading(name="digits", run_dir="runs/digits-1", plan=plan)
