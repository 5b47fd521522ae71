"""The scheduler decides about a trial that reported, if it reported what is to be improved."""

from __future__ import annotations

import pytest

from raysearch.errors import SearchAborted
from raysearch.trial import DecisionKind, Measurement, TrialStatus
from tests.lab import Lab, StopBelow


def test_a_stopped_trial_keeps_the_schedulers_reason():
    lab = Lab(scheduler=StopBelow(0.4)).start()
    _default, trial = lab.new_trial(), lab.new_trial()
    decision = lab.report(trial, 1, 0.3)
    assert (decision.kind, decision.reason) == (DecisionKind.STOP, "below 0.4")
    ended = lab.state.trials[trial]
    assert (ended.status, ended.reason, ended.epochs) == (TrialStatus.STOPPED, "below 0.4", 1)


def test_the_default_is_not_stopped_since_all_are_compared_with_it():
    lab = Lab(scheduler=StopBelow(0.4)).start()
    default = lab.new_trial()
    decision = lab.report(default, 1, 0.3)
    assert decision.kind is DecisionKind.CONTINUE
    assert decision.reason == "below 0.4; goes on, as the default that all are compared with"
    assert lab.report(default, 2, None).kind is DecisionKind.STOP


def test_a_missing_metric_aborts_and_names_what_was_reported(lab):
    trial = lab.new_trial()
    wrong = Measurement(epoch=1, step=1, values={"val_acc": 0.5, "val/loss": 1.0}, seconds=1.0)
    with pytest.raises(SearchAborted, match=r'"val/accuracy".*val/loss, val_acc.*Set objective'):
        lab.engine.measured(trial, wrong)
    assert lab.state.trials[trial].measurements == ()
