"""Does every scheduler in the table keep the contract of `raysearch.schedulers.base`?

A new policy joins by its line in the table; settings worth trying besides the defaults go here.
"""

from __future__ import annotations

import importlib
import inspect
import math
import random
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from raysearch.schedulers import SCHEDULERS, Scheduler
from raysearch.trial import Decision, DecisionKind, Measurement, Objective, Trial, TrialStatus

MAX_EPOCHS = 27
METRIC = "val/loss"
LOSS = Objective(metric=METRIC, direction="minimize")
GAIN = Objective(metric=METRIC, direction="maximize")

FURTHER_SETTINGS: dict[str, list[dict[str, int]]] = {
    "asha": [
        {"min_epochs": 4, "reduction_factor": 2},
        {"brackets": 4},
        {"min_epochs": 27},
    ],
}
CASES = [
    (name, settings) for name in SCHEDULERS for settings in [{}, *FURTHER_SETTINGS.get(name, [])]
]
every_case = pytest.mark.parametrize(
    ("name", "settings"), CASES, ids=[f"{name}-{settings}" for name, settings in CASES]
)

Curves = Mapping[int, Sequence[float]]
"""Trial number -> its objective at epoch 1, 2, ..."""


def build(
    name: str, settings: Mapping[str, int], *, objective: Objective = LOSS, seed: int = 0
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
    return Trial(
        id=trial.id,
        number=trial.number,
        configuration={},
        status=TrialStatus.RUNNING,
        measurements=(*trial.measurements, measurement),
    )


def run(scheduler: Scheduler, curves: Curves) -> tuple[dict[int, int], list[Decision]]:
    """Train all trials in turn, one epoch each, as long as the scheduler lets them.

    Returns:
        The epochs that each trial reached, and all decisions in order.
    """
    trials = {n: Trial(id=f"{n:04d}", number=n, configuration={}) for n in curves}
    running, paused, decisions = list(curves), list[int](), list[Decision]()
    while running or paused:
        if not running:
            again = scheduler.resumable([trials[n] for n in paused])
            if again is None:
                break
            paused.remove(again.number)
            running.append(again.number)
        number = running.pop(0)
        trial = trials[number] = report(trials[number], curves[number][trials[number].epochs])
        assert trial.last is not None
        decision = scheduler.on_measurement(trial, trial.last)
        decisions.append(decision)
        if trial.epochs < MAX_EPOCHS and decision.kind is DecisionKind.CONTINUE:
            running.append(number)
        elif trial.epochs < MAX_EPOCHS and decision.kind is DecisionKind.PAUSE:
            paused.append(number)
    return {n: trial.epochs for n, trial in trials.items()}, decisions


def curves_of(n_trials: int, *, seed: int = 0) -> dict[int, list[float]]:
    """Return falling noisy losses of different heights."""
    rng = np.random.default_rng(seed)
    epochs = np.arange(1, MAX_EPOCHS + 1)
    return {
        n: (level + 1 / epochs + 0.02 * rng.standard_normal(MAX_EPOCHS)).tolist()
        for n, level in enumerate(rng.random(n_trials))
    }


@every_case
def test_constructor_takes_keywords_only(name: str, settings: dict[str, int]) -> None:
    parameters = inspect.signature(type(build(name, settings))).parameters
    assert {"objective", "max_epochs", "seed"} <= set(parameters)
    assert {p.kind for p in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert all(p.default is not p.empty for n, p in parameters.items() if n in settings)


@every_case
def test_lone_trial_reaches_the_last_epoch(name: str, settings: dict[str, int]) -> None:
    for curve in curves_of(5).values():
        reached, _ = run(build(name, settings), {3: curve})
        assert reached == {3: MAX_EPOCHS}


@every_case
def test_lone_finite_trial_among_nan_ones_reaches_the_last_epoch(
    name: str, settings: dict[str, int]
) -> None:
    diverged = [math.nan] * MAX_EPOCHS
    for finite in range(6):
        curves = {n: curves_of(1)[0] if n == finite else diverged for n in range(6)}
        reached, _ = run(build(name, settings), curves)
        assert reached[finite] == MAX_EPOCHS


@every_case
def test_nan_fares_no_better_than_the_worst_finite_value(
    name: str, settings: dict[str, int]
) -> None:
    curves = curves_of(12)
    for number in curves:
        finite, _ = run(build(name, settings), {**curves, number: [1e9] * MAX_EPOCHS})
        nan, _ = run(build(name, settings), {**curves, number: [math.nan] * MAX_EPOCHS})
        assert nan[number] <= finite[number]


@every_case
def test_never_stops_before_min_epochs(name: str, settings: dict[str, int]) -> None:
    reached, _ = run(build(name, settings), curves_of(40))
    assert min(reached.values()) >= settings.get("min_epochs", 1)


@every_case
def test_best_trial_of_all_reaches_the_last_epoch(name: str, settings: dict[str, int]) -> None:
    curves = curves_of(30)
    for best in (0, 13, 29):
        reached, _ = run(build(name, settings), {**curves, best: [-1.0] * MAX_EPOCHS})
        assert reached[best] == MAX_EPOCHS


@every_case
def test_direction(name: str, settings: dict[str, int]) -> None:
    curves = curves_of(30)
    mirrored = {n: [-value for value in curve] for n, curve in curves.items()}
    falling, _ = run(build(name, settings, objective=LOSS), curves)
    rising, _ = run(build(name, settings, objective=GAIN), mirrored)
    assert falling == rising


@every_case
def test_one_of_equal_trials_reaches_the_last_epoch(name: str, settings: dict[str, int]) -> None:
    reached, _ = run(build(name, settings), {n: [0.5] * MAX_EPOCHS for n in range(20)})
    assert max(reached.values()) == MAX_EPOCHS


@every_case
def test_replayed_measurements_lead_to_the_same_decisions(
    name: str, settings: dict[str, int]
) -> None:
    curves = {**curves_of(30), 7: [math.nan] * MAX_EPOCHS, 8: [0.3] * MAX_EPOCHS}
    curves[9] = curves[8]
    random.seed(1)
    once = run(build(name, settings, seed=5), curves)
    random.seed(2)
    again = run(build(name, settings, seed=5), curves)
    assert once == again


@every_case
def test_global_generators_are_left_alone(name: str, settings: dict[str, int]) -> None:
    state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002  the thing tested
    run(build(name, settings), curves_of(20))
    assert random.getstate() == state
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(after, numpy_state, strict=True))


@every_case
def test_whoever_is_stopped_or_paused_learns_why(name: str, settings: dict[str, int]) -> None:
    _, decisions = run(build(name, settings), {**curves_of(30), 4: [math.nan] * MAX_EPOCHS})
    assert all(d.reason for d in decisions if d.kind is not DecisionKind.CONTINUE)


@every_case
def test_nothing_is_resumed_that_is_not_paused(name: str, settings: dict[str, int]) -> None:
    assert build(name, settings).resumable([]) is None
