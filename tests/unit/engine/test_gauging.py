"""What a model costs is journalled with what follows from it, before an epoch is trained."""

from __future__ import annotations

import pytest

from raysearch.engine.state import fold
from raysearch.errors import SearchAborted
from raysearch.measure import Constraint
from raysearch.run_dir import events as ev
from raysearch.run_dir.journal import MemoryJournal
from raysearch.trial import DecisionKind, Objective, TrialStatus
from tests.lab import ACCURACY, Lab, measurement

PARAMS = Objective(metric="params", direction="minimize")
SMALL = Constraint(measure="params", sign="<=", limit=100.0)
BOTH = (ACCURACY, PARAMS)


def limited(**plan) -> Lab:
    return Lab(objectives=BOTH, constraints=(SMALL,), **plan).start()


def test_a_model_that_costs_too_much_is_rejected_before_it_is_trained():
    lab = limited()
    trial = lab.new_trial()
    decision = lab.engine.gauged(trial, {"params": 150.0}, seconds=0.1)
    found = lab.state.trials[trial]
    assert decision.kind is DecisionKind.STOP
    assert (found.status, found.epochs, found.violation) == (TrialStatus.REJECTED, 0, 0.5)
    assert found.reason == "params is 150, and must be <= 100"
    assert found.measures == {"params": 150.0}
    assert lab.searcher.observed == [found]
    assert lab.state.spent.epochs == 0


def test_a_model_that_meets_the_limit_is_trained_and_its_measures_stand_with_each_epoch():
    lab = limited()
    trial = lab.new_trial()
    assert lab.engine.gauged(trial, {"params": 100.0}).kind is DecisionKind.CONTINUE
    lab.report(trial, 1, 0.5)
    lab.report(trial, 2, 0.6)
    values = [m.values for m in lab.state.trials[trial].measurements]
    assert values == [{"val/accuracy": v, "params": 100.0} for v in (0.5, 0.6)]
    assert lab.state.trials[trial].losses(BOTH) == (-0.6, 100.0)


def test_the_default_is_rejected_like_any_other():
    lab = limited()
    assert lab.new_trial() == "0000"
    assert lab.engine.gauged("0000", {"params": 101.0}).kind is DecisionKind.STOP


def test_without_constraints_measures_are_recorded_and_nothing_is_rejected():
    lab = Lab().start()
    trial = lab.new_trial()
    assert lab.engine.gauged(trial, {"params": 1e9}).kind is DecisionKind.CONTINUE
    assert lab.state.trials[trial].measures == {"params": 1e9}


def test_what_is_known_of_a_trial_is_not_measured_again_after_a_loss():
    lab = limited()
    trial = lab.new_trial()
    lab.engine.gauged(trial, {"params": 90.0})
    lab.engine.worker_lost(trial, error="gone")
    lab.engine.attempt_started(trial, worker="here:2")
    assert lab.engine.gauged(trial, {"params": 150.0}).kind is DecisionKind.CONTINUE
    assert lab.state.trials[trial].measures == {"params": 90.0}


def test_many_rejected_trials_are_no_reason_to_give_up():
    lab = limited(abort_after=2, max_trials=8)
    for _ in range(6):
        lab.engine.gauged(lab.new_trial(), {"params": 200.0})
    trial = lab.new_trial()
    lab.engine.gauged(trial, {"params": 20.0})
    lab.report(trial, 1, 0.5)


def test_a_reader_of_the_journal_sees_the_same():
    lab = limited()
    lab.engine.gauged(lab.new_trial(), {"params": 150.0}, seconds=0.25)
    events = lab.journal.events
    assert fold(events) == lab.state
    gauged = next(event for event in events if isinstance(event, ev.ModelMeasured))
    assert (gauged.values, gauged.violation, gauged.seconds) == ({"params": 150.0}, 0.5, 0.25)


def test_a_write_that_was_cut_before_the_end_of_a_trial_is_made_good_at_the_resume():
    lab = limited()
    lab.engine.gauged(lab.new_trial(), {"params": 150.0})
    cut = [event for event in lab.journal.events if not isinstance(event, ev.TrialEnded)]
    again = Lab(objectives=BOTH, constraints=(SMALL,), journal=MemoryJournal())
    again.engine.replay(cut)
    assert again.engine.resume(settings=again.settings) == []
    assert again.state.trials["0000"].status is TrialStatus.REJECTED
    assert again.searcher.observed[0].violation == 0.5


def test_training_time_is_a_value_where_it_is_an_objective():
    seconds = Objective(metric="seconds", direction="minimize")
    lab = Lab(objectives=(ACCURACY, seconds)).start()
    trial = lab.new_trial()
    lab.report(trial, 1, 0.5)
    lab.report(trial, 2, 0.9)
    assert lab.state.trials[trial].losses((ACCURACY, seconds)) == (-0.9, 1.0)


def test_a_second_objective_that_nobody_reports_ends_the_search_at_the_first_epoch():
    f1 = Objective(metric="val/f1", direction="maximize")
    lab = Lab(objectives=(ACCURACY, f1)).start()
    with pytest.raises(SearchAborted, match=r'trial 0000 .* without reporting "val/f1"'):
        lab.report(lab.new_trial(), 1, 0.5)


def test_a_second_objective_that_some_do_not_report_costs_them_their_place_alone():
    f1 = Objective(metric="val/f1", direction="maximize")
    lab = Lab(objectives=(ACCURACY, f1)).start()
    first, second = lab.new_trial(), lab.new_trial()
    lab.engine.measured(first, measurement(1, 0.5, **{"val/f1": 0.4}))
    lab.engine.measured(second, measurement(1, 0.9))
    assert lab.state.trials[second].losses((ACCURACY, f1)) == (-0.9, float("inf"))


def test_checkpoints_on_the_front_are_the_last_to_go():
    lab = Lab(objectives=BOTH, max_epochs=1, max_trials=9, checkpoint_budget_bytes=25).start()
    for params, value in ((500.0, 0.9), (400.0, 0.8), (10.0, 0.3)):
        trial = lab.new_trial()
        lab.engine.gauged(trial, {"params": params})
        lab.report(trial, 1, value)
    dominated = lab.new_trial()
    lab.engine.gauged(dominated, {"params": 450.0})
    lab.report(dominated, 1, 0.7)
    kept = {trial.id for trial in lab.state.trials.values() if trial.checkpoints}
    assert kept == {"0000", "0002"}  # the ends of the front
