"""Are the best at a rung those on its fronts, whichever form of asha asks?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from raysearch.schedulers.asha import ASHA
from raysearch.schedulers.fronts import FrontStandings
from raysearch.trial import DecisionKind, Measurement, Objective, Trial, trial_id

ACCURACY = Objective(metric="val/accuracy", direction="maximize")
PARAMS = Objective(metric="params", direction="minimize")
BOTH = (ACCURACY, PARAMS)


def asha(**settings) -> ASHA:
    return ASHA(objective=ACCURACY, objectives=BOTH, max_epochs=9, **settings)


def reported(number: int, accuracy: float | None, params: float, *, epoch: int = 1) -> Trial:
    values = {"val/accuracy": accuracy, "params": params}
    measured = Measurement(epoch=epoch, step=epoch, values=values, seconds=1.0)
    trial = Trial(id=trial_id(number), number=number, configuration={})
    return replace(trial, measurements=(measured,))


def decide(policy: ASHA, *trials: Trial) -> list[DecisionKind]:
    return [policy.on_measurement(trial, trial.measurements[-1]).kind for trial in trials]


def test_a_dominated_trial_is_stopped_and_one_at_the_end_of_the_front_goes_on():
    policy = asha(reduction_factor=2)
    kinds = decide(
        policy,
        reported(0, 0.9, 900),
        reported(1, 0.8, 950),  # beaten in both
        reported(2, 0.5, 10),  # the smallest by far
        reported(3, 0.85, 920),
    )
    go, stop = DecisionKind.CONTINUE, DecisionKind.STOP
    assert kinds[0] is go
    assert kinds[1] is stop
    assert kinds[3] is stop
    later = decide(policy, reported(4, 0.95, 990), reported(5, 0.4, 5))
    assert later == [go, go]


def test_a_decision_names_front_and_rank():
    policy = asha(reduction_factor=2)
    decide(policy, reported(0, 0.9, 900))
    second = reported(1, 0.8, 950)
    decision = policy.on_measurement(second, second.measurements[-1])
    assert decision.reason == "rung 1: front 2, rank 2 of 2, the best goes on"


def test_equal_trials_fare_alike_whoever_came_first():
    policy = asha(reduction_factor=2)
    same = [reported(number, 0.9, 100) for number in range(3)]
    assert decide(policy, *same) == [DecisionKind.CONTINUE] * 3


def test_a_value_that_is_not_finite_stops():
    policy = asha()
    bad = reported(0, None, 10)
    decision = policy.on_measurement(bad, bad.measurements[-1])
    assert decision.kind is DecisionKind.STOP
    assert decision.reason == "rung 1: val/accuracy is not finite"


def test_promotion_takes_the_best_of_those_that_wait():
    policy = asha(form="promotion", reduction_factor=2)
    trials = [reported(0, 0.5, 500), reported(1, 0.9, 900), reported(2, 0.4, 600)]
    kinds = decide(policy, *trials)
    assert kinds[0] is kinds[2] is DecisionKind.PAUSE
    paused = {"0000": trials[0], "0002": trials[2]}
    verdict = policy.decide_paused(paused, n_begun=3, more_to_come=True)
    assert verdict is not None
    assert verdict.trial == "0000"  # it beats 0002 in both
    assert verdict.decision.reason.startswith("promoted from rung 1: front 1, rank 1 of 3")


def test_what_left_is_not_promoted():
    standings = FrontStandings(level=1)
    for number, losses in enumerate([(1.0, 1.0), (2.0, 2.0)]):
        standings.enter(Trial(id=str(number), number=number, configuration={}), losses=losses)
        standings.wait(str(number))
    assert [trial for trial, _ in standings.waiting()] == ["0", "1"]
    standings.leave("0")
    assert list(standings.waiting()) == [("1", 2)]


@pytest.mark.parametrize("form", ["stopping", "promotion"])
def test_with_objectives_that_agree_the_best_go_on_as_with_one(form):
    policy = asha(form=form, reduction_factor=3)
    trials = [reported(n, 0.1 * n, 1000 - 100 * n) for n in (5, 1, 2, 3, 4)]
    kinds = decide(policy, *trials)
    assert kinds[1:] == [kinds[1]] * 4
    best = reported(9, 0.95, 1)
    assert decide(policy, best) == [DecisionKind.CONTINUE]
