"""Does a scheduler of Ray Tune's decide here as it does there?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from ray.tune.schedulers import FIFOScheduler

from raysearch.engine import fold
from raysearch.errors import ConfigurationError, SearchAborted
from raysearch.experiment import from_settings
from raysearch.schedulers import Scheduler
from raysearch.trial import Decision, DecisionKind, Trial, TrialStatus
from raysearch.tuning.ray_scheduler import RayScheduler
from tests.contracts.scheduling import GAIN, LOSS, METRIC, Run, curves_of, report
from tests.lab import ACCURACY, Lab

pytestmark = pytest.mark.timeout(120)  # the import of ray.tune

ASHA = "ray.tune.schedulers:ASHAScheduler"
MEDIAN = "ray.tune.schedulers:MedianStoppingRule"
BY_EPOCHS = {"time_attr": "training_iteration", "grace_period": 3}


def policy(class_path=ASHA, *, objective=LOSS, max_epochs=27, seed=0, **args) -> Scheduler:
    return RayScheduler(
        objective=objective, max_epochs=max_epochs, seed=seed, class_path=class_path, args=args
    )


def kinds(run):
    return [(decision.kind, decision.reason) for decision in run.decisions]


@pytest.mark.parametrize(
    ("class_path", "args"),
    [(ASHA, {"brackets": 2}), (MEDIAN, BY_EPOCHS), (ASHA, {"reduction_factor": 2})],
)
def test_bad_trials_are_stopped_and_a_replay_decides_the_same(class_path, args):
    run = Run(policy(class_path, **args), curves_of(30), n_workers=3)
    stopped = [decision for decision in run.decisions if decision.kind is DecisionKind.STOP]
    name = class_path.partition(":")[2]
    assert stopped
    assert all(f"Ray's {name} stopped it after epoch" in found.reason for found in stopped)
    assert max(run.reached.values()) == 27
    best = min(range(30), key=lambda n: min(run.trials[n].measurements[-1].values.values()))
    assert run.trials[best].status is TrialStatus.COMPLETED
    again = policy(class_path, **args)
    said = []
    for call, trial in run.calls:
        if call == "measured":
            said.append(again.on_measurement(trial, trial.last))
        else:
            again.on_end(trial)
    assert said == run.decisions


def test_draws_follow_the_seed_and_not_the_global_generator():
    curves = curves_of(20)
    runs = [kinds(Run(policy(seed=seed, brackets=3), curves)) for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]


def test_asha_stops_at_its_rungs_alone_and_the_direction_counts():
    run = Run(policy(grace_period=3, reduction_factor=3), curves_of(20), n_workers=1)
    assert set(run.reached.values()) <= {3, 9, 27}
    rising = {n: [value] * 27 for n, value in enumerate([0.5, 0.9, 0.1])}
    run = Run(policy(objective=GAIN, reduction_factor=3), rising, n_workers=1)
    assert run.reached == {0: 27, 1: 27, 2: 1}


def test_it_lasts_as_long_as_the_experiment_says():
    run = Run(policy(), {0: [0.1] * 27}, n_workers=1)
    assert run.trials[0].status is TrialStatus.COMPLETED
    assert Run(policy(max_t=9), {0: [0.1] * 27}).reached == {0: 9}


def test_a_value_that_is_not_finite_ends_a_trial():
    curves = {0: [0.5] * 27, 1: [0.4, float("nan"), *[0.3] * 25]}
    run = Run(policy(), curves)
    assert run.reached == {0: 27, 1: 2}
    assert "val/loss is not finite at epoch 2" in [decision.reason for decision in run.decisions]


def test_the_default_is_spared_and_a_failure_is_no_trouble():
    lab = Lab(scheduler=policy(MEDIAN, objective=ACCURACY, max_epochs=3, **BY_EPOCHS | {
        "grace_period": 1, "min_samples_required": 1,
    })).start()  # fmt: skip
    default, better, failing = (lab.new_trial() for _ in range(3))
    for epoch in (1, 2, 3):
        lab.report(better, epoch, 0.9)
    decisions = [lab.report(default, epoch, 0.1) for epoch in (1, 2, 3)]
    assert [decision.kind for decision in decisions[:2]] == [DecisionKind.CONTINUE] * 2
    assert "stopped it after epoch 1, at 0.1; goes on, as the default" in decisions[0].reason
    assert lab.report(failing, 1, 0.3).kind is DecisionKind.STOP
    last = lab.new_trial()
    lab.report(last, 1, 0.95)
    lab.engine.failed(last, cause="exception", error="broken")
    state = fold(lab.journal.events)
    assert [trial.status for trial in state.trials.values()] == [
        TrialStatus.COMPLETED, TrialStatus.COMPLETED, TrialStatus.STOPPED, TrialStatus.FAILED,
    ]  # fmt: skip
    why = "Ray's MedianStoppingRule stopped it after epoch 1, at 0.3"
    assert state.trials[failing].reason == why


def test_what_is_paused_goes_on_once_no_others_come():
    scheduler = policy(MEDIAN, **BY_EPOCHS, hard_stop=False, min_samples_required=1)
    good, bad = (Trial(id=f"000{n}", number=n, configuration={}) for n in range(2))
    while good.epochs < 27:
        good = report(good, 0.1)
        assert scheduler.on_measurement(good, good.last).kind is DecisionKind.CONTINUE
    scheduler.on_end(replace(good, status=TrialStatus.COMPLETED))
    while bad.epochs < 3:
        bad = report(bad, 0.9)
        decision = scheduler.on_measurement(bad, bad.last)
    assert decision == Decision(
        kind=DecisionKind.PAUSE,
        reason="Ray's MedianStoppingRule paused it after epoch 3, at 0.9",
    )
    assert 3 in scheduler.pauses_at(bad)
    assert scheduler.waits_at(bad) == ()  # it goes on far more often than not
    assert policy(MEDIAN).pauses_at(bad) == ()
    given = {"paused": {bad.id: bad}, "n_begun": 2}
    assert scheduler.decide_paused(**given, more_to_come=True) is None
    verdict = scheduler.decide_paused(**given, more_to_come=False)
    assert (verdict.trial, verdict.decision.kind) == ("0001", DecisionKind.CONTINUE)
    bad = report(bad, 0.9)
    assert scheduler.on_measurement(bad, bad.last).kind is DecisionKind.CONTINUE


class Grumpy(FIFOScheduler):
    """Raises about whatever is reported."""

    def on_trial_result(self, tune_controller, trial, result):
        raise ValueError(f"no such {trial.trial_id}")


class Demanding(FIFOScheduler):
    """Asks for what only Ray Tune's own loop has."""

    def on_trial_result(self, tune_controller, trial, result):
        tune_controller.pause_trial(trial)


HERE = "tests.unit.tuning.test_ray_scheduler"


@pytest.mark.parametrize(
    ("class_path", "args", "message"),
    [
        (f"{HERE}:Grumpy", {}, "Grumpy raised ValueError about trial 0000: no such 0000"),
        (f"{HERE}:Demanding", {}, "asks the one that runs its trials for `pause_trial`"),
        (ASHA, {"time_attr": "steps"}, "scheduler.args.time_attr is steps, which trials do not"),
    ],
)
def test_what_it_raises_ends_the_search_with_a_way_out(class_path, args, message):
    with pytest.raises(SearchAborted, match=message) as caught:
        Run(policy(class_path, **args), curves_of(2))
    assert "`resume` with another one, such as scheduler=asha" in str(caught.value)


def settings(scheduler):
    return {
        "data": "digits",
        "model": "mlp",
        "objective": "val/accuracy",
        "fidelity": {"max_epochs": 9},
        "scheduler": scheduler,
    }


@pytest.mark.parametrize(
    ("scheduler", "message"),
    [
        ("ray.tune.schedulers:ASHASchedler", "no ASHASchedler in .*Did you mean ASHAScheduler"),
        ("ray.tune.schedulers:HyperBandScheduler", "only Ray Tune's own loop.*hyperband"),
        ("ray.tune.schedulers:PopulationBasedTraining", "only Ray Tune's own loop"),
        ("ray.tune.schedulers:PopulationBasedTrainingReplay", "only Ray Tune's own loop"),
        ("ray.tune.search.hyperopt:HyperOptSearch", "does not derive from .*TrialScheduler"),
        ({"class": ASHA, "args": {"grace": 1}}, "scheduler.args.grace is not .*grace_period"),
        ({"class": ASHA, "args": {"metric": "loss"}}, "scheduler.args.metric is given by"),
        ({"class": ASHA, "args": {"grace_period": 0}}, "AssertionError: grace_period must be"),
        ({"class": ASHA, "grace_period": 2}, "Arguments of ASHAScheduler go under args"),
        ({"class": ASHA, "name": "asha"}, "both name and class"),
        ({"name": "asha", "args": {"min_epochs": 2}}, "scheduler.args is not a setting of asha"),
        ("fractions:Fraction", "neither derives from one of Ray Tune's, nor"),
    ],
)  # fmt: skip
def test_what_cannot_take_part_is_refused_before_anything_starts(scheduler, message):
    with pytest.raises(ConfigurationError, match=message):
        from_settings(settings(scheduler))


def test_resolved_settings_are_read_back_the_same():
    experiment = from_settings(settings({"class": ASHA, "args": {"reduction_factor": 3}}))
    assert experiment.settings["scheduler"] == {"class": ASHA, "args": {"reduction_factor": 3}}
    assert from_settings(experiment.settings) == experiment
    assert from_settings(settings(ASHA)).settings["scheduler"] == {"class": ASHA, "args": {}}
    assert METRIC not in experiment.settings["scheduler"]["args"]
