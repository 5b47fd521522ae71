"""Trials that are trained as the engine trains them, for the contract of schedulers."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from raysearch.schedulers import SCHEDULERS, Scheduler, Verdict
from raysearch.trial import (
    Checkpoint,
    Decision,
    DecisionKind,
    Exploit,
    Measurement,
    Objective,
    Takeover,
    Trial,
    TrialStatus,
)

MAX_EPOCHS = 27
METRIC = "val/loss"
LOSS = Objective(metric=METRIC, direction="minimize")
GAIN = Objective(metric=METRIC, direction="maximize")

Curves = Mapping[int, Sequence[float]]
"""Trial number -> its objective at epoch 1, 2, ..."""


def build(
    name: str, settings: Mapping[str, Any], *, objective: Objective = LOSS, seed: int = 0
) -> Scheduler:
    module, _, attribute = SCHEDULERS[name].partition(":")
    policy = getattr(importlib.import_module(module), attribute)
    scheduler: Scheduler = policy(objective=objective, max_epochs=MAX_EPOCHS, seed=seed, **settings)
    return scheduler


def report(trial: Trial, value: float) -> Trial:
    """Return the trial after one more epoch with this value; not finite is None, as journalled."""
    measurement = Measurement(
        epoch=trial.epochs + 1,
        step=10 * (trial.epochs + 1),
        values={METRIC: value if math.isfinite(value) else None},
        seconds=trial.epochs + 1.0,
    )
    return replace(
        trial, status=TrialStatus.RUNNING, measurements=(*trial.measurements, measurement)
    )


class Run:
    """All trials trained in turn, one epoch each, as long as the scheduler lets them.

    As the engine does it: a trial begins or goes on when a worker is free, paused ones are asked
    about first, and no more are to come once all have begun. Trials whose numbers are not among the
    curves fail before they report.

    Args:
        scheduler: New.
        curves: Of the trials.
        n_workers: Trials in training at once; None for all.
        fails: Trials that fail after so many epochs.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        curves: Curves,
        *,
        n_workers: int | None = None,
        fails: Mapping[int, int] | None = None,
    ) -> None:
        self.scheduler, self.curves, self.fails = scheduler, curves, fails or {}
        self.numbers = range(max(curves) + 1)
        self.n_workers = n_workers or len(self.numbers)
        self.trials: dict[int, Trial] = {}
        self.decisions: list[Decision] = []
        self.calls: list[tuple[str, Trial]] = []  # what a replay repeats
        self.running: list[int] = []
        self.paused: dict[str, Trial] = {}
        while self._fill():
            self._train(self.running.pop(0))

    @property
    def reached(self) -> dict[int, int]:
        """The epochs that each trial reached."""
        return {n: self.trials[n].epochs for n in self.curves if n in self.trials}

    def _fill(self) -> bool:
        """Give work to free workers, and return whether anything is in training."""
        while len(self.running) < self.n_workers:
            n_begun = len(self.trials)
            left = n_begun < len(self.numbers)
            if self._goes_on(more_to_come=left):
                continue
            if left and self.scheduler.begins(n_begun):
                self._begin(n_begun)
                continue
            if self.running or not (self.paused or left):
                break
            if not self._goes_on(more_to_come=False):
                assert self.paused, "nothing is left, and the next trial may not begin"
                for trial in list(self.paused.values()):
                    self._end(trial, TrialStatus.STOPPED)
        return bool(self.running)

    def _begin(self, number: int) -> None:
        trial = self.trials[number] = Trial(id=f"{number:04d}", number=number, configuration={})
        if number in self.curves:
            self.running.append(number)
        else:
            self._end(trial, TrialStatus.FAILED)

    def _goes_on(self, *, more_to_come: bool) -> bool:
        """Carry out a verdict about a paused trial, if there is one."""
        if not self.paused:
            return False
        verdict = self.scheduler.decide_paused(
            dict(self.paused), n_begun=len(self.trials), more_to_come=more_to_come
        )
        if verdict is None:
            return False
        assert verdict.decision.kind is not DecisionKind.PAUSE
        assert re.search(r"rung \d+: rank \d+ of \d+, ", verdict.decision.reason)
        self.decisions.append(verdict.decision)
        trial = self.paused[verdict.trial]
        if verdict.decision.kind is DecisionKind.STOP:
            self._end(trial, TrialStatus.STOPPED)
        else:
            del self.paused[verdict.trial]
            if verdict.decision.exploit is not None:
                after = self._taken_over(trial, verdict.decision.exploit)
                if after is not trial:
                    self.trials[trial.number] = after
                    self.calls.append(("taken over", after))
                    self.scheduler.on_takeover(after)
            if self.trials[trial.number] is trial:
                self.calls.append(("returned", trial))
                self.scheduler.on_return(trial)
            self.running.append(trial.number)
        return True

    def _taken_over(self, trial: Trial, exploit: Exploit) -> Trial:
        source = next((t for t in self.trials.values() if t.id == exploit.source), None)
        if source is None:  # it ended before this policy ruled, and its checkpoint is gone
            return trial
        assert source.number != trial.number
        assert source.epochs >= exploit.epoch >= trial.epochs
        assert exploit.epoch in self.scheduler.keeps(source)
        path = f"trials/{source.id}/{exploit.epoch}.ckpt"
        checkpoint = Checkpoint(epoch=exploit.epoch, path=path, size_bytes=0)
        taken = Takeover(source=source.id, checkpoint=checkpoint, before=trial.configuration)
        return replace(
            trial,
            configuration=exploit.configuration,
            takeovers=(*trial.takeovers, taken),
        )

    def _train(self, number: int) -> None:
        before = self.trials[number]
        if self.fails.get(number) == before.epochs:
            self._end(before, TrialStatus.FAILED)
            return
        trial = self.trials[number] = report(before, self.curves[number][before.epochs])
        assert trial.last is not None
        self.calls.append(("measured", trial))
        decision = self.scheduler.on_measurement(trial, trial.last)
        self.decisions.append(decision)
        if trial.epochs >= MAX_EPOCHS:
            self._end(trial, TrialStatus.COMPLETED)
        elif decision.kind is DecisionKind.STOP:
            self._end(trial, TrialStatus.STOPPED)
        elif decision.kind is DecisionKind.PAUSE:
            is_lost = trial.last.values[METRIC] is None  # what it has is worth no checkpoint
            assert is_lost or trial.epochs in self.scheduler.pauses_at(trial)
            assert set(self.scheduler.waits_at(trial)) <= set(self.scheduler.pauses_at(trial))
            self.paused[trial.id] = trial
        else:
            self.running.append(number)

    def _end(self, trial: Trial, status: TrialStatus) -> None:
        ended = self.trials[trial.number] = replace(trial, status=status)
        self.paused.pop(trial.id, None)
        self.calls.append(("ended", ended))
        self.scheduler.on_end(ended)


def tell(scheduler: Scheduler, call: str, trial: Trial) -> Decision | None:
    """Tell a scheduler once more what it was told in a run; return its decision, if it is one."""
    if call == "measured":
        assert trial.last is not None
        return scheduler.on_measurement(trial, trial.last)
    told = {
        "taken over": scheduler.on_takeover,
        "returned": scheduler.on_return,
        "ended": scheduler.on_end,
    }
    told[call](trial)
    return None


def run(scheduler: Scheduler, curves: Curves) -> tuple[dict[int, int], list[Decision]]:
    """Train all trials side by side; return the epochs that each reached, and all decisions."""
    done = Run(scheduler, curves)
    return done.reached, done.decisions


def curves_of(n_trials: int, *, seed: int = 0) -> dict[int, list[float]]:
    """Return falling noisy losses of different heights."""
    rng = np.random.default_rng(seed)
    epochs = np.arange(1, MAX_EPOCHS + 1)
    return {
        n: (level + 1 / epochs + 0.02 * rng.standard_normal(MAX_EPOCHS)).tolist()
        for n, level in enumerate(rng.random(n_trials))
    }


class From(Scheduler):
    """A policy that is in use from a trial on; numbers before it are left out."""

    def __init__(self, policy: Scheduler, *, first: int) -> None:
        self._policy, self._first = policy, first

    def _later(self, trial: Trial) -> Trial:
        number = trial.number + self._first
        return replace(trial, id=f"{number:04d}", number=number)

    def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
        return self._policy.on_measurement(self._later(trial), measurement)

    def on_takeover(self, trial: Trial) -> None:
        taken = [replace(t, source=self._later_id(t.source)) for t in trial.takeovers]
        self._policy.on_takeover(replace(self._later(trial), takeovers=tuple(taken)))

    def on_return(self, trial: Trial) -> None:
        self._policy.on_return(self._later(trial))

    def on_end(self, trial: Trial) -> None:
        self._policy.on_end(self._later(trial))

    def pauses_at(self, trial: Trial) -> tuple[int, ...]:
        return self._policy.pauses_at(self._later(trial))

    def waits_at(self, trial: Trial) -> tuple[int, ...]:
        return self._policy.waits_at(self._later(trial))

    def keeps(self, trial: Trial) -> tuple[int, ...]:
        return self._policy.keeps(self._later(trial))

    def begins(self, number: int) -> bool:
        return self._policy.begins(number + self._first)

    def decide_paused(
        self, paused: Mapping[str, Trial], *, n_begun: int, more_to_come: bool
    ) -> Verdict | None:
        mine = {t.id: t for t in map(self._later, paused.values())}
        verdict = self._policy.decide_paused(
            mine, n_begun=n_begun + self._first, more_to_come=more_to_come
        )
        if verdict is None:
            return None
        decision = verdict.decision
        if decision.exploit is not None:
            source = self._earlier(decision.exploit.source)
            decision = replace(decision, exploit=replace(decision.exploit, source=source))
        return Verdict(trial=self._earlier(verdict.trial), decision=decision)

    def _later_id(self, trial: str) -> str:
        return f"{int(trial) + self._first:04d}"

    def _earlier(self, trial: str) -> str:
        return f"{int(trial) - self._first:04d}"
