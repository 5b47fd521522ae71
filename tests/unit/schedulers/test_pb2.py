"""When does a model choose the numbers of a member, within which bounds, and the same each time?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from raysearch.errors import ConfigurationError
from raysearch.schedulers.foreseeing import Foresight, normal_scores
from raysearch.schedulers.intervals import Beginning, Interval
from raysearch.schedulers.pb2 import PB2
from raysearch.schedulers.pbt import PBT
from raysearch.space import Choice, Float, Int, Space
from raysearch.trial import (
    Checkpoint,
    DecisionKind,
    Measurement,
    Objective,
    Takeover,
    Trial,
)

LOSS = Objective(metric="loss", direction="minimize")
SPACE = Space(
    {
        "width": Int(8, 64),
        "rate": Float(1e-5, 1e-1, log=True),
        "batch": Choice([32, 64, 128], ordered=True),
        "steps": Int(2, 10, step=4),
        "norm": Choice(["none", "batch"]),
        "momentum": Float(0.0, 0.9, when={"norm": ["batch"]}),
    }
)
FIXED = {"width": "it has weights"}


def policy(kind=PB2, **settings):
    given = {"space": SPACE, "fixed": FIXED, "population": 4, "interval": 3, "max_epochs": 10}
    return kind(objective=LOSS, **{**given, **settings})


def trial_of(number):
    configuration = {
        "width": 8 + number, "rate": 0.01, "batch": 64, "steps": 6, "norm": "none",
    }  # fmt: skip
    return Trial(id=f"{number:04d}", number=number, configuration=configuration)


def reported(scheduler, trial, *losses):
    for loss in losses:
        measured = Measurement(epoch=trial.epochs + 1, step=1, values={"loss": loss}, seconds=1.0)
        trial = replace(trial, measurements=(*trial.measurements, measured))
        scheduler.on_measurement(trial, measured)
    return trial


def at_first_rung(scheduler, *, before=1.0, losses=(0.5, 0.2, 0.4, 0.9)):
    """Bring members to epoch 3; return those that pause there."""
    told = [
        reported(scheduler, trial_of(n), before + n, before, loss) for n, loss in enumerate(losses)
    ]
    return {trial.id: trial for trial in told[1:]}


def exploit_of(scheduler, paused, trial):
    verdict = scheduler.decide_paused({trial: paused[trial]}, n_begun=4, more_to_come=False)
    assert verdict.decision.kind is DecisionKind.EXPLOIT
    return verdict.decision.exploit


def taken_over(trial, exploit):
    checkpoint = Checkpoint(epoch=exploit.epoch, path="x", size_bytes=1)
    taken = Takeover(source=exploit.source, checkpoint=checkpoint, before=trial.configuration)
    return replace(trial, configuration=exploit.configuration, takeovers=(taken,))


def test_numbers_and_ordered_choices_are_the_models():
    assert policy().modelled == ("rate", "batch", "steps", "momentum")
    assert policy(parameters=["norm"]).modelled == ()


def test_below_two_intervals_it_explores_as_pbt_does(monkeypatch):
    monkeypatch.setattr("raysearch.schedulers.comparing.generator", _of_one_role)
    found = []
    for kind in (PB2, PBT):
        scheduler = policy(kind, interval=1)  # epoch 1 is the first comparison: nothing is known
        told = [
            reported(scheduler, trial_of(n), loss) for n, loss in enumerate((0.5, 0.2, 0.4, 0.9))
        ]
        found.append(exploit_of(scheduler, {t.id: t for t in told}, "0003"))
    assert found[0] == found[1]
    assert found[0].changes


def _of_one_role(seed, *, role, number):
    del role  # which has the name of the policy
    return np.random.default_rng([seed, number])


def test_what_is_chosen_lies_in_the_space_and_keeps_what_must_stay():
    for seed in range(5):
        scheduler = policy(seed=seed)
        exploit = exploit_of(scheduler, at_first_rung(scheduler), "0003")
        SPACE.validate(exploit.configuration)
        assert exploit.configuration["width"] == 9  # the source's, whose weights these are
        assert exploit.configuration["steps"] in (2, 6, 10)
        assert type(exploit.configuration["batch"]) is int


def test_it_is_the_same_each_time_it_is_asked_and_after_a_replay():
    first, again = policy(seed=3), policy(seed=3)
    paused, repeated = at_first_rung(first), at_first_rung(again)
    exploit = exploit_of(first, paused, "0003")
    assert exploit_of(first, paused, "0003") == exploit
    assert exploit_of(again, repeated, "0003") == exploit


def test_who_goes_on_at_once_changes_what_the_next_one_is_given():
    """The first one's interval is under way, so the second one looks elsewhere."""
    losses = (0.2, 0.21, 0.9, 0.91)
    given = {"quantile": 0.5, "population": 4, "resample": 0.0}
    alone, told = policy(**given), policy(**given)
    paused = at_first_rung(alone, losses=losses)
    at_first_rung(told, losses=losses)
    exploit = exploit_of(told, paused, "0002")
    told.on_takeover(taken_over(paused["0002"], exploit))
    assert exploit_of(told, paused, "0003") != exploit_of(alone, paused, "0003")


@pytest.mark.parametrize("interval", [1, 3])
def test_what_is_under_way_is_known_from_the_moment_in_which_a_member_goes_on(interval):
    scheduler = policy(interval=interval)
    paused = at_first_rung(scheduler)
    assert [each.configuration["width"] for each in scheduler._intervals.under_way()] == [8]
    scheduler.on_return(paused["0001"])
    under_way = scheduler._intervals.under_way()
    assert [(each.configuration["width"], each.epoch) for each in under_way] == [(8, 3), (9, 3)]
    scheduler.on_end(paused["0001"])
    assert len(scheduler._intervals.under_way()) == 1


def test_the_model_goes_where_more_was_gained_at_this_time():
    """At epoch 0.3 high rates gained most, at 0.6 low ones; the latest counts for the latest."""
    space = Space({"rate": Float(0.0, 1.0)})
    places = np.linspace(0.05, 0.95, 10)
    known = [
        Interval(
            beginning=Beginning(configuration={"rate": float(u)}, epoch=epoch, loss=1.0),
            change=float((u - best) ** 2) - 1.0,
        )
        for epoch, best in ((2, 0.9), (4, 0.7), (6, 0.5), (8, 0.3))
        for u in places
    ]
    foresight = Foresight(space, keys=["rate"], max_epochs=10, seed=0)
    at = Beginning(configuration={"rate": 0.9}, epoch=8, loss=1.0)
    chosen = [foresight.choose(at, known, [], np.random.default_rng(n))["rate"] for n in range(5)]
    assert max(abs(rate - 0.3) for rate in chosen) < 0.15


def test_what_is_under_way_is_avoided():
    space = Space({"rate": Float(0.0, 1.0)})
    begin = Beginning(configuration={"rate": 0.5}, epoch=2, loss=1.0)
    known = [Interval(beginning=begin, change=-1.0), Interval(beginning=begin, change=-1.1)]
    foresight = Foresight(space, keys=["rate"], max_epochs=10, seed=0)
    at = replace(begin, epoch=4)
    free = foresight.choose(at, known, [], np.random.default_rng(0))["rate"]
    taken = replace(at, configuration={"rate": free})
    next_one = foresight.choose(at, known, [taken], np.random.default_rng(0))["rate"]
    assert abs(next_one - free) > 0.3


def test_a_run_that_diverged_does_not_hide_the_differences_of_the_others():
    scores = normal_scores([-1.0, -1.001, float("inf")])
    assert scores[2] > 0 > scores[1]
    assert scores[0] - scores[1] > 0.5


def test_a_parameter_that_is_not_active_is_not_chosen():
    foresight = Foresight(SPACE, keys=["rate", "momentum"], max_epochs=10, seed=0)
    begin = Beginning(configuration=trial_of(1).configuration, epoch=3, loss=1.0)
    known = [Interval(beginning=begin, change=-1.0)] * 2
    chosen = foresight.choose(begin, known, [], np.random.default_rng(0))
    assert set(chosen) == {"rate"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"interval": 10}, "scheduler.interval is 10. It must be an integer from 1 to 9."),
        ({"max_epochs": 1, "interval": None}, "scheduler: pb2 compares trials before their last"),
        ({"population": 9, "max_trials": 8}, "It must be an integer from 2 to 8."),
        ({"population": None, "max_trials": 1}, "scheduler: pb2 compares at least 2 trials"),
        ({"max_total_epochs": 12}, "population from 2 to 3, or budget.epochs of more than 12"),
        ({"quantile": 0.6}, "scheduler.quantile is 0.6. It must be a number above 0, and at most"),
        ({"scale": 0.0}, "scheduler.scale is 0.0"),
        ({"resample": 1.5}, "scheduler.resample is 1.5. It must be a number from 0 to 1."),
        ({"fixed": dict.fromkeys(SPACE.keys, "no")}, "no parameter of the space can be changed"),
        ({"parameters": ["width"]}, "width cannot be changed while a trial trains: it has weights"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_right_one(settings, words):
    with pytest.raises(ConfigurationError) as raised:
        policy(**settings)
    assert words in str(raised.value)
