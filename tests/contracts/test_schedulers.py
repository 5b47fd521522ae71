"""Does every scheduler in the table keep the contract of `raysearch.schedulers.base`?

A new policy joins by its line in the table; settings worth trying besides the defaults go here.
"""

from __future__ import annotations

import inspect
import math
import random
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from raysearch.schedulers import SCHEDULERS
from raysearch.trial import Decision, DecisionKind, Measurement, Trial, TrialStatus
from tests.contracts.scheduling import (
    GAIN,
    LOSS,
    MAX_EPOCHS,
    From,
    Run,
    build,
    curves_of,
    report,
    run,
    tell,
)

Settings = dict[str, Any]

FURTHER_SETTINGS: dict[str, list[Settings]] = {
    "asha": [
        {"min_epochs": 4, "reduction_factor": 2},
        {"brackets": 4},
        {"min_epochs": 27},
        {"form": "promotion"},
        {"form": "promotion", "min_epochs": 2, "reduction_factor": 2, "brackets": 3},
    ],
    "hyperband": [
        {"arithmetic": "keras_tuner"},
        {"min_epochs": 4, "reduction_factor": 2},
        {"min_epochs": 27},
    ],
    "median": [{"min_epochs": 4, "min_trials": 1}],
    "pb2": [
        {"population": 5, "interval": 3},
        {"population": 4, "interval": 9, "synchronous": True},
        {"interval": 1, "quantile": 0.5},
    ],
    "pbt": [
        {"population": 5, "interval": 3},
        {"population": 4, "interval": 9, "synchronous": True},
        {"exploit": "tournament", "interval": 1},
        {"max_trials": 40, "quantile": 0.5, "synchronous": True},
    ],
    "successive_halving": [
        {"n_trials": 10, "reduction_factor": 2},
        {"max_trials": 30, "min_epochs": 2},
        {"min_epochs": 27, "n_trials": 4},
    ],
}
CASES = [
    (name, settings) for name in SCHEDULERS for settings in [{}, *FURTHER_SETTINGS.get(name, [])]
]
every_case = pytest.mark.parametrize(
    ("name", "settings"), CASES, ids=[f"{name}-{settings}" for name, settings in CASES]
)


@every_case
def test_constructor_takes_keywords_only(name: str, settings: Settings) -> None:
    parameters = inspect.signature(type(build(name, settings))).parameters
    assert {"objective", "max_epochs", "seed"} <= set(parameters)
    assert {p.kind for p in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert all(p.default is not p.empty for n, p in parameters.items() if n in settings)


@every_case
def test_lone_trial_reaches_the_last_epoch(name: str, settings: Settings) -> None:
    for curve in curves_of(5).values():
        reached, _ = run(build(name, settings), {3: curve})
        assert reached == {3: MAX_EPOCHS}


@every_case
def test_lone_finite_trial_among_nan_ones_reaches_the_last_epoch(
    name: str, settings: Settings
) -> None:
    diverged = [math.nan] * MAX_EPOCHS
    for finite in range(6):
        curves = {n: curves_of(1)[0] if n == finite else diverged for n in range(6)}
        reached, _ = run(build(name, settings), curves)
        assert reached[finite] == MAX_EPOCHS


@every_case
def test_nan_fares_no_better_than_the_worst_finite_value(name: str, settings: Settings) -> None:
    curves = curves_of(12)
    for number in curves:
        finite, _ = run(build(name, settings), {**curves, number: [1e9] * MAX_EPOCHS})
        nan, _ = run(build(name, settings), {**curves, number: [math.nan] * MAX_EPOCHS})
        assert nan[number] <= finite[number]


@every_case
def test_never_stops_before_min_epochs(name: str, settings: Settings) -> None:
    reached, _ = run(build(name, settings), curves_of(40))
    assert min(reached.values()) >= settings.get("min_epochs", 1)


@every_case
def test_best_trial_of_all_reaches_the_last_epoch(name: str, settings: Settings) -> None:
    curves = curves_of(30)
    for best in (0, 13, 29):
        reached, _ = run(build(name, settings), {**curves, best: [-1.0] * MAX_EPOCHS})
        assert reached[best] == MAX_EPOCHS


@every_case
def test_direction(name: str, settings: Settings) -> None:
    curves = curves_of(30)
    mirrored = {n: [-value for value in curve] for n, curve in curves.items()}
    falling, _ = run(build(name, settings, objective=LOSS), curves)
    rising, _ = run(build(name, settings, objective=GAIN), mirrored)
    assert falling == rising


@every_case
def test_one_of_equal_trials_reaches_the_last_epoch(name: str, settings: Settings) -> None:
    reached, _ = run(build(name, settings), {n: [0.5] * MAX_EPOCHS for n in range(20)})
    assert max(reached.values()) == MAX_EPOCHS


@every_case
def test_replayed_measurements_lead_to_the_same_decisions(name: str, settings: Settings) -> None:
    curves = {**curves_of(30), 7: [math.nan] * MAX_EPOCHS, 8: [0.3] * MAX_EPOCHS}
    curves[9] = curves[8]
    random.seed(1)
    once = run(build(name, settings, seed=5), curves)
    random.seed(2)
    again = run(build(name, settings, seed=5), curves)
    assert once == again


@every_case
def test_global_generators_are_left_alone(name: str, settings: Settings) -> None:
    state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002  the thing tested
    run(build(name, settings), curves_of(20))
    assert random.getstate() == state
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(after, numpy_state, strict=True))


@every_case
def test_whoever_is_stopped_or_paused_learns_why(name: str, settings: Settings) -> None:
    _, decisions = run(build(name, settings), {**curves_of(30), 4: [math.nan] * MAX_EPOCHS})
    assert all(d.reason for d in decisions if d.kind is not DecisionKind.CONTINUE)


@every_case
def test_nothing_goes_on_that_is_not_paused(name: str, settings: Settings) -> None:
    scheduler = build(name, settings)
    assert scheduler.decide_paused({}, n_begun=0, more_to_come=False) is None
    done = Run(scheduler, curves_of(30), n_workers=3)
    assert scheduler.decide_paused({}, n_begun=len(done.trials), more_to_come=False) is None


@every_case
@pytest.mark.parametrize("n_workers", [1, 4, None])
def test_no_trial_is_lost_and_no_pause_is_for_ever(
    name: str, settings: Settings, n_workers: int | None
) -> None:
    done = Run(build(name, settings), curves_of(40), n_workers=n_workers)
    assert list(done.trials) == list(range(40))
    assert all(trial.status.is_ended for trial in done.trials.values())
    assert max(done.reached.values()) == MAX_EPOCHS
    ended = [trial.number for call, trial in done.calls if call == "ended"]
    assert sorted(ended) == list(range(40))


@every_case
@pytest.mark.parametrize("n_workers", [1, 4, None])
def test_failed_trials_are_not_waited_for(
    name: str, settings: Settings, n_workers: int | None
) -> None:
    fails = {n: n % 7 for n in range(0, 40, 3)}  # some before they report, some once they went on
    done = Run(build(name, settings), curves_of(40), n_workers=n_workers, fails=fails)
    assert all(trial.status.is_ended for trial in done.trials.values())
    assert len(done.trials) == 40
    assert max(done.reached.values()) == MAX_EPOCHS


@every_case
def test_a_replayed_policy_decides_the_same_from_any_point_on(
    name: str, settings: Settings
) -> None:
    curves = {**curves_of(30), 7: [math.nan] * MAX_EPOCHS}
    done = Run(build(name, settings, seed=3), curves, n_workers=4, fails={5: 2, 11: 0})
    for cut in range(0, len(done.calls), len(done.calls) // 5):
        again, asked = build(name, settings, seed=3), build(name, settings, seed=3)
        for call, trial in done.calls[:cut]:
            for policy in (again, asked):
                tell(policy, call, trial)
            everybody = {t.id: t for t in done.trials.values()}
            asked.decide_paused(everybody, n_begun=30, more_to_come=True)
            asked.begins(30)
            asked.pauses_at(trial)
            asked.waits_at(trial)
        verdicts = [
            policy.decide_paused(
                {t.id: t for _, t in done.calls[:cut]}, n_begun=30, more_to_come=False
            )
            for policy in (again, asked)
        ]
        assert verdicts[0] == verdicts[1]  # and what was asked before has changed nothing
        for call, trial in done.calls[cut:]:
            assert tell(again, call, trial) == tell(asked, call, trial)


@every_case
def test_another_policy_may_have_ruled_before(name: str, settings: Settings) -> None:
    """Trials go on, or end, whatever this one said; then it takes over."""
    scheduler = build(name, settings)
    for number, curve in curves_of(12).items():
        trial = Trial(id=f"{number:04d}", number=number, configuration={})
        for value in curve[: 1 + 5 * (number % 4)]:
            trial = report(trial, value)
            assert trial.last is not None
            scheduler.on_measurement(trial, trial.last)
        scheduler.on_end(replace(trial, status=TrialStatus.STOPPED))
    later = Run(From(scheduler, first=12), curves_of(30, seed=1))
    assert all(trial.status.is_ended for trial in later.trials.values())
    assert len(later.trials) == 30


@every_case
def test_the_default_that_is_spared_holds_nobody_up(name: str, settings: Settings) -> None:
    """The engine lets trial 0 go on whatever is decided; here it is the worst of all."""

    class Spares(From):
        def on_measurement(self, trial: Trial, measurement: Measurement) -> Decision:
            decision = super().on_measurement(trial, measurement)
            return Decision(kind=DecisionKind.CONTINUE) if trial.number == 0 else decision

    curves = {**curves_of(30), 0: [9.0] * MAX_EPOCHS}
    for n_workers in (1, 3, None):
        done = Run(Spares(build(name, settings), first=0), curves, n_workers=n_workers)
        assert done.reached[0] == MAX_EPOCHS
        assert all(trial.status.is_ended for trial in done.trials.values())
        assert sum(epochs == MAX_EPOCHS for epochs in done.reached.values()) > 1


@every_case
def test_decisions_are_as_quick_after_thousands_of_trials(name: str, settings: Settings) -> None:
    """Of a policy that takes O(n) for each, the last would take 20 times as long as the first."""
    scheduler, paused = build(name, settings), dict[str, Trial]()
    losses = np.random.default_rng(0).random(2000)
    seconds = []
    for number, loss in enumerate(losses.tolist()):
        trial = report(Trial(id=f"{number:04d}", number=number, configuration={}), loss)
        assert trial.last is not None
        began = time.process_time()
        decision = scheduler.on_measurement(trial, trial.last)
        if decision.kind is DecisionKind.PAUSE:
            paused[trial.id] = trial
        else:
            scheduler.on_end(trial)
        while (
            verdict := scheduler.decide_paused(paused, n_begun=number + 1, more_to_come=True)
        ) is not None:
            scheduler.on_end(paused.pop(verdict.trial))
        seconds.append(time.process_time() - began)
    assert sum(seconds[-200:]) < 10 * sum(seconds[:200])
