"""Who is compared with whom, when does a member go on, and which settings are refused?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from raysearch.errors import ConfigurationError
from raysearch.schedulers.pbt import PBT
from raysearch.space import Float, Int, Space
from raysearch.trial import (
    Checkpoint,
    DecisionKind,
    Measurement,
    Objective,
    Takeover,
    Trial,
)

LOSS = Objective(metric="loss", direction="minimize")
SPACE = Space({"width": Int(8, 64), "rate": Float(1e-5, 1e-1, log=True)})
CONTINUE, PAUSE, STOP, EXPLOIT = (
    DecisionKind.CONTINUE,
    DecisionKind.PAUSE,
    DecisionKind.STOP,
    DecisionKind.EXPLOIT,
)


def policy(**settings):
    return PBT(**{
        "objective": LOSS, "max_epochs": 10, "seed": 0, "space": SPACE, "population": 4,
        "fixed": {"width": "it has weights"}, "interval": 3, **settings,
    })  # fmt: skip


def measured(trial, loss, *, epoch=None):
    """Return the trial one epoch further, or at that epoch."""
    measurement = Measurement(
        epoch=epoch or trial.epochs + 1, step=1, values={"loss": loss}, seconds=1.0
    )
    return replace(trial, measurements=(*trial.measurements, measurement))


def trial_of(number):
    configuration = {"width": 8 + number, "rate": 10.0 ** -(1 + number)}
    return Trial(id=f"{number:04d}", number=number, configuration=configuration)


def reported(pbt, trial, *losses):
    """Report epoch after epoch; return the trial, and the last decision."""
    decision = None
    for loss in losses:
        trial = measured(trial, loss)
        decision = pbt.on_measurement(trial, trial.last)
    return trial, decision


def at_first_rung(pbt, losses):
    """Bring members to epoch 3, where those but the default pause; return the paused ones."""
    paused = {}
    for number, loss in enumerate(losses):
        trial, decision = reported(pbt, trial_of(number), 1.0, 1.0, loss)
        if number:
            assert decision.kind is PAUSE
            paused[trial.id] = trial
        else:
            assert decision.kind is CONTINUE
    return paused


def verdict(pbt, paused, *, n_begun=4, more=False):
    return pbt.decide_paused(paused, n_begun=n_begun, more_to_come=more)


def test_the_worst_goes_on_with_the_weights_of_the_best_and_a_changed_configuration():
    pbt = policy()
    paused = at_first_rung(pbt, [0.5, 0.2, 0.4, 0.9])
    kinds = {}
    while paused:
        found = verdict(pbt, paused)
        kinds[found.trial] = found.decision
        del paused[found.trial]
    assert [kinds[id].kind for id in ("0001", "0002", "0003")] == [CONTINUE, CONTINUE, EXPLOIT]
    assert kinds["0001"].reason == "rung 3: rank 1 of 4, goes on with its own weights"
    assert kinds["0003"].reason == "rung 3: rank 4 of 4, takes over trial 0001"
    exploit = kinds["0003"].exploit
    assert (exploit.source, exploit.epoch) == ("0001", 3)
    assert exploit.configuration["width"] == 9  # the source's, whose weights these are
    assert set(exploit.changes) == {"rate"}
    assert exploit.changes["rate"] == (0.01, exploit.configuration["rate"])
    SPACE.validate(exploit.configuration)


def test_the_default_does_not_stand_in_for_the_worst_of_the_others():
    pbt = policy()
    paused = at_first_rung(pbt, [0.9, 0.2, 0.4, 0.5])
    kinds = {}
    while paused:
        found = verdict(pbt, paused)
        kinds[found.trial] = found.decision.kind
        del paused[found.trial]
    assert kinds == {"0001": CONTINUE, "0002": CONTINUE, "0003": EXPLOIT}


def test_members_wait_for_the_comparison():
    pbt = policy()
    assert pbt.pauses_at(trial_of(0)) == pbt.pauses_at(trial_of(1)) == (3, 6, 9)
    assert pbt.waits_at(trial_of(1)) == (3, 6, 9)


def test_the_same_seed_draws_the_same_and_another_one_does_not():
    def changed(seed):
        pbt = policy(seed=seed)
        paused = at_first_rung(pbt, [0.5, 0.2, 0.4, 0.9])
        return verdict(pbt, {"0003": paused["0003"]}).decision.exploit.configuration

    assert changed(1) == changed(1)
    assert changed(1) != changed(2)


def test_the_configuration_of_the_source_is_that_of_the_rung():
    pbt = policy(synchronous=True)
    paused = at_first_rung(pbt, [0.5, 0.2, 0.4, 0.9])
    later = replace(paused["0001"], configuration={"width": 60, "rate": 1e-5})
    reported(pbt, later, 0.2)  # it went on, and was changed meanwhile
    exploit = verdict(pbt, {"0003": paused["0003"]}).decision.exploit
    assert exploit.configuration["width"] == 9


def test_whoever_is_furthest_behind_goes_on_first():
    pbt = policy()
    paused = at_first_rung(pbt, [0.5, 0.2, 0.4, 0.9])
    ahead, _ = reported(pbt, paused.pop("0001"), 0.2, 0.2, 0.2)
    paused = {"0001": ahead, **paused}
    assert [verdict(pbt, paused).trial, *paused][0] == "0002"


def test_all_begin_before_anybody_goes_on():
    pbt = policy()
    paused = at_first_rung(pbt, [0.5, 0.2])
    assert verdict(pbt, paused, n_begun=2, more=True) is None
    assert verdict(pbt, paused, n_begun=2, more=False) is not None  # no others will come


def test_synchronous_comparisons_wait_for_everybody_who_may_yet_come():
    pbt = policy(synchronous=True)
    paused = at_first_rung(pbt, [0.5, 0.2, 0.4])
    late, _ = reported(pbt, trial_of(3), 1.0, 1.0)
    assert verdict(pbt, paused) is None
    assert verdict(policy_of_the_same(pbt, synchronous=False), paused) is not None
    pbt.on_end(late)  # it failed, and is not waited for
    assert verdict(pbt, paused).decision.kind is CONTINUE


def policy_of_the_same(pbt, **settings):
    again = policy(**settings)
    at_first_rung(again, [0.5, 0.2, 0.4])
    return again


def test_a_member_that_is_not_finite_is_replaced_at_the_next_comparison():
    pbt = policy()
    lost, decision = reported(pbt, trial_of(3), 1.0, None)
    assert decision.kind is PAUSE
    assert decision.reason == (
        "epoch 2: loss is not finite; waits for the weights of another one, rung 3"
    )
    assert verdict(pbt, {lost.id: lost}) is None  # nobody is there yet
    paused = at_first_rung(pbt, [0.5, 0.2, 0.4])
    found = verdict(pbt, {lost.id: lost, **paused})
    assert (found.trial, found.decision.kind) == ("0003", EXPLOIT)
    assert found.decision.exploit.epoch == 3


def test_where_nobody_is_finite_nobody_can_be_replaced():
    pbt = policy()
    lost = {}
    for number in (1, 2, 3):
        trial, _ = reported(pbt, trial_of(number), None)
        lost[trial.id] = trial
    default, decision = reported(pbt, trial_of(0), None)
    assert decision.kind is STOP  # all are compared with the default, which is never replaced
    pbt.on_end(default)
    found = verdict(pbt, lost)
    assert found.decision.kind is STOP
    assert "loss is finite in no member" in found.decision.reason


def test_after_the_last_comparison_there_is_nothing_to_wait_for():
    _, decision = reported(policy(), trial_of(1), *([1.0] * 9), None)
    assert decision.kind is CONTINUE  # epoch 10 was the last one
    trial = measured(trial_of(1), None, epoch=10)
    pbt = policy(max_epochs=12)
    assert pbt.on_measurement(trial, trial.last).kind is STOP


def test_a_comparison_is_at_the_first_measurement_after_its_epoch():
    pbt = policy()
    trial = measured(trial_of(1), 1.0, epoch=2)
    assert pbt.on_measurement(trial, trial.last).kind is CONTINUE
    trial = measured(trial, 1.0, epoch=4)
    assert pbt.on_measurement(trial, trial.last).kind is PAUSE
    assert pbt.keeps(trial) == (4,)


def test_checkpoints_are_kept_until_all_have_passed_the_comparison():
    pbt = policy(population=3)
    paused = at_first_rung(pbt, [0.5, 0.2, 0.9])
    best = paused["0001"]
    assert pbt.keeps(best) == (3,)
    reported(pbt, trial_of(0), 1.0, 1.0, 1.0, 1.0)
    assert pbt.keeps(best) == (3,)  # 0002 may yet take it over
    taken = Takeover(
        source="0001",
        checkpoint=Checkpoint(epoch=3, path="trials/0001/3.ckpt", size_bytes=1),
        before=paused["0002"].configuration,
    )
    reported(pbt, replace(paused["0002"], takeovers=(taken,)), 0.3)
    assert pbt.keeps(best) == ()


def test_a_population_begins_when_the_one_before_has_ended():
    pbt = policy(population=2)
    assert [pbt.begins(number) for number in (0, 1, 2)] == [True, True, False]
    pbt.on_end(trial_of(0))
    assert not pbt.begins(2)
    pbt.on_end(trial_of(1))
    assert pbt.begins(3)


def test_defaults_follow_from_the_budget():
    assert policy(population=None, max_trials=7).begins(6)
    assert policy(interval=None, max_epochs=30).rungs == tuple(range(3, 30, 3))
    assert policy(interval=None, max_epochs=4).rungs == (1, 2, 3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"interval": 10}, "scheduler.interval is 10. It must be an integer from 1 to 9."),
        ({"interval": 0}, "scheduler.interval is 0. It must be an integer from 1 to 9."),
        ({"max_epochs": 1, "interval": None}, "fidelity.max_epochs of at least 2"),
        (
            {"population": 9, "max_trials": 8},
            "scheduler.population is 9. It must be an integer from 2 to 8.",
        ),
        ({"population": 1}, "scheduler.population is 1. It must be an integer of at least 2."),
        ({"population": None, "max_trials": 1}, "budget.trials is 1"),
        ({"max_total_epochs": 12}, "population from 2 to 3, or budget.epochs of more than 12"),
        ({"quantile": 0.6}, "scheduler.quantile is 0.6. It must be a number above 0, and at most"),
        ({"quantile": 0.0}, "scheduler.quantile is 0.0. It must be a number above 0"),
        ({"scale": 0.0}, "scheduler.scale is 0.0"),
        ({"resample": 1.5}, "scheduler.resample is 1.5. It must be a number from 0 to 1."),
        ({"exploit": "best"}, "scheduler.exploit is 'best'. It must be truncation or tournament."),
        ({"fixed": {"width": "a", "rate": "b"}}, "no parameter of the space can be changed"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_right_one(settings, words):
    with pytest.raises(ConfigurationError) as raised:
        policy(**settings)
    assert words in str(raised.value)
